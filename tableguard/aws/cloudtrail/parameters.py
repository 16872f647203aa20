"""What a record says of a request, and of the answer: requestParameters and responseElements.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import json
from collections.abc import Mapping
from typing import Any

from tableguard.aws.cloudtrail import buckets, network
from tableguard.aws.cloudtrail.call import CallFacts
from tableguard.aws.cloudtrail.events import data_type
from tableguard.aws.cloudtrail.items import item_parameters
from tableguard.aws.cloudtrail.names import is_read_only
from tableguard.aws.cloudtrail.words import HIDDEN, MAX_FIELD_BYTES, written

# parameters that are hidden, wherever they are in the request or the answer, by service:
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html: ZipFile is left out, and so are variables
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/logging-using-cloudtrail.html: messageBody
# https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html: message and subject
_HIDDEN: Mapping[str, frozenset[str]] = {
    "cloudformation": frozenset(("ParameterValue",)),
    "cognito-idp": frozenset(("AuthParameters", "Password", "UserAttributes", "ClientMetadata", "Username")),
    "cognito-identity": frozenset(("Logins",)),
    "events": frozenset(("Detail",)),
    "iam": frozenset(("Password", "OldPassword", "NewPassword", "PrivateKey", "Base32StringSeed", "SecretAccessKey")),
    "kms": frozenset(("Plaintext", "Message", "PrivateKeyPlaintext")),
    "logs": frozenset(("logEventMessages",)),
    "secretsmanager": frozenset(("SecretString", "SecretBinary")),
    "sns": frozenset(("Message", "Subject", "MessageAttributes", "PhoneNumber")),
    "sqs": frozenset(("MessageBody", "MessageAttributes", "Body")),
    "ssm": frozenset(("Value",)),
    "sts": frozenset(("WebIdentityToken", "SAMLAssertion", "TokenCode")),
}
# parameters that are left out: blobs, templates and whatever AWS's samples do not have
_OMITTED: Mapping[str, frozenset[str]] = {
    "cloudformation": frozenset(("TemplateBody", "StackPolicyBody")),
    "kms": frozenset(
        ("Plaintext", "CiphertextBlob", "CiphertextForRecipient", "PrivateKeyPlaintext", "Message", "Mac")
    ),
    "lambda": frozenset(("ZipFile", "Payload", "ClientContext", "Variables")),
    "sts": frozenset(("SecretAccessKey", "WebIdentityToken", "SAMLAssertion", "TokenCode")),
    "iam": frozenset(("SecretAccessKey", "Base32StringSeed", "QRCodePNG")),
    "cognito-identity": frozenset(("SecretKey",)),
    "cloudwatch": frozenset(("MetricData", "StrictEntityValidation", "EntityMetricData")),
}
# maps whose names are the caller's own, and stay as they are
_MAPS = frozenset(
    (
        "Attributes",
        "EncryptionContext",
        "ExpressionAttributeNames",
        "IncomingTransitiveTags",
        "Logins",
        "Variables",
        "tags",
    )
)
# operations whose answers are not written although they change something, as AWS's samples have them
_SILENT = frozenset(
    (
        "kms:CancelKeyDeletion",
        "lambda:AddPermission",
        "lambda:DeleteFunction",
        "lambda:Invoke",
    )
)
# and those whose answers are written although they only read
_SPEAKING = frozenset(("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"))


def request_parameters(call: CallFacts) -> dict[str, Any] | None:
    """Return the requestParameters of a record; None for a request that has none."""
    if call.service == "dynamodb" and data_type(call.service, call.operation) is not None:
        written_ = item_parameters(call.operation, call.parameters, call.keys)
    elif call.service == "s3":
        written_ = buckets.request_parameters(call)
    elif call.service == "ec2":
        written_ = network.request_parameters(call.operation, call.parameters)
    else:
        written_ = written(_guarded(call.parameters, call.service), _MAPS)
    return _sized(written_ or None, "requestParameters")


def response_elements(call: CallFacts) -> dict[str, Any] | None:
    """Return the responseElements: what a call that changes something was answered, None for all others."""
    if not answers(call.service, call.operation) or call.answer is None or call.error_code:
        return None
    if call.service == "s3":
        return buckets.response_elements(call)
    if call.service == "ec2":
        return _sized(network.response_elements(call.answer, call.request_id), "responseElements")
    return _sized(written(_guarded(call.answer, call.service), _MAPS) or None, "responseElements")


def answers(service: str, operation: str) -> bool:
    """Return True if a record of the operation has what it answered."""
    name = f"{service}:{operation}"
    if service == "dynamodb" and data_type(service, operation) is not None:
        return False
    return name in _SPEAKING or (name not in _SILENT and not is_read_only(service, operation))


def _guarded(value: Any, service: str) -> Any:
    """Return parameters without what the service leaves out, and with what it hides hidden."""
    omitted, hidden = _OMITTED.get(service, frozenset()), _HIDDEN.get(service, frozenset())
    if isinstance(value, Mapping):
        return {
            name: HIDDEN if name in hidden else _guarded(inner, service)
            for name, inner in value.items()
            if name not in omitted
        }
    return [_guarded(inner, service) for inner in value] if isinstance(value, list | tuple) else value


def _sized(field: dict[str, Any] | None, name: str) -> dict[str, Any] | None:
    # a text of Python is no shorter than a sixth of JSON's, and made in a third of the time
    if (
        field is None
        or len(str(field)) * 6 <= MAX_FIELD_BYTES
        or len(json.dumps(field, default=str)) <= MAX_FIELD_BYTES
    ):
        return field
    return {"omitted": True, "reason": f"{name} too large", "originalSize": len(json.dumps(field, default=str))}
