"""S3's requests and answers in records: bucket and key, the part of them that is meant, and the body as XML has it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html
"""

import json
from collections.abc import Mapping
from typing import Any

from tableguard.aws.cloudtrail.call import CallFacts
from tableguard.aws.cloudtrail.names import event_name

_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"
# bodies of objects, and the lists in which a client names what it wants
_OMITTED = frozenset(("Body", "Bucket", "Key", "Delete", "Policy", "ExpectedBucketOwner", "ChecksumAlgorithm"))
# lists that XML writes as repeated elements of another name
_FLAT = {
    "CORSRules": "CORSRule",
    "LambdaFunctionConfigurations": "CloudFunctionConfiguration",
    "NoncurrentVersionTransitions": "NoncurrentVersionTransition",
    "QueueConfigurations": "QueueConfiguration",
    "Rules": "Rule",
    "TopicConfigurations": "TopicConfiguration",
    "Transitions": "Transition",
}
# requests for a part of a bucket or object name it in the query: ?lifecycle
_PARTS = {
    "Accelerate": "accelerate",
    "Acl": "acl",
    "Cors": "cors",
    "Encryption": "encryption",
    "Lifecycle": "lifecycle",
    "Logging": "logging",
    "Notification": "notification",
    "ObjectLockConfiguration": "object-lock",
    "OwnershipControls": "ownershipControls",
    "Policy": "policy",
    "PublicAccessBlock": "publicAccessBlock",
    "Replication": "replication",
    "RequestPayment": "requestPayment",
    "Tagging": "tagging",
    "Versioning": "versioning",
    "Website": "website",
    "LegalHold": "legal-hold",
    "Retention": "retention",
}
# headers of a request, by the parameter that a client fills
_HEADERS = {
    "ACL": "x-amz-acl",
    "BypassGovernanceRetention": "x-amz-bypass-governance-retention",
    "CopySource": "x-amz-copy-source",
    "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "StorageClass": "x-amz-storage-class",
    "VersionId": "versionId",
}
_QUERY = {"Delimiter": "delimiter", "MaxKeys": "max-keys", "Prefix": "prefix", "UploadId": "uploadId"}


def request_parameters(call: CallFacts) -> dict[str, Any]:
    """Return the requestParameters of a call to S3."""
    parameters, bucket = call.parameters, str(call.parameters.get("Bucket", ""))
    host = f"s3.{call.region}.amazonaws.com"
    record: dict[str, Any] = {"bucketName": bucket} if bucket else {}
    record["Host"] = f"{bucket}.{host}" if bucket else host
    if "Key" in parameters:
        record["key"] = parameters["Key"]
    part = _part(event_name("s3", call.operation))
    if part:
        record[part] = ""
    if call.operation == "DeleteObjects":
        record["delete"] = ""
    if call.operation == "ListObjectsV2":
        record["list-type"] = "2"
    if "Policy" in parameters:
        record["bucketPolicy"] = _document(parameters["Policy"])
    for name, value in parameters.items():
        if name in _HEADERS or name in _QUERY:
            record[{**_HEADERS, **_QUERY}[name]] = value
        elif name not in _OMITTED and isinstance(value, Mapping) and name != "Metadata":
            record[name] = {"xmlns": _XMLNS, **_as_xml(value)}
    return record


def response_elements(call: CallFacts) -> dict[str, Any] | None:
    """Return the headers of S3's own in an answer; None if there are none."""
    headers = call.answer or {}
    kept = {name.lower(): value for name, value in headers.items() if name.lower().startswith("x-amz-")}
    return {name: value for name, value in kept.items() if name not in ("x-amz-request-id", "x-amz-id-2")} or None


def _part(name: str) -> str:
    for ending in sorted(_PARTS, key=len, reverse=True):
        if name.endswith(ending):
            return _PARTS[ending]
    return ""


def _as_xml(value: Any) -> Any:
    """Return a structure as its XML is read: one element is itself, several of one name are a list."""
    if isinstance(value, Mapping):
        return {
            _FLAT.get(name, name): _one_or_all(inner) if name in _FLAT else _as_xml(inner)
            for name, inner in value.items()
            if inner is not None and not isinstance(inner, bytes)
        }
    return [_as_xml(inner) for inner in value] if isinstance(value, list | tuple) else value


def _one_or_all(values: Any) -> Any:
    elements = [_as_xml(value) for value in values]
    return elements[0] if len(elements) == 1 else elements


def _document(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return str(text)
