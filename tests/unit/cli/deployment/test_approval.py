"""Approval: the grave changes are asked about by name, and where nobody is asked data goes only where it is named."""

import pytest

from tableguard.cli.deployment import approval
from tableguard.cli.deployment.approval import Approval
from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.change_set import PreparedChangeSet
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.events import Validation
from tableguard.stacks.registry import find_stack

STACK = find_stack("table")
LOST = ResourceChange("Remove", "Messages", "AWS::DynamoDB::Table")
REPLACED = ResourceChange("Modify", "Topic", "AWS::SNS::Topic", "always")
WARNING = Validation("Recorder", "CONFLICT", "there is one")
PLAIN = ResourceChange("Modify", "Alarm", "AWS::CloudWatch::Alarm")


@pytest.mark.parametrize(
    ("changes", "named", "approved"),
    [((PLAIN, REPLACED), (), True), ((LOST,), ("Messages",), True), ((LOST,), ("Topic",), False), ((LOST,), (), False)],
)
def test_with_yes_data_goes_only_where_it_is_named(
    changes: tuple[ResourceChange, ...], named: tuple[str, ...], approved: bool
) -> None:
    changing = PreparedChangeSet(None, "arn", changes)
    approve = Approval(example(), yes=True, shown=False, may_lose=named)
    if approved:
        assert approve(STACK, changing)
    else:
        with pytest.raises(DeployError, match=r"cruddur-table: Messages .* add --may-lose Messages"):
            approve(STACK, changing)


def test_without_yes_the_grave_changes_are_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = list[ResourceChange]()

    def refuse(grave: list[ResourceChange]) -> bool:
        asked.extend(grave)
        return False

    monkeypatch.setattr(approval, "confirm_changes", refuse)
    assert not Approval(example(), yes=False)(
        STACK, PreparedChangeSet(None, "arn", (PLAIN, LOST, REPLACED), (WARNING,))
    )
    assert asked == [LOST, REPLACED]
    printed = capsys.readouterr()
    assert "cruddur-table: 3 changes" in printed.out
    assert printed.err == "cruddur-table: CloudFormation warns: Recorder: there is one [CONFLICT]\n"
