"""Tests of every resource type: it comes back as declared, a change shows, and a deleted resource is gone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError

from tableguard.aws.cloudformation_handlers import handlers, resource_schema
from tableguard.cloudformation.equality import PropertyDifference, compare
from tableguard.cloudformation.resource_type import (
    AbsentError,
    Client,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
)
from tableguard.errors import EmbeddedError
from tableguard.local.assembly import install_corrections
from tableguard.local.stacks.resources import REFUSALS
from tableguard.local.stacks.tracked_properties import TrackedProperties
from tableguard.local.stacks.types import ALL
from tests.worlds.boto3_emulation import emulated_aws

ACCOUNT = "123456789012"
REGION = "eu-central-1"
TAGS = [{"Key": "Application", "Value": "cruddur"}, {"Key": "ManagedBy", "Value": "tableguard"}]


@dataclass(frozen=True)
class Case:
    """A declared resource, and a change behind CloudFormation's back that must be reported at `reported` alone."""

    name: str
    type: str
    declared: Callable[[Context], Properties]
    change: Callable[[Context, ResourceHandle], object]
    reported: str
    also: tuple[str, ...] = ()  # what the service itself changes along with it
    replaced: str = ""  # a property whose change CloudFormation answers with a new resource


# what a service does where nothing is declared, if that is what a case declares
DEFAULTS: dict[str, Any] = {
    "ActionsEnabled": True,
    "DeletionProtectionEnabled": False,
    "Enabled": True,
    "EvaluationModes": [{"Mode": "DETECTIVE"}],
    "SecurityGroupIngress": [],
    "State": "ENABLED",
    "BillingMode": "PROVISIONED",
}
# what moto cannot undo, what the rest of the resource then lacks, and what has no default
REFUSED: dict[str, set[str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {"RoleARN"},
    "AWS::ApplicationAutoScaling::ScalingPolicy": {
        "StepScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration",
    },
    "AWS::CloudTrail::Trail": {"CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn"},  # each without the other
    "AWS::Cognito::IdentityPoolPrincipalTag": {"PrincipalTags"},
    "AWS::Cognito::IdentityPoolRoleAttachment": {"Roles"},
    "AWS::Cognito::UserPool": {"EnabledMfas", "Schema", "UsernameAttributes", "UsernameConfiguration"},
    "AWS::Config::ConfigRule": {"InputParameters"},
    "AWS::DAX::Cluster": {"SecurityGroupIds"},  # then those of the VPC, which the type does not know
    "AWS::DynamoDB::Table": {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",  # with an attribute that no other key has
        "ProvisionedThroughput",
        "SSESpecification",
    },
    "AWS::EC2::VPNConnection": {"VpnGatewayId", "VpnTunnelOptionsSpecifications"},
    "AWS::Events::Rule": {"EventPattern", "ScheduleExpression"},
    "AWS::KMS::Key": {"KeyPolicy"},
    "AWS::Lambda::Function": {"Architectures", "Handler", "KmsKeyArn", "LoggingConfig", "Runtime", "TracingConfig"},
    "AWS::Logs::LogGroup": {"KmsKeyId"},
    "AWS::S3::Bucket": {"ObjectLockEnabled", "VersioningConfiguration"},
}
# where a case has neither of two alternatives, or what needs another, its removal is no refusal
UNLESS: dict[str, set[str]] = {
    "AWS::Config::ConfigRule": {"InputParameters"},
    "AWS::DynamoDB::Table": {"BillingMode"},
    "AWS::S3::Bucket": {"VersioningConfiguration"},
}


def removable(resource_type: ResourceType, declared: Properties) -> set[str]:
    """The declared properties that a template may leave out in an update in place."""
    registered = handlers(resource_type.name)
    assert registered is not None
    required = set(resource_schema(resource_type.name).get("required", ()))
    return declared.keys() - registered.create_only - required - resource_type.not_modelled.keys()


def _updated_and_read(
    resource_type: ResourceType, before: Properties, now: Properties, context: Context, handle: ResourceHandle
) -> ResourceHandle:
    """Update as a stack does, which refuses a changed property that the type does not read."""
    tracked = TrackedProperties(resource_type.with_defaults(before, now))
    assert resource_type.update is not None
    handle = resource_type.update(context, handle, tracked)
    if before.keys() - now.keys() - tracked.names_read:
        raise EmbeddedError("not read")
    return handle


@cache
def client(service: str) -> Client:
    """A client of the account and region under test; making one takes as long as the rest of a case."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # the service is a variable here


def new_context(name: str = "stack-Resource-1A2B3C") -> Context:
    """Return the context in which CloudFormation would create a resource of this generated name."""
    return Context(ACCOUNT, REGION, "stack", "Resource", client, name)


def make(type_name: str, properties: Properties, name: str = "stack-Resource-1A2B3C") -> ResourceHandle:
    """Create a resource that a case needs beside its own."""
    return ALL[type_name].create(new_context(name), properties)


def differences(
    type_name: str, declared: Properties, context: Context, handle: ResourceHandle
) -> list[PropertyDifference]:
    """Return where the deployed resource differs from what is declared."""
    resource_type = ALL[type_name]
    return compare(declared, resource_type.read(context, handle), resource_type.not_modelled)


def assert_needs_replacement(type_name: str, declared: Properties, changed: Properties, context: Context) -> None:
    """Create what is declared; assert that a change for which CloudFormation replaces the resource is refused."""
    resource_type = ALL[type_name]
    handle = resource_type.create(context, declared)
    assert resource_type.update is not None
    with pytest.raises(EmbeddedError, match=f"{type_name} {next(iter(changed))}: cannot change in place"):
        resource_type.update(context, handle, {**declared, **changed})


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """An account without any resource, of moto as the embedded AWS corrects it."""
    install_corrections()
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # five seconds, and no case starts an instance
    with emulated_aws():
        yield new_context()


class ResourceTypeTests:
    """The tests of every case in `cases`."""

    cases: ClassVar[tuple[Case, ...]] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", self.cases, ids=[case.name for case in self.cases])
        if "resource" in metafunc.fixturenames:
            resources = {(case.type, case.declared): case for case in self.cases}
            metafunc.parametrize("resource", resources.values(), ids=[case.name for case in resources.values()])

    def test_the_service_tells_what_the_template_declares(self, resource: Case, context: Context) -> None:
        declared = TrackedProperties(resource.declared(context))
        handle = ALL[resource.type].create(context, declared)
        different = differences(resource.type, declared, context, handle)
        assert not different, different
        unread = set(declared) - declared.names_read - set(ALL[resource.type].not_modelled)
        assert not unread, unread

    def test_what_is_no_longer_declared_becomes_the_default_or_is_refused(
        self, resource: Case, context: Context
    ) -> None:
        resource_type, declared = ALL[resource.type], resource.declared(context)
        handle, refused = resource_type.create(context, declared), set[str]()
        for name in sorted(removable(resource_type, declared)):  # what is refused depends on what was changed before
            left = {other: value for other, value in declared.items() if other != name}
            try:
                handle = _updated_and_read(resource_type, declared, left, context, handle)
            except REFUSALS:
                refused.add(name)
                continue
            same = not compare({name: declared[name]}, resource_type.read(context, handle), resource_type.not_modelled)
            default = resource_type.defaults.get(name, DEFAULTS.get(name))
            assert not same or not compare({name: declared[name]}, {name: default}), name
            handle = _updated_and_read(resource_type, left, declared, context, handle)
        expected = removable(resource_type, declared) & REFUSED.get(resource.type, set())
        assert refused ^ expected <= UNLESS.get(resource.type, set()), (refused, expected)

    def test_no_update_reads_what_it_does_not_know(self, resource: Case, context: Context) -> None:
        resource_type, declared = ALL[resource.type], resource.declared(context)
        if resource_type.update is not None:
            handle = resource_type.create(context, declared)
            tracked = TrackedProperties({**declared, "Bogus": 1})
            resource_type.update(context, handle, tracked)
            assert "Bogus" not in tracked.names_read

    def test_a_deleted_resource_is_gone(self, resource: Case, context: Context) -> None:
        resource_type, declared = ALL[resource.type], resource.declared(context)
        handle = resource_type.create(context, declared)
        resource_type.delete(context, handle)
        with pytest.raises((AbsentError, ClientError)):
            resource_type.read(context, handle)

    def test_a_change_behind_cloudformations_back_is_reported_alone_and_an_update_undoes_it(
        self, case: Case, context: Context
    ) -> None:
        resource_type, declared = ALL[case.type], case.declared(context)
        handle = resource_type.create(context, declared)
        case.change(context, handle)
        names = [difference.property for difference in differences(case.type, declared, context, handle)]
        assert names == [case.reported, *case.also], names
        assert resource_type.update is not None
        if case.replaced:
            with pytest.raises(EmbeddedError, match="cannot change in place"):
                resource_type.update(context, handle, declared)
        else:
            again = resource_type.update(context, handle, declared)
            left = differences(case.type, declared, context, again)
            assert not left, left
