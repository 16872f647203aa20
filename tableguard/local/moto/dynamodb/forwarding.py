"""Forwards items and stream records to an engine beside moto, if there is one; everything else stays moto's.

moto creates, updates and describes tables with their tags, backups, encryption and policies. Changes of a table's
keys, indexes, stream and expiry are repeated on the engine.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.responses import DynamoHandler
from moto.dynamodbstreams.responses import DynamoDBStreamsHandler

from tableguard.errors import EmbeddedError
from tableguard.local.dynamodb_local import forwarding
from tableguard.local.dynamodb_local.forwarding import EngineAnswer, EngineRequest, Forwarder
from tableguard.local.event_source.activity import ACTIVITY
from tableguard.local.moto.dynamodb import capacity
from tableguard.local.moto.patch import wrap

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
# operations that would need the items, which moto does not have
NOT_MODELLED = (
    "create_backup",
    "export_table_to_point_in_time",
    "import_table",
    "restore_table_from_backup",
    "restore_table_to_point_in_time",
)
# the parameters that are repeated on the engine; the rest is moto's alone, deletion protection included
_REPEATED_PARAMETERS = (
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
_INDEX_PARAMETERS = ("IndexName", "KeySchema", "Projection", "ProvisionedThroughput")
_INDEX_SECONDS = 30  # for which DynamoDB Local may fail to describe a table whose index it builds
_COUNTS = ("IndexSizeBytes", "ItemCount", "TableSizeBytes")

Handler = Any  # DynamoHandler or DynamoDBStreamsHandler
Action = Callable[[Handler], Any]


def install() -> None:
    """Wrap the operations of moto's DynamoHandler and DynamoDBStreamsHandler; without an engine they act as before."""
    for handler, actions in ((DynamoHandler, ITEMS), (DynamoDBStreamsHandler, STREAMS)):
        for name in actions:
            wrap(handler, name, _forward)
    for name in NOT_MODELLED:
        wrap(DynamoHandler, name, _refuse)
    for name in ("create_table", "update_table", "delete_table", "update_time_to_live"):
        wrap(DynamoHandler, name, _repeat_on_engine)
    wrap(DynamoHandler, "describe_table", _with_engine_counts)


def is_forwarded(handler: Handler) -> bool:
    """Return True if the engine alone answers the request."""
    return _engine_of(handler) is not None and _method(handler) in (*ITEMS, *STREAMS)


def _engine_of(handler: Handler) -> Forwarder | None:
    # moto as its own users have it, without a server, keeps its own tables
    return forwarding.in_use() if handler.is_werkzeug_request else None


def _method(handler: Handler) -> str:
    return camelcase_to_underscores(handler._get_action())


def _engine_request(handler: Handler) -> EngineRequest:
    name = handler.service_name
    return EngineRequest(name, handler._get_action(), handler.current_account, handler.region, _bytes(handler.raw_body))


def _send(engine: Forwarder, request: EngineRequest) -> EngineAnswer:
    try:
        return engine.send(request)
    except EmbeddedError as error:
        raise _EngineGone(str(error)) from error


class _EngineGone(JsonRESTError):
    """The engine does not answer: an internal server error, as AWS would report it."""

    code = 500

    def __init__(self, why: str) -> None:
        super().__init__("InternalServerError", why)


def _bytes(body: bytes | str) -> bytes:
    return body.encode() if isinstance(body, str) else body


def _forward(original: Action, handler: Handler) -> Any:
    engine = _engine_of(handler)
    if engine is None:
        return original(handler)
    answer = _send(engine, _engine_request(handler))
    if original.__name__ not in (*capacity.READS, *STREAMS):
        ACTIVITY.announce_write()
    return answer.status, {"status": answer.status, "Content-Type": "application/x-amz-json-1.0"}, answer.body


def _refuse(original: Action, handler: Handler) -> Any:
    if _engine_of(handler) is None:
        return original(handler)
    raise JsonRESTError(
        "ValidationException", f"{handler._get_action()} is not modelled while DynamoDB Local keeps the items"
    )


def _repeat_on_engine(original: Action, handler: Handler) -> Any:
    result, engine = original(handler), _engine_of(handler)
    if engine is not None:
        _repeat(handler, engine, result)
    return result


def _repeat(handler: Handler, engine: Forwarder, result: Any) -> None:
    """Repeat on the engine what moto has done; a table that the engine refuses is removed from moto."""
    request = _engine_request(handler)
    parameters = json.loads(request.body)
    table = _table_name(parameters["TableName"])
    body = {name: _for_engine(name, parameters[name]) for name in _REPEATED_PARAMETERS if name in parameters}
    if not body and request.operation != "DeleteTable":
        return
    answer = _send(engine, request.with_operation(request.operation, {"TableName": table, **body}))
    if answer.status != 200:
        if request.operation == "CreateTable":
            handler.dynamodb_backend.tables.pop(table)
        raise _refusal(answer)
    if "GlobalSecondaryIndexUpdates" in body:
        _await_indexes(engine, request.with_operation("DescribeTable", {"TableName": table}))
    if request.operation in ("CreateTable", "UpdateTable"):
        _name_stream(handler.dynamodb_backend.tables[table], answer, result.result["TableDescription"])


def _await_indexes(engine: Forwarder, describe: EngineRequest) -> None:
    """Wait until indexes are active: DynamoDB Local fails writes to a table while it builds one, for a second.

    Asked for the table meanwhile, 3.3.1 answers InternalFailure about once in 2,000 times, and is asked again.
    """
    deadline = time.monotonic() + _INDEX_SECONDS
    while not _has_active_indexes(answer := _send(engine, describe)):
        if answer.status != 200 and time.monotonic() > deadline:
            raise _refusal(answer)
        time.sleep(0.02)


def _has_active_indexes(answer: EngineAnswer) -> bool:
    if answer.status != 200:
        return False
    return all(index["IndexStatus"] == "ACTIVE" for index in answer.content["Table"].get("GlobalSecondaryIndexes", ()))


def _name_stream(table: Any, answer: EngineAnswer, described: dict[str, Any]) -> None:
    """Give moto's stream the label that the engine gave its own."""
    label = answer.content["TableDescription"].get("LatestStreamLabel")
    if label:
        table.latest_stream_label = label
        described.update(LatestStreamLabel=label, LatestStreamArn=f"{table.table_arn}/stream/{label}")


def _table_name(table: str) -> str:
    return table.rpartition("/")[2]


def _for_engine(name: str, value: Any) -> Any:
    if name in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        return [_index_for_engine(index) for index in value]
    if name == "GlobalSecondaryIndexUpdates":
        return [{kind: _index_for_engine(index) for kind, index in update.items()} for update in value]
    return value


def _index_for_engine(index: Mapping[str, Any]) -> dict[str, Any]:
    return {name: index[name] for name in _INDEX_PARAMETERS if name in index}


def _refusal(answer: EngineAnswer) -> JsonRESTError:
    content = answer.content
    return JsonRESTError(content["__type"].rpartition("#")[2], content.get("message") or content.get("Message", ""))


def _with_engine_counts(original: Action, handler: Handler) -> Any:
    """Return the description of a table with the engine's counts of items and bytes: moto's table is empty."""
    result, engine = original(handler), _engine_of(handler)
    if engine is not None:
        ours = result.result["Table"]
        request = _engine_request(handler).with_operation("DescribeTable", {"TableName": ours["TableName"]})
        theirs = _send(engine, request).content
        _copy_counts(ours, theirs["Table"])
    return result


def _copy_counts(ours: dict[str, Any], theirs: Mapping[str, Any]) -> None:
    ours.update({name: theirs[name] for name in _COUNTS if name in theirs})
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        counts = {index["IndexName"]: index for index in theirs.get(kind, [])}
        for index in ours.get(kind, []):
            index.update(
                {name: counts[index["IndexName"]][name] for name in _COUNTS if name in counts[index["IndexName"]]}
            )
