"""Model the API requests CloudFormation makes for a resource, as far as the template determines them.

What a template does not determine, an address or the caller's tags for instance, stays open.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tableguard.aws.cloudformation_handlers import Handlers
from tableguard.policy.service_reference import Action, load
from tableguard.prove.preflight.template import UNKNOWN, Plan, PlannedResource, filled
from tableguard.settings import Settings

_TAG = "aws:requesttag/"
_SYSTEM_TAGS = ("aws:cloudformation:logical-id", "aws:cloudformation:stack-id", "aws:cloudformation:stack-name")
_LINKED = re.compile(r":role/aws-service-role/([^/]+)/")
_ADDS = re.compile(r"Add|Create|Put|Tag")  # CreateTags, PutBucketTagging, TagResource; not UntagResource
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
_GLOBAL = {"iam": "us-east-1", "organizations": "us-east-1"}

# key, in lower case -> type, property, what a request carries without the property
_OF_PROPERTIES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "application-autoscaling:scalable-dimension": (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "ScalableDimension",
        (),
    ),
    "application-autoscaling:service-namespace": (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "ServiceNamespace",
        (),
    ),
    "ec2:vpceservicename": ("AWS::EC2::VPCEndpoint", "ServiceName", ()),
    "iam:permissionsboundary": ("AWS::IAM::Role", "PermissionsBoundary", ()),
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html has what a key is if nothing is said
    "kms:bypasspolicylockoutsafetycheck": ("AWS::KMS::Key", "BypassPolicyLockoutSafetyCheck", ("false",)),
    "kms:keyorigin": ("AWS::KMS::Key", "Origin", ("AWS_KMS",)),
    "kms:keyspec": ("AWS::KMS::Key", "KeySpec", ("SYMMETRIC_DEFAULT",)),
    "kms:keyusage": ("AWS::KMS::Key", "KeyUsage", ("ENCRYPT_DECRYPT",)),
    "kms:multiregion": ("AWS::KMS::Key", "MultiRegion", ("false",)),
    "lambda:codesigningconfigarn": ("AWS::Lambda::Function", "CodeSigningConfigArn", ()),
    "lambda:functionarn": ("AWS::Lambda::EventSourceMapping", "FunctionName", ()),
    "lambda:layer": ("AWS::Lambda::Function", "Layers", ()),
    "lambda:securitygroupids": ("AWS::Lambda::Function", "VpcConfig.SecurityGroupIds", ()),
    "lambda:subnetids": ("AWS::Lambda::Function", "VpcConfig.SubnetIds", ()),
    "lambda:vpcids": ("AWS::Lambda::Function", "VpcConfig.SubnetIds", ()),
    # the property says PublicRead where the request says public-read
    "s3:x-amz-acl": ("AWS::S3::Bucket", "AccessControl", ()),
}
_OTHERWISE_WRITTEN = ("lambda:vpcids", "s3:x-amz-acl")  # present as the property is, but with another value


@dataclass(frozen=True)
class ModelledCall:
    """Calls of one action on some resources, with what is known of the context of their requests.

    `values` has keys in lower case, an empty tuple where the request has no such key; `present` those with a value
    that is not known. `tags` is None where they are not known; `certain` if the call is made in any case.
    """

    action: str
    resources: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]
    present: frozenset[str] = frozenset()
    tags: Mapping[str, Any] | None = field(default_factory=dict)
    system_tags: tuple[str, ...] = ()
    certain: bool = False

    def values_of(self, key: str) -> tuple[str, ...] | None:
        """Return what a request carries under a key in lower case, () if nothing; None if that is not known."""
        action = load().actions.get(self.action.lower())
        if action is not None and _cannot_have(action, key):
            return ()
        if key in self.values or key in self.present:
            return self.values.get(key)
        if key == "aws:tagkeys":
            return None if self.tags is None else (*sorted(self.tags), *self.system_tags)
        return self._tag(key.removeprefix(_TAG)) if key.startswith(_TAG) else None

    def _tag(self, name: str) -> tuple[str, ...] | None:
        if self.tags is None or name.startswith("aws:"):
            return None
        # names of keys are not case-sensitive, and RequestTag/name is one
        return tuple(str(value) for key, value in self.tags.items() if key.lower() == name)


def _cannot_have(action: Action, key: str) -> bool:
    """Return True if no request for an action has a key, by AWS's service reference.

    Tags of resources are listed with the types of resources instead, and some keys nowhere. Of an action that is known
    from botocore alone no keys are listed, and it may have any of its service.
    """
    if action.from_botocore:
        return False
    listed = [name.lower().partition("${")[0] for name in action.keys]
    if any(key.startswith(name) if name.endswith(("/", ":")) else key == name for name in listed):
        return False
    if key.startswith(_TAG) or key == "aws:tagkeys":
        return True
    return not key.startswith("aws:") and "tag/" not in key and key in load().keys_of_actions - load().global_keys


def calls(action: str, resource: PlannedResource, handlers: Handlers, plan: Plan) -> Iterator[tuple[ModelledCall, ...]]:
    """Yield the calls of an action for a resource, each as the alternatives that the template leaves open."""
    if action.lower() == "iam:passrole":  # without a role there is nothing to pass
        yield from ((_passing(action, role, plan),) for role in dict.fromkeys(resource.roles()))
        return
    call = _call(action, resource, handlers, plan.settings)
    for resources, more in _targets(action, resource, handlers, plan.settings):
        one = replace(call, resources=resources, **more)
        yield (one, replace(one, system_tags=_SYSTEM_TAGS)) if _may_have_system_tags(one, handlers) else (one,)


def _may_have_system_tags(call: ModelledCall, handlers: Handlers) -> bool:
    """Return True where a request may have CloudFormation's own tags, and their names in aws:TagKeys.

    AWS's page leaves open whether it has them:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
    """
    return handlers.tagging.system and bool(call.tags)


def _passing(action: str, role: str, plan: Plan) -> ModelledCall:
    """Return the call that passes a resource's role on to the service that may take it."""
    there, linked = plan.by_arn.get(role), _LINKED.search(role)
    services = set(_services(there.value("AssumeRolePolicyDocument"))) if there else set()
    services |= {linked[1]} if linked else set()
    passed = {"iam:passedtoservice": (services.pop(),)} if len(services) == 1 else {}
    return ModelledCall(action, (role,), {**_always(action, plan.settings), **passed}, certain=True)


def _services(trust: Any) -> Iterator[str]:
    for statement in trust["Statement"] if isinstance(trust, Mapping) else ():
        services = statement["Principal"].get("Service", ())
        yield from [services] if isinstance(services, str) else services


def _always(action: str, settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return the context keys of every call that CloudFormation makes in its caller's name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
    """
    region = _GLOBAL.get(action.partition(":")[0].lower(), settings.home_region)
    return {
        "aws:requestedregion": (region,),
        "aws:resourceaccount": (settings.account_id,),
        "aws:viaawsservice": ("true",),
        "aws:calledviafirst": ("cloudformation.amazonaws.com",),
        "ec2:region": (region,),
        "s3:locationconstraint": () if region == "us-east-1" else (region,),
        "s3:resourceaccount": (settings.account_id,),
    }


def _call(action: str, resource: PlannedResource, handlers: Handlers, settings: Settings) -> ModelledCall:
    values, present = _always(action, settings), {"aws:calledvia"}
    for key, (resource_type, path, default) in _OF_PROPERTIES.items():
        if resource_type == resource.resource_type:
            value = resource.value(path)
            texts = default if value is None else _texts(key, value, settings)
            if texts is None:
                present.add(key)
            else:
                values[key] = texts
    tags, certain = _tags(action, resource, handlers, settings), action in handlers.certain
    return ModelledCall(action, (), values, frozenset(present), tags, certain=certain)


def _texts(key: str, value: Any, settings: Settings) -> tuple[str, ...] | None:
    """Return a property's value as the request has it; None if only AWS knows it."""
    listed = value if isinstance(value, list) else [value]
    if key in _OTHERWISE_WRITTEN or not all(isinstance(item, (str, bool, int)) for item in listed):
        return None
    texts = [str(item).lower() if isinstance(item, bool) else str(item) for item in listed]
    if key == "lambda:functionarn":  # the property takes a function's name, too
        arn = load().arn_formats["lambda"]["function"]
        texts = [text if text.startswith("arn:") else filled(arn, text, settings) for text in texts]
    return tuple(texts)


def _tags(action: str, resource: PlannedResource, handlers: Handlers, settings: Settings) -> Mapping[str, Any] | None:
    """Return the tags of a request: all if the resource is made with them, or tagged then; None where not known."""
    tagging, listed = handlers.tagging, load().actions.get(action.lower())
    making = action in handlers.certain
    if making and not (tagging.on_create and tagging.property):
        return {}
    tags = listed is not None and "Tagging" in listed.level and _ADDS.match(listed.name) is not None
    own = resource.value(tagging.property) if making or tags else UNKNOWN
    # the stack's own tag, which deploying gives it, is on all that take tags
    return None if own is UNKNOWN else {"Application": settings.name, **_tag_map(own or {})}


def _tag_map(tags: Any) -> dict[str, Any]:
    if isinstance(tags, Mapping):
        return dict(tags)
    return {tag["Key"]: tag["Value"] for tag in tags}


def _targets(
    action: str, resource: PlannedResource, handlers: Handlers, settings: Settings
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Yield the ARNs that a call is made on: the resource's own, and those that its properties name where it is made.

    In EC2 the tags of a request belong to what is made, and perhaps not to what is named beside it.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
    """
    listed = load().actions.get(action.lower())
    formats = load().arn_formats[listed.service] if listed else {}
    kinds = [kind for kind in listed.resources if kind in formats] if listed else []
    own = _own_kind(resource, listed)
    if own not in kinds:
        yield tuple(sorted({filled(formats[kind], "*", settings) for kind in kinds})) or ("*",), {}
        return
    yield (filled(formats[own], resource.physical_name or "*", settings),), {}
    others = {filled(formats[kind], "*", settings) for kind in kinds if kind != own and _names(resource, kind)}
    if others and action in handlers.certain:
        yield tuple(sorted(others)), {"tags": None} if listed and listed.service == "ec2" else {}


def _own_kind(resource: PlannedResource, action: Action | None) -> str:
    """Return the resource's kind in the service of an action; an empty text if it is of another service."""
    if resource.kind is None or action is None:
        return ""
    service, kind = resource.kind
    return kind if service == action.service.lower() else ""


def _names(resource: PlannedResource, kind: str) -> bool:
    """Return True if properties name a resource of a kind: RouteTableIds, TargetKeyId, a flow log's ResourceId."""
    wanted = kind.replace("-", "").lower()
    of_type = str(resource.properties.get("ResourceType", "")).lower()
    return of_type == wanted or any(re.search(f"{wanted}ids?$", key.lower()) for key in resource.properties)
