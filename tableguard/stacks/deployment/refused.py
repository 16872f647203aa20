"""Changes that CloudFormation refuses midway, found before anything is changed.

It does not change an exported value as long as another stack imports it, and it adds or deletes one global secondary
index of a table an update: with two the update fails.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tableguard.cloudformation.functions import references
from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks.deployment.stack_deployer import PlannedStack
from tableguard.stacks.registry import Principal

Session = Any  # boto3.Session, whose clients botocore makes at run time


def immovable(
    settings: Settings, session: Callable[[Principal], Session], planned: Sequence[PlannedStack]
) -> tuple[str, ...]:
    """Return the changes that exports in use rule out, each with the stacks that import the value, and of indexes."""
    lines = [line for stack in planned for line in _index_changes(stack)]
    for stack in planned:
        for export in _changed_exports(stack):
            client = session(stack.stack.principal).client("cloudformation", region_name=settings.home_region)
            users = ", ".join(importers(client, export))
            if users:
                lines.append(
                    f"stack {stack.stack_name}: export {export} would change, and is used by {users}; put the "
                    "setting back, as only a new deployment under another workload.name can have it otherwise"
                )
    return tuple(lines)


def _index_changes(planned: PlannedStack) -> Iterator[str]:
    """Yield a line for each table of which more than one index would be added or deleted."""
    before, after = _indexes(planned.deployed), _indexes(planned.template)
    for table in before.keys() & after.keys():
        changes = [f"delete {name}" for name in sorted(before[table] - after[table])]
        changes += [f"add {name}" for name in sorted(after[table] - before[table])]
        if len(changes) > 1:
            yield (
                f"stack {planned.stack_name}: this would {' and '.join(changes)}, and CloudFormation adds or deletes "
                "one index an update; set former_index = true under [table], deploy, run `tableguard table migrate`, "
                "set it to false, and deploy again"
            )


def _indexes(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the names of each table's indexes."""
    return {
        name: {index["IndexName"] for index in resource["Properties"].get("GlobalSecondaryIndexes", [])}
        for name, resource in template.get("Resources", {}).items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def _changed_exports(planned: PlannedStack) -> Iterator[str]:
    """Yield the deployed exports whose values change: they are written otherwise, or name what is replaced.

    A change set may change outputs alone: it has no changes of resources then, and is no lack of one.
    """
    if planned.changes is None:
        return
    replaced = {change.logical_id for change in planned.changes if change.replacement == "always"}
    outputs = planned.template.get("Outputs", {})
    for key, before in planned.deployed.get("Outputs", {}).items():
        named = replaced & set(references(before["Value"]))
        if "Export" in before and (named or outputs.get(key, {}).get("Value") != before["Value"]):
            yield str(before["Export"]["Name"])


def importers(client: Any, export: str) -> tuple[str, ...]:
    """Return the stacks that use an exported value; DeployError if CloudFormation does not say."""
    try:
        pages = client.get_paginator("list_imports").paginate(ExportName=export)
        return tuple(name for page in pages for name in page["Imports"])
    except ClientError as error:
        if "is not imported by any stack" in error.response["Error"]["Message"]:
            return ()
        raise DeployError(f"export {export}: {error}") from error
