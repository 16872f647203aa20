"""AWS::ApplicationAutoScaling types: capacity is scaled as declared, and a change shows."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.cloudformation.resource_type import Context, Properties, ResourceHandle
from tableguard.local.stacks.types import ALL
from tests.cases.resources import (
    ACCOUNT,
    REGION,
    Case,
    ResourceTypeTests,
    assert_needs_replacement,
    context,
    differences,
    make,
)

__all__ = ["context"]  # the fixture

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
INDEX = "table/cruddur-messages/index/conversations"
READS = "dynamodb:index:ReadCapacityUnits"
IDENTITY = {"ServiceNamespace": "dynamodb", "ResourceId": INDEX, "ScalableDimension": READS}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/scaling"
STEPS = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 5}], "Cooldown": 60}


def target(_: Context) -> Properties:
    return {
        **IDENTITY,
        "MinCapacity": "10",
        "MaxCapacity": 500,
        "RoleARN": ROLE,
        "SuspendedState": {"DynamicScalingInSuspended": "false", "ScheduledScalingSuspended": False},
        "Tags": {"Application": "cruddur"},
    }


def tracking(percent: Any) -> Properties:
    measured = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
    return {"PredefinedMetricSpecification": measured, "TargetValue": percent, "ScaleInCooldown": 60}


def policy(context: Context) -> Properties:
    return {
        "PolicyName": "index-read",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": make(TARGET, target(context)).physical_id,
        "TargetTrackingScalingPolicyConfiguration": tracking("70"),
    }


def step_policy(context: Context) -> Properties:
    make(TARGET, target(context))
    return {
        "PolicyName": "index-read",
        "PolicyType": "StepScaling",
        **IDENTITY,
        "StepScalingPolicyConfiguration": STEPS,
    }


def register(**changed: Any) -> Callable[[Context, ResourceHandle], None]:
    def change(context: Context, handle: ResourceHandle) -> None:
        context.client("application-autoscaling").register_scalable_target(**IDENTITY, **changed)

    return change


def set_target_value(context: Context, handle: ResourceHandle) -> None:
    """By hand past the API: moto's PutScalingPolicy gives the policy another ARN, where AWS keeps it."""
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    (kept,) = applicationautoscaling_backends[ACCOUNT][REGION].policies.values()
    kept.target_tracking_scaling_policy_configuration = tracking(90)


def set_steps(context: Context, handle: ResourceHandle) -> None:
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    (kept,) = applicationautoscaling_backends[ACCOUNT][REGION].policies.values()
    kept.step_scaling_policy_configuration = {**STEPS, "AdjustmentType": "ExactCapacity"}


class TestAutoScaling(ResourceTypeTests):
    cases = (
        Case("more", TARGET, target, register(MaxCapacity=5000), "MaxCapacity"),
        Case("less", TARGET, target, register(MinCapacity=1), "MinCapacity"),
        Case(
            "suspended",
            TARGET,
            target,
            register(SuspendedState={"DynamicScalingInSuspended": True, "ScheduledScalingSuspended": False}),
            "SuspendedState.DynamicScalingInSuspended",
        ),
        Case(
            "fuller",
            POLICY,
            policy,
            set_target_value,
            "TargetTrackingScalingPolicyConfiguration.TargetValue",
        ),
        Case("steps", POLICY, step_policy, set_steps, "StepScalingPolicyConfiguration.AdjustmentType"),
    )


def test_ref_of_a_target_is_what_it_is_known_by(context: Context) -> None:
    handle = make(TARGET, target(context))
    assert handle.physical_id == f"{INDEX}|{READS}|dynamodb"
    assert handle.attributes == {"Id": handle.physical_id}


def test_ref_of_a_policy_is_its_arn(context: Context) -> None:
    handle = make(POLICY, policy(context))
    assert handle.physical_id.endswith(f":resource/dynamodb/{INDEX}:policyName/index-read")
    assert handle.attributes == {"Arn": handle.physical_id}


@pytest.mark.parametrize("declared", [policy, step_policy])
def test_a_policy_tells_its_target_in_both_ways(declared: Callable[[Context], Properties], context: Context) -> None:
    read = ALL[POLICY].read(context, make(POLICY, declared(context)))
    assert read["ScalingTargetId"] == f"{INDEX}|{READS}|dynamodb"
    assert {name: read[name] for name in IDENTITY} == IDENTITY


def test_an_updated_policy_leaves_no_alarms_of_the_last(context: Context) -> None:
    declared, update = policy(context), ALL[POLICY].update
    handle = make(POLICY, declared)
    alarms = context.client("cloudwatch").describe_alarms()["MetricAlarms"]
    changed = {**declared, "TargetTrackingScalingPolicyConfiguration": tracking(80)}
    assert update is not None
    again = update(context, handle, changed)
    assert differences(POLICY, changed, context, again) == []
    assert len(context.client("cloudwatch").describe_alarms()["MetricAlarms"]) == len(alarms) == 4


@pytest.mark.parametrize(
    ("type_name", "declared", "changed"),
    [
        (TARGET, target, {"ResourceId": "table/other"}),
        (TARGET, target, {"ScalableDimension": "dynamodb:index:WriteCapacityUnits"}),
        (TARGET, target, {"ServiceNamespace": "ecs"}),
        (POLICY, policy, {"PolicyName": "other"}),
        (POLICY, policy, {"ScalingTargetId": "table/other|dynamodb:table:ReadCapacityUnits|dynamodb"}),
        (POLICY, step_policy, {"ResourceId": "table/other"}),
    ],
)
def test_what_cloudformation_would_replace_is_refused(
    type_name: str, declared: Callable[[Context], Properties], changed: Properties, context: Context
) -> None:
    assert_needs_replacement(type_name, declared(context), changed, context)


def test_a_target_is_found_among_others(context: Context) -> None:
    declared = target(context)
    handle = make(TARGET, declared)
    table = {"ResourceId": "table/cruddur-messages", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    for other in (table, {"ResourceId": f"{INDEX}-2"}, {"ScalableDimension": READS.replace("Read", "Write")}):
        make(TARGET, {**declared, **other, "MaxCapacity": 7})
    assert differences(TARGET, declared, context, handle) == []


def test_a_policy_is_found_among_many(context: Context) -> None:
    declared = policy(context)
    handle = make(POLICY, declared)
    for number in range(60):
        make(POLICY, {**declared, "PolicyName": f"index-read-{number}"})
    assert differences(POLICY, declared, context, handle) == []


def test_what_is_said_to_be_lost_is_lost(context: Context) -> None:
    scaling = context.client("application-autoscaling")
    scaling.register_scalable_target(**IDENTITY, MinCapacity=1, MaxCapacity=2, Tags={"Application": "cruddur"})
    (kept,) = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    with pytest.raises((ClientError, NotImplementedError), match="not been implemented"):
        scaling.list_tags_for_resource(ResourceARN=kept["ScalableTargetARN"])
    assert [*ALL[TARGET].not_modelled, *ALL[POLICY].not_modelled] == ["Tags", "PredictiveScalingPolicyConfiguration"]
    with pytest.raises(ClientError, match="PredictiveScaling"):
        scaling.put_scaling_policy(PolicyName="p", **IDENTITY, PolicyType="PredictiveScaling")
