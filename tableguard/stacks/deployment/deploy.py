"""Deploy rendered stacks to an account, in order, through change sets, on AWS and on the embedded AWS alike."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from botocore.exceptions import ClientError

from tableguard.aws.partitions import domain
from tableguard.cloudformation.limits import TEMPLATE_BODY_BYTES
from tableguard.errors import DeployError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import NewVpc, Settings
from tableguard.stacks import change_set, drift, package, status
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment import adoption
from tableguard.stacks.deployment.existing import AccountSession
from tableguard.stacks.registry import Principal, StackModule, enabled_stacks
from tableguard.stacks.render import render

Session = Any  # boto3.Session, whose clients botocore makes at run time
DeploymentOutcome = Literal["created", "adopted", "updated", "unchanged"]
_NO_REPLACEMENT = "Replacement type updates not supported"
_DELETERS: Mapping[Principal, str] = {
    "administrator": "the administrator, or break-glass once the guardrails are attached",
    "deployer": "break-glass",  # whom the access stack has made; the deployer may delete no stack
    "management": "the management principal",
}
Approve = Callable[[StackModule, tuple[ResourceChange, ...]], bool]


@dataclass(frozen=True)
class Deployment:
    """The outcome of deploying one stack."""

    stack: str
    stack_name: str
    outcome: DeploymentOutcome
    changes: tuple[ResourceChange, ...]
    seconds: float
    closed_group: str = ""  # the default security group of a new VPC, where this deployment closed it


def _whom_to_ask(error: ClientError) -> str:
    """Return who says whom the guardrails let deploy a stack, if a policy refused it; "" otherwise."""
    denied = error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return "; deploy with --management-profile too: it then says beforehand who may, and how" if denied else ""


@dataclass(frozen=True)
class PlannedStack:
    """A stack before anything is changed: its status, its changes, and the template that is deployed.

    `changes` is None of a stack without changes, and of one that cannot have a change set yet: `status` is then
    ABSENT, or says that a rollback has to be continued first. `deployed` is empty of a stack that does not exist.
    `differences` are those between the template and what an earlier run adopted. `open_group` says that the default
    security group of the VPC which the stack makes has rules, or will have.
    """

    stack: StackModule
    stack_name: str
    status: str
    changes: tuple[ResourceChange, ...] | None
    template: Mapping[str, Any]
    deployed: Mapping[str, Any]
    differences: tuple[str, ...] = ()
    open_group: bool = False


def plan(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    stacks: tuple[StackModule, ...],
) -> tuple[PlannedStack, ...]:
    """Return what deploying each stack would change; every change set that it makes for that is deleted again.

    The deployer's stacks count as absent where the access stack, which makes the deployer, is still to be made.
    """
    rendered, planned = _rendered(settings, stacks), list[PlannedStack]()
    without_roles = False
    for stack in stacks:
        template = rendered[stack.name]
        if without_roles and stack.principal == "deployer":
            name, document = settings.stack_name(stack.name), _document(template)
            absent = PlannedStack(stack, name, status.ABSENT, None, document, {})
            planned.append(replace(absent, open_group=makes_vpc(settings, stack)))
            continue
        deployer = _Deployer(settings, session(stack.principal), interval)
        own = deployer.plan(stack, template)
        planned.append(replace(own, open_group=makes_vpc(settings, stack) and deployer.leaves_group_open(own)))
        unmade = planned[-1].status in (status.ABSENT, "CREATE_FAILED")
        without_roles = without_roles or (stack.name == "access" and unmade)
    return tuple(planned)


def deploy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    approve: Approve,
    stacks: tuple[StackModule, ...] | None = None,
    *,
    by: Mapping[str, Principal] = MappingProxyType({}),
) -> Iterator[Deployment]:
    """Deploy stacks in order and yield each outcome; DeployError stops at the first failure.

    `session` returns the boto3 session of a principal. It is called when the first of its stacks comes up, because a
    stack creates the deployer's role. `approve` sees the changes before they are made. `by` names who deploys a stack
    in place of its usual principal.
    """
    wanted = enabled_stacks(settings) if stacks is None else stacks
    rendered = _rendered(settings, wanted)
    for stack in wanted:
        principal = by.get(stack.name, stack.principal)
        deployer = _Deployer(settings, session(principal), interval)
        deployment = deployer.deploy(stack, rendered[stack.name], approve)
        # not by break-glass, which may not: whoever deploys the stack next closes it
        closes = principal == stack.principal and makes_vpc(settings, stack)
        yield deployer.with_closed_group(deployment) if closes else deployment


def makes_vpc(settings: Settings, stack: StackModule) -> bool:
    """Tell whether a stack makes a VPC: the default security group of an existing one belongs to whoever made it."""
    return stack.name == "network" and isinstance(settings.network, NewVpc)


def close_default_group(ec2: Any, cloudformation: Any, stack_name: str) -> str:
    """Revoke the rules of the default security group of a stack's VPC; return its id, empty if it has none any more.

    AWS gives a new VPC's group rules that let everything out, and in from itself. CloudFormation adds rules to a group,
    and removes none that it did not make:
    https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
    """
    group = _default_group(ec2, _outputs(cloudformation, stack_name)["VpcId"])
    inward, outward = group["IpPermissions"], group["IpPermissionsEgress"]
    if inward:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=inward)
    if outward:
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=outward)
    return str(group["GroupId"]) if inward or outward else ""


def default_group_is_open(ec2: Any, cloudformation: Any, stack_name: str) -> bool:
    """Tell whether the default security group of a stack's VPC has rules; a VPC still to be made will have some."""
    vpc = _outputs(cloudformation, stack_name).get("VpcId")
    if vpc is None:
        return True
    group = _default_group(ec2, vpc)
    return bool(group["IpPermissions"] or group["IpPermissionsEgress"])


def _default_group(ec2: Any, vpc: str) -> Mapping[str, Any]:
    named = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    groups: list[Mapping[str, Any]] = ec2.describe_security_groups(Filters=named)["SecurityGroups"]
    (group,) = groups
    return group


def _outputs(cloudformation: Any, stack_name: str) -> Mapping[str, str]:
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


class _Deployer:
    """Deploys one stack with one session."""

    def __init__(self, settings: Settings, session: Session, interval: PollInterval) -> None:
        self.settings, self.session, self.interval = settings, session, interval
        self.cloudformation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        return self.session.client(service, region_name=self.settings.home_region)

    def with_closed_group(self, deployment: Deployment) -> Deployment:
        """Close the default security group of the VPC that a stack made; DeployError if EC2 refuses."""
        name = deployment.stack_name
        try:
            group = close_default_group(self.client("ec2"), self.cloudformation, name)
        except ClientError as error:
            raise DeployError(
                f"stack {name}: is deployed, and its VPC's default security group could not be closed: {error}; "
                "run the same command again"
            ) from error
        return replace(deployment, closed_group=group)

    def leaves_group_open(self, planned: PlannedStack) -> bool:
        """Tell whether a stack's VPC has a default security group with rules, or will have once it is made."""
        if planned.status == status.ABSENT:
            return True
        return default_group_is_open(self.client("ec2"), self.cloudformation, planned.stack_name)

    def place(self, stack: StackModule) -> AccountSession:
        return AccountSession(stack.account(self.settings), self.settings.home_region, self.session)

    def plan(self, stack: StackModule, template: str) -> PlannedStack:
        name, document = self.settings.stack_name(stack.name), _document(template)
        state = self.settled(stack, name)
        if self.is_empty(name, state):
            return PlannedStack(stack, name, status.ABSENT, None, document, {})
        if state == status.ROLLBACK_STUCK:
            return PlannedStack(stack, name, state, None, document, {})
        with self.change_set(name, template, "UPDATE") as prepared:
            changes = prepared.changes
        body = self.cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        deployed = _document(body) if isinstance(body, str) else body
        return PlannedStack(stack, name, state, changes, document, deployed, self.differences(name, state))

    def is_empty(self, name: str, state: str) -> bool:
        """Return True of a stack without resources: one that is not there, or whose first import failed."""
        if state != status.NOTHING_ADOPTED:
            return state == status.ABSENT
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        return not any(page["StackResourceSummaries"] for page in pages)

    def differences(self, name: str, state: str) -> tuple[str, ...]:
        """Return where what the stack adopted is otherwise than its template says; a later change asks no more."""
        adopted = state == status.ADOPTED
        return drift.detect(self.cloudformation, name, self.interval).lines if adopted else ()

    def deploy(self, stack: StackModule, template: str, approve: Approve) -> Deployment:
        started = time.perf_counter()
        name = self.settings.stack_name(stack.name)
        state = self.settled(stack, name)
        if state == status.ROLLBACK_STUCK:
            state = self.continue_rollback(name)
        adopted: tuple[ResourceChange, ...] = ()
        if self.is_empty(name, state) and (adopted := self.adopt(stack, name, template, approve)):
            state = self.settled(stack, name)
        exists = state != status.ABSENT
        outcome: DeploymentOutcome = "adopted" if adopted else "unchanged"
        with self.change_set(name, template, "UPDATE" if exists else "CREATE") as changing:
            if changing.changes is not None:
                if not approve(stack, changing.changes):
                    raise DeployError(f"stack {name}: changes were not approved; nothing was changed")
                self.execute(name, changing, state)
                outcome = "adopted" if adopted else "updated" if exists else "created"
            elif state in status.FAILED:
                raise DeployError(
                    f"stack {name}: is {state}, and its template has no changes that would take it further; go back "
                    f"with: aws cloudformation rollback-stack --stack-name {name}"
                )
        self.protect(name)
        changes = (*adopted, *(changing.changes or ()))
        return Deployment(stack.name, name, outcome, changes, time.perf_counter() - started)

    def protect(self, name: str) -> None:
        """Turn termination protection on where it is off; the guardrails leave the switch to exempt roles."""
        (described,) = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not described.get("EnableTerminationProtection"):
            self.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)

    def adopt(self, stack: StackModule, name: str, template: str, approve: Approve) -> tuple[ResourceChange, ...]:
        """Import what an earlier life of the stack left, and return these changes; DeployError if it is in the way."""
        document = _document(template)
        existing = adoption.find(self.place(stack), document)
        if existing.obstacles:
            raise DeployError(f"stack {name}: {'; '.join(existing.obstacles)}; nothing was changed")
        if not existing.resources:
            return ()
        to_import = [resource.to_import for resource in existing.resources]
        with self.change_set(name, existing.template(document), "IMPORT", ResourcesToImport=to_import) as importing:
            changes = importing.changes or ()
            if not approve(stack, changes):
                raise DeployError(f"stack {name}: the imports were not approved; nothing was changed")
            self.execute(name, importing, status.ABSENT)
        if different := self.differences(name, status.ADOPTED):
            raise DeployError(
                f"stack {name}: adopted, and not as the template says: {'; '.join(different)}. Nothing of it was "
                "changed: mend it, or deploy again to go on with it as it is. Where only the settings changed since, "
                "deploy with those of before, then with these"
            )
        return changes

    def settled(self, stack: StackModule, name: str) -> str:
        """Return the stack's status once nothing is under way in it; DeployError if it cannot be deployed."""
        state = status.settled(self.cloudformation, name, self.interval)
        status.check_deployable(name, state, _DELETERS[stack.principal])
        return state

    def continue_rollback(self, name: str) -> str:
        """Take a rollback further that failed, and return the status after it; DeployError if it fails again."""
        token = status.new_token()
        try:
            self.cloudformation.continue_update_rollback(StackName=name, ClientRequestToken=token)
        except ClientError as error:
            raise DeployError(f"stack {name}: its failed rollback cannot be continued: {error}") from error
        state = status.settled(self.cloudformation, name, self.interval)
        if state == status.ROLLBACK_STUCK:
            raise DeployError(
                f"stack {name}: its rollback failed again: {status.reasons(self.cloudformation, name, token)}; deploy "
                "it with --break-glass-profile if a guardrail denies that"
            )
        return state

    def change_set(
        self, name: str, template: str, kind: str, **request: Any
    ) -> AbstractContextManager[PreparedChangeSet]:
        document = _document(template)
        return change_set.created(
            self.cloudformation,
            name,
            template,
            self.interval,
            ChangeSetType=kind,
            Parameters=self.parameters(name, document.get("Parameters", {})),
            Tags=[{"Key": "Application", "Value": self.settings.name}],
            **self.template_argument(name, template),
            **request,
        )

    def template_argument(self, name: str, template: str) -> dict[str, str]:
        """Return the template in the request where it fits, as YAML or as JSON, else where it was uploaded.

        Management may not write to the artifact bucket, which is of the workload's account.
        """
        for text in (template, _compact(template)):
            if len(text.encode()) <= TEMPLATE_BODY_BYTES:
                return {"TemplateBody": text}
        body = template.encode()
        key = f"templates/{name}/{hashlib.sha256(body).hexdigest()}.yaml"
        self.upload(key, body)
        host = f"s3.{self.settings.home_region}.{domain(self.settings.partition)}"
        return {"TemplateURL": f"https://{self.settings.artifact_bucket}.{host}/{key}"}

    def parameters(self, name: str, declared: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return values for the template's parameters that have no default; each has its one source here."""
        sources = {"CodeKey": self.code_key, "DynamoDbPrefixListId": self.dynamodb_prefix_list}
        required = sorted(key for key, value in declared.items() if "Default" not in value)
        for parameter in required:
            if parameter not in sources:
                raise DeployError(f"stack {name}: no value for its parameter {parameter}")
        return [{"ParameterKey": parameter, "ParameterValue": sources[parameter]()} for parameter in required]

    def upload(self, key: str, body: bytes) -> None:
        bucket = self.settings.artifact_bucket
        try:
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=body, ServerSideEncryption="aws:kms")
        except ClientError as error:
            raise DeployError(
                f"bucket {bucket}: {error}; it must exist and the deployer must be able to write to it "
                "(settings: buckets.artifacts)"
            ) from error

    def execute(self, name: str, changing: PreparedChangeSet, state: str) -> None:
        """Make the changes and wait; what succeeds is kept if another fails, unless a resource is to be replaced.

        CloudFormation refuses that without rollback ("Replacement type updates not supported on stack with
        disable-rollback"), and takes a failed stack further only without.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
        """
        token, changes = status.new_token(), changing.changes or ()
        kept = state in status.FAILED or not any(change.replaces or change.action == "Import" for change in changes)
        try:
            changing.execute(token, disable_rollback=kept)
        except ClientError as error:
            raise DeployError(f"stack {name}: {error}{_whom_to_ask(error)}") from error
        ended = status.settled(self.cloudformation, name, self.interval)
        if ended not in status.SUCCEEDED:
            reasons = status.reasons(self.cloudformation, name, token)
            advice = "what succeeded is kept" if ended in status.FAILED else f"the stack is {ended}"
            remedy = "mend this, and run the same command again"
            if _NO_REPLACEMENT in reasons:
                remedy = f"go back with `aws cloudformation rollback-stack --stack-name {name}`, then run it again"
            raise DeployError(f"stack {name}: {reasons}; {advice}: {remedy}")

    def code_key(self) -> str:
        """Upload the function's package and return its key, which has its hash: another package is another key."""
        body = package.build()
        key = package.code_key(body)
        self.upload(key, body)
        return key

    def dynamodb_prefix_list(self) -> str:
        """Return the prefix list of DynamoDB's addresses in this region, to which the function's requests may go."""
        name = f"com.amazonaws.{self.settings.home_region}.dynamodb"
        lists = self.client("ec2").describe_managed_prefix_lists(
            Filters=[{"Name": "prefix-list-name", "Values": [name]}]
        )["PrefixLists"]
        if len(lists) != 1:
            raise DeployError(f"prefix list {name}: {len(lists)} found in {self.settings.home_region}, 1 expected")
        return str(lists[0]["PrefixListId"])


def _rendered(settings: Settings, stacks: tuple[StackModule, ...]) -> Mapping[str, str]:
    return {stack.name: _template(settings, stack) for stack in stacks}


@lru_cache(maxsize=32)
def _template(settings: Settings, stack: StackModule) -> str:
    """Return a stack's template, which a plan and the deployment after it both need."""
    return render(settings, (stack,))[stack.name]


@lru_cache(maxsize=32)
def _compact(template: str) -> str:
    return json.dumps(_document(template), separators=(",", ":"))


@lru_cache(maxsize=32)
def _document(template: str) -> Mapping[str, Any]:
    """Return a template's document; reading the larger ones takes a third of a second."""
    document: Mapping[str, Any] = cloudformation_yaml.load(template)
    return document
