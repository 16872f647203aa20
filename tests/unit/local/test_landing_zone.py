"""The landing zone has exactly the ids of the settings, and principals that are real."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local import landing_zone, server
from tableguard.local.landing_zone import LandingZone
from tableguard.settings import TAKEN_ROLES, ExistingLogin, ExistingVpc, example
from tableguard.stacks.registry import Principal

DEFAULT, EXISTING = example("default"), example("existing-vpc")


def _client(zone: LandingZone, service: str, principal: Principal = "administrator") -> Any:
    return zone.session(principal).client(service)


@pytest.fixture(scope="module", params=[DEFAULT, EXISTING], ids=["default", "existing-vpc"])
def zone(request: pytest.FixtureRequest) -> Iterator[LandingZone]:
    with server.start() as running:
        yield landing_zone.prepare(request.param, running.endpoint)


def test_the_organization_has_the_ids_of_the_settings(zone: LandingZone) -> None:
    organizations = _client(zone, "organizations", "management")
    found = organizations.describe_organization()["Organization"]
    assert (found["Id"], found["MasterAccountId"]) == (
        zone.settings.organization_id,
        zone.settings.management_account_id,
    )
    assert organizations.list_roots()["Roots"][0]["Id"] == "r-exam"
    unit = organizations.describe_organizational_unit(OrganizationalUnitId="ou-exam-workload")["OrganizationalUnit"]
    assert unit["Arn"].endswith(f":ou/{zone.settings.organization_id}/ou-exam-workload")


def test_the_workload_account_lies_under_the_first_target(zone: LandingZone) -> None:
    organizations = _client(zone, "organizations", "management")
    account = organizations.describe_account(AccountId=zone.settings.account_id)["Account"]
    assert account["Arn"].split("/")[1:] == [zone.settings.organization_id, zone.settings.account_id]
    assert organizations.list_parents(ChildId=zone.settings.account_id)["Parents"] == [
        {"Id": "ou-exam-workload", "Type": "ORGANIZATIONAL_UNIT"}
    ]


def test_service_and_resource_control_policies_are_enabled(zone: LandingZone) -> None:
    (root,) = _client(zone, "organizations", "management").list_roots()["Roots"]
    enabled = {each["Type"] for each in root["PolicyTypes"] if each["Status"] == "ENABLED"}
    assert enabled == {"SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"}


@pytest.mark.parametrize(
    ("principal", "account", "role"),
    [
        ("management", "123456789012", "OrganizationAdministrator"),
        ("administrator", "111122223333", "OrganizationAccountAccessRole"),
    ],
)
def test_a_principal_is_a_role_of_its_account_that_may_do_everything(
    zone: LandingZone, principal: Principal, account: str, role: str
) -> None:
    caller = _client(zone, "sts", principal).get_caller_identity()
    assert (caller["Account"], caller["Arn"]) == (account, f"arn:aws:sts::{account}:assumed-role/{role}/tableguard")
    policy = _client(zone, "iam", principal).get_role_policy(RoleName=role, PolicyName="AdministratorAccess")
    assert policy["PolicyDocument"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def test_the_deployer_can_be_assumed_once_its_role_is_made(zone: LandingZone) -> None:
    name = f"{zone.settings.name}-deployer"
    with pytest.raises(EmbeddedError, match=f"role arn:aws:iam::111122223333:role/{name} cannot be assumed"):
        zone.session("deployer")
    trust = {"Effect": "Allow", "Principal": {"AWS": zone.settings.account_id}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    _client(zone, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)
    for session in (zone.session("deployer"), zone.assume(zone.settings.role_arn("deployer"))):
        assert session.client("sts").get_caller_identity()["Arn"].endswith(f":assumed-role/{name}/tableguard")
        assert session.get_credentials().access_key


def test_a_takers_own_role_trusts_nobody_of_its_account(zone: LandingZone) -> None:
    settings = zone.settings
    takers = {taker for role in TAKEN_ROLES for taker in settings.example_takers_of(role)}
    trusted = {taker: _trusted(zone, taker) for taker in takers if taker != settings.role_arn("application")}
    provider = f"arn:aws:iam::{settings.account_id}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
    sets = [taker for taker in trusted if ":role/aws-reserved/" in taker]
    assert len(sets) == 5
    assert [trusted.pop(each) for each in sets] == [("sts:AssumeRoleWithSAML", {"Federated": provider})] * len(sets)
    assert bool(trusted) == (settings is EXISTING)  # whose takers are not permission sets alone
    assert list(trusted.values()) == [("sts:AssumeRole", {"Service": "codebuild.amazonaws.com"})] * len(trusted)


def _trusted(zone: LandingZone, role_arn: str) -> tuple[str, dict[str, str]]:
    """Return what a role's trust policy allows, and whom."""
    iam = zone.clients("iam", require(role_arn).account, zone.settings.home_region)
    role = iam.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert (role["Arn"], statement["Effect"]) == (role_arn, "Allow")
    return statement["Action"], statement["Principal"]


def test_the_buckets_are_in_the_workload_account_and_take_access_logs(zone: LandingZone) -> None:
    s3, settings = _client(zone, "s3"), zone.settings
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert sorted(names) == sorted({settings.artifact_bucket, settings.access_log_bucket})
    where = s3.get_bucket_location(Bucket=settings.artifact_bucket)["LocationConstraint"]
    assert where == settings.home_region
    logging = {"LoggingEnabled": {"TargetBucket": settings.access_log_bucket, "TargetPrefix": "logs/"}}
    s3.put_bucket_logging(Bucket=settings.artifact_bucket, BucketLoggingStatus=logging)


def test_the_user_pool_has_the_ids_of_the_settings(zone: LandingZone) -> None:
    settings, login = zone.settings, zone.settings.login
    assert isinstance(login, ExistingLogin)
    cognito = zone.clients("cognito-idp", settings.account_id, settings.home_region)
    pool = cognito.describe_user_pool(UserPoolId=login.user_pool_id)["UserPool"]
    assert pool["Arn"].endswith(f"userpool/{login.user_pool_id}")
    asked = {"UserPoolId": login.user_pool_id, "ClientId": login.client_id}
    assert cognito.describe_user_pool_client(**asked)["UserPoolClient"]["ClientId"] == login.client_id


def test_an_existing_vpc_has_the_ids_of_the_settings_and_a_new_one_is_not_made(zone: LandingZone) -> None:
    ec2, network = _client(zone, "ec2"), EXISTING.network
    assert isinstance(network, ExistingVpc)
    wanted = {"Filters": [{"Name": "vpc-id", "Values": [network.vpc_id]}]}
    subnets = ec2.describe_subnets(**wanted)["Subnets"]
    if zone.settings is not EXISTING:
        assert subnets == []
        return
    assert {subnet["SubnetId"] for subnet in subnets} == set(network.subnet_ids)
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2
    (table,) = [each for each in ec2.describe_route_tables(**wanted)["RouteTables"] if not _is_main(each)]
    assert table["RouteTableId"] == network.route_table_ids[0]
    assert {each["SubnetId"] for each in table["Associations"]} == set(network.subnet_ids)


def _is_main(table: dict[str, Any]) -> bool:
    return any(each["Main"] for each in table["Associations"])
