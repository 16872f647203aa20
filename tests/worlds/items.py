"""Items, and calls on them, for questions to DynamoDB."""

from typing import Any

from tests.worlds.moto_modes import Aws, item

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ONE = {":one": {"N": "1"}}


def put_item(aws: Aws, table: str, **attributes: Any) -> Any:
    return aws.client("dynamodb").put_item(TableName=table, Item=item(**attributes))


def get_item(aws: Aws, table: str, key: dict[str, Any] = KEY) -> Any:
    return aws.client("dynamodb").get_item(TableName=table, Key=key).get("Item")


def update_item(aws: Aws, table: str, expression: str, values: dict[str, Any], **more: Any) -> Any:
    update = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, **update, **more)


def touch(aws: Aws, table: str, **more: Any) -> Any:
    """Update nothing, and return the answer."""
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, **more).get("Attributes")


def batch(aws: Aws, table: str, items: list[dict[str, Any]]) -> Any:
    puts = [{"PutRequest": {"Item": each}} for each in items]
    return aws.client("dynamodb").batch_write_item(RequestItems={table: puts})


def kilobytes(size: float) -> str:
    return "x" * int(size * 1024)
