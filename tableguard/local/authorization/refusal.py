"""AWS's refusals: error code, HTTP status and text, by service and by the policy that decided.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html

An explicit deny ends with the ARN of the policy that denies, if caller and resource are of one account or organization.
SCPs, RCPs, managed policies and boundaries have an ARN; inline policies and session policies given as text have none.
A resource's or an endpoint's policy is not named, nor is any policy where none allows.
https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns
https://aws.amazon.com/about-aws/whats-new/2026/08/s3-additional-policy-details-access-denied-error-messages/
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from tableguard.policy.evaluate import Layer, Reason

_CALLED: Mapping[Layer, str] = {
    "boundary": "permissions boundary",
    "endpoint": "VPC endpoint policy",
    "identity": "identity-based policy",
    "rcp": "resource control policy",
    "resource": "resource-based policy",
    "scp": "service control policy",
    "session": "session policy",
}
_ARTICLE: Mapping[Layer, str] = {"identity": "an"}


@dataclass(frozen=True)
class Refusal(Exception):
    """The refusal of a request: AWS's error code and message, and an HTTP status other than that of a denial.

    `layer` is the kind of policy that denies, empty where no policy does.
    """

    code: str
    message: str
    status: int | None = None
    layer: Layer | Literal[""] = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def denied(service: str, protocol: str, text: str, layer: Layer) -> Refusal:
    """Return the refusal of an action by a layer, with the text that `denial_text` returns for it."""
    prefix = "You are not authorized to perform this operation. " if service == "ec2" else ""
    return Refusal(denial_code(service, protocol), prefix + text, layer=layer)


def denial_text(user: str, action: str, resource: str, reason: Reason, *, names_policy: bool) -> str:
    """Return the user, action and resource of a denial, with the policy layer that denies or does not allow.

    With `names_policy` a policy that denies is named by its ARN, as AWS does within an account or an organization.
    """
    why = _reason_text(action, reason, names_policy)
    return f"User: {user} is not authorized to perform: {action} on resource: {resource} {why}"


def _reason_text(action: str, reason: Reason, names_policy: bool) -> str:
    called = _CALLED[reason.layer]
    if reason.effect == "Deny":
        arn = f": {reason.arn}" if names_policy and reason.arn else ""
        return f"with an explicit deny in {_ARTICLE.get(reason.layer, 'a')} {called}{arn}"
    return f"because no {called} allows the {action} action"


def denial_code(service: str, protocol: str) -> str:
    """Return the error code of a denial: AccessDeniedException in JSON, AccessDenied in XML, EC2 and SNS their own."""
    own = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
    return own.get(service) or ("AccessDeniedException" if "json" in protocol else "AccessDenied")


def unknown_key(service: str, protocol: str) -> Refusal:
    """Return the refusal of a request that is not signed, or with a key that was never issued."""
    own = {"ec2": "AuthFailure", "s3": "InvalidAccessKeyId"}
    code = own.get(service) or ("UnrecognizedClientException" if "json" in protocol else "InvalidClientTokenId")
    return Refusal(code, "The security token included in the request is invalid.")


def unknown_region(protocol: str) -> Refusal:
    """Return the refusal of a request that is signed for a region that AWS does not have."""
    code = "InvalidSignatureException" if "json" in protocol else "SignatureDoesNotMatch"
    return Refusal(code, "Credential should be scoped to a valid region.")


def untrusted_identity(action: str) -> Refusal:
    """Return STS's refusal of a token whose issuer the role's trust policy does not name."""
    return Refusal("AccessDenied", f"Not authorized to perform {action}")


def undecided(service: str, protocol: str, why: str) -> Refusal:
    """Return the refusal of a request that the embedded AWS cannot decide about: it is never allowed silently."""
    return Refusal(denial_code(service, protocol), f"the embedded AWS cannot decide: {why}")


_REQUEST_ID = "00000000-0000-0000-0000-000000000000"
_XML = {
    "ec2": "<Response><Errors><Error>{error}</Error></Errors><RequestID>{id}</RequestID></Response>",
    "query": "<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{id}</RequestId></ErrorResponse>",
    "rest-xml": "<Error>{error}<RequestId>{id}</RequestId></Error>",
}


def response_parts(refusal: Refusal, protocol: str) -> tuple[int, str, dict[str, str]]:
    """Return status, body and headers of a refusal, in a text protocol."""
    # JSON services with paths say 403 and have the code in a header; the others say 400
    of_denial = 400 if "json" in protocol and not protocol.startswith("rest") else 403
    status = refusal.status or of_denial
    body, headers = error_body(refusal.code, refusal.message, protocol)
    return status, body.decode(), headers


def error_body(code: str, message: str, protocol: str) -> tuple[bytes, dict[str, str]]:
    """Return body and headers of an error: https://smithy.io/2.0/aws/protocols/."""
    name = f"com.amazon.coral.service#{code}"
    if "json" in protocol:
        body = json.dumps({"__type": name, "Message": message})
        return body.encode(), {"Content-Type": "application/x-amz-json-1.0", "x-amzn-ErrorType": code}
    if "cbor" in protocol:
        headers = {"Content-Type": "application/cbor", "Smithy-Protocol": "rpc-v2-cbor", "x-amzn-ErrorType": code}
        return _cbor({"__type": name, "message": message}), headers
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    return _XML[protocol].format(error=error, id=_REQUEST_ID).encode(), {"Content-Type": "text/xml"}


def _cbor(texts: Mapping[str, str]) -> bytes:
    """Encode a few short texts by name: https://www.rfc-editor.org/rfc/rfc8949#section-3.1."""
    encoded = [text.encode() for pair in texts.items() for text in pair]
    lengths = [b"\x79" + len(text).to_bytes(2) for text in encoded]
    return bytes([0xA0 + len(texts)]) + b"".join(map(bytes.__add__, lengths, encoded))
