"""What the templates attach is read from them: policies, tags and aliases, each statement with its place."""

import re

import pytest

from tableguard.policy.evaluate import Layer
from tableguard.policy.principals import principal
from tableguard.prove.explain.estate import estate_of
from tableguard.settings import example
from tests.paths import ROOT

ESTATE = estate_of(example())
ACCOUNT = "arn:aws:iam::111122223333"


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages", "messages_table"),
        ("arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages/index/a", "messages_table"),
        ("arn:aws:dynamodb:eu-central-1:111122223333:table/cruddur-messages/stream/a", None),
        ("arn:aws:dynamodb:eu-central-1:111122223333:table/others", None),
        ("arn:aws:kms:eu-central-1:111122223333:key/table.TableKey", "key policy of alias/cruddur-table"),
        (
            "arn:aws:s3:::cruddur-trail-111122223333-eu-central-1/a/b",
            "bucket policy of cruddur-trail-111122223333-eu-central-1",
        ),
        ("arn:aws:sns:eu-central-1:111122223333:cruddur-alerts", "topic policy of cruddur-alerts"),
        ("arn:aws:sqs:eu-central-1:111122223333:cruddur-dead-letters", "queue policy of cruddur-dead-letters"),
        (
            "arn:aws:backup:eu-central-1:111122223333:backup-vault:cruddur-vault",
            "vault policy of backup-vault:cruddur-vault",
        ),
        (f"{ACCOUNT}:role/cruddur-deployer", None),  # whose trust policy counts only where it is taken
    ],
)
def test_a_resource_has_the_policy_of_its_template(resource: str, name: str | None) -> None:
    policy = ESTATE.of_resource(resource, "111122223333")
    assert (policy.name if policy else None) == name
    assert ESTATE.of_resource(resource, "444455556666") is None


def test_a_role_has_the_trust_policy_the_policies_and_the_boundary_of_its_template() -> None:
    trust = ESTATE.trust_of(f"{ACCOUNT}:role/cruddur-deployer")
    assert trust is not None
    assert trust.name == "trust policy of role/cruddur-deployer"
    assert ESTATE.trust_of(f"{ACCOUNT}:role/others") is None
    policies, boundary = ESTATE.of_caller(principal(f"{ACCOUNT}:role/cruddur-application"))
    assert ([policy.name for policy in policies], boundary and boundary.name) == (["application"], "boundary")
    policies, boundary = ESTATE.of_caller(principal(f"{ACCOUNT}:role/cruddur-break-glass"))
    assert [policy.name for policy in policies] == [
        "break_glass",
        "break_glass_evidence",
        "break_glass_links",
        "break_glass_stacks",
        "break_glass_user_pool",
    ]
    assert boundary is None


@pytest.mark.parametrize(("account", "bound"), [("111122223333", True), ("444455556666", False)])
def test_rcps_bind_the_resources_of_the_workload_and_not_of_accounts_that_are_not_known(
    account: str, bound: bool
) -> None:
    assert bool(ESTATE.levels(account, "rcp")) is bound
    full, attached = ESTATE.levels(account, "scp")
    assert full[0].assumed == attached[0].assumed == "FullAWSAccess"


def test_each_key_has_its_alias_and_its_tags() -> None:
    assert ESTATE.aliases["alias/cruddur-logs"].endswith(":key/audit.LogKey")
    assert ESTATE.tags(ESTATE.aliases["alias/cruddur-logs"])["Application"] == "cruddur"
    assert ESTATE.tags("arn:aws:s3:::cruddur-trail-111122223333-eu-central-1")["Application"] == "cruddur"
    assert ESTATE.tags("arn:aws:s3:::others") == {}


@pytest.mark.parametrize(
    ("layer", "policy", "sid", "file"),
    [
        ("scp", "deny_strangers", "DenyStrangersAtTheTable", "policies/scp/deny_strangers.json"),
        ("identity", "break_glass", "MessagesTable", "policies/role/break_glass.json"),
        ("boundary", "boundary", "MessagesTable", "policies/role/boundary.json"),
        ("resource", "messages_table", "DenyOtherNetworks", "policies/resource/messages_table.json"),
        (
            "resource",
            "trust policy of role/cruddur-operator",
            "TakenByThoseTheSettingsName",
            "templates/rendered/access.yaml",
        ),
        (
            "resource",
            "key policy of alias/cruddur-table",
            "UsedThroughDynamodb",
            "templates/rendered/table.yaml",
        ),
    ],
)
def test_the_place_of_a_statement_is_where_it_stands(layer: Layer, policy: str, sid: str, file: str) -> None:
    place = ESTATE.place(layer, policy, sid)
    assert place is not None
    assert place.file == file
    lines = (ROOT / place.file).read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines[place.line - 1 :] if "Sid" in line)  # of the statement that begins there
    assert re.fullmatch(rf"\W*Sid\W+{sid}\W*", first)


def test_an_assumed_policy_has_no_place() -> None:
    assert ESTATE.place("identity", "everything", "Everything") is None
