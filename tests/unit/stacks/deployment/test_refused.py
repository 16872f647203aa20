"""Exports in use that would change, and two changes of indexes at once, are found before anything is changed."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import example
from tableguard.stacks.changes import Replacement, ResourceChange
from tableguard.stacks.deployment import refused
from tableguard.stacks.deployment.stack_deployer import PlannedStack
from tableguard.stacks.registry import find_stack
from tests.worlds.fake_cloudformation import Pages

OUTPUT = {"Name": {"Value": {"Ref": "Topic"}, "Export": {"Name": "cruddur-Name"}}}


class Importers:
    """CloudFormation that knows who imports an export, or refuses to say."""

    def __init__(self, *names: str, refusal: str = "Export 'cruddur-Name' is not imported by any stack.") -> None:
        self.names, self.refusal = list(names), refusal

    def client(self, service: str, region_name: str) -> "Importers":
        return self

    def get_paginator(self, operation: str) -> "Importers":
        return self

    def paginate(self, ExportName: str) -> Any:  # boto3's name
        if not self.names:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": self.refusal}}, "ListImports")
        return Pages("Imports", self.names).paginate()


def immovable(
    session: Importers,
    replacement: Replacement = "never",
    outputs: Mapping[str, Any] = OUTPUT,
    changes: tuple[str, ...] | None = ("Topic",),
) -> tuple[str, ...]:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    made = tuple(ResourceChange("Modify", name, "AWS::SNS::Topic", replacement) for name in changes or ())
    deployed = {**template, "Outputs": OUTPUT}
    planned = PlannedStack(
        find_stack("table"), "cruddur-table", "CREATE_COMPLETE", None if changes is None else made, template, deployed
    )
    return refused.immovable(example(), lambda _: session, [planned])


REFUSED = (
    "stack cruddur-table: export cruddur-Name would change, and is used by cruddur-stream, cruddur-config; put the "
    "setting back, as only a new deployment under another workload.name can have it otherwise",
)
USED = Importers("cruddur-stream", "cruddur-config")


def test_an_export_of_what_is_replaced_is_refused_while_others_use_it() -> None:
    assert immovable(USED, "always") == REFUSED
    assert immovable(Importers(), "always") == ()
    assert immovable(USED, "conditional") == ()
    assert immovable(USED) == ()


def test_an_export_that_is_written_otherwise_or_leaves_is_refused_too() -> None:
    other = {"Name": {**OUTPUT["Name"], "Value": {"Ref": "Other"}}}
    assert immovable(USED, outputs=other) == REFUSED
    assert immovable(USED, outputs={}) == REFUSED
    assert immovable(USED, outputs=other, changes=()) == REFUSED  # of a change set that changes outputs alone
    assert immovable(USED, outputs=other, changes=None) == ()


def test_a_question_that_is_refused_is_an_error() -> None:
    with pytest.raises(DeployError, match=r"export cruddur-Name: .* denied"):
        immovable(Importers(refusal="denied"), "always")


def table_stack(*indexes: str) -> dict[str, Any]:
    properties = {"GlobalSecondaryIndexes": [{"IndexName": name} for name in indexes]} if indexes else {}
    return {"Resources": {"Messages": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}


@pytest.mark.parametrize(
    ("before", "after", "refusal"),
    [
        (("conversations",), ("further-conversations",), "delete conversations and add further-conversations"),
        (("conversations",), ("conversations", "further-conversations"), None),
        (("conversations", "further-conversations"), ("further-conversations",), None),
        ((), ("conversations", "further-conversations"), "add conversations and add further-conversations"),
        (("conversations",), ("conversations",), None),
    ],
)
def test_two_changes_of_indexes_at_once_are_refused(
    before: tuple[str, ...], after: tuple[str, ...], refusal: str | None
) -> None:
    planned = PlannedStack(
        find_stack("table"), "cruddur-table", "UPDATE_COMPLETE", (), table_stack(*after), table_stack(*before)
    )
    lines = refused.immovable(example(), lambda _: USED, [planned])
    if refusal is None:
        assert lines == ()
    else:
        (line,) = lines
        assert line.startswith(
            f"stack cruddur-table: this would {refusal}, and CloudFormation adds or deletes one index"
        )
        assert "set former_index = true under [table], deploy, run `tableguard table migrate`" in line


def test_a_new_table_may_have_as_many_indexes_as_it_likes() -> None:
    new = PlannedStack(find_stack("table"), "cruddur-table", "absent", None, table_stack("one", "two"), {})
    assert refused.immovable(example(), lambda _: USED, [new]) == ()
