"""Prepares what an organization has before our stacks: accounts, policy types, buckets, a user pool, perhaps a VPC.

All of it is created through the services' own APIs. moto assigns ids at random where the settings name them, so while
a resource is created, moto's id generator is replaced by one that returns the id of the settings.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tableguard.aws.arn import require
from tableguard.errors import EmbeddedError
from tableguard.local.authorization.network import place_in_vpc
from tableguard.local.authorization.state import STATE, Vpc
from tableguard.local.clients.factory import Clients, make_client
from tableguard.settings import TAKEN_ROLES, ExistingLogin, ExistingVpc, Settings
from tableguard.stacks.registry import Principal, account_of

_SESSION_NAME = "tableguard"
_POLICY_TYPES = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_EXISTING_VPC_BLOCK = "10.30.0.0/16"
_MANAGEMENT_ROLE = "OrganizationAdministrator"
_ADMINISTRATOR_ROLE = "OrganizationAccountAccessRole"  # AWS makes it in every account of an organization
# who lets people into the roles of their permission sets, by IAM Identity Center, and a pipeline into its own:
# https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
_PROVIDER = "saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"
_PIPELINE = "codebuild.amazonaws.com"
_NOTHING_PUBLIC = dict.fromkeys(
    ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
)
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class EmbeddedSession:
    """A stand-in for boto3.Session whose clients reach the embedded AWS only."""

    endpoint: str
    region_name: str
    credentials: Credentials

    def client(self, service: str, **arguments: Any) -> Any:
        """Return a client as boto3.Session.client does, bound to loopback."""
        acting = {
            "aws_access_key_id": self.credentials.access_key,
            "aws_secret_access_key": self.credentials.secret_key,
            "aws_session_token": self.credentials.token,
        }
        where = {"region_name": self.region_name, "endpoint_url": self.endpoint}
        return make_client(service, **{**where, **acting, **arguments})

    def get_credentials(self) -> Credentials:
        """Return the session's keys."""
        return self.credentials


@dataclass(frozen=True)
class LandingZone:
    """The prepared accounts, with sessions of the roles in them."""

    settings: Settings
    endpoint: str
    clients: Clients  # clients of the setup key, which requires no permission

    def session(self, principal: Principal) -> EmbeddedSession:
        """Return the session with which a principal deploys its stacks; a stack creates the deployer's role."""
        settings = self.settings
        if principal == "management":
            if not settings.has_organization:
                raise EmbeddedError("management: the settings have no [organization], and so no management account")
            return self._assume(settings.management_account_id, _MANAGEMENT_ROLE)
        if principal in ("administrator", "archive"):
            return self._assume(account_of(settings, principal), _ADMINISTRATOR_ROLE)
        return self.assume(settings.role_arn(principal))

    def assume(self, role_arn: str, tags: Mapping[str, str] | None = None) -> EmbeddedSession:
        """Return a session of a role, with these session tags; EmbeddedError if the role does not exist.

        A role with takers is taken by the first of them, as its trust policy demands; of others, whose taker is a
        service, the setup key takes them, and the takers' own too, which an identity provider or a build lets in.
        """
        account, role = require(role_arn).account, role_arn.rpartition("/")[2]
        return self._assume(account, role, tags or {}, self.taker(role_arn))

    def taker(self, role_arn: str) -> EmbeddedSession | None:
        """Return a session of the first who may take a role; None if a service is, or nobody but the role itself."""
        takers = _takers(self.settings).get(role_arn, ())
        return self._assume(require(takers[0]).account, takers[0].rpartition("/")[2]) if takers else None

    def exports(self) -> dict[str, str]:
        """Return what the stacks of the workload export."""
        settings = self.settings
        client = self.clients("cloudformation", settings.account_id, settings.home_region)
        pages = client.get_paginator("list_exports").paginate()
        return {export["Name"]: export["Value"] for page in pages for export in page["Exports"]}

    def in_network(self, session: EmbeddedSession) -> EmbeddedSession:
        """Place a session in the network stack's VPC, whose endpoint its requests then pass, and return it."""
        settings = self.settings
        here = settings.account_id, settings.home_region
        endpoint = self.exports()[settings.export("EndpointId")]
        endpoints = self.clients("ec2", *here).describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
        place_in_vpc(session.credentials.access_key, Vpc(*here, endpoints[0]["VpcId"]))
        return session

    def _assume(
        self,
        account: str,
        role: str,
        tags: Mapping[str, str] = MappingProxyType({}),
        by: EmbeddedSession | None = None,
    ) -> EmbeddedSession:
        arn, region = f"arn:{self.settings.partition}:iam::{account}:role/{role}", self.settings.home_region
        try:
            # moto lets anyone assume a role that does not exist
            arn = self.clients("iam", account, region).get_role(RoleName=role)["Role"]["Arn"]
        except ClientError as error:
            raise EmbeddedError(
                f"role {arn} cannot be assumed: {error}; is the stack that makes it deployed?"
            ) from error
        sts = by.client("sts") if by else self.clients("sts", account, region)
        session_tags = [{"Key": key, "Value": value} for key, value in tags.items()]
        keys = sts.assume_role(RoleArn=arn, RoleSessionName=_SESSION_NAME, Tags=session_tags)["Credentials"]
        credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return EmbeddedSession(self.endpoint, region, credentials)


def prepare(settings: Settings, endpoint: str, *, empty: bool = False) -> LandingZone:
    """Create everything that the stacks expect to exist; `empty`, only what a new organization and account have."""
    zone = LandingZone(settings, endpoint, Clients(endpoint))
    if settings.has_organization:
        _organization(zone)
    else:
        STATE.account_alone = settings.account_id
    _administrators(zone)
    for takers in _takers(settings).values():
        for taker in takers:
            _taker(zone, taker)
    if not empty and settings.has_organization:
        _enable_policy_types(zone)
    if not empty:
        _block_public_access(zone)
        _remove_default_vpc(zone)
    with_buckets = not empty and "bootstrap" not in settings.optional_stacks  # the stack of that name makes them
    if with_buckets:
        _buckets(zone)
    if isinstance(settings.login, ExistingLogin):
        _user_pool(zone, settings.login)
    if isinstance(settings.network, ExistingVpc):
        _existing_vpc(zone, settings.network)
        if with_buckets:
            _log_flows(zone, settings.network.vpc_id)
    return zone


@contextmanager
def _with_fixed_ids(module: ModuleType, generator: str, *ids: str) -> Iterator[None]:
    """Let an id generator of moto return these ids in the block, in order."""
    original: Callable[..., str] = getattr(module, generator)
    waiting = iter(ids)
    setattr(module, generator, lambda *_args, **_kwargs: next(waiting))
    try:
        yield
    finally:
        setattr(module, generator, original)


def _organization(zone: LandingZone) -> None:
    from moto.organizations import utils  # noqa: PLC0415  # moto is imported once an embedded AWS runs

    settings = zone.settings
    client = zone.clients("organizations", settings.management_account_id, settings.home_region)
    root_id = _root_id(settings)
    with (
        _with_fixed_ids(utils, "make_random_org_id", settings.organization_id),
        _with_fixed_ids(utils, "make_random_root_id", root_id),
    ):
        client.create_organization(FeatureSet="ALL")
    targets = settings.organization_targets
    for unit in (target for target in targets if target.startswith("ou-")):
        with _with_fixed_ids(utils, "make_random_ou_id", unit):
            client.create_organizational_unit(ParentId=root_id, Name=unit)
    for account in _member_accounts(settings):
        with _with_fixed_ids(utils, "make_random_account_id", account):
            client.create_account(AccountName=f"account-{account}", Email=f"{account}@example.com")
    home = next((target for target in targets if not target.isdigit()), root_id)
    for account in _guarded_accounts(settings):
        client.move_account(AccountId=account, SourceParentId=root_id, DestinationParentId=home)


def _guarded_accounts(settings: Settings) -> tuple[str, ...]:
    """Return the accounts that have stacks and that the guardrails bind: the workload's, and the log archive's."""
    archive = settings.log_archive
    return (settings.account_id, *((archive.account_id,) if archive else ()))


def _enable_policy_types(zone: LandingZone) -> None:
    client = zone.clients("organizations", zone.settings.management_account_id, zone.settings.home_region)
    for policy_type in _POLICY_TYPES:
        client.enable_policy_type(RootId=_root_id(zone.settings), PolicyType=policy_type)


def _member_accounts(settings: Settings) -> tuple[str, ...]:
    """Return the accounts beside the management account: the workload's, targets, and those that takers are from."""
    of_takers = (require(taker).account for takers in _takers(settings).values() for taker in takers)
    accounts = dict.fromkeys(
        (*_guarded_accounts(settings), *filter(str.isdigit, settings.organization_targets), *of_takers)
    )
    return tuple(account for account in accounts if account != settings.management_account_id)


def _administrators(zone: LandingZone) -> None:
    """Create the administrators' roles: AWS gives new accounts one, and moto's copy of it allows nothing."""
    settings = zone.settings
    trusted = settings.management_account_id or settings.account_id
    trust = {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    of_management = ((settings.management_account_id, _MANAGEMENT_ROLE),) if settings.has_organization else ()
    for account, role in (*of_management, *((one, _ADMINISTRATOR_ROLE) for one in _guarded_accounts(settings))):
        iam = zone.clients("iam", account, settings.home_region)
        with suppress(iam.exceptions.EntityAlreadyExistsException):  # moto makes it in the partition `aws` only
            iam.create_role(RoleName=role, AssumeRolePolicyDocument=document)
        iam.put_role_policy(RoleName=role, PolicyName="AdministratorAccess", PolicyDocument=json.dumps(_EVERYTHING))


def _takers(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """Return the ARN of each role that people take, and the ARNs of its takers; a role without any takes itself."""
    takers = {settings.role_arn(role): settings.example_takers_of(role) for role in TAKEN_ROLES}
    return {role: arns for role, arns in takers.items() if arns != (role,)}


def _taker(zone: LandingZone, arn: str) -> None:
    """Create the role of a permission set, or of a pipeline, that may take roles if these let it.

    None of its account takes it, an administrator neither; see LandingZone.assume.
    """
    account, name = require(arn).account, arn.rpartition("/")[2]
    iam = zone.clients("iam", account, zone.settings.home_region)
    taking = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    with suppress(iam.exceptions.EntityAlreadyExistsException):  # one that takes several roles
        iam.create_role(
            RoleName=name,
            Path=require(arn).resource.removeprefix("role").removesuffix(name),
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [_trust(arn)]}),
        )
    document = json.dumps({"Version": "2012-10-17", "Statement": [taking]})
    policy = f"arn:{zone.settings.partition}:iam::{account}:policy/TakingRoles"
    with suppress(iam.exceptions.EntityAlreadyExistsException):  # one policy for all who take roles
        iam.create_policy(PolicyName="TakingRoles", PolicyDocument=document)
    iam.attach_role_policy(RoleName=name, PolicyArn=policy)


def _trust(taker: str) -> Mapping[str, Any]:
    """Return whom a taker's own role trusts: Identity Center's provider, or the service that runs a pipeline."""
    partition, account, resource = require(taker).partition, require(taker).account, require(taker).resource
    if resource.startswith("role/aws-reserved/"):
        provider = {"Federated": f"arn:{partition}:iam::{account}:{_PROVIDER}"}
        return {"Effect": "Allow", "Principal": provider, "Action": "sts:AssumeRoleWithSAML"}
    return {"Effect": "Allow", "Principal": {"Service": _PIPELINE}, "Action": "sts:AssumeRole"}


def _root_id(settings: Settings) -> str:
    """Return the id of the root: it is a target itself, or part of the unit ids, ou-ROOT-UNIT."""
    containers = [target for target in settings.organization_targets if not target.isdigit()]
    roots = sorted({f"r-{target.split('-')[1]}" for target in containers})
    if len(roots) > 1:
        raise EmbeddedError(f"organization.targets lie under {', '.join(roots)}; an organization has one root")
    return roots[0] if roots else "r-exam"


def _block_public_access(zone: LandingZone) -> None:
    settings = zone.settings
    control = zone.clients("s3control", settings.account_id, settings.home_region)
    control.put_public_access_block(AccountId=settings.account_id, PublicAccessBlockConfiguration=_NOTHING_PUBLIC)


def _buckets(zone: LandingZone) -> None:
    settings = zone.settings
    s3 = zone.clients("s3", settings.account_id, settings.home_region)
    # us-east-1 is S3's default, and refused as an explicit constraint
    where = (
        {}
        if settings.home_region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": settings.home_region}}
    )
    for bucket in sorted({settings.artifact_bucket, settings.access_log_bucket}):
        s3.create_bucket(Bucket=bucket, **where)
        # as S3 does for every new bucket since April 2023, and moto does not:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=_NOTHING_PUBLIC)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:{settings.partition}:s3:::{settings.access_log_bucket}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": settings.account_id}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [delivery]})
    s3.put_bucket_policy(Bucket=settings.access_log_bucket, Policy=policy)


def _remove_default_vpc(zone: LandingZone) -> None:
    """Remove the VPC that AWS makes in each account: nothing uses it, and it writes no flow logs.

    https://docs.aws.amazon.com/vpc/latest/userguide/deleting-default-vpc.html
    """
    ec2 = zone.clients("ec2", zone.settings.account_id, zone.settings.home_region)
    for vpc in ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for subnet in ec2.describe_subnets(Filters=inside)["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])


def _user_pool(zone: LandingZone, login: ExistingLogin) -> None:
    from moto.cognitoidp import models  # noqa: PLC0415  # moto is imported once an embedded AWS runs

    settings = zone.settings
    client = zone.clients("cognito-idp", settings.account_id, settings.home_region)
    with _with_fixed_ids(models, "generate_id", login.user_pool_id.split("_", 1)[1]):
        pool_id = client.create_user_pool(PoolName=f"{settings.name}-members")["UserPool"]["Id"]
    with _with_fixed_ids(models, "generate_id", login.client_id):
        client_id = client.create_user_pool_client(UserPoolId=pool_id, ClientName=settings.name)["UserPoolClient"][
            "ClientId"
        ]
    if (pool_id, client_id) != (login.user_pool_id, login.client_id):
        # moto cuts ids at 55 and 26 characters, the longest that AWS assigns
        raise EmbeddedError(
            f"login: the embedded AWS has made {pool_id} and {client_id} of longer ids; choose shorter ones"
        )


def _log_flows(zone: LandingZone, vpc: str) -> None:
    settings = zone.settings
    ec2 = zone.clients("ec2", settings.account_id, settings.home_region)
    ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:{settings.partition}:s3:::{settings.access_log_bucket}",
    )


def _close_default_group(zone: LandingZone, vpc: str) -> None:
    """Let a VPC's default security group let nothing through, as an owner has it who cares."""
    ec2 = zone.clients("ec2", zone.settings.account_id, zone.settings.home_region)
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    for group in ec2.describe_security_groups(Filters=named)["SecurityGroups"]:
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])


def _existing_vpc(zone: LandingZone, network: ExistingVpc) -> None:
    from moto.ec2.models import route_tables, subnets, vpcs  # noqa: PLC0415  # moto is imported once one runs

    settings = zone.settings
    ec2 = zone.clients("ec2", settings.account_id, settings.home_region)
    zones = [
        availability_zone["ZoneName"] for availability_zone in ec2.describe_availability_zones()["AvailabilityZones"]
    ]
    with _with_fixed_ids(vpcs, "random_vpc_id", network.vpc_id):
        ec2.create_vpc(CidrBlock=_EXISTING_VPC_BLOCK)
    _close_default_group(zone, network.vpc_id)
    for table in network.route_table_ids:
        with _with_fixed_ids(route_tables, "random_route_table_id", table):
            ec2.create_route_table(VpcId=network.vpc_id)
    for number, subnet in enumerate(network.subnet_ids):
        with _with_fixed_ids(subnets, "random_subnet_id", subnet):
            ec2.create_subnet(
                VpcId=network.vpc_id,
                CidrBlock=f"10.30.{number}.0/24",
                AvailabilityZone=zones[number % len(zones)],
            )
        table = network.route_table_ids[number % len(network.route_table_ids)]
        ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
