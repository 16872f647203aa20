"""Makes an observed call of a request and its answer, at little cost: the record itself is made later."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from werkzeug.wrappers import Response

from tableguard.aws.cloudtrail.events import data_type
from tableguard.aws.cloudtrail.parameters import answers
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import Refusal
from tableguard.local.trail.call_under_way import CallUnderWay
from tableguard.local.trail.observed_call import ObservedCall

Environ = Mapping[str, Any]

_ID_HEADERS = ("x-amzn-requestid", "x-amz-request-id")
_CODE = re.compile(rb"<Code>([^<]*)</Code>")
_MESSAGE = re.compile(rb"<Message>([^<]*)</Message>")
_BLOBS = {"lambda": "ZipFile", "s3": "Body"}
# the table of a PartiQL statement, wherever it stands: FROM "messages", INSERT INTO messages, UPDATE messages
_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?([\w.-]+)", re.IGNORECASE)


def observed(under_way: CallUnderWay, environ: Environ, answer: Response, began: datetime) -> ObservedCall:
    """Return a call that began at a time with its answer, of which only what records have is kept."""
    call, status = under_way.call, answer.status_code
    failed = status >= 400
    speaks = not failed and answers(call.service, call.operation)
    body = answer.get_data() if failed or speaks else b""
    code, message = _error(under_way.refusal, answer, body) if failed else ("", "")
    blob = _blob(call)
    return ObservedCall(
        call=_without_blob(call) if blob else call,
        protocol=under_way.protocol,
        time=began,
        request_id=_request_id(answer),
        source_ip=str(environ.get("REMOTE_ADDR", "")),
        user_agent=str(environ.get("HTTP_USER_AGENT", "")),
        error_code=code,
        error_message=message,
        answer=body if speaks else b"",
        status=status,
        headers=dict(answer.headers.items()) if speaks else {},
        denied_by=under_way.refusal.layer if under_way.refusal else "",
        keys=_keys(call) if call.service == "dynamodb" else {},
        bytes_in=len(blob) if isinstance(blob, bytes | str) else 0,
        bytes_out=(answer.content_length or 0) if call.service == "s3" else 0,
    )


def _blob(call: ApiCall) -> Any:
    name = _BLOBS.get(call.service)
    return call.parameters.get(name, b"") if name else b""


def _without_blob(call: ApiCall) -> ApiCall:
    kept = {name: value for name, value in call.parameters.items() if name != _BLOBS[call.service]}
    return replace(call, parameters=kept)


def _request_id(answer: Response) -> str:
    return next((answer.headers[name] for name in _ID_HEADERS if name in answer.headers), "")


def _error(refusal: Refusal | None, answer: Response, body: bytes) -> tuple[str, str]:
    if refusal is not None:
        return refusal.code, refusal.message
    code, message = _CODE.search(body), _MESSAGE.search(body)
    if code:
        return code[1].decode(), message[1].decode() if message else ""
    try:
        content = json.loads(body)
    except ValueError:  # HEAD has no body, and CBOR is not text: the header says it, or the status
        content = {}
    name = answer.headers.get("x-amzn-errortype") or str(content.get("__type", "")) or answer.status.partition(" ")[0]
    text = content.get("message") or content.get("Message") or ""
    return name.rpartition("#")[2].partition(":")[0], str(text)


def _keys(call: ApiCall) -> dict[str, tuple[str, ...]]:
    """Return the key attributes of the tables that a call writes items to, or selects from by statements."""
    names = set(_tables(call)) if data_type("dynamodb", call.operation) else set()
    if not names:
        return {}
    # as dictionaries: moto's own subscript makes what is not there, and takes 30 us
    backend = dict.get(dict.get(dynamodb_backends, call.account) or {}, call.region)
    tables = backend.tables if backend else {}
    named = {name: tables.get(name.rpartition("/")[2]) for name in names}
    return {
        name: tuple(filter(None, (table.hash_key_attr, table.range_key_attr))) for name, table in named.items() if table
    }


def _tables(call: ApiCall) -> Iterator[str]:
    parameters, operation = call.parameters, call.operation
    if operation == "PutItem":
        yield str(parameters.get("TableName", ""))
    elif operation == "BatchWriteItem":
        yield from map(str, parameters.get("RequestItems") or ())
    elif operation == "TransactWriteItems":
        for entry in _mappings(parameters.get("TransactItems")):
            yield from (str(action.get("TableName")) for action in _mappings(list(entry.values())) if "Item" in action)
    else:
        yield from _TABLE.findall(" ".join(_statements(parameters)))


def _statements(parameters: Mapping[str, Any]) -> Iterator[str]:
    if "Statement" in parameters:
        yield str(parameters["Statement"])
    for name in ("Statements", "TransactStatements"):
        yield from (str(entry.get("Statement", "")) for entry in _mappings(parameters.get(name)))


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """Return the structures in a list, whatever a client has sent."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
