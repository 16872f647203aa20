"""Tables kept by an engine beside moto: items and stream records are the engine's, everything else stays moto's.

moto makes, changes and describes tables with their tags, backups, encryption and policies, and what it does to a
table's keys, indexes, stream and expiry is repeated on the engine.
"""

import json
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.errors import EmbeddedError
from tableguard.local.dynamodb_local import forwarding
from tableguard.local.dynamodb_local.forwarding import Answer, Asked, Forwarder
from tableguard.local.moto.patch import replace

ITEMS = (
    "batch_execute_statement",
    "batch_get_item",
    "batch_write_item",
    "delete_item",
    "execute_statement",
    "execute_transaction",
    "get_item",
    "put_item",
    "query",
    "scan",
    "transact_get_items",
    "transact_write_items",
    "update_item",
)
STREAMS = ("describe_stream", "get_records", "get_shard_iterator", "list_streams")
# what would need the items at hand
NOT_MODELLED = (
    "create_backup",
    "export_table_to_point_in_time",
    "import_table",
    "restore_table_from_backup",
    "restore_table_to_point_in_time",
)
# what the engine has of a table, in the API's words; the rest is moto's alone, deletion protection included
_REPEATED = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexUpdates",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
    "TimeToLiveSpecification",
)
_OF_AN_INDEX = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")
_COUNTS = ("IndexSizeBytes", "ItemCount", "TableSizeBytes")

Handler = Any  # DynamoHandler or DynamoDBStreamsHandler
Action = Callable[[Handler], Any]


def install() -> None:
    """Put the ways to the engine in place; without an engine they lead where they led before."""
    for handler, actions in ((DynamoHandler, ITEMS), (DynamoDBStreamsHandler, STREAMS)):
        for name in actions:
            replace(handler, name, _forwarded(getattr(handler, name)))
    for name in NOT_MODELLED:
        replace(DynamoHandler, name, _refused(getattr(DynamoHandler, name)))
    for name in ("create_table", "update_table", "delete_table", "update_time_to_live"):
        replace(DynamoHandler, name, _repeated(getattr(DynamoHandler, name)))
    replace(DynamoHandler, "describe_table", _counted(DynamoHandler.describe_table))


def leaves(handler: Handler) -> bool:
    """Whether the request touches nothing of moto's."""
    return _engine_of(handler) is not None and _method(handler) in (*ITEMS, *STREAMS)


def _engine_of(handler: Handler) -> Forwarder | None:
    # moto as its own users have it, without a server, keeps its own tables
    return forwarding.in_use() if handler.is_werkzeug_request else None


def _method(handler: Handler) -> str:
    return camelcase_to_underscores(handler._get_action())


def _asked(handler: Handler) -> Asked:
    name = handler.service_name
    return Asked(name, handler._get_action(), handler.current_account, handler.region, _bytes(handler.raw_body))


def _ask(engine: Forwarder, asked: Asked) -> Answer:
    try:
        return engine.ask(asked)
    except EmbeddedError as error:
        raise _EngineGone(str(error)) from error


class _EngineGone(JsonRESTError):
    """The engine gave no answer."""

    code = 500

    def __init__(self, why: str) -> None:
        super().__init__("InternalServerError", why)


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _forwarded(original: Action) -> Action:
    @wraps(original)
    def forward(handler: Handler) -> Any:
        engine = _engine_of(handler)
        if engine is None:
            return original(handler)
        answer = _ask(engine, _asked(handler))
        return answer.status, {"status": answer.status}, answer.body

    return forward


def _refused(original: Action) -> Action:
    @wraps(original)
    def refuse(handler: Handler) -> Any:
        if _engine_of(handler) is None:
            return original(handler)
        raise JsonRESTError(
            "ValidationException", f"{handler._get_action()} is not modelled while DynamoDB Local keeps the items"
        )

    return refuse


def _repeated(original: Action) -> Action:
    @wraps(original)
    def repeat(handler: Handler) -> Any:
        result, engine = original(handler), _engine_of(handler)
        if engine is not None:
            _repeat(handler, engine, result)
        return result

    return repeat


def _repeat(handler: Handler, engine: Forwarder, result: Any) -> None:
    """Do on the engine what moto has done; what the engine refuses to make is not kept by moto either."""
    asked = _asked(handler)
    given = json.loads(asked.body)
    table = _name(given["TableName"])
    body = {name: _of_the_engine(name, given[name]) for name in _REPEATED if name in given}
    if not body and asked.operation != "DeleteTable":
        return
    answer = _ask(engine, asked.also(asked.operation, {"TableName": table, **body}))
    if answer.status != 200:
        if asked.operation == "CreateTable":
            handler.dynamodb_backend.tables.pop(table)
        raise _refusal(answer)
    if "GlobalSecondaryIndexUpdates" in body:
        _await_indexes(engine, asked.also("DescribeTable", {"TableName": table}))
    if asked.operation in ("CreateTable", "UpdateTable"):
        _name_stream(handler.dynamodb_backend.tables[table], answer, result.result["TableDescription"])


def _await_indexes(engine: Forwarder, describe: Asked) -> None:
    """moto's indexes are there at once; DynamoDB Local fails writes to a table while it builds one, for a second."""
    while any(
        index["IndexStatus"] != "ACTIVE"
        for index in _ask(engine, describe).content["Table"].get("GlobalSecondaryIndexes", ())
    ):
        time.sleep(0.02)


def _name_stream(table: Any, answer: Answer, described: dict[str, Any]) -> None:
    """Give moto's stream the name that the engine gave its own."""
    label = answer.content["TableDescription"].get("LatestStreamLabel")
    if label:
        table.latest_stream_label = label
        described.update(LatestStreamLabel=label, LatestStreamArn=f"{table.table_arn}/stream/{label}")


def _name(table: str) -> str:
    return table.rpartition("/")[2]


def _of_the_engine(name: str, value: Any) -> Any:
    if name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        return [_index(index) for index in value]
    if name == "GlobalSecondaryIndexUpdates":
        return [{kind: _index(index) for kind, index in update.items()} for update in value]
    return value


def _index(index: Mapping[str, Any]) -> dict[str, Any]:
    return {name: index[name] for name in _OF_AN_INDEX if name in index}


def _refusal(answer: Answer) -> JsonRESTError:
    said = answer.content
    return JsonRESTError(said["__type"].rpartition("#")[2], said.get("message") or said.get("Message", ""))


def _counted(original: Action) -> Action:
    """A description with the engine's counts of items and bytes: moto's table is empty."""

    @wraps(original)
    def describe_table(handler: Handler) -> Any:
        result, engine = original(handler), _engine_of(handler)
        if engine is not None:
            ours = result.result["Table"]
            asked = _asked(handler).also("DescribeTable", {"TableName": ours["TableName"]})
            theirs = _ask(engine, asked).content
            _count(ours, theirs["Table"])
        return result

    return describe_table


def _count(ours: dict[str, Any], theirs: Mapping[str, Any]) -> None:
    ours.update({name: theirs[name] for name in _COUNTS if name in theirs})
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        counts = {index["IndexName"]: index for index in theirs.get(kind, [])}
        for index in ours.get(kind, []):
            index.update(
                {name: counts[index["IndexName"]][name] for name in _COUNTS if name in counts[index["IndexName"]]}
            )
