"""The context keys of a request and of its resources, as far as the embedded AWS has their values.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cognitoidp.models import cognitoidp_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from tableguard.aws.arn import Arn, parse
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import ApiCall, Caller, ContextValues
from tableguard.policy.worlds import signed_context

# the names that services give the tags of what they create, and the names of a tag's two parts
_TAG_LISTS = ("Tags", "tags", "TagsList", "BackupVaultTags", "BackupPlanTags")
_GLOBAL = "aws"  # the region of moto's backends of global services
_TAG_PARTS = (("Key", "Value"), ("key", "value"), ("TagKey", "TagValue"))


def of_request(call: ApiCall, organization: Organization) -> dict[str, str | tuple[str, ...]]:
    """Return the context of a request that does not depend on the resource."""
    caller, here = call.caller.principal, organization.accounts
    values: dict[str, str | tuple[str, ...]] = {
        # the hop on loopback stands for one that AWS's clients make over TLS: nothing leaves the machine, and no
        # client can be told to use http against AWS without being told so by its endpoint
        **signed_context(caller, call.action, call.region, organization.id if caller.account in here else ""),
        **{f"aws:PrincipalTag/{key}": value for key, value in _principal_tags(call.caller).items()},
        **call.caller.context,
        **call.caller.token_context,
        **_moment(datetime.now(UTC)),
        **_network(call, organization),
        **_request_tags(call),
    }
    if call.via:
        values |= {"aws:CalledVia": (call.via,), "aws:CalledViaFirst": call.via, "aws:CalledViaLast": call.via}
        values["aws:ViaAWSService"] = "true"
    if call.caller.principal.kind == "service":
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        values |= {"aws:SourceAccount": call.account, **organization.key("aws:SourceOrgID", call.account)}
    if call.service in _BY_SERVICE:
        values |= _BY_SERVICE[call.service](call)
    return values


def _moment(now: datetime) -> ContextValues:
    return {"aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "aws:EpochTime": str(int(now.timestamp()))}


def _principal_tags(caller: Caller) -> Mapping[str, str]:
    """Return the tags of a role or user, and those of the session, which replace a role's, in whatever case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    arn = parse(caller.principal.arn) if caller.principal.kind in ("role", "user") else None
    of_session = {name.lower() for name in caller.tags}
    own = _own_tags(arn) if arn else {}
    return {**{name: value for name, value in own.items() if name.lower() not in of_session}, **caller.tags}


def of_resource(arn: str) -> ContextValues:
    """Return the context of a resource: its tags, and the aliases of a KMS key."""
    parts = parse(arn)
    if parts is None:
        return {}
    values: dict[str, str | tuple[str, ...]] = {
        f"aws:ResourceTag/{name}": tag for name, tag in _own_tags(parts).items()
    }
    if parts.service == "kms" and parts.region in kms_backends[parts.account]:
        key = kms_backends[parts.account][parts.region].keys.get(_name(parts))
        values |= {"kms:ResourceAliases": tuple(sorted(key.aliases))} if key and key.aliases else {}
    return values


def _own_tags(arn: Arn) -> Mapping[str, str]:
    """Return the tags of a resource; none of a service that is not looked up, nor of a region that there is not."""
    backends, look_up = _TAGS_OF.get(arn.service, ({}, _tags_of_named))
    region = arn.region or _GLOBAL
    regions = backends[arn.account] if arn.account and backends else {}
    return look_up(regions[region], arn) if region in regions else {}


def _name(arn: Arn) -> str:
    return arn.resource.rpartition("/")[2]


def _tags_of_named(backend: Any, arn: Arn) -> Mapping[str, str]:
    return dict(backend.tags.get(_name(arn), {}))


def _tags_of_user_pool(backend: Any, arn: Arn) -> Mapping[str, str]:
    pool = backend.user_pools.get(_name(arn))
    return dict(pool.extended_config.get("UserPoolTags") or {}) if pool else {}


def _tags_of_table(backend: Any, arn: Arn) -> Mapping[str, str]:
    """Return the tags of a table, which its indexes have too; a stream has its own, which moto does not keep.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
    """
    _, name, *part = arn.resource.split("/")
    table = backend.tables.get(name) if part[:1] in ([], ["index"]) else None
    return _tags(table.tags) if table else {}


def _tags_of_function(backend: Any, arn: Arn) -> Mapping[str, str]:
    """Return the tags of a function, which its versions and aliases have too."""
    names = {":".join(("function", function.function_name)): function for function in backend.list_functions()}
    function = names.get(":".join(arn.resource.split(":")[:2]))
    return dict(function.tags) if function else {}


def _tags_of_identity(backend: Any, arn: Arn) -> Mapping[str, str]:
    holders = (*list(backend.roles.values()), *list(backend.users.values()))
    return next((_tags(holder.tags or []) for holder in holders if holder.arn == str(arn)), {})


def _tags_of_key(backend: Any, arn: Arn) -> Mapping[str, str]:
    return dict(backend.tagger.get_tag_dict_for_resource(_name(arn)))


def _tags_of_log_group(backend: Any, arn: Arn) -> Mapping[str, str]:
    return dict(backend.tagger.get_tag_dict_for_resource(str(arn).partition(":log-stream:")[0]))


def _tags_of_queue(backend: Any, arn: Arn) -> Mapping[str, str]:
    queue = backend.queues.get(arn.resource)
    return dict(queue.tags) if queue else {}


def _tags_of_topic(backend: Any, arn: Arn) -> Mapping[str, str]:
    topic = backend.topics.get(str(arn))
    return dict(topic._tags) if topic else {}  # moto has no other name for them


_TAGS_OF: Mapping[str, tuple[Any, Callable[[Any, Arn], Mapping[str, str]]]] = {
    "cognito-idp": (cognitoidp_backends, _tags_of_user_pool),
    "dynamodb": (dynamodb_backends, _tags_of_table),
    "ec2": (ec2_backends, _tags_of_named),
    "iam": (iam_backends, _tags_of_identity),
    "kms": (kms_backends, _tags_of_key),
    "lambda": (lambda_backends, _tags_of_function),
    "logs": (logs_backends, _tags_of_log_group),
    "sns": (sns_backends, _tags_of_topic),
    "sqs": (sqs_backends, _tags_of_queue),
}


def _network(call: ApiCall, organization: Organization) -> ContextValues:
    """Return the keys of a request that came through a VPC endpoint, and whose endpoint that is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-vpceaccount
    """
    if call.endpoint is None:
        return {}
    owner = call.endpoint.ec2_backend.account_id
    values = {"aws:SourceVpce": call.endpoint.id, "aws:SourceVpc": call.endpoint.vpc_id, "aws:VpceAccount": owner}
    return {**values, **organization.key("aws:VpceOrgID", owner)}


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


def _of_scaling(call: ApiCall) -> ContextValues:
    """Return the service whose resources are scaled, and the dimension.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_applicationautoscaling.html
    """
    keys = {"service-namespace": call.value("ServiceNamespace"), "scalable-dimension": call.value("ScalableDimension")}
    return _present({f"application-autoscaling:{key}": value for key, value in keys.items()})


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
    "application-autoscaling": _of_scaling,
    "cloudwatch": _of_cloudwatch,
    "ec2": _of_ec2,
    "iam": _of_iam,
    "kms": _of_kms,
    "lambda": _of_lambda,
}
