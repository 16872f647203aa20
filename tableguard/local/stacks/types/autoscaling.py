"""AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy, through Application Auto Scaling's API."""

from typing import Any

from tableguard.cloudformation.resource_type import Client, Context, Properties, ResourceHandle, ResourceType
from tableguard.errors import EmbeddedError
from tableguard.local.stacks.types.calls import call, only, refuse_replacement, select
from tableguard.local.stacks.types.translate import non_null

_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"

# what identifies a target, in the order of CloudFormation's Ref: table/x|dynamodb:table:ReadCapacityUnits|dynamodb
_IDENTITY = ("ResourceId", "ScalableDimension", "ServiceNamespace")
_CAPACITY = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")
_CONFIGURATIONS = ("StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration")
_POLICY_PROPERTIES = ("PolicyName", "PolicyType", *_CONFIGURATIONS)
_NOTHING_SUSPENDED = dict.fromkeys(
    ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), False
)


def _target_id(target: Properties) -> str:
    return "|".join(target[name] for name in _IDENTITY)


def _identity(target_id: str) -> dict[str, str]:
    return dict(zip(_IDENTITY, target_id.split("|"), strict=True))


def _create_target(context: Context, properties: Properties) -> ResourceHandle:
    identity = select(properties, *_IDENTITY)
    scaling = context.client("application-autoscaling")
    call(scaling, "register_scalable_target", **identity, **select(properties, *_CAPACITY))
    return ResourceHandle(_target_id(identity), {"Id": _target_id(identity)})


def _read_target(context: Context, handle: ResourceHandle) -> Properties:
    identity = _identity(handle.physical_id)
    response = context.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=identity["ServiceNamespace"],
        ScalableDimension=identity["ScalableDimension"],
        ResourceIds=[identity["ResourceId"]],
    )
    target = only(response["ScalableTargets"], f"scalable target {handle.physical_id}")
    return select(target, *_IDENTITY, *_CAPACITY)


def _update_target(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_TARGET, _read_target(context, handle), properties, *_IDENTITY)
    return _create_target(context, properties)


def _delete_target(context: Context, handle: ResourceHandle) -> None:
    context.client("application-autoscaling").deregister_scalable_target(**_identity(handle.physical_id))


def _create_policy(context: Context, properties: Properties) -> ResourceHandle:
    arn = call(
        context.client("application-autoscaling"),
        "put_scaling_policy",
        **_target_of(properties),
        **select(properties, *_POLICY_PROPERTIES),
    )["PolicyARN"]
    return ResourceHandle(arn, {"Arn": arn})


def _target_of(properties: Properties) -> dict[str, Any]:
    """Return the target that a policy names, by Ref of the target or by the properties that identify it."""
    if "ScalingTargetId" in properties:
        return _identity(properties["ScalingTargetId"])
    return select(properties, *_IDENTITY)


def _policy(scaling: Client, arn: str) -> Properties:
    namespace = arn.partition(":resource/")[2].partition("/")[0]
    pages = scaling.get_paginator("describe_scaling_policies").paginate(ServiceNamespace=namespace)
    policies = [policy for page in pages for policy in page["ScalingPolicies"] if policy["PolicyARN"] == arn]
    policy: Properties = only(policies, f"scaling policy {arn}")
    return policy


def _read_policy(context: Context, handle: ResourceHandle) -> Properties:
    policy = _policy(context.client("application-autoscaling"), handle.physical_id)
    return {**select(policy, *_IDENTITY, *_POLICY_PROPERTIES), "ScalingTargetId": _target_id(policy)}


def _update_policy(context: Context, handle: ResourceHandle, properties: Properties) -> ResourceHandle:
    refuse_replacement(_POLICY, _read_policy(context, handle), properties, "PolicyName", "ScalingTargetId", *_IDENTITY)
    if not non_null(properties, *_CONFIGURATIONS):
        raise EmbeddedError(f"{_POLICY}: one of {', '.join(_CONFIGURATIONS)} is required")
    # moto's PutScalingPolicy leaves the alarms of the policy that it overwrites
    _delete_policy(context, handle)
    return _create_policy(context, properties)


def _delete_policy(context: Context, handle: ResourceHandle) -> None:
    scaling = context.client("application-autoscaling")
    scaling.delete_scaling_policy(**select(_policy(scaling, handle.physical_id), *_IDENTITY, "PolicyName"))


TYPES = (
    ResourceType(
        _TARGET,
        _create_target,
        _read_target,
        _delete_target,
        _update_target,
        not_modelled={"Tags": "moto keeps no tags of scalable targets"},
        defaults={"SuspendedState": _NOTHING_SUSPENDED},
    ),
    ResourceType(
        _POLICY,
        _create_policy,
        _read_policy,
        _delete_policy,
        _update_policy,
        not_modelled={"PredictiveScalingPolicyConfiguration": "moto has no predictive scaling"},
    ),
)
