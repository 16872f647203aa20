"""The scene of attempts: an estate with something in it to take, a session of everybody who tries, and ids by name.

All of it is made with the setup key, of which no trail tells, or before anybody watches.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.credentials import Credentials

from tableguard.attack.principals import PRINCIPALS
from tableguard.errors import EmbeddedError
from tableguard.local import demo
from tableguard.local.authorization.call import Caller
from tableguard.local.authorization.network import place_in_vpc
from tableguard.local.authorization.state import STATE, Vpc
from tableguard.local.clients.factory import Clients
from tableguard.local.estate import EmbeddedEstate
from tableguard.local.function.deployed import deployed_function, role_credentials
from tableguard.local.landing_zone import EmbeddedSession, LandingZone
from tableguard.partitions import text_in
from tableguard.policy.principals import principal
from tableguard.policy.shorthand import Shorthand
from tableguard.reading.placeholders import Values
from tableguard.settings import Settings

STRANGER = "444455556666"  # an account of somebody else
EVERYTHING = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
_ROOT_KEYS = "EMBEDDEDAWSROOT00000", "EMBEDDEDAWSROOT00001"  # the workload's account, and the management account
_USER = {"UserName": "mallory"}
_TRUST = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "sts:AssumeRole"}
_METADATA = "<EntityDescriptor/>".ljust(1000)  # IAM wants a thousand characters


@dataclass(frozen=True)
class Scene:
    """An estate that is ready for attempts: its zone, the sessions by principal, and what stands in angle brackets."""

    zone: LandingZone
    sessions: Mapping[str, EmbeddedSession]
    names: Values


def prepare(running: EmbeddedEstate) -> Scene:
    """Put messages, batches, letters and backups into the estate, and let everybody in who makes attempts."""
    zone = LandingZone(running.settings, running.endpoint, Clients(running.endpoint))
    demo.run(running)
    names = {**of_settings(running.settings), **ids(zone), **guardrail(zone), **_loot(zone), **own(zone)}
    sessions = _sessions(running, zone)
    if sessions.keys() != PRINCIPALS.keys():
        raise EmbeddedError("the scene has other principals than policies/attempts may name")
    return Scene(zone, sessions, names)


def of_settings(settings: Settings) -> Values:
    """Return what policy documents write in angle brackets, and what else follows from the settings."""
    return {**Shorthand(settings).values, **_texts(settings)}


def _texts(settings: Settings) -> dict[str, str]:
    """Return what follows from the settings: names, and documents that open something."""
    account, region = settings.account_id, settings.home_region
    texts = {
        "elsewhere": next(r for r in ("us-east-1", "eu-west-1", "sa-east-1") if r not in settings.allowed_regions),
        "stranger": STRANGER,
        "trail": settings.trail_name,
        "function": settings.function_name,
        "trail-bucket": f"{settings.name}-trail-{account}-{region}",
        "config-bucket": f"{settings.name}-config-{account}-{region}",
        "failures": f"{settings.name}-failures-{account}-{region}",
        "table-arn": f"arn:aws:dynamodb:{region}:{account}:table/{settings.table_name}",
        "topic": f"arn:aws:sns:{region}:{account}:{settings.name}-alerts",
        "dead-letters": f"https://sqs.{region}.amazonaws.com/{account}/{settings.name}-dead-letters",
        "vault": f"{settings.name}-vault",
        "provider": f"arn:aws:iam::{account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE",
        "metadata": _METADATA,
        "everything": EVERYTHING,
        "open-policy": json.dumps(_opened("*")),
        "open-bucket-policy": json.dumps(_opened(f"arn:aws:s3:::{settings.name}-trail-{account}-{region}/*")),
        "open-queue-policy": json.dumps(_opened(f"arn:aws:sqs:{region}:{account}:{settings.name}-dead-letters")),
        "large-policy": EVERYTHING + " " * 150_000,  # spaces count for no limit of IAM, and for the trail's
        "trust-policy": json.dumps(_trusting(account)),
        "function-arn": f"arn:aws:lambda:{region}:{account}:function:{settings.function_name}",
        "member": demo.MEMBERS[0].user_uuid,
        "other-member": demo.MEMBERS[1].user_uuid,
    }
    return {name: text_in(settings.partition, text) for name, text in texts.items()}


def _opened(resource: str) -> dict[str, Any]:
    """Return a policy that lets an account of somebody else do everything."""
    statement = {"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "*", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _trusting(account: str) -> dict[str, Any]:
    """Return a trust policy that lets everybody of an account take a role."""
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def ids(zone: LandingZone) -> dict[str, str]:
    """Return the ids that AWS gave to what the stacks made, by name."""
    settings = zone.settings

    def client(service: str) -> Any:
        return zone.clients(service, settings.account_id, settings.home_region)

    ec2, aliases = client("ec2"), {a["AliasName"]: a for a in client("kms").list_aliases()["Aliases"]}
    vpc = _ours(settings, ec2.describe_vpcs()["Vpcs"])["VpcId"]
    of_vpc = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    stacks = client("cloudformation")
    stream = client("dynamodb").describe_table(TableName=settings.table_name)["Table"]["LatestStreamArn"]
    shards = client("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    return {
        "key": aliases[f"alias/{settings.name}-table"]["TargetKeyId"],
        "endpoint": ec2.describe_vpc_endpoints()["VpcEndpoints"][0]["VpcEndpointId"],
        "mapping": client("lambda").list_event_source_mappings()["EventSourceMappings"][0]["UUID"],
        "vpc": vpc,
        "subnet": _all_ours(settings, ec2.describe_subnets()["Subnets"])[0]["SubnetId"],
        "routes": _all_ours(settings, ec2.describe_route_tables(**of_vpc)["RouteTables"])[0]["RouteTableId"],
        "acl": ec2.describe_network_acls(**of_vpc)["NetworkAcls"][0]["NetworkAclId"],
        "group": _ours(settings, ec2.describe_security_groups()["SecurityGroups"])["GroupId"],
        "flow-log": ec2.describe_flow_logs()["FlowLogs"][0]["FlowLogId"],
        "rule": client("config").describe_config_rules()["ConfigRules"][0]["ConfigRuleArn"],
        "rule-name": client("config").describe_config_rules()["ConfigRules"][0]["ConfigRuleName"],
        "recorder": client("config").describe_configuration_recorders()["ConfigurationRecorders"][0]["name"],
        "subscription": client("sns").list_subscriptions()["Subscriptions"][0]["SubscriptionArn"],
        "access": stacks.describe_stacks(StackName=settings.stack_name("access"))["Stacks"][0]["StackId"],
        "stream": stream,
        "shard": shards[0]["ShardId"],
        "pool": client("cognito-identity").list_identity_pools(MaxResults=1)["IdentityPools"][0]["IdentityPoolId"],
        "plan": client("backup").list_backup_plans()["BackupPlansList"][0]["BackupPlanId"],
    }


def _ours(settings: Settings, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one resource that carries the workload's tag."""
    (resource,) = _all_ours(settings, resources)
    return resource


def _all_ours(settings: Settings, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the resources that carry the workload's tag."""
    tag = {"Key": "Application", "Value": settings.name}
    return [resource for resource in resources if tag in resource.get("Tags", [])]


def _loot(zone: LandingZone) -> dict[str, str]:
    """Put a backup, a failed batch, a file of the trail and a dead letter where a thief would look for them."""
    settings = zone.settings
    here, texts = (settings.account_id, settings.home_region), _texts(settings)
    s3 = zone.clients("s3", *here)
    for bucket in ("trail-bucket", "config-bucket", "failures"):
        s3.put_object(Bucket=texts[bucket], Key=_FILE, Body=b"{}")
    zone.clients("sqs", *here).send_message(QueueUrl=texts["dead-letters"], MessageBody="{}")
    backup = zone.clients("dynamodb", *here).create_backup(TableName=settings.table_name, BackupName="of-the-day")
    objects = s3.list_objects_v2(Bucket=settings.artifact_bucket)["Contents"]
    return {
        "file": _FILE,
        "backup": backup["BackupDetails"]["BackupArn"],
        "package": next(one["Key"] for one in objects if one["Key"].endswith(".zip")),
    }


def guardrail(zone: LandingZone) -> dict[str, str]:
    """Return the id of the SCP that protects the table, and where it is attached."""
    settings = zone.settings
    organizations = zone.clients("organizations", settings.management_account_id, settings.home_region)
    policies = organizations.list_policies(Filter="SERVICE_CONTROL_POLICY")["Policies"]
    scp = next(one["Id"] for one in policies if one["Name"] == f"{settings.name}-deny-table-destruction")
    targets = organizations.list_targets_for_policy(PolicyId=scp)["Targets"]
    return {"scp": scp, "scp-target": targets[0]["TargetId"]}


_FILE = "AWSLogs/of-the-day.json.gz"


def own(zone: LandingZone) -> dict[str, str]:
    """Return ids of what an administrator has beside the workload: another network, another key."""
    here = zone.settings.account_id, zone.settings.home_region
    ec2, kms = zone.clients("ec2", *here), zone.clients("kms", *here)
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    servers = [{"Key": "domain-name-servers", "Values": ["10.77.0.2"]}]
    return {
        "own-vpc": vpc,
        "own-subnet": ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"],
        "own-vgw": ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"],
        "own-igw": ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"],
        "own-dopt": ec2.create_dhcp_options(DhcpConfigurations=servers)["DhcpOptions"]["DhcpOptionsId"],
        "own-key": kms.create_key()["KeyMetadata"]["KeyId"],
    }


def _sessions(running: EmbeddedEstate, zone: LandingZone) -> dict[str, EmbeddedSession]:
    settings = running.settings

    def role(name: str) -> EmbeddedSession:
        return zone.assume(settings.role_arn(name))

    abroad = role("application")
    place_in_vpc(abroad.credentials.access_key, _foreign_vpc(zone))
    tags = {"user_uuid": demo.MEMBERS[0].user_uuid}
    return {
        "administrator": zone.session("administrator"),
        "application": zone.in_network(role("application")),
        "application-abroad": abroad,
        "application-online": role("application"),
        "auditor": role("auditor"),
        "break-glass": role("break-glass"),
        "deployer": role("deployer"),
        "function": _function(running),
        "management": zone.session("management"),
        "management-root": _root(zone, settings.management_account_id, _ROOT_KEYS[1]),
        "member-services": zone.in_network(role("member-services")),
        "member-services-online": role("member-services"),
        "neighbour": _neighbour(zone),
        "operator": zone.in_network(role("operator")),
        "operator-online": role("operator"),
        "outsider": _outsider(zone),
        "root": _root(zone, settings.account_id, _ROOT_KEYS[0]),
        "signed-in": zone.in_network(zone.assume(settings.role_arn("identity-pool-user"), tags)),
        "user": _user(zone),
    }


def _foreign_vpc(zone: LandingZone) -> Vpc:
    """Return a VPC of an account of somebody else, with an endpoint for DynamoDB that lets everything through."""
    region = zone.settings.home_region
    ec2 = zone.clients("ec2", STRANGER, region)
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    (routes,) = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{region}.dynamodb",
        RouteTableIds=[routes["RouteTableId"]],
        VpcEndpointType="Gateway",
    )
    return Vpc(STRANGER, region, vpc)


def _function(running: EmbeddedEstate) -> EmbeddedSession:
    """Return the session that the function's own code has."""
    settings = running.settings
    place = f"{settings.home_region}:{settings.account_id}"
    arn = f"arn:{settings.partition}:lambda:{place}:function:{settings.function_name}"
    keys = role_credentials(running.endpoint, deployed_function(arn).configuration)
    credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    return EmbeddedSession(running.endpoint, settings.home_region, credentials)


def _outsider(zone: LandingZone) -> EmbeddedSession:
    iam, role = zone.clients("iam", STRANGER, zone.settings.home_region), {"RoleName": "stranger"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [_TRUST]})
    iam.create_role(**role, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(**role, PolicyName="everything", PolicyDocument=EVERYTHING)
    return zone.assume(f"arn:{zone.settings.partition}:iam::{STRANGER}:role/stranger")


def _neighbour(zone: LandingZone) -> EmbeddedSession:
    """Return the administrator of another account of the organization, in which the workload has nothing."""
    settings = zone.settings
    organizations = zone.clients("organizations", settings.management_account_id, settings.home_region)
    creation = organizations.create_account(AccountName="neighbour", Email="neighbour@example.com")
    account = creation["CreateAccountStatus"]["AccountId"]
    role = {"RoleName": "OrganizationAccountAccessRole"}
    iam = zone.clients("iam", account, settings.home_region)
    iam.put_role_policy(**role, PolicyName="AdministratorAccess", PolicyDocument=EVERYTHING)
    return zone.assume(f"arn:{settings.partition}:iam::{account}:role/{role['RoleName']}")


def _root(zone: LandingZone, account: str, access_key_id: str) -> EmbeddedSession:
    """Return a session of an account's root user, who has an access key: no API makes one for him."""
    from moto.iam.models import AccessKey, iam_backends  # noqa: PLC0415  # moto is imported once an embedded AWS runs

    key = AccessKey(None, "AKIA", account)  # type: ignore[abstract]  # moto's own code makes it too
    key.access_key_id = access_key_id
    iam_backends[account][zone.settings.partition].access_keys[access_key_id] = key
    STATE.callers[access_key_id] = Caller(principal(f"arn:{zone.settings.partition}:iam::{account}:root"))
    credentials = Credentials(access_key_id, key.secret_access_key)
    return EmbeddedSession(zone.endpoint, zone.settings.home_region, credentials)


def _user(zone: LandingZone) -> EmbeddedSession:
    iam = zone.clients("iam", zone.settings.account_id, zone.settings.home_region)
    iam.create_user(**_USER)
    iam.put_user_policy(**_USER, PolicyName="everything", PolicyDocument=EVERYTHING)
    key = iam.create_access_key(**_USER)["AccessKey"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="mallory")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(**_USER, SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321")
    credentials = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    return EmbeddedSession(zone.endpoint, zone.settings.home_region, credentials)
