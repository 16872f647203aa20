"""Questions to DynamoDB: CORRECTED ones, which plain moto answers wrongly, and UNCHANGED ones."""

from collections.abc import Callable
from typing import Any

from tests.moto_modes import Aws, Case, item, refused

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}
ONE = {":one": {"N": "1"}}
ITEM_BYTES = 409_600


def _put(aws: Aws, table: str, **attributes: Any) -> Any:
    return aws.client("dynamodb").put_item(TableName=table, Item=item(**attributes))


def _get(aws: Aws, table: str, key: dict[str, Any] = KEY) -> Any:
    return aws.client("dynamodb").get_item(TableName=table, Key=key).get("Item")


def _update(aws: Aws, table: str, expression: str, values: dict[str, Any], **more: Any) -> Any:
    update = {"UpdateExpression": expression, "ExpressionAttributeValues": values}
    return aws.client("dynamodb").update_item(TableName=table, Key=KEY, **update, **more)


def a_failed_update_leaves_the_item_as_it_was(aws: Aws) -> Any:
    table = aws.table()
    _put(aws, table, text="not a number")
    return refused(_update, aws, table, "SET a = :one ADD #t :one", ONE, ExpressionAttributeNames={"#t": "text"}), _get(aws, table)


def a_failed_update_of_a_missing_item_makes_none(aws: Aws) -> Any:
    table = aws.table()
    large = {":large": {"S": "x" * ITEM_BYTES}}
    return refused(_update, aws, table, "SET a = :large", large), _get(aws, table)


def an_item_may_have_as_many_bytes_and_not_one_more(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    return [refused(_put, aws, table, text="x" * size) for size in (room, room + 1)]


def an_update_may_not_make_an_item_larger_either(aws: Aws) -> Any:
    table = aws.table(view=None)
    room = ITEM_BYTES - len("pkpskstext")
    values = [{":t": {"S": "x" * size}} for size in (room, room + 1)]
    return [
        refused(_update, aws, table, "SET #t = :t", value, ExpressionAttributeNames={"#t": "text"})
        for value in values
    ]


def _batch(aws: Aws, table: str, items: list[dict[str, Any]]) -> Any:
    puts = [{"PutRequest": {"Item": each}} for each in items]
    return aws.client("dynamodb").batch_write_item(RequestItems={table: puts})


def a_batch_takes_25_items_and_not_26(aws: Aws) -> Any:
    table = aws.table()
    return [
        refused(_batch, aws, table, [item(sk=str(n)) for n in range(count)]) for count in (25, 26)
    ]


def a_batch_takes_a_key_once(aws: Aws) -> Any:
    table = aws.table()
    return refused(_batch, aws, table, [item(text="a"), item(text="b")])


def an_index_key_has_the_type_it_was_declared_with(aws: Aws) -> Any:
    table, number = aws.table(), {"N": "1"}
    put = {"Put": {"TableName": table, "Item": item(at=number)}}
    return [
        refused(_put, aws, table, at="1"),
        refused(_put, aws, table, at=number),
        refused(_update, aws, table, "SET #at = :one", ONE, ExpressionAttributeNames={"#at": "at"}),
        refused(_batch, aws, table, [item(at=number)]),
        refused(aws.client("dynamodb").transact_write_items, TransactItems=[put]),
        _get(aws, table),
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
    return [refused(_put, aws, table, n=number) for number in numbers]


def a_sum_keeps_38_digits(aws: Aws) -> Any:
    table = aws.table()
    _put(aws, table, n={"N": "1234567890123456789012345678901234567.0"})
    _update(aws, table, "ADD n :tenth", {":tenth": {"N": "0.1"}})
    return _get(aws, table)["n"]


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
    return _get(aws, table)["n"]


def a_known_token_on_another_transaction_is_refused(aws: Aws) -> Any:
    table = aws.table()
    return [refused(_count, aws, table, f"{table}-token", by) for by in ("1", "2")] + [
        _get(aws, table)["n"]
    ]


def a_cancelled_transaction_leaves_its_token_unused(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    check = {"TableName": table, "Key": item(sk="gate"), "ConditionExpression": "attribute_exists(pk)"}
    update = {"TableName": table, "Key": KEY, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": ONE}
    transaction = {"TransactItems": [{"Update": update}, {"ConditionCheck": check}], "ClientRequestToken": table}
    first = refused(client.transact_write_items, **transaction), _get(aws, table)
    _put(aws, table, sk="gate")
    return first, [refused(client.transact_write_items, **transaction) for _ in range(2)], _get(aws, table)


def _units(answer: dict[str, Any]) -> Any:
    """What a response says that it consumed, without the table's name."""
    consumed = answer.get("ConsumedCapacity")
    if isinstance(consumed, list):
        return [_units({"ConsumedCapacity": each}) for each in consumed]
    return consumed and {name: value for name, value in consumed.items() if name != "TableName"}


def _kb(size: float) -> str:
    return "x" * int(size * 1024)


def _all(**units: float) -> dict[str, Any]:
    """INDEXES detail of a request that touched the table and its index."""
    total = {"CapacityUnits": sum(units.values())}
    index = {"GlobalSecondaryIndexes": {"by-time": {"CapacityUnits": units["index"]}}} if "index" in units else {}
    return {**total, "Table": {"CapacityUnits": units["table"]}, **index}


def writing_costs_a_unit_for_each_kilobyte_in_table_and_index(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    answers = [
        client.put_item(TableName=table, Item=item(), ReturnConsumedCapacity="INDEXES"),
        client.put_item(TableName=table, Item=item(text=_kb(4.5)), ReturnConsumedCapacity="INDEXES"),
        client.put_item(TableName=table, Item=item(), ReturnConsumedCapacity="TOTAL"),  # the larger counts
        client.put_item(TableName=table, Item=item(at="1"), ReturnConsumedCapacity="INDEXES"),  # enters
        client.put_item(TableName=table, Item=item(at="1"), ReturnConsumedCapacity="INDEXES"),  # the same
        client.put_item(TableName=table, Item=item(at="1", text="a"), ReturnConsumedCapacity="INDEXES"),
        _update(
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
        _update(aws, table, "SET a = :one", ONE),
    ]
    return [_units(answer) for answer in answers]


WRITING = [
    _all(table=1.0), _all(table=5.0), {"CapacityUnits": 5.0}, _all(table=1.0, index=1.0), _all(table=1.0), _all(table=1.0, index=1.0),
    _all(table=1.0, index=2.0), _all(table=1.0, index=1.0), _all(table=1.0), None, None,
]  # fmt: skip


def an_index_pays_for_what_it_projects(aws: Aws) -> Any:
    key = [{"AttributeName": "at", "KeyType": "HASH"}]
    include = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a"]}
    index = {"IndexName": "some", "KeySchema": key, "Projection": include}
    table, client = aws.table(GlobalSecondaryIndexes=[index]), aws.client("dynamodb")
    items = [
        item(at="1", a="a", b="b"),
        item(at="1", a="a", b="c"),
        item(at="1", a="d", b=_kb(3)),
        item(at="1", a=_kb(3)),
    ]
    return [_units(client.put_item(TableName=table, Item=each, ReturnConsumedCapacity="TOTAL")) for each in items]


def reading_costs_a_unit_for_each_four_kilobytes(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, text=_kb(8.5), at="1")
    _put(aws, table, sk="small", at="2")
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
        client.query(
            **{**query, "ExpressionAttributeValues": {":p": {"S": "none"}}}, ReturnConsumedCapacity="TOTAL"
        ),
        client.scan(
            TableName=table, ReturnConsumedCapacity="TOTAL", FilterExpression="attribute_exists(nothing)"
        ),
        client.batch_get_item(RequestItems={table: {"Keys": keys}}, ReturnConsumedCapacity="TOTAL"),
        client.batch_get_item(
            RequestItems={table: {"Keys": keys, "ConsistentRead": True}}, ReturnConsumedCapacity="INDEXES"
        ),
        client.transact_get_items(TransactItems=gets, ReturnConsumedCapacity="INDEXES"),
        client.batch_get_item(RequestItems={table: {"Keys": keys}}),
    ]
    return [_units(answer) for answer in answers]


READING = [
    {"CapacityUnits": 1.5}, {"CapacityUnits": 3.0}, {"CapacityUnits": 0.5}, {"CapacityUnits": 1.5},
    _all(table=1.5), {"CapacityUnits": 3.0}, {"CapacityUnits": 1.5}, _all(table=0.0, index=1.5), {"CapacityUnits": 0.5}, {"CapacityUnits": 1.5},
    [{"CapacityUnits": 2.5}], [_all(table=5.0)],
    [{"CapacityUnits": 10.0, "ReadCapacityUnits": 10.0, "Table": {"CapacityUnits": 10.0, "ReadCapacityUnits": 10.0}}], None,
]  # fmt: skip


def batches_and_transactions_add_up(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, sk="gate", text=_kb(2.5))
    puts = [{"PutRequest": {"Item": item(sk="a", at="1")}}, {"PutRequest": {"Item": item(sk="b", text=_kb(1.5))}}]
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


def conditions_hold_or_fail_with_the_item(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, at="5", text="hello", tags={"SS": ["a", "b"]}, deep={"M": {"n": {"N": "3"}}})
    names = {"#t": "text", "#d": "deep", "#a": "at"}
    values = {":h": {"S": "hel"}, ":n": {"N": "3"}, ":a": {"S": "a"}, ":4": {"S": "4"}, ":6": {"S": "6"}}
    used = {
        "attribute_exists(#t)": [], "attribute_not_exists(#t)": [], "begins_with(#t, :h)": [":h"], "contains(tags, :a)": [":a"],
        "size(#t) > :n": [":n"], "#d.n = :n": [":n"], "#a BETWEEN :4 AND :6": [":4", ":6"], "#a IN (:4, :6)": [":4", ":6"],
        "NOT #a < :4": [":4"], "attribute_type(#t, :a)": [":a"],
    }  # fmt: skip
    answers = []
    for condition, needs in used.items():
        put: dict[str, Any] = {
            "TableName": table,
            "Item": item(sk="s", at="5", text="hello", tags={"SS": ["a", "b"]}, deep={"M": {"n": {"N": "3"}}}),
        }
        put["ConditionExpression"] = condition
        put["ExpressionAttributeNames"] = {name: full for name, full in names.items() if name in condition}
        if needs:
            put["ExpressionAttributeValues"] = {name: values[name] for name in needs}
        if not put["ExpressionAttributeNames"]:
            del put["ExpressionAttributeNames"]
        answers.append(refused(client.put_item, **put, ReturnValuesOnConditionCheckFailure="ALL_OLD"))
    return answers


def a_failed_condition_returns_the_item_where_asked(aws: Aws) -> Any:
    table = aws.table()
    _put(aws, table, text="kept")
    put = {"TableName": table, "Item": item(), "ConditionExpression": "attribute_not_exists(pk)"}
    return aws.client("dynamodb").put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")


def updates_compute(aws: Aws) -> Any:
    table = aws.table()
    _put(
        aws,
        table,
        n={"N": "5"},
        items={"L": [{"S": "a"}]},
        tags={"SS": ["a", "b"]},
        gone="x",
        deep={"M": {"k": {"S": "v"}}},
    )
    expression = "SET n = n - :one, #i = list_append(#i, :l), m = if_not_exists(m, :one), deep.j = :one REMOVE gone ADD c :one DELETE tags :a"
    values = {**ONE, ":l": {"L": [{"S": "b"}]}, ":a": {"SS": ["a"]}}
    names = {"#i": "items"}
    returned = [
        _update(aws, table, expression, values, ExpressionAttributeNames=names, ReturnValues=which).get("Attributes")
        for which in ("ALL_OLD", "ALL_NEW", "UPDATED_OLD")
    ]
    return returned, _get(aws, table)


def updates_are_refused(aws: Aws) -> Any:
    table = aws.table()
    _put(aws, table, text="a")
    wrong = [
        ("SET pk = :one", ONE), ("SET name = :one", ONE), ("SET a = :one, a = :one", ONE), ("SET a = :two", ONE),
        ("SET a.b = :one", ONE), ("ADD a :one", {":one": {"S": "1"}}), ("", ONE), ("SET a = :one SET b = :one", ONE),
    ]  # fmt: skip
    return [refused(_update, aws, table, e, v) for e, v in wrong], _get(aws, table)


def legacy_updates_and_expectations_hold(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    changes = {"a": {"Value": {"N": "1"}, "Action": "ADD"}, "b": {"Value": {"S": "x"}, "Action": "PUT"}}
    client.update_item(TableName=table, Key=KEY, AttributeUpdates=changes)
    expected = {"b": {"Value": {"S": "y"}, "Exists": True}}
    return _get(aws, table), refused(client.put_item, TableName=table, Item=item(), Expected=expected)


def puts_and_deletes_return_what_was(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    answers = [
        client.put_item(TableName=table, Item=item(text="a"), ReturnValues="ALL_OLD"),
        client.put_item(TableName=table, Item=item(text="b"), ReturnValues="ALL_OLD"),
        client.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD"),
        client.delete_item(TableName=table, Key=KEY, ReturnValues="ALL_OLD"),
    ]
    return [answer.get("Attributes") for answer in answers]


def items_are_refused(aws: Aws) -> Any:
    table = aws.table()
    wrong: list[dict[str, Any]] = [
        {"pk": {"S": "p"}}, item(pk=""), item(at=""), item(n={"N": "x"}), {**KEY, "sk": {"N": "1"}}, item(n={"N": "1E+200"}),
        item(pk="p" * 3000), item(at={"NULL": True}),
    ]  # fmt: skip
    return [refused(aws.client("dynamodb").put_item, TableName=table, Item=each) for each in wrong]


def every_type_comes_back(aws: Aws) -> Any:
    table = aws.table()
    _put(
        aws, table, n={"N": "-1.50"}, b={"B": b"\x00\xff"}, yes={"BOOL": True}, none={"NULL": True}, ns={"NS": ["1", "2"]},
        bs={"BS": [b"a", b"b"]}, list={"L": [{"N": "1"}, {"M": {"deep": {"B": b"x"}}}]},
    )  # fmt: skip
    return _get(aws, table)


def _conversations(aws: Aws) -> tuple[str, Any]:
    """Two partitions; ties in the index, and items that are not in it."""
    table, client = aws.table(view=None), aws.client("dynamodb")
    for pk in ("one", "two"):
        for n in range(12):
            _put(aws, table, pk=pk, sk=f"{n:02}", text=f"text {n}", **({"at": str(n // 4)} if n % 5 else {}))
    return table, client


def _pages(client: Any, operation: str, **request: Any) -> list[Any]:
    """Sort keys and counts of each page."""
    found: list[Any] = []
    while len(found) < 40:
        page = getattr(client, operation)(**request)
        found.append(([each["sk"]["S"] for each in page.get("Items", [])], page["Count"], page["ScannedCount"]))
        if "LastEvaluatedKey" not in page:
            return found
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    return found


def queries_page_through_table_and_index_in_both_directions(aws: Aws) -> Any:
    table, client = _conversations(aws)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "one"}}}
    return [
        _pages(client, "query", **query, **index, ScanIndexForward=forward, Limit=5)
        for index in ({}, {"IndexName": "by-time"})
        for forward in (True, False)
    ]


def queries_take_conditions_filters_and_projections(aws: Aws) -> Any:
    table, client = _conversations(aws)
    values = {":p": {"S": "one"}, ":a": {"S": "02"}, ":b": {"S": "08"}, ":t": {"S": "text 1"}}
    by_text = {"FilterExpression": "begins_with(#t, :t)", "ExpressionAttributeNames": {"#t": "text"}}
    by_time = {"IndexName": "by-time", "ExpressionAttributeNames": {"#a": "at"}, "ProjectionExpression": "sk, #a"}
    searches: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        ("pk = :p AND sk BETWEEN :a AND :b", (":p", ":a", ":b"), {}),
        ("pk = :p AND sk > :b", (":p", ":b"), {}),
        ("pk = :p AND begins_with(sk, :a)", (":p", ":a"), {}),
        ("pk = :p", (":p", ":t"), by_text),
        ("pk = :p AND #a >= :a", (":p", ":a"), by_time),
    ]
    found = []
    for condition, needs, more in searches:
        query = {"KeyConditionExpression": condition, "ExpressionAttributeValues": {name: values[name] for name in needs}}
        found.append(client.query(TableName=table, **query, **more)["Items"])
    return found


def queries_count(aws: Aws) -> Any:
    table, client = _conversations(aws)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "one"}}}
    counted = client.query(**query, Select="COUNT", FilterExpression="attribute_exists(sk)", Limit=7)
    return counted["Count"], counted["ScannedCount"], counted.get("Items"), counted["LastEvaluatedKey"]


def legacy_queries_answer(aws: Aws) -> Any:
    table, client = _conversations(aws)
    conditions = {"pk": {"AttributeValueList": [{"S": "one"}], "ComparisonOperator": "EQ"}}
    narrowed = {"text": {"AttributeValueList": [{"S": "text 3"}], "ComparisonOperator": "EQ"}}
    return _pages(client, "query", TableName=table, KeyConditions=conditions, QueryFilter=narrowed)


def queries_are_refused(aws: Aws) -> Any:
    table, client = _conversations(aws)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "one"}}}
    wrong: list[dict[str, Any]] = [
        {"IndexName": "by-time", "ConsistentRead": True}, {"IndexName": "none"}, {"KeyConditionExpression": "sk = :p"},
        {"FilterExpression": ""}, {"ProjectionExpression": "name"}, {"Select": "SPECIFIC_ATTRIBUTES"},
        {"ExpressionAttributeNames": {"#x": "x"}},
    ]  # fmt: skip
    return [refused(client.query, **{**query, **more}) for more in wrong]


def scans_page_filter_and_divide(aws: Aws) -> Any:
    table, client = _conversations(aws)
    return [
        _pages(client, "scan", TableName=table, **more)
        for more in (
            {"Limit": 7},
            {"IndexName": "by-time", "Limit": 7},
            {"FilterExpression": "sk > :s", "ExpressionAttributeValues": {":s": {"S": "09"}}},
            {"Segment": 0, "TotalSegments": 2},
            {"Segment": 1, "TotalSegments": 2},
            {"ProjectionExpression": "sk"},
        )
    ]


def pages_end_at_a_megabyte(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for n in range(4):
        _put(aws, table, sk=str(n), at="1", text=_kb(300))
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    searches: list[tuple[str, dict[str, Any]]] = [
        ("query", query),
        ("query", {**query, "IndexName": "by-time"}),
        ("scan", {"TableName": table}),
    ]
    return [_pages(client, operation, **request) for operation, request in searches]


def sort_keys_order_by_their_bytes(aws: Aws) -> Any:
    table, client = aws.table(view=None), aws.client("dynamodb")
    for sk in ("b", "B", "a", "é", "z", "10", "9"):
        _put(aws, table, sk=sk)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "p"}}}
    return _pages(client, "query", **query)


def tables_without_sort_key_or_with_local_index_answer(aws: Aws) -> Any:
    client = aws.client("dynamodb")
    attributes = [{"AttributeName": name, "AttributeType": kind} for name, kind in (("pk", "S"), ("at", "N"))]
    at = [{"AttributeName": "at", "KeyType": "HASH"}]
    index = {"IndexName": "by-time", "KeySchema": at, "Projection": {"ProjectionType": "KEYS_ONLY"}}
    hash_only = aws.table(
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=attributes,
        GlobalSecondaryIndexes=[index],
    )
    local = {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]}
    projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["text"]}
    indexes = [{"IndexName": "local", **local, "Projection": projection}]
    table = aws.table(LocalSecondaryIndexes=indexes)
    for n in range(5):
        client.put_item(TableName=hash_only, Item={"pk": {"S": str(n)}, "sk": {"S": "s"}, "at": {"N": f"{n % 2}.0"}})
        _put(aws, table, sk=str(n), at=str(9 - n), text="t", more="m")
    by_number = {"KeyConditionExpression": "#a = :n", "ExpressionAttributeNames": {"#a": "at"}}
    return [
        client.query(
            TableName=hash_only, IndexName="by-time", ExpressionAttributeValues={":n": {"N": "1"}}, **by_number
        )["Items"],
        client.query(
            TableName=hash_only, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "3"}}
        )["Items"],
        client.query(
            TableName=table,
            IndexName="local",
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": "p"}},
        )["Items"],
        client.scan(TableName=hash_only)["Count"],
        client.delete_item(TableName=hash_only, Key={"pk": {"S": "3"}}, ReturnValues="ALL_OLD")["Attributes"],
    ]


def transactions_cancel_with_reasons(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, text="kept", n={"N": "1"})
    check = {"TableName": table, "Key": KEY, "ConditionExpression": "attribute_not_exists(pk)"}
    put = {"Put": {"TableName": table, "Item": item(sk="new")}}
    delete = {"Delete": {"TableName": table, "Key": item(sk="other")}}
    update = {
        "Update": {
            "TableName": table,
            "Key": KEY,
            "UpdateExpression": "SET n = n + :one",
            "ExpressionAttributeValues": ONE,
        }
    }
    transactions: list[list[dict[str, Any]]] = [
        [put, {"ConditionCheck": {**check, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}],
        [put, put],
        [put, delete, update],
        [{"Put": {"TableName": table, "Item": item(sk=str(n))}} for n in range(101)],
        [put, {"Put": {"TableName": "none", "Item": item()}}],
    ]

    def reasons(transaction: list[dict[str, Any]]) -> Any:
        try:
            return client.transact_write_items(TransactItems=transaction)["ResponseMetadata"]["HTTPStatusCode"]
        except client.exceptions.TransactionCanceledException as error:
            return error.response["CancellationReasons"]
        except client.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    answers = [reasons(transaction) for transaction in transactions]
    return answers, client.scan(TableName=table)["Items"]


def transactions_and_batches_read(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, text="a")
    keys = [KEY, item(sk="none")]
    return [
        client.transact_get_items(TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in keys])[
            "Responses"
        ],
        client.batch_get_item(RequestItems={table: {"Keys": keys}})["Responses"][table],
        refused(client.batch_get_item, RequestItems={table: {"Keys": [KEY, KEY]}}),
    ]


def batches_write_and_delete(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, sk="gone")
    requests = [{"PutRequest": {"Item": item(sk=str(n))}} for n in range(3)] + [
        {"DeleteRequest": {"Key": item(sk="gone")}}
    ]
    answer = client.batch_write_item(RequestItems={table: requests})
    return answer["UnprocessedItems"], client.scan(TableName=table)["Items"]


def protected_tables_stay(aws: Aws) -> Any:
    table, client = aws.table(DeletionProtectionEnabled=True), aws.client("dynamodb")
    return refused(client.delete_table, TableName=table), refused(client.describe_table, TableName=table)


def backups_restore(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, text="a")
    backup = client.create_backup(TableName=table, BackupName="backup")["BackupDetails"]["BackupArn"]
    _put(aws, table, text="b")
    client.restore_table_from_backup(TargetTableName=f"{table}-restored", BackupArn=backup)
    return _get(aws, f"{table}-restored"), _get(aws, table)


def partiql_statements_answer(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _put(aws, table, text="a")
    return [
        client.execute_statement(Statement=f"SELECT * FROM \"{table}\" WHERE pk = 'p'")["Items"],  # noqa: S608  # of a test
        client.execute_statement(Statement=f"INSERT INTO \"{table}\" value {{'pk': 'p', 'sk': 't'}}")["Items"],  # noqa: S608
        client.scan(TableName=table)["Count"],
    ]


CORRECTED: dict[str, Case] = {
    case.ask.__name__: case
    for case in (
        Case(a_failed_update_leaves_the_item_as_it_was, ["ValidationException", item(text="not a number")]),
        Case(a_failed_update_of_a_missing_item_makes_none, ["ValidationException", None]),
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
UNCHANGED: dict[str, Callable[[Aws], Any]] = {
    question.__name__: question
    for question in (
        conditions_hold_or_fail_with_the_item,
        a_failed_condition_returns_the_item_where_asked,
        updates_compute,
        updates_are_refused,
        legacy_updates_and_expectations_hold,
        puts_and_deletes_return_what_was,
        items_are_refused,
        every_type_comes_back,
        queries_page_through_table_and_index_in_both_directions,
        queries_take_conditions_filters_and_projections,
        queries_count,
        legacy_queries_answer,
        queries_are_refused,
        scans_page_filter_and_divide,
        pages_end_at_a_megabyte,
        sort_keys_order_by_their_bytes,
        tables_without_sort_key_or_with_local_index_answer,
        transactions_cancel_with_reasons,
        transactions_and_batches_read,
        batches_write_and_delete,
        protected_tables_stay,
        backups_restore,
        partiql_statements_answer,
    )
}
QUESTIONS = {name: case.ask for name, case in CORRECTED.items()} | UNCHANGED
