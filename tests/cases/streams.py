"""Questions to DynamoDB Streams: CORRECTED ones, which plain moto answers wrongly, and UNCHANGED ones."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from tests.worlds.moto_modes import Aws, Case, item, refused

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}

# a record that DynamoDB wrote for a table of this kind; its SizeBytes was 299
MESSAGE = {
    "pk": {"S": "MSG#5ae290ed-55d1-47a0-bc6d-fe2bc2700399"},
    "sk": {"S": "2023-06-26T10:16:00.375877+00:00"},
    "message": {"S": "opa"},
    "message_uuid": {"S": "5ebf5021-1881-4e1c-8c10-93173ba1a87a"},
    "user_display_name": {"S": "Augustsz"},
    "user_handle": {"S": "Augustsz"},
    "user_uuid": {"S": "76d2f241-a860-4d8b-a8e3-6cd68db75ab9"},
}


def _shard(aws: Aws, table: str) -> dict[str, str]:
    arn = aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    described = aws.client("dynamodbstreams").describe_stream(StreamArn=arn)["StreamDescription"]
    return {"StreamArn": arn, "ShardId": described["Shards"][0]["ShardId"]}


def _iterator(aws: Aws, table: str, kind: str = "TRIM_HORIZON", **more: str) -> str:
    answer = aws.client("dynamodbstreams").get_shard_iterator(**_shard(aws, table), ShardIteratorType=kind, **more)
    return str(answer["ShardIterator"])


def _read(aws: Aws, iterator: str, **more: Any) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = aws.client("dynamodbstreams").get_records(ShardIterator=iterator, **more)["Records"]
    return records


def _records(aws: Aws, table: str) -> list[dict[str, Any]]:
    return _read(aws, _iterator(aws, table))


def all_records(aws: Aws, table: str) -> list[dict[str, Any]]:
    """Read every record of a table's stream, page by page."""
    found: list[dict[str, Any]] = []
    iterator = _iterator(aws, table)
    while records := (answer := aws.client("dynamodbstreams").get_records(ShardIterator=iterator))["Records"]:
        found += records
        iterator = answer["NextShardIterator"]
    return found


def _changes(records: list[dict[str, Any]]) -> list[Any]:
    images = ("OldImage", "NewImage")
    return [[record["eventName"], *(record["dynamodb"].get(image) for image in images)] for record in records]


def _update(aws: Aws, table: str, expression: str, **values: dict[str, Any]) -> None:
    named = {f":{name}": value for name, value in values.items()}
    update = {"UpdateExpression": expression, "ExpressionAttributeValues": named}
    aws.client("dynamodb").update_item(TableName=table, Key=KEY, **update)


def a_record_says_region_and_version(aws: Aws) -> Any:
    table = aws.table()
    aws.client("dynamodb").put_item(TableName=table, Item=item())
    (record,) = _records(aws, table)
    return record["awsRegion"], record["eventVersion"], record["eventSource"], record["eventName"]


def a_record_has_the_size_that_aws_gave_it(aws: Aws) -> Any:
    table = aws.table()
    aws.client("dynamodb").put_item(TableName=table, Item=MESSAGE)
    (record,) = _records(aws, table)
    return record["dynamodb"]["SizeBytes"]


def a_record_was_made_at_a_whole_second(aws: Aws) -> Any:
    table = aws.table()
    for n in range(3):
        aws.client("dynamodb").put_item(TableName=table, Item=item(sk=str(n)))
    return {record["dynamodb"]["ApproximateCreationDateTime"].microsecond for record in _records(aws, table)} == {0}


def an_update_that_creates_an_item_makes_one_insert(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    _update(aws, table, "SET a = :a", a={"S": "1"})
    update = {"Key": item(sk="t"), "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "2"}}}
    client.transact_write_items(TransactItems=[{"Update": {"TableName": table, **update}}])
    return _changes(_records(aws, table))


def a_write_that_changes_nothing_makes_no_record(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    for _ in range(2):
        client.put_item(TableName=table, Item=item(n={"N": "1"}))
        _update(aws, table, "SET n = :n", n={"N": "1"})
        client.delete_item(TableName=table, Key=item(sk="none"))
    return _changes(_records(aws, table))


def a_cancelled_transaction_makes_no_record_and_readers_read_on(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    iterator = _iterator(aws, table)
    check = {"TableName": table, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}
    phantom = {"Put": {"TableName": table, "Item": item(sk="phantom")}}
    cancelled = refused(client.transact_write_items, TransactItems=[phantom, {"ConditionCheck": check}])
    client.put_item(TableName=table, Item=item())
    return cancelled, _changes(_read(aws, iterator)), client.scan(TableName=table)["Items"]


def a_refused_write_makes_no_record(aws: Aws) -> Any:
    table = aws.table()
    answer = refused(_update, aws, table, "SET a = :a", a={"S": "x" * 410_000})
    return answer, _changes(_records(aws, table))


def _function(aws: Aws) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr("index.py", "def handle(event, context): return None")
    iam, trust = aws.client("iam"), {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName=f"{aws.table()}-role", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    function = {"Runtime": "python3.13", "Role": role, "Handler": "index.handle", "Code": {"ZipFile": code.getvalue()}}
    return str(aws.client("lambda").create_function(FunctionName=role.split("/")[-1], **function)["FunctionName"])


def a_mapped_function_takes_no_records_away(aws: Aws) -> Any:
    table = aws.table()
    source = {"EventSourceArn": _shard(aws, table)["StreamArn"], "StartingPosition": "TRIM_HORIZON"}
    aws.client("lambda").create_event_source_mapping(FunctionName=_function(aws), **source)
    for n in range(3):
        aws.client("dynamodb").put_item(TableName=table, Item=item(sk=str(n)))
    records = _records(aws, table)
    return [record["dynamodb"]["Keys"]["sk"]["S"] for record in records]


def a_stream_can_be_disabled_and_enabled_again(aws: Aws) -> Any:
    table, client, streams = aws.table(), aws.client("dynamodb"), aws.client("dynamodbstreams")
    client.put_item(TableName=table, Item=item(sk="first"))
    before, records = _shard(aws, table), _records(aws, table)
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    client.put_item(TableName=table, Item=item(sk="unseen"))
    disabled = streams.describe_stream(StreamArn=before["StreamArn"])["StreamDescription"]
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    client.put_item(TableName=table, Item=item(sk="second"))
    after = _records(aws, table)
    numbers = [int(record["dynamodb"]["SequenceNumber"]) for record in records + after]
    return [
        disabled["StreamStatus"], disabled["StreamViewType"], _shard(aws, table)["StreamArn"] != before["StreamArn"],
        [record["dynamodb"]["Keys"]["sk"]["S"] for record in after], numbers == sorted(set(numbers)),
    ]  # fmt: skip


def writing_goes_on_while_the_stream_is_off(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    client.update_table(TableName=table, StreamSpecification={"StreamEnabled": False})
    return refused(client.put_item, TableName=table, Item=item()), client.scan(TableName=table)["Count"]


def a_stream_that_is_on_is_not_enabled_again(aws: Aws) -> Any:
    table = aws.table()
    again = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    return refused(aws.client("dynamodb").update_table, TableName=table, StreamSpecification=again)


def views_show_what_they_name(aws: Aws) -> Any:
    answers = []
    for view in ("KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        table = aws.table(view)
        aws.client("dynamodb").put_item(TableName=table, Item=item(a="1"))
        _update(aws, table, "SET a = :a", a={"S": "2"})
        aws.client("dynamodb").delete_item(TableName=table, Key=KEY)
        answers.append([_changes(_records(aws, table)), [r["dynamodb"]["Keys"] for r in _records(aws, table)]])
    return answers


def iterators_start_where_they_say(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    for n in range(4):
        client.put_item(TableName=table, Item=item(sk=str(n)))
    numbers = [record["dynamodb"]["SequenceNumber"] for record in _records(aws, table)]
    latest = _iterator(aws, table, "LATEST")
    client.put_item(TableName=table, Item=item(sk="late"))
    iterators = [
        _iterator(aws, table, "AT_SEQUENCE_NUMBER", SequenceNumber=numbers[1]),
        _iterator(aws, table, "AFTER_SEQUENCE_NUMBER", SequenceNumber=numbers[1]),
        latest,
    ]
    return [[record["dynamodb"]["Keys"]["sk"]["S"] for record in _read(aws, iterator)] for iterator in iterators]


def reading_goes_on_with_the_next_iterator(aws: Aws) -> Any:
    table, client = aws.table(), aws.client("dynamodb")
    for n in range(5):
        client.put_item(TableName=table, Item=item(sk=str(n)))
    iterator, pages = _iterator(aws, table), []
    for _ in range(4):
        answer = aws.client("dynamodbstreams").get_records(ShardIterator=iterator, Limit=2)
        pages.append([record["dynamodb"]["Keys"]["sk"]["S"] for record in answer["Records"]])
        iterator = answer["NextShardIterator"]
    return pages


def batches_and_transactions_are_recorded(aws: Aws) -> Any:
    table, client = aws.table("NEW_AND_OLD_IMAGES"), aws.client("dynamodb")
    puts = [{"PutRequest": {"Item": item(sk=str(n), deep={"M": {"n": {"N": str(n)}}})}} for n in range(2)]
    client.batch_write_item(RequestItems={table: puts})
    update = {
        "Key": item(sk="0"),
        "UpdateExpression": "SET deep.n = :n",
        "ExpressionAttributeValues": {":n": {"N": "9"}},
    }
    delete = {"Delete": {"TableName": table, "Key": item(sk="1")}}
    client.transact_write_items(TransactItems=[{"Update": {"TableName": table, **update}}, delete])
    return _changes(_records(aws, table))


CORRECTED: dict[str, Case] = {
    case.ask.__name__: case
    for case in (
        Case(a_record_says_region_and_version, ["eu-central-1", "1.1", "aws:dynamodb", "INSERT"]),
        Case(a_record_has_the_size_that_aws_gave_it, 299),
        Case(a_record_was_made_at_a_whole_second, True),
        Case(
            an_update_that_creates_an_item_makes_one_insert,
            [["INSERT", None, item(a="1")], ["INSERT", None, item(sk="t", a="2")]],
        ),
        Case(a_write_that_changes_nothing_makes_no_record, [["INSERT", None, item(n={"N": "1"})]]),
        Case(
            a_cancelled_transaction_makes_no_record_and_readers_read_on,
            ["TransactionCanceledException", [["INSERT", None, item()]], [item()]],
        ),
        Case(a_refused_write_makes_no_record, ["ValidationException", []]),
        Case(a_mapped_function_takes_no_records_away, ["0", "1", "2"]),
        Case(a_stream_can_be_disabled_and_enabled_again, ["DISABLED", "NEW_IMAGE", True, ["second"], True]),
        Case(writing_goes_on_while_the_stream_is_off, ["accepted", 1]),
        Case(a_stream_that_is_on_is_not_enabled_again, "ValidationException"),
    )
}
UNCHANGED: dict[str, Callable[[Aws], Any]] = {
    question.__name__: question
    for question in (
        views_show_what_they_name,
        iterators_start_where_they_say,
        reading_goes_on_with_the_next_iterator,
        batches_and_transactions_are_recorded,
    )
}
QUESTIONS = {name: case.ask for name, case in CORRECTED.items()} | UNCHANGED
