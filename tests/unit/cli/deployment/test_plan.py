"""What `deploy` says before the first change: the same in text and JSON, and no plan that nobody can carry out."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tableguard.cli.commands import destroy
from tableguard.cli.deployment import plan, preparation, run
from tableguard.cli.output import printing_json
from tableguard.errors import DeployError
from tableguard.prove.preflight.assignment import Assignment
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment.stack_deployer import Deployment, PlannedStack
from tableguard.stacks.registry import find_stack

TEMPLATE = {"Resources": {"Two": {"Type": "AWS::SQS::Queue"}, "One": {"Type": "AWS::SNS::Topic"}}}


def assignment(status: str, changes: tuple[ResourceChange, ...] | None, denied: tuple[str, ...] = ()) -> Assignment:
    planned = PlannedStack(find_stack("access"), "cruddur-access", status, changes, TEMPLATE, {})
    return Assignment(planned, "break-glass", denied, denied)


def added(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(change["action"], change["logical_id"]) for change in facts["changes"]]


@pytest.mark.parametrize(
    ("status", "changes", "expected"),
    [
        ("", None, [("Add", "One"), ("Add", "Two")]),
        ("", (ResourceChange("Import", "One", "AWS::SNS::Topic"),), [("Import", "One")]),
        ("CREATE_COMPLETE", None, []),
    ],
)
def test_text_and_json_name_the_same_changes(
    status: str,
    changes: tuple[ResourceChange, ...] | None,
    expected: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = assignment(status, changes)
    plan.show([one])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert added(plan.facts(one)) == expected
    assert [(words[0], words[2]) for words in lines if words[0] in ("Add", "Import")] == expected


@pytest.mark.parametrize(
    ("open_group", "principal", "closes"),
    [(True, "deployer", True), (False, "deployer", False), (True, "break-glass", False)],
)
def test_a_default_security_group_that_will_be_closed_is_in_the_plan(
    open_group: bool, principal: Any, closes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    network = find_stack("network")
    planned = PlannedStack(network, "cruddur-network", "CREATE_COMPLETE", None, {}, {}, open_group=open_group)
    one = Assignment(planned, principal)
    plan.show([one])
    line = "cruddur-network: its VPC's default security group will be closed"
    assert (line in capsys.readouterr().out.splitlines()) is closes
    assert plan.facts(one)["closes_group"] is closes


@pytest.mark.parametrize("denied", [(), ("OneRole: iam:CreateRole is denied",)])
def test_a_plan_that_nobody_can_carry_out_is_refused_and_its_facts_say_so(denied: tuple[str, ...]) -> None:
    one = assignment("", None, denied)
    assert plan.facts(one)["denied"] == list(denied)
    if not denied:
        preparation.check_possible([one])
        return
    with pytest.raises(DeployError, match="cruddur-access: OneRole: iam:CreateRole is denied"):
        preparation.check_possible([one])


class Opened:
    """Sessions that keep which were opened or checked."""

    def __init__(self) -> None:
        self.principals = list[str]()

    def __call__(self, principal: str) -> None:
        self.principals.append(principal)

    def check_taker(self) -> None:
        self.principals.append("taker")


@pytest.mark.parametrize(
    ("principals", "status", "opened"),
    [
        (("administrator",), "", []),
        (("break-glass",), "CREATE_COMPLETE", ["break-glass"]),
        (("administrator", "deployer"), "", ["taker"]),
        (("administrator", "deployer"), "CREATE_COMPLETE", []),
    ],
)
def test_profiles_that_later_stacks_need_are_tried_before_the_first(
    principals: tuple[Any, ...], status: str, opened: list[str]
) -> None:
    sessions: Any = Opened()
    preparation.check_who_comes_later(
        [replace(assignment(status, None), principal=one) for one in principals], sessions
    )
    assert sessions.principals == opened


@pytest.mark.parametrize(("names", "after"), [((), "nothing"), (("a", "b"), "a, b")])
def test_an_interruption_says_how_far_it_came_and_what_goes_on(names: tuple[str, ...], after: str) -> None:
    deployed = [Deployment(name, name, "created", (), 1.0) for name in names]
    for words in (run.how_far(deployed), destroy._how_far(names)):
        assert words.startswith(f"interrupted after {after}; ")
        assert "Run the same command again" in words


@pytest.mark.parametrize("differences", [(), ("Group: RetentionInDays is 1, and the template says 400",)])
def test_what_was_adopted_and_differs_is_said_before_it_goes_on(
    differences: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    one = assignment("IMPORT_COMPLETE", ())
    one = replace(one, planned=replace(one.planned, differences=differences))
    preparation.name_differences([one])
    assert capsys.readouterr().err == "".join(
        f"cruddur-access: adopted by an earlier run, and not as the template says: {line}. "
        "Deploying goes on with it as it is\n"
        for line in differences
    )
    assert plan.facts(one)["differences"] == list(differences)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (None, {}),
        (DeployError("stack b: Key: of\n  today"), {"failure": "stack b: Key: of today"}),
        (EndpointConnectionError(endpoint_url="u"), {"failure": 'Could not connect to the endpoint URL: "u"'}),
        (KeyboardInterrupt(), {"failure": "interrupted"}),
    ],
)
def test_json_has_what_was_done_also_where_the_rest_fails(
    as_json: bool, error: BaseException | None, failure: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    stacks = list[str]()
    with pytest.raises(type(error)) if error else nullcontext(), printing_json(as_json, lambda: {"stacks": stacks}):
        stacks.append("a")
        if error:
            raise error
    printed = capsys.readouterr().out
    assert (json.loads(printed) if printed else None) == ({"stacks": ["a"], **failure} if as_json else None)


TABLE = ResourceChange("Modify", "Messages", "AWS::DynamoDB::Table", "always", kept=True)


@pytest.mark.parametrize(
    ("changes", "named", "refused"),
    [
        ((TABLE,), (), True),
        ((TABLE,), ("Other",), True),
        ((TABLE,), ("Messages",), False),
        ((replace(TABLE, replacement="never"),), (), False),
        ((replace(TABLE, resource_type="AWS::SNS::Topic"),), (), False),
    ],
)
def test_with_yes_what_loses_data_is_refused_before_the_first_stack_unless_it_is_named(
    changes: tuple[ResourceChange, ...], named: tuple[str, ...], refused: bool
) -> None:
    one = assignment("CREATE_COMPLETE", changes)
    if not refused:
        preparation.check_losses([one], named)
        return
    with pytest.raises(DeployError, match=r"Messages \(AWS::DynamoDB::Table\): would lose .* --may-lose Messages"):
        preparation.check_losses([one], named)
