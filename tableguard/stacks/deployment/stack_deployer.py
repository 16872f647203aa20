"""Deploys one stack: waits for what is under way, adopts, makes a change set, has it approved, executes it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

from botocore.exceptions import ClientError

from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks import drift, events, status, waiting
from tableguard.stacks.change_set import PollInterval, PreparedChangeSet
from tableguard.stacks.changes import ResourceChange
from tableguard.stacks.deployment import adoption, default_group, remedies
from tableguard.stacks.deployment.existing import AccountSession
from tableguard.stacks.deployment.requests import ChangeSetRequests, document
from tableguard.stacks.events import ResourceEvent, Validation
from tableguard.stacks.registry import Principal, StackModule

Session = Any  # boto3.Session, whose clients botocore makes at run time
DeploymentOutcome = Literal["created", "adopted", "updated", "unchanged"]
Approve = Callable[[StackModule, PreparedChangeSet], bool]
Show = Callable[[str, ResourceEvent], None]  # the stack's name, and what became of a resource
_DELETERS: Mapping[Principal, str] = MappingProxyType(
    {
        "administrator": "the administrator, or break-glass once the guardrails are attached",
        "deployer": "break-glass",  # whom the access stack has made; the deployer may delete no stack
        "management": "the management principal",
        "archive": "the log archive's administrator",
    }
)


@dataclass(frozen=True)
class Deployment:
    """The outcome of deploying one stack."""

    stack: str
    stack_name: str
    outcome: DeploymentOutcome
    changes: tuple[ResourceChange, ...]
    seconds: float
    closed_group: str = ""  # the default security group of a new VPC, where this deployment closed it


@dataclass(frozen=True)
class PlannedStack:
    """A stack before anything is changed: its status, its changes, and the template that is deployed.

    `changes` is None of a stack without changes, and of one that cannot have a change set yet: `status` is then
    ABSENT, or says that a rollback has to be continued first. `deployed` is empty of a stack that does not exist.
    `differences` are those between the template and what an earlier run adopted. `open_group` says that the default
    security group of the VPC which the stack makes has rules, or will have. `warnings` are CloudFormation's own, of
    its pre-deployment validation.
    """

    stack: StackModule
    stack_name: str
    status: str
    changes: tuple[ResourceChange, ...] | None
    template: Mapping[str, Any]
    deployed: Mapping[str, Any]
    differences: tuple[str, ...] = ()
    open_group: bool = False
    warnings: tuple[Validation, ...] = ()


def silent(_stack_name: str, _event: ResourceEvent) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Reporting:
    """Who approves a stack's changes, is shown what becomes of its resources, and says what helps after a failure."""

    approve: Approve
    show: Show = silent
    remedy: Callable[[str], str] = remedies.likely


def _refuse_all(_stack: StackModule, _changing: PreparedChangeSet) -> bool:
    return False


def planning(show: Show = silent) -> Reporting:
    """Return the reporting of a plan, which changes nothing, and may wait for what is under way."""
    return Reporting(_refuse_all, show)


class StackDeployer:
    """Deploys stacks with one session."""

    def __init__(self, settings: Settings, session: Session, interval: PollInterval, reporting: Reporting) -> None:
        self.settings, self.session, self.interval, self.reporting = settings, session, interval, reporting
        self.requests = ChangeSetRequests(settings, session, interval)
        self.cloudformation = self.requests.client("cloudformation")

    def with_closed_group(self, deployment: Deployment) -> Deployment:
        """Close the default security group of the VPC that a stack made; DeployError if EC2 refuses."""
        name = deployment.stack_name
        try:
            group = default_group.close(self.requests.client("ec2"), self.cloudformation, name)
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
        return default_group.is_open(self.requests.client("ec2"), self.cloudformation, planned.stack_name)

    def plan(self, stack: StackModule, template: str) -> PlannedStack:
        """Return what deploying a stack would change; the change set that this makes is deleted again."""
        name, wanted = self.settings.stack_name(stack.name), document(template)
        state = self.settled(stack, name)
        if self.is_empty(name, state):
            return PlannedStack(stack, name, status.ABSENT, None, wanted, {})
        if state == status.ROLLBACK_STUCK:
            return PlannedStack(stack, name, state, None, wanted, {})
        with self.requests.change_set(name, template, "UPDATE") as prepared:
            changes, warnings = prepared.changes, prepared.warnings
        body = self.cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        deployed = document(body) if isinstance(body, str) else body
        differences = self.differences(name, state)
        return PlannedStack(stack, name, state, changes, wanted, deployed, differences, warnings=warnings)

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

    def deploy(self, stack: StackModule, template: str) -> Deployment:
        """Take a stack to its template from whatever state it is in; DeployError says why that failed."""
        started = time.perf_counter()
        name = self.settings.stack_name(stack.name)
        state = self.settled(stack, name)
        if state == status.ROLLBACK_STUCK:
            state = self.continue_rollback(name)
        adopted: tuple[ResourceChange, ...] = ()
        if self.is_empty(name, state) and (adopted := self.adopt(stack, name, template)):
            state = self.settled(stack, name)
        changes = self.change(stack, name, template, state)
        self.protect(name)
        changed: DeploymentOutcome = "created" if state == status.ABSENT else "updated"
        outcome: DeploymentOutcome = "adopted" if adopted else "unchanged" if changes is None else changed
        return Deployment(stack.name, name, outcome, (*adopted, *(changes or ())), time.perf_counter() - started)

    def change(self, stack: StackModule, name: str, template: str, state: str) -> tuple[ResourceChange, ...] | None:
        """Make the approved changes of a stack, and return them; None of one that has none."""
        with self.requests.change_set(name, template, "CREATE" if state == status.ABSENT else "UPDATE") as changing:
            if changing.changes is not None:
                self.approve(stack, changing)
                self.execute(name, changing, state)
            elif state in status.FAILED:
                raise DeployError(
                    f"stack {name}: is {state}, and its template has no changes that would take it further; go back "
                    f"with: aws cloudformation rollback-stack --stack-name {name}"
                )
        return changing.changes

    def approve(self, stack: StackModule, changing: PreparedChangeSet, what: str = "changes") -> None:
        """Have the changes approved; DeployError if they are not."""
        if not self.reporting.approve(stack, changing):
            name = self.settings.stack_name(stack.name)
            raise DeployError(f"stack {name}: the {what} were not approved; nothing was changed")

    def protect(self, name: str) -> None:
        """Turn termination protection on where it is off; the guardrails leave the switch to exempt roles."""
        (described,) = self.cloudformation.describe_stacks(StackName=name)["Stacks"]
        if not described.get("EnableTerminationProtection"):
            self.cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)

    def adopt(self, stack: StackModule, name: str, template: str) -> tuple[ResourceChange, ...]:
        """Import what an earlier life of the stack left, and return these changes; DeployError if it is in the way."""
        wanted = document(template)
        place = AccountSession(stack.account(self.settings), self.settings.home_region, self.session)
        existing = adoption.find(place, wanted)
        if existing.obstacles:
            raise DeployError(f"stack {name}: {'; '.join(existing.obstacles)}; nothing was changed")
        if not existing.resources:
            return ()
        to_import = [resource.to_import for resource in existing.resources]
        body = existing.template(wanted)
        with self.requests.change_set(name, body, "IMPORT", ResourcesToImport=to_import) as importing:
            changes = importing.changes or ()
            self.approve(stack, importing, "imports")
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
        state = status.status_of(self.cloudformation, name)
        if state.endswith("_IN_PROGRESS"):
            state = self.waited(name)
        status.check_deployable(name, state, _DELETERS[stack.principal])
        return state

    def waited(self, name: str, token: str = "") -> str:
        """Wait for an operation, or for what is under way, and return the status after it; its events are shown."""
        watch = events.EventFollower(self.cloudformation, name, lambda event: self.reporting.show(name, event), token)
        return waiting.settled(self.cloudformation, name, self.interval, watch)

    def continue_rollback(self, name: str) -> str:
        """Take a rollback further that failed, and return the status after it; DeployError if it fails again."""
        token = events.new_token()
        try:
            self.cloudformation.continue_update_rollback(StackName=name, ClientRequestToken=token)
        except ClientError as error:
            raise DeployError(f"stack {name}: its failed rollback cannot be continued: {error}") from error
        state = self.waited(name, token)
        if state == status.ROLLBACK_STUCK:
            raise DeployError(
                f"stack {name}: its rollback failed again: {events.reasons(self.cloudformation, name, token)}; deploy "
                "it with --break-glass-profile if a guardrail denies that"
            )
        return state

    def execute(self, name: str, changing: PreparedChangeSet, state: str) -> None:
        """Make the changes and wait; what succeeds is kept if another fails, unless a resource is to be replaced.

        CloudFormation refuses that without rollback ("Replacement type updates not supported on stack with
        disable-rollback"), and takes a failed stack further only without.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
        """
        token, changes = events.new_token(), changing.changes or ()
        kept = state in status.FAILED or not any(change.replaces or change.action == "Import" for change in changes)
        try:
            changing.execute(token, disable_rollback=kept)
        except ClientError as error:
            raise DeployError(f"stack {name}: {error}{remedies.of_refusal(error, self.reporting.remedy)}") from error
        ended = self.waited(name, token)
        if ended not in status.SUCCEEDED:
            reasons = events.failures(self.cloudformation, name, token)
            raise DeployError(f"stack {name}: {remedies.after(name, reasons, ended, self.reporting.remedy)}")
