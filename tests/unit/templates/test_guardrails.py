"""The guardrails stack: every policy of the folder, as written there, attached where the settings say."""

from dataclasses import replace
from typing import Any

import pytest

from tableguard.errors import TemplateError
from tableguard.policy import contract, documents
from tableguard.settings import example
from templates import guardrails
from tests.worlds.requirements import Requirement, Template, holds_and_breaks, of_type, retained, stack

SETTINGS = example()
DOCUMENTS = [(kind, name) for kind in ("rcp", "scp") for name in documents.names(kind)]
LOGICAL_IDS = [name.title().replace("_", "") for _, name in DOCUMENTS]


def _policies(template: Template) -> dict[str, dict[str, Any]]:
    return {policy["Name"]: policy for policy in of_type(template, "AWS::Organizations::Policy").values()}


def _every_document_is_there(template: Template) -> bool:
    return {name: policy["Content"] for name, policy in _policies(template).items()} == {
        f"cruddur-{name.replace('_', '-')}": documents.fill(documents.load(kind, name), SETTINGS.policy_values())
        for kind, name in DOCUMENTS
    }


def _each_has_its_type(template: Template) -> bool:
    types = {"rcp": "RESOURCE_CONTROL_POLICY", "scp": "SERVICE_CONTROL_POLICY"}
    return {name: policy["Type"] for name, policy in _policies(template).items()} == {
        f"cruddur-{name.replace('_', '-')}": types[kind] for kind, name in DOCUMENTS
    }


def _each_is_attached(template: Template) -> bool:
    return all(policy["TargetIds"] == ["ou-exam-workload"] for policy in _policies(template).values())


def _each_says_what_it_claims(template: Template) -> bool:
    return {policy["Description"] for policy in _policies(template).values()} == {
        contract.load(documents.load(kind, name)).claim for kind, name in DOCUMENTS
    }


def _they_are_made_one_after_another(template: Template) -> bool:
    waits = [template["Resources"][logical_id].get("DependsOn", []) for logical_id in LOGICAL_IDS]
    return waits == [[], *([earlier] for earlier in LOGICAL_IDS[:-1])]


FIRST, LAST = (f"Resources/{LOGICAL_IDS[number]}" for number in (0, -1))
REQUIREMENTS = [
    Requirement(
        "every document of the folder is there, word for word",
        _every_document_is_there,
        ((f"{LAST}/Properties/Content/Statement/0/Effect", "Allow"), (f"{FIRST}/Properties/Name", "other")),
    ),
    Requirement("each has its type", _each_has_its_type, ((f"{FIRST}/Properties/Type", "TAG_POLICY"),)),
    Requirement("each is attached where the settings say", _each_is_attached, ((f"{LAST}/Properties/TargetIds", []),)),
    Requirement(
        "each says what it claims", _each_says_what_it_claims, ((f"{LAST}/Properties/Description", "a policy"),)
    ),
    Requirement(
        "they are made one after another", _they_are_made_one_after_another, ((f"{LAST}/DependsOn", [LOGICAL_IDS[0]]),)
    ),
    retained("a deleted stack opens nothing", *LOGICAL_IDS),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return stack("guardrails")


test_the_stack_holds, test_a_spoilt_stack_does_not_hold = holds_and_breaks(REQUIREMENTS, "template")


def test_a_claim_that_organizations_would_not_take_is_refused() -> None:
    shipped = contract.load(documents.load(*DOCUMENTS[0]))
    assert guardrails.description(replace(shipped, claim="x" * 512)) == "x" * 512
    with pytest.raises(TemplateError, match=r"dynamodb_org_only\.toml: claim: 513 characters; Organizations takes 512"):
        guardrails.description(replace(shipped, claim="x" * 513))
