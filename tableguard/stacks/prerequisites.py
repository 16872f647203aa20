"""Prerequisites of a deployment: what must be there before the first stack, and what must not be there any more.

All of it is asked before anything is changed, with calls that the deploying profiles may make.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from tableguard.settings import ExistingVpc, Settings
from tableguard.stacks import status
from tableguard.stacks.deploy import PlannedStack
from tableguard.stacks.registry import STACKS, Principal, StackModule, enabled_stacks

Session = Any  # boto3.Session, whose clients botocore makes at run time
_POLICY_TYPES = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY")
_NOT_ALLOWED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def missing(
    settings: Settings, session: Callable[[Principal], Session], stacks: Sequence[StackModule]
) -> tuple[str, ...]:
    """Return what the stacks need and is not there, each with the key of the settings that names it."""
    principals, lacking = {stack.principal for stack in stacks}, list[str]()
    if principals != {"management"}:
        asking = session(_asking(stacks))
        lacking += _bucket(settings, asking, "artifacts", settings.artifact_bucket)
        if isinstance(settings.network, ExistingVpc):
            lacking += _vpc(settings.network, asking.client("ec2", region_name=settings.home_region))
    if "administrator" in principals:  # the deployer may not ask for these
        lacking += _bucket(settings, session("administrator"), "access_logs", settings.access_log_bucket)
        lacking += _user_pool(settings, session("administrator"))
    if "management" in principals:
        lacking += _organization(settings, session("management"))
    return tuple(lacking)


def _asking(stacks: Iterable[StackModule]) -> Principal:
    """Return who asks about the workload's account: the deployer does not exist before the administrator's stack."""
    return "administrator" if any(stack.principal == "administrator" for stack in stacks) else "deployer"


def _bucket(settings: Settings, session: Session, key: str, bucket: str) -> Iterator[str]:
    s3 = session.client("s3", region_name=settings.home_region)
    try:
        answer = s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=settings.account_id)
    except ClientError as error:
        yield f"buckets.{key}: {_refusal_of_bucket(bucket, settings.account_id, error)}"
        return
    region = answer["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region", settings.home_region)
    if region != settings.home_region:
        yield f"buckets.{key}: bucket {bucket} is in {region}, and must be in {settings.home_region}"


def _refusal_of_bucket(bucket: str, account_id: str, error: ClientError) -> str:
    match error.response["Error"]["Code"]:
        case "404" | "NoSuchBucket":
            return f"bucket {bucket} does not exist"
        case "403" | "AccessDenied":
            return f"bucket {bucket} is not one of account {account_id} that this principal may use"
        case "301":
            return f"bucket {bucket} is in another Region"
        case _:
            return f"bucket {bucket}: {error}"


def _user_pool(settings: Settings, session: Session) -> Iterator[str]:
    client = session.client("cognito-idp", region_name=settings.home_region)
    try:
        client.describe_user_pool_client(UserPoolId=settings.user_pool_id, ClientId=settings.client_id)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_ALLOWED:  # who may not ask cannot tell, and may deploy
            yield f"login: user pool {settings.user_pool_id}, client {settings.client_id}: {error}"


def _vpc(network: ExistingVpc, ec2: Any) -> Iterator[str]:
    for key, call, ids in (
        ("vpc_id", ("describe_vpcs", "VpcIds"), (network.vpc_id,)),
        ("subnet_ids", ("describe_subnets", "SubnetIds"), network.subnet_ids),
        ("route_table_ids", ("describe_route_tables", "RouteTableIds"), network.route_table_ids),
    ):
        operation, parameter = call
        try:
            getattr(ec2, operation)(**{parameter: list(ids)})
        except ClientError as error:
            yield f"network.{key}: {', '.join(ids)}: {error}"


def _organization(settings: Settings, session: Session) -> Iterator[str]:
    client = session.client("organizations", region_name=settings.home_region)
    try:
        organization = client.describe_organization()["Organization"]["Id"]
        (root,) = client.list_roots()["Roots"]
    except ClientError as error:
        yield f"organization: {error}"
        return
    if organization != settings.organization_id:
        yield f"organization.id: the management account's is {organization}, not {settings.organization_id}"
    enabled = {kind["Type"] for kind in root["PolicyTypes"] if kind["Status"] == "ENABLED"}
    for kind in _POLICY_TYPES:
        if kind not in enabled:
            yield (
                f"organization: {kind} is not enabled; by the management account: aws organizations "
                f"enable-policy-type --root-id {root['Id']} --policy-type {kind}"
            )


def leftovers(
    settings: Settings, session: Callable[[Principal], Session], planned: Sequence[PlannedStack]
) -> tuple[str, ...]:
    """Return what exists under a name that a stack is about to use: of an earlier life, which retained it."""
    remains: list[str] = []
    asking = _asking(plan.stack for plan in planned)
    for plan in planned:
        if plan.status == status.ABSENT:
            principal = plan.stack.principal if plan.stack.principal == "management" else asking
            existing = _existing_names(settings, session(principal), plan.template["Resources"])
            remains += [f"stack {plan.stack_name}: {one}" for one in existing]
    return tuple(remains)


def orphans(
    settings: Settings, session: Callable[[Principal], Session], principals: Container[Principal]
) -> tuple[str, ...]:
    """Return the stacks that are deployed and that the settings enable no more, as far as these principals can tell."""
    disabled = [stack for stack in STACKS if stack not in enabled_stacks(settings) and stack.principal in principals]
    return tuple(
        settings.stack_name(stack.name)
        for stack in disabled
        if status.status_of(
            session(stack.principal).client("cloudformation", region_name=settings.home_region),
            settings.stack_name(stack.name),
        )
        != status.ABSENT
    )


def _existing_names(settings: Settings, session: Session, resources: Mapping[str, Any]) -> Iterator[str]:
    """Yield those of the resources whose names are taken already."""
    finders = {
        "AWS::DynamoDB::Table": ("TableName", _table_exists),
        "AWS::Logs::LogGroup": ("LogGroupName", _log_group_exists),
        "AWS::Organizations::Policy": ("Name", _policy_exists),
        "AWS::S3::Bucket": ("BucketName", _bucket_exists),
    }
    for logical_id, resource in sorted(resources.items()):
        key, exists = finders.get(resource["Type"], ("", None))
        name = _name(settings, resource.get("Properties", {}).get(key))
        if exists is not None and name and exists(settings, session, name):
            yield f"{logical_id} ({resource['Type']}): {name} exists already"


def _name(settings: Settings, node: Any) -> str:
    """Return a name of a template, "" if a deployment alone knows it."""
    text = node.get("Fn::Sub") if isinstance(node, Mapping) else node
    if not isinstance(text, str):
        return ""
    for variable, value in (("AWS::AccountId", settings.account_id), ("AWS::Region", settings.home_region)):
        text = text.replace(f"${{{variable}}}", value)
    return "" if "${" in text else text


def _table_exists(settings: Settings, session: Session, name: str) -> bool:
    dynamodb = session.client("dynamodb", region_name=settings.home_region)
    try:
        dynamodb.describe_table(TableName=name)
    except dynamodb.exceptions.ResourceNotFoundException:
        return False
    return True


def _log_group_exists(settings: Settings, session: Session, name: str) -> bool:
    logs = session.client("logs", region_name=settings.home_region)
    groups = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in groups)


def _policy_exists(settings: Settings, session: Session, name: str) -> bool:
    organizations = session.client("organizations", region_name=settings.home_region)
    pages = (
        page for kind in _POLICY_TYPES for page in organizations.get_paginator("list_policies").paginate(Filter=kind)
    )
    return any(policy["Name"] == name for page in pages for policy in page["Policies"])


def _bucket_exists(settings: Settings, session: Session, name: str) -> bool:
    s3 = session.client("s3", region_name=settings.home_region)
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        return bool(error.response["Error"]["Code"] == "403")  # another account has it
    return True
