"""Questions to DynamoDB that plain moto answers well enough, and the corrected one must answer alike."""

from collections.abc import Callable
from typing import Any

from tests.worlds.items import KEY, ONE, get_item, kilobytes, put_item, update_item
from tests.worlds.moto_modes import Aws, item, refused


def conditions_hold_or_fail_with_the_item(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, at="5", text="hello", tags={"SS": ["a", "b"]}, deep={"M": {"n": {"N": "3"}}})
    names = {"#t": "text", "#d": "deep", "#a": "at"}
    values = {
        ":h": {"S": "hel"},
        ":n": {"N": "3"},
        ":a": {"S": "a"},
        ":4": {"S": "4"},
        ":6": {"S": "6"},
        ":s": {"S": "S"},
    }
    used = {
        "attribute_exists(#t)": [],
        "attribute_not_exists(#t)": [],
        "begins_with(#t, :h)": [":h"],
        "contains(tags, :a)": [":a"],
        "size(#t) > :n": [":n"],
        "#d.n = :n": [":n"],
        "#a BETWEEN :4 AND :6": [":4", ":6"],
        "#a IN (:4, :6)": [":4", ":6"],
        "NOT #a < :4": [":4"],
        "attribute_type(#t, :s)": [":s"],
    }
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
    put_item(aws, table, text="kept")
    put = {"TableName": table, "Item": item(), "ConditionExpression": "attribute_not_exists(pk)"}
    return aws.client("dynamodb").put_item(**put, ReturnValuesOnConditionCheckFailure="ALL_OLD")


def updates_are_refused(aws: Aws) -> Any:
    table = aws.table()
    put_item(aws, table, text="a")
    wrong = [
        ("SET pk = :one", ONE),
        ("SET name = :one", ONE),
        ("SET a = :one, a = :one", ONE),
        ("SET a = :two", ONE),
        ("SET a.b = :one", ONE),
        ("ADD a :one", {":one": {"S": "1"}}),
        ("", ONE),
        ("SET a = :one SET b = :one", ONE),
    ]
    return [refused(update_item, aws, table, e, v) for e, v in wrong], get_item(aws, table)


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
        {"pk": {"S": "p"}},
        item(pk=""),
        item(at=""),
        item(n={"N": "x"}),
        {**KEY, "sk": {"N": "1"}},
        item(n={"N": "1E+200"}),
        item(pk="p" * 3000),
        item(at={"NULL": True}),
    ]
    return [refused(aws.client("dynamodb").put_item, TableName=table, Item=each) for each in wrong]


def every_type_comes_back(aws: Aws) -> Any:
    table = aws.table()
    put_item(
        aws,
        table,
        n={"N": "-1.5"},
        b={"B": b"\x00\xff"},
        yes={"BOOL": True},
        none={"NULL": True},
        ns={"NS": ["1", "2"]},
        bs={"BS": [b"a", b"b"]},
        list={"L": [{"N": "1"}, {"M": {"deep": {"B": b"x"}}}]},
    )
    return get_item(aws, table)


def _conversations(aws: Aws) -> tuple[str, Any]:
    """Two partitions; ties in the index, and items that are not in it."""
    table, client = aws.table(view=None), aws.client("dynamodb")
    for pk in ("one", "two"):
        for n in range(12):
            put_item(aws, table, pk=pk, sk=f"{n:02}", text=f"text {n}", **({"at": str(n // 4)} if n % 5 else {}))
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
        query = {
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {name: values[name] for name in needs},
        }
        found.append(client.query(TableName=table, **query, **more)["Items"])
    return found


def queries_count(aws: Aws) -> Any:
    table, client = _conversations(aws)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "one"}}}
    counted = client.query(**query, Select="COUNT", FilterExpression="attribute_exists(a)", Limit=7)
    return counted["Count"], counted["ScannedCount"], counted.get("Items"), counted["LastEvaluatedKey"]


def a_key_in_a_transaction_is_that_of_the_schema(aws: Aws) -> Any:
    table, client = _conversations(aws)
    keys = (item(pk="one", sk="01"), {"pk": {"S": "one"}})
    return [
        refused(client.transact_get_items, TransactItems=[{"Get": {"TableName": table, "Key": key}}]) for key in keys
    ]


def legacy_queries_answer(aws: Aws) -> Any:
    table, client = _conversations(aws)
    conditions = {"pk": {"AttributeValueList": [{"S": "one"}], "ComparisonOperator": "EQ"}}
    narrowed = {"text": {"AttributeValueList": [{"S": "text 3"}], "ComparisonOperator": "EQ"}}
    return _pages(client, "query", TableName=table, KeyConditions=conditions, QueryFilter=narrowed)


def queries_are_refused(aws: Aws) -> Any:
    table, client = _conversations(aws)
    query = {"TableName": table, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "one"}}}
    wrong: list[dict[str, Any]] = [
        {"IndexName": "by-time", "ConsistentRead": True},
        {"KeyConditionExpression": "sk = :p"},
        {"FilterExpression": ""},
        {"ProjectionExpression": "name"},
        {"Select": "SPECIFIC_ATTRIBUTES"},
        {"ExpressionAttributeNames": {"#x": "x"}},
    ]
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
        put_item(aws, table, sk=str(n), at="1", text=kilobytes(300))
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
        put_item(aws, table, sk=sk)
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
        client.put_item(TableName=hash_only, Item={"pk": {"S": str(n)}, "sk": {"S": "s"}, "at": {"N": f"{n % 2}"}})
        put_item(aws, table, sk=str(n), at=str(9 - n), text="t", more="m")
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
    put_item(aws, table, text="kept", n={"N": "1"})
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
    put_item(aws, table, text="a")
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
    put_item(aws, table, sk="gone")
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
    put_item(aws, table, text="a")
    backup = client.create_backup(TableName=table, BackupName="backup")["BackupDetails"]["BackupArn"]
    put_item(aws, table, text="b")
    client.restore_table_from_backup(TargetTableName=f"{table}-restored", BackupArn=backup)
    return get_item(aws, f"{table}-restored"), get_item(aws, table)


def partiql_statements_answer(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    put_item(aws, table, text="a")
    return [
        client.execute_statement(Statement=f"SELECT * FROM \"{table}\" WHERE pk = 'p'")["Items"],  # noqa: S608  # of a test
        client.execute_statement(Statement=f"INSERT INTO \"{table}\" value {{'pk': 'p', 'sk': 't'}}")["Items"],
        client.scan(TableName=table)["Count"],
    ]


QUESTIONS: dict[str, Callable[[Aws], Any]] = {
    question.__name__: question
    for question in (
        conditions_hold_or_fail_with_the_item,
        a_failed_condition_returns_the_item_where_asked,
        updates_are_refused,
        puts_and_deletes_return_what_was,
        items_are_refused,
        every_type_comes_back,
        queries_page_through_table_and_index_in_both_directions,
        queries_take_conditions_filters_and_projections,
        queries_count,
        a_key_in_a_transaction_is_that_of_the_schema,
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
