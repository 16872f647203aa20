"""What must be there before the first stack, and what an earlier deployment left: all of it named at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local.landing_zone import LandingZone
from tableguard.settings import ExistingLogin, ExistingVpc, Settings, example
from tableguard.stacks.deployment import prerequisites
from tableguard.stacks.registry import enabled_stacks, find_stack

pytestmark = pytest.mark.slow
SETTINGS = example("existing-vpc")


def missing(settings: Settings, session: Callable[[Any], Any], *stacks: str) -> list[str]:
    modules = tuple(map(find_stack, stacks)) or enabled_stacks(settings)
    return list(prerequisites.missing(settings, session, modules))


def test_a_landing_zone_lacks_nothing(session: Callable[[Any], Any]) -> None:
    assert missing(SETTINGS, session) == []


def test_everything_that_is_missing_is_named_at_once_with_its_setting(session: Callable[[Any], Any]) -> None:
    network = ExistingVpc("vpc-00000000000000000", ("subnet-00000000000000000",), ("rtb-00000000000000000",))
    lacking = replace(
        SETTINGS,
        access_log_bucket="no-logs",
        artifact_bucket="no-artifacts",
        network=network,
        organization_id="o-another",
    )
    assert [line.partition(": ")[0] for line in missing(lacking, session)] == [
        "buckets.artifacts",
        "network.vpc_id",
        "network.subnet_ids",
        "network.route_table_ids",
        "buckets.access_logs",
        "organization.id",
    ]
    assert "bucket no-artifacts does not exist" in missing(lacking, session)[0]


class UserPools:
    """A client of Cognito that refuses."""

    def __init__(self, code: str) -> None:
        self.code = code

    def describe_user_pool_client(self, **_: str) -> None:
        raise ClientError({"Error": {"Code": self.code, "Message": "as it says"}}, "DescribeUserPoolClient")


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("ResourceNotFoundException", ["login: user pool eu-central-1_Example01, client 1example23456789: An error"]),
        ("AccessDeniedException", []),
    ],
)
def test_a_user_pool_is_missing_only_where_somebody_who_may_ask_does_not_find_it(code: str, lines: list[str]) -> None:
    assert isinstance(SETTINGS.login, ExistingLogin)
    answers = list(prerequisites._user_pool(SETTINGS.login, UserPools(code)))
    assert [answer.partition(" occurred")[0] for answer in answers] == lines


def test_only_what_the_stacks_need_is_asked_for(session: Callable[[Any], Any]) -> None:
    lacking = replace(SETTINGS, access_log_bucket="no-logs", artifact_bucket="no-artifacts")
    (line,) = missing(lacking, session, "guardrails")
    assert line.startswith("stack chatter-access: ")


class Stacks:
    """A session whose CloudFormation knows the statuses of some stacks."""

    def __init__(self, statuses: dict[str, str]) -> None:
        self.statuses = statuses

    def client(self, service: str, region_name: str) -> Any:
        assert service == "cloudformation"
        return self

    def describe_stacks(self, StackName: str) -> Any:  # as boto3 names it
        if StackName not in self.statuses:
            words = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": words}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.statuses[StackName]}]}


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        ({}, "not deployed"),
        ({"chatter-access": "CREATE_FAILED"}, "CREATE_FAILED"),
        ({"chatter-access": "ROLLBACK_COMPLETE"}, "ROLLBACK_COMPLETE"),
        ({"chatter-access": "REVIEW_IN_PROGRESS"}, "not deployed"),
        ({"chatter-access": "CREATE_COMPLETE"}, None),
        ({"chatter-access": "UPDATE_ROLLBACK_COMPLETE"}, None),
        ({"chatter-guardrails": "CREATE_COMPLETE"}, None),
    ],
)
def test_new_guardrails_wait_for_the_stack_that_makes_break_glass(statuses: dict[str, str], state: str | None) -> None:
    lines = list(prerequisites._roles(SETTINGS, lambda _: Stacks(statuses)))
    assert [line.partition(", and")[0] for line in lines] == ([f"stack chatter-access: is {state}"] if state else [])
    assert all(
        line.endswith("before chatter-guardrails: tableguard deploy access --profile WORKLOAD_ADMIN") for line in lines
    )


def test_guardrails_beside_the_roles_need_no_earlier_ones(session: Callable[[Any], Any]) -> None:
    assert missing(SETTINGS, session, "access", "guardrails") == []


def test_a_policy_type_that_is_not_enabled_is_named_with_the_command(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    client = zone.clients("organizations", SETTINGS.management_account_id, SETTINGS.home_region)
    root = client.list_roots()["Roots"][0]["Id"]
    client.disable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    try:
        (line,) = missing(SETTINGS, session, "access", "guardrails")
    finally:
        client.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    assert f"enable-policy-type --root-id {root} --policy-type RESOURCE_CONTROL_POLICY" in line


def test_the_oversight_alone_needs_the_organization_and_neither_roles_nor_policies(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    client = zone.clients("organizations", SETTINGS.management_account_id, SETTINGS.home_region)
    root = client.list_roots()["Roots"][0]["Id"]
    client.disable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    try:
        assert missing(SETTINGS, session, "oversight") == []
        (line,) = missing(replace(SETTINGS, organization_id="o-another"), session, "oversight")
    finally:
        client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    assert line.startswith("organization.id: the management account's is ")


@pytest.mark.parametrize(
    ("recorder", "stacks", "named"),
    [
        ({"name": "others"}, ("config",), True),
        ({"name": "others"}, ("table",), False),
        ({"name": f"{SETTINGS.name}-recorder"}, ("config",), False),
    ],
)
def test_somebody_else_s_recorder_is_named_before_the_first_stack(
    zone: LandingZone, session: Callable[[Any], Any], recorder: dict[str, str], stacks: tuple[str, ...], named: bool
) -> None:
    config = zone.clients("config", SETTINGS.account_id, SETTINGS.home_region)
    role = f"arn:aws:iam::{SETTINGS.account_id}:role/r"
    config.put_configuration_recorder(ConfigurationRecorder={**recorder, "roleARN": role})
    try:
        lines = missing(SETTINGS, session, "access", *stacks)
    finally:
        config.delete_configuration_recorder(ConfigurationRecorderName=recorder["name"])
    expected = ["delete-configuration-recorder --configuration-recorder-name others"] if named else []
    assert [line.partition("aws configservice ")[2] for line in lines] == expected


@pytest.mark.parametrize(("code", "lines"), [("AccessDenied", 0), ("InternalError", 1)])
def test_a_recorder_that_cannot_be_asked_about_is_said_unless_nobody_may_ask(code: str, lines: int) -> None:
    class Config:
        def describe_configuration_recorders(self) -> None:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeConfigurationRecorders")

    assert len(list(prerequisites._recorder(SETTINGS, Config()))) == lines
