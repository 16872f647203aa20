"""Create and drop a table outside CloudFormation, for development, in the shape of templates/table.py."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tableguard.errors import TableError, TemplateError
from tableguard.settings import Settings
from tableguard.stacks.registry import find_stack

_ENVIRONMENT = "Environment"
# DynamoDB Local keeps no tags; a table there is nobody's production
_TAGLESS = "UnknownOperationException"


@dataclass(frozen=True)
class Facts:
    """The facts that decide whether a table may be dropped."""

    name: str
    arn: str
    items: int  # DynamoDB counts about every six hours
    environment: str
    protected: bool


def create(client: Any, settings: Settings, name: str) -> str:
    """Create the table, wait until it can be used, and return its ARN."""
    properties = declared(settings)
    try:
        response = client.create_table(
            TableName=name,
            KeySchema=properties["KeySchema"],
            AttributeDefinitions=properties["AttributeDefinitions"],
            GlobalSecondaryIndexes=[
                {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
                for index in properties["GlobalSecondaryIndexes"]
            ],
            StreamSpecification={
                "StreamEnabled": True,
                "StreamViewType": properties["StreamSpecification"]["StreamViewType"],
            },
            BillingMode="PAY_PER_REQUEST",
            Tags=[
                {"Key": "Application", "Value": settings.name},
                {"Key": _ENVIRONMENT, "Value": "development"},
                {"Key": "ManagedBy", "Value": "tableguard table create"},
            ],
        )
    except client.exceptions.ResourceInUseException as error:
        raise TableError(
            f"table {name}: exists already; drop it first: tableguard table drop --table {shlex.quote(name)}"
        ) from error
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    expiry = properties["TimeToLiveSpecification"]["AttributeName"]
    client.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": expiry})
    return str(response["TableDescription"]["TableArn"])


def declared(settings: Settings) -> Mapping[str, Any]:
    """Return the properties of the table as templates/table.py has them."""
    resources = find_stack("table").document(settings)["Resources"].values()
    tables = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::DynamoDB::Table"]
    if len(tables) != 1:
        raise TemplateError(f"stack table: {len(tables)} tables, 1 expected")
    return dict(tables[0])


def facts(client: Any, name: str, default_environment: Callable[[], str]) -> Facts:
    """Describe the table; its environment is its tag's, or the default where it has none."""
    try:
        table = client.describe_table(TableName=name)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise no_table(client, name) from error
    environment = _tags(client, table["TableArn"]).get(_ENVIRONMENT) or default_environment()
    protected = bool(table.get("DeletionProtectionEnabled", False))
    return Facts(name, table["TableArn"], int(table["ItemCount"]), environment, protected)


def check_droppable(table: Facts, production: bool) -> None:
    """Refuse, with the reason, a table that is protected or in production."""
    if table.protected:
        raise TableError(
            f"table {table.name}: deletion protection is on, as templates/table.py sets it; a deployed table goes by "
            "`tableguard destroy` after a role that the guardrails exempt has turned the protection off"
        )
    if table.environment == "production" and not production:
        raise TableError(
            f"table {table.name}: is in production (its tag or the settings say so); add --production if it is meant"
        )


def drop(client: Any, name: str) -> None:
    """Delete the table and wait until it is gone."""
    client.delete_table(TableName=name)
    client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def no_table(client: Any, name: str) -> TableError:
    """Return the error for a table that is not there, with how to create it."""
    make = f"tableguard table create --table {shlex.quote(name)}"
    return TableError(f"no table {name} at {client.meta.endpoint_url}; make one for development: {make}")


def _tags(client: Any, arn: str) -> dict[str, str]:
    try:
        pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    except ClientError as error:
        if error.response["Error"]["Code"] == _TAGLESS:
            return {_ENVIRONMENT: "development"}
        raise
