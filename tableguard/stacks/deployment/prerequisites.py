"""Prerequisites of a deployment: what must be there before the first stack, and what is there of an earlier life.

All of it is asked before anything is changed, with calls that the deploying profiles may make.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from tableguard.settings import ExistingLogin, ExistingVpc, Settings
from tableguard.stacks import status
from tableguard.stacks.deployment import adoption
from tableguard.stacks.deployment.existing import AccountSession
from tableguard.stacks.deployment.stack_deployer import PlannedStack
from tableguard.stacks.registry import STACKS, Principal, StackModule, enabled_stacks

Session = Any  # boto3.Session, whose clients botocore makes at run time
POLICY_TYPES = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY")
_BUCKETS, _ROLES, _GUARDRAILS = "bootstrap", "access", "guardrails"
_WHOSE: tuple[Principal, Principal] = ("management", "administrator")  # of the guardrails, and of the roles
_NOT_ALLOWED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")


def missing(
    settings: Settings, session: Callable[[Principal], Session], stacks: Sequence[StackModule]
) -> tuple[str, ...]:
    """Return what the stacks need and is not there, each with the key of the settings that names it."""
    principals, lacking = {stack.principal for stack in stacks}, list[str]()
    makes_buckets = any(stack.name == _BUCKETS for stack in stacks)
    if any(not stack.is_elsewhere for stack in stacks):
        asking = session(_asking(stacks))
        lacking += () if makes_buckets else _bucket(settings, asking, "artifacts", settings.artifact_bucket)
        if isinstance(settings.network, ExistingVpc):
            lacking += _vpc(settings.network, asking.client("ec2", region_name=settings.home_region))
        if any(stack.name == "config" for stack in stacks):
            lacking += _recorder(settings, asking.client("config", region_name=settings.home_region))
    if "administrator" in principals:  # the deployer may not ask for these
        if not makes_buckets:
            lacking += _bucket(settings, session("administrator"), "access_logs", settings.access_log_bucket)
        if isinstance(settings.login, ExistingLogin):
            lacking += _user_pool(
                settings.login, session("administrator").client("cognito-idp", region_name=settings.home_region)
            )
    if "management" in principals:
        names = {stack.name for stack in stacks}
        lacking += _organization(settings, session("management"), POLICY_TYPES if _GUARDRAILS in names else ())
        if _GUARDRAILS in names and _ROLES not in names:
            lacking += _roles(settings, session)
    return tuple(lacking)


def _roles(settings: Settings, session: Callable[[Principal], Session]) -> Iterator[str]:
    """Yield the stack of roles if new guardrails would come before it: they then deny it to everybody."""
    guardrails, roles = (settings.stack_name(name) for name in (_GUARDRAILS, _ROLES))
    clients = (session(who).client("cloudformation", region_name=settings.home_region) for who in _WHOSE)
    if status.status_of(next(clients), guardrails) != status.ABSENT:
        return
    state = status.status_of(next(clients), roles)
    if state not in status.SUCCEEDED and not state.startswith("UPDATE_"):
        yield (
            f"stack {roles}: is {state or 'not deployed'}, and makes break-glass, without whom attached guardrails let "
            f"nobody deploy it; deploy it before {guardrails}: tableguard deploy {_ROLES} --profile WORKLOAD_ADMIN"
        )


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
            return f"bucket {bucket} does not exist; `tableguard bootstrap` makes it"
        case "403" | "AccessDenied":
            return f"bucket {bucket} is not one of account {account_id} that this principal may use"
        case "301":
            return f"bucket {bucket} is in another Region"
        case _:
            return f"bucket {bucket}: {error}"


def _user_pool(login: ExistingLogin, client: Any) -> Iterator[str]:
    try:
        client.describe_user_pool_client(UserPoolId=login.user_pool_id, ClientId=login.client_id)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_ALLOWED:  # who may not ask cannot tell, and may deploy
            yield f"login: user pool {login.user_pool_id}, client {login.client_id}: {error}"


def _recorder(settings: Settings, config: Any) -> Iterator[str]:
    """Yield the recorder that somebody else set up: an account has one a Region, beside those of AWS's services.

    https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html
    """
    try:
        recorders = config.describe_configuration_recorders()["ConfigurationRecorders"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_ALLOWED:  # who may not ask cannot tell, and may deploy
            yield f"stacks.optional: config: {error}"
        return
    for name in (one["name"] for one in recorders if not one.get("servicePrincipal")):
        if name != f"{settings.name}-recorder":
            yield (
                f"stacks.optional: config: the account has the recorder {name} in {settings.home_region}, and can have "
                "one: leave config out, or delete it: aws configservice delete-configuration-recorder "
                f"--configuration-recorder-name {name}"
            )


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


def _organization(settings: Settings, session: Session, policy_types: Sequence[str]) -> Iterator[str]:
    """Yield what the organization lacks: it must be the settings', and have these types of policies enabled."""
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
    for kind in policy_types:
        if kind not in enabled:
            yield (
                f"organization: {kind} is not enabled; `tableguard bootstrap` with --management-profile enables it, "
                f"or: aws organizations enable-policy-type --root-id {root['Id']} --policy-type {kind}"
            )


def orphans(
    settings: Settings, session: Callable[[Principal], Session], principals: Container[Principal]
) -> tuple[StackModule, ...]:
    """Return the stacks that are deployed and that the settings enable no more, as far as these principals can tell."""
    disabled = [stack for stack in STACKS if stack not in enabled_stacks(settings) and stack.principal in principals]
    return tuple(
        stack
        for stack in disabled
        if status.status_of(
            session(stack.principal).client("cloudformation", region_name=settings.home_region),
            settings.stack_name(stack.name),
        )
        != status.ABSENT
    )


def adopting(
    settings: Settings, session: Callable[[Principal], Session], planned: Sequence[PlannedStack]
) -> tuple[tuple[PlannedStack, ...], tuple[str, ...]]:
    """Return the planned stacks, with the changes of those that adopt something; and what is in the way of any."""
    roles = any(one.stack.principal == "administrator" for one in planned)
    asking: Principal = "administrator" if roles else "deployer"  # which that one's stack makes
    places = {
        one.stack_name: AccountSession(
            one.stack.account(settings),
            settings.home_region,
            session(one.stack.principal if one.stack.is_elsewhere else asking),
        )
        for one in planned
    }
    adoptions = {
        one.stack_name: adoption.find(places[one.stack_name], one.template)
        for one in planned
        if one.status == status.ABSENT
    }
    lines = [(name, text) for name, adopted in adoptions.items() for text in adopted.obstacles]
    lines += [
        (one.stack_name, text)
        for one in planned
        if one.status != status.ABSENT
        for text in adoption.taken(places[one.stack_name], one.template, _added(one))
    ]
    obstacles = tuple(f"stack {name}: {text}" for name, text in lines)
    if not any(adopted.resources for adopted in adoptions.values()):
        return tuple(planned), obstacles
    # with all that is new: the guardrails of an earlier life may be attached still, and deny some of it
    changing = {name: adopted.changes for name, adopted in adoptions.items()}
    return tuple(
        replace(one, changes=changing[one.stack_name](one.template)) if one.stack_name in changing else one
        for one in planned
    ), obstacles


def _added(one: PlannedStack) -> list[str]:
    return [change.logical_id for change in one.changes or () if change.action == "Add"]
