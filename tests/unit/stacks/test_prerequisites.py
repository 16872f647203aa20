"""What must be there before the first stack, and what an earlier deployment left: all of it named at once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import landing_zone, server
from tableguard.local.estate import POLLING
from tableguard.local.landing_zone import LandingZone
from tableguard.settings import ExistingVpc, Settings, example
from tableguard.stacks import prerequisites
from tableguard.stacks.deploy import plan
from tableguard.stacks.registry import enabled_stacks, find_stack

pytestmark = pytest.mark.slow
SETTINGS = example("existing-vpc")


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with server.start() as running:
        yield landing_zone.prepare(SETTINGS, running.endpoint)


@pytest.fixture(scope="module")
def session(zone: LandingZone) -> Callable[[Any], Any]:
    return cache(zone.session)


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
    """A session whose Cognito refuses."""

    def __init__(self, code: str) -> None:
        self.code = code

    def client(self, service: str, region_name: str) -> Any:
        assert service == "cognito-idp"
        return self

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
    answers = list(prerequisites._user_pool(SETTINGS, UserPools(code)))
    assert [answer.partition(" occurred")[0] for answer in answers] == lines


def test_only_what_the_stacks_need_is_asked_for(session: Callable[[Any], Any]) -> None:
    lacking = replace(SETTINGS, access_log_bucket="no-logs", artifact_bucket="no-artifacts")
    assert missing(lacking, session, "guardrails") == []


def test_a_policy_type_that_is_not_enabled_is_named_with_the_command(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    client = zone.clients("organizations", SETTINGS.management_account_id, SETTINGS.home_region)
    root = client.list_roots()["Roots"][0]["Id"]
    client.disable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    try:
        (line,) = missing(SETTINGS, session, "guardrails")
    finally:
        client.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    assert f"enable-policy-type --root-id {root} --policy-type RESOURCE_CONTROL_POLICY" in line


def test_names_that_an_earlier_deployment_holds_are_told_with_their_stack(
    zone: LandingZone, session: Callable[[Any], Any]
) -> None:
    here = zone.settings.account_id, zone.settings.home_region
    planned = plan(SETTINGS, session, POLLING, enabled_stacks(SETTINGS))
    assert prerequisites.leftovers(SETTINGS, session, planned) == ()
    bucket, group = f"{SETTINGS.name}-trail-{here[0]}-{here[1]}", f"/{SETTINGS.name}/trail"
    where: Any = {"CreateBucketConfiguration": {"LocationConstraint": here[1]}}
    s3, logs, dynamodb = (zone.clients(service, *here) for service in ("s3", "logs", "dynamodb"))
    s3.create_bucket(Bucket=bucket, **where)
    logs.create_log_group(logGroupName=group)
    key: Any = {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "pk", "AttributeType": "S"}
    dynamodb.create_table(
        TableName=SETTINGS.table_name, KeySchema=[key[0]], AttributeDefinitions=[key[1]], BillingMode="PAY_PER_REQUEST"
    )
    try:
        remains = prerequisites.leftovers(SETTINGS, session, planned)
    finally:
        s3.delete_bucket(Bucket=bucket)
        logs.delete_log_group(logGroupName=group)
        with suppress(ClientError):
            dynamodb.delete_table(TableName=SETTINGS.table_name)
    assert [(line.partition(": ")[0], line.rpartition("): ")[2]) for line in remains] == [
        (f"stack {SETTINGS.name}-audit", f"{bucket} exists already"),
        (f"stack {SETTINGS.name}-audit", f"{group} exists already"),
        (f"stack {SETTINGS.name}-table", f"{SETTINGS.table_name} exists already"),
    ]


def test_an_scp_of_the_same_name_is_found(zone: LandingZone, session: Callable[[Any], Any]) -> None:
    client = zone.clients("organizations", SETTINGS.management_account_id, SETTINGS.home_region)
    planned = plan(SETTINGS, session, POLLING, (find_stack("guardrails"),))
    (name, *_) = (resource["Properties"]["Name"] for resource in planned[0].template["Resources"].values())
    made = client.create_policy(
        Content='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        Description="of an earlier life",
        Name=name,
        Type="SERVICE_CONTROL_POLICY",
    )["Policy"]["PolicySummary"]["Id"]
    try:
        (line,) = prerequisites.leftovers(SETTINGS, session, planned)
    finally:
        client.delete_policy(PolicyId=made)
    assert line.endswith(f"{name} exists already")
