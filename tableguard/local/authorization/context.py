"""The context keys of a request and of its resources, as far as the embedded AWS has their values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from tableguard.aws.arn import parse
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall, ContextValues
from tableguard.policy.worlds import signed_context

# the names that services give the tags of what they create, and the names of a tag's two parts
_TAG_LISTS = ("Tags", "tags", "TagsList", "BackupVaultTags", "BackupPlanTags")
_TAG_PARTS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def of_request(call: ApiCall, organization: Organization) -> dict[str, str | tuple[str, ...]]:
    """Return the context of a request that does not depend on the resource."""
    caller, here = call.caller.principal, organization.accounts
    values: dict[str, str | tuple[str, ...]] = {
        # the hop on loopback stands for one that AWS's clients make over TLS: nothing leaves the machine, and no
        # client can be told to use http against AWS without being told so by its endpoint
        **signed_context(caller, call.action, call.region, organization.id if caller.account in here else ""),
        **{f"aws:PrincipalTag/{key}": value for key, value in call.caller.tags.items()},
        **_network(call, organization),
        **_request_tags(call),
    }
    if call.via:
        values |= {"aws:CalledVia": (call.via,), "aws:CalledViaFirst": call.via, "aws:CalledViaLast": call.via}
        values["aws:ViaAWSService"] = "true"
    if call.caller.principal.kind == "service":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        values |= {"aws:SourceAccount": call.account, "aws:SourceOrgID": organization.id}
    if call.service in _BY_SERVICE:
        values |= _BY_SERVICE[call.service](call)
    return values


def of_resource(arn: str) -> ContextValues:
    """Return the context of a resource: of KMS keys, their tags and aliases; of EC2's resources, their tags."""
    parts = parse(arn)
    if parts is not None and parts.service == "ec2":
        tags = ec2_backends[parts.account][parts.region].tags.get(parts.resource.rpartition("/")[2], {})
        return {f"aws:ResourceTag/{name}": value for name, value in tags.items()}
    if parts is None or parts.service != "kms" or not parts.resource.startswith("key/"):
        return {}
    backend = kms_backends[parts.account][parts.region]
    key = backend.keys.get(parts.resource.removeprefix("key/"))
    if key is None:
        return {}
    values: dict[str, str | tuple[str, ...]] = {
        f"aws:ResourceTag/{name}": value for name, value in backend.tagger.get_tag_dict_for_resource(key.id).items()
    }
    if key.aliases:
        values["kms:ResourceAliases"] = tuple(sorted(key.aliases))
    return values


def _network(call: ApiCall, organization: Organization) -> ContextValues:
    """Return the keys of a request that came through a VPC endpoint, and whose endpoint that is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-vpceaccount
    """
    if call.endpoint is None:
        return {}
    owner = call.endpoint.ec2_backend.account_id
    values = {"aws:SourceVpce": call.endpoint.id, "aws:SourceVpc": call.endpoint.vpc_id, "aws:VpceAccount": owner}
    return {**values, "aws:VpceOrgID": organization.id} if owner in organization.accounts else values


def _request_tags(call: ApiCall) -> ContextValues:
    tags: dict[str, str] = {}
    for name in _TAG_LISTS:
        tags |= _tags(call.value(name) or {})
    for specification in call.value("TagSpecifications") or []:
        tags |= _tags(specification.get("Tags") or [])
    values: dict[str, str | tuple[str, ...]] = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
    keys = tuple(tags) or tuple(call.value("TagKeys") or ())
    return {**values, "aws:TagKeys": keys} if keys else values


def _tags(tag_parameter: Any) -> dict[str, str]:
    if isinstance(tag_parameter, Mapping):
        return {str(name): str(value) for name, value in tag_parameter.items()}
    tags = [tag for tag in tag_parameter if isinstance(tag, Mapping)]
    return {tag[name]: tag.get(value, "") for tag in tags for name, value in _TAG_PARTS if name in tag}


def _of_iam(call: ApiCall) -> ContextValues:
    boundary, policy = call.value("PermissionsBoundary"), call.value("PolicyArn")
    return _present({"iam:PermissionsBoundary": boundary, "iam:PolicyARN": policy})


def _of_lambda(call: ApiCall) -> ContextValues:
    """Return a mapping's function: https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html."""
    if not call.operation.endswith("EventSourceMapping"):
        return {}
    named, uuid = call.value("FunctionName"), call.value("UUID")
    if uuid:
        mapping = lambda_backends[call.account][call.region].get_event_source_mapping(uuid)
        named = mapping.function_arn if mapping else None
    return {"lambda:FunctionArn": call.arn(f"function:{named.rpartition('function:')[2]}")} if named else {}


def _of_ec2(call: ApiCall) -> ContextValues:
    tagged = bool(call.value("TagSpecifications"))
    service = call.value("ServiceName") if call.operation == "CreateVpcEndpoint" else None
    return _present({"ec2:VpceServiceName": service, "ec2:CreateAction": call.operation if tagged else None})


def _of_account(call: ApiCall) -> ContextValues:
    return _present({"account:TargetRegion": call.value("RegionName")})


def _of_cloudwatch(call: ApiCall) -> ContextValues:
    """Return the namespace of metric data.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
    """
    return _present({"cloudwatch:namespace": call.value("Namespace") if call.operation == "PutMetricData" else None})


def _of_kms(call: ApiCall) -> ContextValues:
    """Return the encryption context.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html. Not modelled: the encryption contexts of
    ReEncrypt, one for each of its two keys, and those that grants hold.
    """
    context = call.value("EncryptionContext") or {}
    values: dict[str, str | tuple[str, ...]] = {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
    values |= {"kms:EncryptionContextKeys": tuple(sorted(context))} if context else {}
    return values


def _present(values: Mapping[str, Any]) -> ContextValues:
    return {key: str(value) for key, value in values.items() if value is not None}


_BY_SERVICE: Mapping[str, Callable[[ApiCall], ContextValues]] = {
    "account": _of_account,
    "cloudwatch": _of_cloudwatch,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "lambda": _of_lambda,
}
