"""The hook in moto by which every request is authorized, once and before anything is done.

moto 5.2.5 checks identity policies alone, without resources, regions or conditions, and not by default. AWS decides
by all policies that apply, as the guard does.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, XFormedDict
from moto.core.request import determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import HTTPException

from tableguard.aws.cloudtrail import names
from tableguard.aws.regions import by_partition
from tableguard.local.authorization import callers, documents, guard, network
from tableguard.local.authorization.attached_policies import organization
from tableguard.local.authorization.call import ApiCall
from tableguard.local.authorization.refusal import (
    Refusal,
    response_parts,
    unknown_key,
    unknown_region,
    untrusted_identity,
)
from tableguard.local.clients.identities import ACTING_HEADER, SETUP_KEY, VIA_HEADER, via_of
from tableguard.local.moto.patch import replace
from tableguard.local.operation import CREDENTIAL, PREFIXES
from tableguard.local.trail import call_under_way
from tableguard.local.trail.call_under_way import CallUnderWay

Handler = Any  # a BaseResponse of moto


class RefusalResponse(HTTPException):
    """A refusal as the response that passes through moto and its web framework unchanged."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        super().__init__(body)
        self.code, self._headers = status, list(headers.items())

    def get_body(self, *_: Any, **__: Any) -> str:
        """Return the error in the protocol of the service."""
        return self.description or ""

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """Return the headers: JSON services have the error's code in one."""
        return self._headers


def install() -> None:
    """Replace moto's authorization of requests, its own reading of bucket policies, and its trust in any token."""
    replace(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", _authorize)
    replace(FakeBucket, "get_permission", _neutral_under_guard(FakeBucket.get_permission))
    replace(TokenResponse, "assume_role_with_saml", _refusing_tokens("sts:AssumeRoleWithSAML"))
    replace(TokenResponse, "assume_role_with_web_identity", _refusing_tokens("sts:AssumeRoleWithWebIdentity"))
    callers.install()


def _authorize(handler: Handler, _iam_request: type, _resource: str = "*") -> None:
    """Refuse the request of a handler, unless every policy allows it; RefusalResponse is raised into moto."""
    if not handler.is_werkzeug_request:
        return  # moto as its own users have it, without a server
    signature = _signature(handler)
    if signature and signature.region not in _regions():
        _refuse_region(handler)
    if signature and signature.access_key_id == SETUP_KEY:
        return
    current = organization()
    if current is None:
        return  # no landing zone was prepared, and moto's own tests know no policies
    model, uri_parameters = _operation(handler)
    if model is None or (not signature and model.auth_type == "none"):
        return  # a path that leads to no operation is answered with an error; signing in needs no key
    protocol = _protocol(handler, model.service_model)
    under_way = None
    try:
        call = _call(handler, signature, model, protocol, uri_parameters)
        under_way = CallUnderWay(call, protocol)
        call_under_way.note(under_way)
        guard.check(call, current, protocol)
        documents.check(call, current)
    except Refusal as refusal:
        if under_way is not None:
            under_way.refusal = refusal
        raise response_to(handler, refusal, protocol) from refusal


class _Signature(NamedTuple):
    """The parts of a request's signature that matter here; nothing is verified on loopback."""

    access_key_id: str
    region: str
    service: str  # as IAM's actions begin


def _signature(handler: Handler) -> _Signature | None:
    credential = CREDENTIAL.search(handler.headers.get("Authorization", "") or handler.uri)
    return credential and _Signature(credential[1], credential[2], PREFIXES.get(credential[3], credential[3]))


def _protocol(handler: Handler, model: ServiceModel) -> str:
    return determine_request_protocol(model, handler.headers.get("Content-Type", ""))


def _call(
    handler: Handler,
    signature: _Signature | None,
    model: OperationModel,
    protocol: str,
    uri_parameters: Mapping[str, Any],
) -> ApiCall:
    """Return the call that a request makes; Refusal if it is not signed with a key that was issued."""
    caller = callers.caller_of(signature.access_key_id) if signature else None
    if signature is None or caller is None:
        raise unknown_key(signature.service if signature else handler.service_name, protocol)
    return ApiCall(
        caller=caller,
        account=handler.current_account,
        region=signature.region,
        service=signature.service,
        operation=names.of_model(handler.boto3_service_name, model.name),
        parameters=_parameters(handler, model, protocol, uri_parameters),
        via=via_of(handler.headers.get(VIA_HEADER)),
        endpoint=network.endpoint_for(signature.access_key_id, handler.service_name, signature.region),
        acting=via_of(handler.headers.get(ACTING_HEADER)),
    )


def _refuse_region(handler: Handler) -> None:
    protocol = _protocol(handler, get_service_model(handler.boto3_service_name))
    raise response_to(handler, unknown_region(protocol), protocol)


@cache
def _regions() -> frozenset[str]:
    """Return the regions of all partitions."""
    return frozenset(name for regions in by_partition().values() for name in regions)


def _neutral_under_guard(original: Callable[..., PermissionResult]) -> Callable[..., PermissionResult]:
    """Make moto's FakeBucket.get_permission neutral where the guard decides.

    moto reads a bucket's policy without its conditions, so a denial of plaintext requests would deny every request.
    """

    def get_permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
        return PermissionResult.NEUTRAL if organization() is not None else original(bucket, action, resource)

    return get_permission


def _refusing_tokens(action: str) -> Callable[[TokenResponse], Any]:
    """Return an operation that refuses every token in place of one of moto, which gives credentials for any.

    Who signs in by a token signs nothing, so no policy of a caller applies; a trust policy names who issued the token.
    Nobody's signature can be verified here, so nobody is whom a trust policy names.
    """

    def refuse(handler: TokenResponse) -> Any:
        raise response_to(handler, untrusted_identity(action), "query")

    return refuse


def _operation(handler: Handler) -> tuple[OperationModel | None, Mapping[str, Any]]:
    """Return a request's operation (None if it names none) and the parameters in its path.

    S3's handlers name their operations otherwise, so those are found by the path. moto executes an operation that is
    written as AWS has none, deleteTable for DeleteTable; nothing decides about that, so NotImplementedError is raised.
    """
    model = get_service_model(handler.boto3_service_name)
    if handler.service_name == "s3":
        operation, path_parameters = get_service_router("s3").match(handler.normalized_request)
        return operation, path_parameters
    name = handler._get_action()
    if name and name not in model.operation_names:
        raise NotImplementedError(name)
    return (model.operation_model(name), handler.uri_match) if name else (None, {})


def _parameters(handler: Handler, model: OperationModel, protocol: str, uri: Mapping[str, Any]) -> Mapping[str, Any]:
    if handler.automated_parameter_parsing:
        params = handler.params
        return params.original_dict() if isinstance(params, XFormedDict) else {**uri, **params}
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


def response_to(handler: Handler, refusal: Refusal, protocol: str) -> RefusalResponse:
    """Return the refusal as a response; its headers go into the handler too, from which moto may take them."""
    status, body, headers = response_parts(refusal, protocol)
    handler.response_headers.update(headers)
    return RefusalResponse(status, body, headers)
