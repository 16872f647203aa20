"""Correction of moto's Lambda, which runs functions in Docker: here they run from their packages, as their roles.

moto reads parameters such as Qualifier from the text of a payload, and crashes at one that is not UTF-8.
Its Invoke starts a container from an image that it pulls, and answers 200 where there is no Docker. Topics and other
services call it within their own requests, where AWS invokes in the background.
https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownAliasException
from moto.awslambda.models import LambdaBackend, LambdaFunction, lambda_backends
from moto.awslambda.responses import LambdaResponse

from tableguard.aws.arn import parse
from tableguard.errors import EmbeddedError
from tableguard.local.function import functions
from tableguard.local.function.deployed import DeployedFunction, NotRunError, as_deployed
from tableguard.local.function.functions import FunctionEvent, Functions, ThrottledError
from tableguard.local.function.outcome import PAYLOAD_BYTES, error_type, payload
from tableguard.local.moto.awslambda.refusals import not_modelled, refusal
from tableguard.local.moto.patch import replace, wrap
from tableguard.partitions import of_region

EVENT_BYTES = (
    1024 * 1024
)  # of an asynchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html
_TAIL_BYTES = 4096  # of the log, which LogType=Tail returns
_PARTIAL_ARN = re.compile(r"[0-9]{12}:function:")
_KINDS = ("RequestResponse", "Event", "DryRun")

Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    """Replace moto's Invoke and InvokeAsync, the invocations of its other services, and extend DeleteFunction."""
    replace(LambdaResponse, "use_raw_body", True)
    replace(LambdaResponse, "invoke", _invoke)
    replace(LambdaResponse, "invoke_async", _invoke_async)
    replace(LambdaFunction, "invoke", _invoke_for_a_service)
    replace(LambdaBackend, "invoke", _invoke_by_name)
    wrap(LambdaBackend, "delete_function", _delete_function)


def _invoke(handler: LambdaResponse) -> Answer:
    kind = handler.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    if kind not in _KINDS:
        raise refusal(400, "InvalidParameterValueException", f"InvocationType {kind}: not one of {', '.join(_KINDS)}")
    function = _function(handler, unquote(handler.path.rsplit("/", 2)[-2]))
    if kind == "DryRun":
        return 204, {"status": "204"}, b""
    event = FunctionEvent(_body(handler, kind), _client_context(handler.headers.get("X-Amz-Client-Context", "")))
    deployed = _runnable(function)
    if kind == "RequestResponse":
        return _answer(handler.headers, deployed, event)
    _functions().invoke_soon(deployed, event, _retries(function))
    return 202, {"status": "202"}, b""


def _invoke_async(handler: LambdaResponse) -> Answer:
    function = _function(handler, unquote(handler.path.rstrip("/").rsplit("/", 2)[-2]))
    event = FunctionEvent(_body(handler, "Event"))
    _functions().invoke_soon(_runnable(function), event, _retries(function))
    return 202, {"status": "202"}, b""


def _functions() -> Functions:
    running = functions.in_use()
    if running is None:
        raise NotImplementedError  # moto as its own users have it, without a server
    return running


def _function(handler: LambdaResponse, name: str) -> LambdaFunction:
    """Return the function of a name or ARN, which may be one of another account, or a part of one."""
    if _PARTIAL_ARN.match(name):
        name = f"arn:{of_region(handler.region)}:lambda:{handler.region}:{name}"
    arn = parse(name)
    if arn is not None and arn.region != handler.region:
        text = f"Functions from '{arn.region}' are not reachable in this region ('{handler.region}')"
        raise refusal(404, "ResourceNotFoundException", text)
    backend = handler.backend if arn is None else lambda_backends[arn.account][arn.region]
    qualifier = handler.querystring.get("Qualifier", [None])[0]
    function = backend.get_function(name, qualifier)
    _refuse_weights(backend, function.function_name, qualifier or name.rpartition(":")[2])
    return function


def _refuse_weights(backend: LambdaBackend, name: str, alias: str) -> None:
    try:
        routing = backend.get_alias(alias, name).routing_config
    except UnknownAliasException:
        return
    if routing:
        raise not_modelled(f"the RoutingConfig of alias {alias}, by which some events go to another version")


def _body(handler: LambdaResponse, kind: str) -> bytes:
    body = bytes(handler.body)
    if kind == "RequestResponse" and len(body) > PAYLOAD_BYTES:
        text = f"Request must be smaller than {PAYLOAD_BYTES} bytes for the InvokeFunction operation"
        raise refusal(413, "RequestTooLargeException", text)
    if kind == "Event" and len(body) > EVENT_BYTES:
        text = f"{len(body)} byte payload is too large for the Event invocation type (limit {EVENT_BYTES} bytes)"
        raise refusal(413, "RequestTooLargeException", text)
    try:
        json.loads(body or b"{}", parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        text = f"Could not parse request body into json: Could not parse payload into json: {error}"
        raise refusal(400, "InvalidRequestContentException", text) from error
    return body or b"{}"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _client_context(encoded: str) -> str:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        if text:
            json.loads(text)
    except (binascii.Error, ValueError) as error:
        refused = "Client context must be a valid Base64-encoded JSON object."
        raise refusal(400, "InvalidRequestContentException", refused) from error
    return text


def _runnable(function: LambdaFunction) -> DeployedFunction:
    try:
        return as_deployed(function)
    except NotRunError as error:
        raise not_modelled(str(error)) from error


def _answer(headers: Mapping[str, str], deployed: DeployedFunction, event: FunctionEvent) -> Answer:
    try:
        invocation = _functions().invoke(deployed, event)
    except ThrottledError as error:
        raise refusal(429, "TooManyRequestsException", "Rate Exceeded.") from error
    except EmbeddedError as error:
        raise refusal(403, "AccessDeniedException", str(error)) from error
    answered = {"content-type": "application/json", "x-amz-executed-version": deployed.configuration.version}
    if error_type(invocation.outcome) is not None:
        answered["x-amz-function-error"] = "Unhandled"
    if headers.get("X-Amz-Log-Type") == "Tail":
        answered["x-amz-log-result"] = base64.b64encode(invocation.log.encode()[-_TAIL_BYTES:]).decode()
    return 200, answered, payload(invocation.outcome)


def _retries(function: LambdaFunction) -> int:
    """Return how often an event is tried again: twice, or as PutFunctionEventInvokeConfig says."""
    chosen = (config.config.get("MaximumRetryAttempts") for config in function.event_invoke_config)
    return next((retries for retries in chosen if retries is not None), 2)


def _invoke_for_a_service(function: LambdaFunction, body: str, *_: Any) -> bytes:
    """Replace LambdaFunction.invoke, which topics, buckets and log groups call."""
    try:
        _functions().invoke_soon(as_deployed(function), FunctionEvent(body.encode()), _retries(function))
    except NotRunError as error:
        _functions().notices.note(f"function {function.function_name}: {error}")
    return b""


def _invoke_by_name(backend: LambdaBackend, function_name: str, qualifier: str | None, body: str, **_: Any) -> bytes:
    """Replace LambdaBackend.invoke, which other services call."""
    return _invoke_for_a_service(backend.get_function(function_name, qualifier), body)


def _delete_function(
    original: Callable[..., None], backend: LambdaBackend, function_name: str, qualifier: str | None = None
) -> None:
    """Extend DeleteFunction: the function's process ends with it."""
    arn = backend.get_function(function_name, qualifier).function_arn
    original(backend, function_name, qualifier)
    running = functions.in_use()
    if running is not None:
        running.forget(arn)
