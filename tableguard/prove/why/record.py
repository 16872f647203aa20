"""CloudTrail's records of denied calls, and what sts:DecodeAuthorizationMessage prints.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tableguard.aws.operations import main_action, otherwise_named
from tableguard.errors import PolicyError
from tableguard.partitions import of_region
from tableguard.policy.service_reference import load
from tableguard.prove.why.message import Refused, parse

_DENIED = re.compile(r"AccessDenied|UnauthorizedOperation|AuthorizationError|Unauthorized")
_VERSION = re.compile(r"\d{8}(v\d+)?$")  # UpdateFunctionCode20150331v2
_PREFIXES = {"monitoring": "cloudwatch", "streams.dynamodb": "dynamodb", "tagging": "tag"}
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_ACCOUNT = ("Partition", "Region", "Account")
# of a decoded message, what it has beside the keys of the request, and the region that is called
_DERIVED = frozenset(
    ("aws:Resource", "aws:Account", "aws:Service", "aws:ARN", "aws:Type", "aws:Region", "aws:ID", "aws:RequestedRegion")
)


def read(text: str) -> Refused:
    """Return the request of a record or of a decoded message in JSON; PolicyError for anything else."""
    record = _unwrapped(_parsed(text, "the text"))
    if "explicitDeny" in record:
        return _decoded(record)
    if "eventName" not in record:
        raise PolicyError("the JSON is no CloudTrail record: it has no eventName")
    if not _DENIED.search(str(record.get("errorCode", ""))):
        code = record.get("errorCode", "none")
        raise PolicyError(f"the record of {record['eventName']} is not one of denied access: its errorCode is {code}")
    return _of_record(record)


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{place}: neither a message of denied access nor JSON: {error}") from error


def _object(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object at a key, an empty one if it is absent or null; PolicyError for anything else."""
    value = holder.get(key)
    if value is not None and not isinstance(value, dict):
        raise PolicyError(f"{key} of the record is {value!r}; accepted: an object, as CloudTrail writes it")
    return value or {}


def _list(holder: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list at a key, an empty one if it is absent or null; PolicyError for anything else."""
    value = holder.get(key)
    if value is not None and not isinstance(value, list):
        raise PolicyError(f"{key} of the record is {value!r}; accepted: a list, as CloudTrail writes it")
    return value or []


def _unwrapped(content: Any) -> Mapping[str, Any]:
    """Return the one record inside Records, a lookup's CloudTrailEvent, an EventBridge event, or a decoded message."""
    if isinstance(content, dict):
        for key in ("CloudTrailEvent", "DecodedMessage"):
            if isinstance(content.get(key), str):
                return _unwrapped(_parsed(content[key], key))
        if isinstance(content.get("detail"), dict):
            return _unwrapped(content["detail"])
        for key in ("Records", "Events"):
            if isinstance(content.get(key), list):
                return _unwrapped(content[key])
        return content
    if not isinstance(content, list):
        raise PolicyError("the JSON is no object; accepted: a CloudTrail record")
    denied = [record for record in map(_unwrapped, content) if _DENIED.search(str(record.get("errorCode", "")))]
    if len(denied) != 1:
        ids = ", ".join(str(record.get("eventID")) for record in denied[:5])
        raise PolicyError(
            f"{len(denied)} of {len(content)} records are of denied access: give one{f' of {ids}' * bool(denied)}"
        )
    return denied[0]


def _decoded(message: Mapping[str, Any]) -> Refused:
    """Return the request of a decoded message: it has the values of the context keys."""
    context = _object(message, "context")
    user = _object(context, "principal").get("arn")
    if not user or not context.get("action"):
        raise PolicyError("the decoded message has no context with the ARN of a principal and an action")
    explicit = message["explicitDeny"]
    if not isinstance(explicit, bool):
        raise PolicyError(f"explicitDeny of the decoded message is {explicit!r}; accepted: true or false")
    keys = _decoded_keys(context)
    values = {
        key: texts[0] if len(texts) == 1 else texts
        for key, texts in keys.items()
        if texts and key not in _DERIVED and (key.startswith("aws:") or load().key_type(key) is not None)
    }
    region = next(iter(keys.get("aws:RequestedRegion") or keys.get("aws:Region") or ()), "")
    return Refused(
        user=str(user),
        action=str(context["action"]),
        resource=str(context.get("resource") or "*"),
        explicit=explicit,
        region=region,
        context=values,
    )


def _decoded_keys(context: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the context keys that a decoded message lists, with their values."""
    keys = dict[str, tuple[str, ...]]()
    for item in _list(_object(context, "conditions"), "items"):
        if isinstance(item, dict):
            values = _list(_object(item, "values"), "items")
            listed = (one.get("value") for one in values if isinstance(one, dict))
            keys[str(item.get("key"))] = tuple(str(value) for value in listed if value is not None)
    return keys


def _of_record(record: Mapping[str, Any]) -> Refused:
    """Return the request of a record: by its message where it has one, else by its operation and parameters."""
    region = str(record.get("awsRegion") or "")
    text = str(record.get("errorMessage") or "")
    if " is not authorized to perform: " in text:
        refused = parse(text)
        if not refused.resource:
            refused = replace(refused, resource=_resource(record, refused.action))
    else:
        action = _action(record)
        refused = Refused("", action, _resource(record, action))
    return replace(
        refused, user=_user(record, refused.user), region=region, context=dict(_context(record, refused, region))
    )


def _user(record: Mapping[str, Any], named: str) -> str:
    """Return the caller: of a session the role's own ARN, which has its path, and the session's name."""
    identity = _object(record, "userIdentity")
    issuer = _object(_object(identity, "sessionContext"), "sessionIssuer")
    arn = issuer.get("arn") if issuer.get("type") == "Role" else None
    user = arn or identity.get("arn") or named or identity.get("invokedBy")
    if not user:
        raise PolicyError("the record does not say who called: its userIdentity has neither arn nor invokedBy")
    return str(user)


def _action(record: Mapping[str, Any]) -> str:
    source = str(record.get("eventSource", "")).removesuffix(".amazonaws.com")
    service, name = _PREFIXES.get(source, source), _VERSION.sub("", str(record["eventName"]))
    operation = f"{service}:{name}"
    if len(otherwise_named().get(operation, _ONE).actions) > 1 and operation.lower() not in load().actions:
        actions = ", ".join(otherwise_named()[operation].actions)
        raise PolicyError(
            f"the record has no errorMessage, and {name} needs one or more of {actions}: ask `explain` about each"
        )
    return main_action(operation)


_ONE = next(one for one in otherwise_named().values() if len(one.actions) == 1)


def _resource(record: Mapping[str, Any], action: str) -> str:
    """Return the resource that a record lists, or that its parameters name by the action's ARN formats; `*` if none."""
    for resource in _list(record, "resources"):
        if isinstance(resource, dict) and resource.get("ARN"):
            return str(resource["ARN"])
    if action.lower() not in load().actions:
        return "*"
    parameters = {str(key).lower(): value for key, value in _object(record, "requestParameters").items()}
    texts = [value for value in parameters.values() if isinstance(value, str)]
    own = {
        "Partition": of_region(str(record.get("awsRegion") or "")),
        "Region": str(record.get("awsRegion") or ""),
        "Account": str(record.get("recipientAccountId") or ""),
    }
    for arn_format in load().formats(action):
        filled = _filled(arn_format, parameters, own)
        named = [text for text in (*texts, filled) if text and text.startswith("arn:") and load().acts_on(action, text)]
        if named:
            return named[0]
    return "*"


def _filled(arn_format: str, parameters: Mapping[str, Any], own: Mapping[str, str]) -> str:
    """Return an ARN's format filled from parameters, which are called like its variables; empty if one is missing."""
    values = dict(own)
    for variable in _VARIABLE.findall(arn_format):
        names = (variable.lower(), variable.lower().removesuffix("withpath"))
        value = next((parameters[name] for name in names if isinstance(parameters.get(name), str)), None)
        if variable == "ObjectName":
            value = parameters.get("key")
        if variable not in _ACCOUNT:
            if not isinstance(value, str):
                return ""
            values[variable] = value
    return _VARIABLE.sub(lambda match: values[match[1]], arn_format)


def _context(record: Mapping[str, Any], refused: Refused, region: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield the context keys that a record tells of."""
    identity = _object(record, "userIdentity")
    if record.get("vpcEndpointId"):
        yield "aws:SourceVpce", str(record["vpcEndpointId"])
    if record.get("vpcEndpointAccountId"):
        yield "aws:VpceAccount", str(record["vpcEndpointAccountId"])
    if _is_address(str(record.get("sourceIPAddress", ""))) and not record.get("vpcEndpointId"):
        yield "aws:SourceIp", str(record["sourceIPAddress"])
    invoked = str(identity.get("invokedBy") or "")
    if invoked.endswith(".amazonaws.com") and invoked != refused.user:
        yield "aws:CalledVia", (invoked,)
        if refused.action.startswith("kms:"):
            yield "kms:ViaService", f"{invoked.removesuffix('.amazonaws.com')}.{region}.amazonaws.com"
    yield from _of_parameters(_object(record, "requestParameters"), refused.action)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _of_parameters(parameters: Mapping[str, Any], action: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Yield the encryption context of a call to KMS, the namespace of metrics and the region that is opted out of."""
    encryption = parameters.get("encryptionContext")
    if action.startswith("kms:") and isinstance(encryption, dict):
        yield "kms:EncryptionContextKeys", tuple(sorted(encryption))
        for key, value in encryption.items():
            yield f"kms:EncryptionContext:{key}", str(value)
    if action == "cloudwatch:PutMetricData" and isinstance(parameters.get("namespace"), str):
        yield "cloudwatch:namespace", parameters["namespace"]
    if action.startswith("account:") and isinstance(parameters.get("regionName"), str):
        yield "account:TargetRegion", parameters["regionName"]
