"""Units by our rules beside those that DynamoDB Local reports, write by write, and where it differs from DynamoDB."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_lambda.items import FURTHER_AT, INDEX
from tableguard import settings
from tableguard.aws.capacity import Index, write_units
from tableguard.aws.item_size import Image, item_size
from tableguard.store import table_admin
from tests.engines.dynamodb_local import client, needs_dynamodb_local

pytestmark = needs_dynamodb_local

TABLE = "messages"
KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
CONVERSATIONS = Index(INDEX, ("pk", FURTHER_AT), None, is_global=True)


@pytest.fixture(scope="module")
def dynamodb() -> Any:
    made = client()
    table_admin.create(made, settings.example(), TABLE)
    return made


@pytest.fixture(autouse=True)
def empty(dynamodb: Any) -> Iterator[None]:
    yield
    dynamodb.delete_item(TableName=TABLE, Key=KEY)


def of(size: int, at: str | None = None) -> Image:
    """An item of so many bytes, in the index if it has a time."""
    image = {**KEY, **({FURTHER_AT: {"S": at}} if at else {}), "x": {"S": ""}}
    return {**image, "x": {"S": "x" * (size - item_size(image))}}


def reported(consumed: Any) -> tuple[float, float]:
    """Units of the table and of its index."""
    indexes = consumed.get("GlobalSecondaryIndexes", {})
    return consumed["Table"]["CapacityUnits"], indexes.get(INDEX, {"CapacityUnits": 0.0})["CapacityUnits"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, of(100)),
        (None, of(100, "1")),
        (None, of(1500, "1")),
        (of(100), of(100, "1")),
        (of(100, "1"), of(100)),
        (of(100, "1"), of(100, "1")),
        (of(100, "1"), of(101, "1")),
        (of(100, "1"), of(100, "2")),
        (of(1500, "1"), of(2500, "2")),
        (of(2500, "1"), of(100, "1")),
        (of(1500, "1"), None),
        (None, None),
    ],
)
def test_a_write_is_charged_as_our_rules_say(dynamodb: Any, before: Image | None, after: Image | None) -> None:
    if before:
        dynamodb.put_item(TableName=TABLE, Item=before)
    if after:
        answer = dynamodb.put_item(TableName=TABLE, Item=after, ReturnConsumedCapacity="INDEXES")
    else:
        answer = dynamodb.delete_item(TableName=TABLE, Key=KEY, ReturnConsumedCapacity="INDEXES")
    ours = write_units(before, after), CONVERSATIONS.write_units(before, after)
    assert reported(answer["ConsumedCapacity"]) == ours


def test_it_reports_nothing_for_a_failed_condition_which_dynamodb_charges(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(
            TableName=TABLE,
            Item=of(100),
            ConditionExpression="attribute_exists(pk)",
            ReturnConsumedCapacity="INDEXES",
        )
    assert "ConsumedCapacity" not in refused.value.response


def test_it_doubles_the_index_in_a_transaction_as_our_rules_do_not(dynamodb: Any) -> None:
    put = {"Put": {"TableName": TABLE, "Item": of(100, "1")}}
    (consumed,) = dynamodb.transact_write_items(TransactItems=[put], ReturnConsumedCapacity="INDEXES")[
        "ConsumedCapacity"
    ]
    assert (reported(consumed), CONVERSATIONS.write_units(None, of(100, "1"))) == ((2, 2), 1)


def test_it_reports_nothing_for_partiql(dynamodb: Any) -> None:
    dynamodb.put_item(TableName=TABLE, Item=of(100, "1"))
    statement = {
        "Statement": 'UPDATE "messages" SET further_at = ? WHERE pk = ? AND sk = ? AND further_at < ?',
        "Parameters": [{"S": "2"}, KEY["pk"], KEY["sk"], {"S": "2"}],
    }
    answer = dynamodb.batch_execute_statement(Statements=[statement], ReturnConsumedCapacity="INDEXES")
    assert (answer["Responses"], "ConsumedCapacity" in answer) == ([{"TableName": TABLE}], False)


def test_it_does_not_charge_for_a_key_that_is_not_there(dynamodb: Any) -> None:
    keys = {TABLE: {"Keys": [KEY], "ConsistentRead": True}}
    answer = dynamodb.batch_get_item(RequestItems=keys, ReturnConsumedCapacity="INDEXES")
    assert [consumed["CapacityUnits"] for consumed in answer["ConsumedCapacity"]] == [0]
