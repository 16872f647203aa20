"""The point at which moto asks whether a request may be made: once for each, before anything is done.

moto 5.2.5 would check identity policies alone, without resources, regions or conditions, and not by default.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import botocore.session
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, XFormedDict
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from werkzeug.exceptions import HTTPException

from tableguard.local.authorization import callers, guard, network
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import Call
from tableguard.local.authorization.refusal import Refusal, answer, unknown_key, unknown_region
from tableguard.local.clients.identities import SETUP_KEY, VIA_HEADER, via_of
from tableguard.local.moto.patch import replace
from tableguard.local.requested import CREDENTIAL, PREFIXES

Handler = Any  # a BaseResponse of moto


class Refused(HTTPException):
    """A refusal on its way to the client, through moto and its web framework, as it stands."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(body)
        self.code, self._headers = status, list(headers.items())

    def get_body(self, *_: Any, **__: Any) -> str:
        """The error, in the protocol of the service."""
        return self.description or ""

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """Its headers: JSON services have the error's code in one."""
        return self._headers


def install() -> None:
    """Put the guard in its place."""
    replace(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", _authorize)
    replace(FakeBucket, "get_permission", _as_guarded(FakeBucket.get_permission))
    callers.install()


def forget() -> None:
    """Nobody is known, and nothing was decided."""
    guard.forget()
    callers.forget()
    network.forget()


def _authorize(handler: Handler, _iam_request: type, _resource: str = "*") -> None:
    if not handler.is_werkzeug_request:
        return  # moto as its own users have it, without a server
    signed = CREDENTIAL.search(handler.headers.get("Authorization", "") or handler.uri)
    if signed and signed[2] not in _regions():
        _refuse_region(handler)
    key = signed[1] if signed else ""
    if key == SETUP_KEY:
        return
    found = organization()
    if found is None:
        return  # an account of its own has no guard, as an AWS without an organization has no SCP
    model, uri_parameters = _operation(handler)
    if model is None or (not signed and model.auth_type == "none"):
        return  # what moto has no operation for it answers with an error; signing in needs no key
    protocol = determine_request_protocol(model.service_model, handler.headers.get("Content-Type", ""))
    service = PREFIXES.get(signed[3], signed[3]) if signed else handler.service_name
    try:
        caller = callers.caller_of(key)
        if caller is None or signed is None:
            raise unknown_key(service, protocol)
        call = Call(
            caller=caller,
            account=handler.current_account,
            region=signed[2],
            service=service,
            operation=model.name,
            parameters=_parameters(handler, model, protocol, uri_parameters),
            via=via_of(handler.headers.get(VIA_HEADER)),
            endpoint=network.endpoint_for(key, handler.service_name, signed[2]),
        )
        guard.check(call, found, protocol)
    except Refusal as refusal:
        raise _answer(handler, refusal, protocol) from refusal


def _refuse_region(handler: Handler) -> None:
    model = get_service_model(handler.boto3_service_name)
    protocol = determine_request_protocol(model, handler.headers.get("Content-Type", ""))
    raise _answer(handler, unknown_region(protocol), protocol)


@cache
def _regions() -> frozenset[str]:
    """The regions of all partitions."""
    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return frozenset(name for each in partitions for name in session.get_available_regions("ec2", each))


def _as_guarded(original: Callable[..., PermissionResult]) -> Callable[..., PermissionResult]:
    """What moto itself reads in a bucket's policy: nothing, where the guard has read it.

    moto leaves out conditions, and so takes the denial of plaintext requests for one of all requests.
    """

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        return PermissionResult.NEUTRAL if organization() is not None else original(bucket, action, resource)

    return get_permission


def _operation(handler: Handler) -> tuple[OperationModel | None, Mapping[str, Any]]:
    """The operation of a request, and what its path says; S3's handlers call theirs by other names."""
    model = get_service_model(handler.boto3_service_name)
    if handler.service_name == "s3":
        operation, found = get_service_router("s3").match(handler.normalized_request)
        return operation, found
    name = handler._get_action()
    return (model.operation_model(name), handler.uri_match) if name in model.operation_names else (None, {})


def _parameters(handler: Handler, model: OperationModel, protocol: str, uri: Mapping[str, Any]) -> Mapping[str, Any]:
    if handler.automated_parameter_parsing:
        found = handler.params
        return found.original_dict() if isinstance(found, XFormedDict) else {**uri, **found}
    request = handler.normalized_request
    parsed: Mapping[str, Any] = PROTOCOL_PARSERS[protocol](model, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": dict(uri),
        }
    )
    return parsed


def _answer(handler: Handler, refusal: Refusal, protocol: str) -> Refused:
    """The refusal, its headers also where moto takes them from if it answers by itself."""
    status, body, headers = answer(refusal, protocol)
    handler.response_headers.update(headers)
    return Refused(status, body, headers)
