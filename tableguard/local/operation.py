"""Finds the operation of a request, from the request alone: moto may not implement it."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from botocore.exceptions import UnknownServiceError
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException, NotFound

# in the Authorization header, or in the address of a presigned request:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
CREDENTIAL = re.compile(r"Credential=([^/&%]+)(?:/|%2F)[0-9]+(?:/|%2F)([^/&%]+)(?:/|%2F)([^/&%]+)(?:/|%2F)aws4_")
# services whose requests are signed for another name than the one with which their actions begin
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
# services that botocore names otherwise than their actions begin
_BOTOCORE = {
    "access-analyzer": "accessanalyzer",
    "s3-object-lambda": "s3",
    "s3express": "s3",
    "tag": "resourcegroupstaggingapi",
}
# https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
_CBOR_PATH = re.compile(r"/service/\w+/operation/(\w+)$")
_MAX_NAME = 100  # characters of a name that a client may choose freely


@dataclass(frozen=True)
class Operation:
    """An operation, by its service as IAM's actions name it, and the protocol that its client reads."""

    service: str
    operation: str
    protocol: str

    @property
    def name(self) -> str:
        """Return service and operation in one line, whatever the client has written."""
        return quote(":".join(filter(None, (self.service, self.operation)))[:_MAX_NAME], safe=":/ ")


def operation_of(request: Request) -> Operation:
    """Return the operation of a request, by its protocol: https://smithy.io/2.0/aws/protocols/."""
    service = _service(request)
    if request.headers.get("Smithy-Protocol") == "rpc-v2-cbor":
        path = _CBOR_PATH.search(request.path)
        return Operation(service, path[1] if path else request.path, "smithy-rpc-v2-cbor")
    target = request.headers.get("X-Amz-Target")
    if target is not None:
        return Operation(service, target.rpartition(".")[2] if service else target, "json")
    action = _action(request)
    if action:
        return Operation(service, action, "ec2" if service == "ec2" else "query")
    service = service or "s3"  # to which moto assigns unsigned requests
    return Operation(service, _operation_by_path(service, request), _protocol(service))


def _service(request: Request) -> str:
    signed = CREDENTIAL.search(request.headers.get("Authorization", "") or request.raw_url)
    return PREFIXES.get(signed[3], signed[3]) if signed else ""


def _action(request: Request) -> str:
    try:
        return str(request.values.get("Action", ""))
    except HTTPException:  # a form that is too large, or ends too early
        return ""


def _operation_by_path(service: str, request: Request) -> str:
    try:
        operation, _ = get_service_router(_BOTOCORE.get(service, service)).match(request)
    except (NotFound, NotImplementedError, UnknownServiceError):
        return f"{request.method} {request.path}"
    return str(operation.name)


def _protocol(service: str) -> str:
    try:
        protocol = str(get_service_model(_BOTOCORE.get(service, service)).protocol)
    except UnknownServiceError:
        return "rest-json"
    return protocol
