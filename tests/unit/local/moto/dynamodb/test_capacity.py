"""Consumed capacity follows AWS's rules: by bytes, for table and index, for reads, batches and transactions."""

from typing import Any

import pytest

from tests.worlds.items import KEY, ONE, kilobytes, put_item, update_item
from tests.worlds.moto_modes import Aws, Case, as_aws_answers, cases, item, of_plain_dynamodb


def _units(answer: dict[str, Any]) -> Any:
    """Return the capacity that a response reports, without the table's name."""
    consumed = answer.get("ConsumedCapacity")
    if isinstance(consumed, list):
        return [_units({"ConsumedCapacity": each}) for each in consumed]
    return consumed and {name: value for name, value in consumed.items() if name != "TableName"}


def _all(**units: float) -> dict[str, Any]:
    """Return the INDEXES detail of a request that touched the table and its index."""
    total = {"CapacityUnits": sum(units.values())}
    index = {"GlobalSecondaryIndexes": {"by-time": {"CapacityUnits": units["index"]}}} if "index" in units else {}
    return {**total, "Table": {"CapacityUnits": units["table"]}, **index}


def writing_costs_a_unit_for_each_kilobyte_in_table_and_index(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    answers = [
        client.put_item(TableName=table, Item=item(), ReturnConsumedCapacity="INDEXES"),
        client.put_item(TableName=table, Item=item(text=kilobytes(4.5)), ReturnConsumedCapacity="INDEXES"),
        client.put_item(TableName=table, Item=item(), ReturnConsumedCapacity="TOTAL"),  # the larger counts
        client.put_item(TableName=table, Item=item(at="1"), ReturnConsumedCapacity="INDEXES"),  # enters
        client.put_item(TableName=table, Item=item(at="1"), ReturnConsumedCapacity="INDEXES"),  # the same
        client.put_item(TableName=table, Item=item(at="1", text="a"), ReturnConsumedCapacity="INDEXES"),
        update_item(
            aws,
            table,
            "SET #at = :at",
            {":at": {"S": "2"}},
            ExpressionAttributeNames={"#at": "at"},
            ReturnConsumedCapacity="INDEXES",
        ),
        client.delete_item(TableName=table, Key=KEY, ReturnConsumedCapacity="INDEXES"),  # leaves
        client.delete_item(TableName=table, Key=KEY, ReturnConsumedCapacity="INDEXES"),  # was gone
        client.put_item(TableName=table, Item=item(), ReturnConsumedCapacity="NONE"),
        update_item(aws, table, "SET a = :one", ONE),
    ]
    return [_units(answer) for answer in answers]


WRITING = [
    _all(table=1.0),
    _all(table=5.0),
    {"CapacityUnits": 5.0},
    _all(table=1.0, index=1.0),
    _all(table=1.0),
    _all(table=1.0, index=1.0),
    _all(table=1.0, index=2.0),
    _all(table=1.0, index=1.0),
    _all(table=1.0),
    None,
    None,
]


def an_index_pays_for_what_it_projects(aws: Aws) -> Any:
    key = [{"AttributeName": "at", "KeyType": "HASH"}]
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]}
    index = {"IndexName": "some", "KeySchema": key, "Projection": include}
    table, client = aws.table(GlobalSecondaryIndexes=[index]), aws.client("dynamodb")
    items = [
        item(at="1", a="a", b="b"),
        item(at="1", a="a", b="c"),
        item(at="1", a="d", b=kilobytes(3)),
        item(at="1", a=kilobytes(3)),
    ]
    return [_units(client.put_item(TableName=table, Item=each, ReturnConsumedCapacity="TOTAL")) for each in items]


def reading_costs_a_unit_for_each_four_kilobytes(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, text=kilobytes(8.5), at="1")
    put_item(aws, table, sk="small", at="2")
    get = {"TableName": table, "Key": KEY, "ReturnConsumedCapacity": "TOTAL"}
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    keys = [KEY, item(sk="small"), item(sk="none")]
    gets = [{"Get": {"TableName": table, "Key": key}} for key in keys]
    answers = [
        client.get_item(**get),
        client.get_item(**get, ConsistentRead=True),
        client.get_item(**{**get, "Key": item(sk="none")}),
        client.get_item(**get, ProjectionExpression="pk"),
        client.query(**query, ReturnConsumedCapacity="INDEXES"),
        client.query(**query, ReturnConsumedCapacity="TOTAL", ConsistentRead=True, Limit=1),
        client.query(**query, ReturnConsumedCapacity="TOTAL", FilterExpression="attribute_exists(nothing)"),
        client.query(**query, ReturnConsumedCapacity="INDEXES", IndexName="by-time", ProjectionExpression="pk"),
        client.query(**{**query, "ExpressionAttributeValues": {":p": {"S": "none"}}}, ReturnConsumedCapacity="TOTAL"),
        client.scan(TableName=table, ReturnConsumedCapacity="TOTAL", FilterExpression="attribute_exists(nothing)"),
        client.batch_get_item(RequestItems={table: {"Keys": keys}}, ReturnConsumedCapacity="TOTAL"),
        client.batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}}, ReturnConsumedCapacity="INDEXES"
        ),
        client.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="INDEXES"),
        client.batch_get_item(RequestItems={table: {"Keys": keys}}),
    ]
    return [_units(answer) for answer in answers]


READING = [
    {"CapacityUnits": 1.5},
    {"CapacityUnits": 3.0},
    {"CapacityUnits": 0.5},
    {"CapacityUnits": 1.5},
    _all(table=1.5),
    {"CapacityUnits": 3.0},
    {"CapacityUnits": 1.5},
    _all(table=0.0, index=1.5),
    {"CapacityUnits": 0.5},
    {"CapacityUnits": 1.5},
    [{"CapacityUnits": 2.5}],
    [_all(table=5.0)],
    [{"CapacityUnits": 10.0, "ReadCapacityUnits": 10.0, "Table": {"CapacityUnits": 10.0, "ReadCapacityUnits": 10.0}}],
    None,
]


def batches_and_transactions_add_up(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, sk="gate", text=kilobytes(2.5))
    puts = [{"PutRequest": {"Item": item(sk="a", at="1")}}, {"PutRequest": {"Item": item(sk="b", text=kilobytes(1.5))}}]
    check = {"TableName": table, "Key": item(sk="gate"), "ConditionExpression": "attribute_exists(pk)"}
    transaction = [
        {"Put": {"TableName": table, "Item": item(sk="c", at="1")}},
        {"Delete": {"TableName": table, "Key": item(sk="b")}},
        {"ConditionCheck": check},
    ]
    again = {"TransactItems": transaction, "ClientRequestToken": table, "ReturnConsumedCapacity": "INDEXES"}
    return [
        _units(client.batch_write_item(RequestItems={table: puts}, ReturnConsumedCapacity="INDEXES")),
        _units(client.batch_write_item(RequestItems={table: puts})),
        _units(client.transact_write_items(**again)),
        _units(client.transact_write_items(**again)),
    ]


def _write(units: float, kind: str = "WriteCapacityUnits") -> dict[str, Any]:
    return {"CapacityUnits": units, kind: units}


ADDING_UP = [
    [_all(table=3.0, index=1.0)],
    None,
    # two for the put, four for the deletion of 1.5 KB, six for the check of 2.5 KB; the index entry is not doubled
    [{**_write(13.0), "Table": _write(12.0), "GlobalSecondaryIndexes": {"by-time": _write(1.0)}}],
    [{**_write(6.0, "ReadCapacityUnits"), "Table": _write(6.0, "ReadCapacityUnits")}],
]


CORRECTED = cases(
    Case(writing_costs_a_unit_for_each_kilobyte_in_table_and_index, WRITING),
    Case(an_index_pays_for_what_it_projects, [{"CapacityUnits": n} for n in (2.0, 1.0, 5.0, 8.0)]),
    Case(reading_costs_a_unit_for_each_four_kilobytes, READING),
    Case(batches_and_transactions_add_up, ADDING_UP),
)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert as_aws_answers(aws, CORRECTED[name])


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert of_plain_dynamodb()[name] != CORRECTED[name].answer
