"""Questions to DynamoDB that plain moto answers wrongly."""

from typing import Any

from tests.cases.streams import all_records
from tests.worlds.moto_modes import Aws, Case, item, refused

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ONE = {":one": {"N": "1"}}
ITEM_BYTES = 409_600


def put_item(aws: Aws, table: str, **attributes: Any) -> Any:
    return aws.client("dynamodb").put_item(TableName=table, Item=item(**attributes))


def get_item(aws: Aws, table: str, key: dict[str, Any] = KEY) -> Any:
    return aws.client("dynamodb").get_item(TableName=table, Key=key).get("Item")


def update_item(aws: Aws, table: str, expression: str, values: dict[str, Any], **more: Any) -> Any:
    update = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, **update, **more)


def a_failed_update_leaves_the_item_as_it_was(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, text="not a number")
    return refused(
        update_item, aws, table, "SET a = :one ADD #t :one", ONE, ExpressionAttributeNames={"#t": "text"}
    ), get_item(aws, table)


def a_failed_update_of_a_missing_item_makes_none(aws: Aws) -> Any:
    table = aws.table()
    large = {":large": {"S": "x" * ITEM_BYTES}}
    return refused(update_item, aws, table, "SET a = :large", large), get_item(aws, table)


_RETURNED = ("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")


def _touch(aws: Aws, table: str, **more: Any) -> Any:
    """Update nothing, and return the answer."""
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, **more).get("Attributes")


def an_update_of_nothing_makes_the_item_or_keeps_it(aws: Aws) -> Any:
    table = aws.table()
    _touch(aws, table)
    made = get_item(aws, table)
    put_item(aws, table, text="kept")
    _touch(aws, table)
    _touch(aws, table, AttributeUpdates={})
    records = [record["eventName"] for record in all_records(aws, table)]
    return [made, get_item(aws, table), records]


def an_update_of_nothing_returns_what_was_and_is_but_nothing_new(aws: Aws) -> Any:
    answers = []
    for values in _RETURNED:
        table = aws.table()
        answers.append([_touch(aws, table, ReturnValues=values) for _ in range(2)])
    return answers


def an_update_of_nothing_is_made_if_its_condition_is_met(aws: Aws) -> Any:
    table, absent, present = aws.table(), "attribute_not_exists(pk)", "attribute_exists(pk)"
    refusal = refused(_touch, aws, table, ConditionExpression=present), get_item(aws, table)
    return [refusal, [refused(_touch, aws, table, ConditionExpression=each) for each in (absent, absent, present)]]


def an_update_that_makes_an_item_returns_no_key_as_new(aws: Aws) -> Any:
    values = {"ReturnValues": "UPDATED_NEW"}
    return update_item(aws, aws.table(), "SET a = :one", ONE, **values)["Attributes"]


def _unchecked_update(aws: Aws, **more: Any) -> str:
    """Send an update in a transaction that lacks what the API requires, and return the answer."""
    update = {"TableName": aws.table(), "Key": KEY, **more}
    client = aws.unchecked_client("dynamodb")
    return refused(client.transact_write_items, TransactItems=[{"Update": update}])


def an_update_in_a_transaction_says_what_it_changes(aws: Aws) -> Any:
    return [_unchecked_update(aws), _unchecked_update(aws, ConditionExpression="attribute_not_exists(pk)")]


def an_update_in_a_transaction_says_it_in_words(aws: Aws) -> Any:
    return [_unchecked_update(aws, UpdateExpression=text) for text in ("", " ")]


def a_key_has_no_empty_string(aws: Aws) -> Any:
    table, client, empty = aws.table(), aws.client("dynamodb"), {"pk": {"S": ""}, "sk": {"S": "s"}}
    write = {"TableName": table, "Key": empty}
    change = {**write, "UpdateExpression": "SET a = :one", "ExpressionAttributeValues": ONE}
    return [
        refused(client.update_item, **write),
        refused(client.update_item, **change),
        refused(client.delete_item, **write),
        refused(client.delete_item, **write, ConditionExpression="attribute_exists(pk)"),
        refused(client.transact_write_items, TransactItems=[{"Update": change}]),
        refused(client.transact_write_items, TransactItems=[{"Delete": write}]),
        refused(client.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": empty}}]}),
        refused(client.update_item, **{**write, "Key": KEY}),
    ]


def an_item_may_have_as_many_bytes_and_not_one_more(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    return [refused(put_item, aws, table, text="x" * size) for size in (room, room + 1)]


def an_update_may_not_make_an_item_larger_either(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    values = [{":t": {"S": "x" * size}} for size in (room, room + 1)]
    return [
        refused(update_item, aws, table, "SET #t = :t", value, ExpressionAttributeNames={"#t": "text"})
        for value in values
    ]


def _batch(aws: Aws, table: str, items: list[dict[str, Any]]) -> Any:
    puts = [{"PutRequest": {"Item": each}} for each in items]
    return aws.client("dynamodb").batch_write_item(RequestItems={table: puts})


def a_batch_takes_25_items_and_not_26(aws: Aws) -> Any:
    table = aws.table()
    return [refused(_batch, aws, table, [item(sk=str(n)) for n in range(count)]) for count in (25, 26)]


def a_batch_takes_a_key_once(aws: Aws) -> Any:
    table = aws.table()
    return refused(_batch, aws, table, [item(text="a"), item(text="b")])


def an_index_key_has_the_type_it_was_declared_with(aws: Aws) -> Any:
    table, number = aws.table(), {"N": "1"}
    put = {"Put": {"TableName": table, "Item": item(at=number)}}
    return [
        refused(put_item, aws, table, at="1"),
        refused(put_item, aws, table, at=number),
        refused(update_item, aws, table, "SET #at = :one", ONE, ExpressionAttributeNames={"#at": "at"}),
        refused(_batch, aws, table, [item(at=number)]),
        refused(aws.client("dynamodb").transact_write_items, TransactItems=[put]),
        get_item(aws, table),
    ]


def a_number_has_38_digits_and_not_39(aws: Aws) -> Any:
    table = aws.table()
    numbers = [
        {"N": "1" * 38},
        {"N": "0.00" + "1" * 38 + "00"},
        {"N": "1" * 39},
        {"NS": ["1" * 39]},
        {"M": {"n": {"L": [{"N": "1" * 39}]}}},
    ]
    return [refused(put_item, aws, table, n=number) for number in numbers]


def a_sum_keeps_38_digits(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, n={"N": "1234567890123456789012345678901234567.0"})
    update_item(aws, table, "ADD n :tenth", {":tenth": {"N": "0.1"}})
    return get_item(aws, table)["n"]


def _count(aws: Aws, table: str, token: str, by: str = "1", **more: Any) -> Any:
    update = {
        "TableName": table,
        "Key": KEY,
        "UpdateExpression": "ADD n :by",
        "ExpressionAttributeValues": {":by": {"N": by}},
    }
    return aws.client("dynamodb").transact_write_items(
        TransactItems=[{"Update": update}], ClientRequestToken=token, **more
    )


def a_transaction_with_a_known_token_is_not_repeated(aws: Aws) -> Any:
    table = aws.table()
    for token in ("known", "known", "other"):
        _count(aws, table, f"{table}-{token}")
    return get_item(aws, table)["n"]


def a_known_token_on_another_transaction_is_refused(aws: Aws) -> Any:
    table = aws.table()
    return [refused(_count, aws, table, f"{table}-token", by) for by in ("1", "2")] + [get_item(aws, table)["n"]]


def a_cancelled_transaction_leaves_its_token_unused(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    check = {"TableName": table, "Key": item(sk="gate"), "ConditionExpression": "attribute_exists(pk)"}
    update = {"TableName": table, "Key": KEY, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": ONE}
    transaction = {"TransactItems": [{"Update": update}, {"ConditionCheck": check}], "ClientRequestToken": table}
    first = refused(client.transact_write_items, **transaction), get_item(aws, table)
    put_item(aws, table, sk="gate")
    return first, [refused(client.transact_write_items, **transaction) for _ in range(2)], get_item(aws, table)


def _units(answer: dict[str, Any]) -> Any:
    """Return the capacity that a response reports, without the table's name."""
    consumed = answer.get("ConsumedCapacity")
    if isinstance(consumed, list):
        return [_units({"ConsumedCapacity": each}) for each in consumed]
    return consumed and {name: value for name, value in consumed.items() if name != "TableName"}


def kilobytes(size: float) -> str:
    return "x" * int(size * 1024)


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


CORRECTED: dict[str, Case] = {
    case.ask.__name__: case
    for case in (
        Case(a_failed_update_leaves_the_item_as_it_was, ["ValidationException", item(text="not a number")]),
        Case(a_failed_update_of_a_missing_item_makes_none, ["ValidationException", None]),
        Case(an_update_of_nothing_makes_the_item_or_keeps_it, [KEY, item(text="kept"), ["INSERT", "MODIFY"]]),
        Case(
            an_update_of_nothing_returns_what_was_and_is_but_nothing_new,
            [[None, None], [None, KEY], [KEY, KEY], [None, None], [None, None]],
        ),
        Case(
            an_update_of_nothing_is_made_if_its_condition_is_met,
            [
                ["ConditionalCheckFailedException", None],
                ["accepted", "ConditionalCheckFailedException", "accepted"],
            ],
        ),
        Case(an_update_that_makes_an_item_returns_no_key_as_new, {"a": {"N": "1"}}),
        Case(a_key_has_no_empty_string, [*["ValidationException"] * 7, "accepted"]),
        Case(an_update_in_a_transaction_says_what_it_changes, ["ValidationException"] * 2),
        Case(an_update_in_a_transaction_says_it_in_words, ["ValidationException"] * 2),
        Case(an_item_may_have_as_many_bytes_and_not_one_more, ["accepted", "ValidationException"]),
        Case(an_update_may_not_make_an_item_larger_either, ["accepted", "ValidationException"]),
        Case(a_batch_takes_25_items_and_not_26, ["accepted", "ValidationException"]),
        Case(a_batch_takes_a_key_once, "ValidationException"),
        Case(an_index_key_has_the_type_it_was_declared_with, ["accepted", *["ValidationException"] * 4, item(at="1")]),
        Case(a_number_has_38_digits_and_not_39, ["accepted", "accepted", *["ValidationException"] * 3]),
        Case(a_sum_keeps_38_digits, {"N": "1234567890123456789012345678901234567.1"}),
        Case(a_transaction_with_a_known_token_is_not_repeated, {"N": "2"}),
        Case(
            a_known_token_on_another_transaction_is_refused,
            ["accepted", "IdempotentParameterMismatchException", {"N": "1"}],
        ),
        Case(
            a_cancelled_transaction_leaves_its_token_unused,
            [["TransactionCanceledException", None], ["accepted", "accepted"], item(n={"N": "1"})],
        ),
        Case(writing_costs_a_unit_for_each_kilobyte_in_table_and_index, WRITING),
        Case(an_index_pays_for_what_it_projects, [{"CapacityUnits": n} for n in (2.0, 1.0, 5.0, 8.0)]),
        Case(reading_costs_a_unit_for_each_four_kilobytes, READING),
        Case(batches_and_transactions_add_up, ADDING_UP),
    )
}
QUESTIONS = {name: case.ask for name, case in CORRECTED.items()}
