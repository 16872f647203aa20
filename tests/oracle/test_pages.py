"""Where the other evaluator is silent, AWS's pages are asked: management account, service-linked roles, root user."""

from dataclasses import replace

import pytest

from tableguard.policy.evaluate import decide
from tableguard.settings import example
from tests.oracle import documents
from tests.oracle.pages import CASES, PageCase, kind_of, kinds_of_contracts


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}, {case.deny}, {case.action}")
def test_a_request_is_decided_as_its_page_says(case: PageCase) -> None:
    assert case.page.startswith("https://docs.aws.amazon.com/")
    assert decide(case.world, case.request).allowed is case.allowed


def test_each_kind_of_request_gets_through_once_and_is_stopped_once() -> None:
    one_sided = {"root of the management account", "user of the workload", "role of the workload"}
    one_sided.add("resource of another account")
    verdicts = {kind: {case.allowed for case in CASES if case.kind == kind} for kind in {case.kind for case in CASES}}
    assert {kind for kind, seen in verdicts.items() if seen != {True, False}} == one_sided


def test_every_request_of_a_contract_is_of_a_kind_that_a_page_or_the_other_evaluator_answers() -> None:
    asked = {kind_of(sample.request, example()) for sample in documents.samples(example())}
    left_out = kinds_of_contracts(example()) - asked
    assert {"management account", "root of a member", "service", "service-linked role"} <= left_out
    assert left_out <= {case.kind for case in CASES}


@pytest.mark.parametrize("case", [case for case in CASES if case.deny == "scp" and case.kind != "service"])
def test_the_twin_without_the_denial_gets_through(case: PageCase) -> None:
    (level,) = case.world.service_control
    world = replace(case.world, service_control=(level[:1],))
    assert decide(world, case.request).allowed
