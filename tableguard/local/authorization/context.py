"""The condition keys of a request, as far as the embedded AWS knows their values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.kms.models import kms_backends

from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import Call, Context

# a service that makes something with tags calls their list one of these, and their parts one of those
_TAG_LISTS = ("Tags", "tags", "TagsList", "BackupVaultTags", "BackupPlanTags")
_TAG_PARTS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def of_request(call: Call, organization: Organization) -> dict[str, str | tuple[str, ...]]:
    """What is true of the request, whatever it is done to."""
    found: dict[str, str | tuple[str, ...]] = {
        "aws:RequestedRegion": call.region,
        # the hop on loopback stands for one that AWS's clients make over TLS: nothing leaves the machine, and no
        # client can be told to use http against AWS without being told so by its endpoint
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "true" if call.via else "false",
        **{f"aws:PrincipalTag/{key}": value for key, value in call.caller.tags.items()},
        **_network(call),
        **_request_tags(call),
    }
    if call.caller.principal.account in organization.accounts:
        found["aws:PrincipalOrgID"] = organization.id
    if call.via:
        found |= {"aws:CalledVia": (call.via,), "aws:CalledViaFirst": call.via, "aws:CalledViaLast": call.via}
    if call.caller.principal.kind == "service":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        found |= {"aws:SourceAccount": call.account, "aws:SourceOrgID": organization.id}
    if call.service in _BY_SERVICE:
        found |= _BY_SERVICE[call.service](call)
    return found


def of_resource(arn: str) -> Context:
    """What is true of the resource itself: of keys, their tags and aliases."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "kms" or not parts[5].startswith("key/"):
        return {}
    backend = kms_backends[parts[4]][parts[3]]
    key = backend.keys.get(parts[5].removeprefix("key/"))
    if key is None:
        return {}
    found: dict[str, str | tuple[str, ...]] = {
        f"aws:ResourceTag/{name}": value for name, value in backend.tagger.get_tag_dict_for_resource(key.id).items()
    }
    if key.aliases:
        found["kms:ResourceAliases"] = tuple(sorted(key.aliases))
    return found


def _network(call: Call) -> Context:
    if call.endpoint is None:
        return {}
    return {"aws:SourceVpce": call.endpoint.id, "aws:SourceVpc": call.endpoint.vpc_id}


def _request_tags(call: Call) -> Context:
    given: dict[str, str] = {}
    for name in _TAG_LISTS:
        given |= _tags(call.value(name) or {})
    for each in call.value("TagSpecifications") or []:
        given |= _tags(each.get("Tags") or [])
    found: dict[str, str | tuple[str, ...]] = {f"aws:RequestTag/{name}": value for name, value in given.items()}
    keys = tuple(given) or tuple(call.value("TagKeys") or ())
    return {**found, "aws:TagKeys": keys} if keys else found


def _tags(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(name): str(value) for name, value in given.items()}
    tags = [each for each in given if isinstance(each, Mapping)]
    return {tag[name]: tag.get(value, "") for tag in tags for name, value in _TAG_PARTS if name in tag}


def _of_iam(call: Call) -> Context:
    boundary, policy = call.value("PermissionsBoundary"), call.value("PolicyArn")
    return _present({"iam:PermissionsBoundary": boundary, "iam:PolicyARN": policy})


def _of_lambda(call: Call) -> Context:
    """The function of a mapping: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html."""
    if not call.operation.endswith("EventSourceMapping"):
        return {}
    named, uuid = call.value("FunctionName"), call.value("UUID")
    if uuid:
        mapping = lambda_backends[call.account][call.region].get_event_source_mapping(uuid)
        named = mapping.function_arn if mapping else None
    return {"lambda:FunctionArn": call.arn(f"function:{named.rpartition('function:')[2]}")} if named else {}


def _of_ec2(call: Call) -> Context:
    tagged = bool(call.value("TagSpecifications"))
    service = call.value("ServiceName") if call.operation == "CreateVpcEndpoint" else None
    return _present({"ec2:VpceServiceName": service, "ec2:CreateAction": call.operation if tagged else None})


def _of_account(call: Call) -> Context:
    return _present({"account:TargetRegion": call.value("RegionName")})


def _of_kms(call: Call) -> Context:
    """Caller and encryption context: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html.

    ReEncrypt, which has one for each of its two keys, and grants, which hold one, are not looked into.
    """
    context = call.value("EncryptionContext") or {}
    found: dict[str, str | tuple[str, ...]] = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    found |= {"kms:EncryptionContextKeys": tuple(sorted(context))} if context else {}
    return {**found, "kms:CallerAccount": call.caller.principal.account}


def _present(found: Mapping[str, Any]) -> Context:
    return {key: str(value) for key, value in found.items() if value is not None}


_BY_SERVICE: Mapping[str, Callable[[Call], Context]] = {
    "account": _of_account,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "lambda": _of_lambda,
}
