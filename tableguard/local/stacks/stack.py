"""A stack as moto's CloudFormation keeps and describes it; tableguard.local.stacks.types create its resources.

Attributes are named as moto's serializer looks for them: DescribeStacks' StackStatusReason is `status_reason`.
Not modelled: CloudFormation passes a stack's tags on to its resources; here they stay on the stack.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Event
from moto.cloudformation.parsing import generate_resource_name
from moto.cloudformation.utils import generate_stack_id
from moto.core.utils import utcnow
from moto.utilities.utils import get_partition

from tableguard.cloudformation.parameters import parameter_values
from tableguard.cloudformation.resource_type import Client, Context, ResourceHandle
from tableguard.cloudformation.scope import Output, StackScope
from tableguard.errors import EmbeddedError
from tableguard.local.clients.factory import Clients
from tableguard.local.stacks.changes.proposal import Proposal
from tableguard.local.stacks.exports import StackOutputs, exported_value
from tableguard.local.stacks.resources import REFUSALS, StackError, StackEvent, StackResource, StackResources
from tableguard.local.stacks.submission import Submission
from tableguard.local.stacks.types import ALL
from tableguard.partitions import domain

_STACK_TYPE = "AWS::CloudFormation::Stack"
# how the removal of what a failed creation made ends, by what was asked for
_ENDS = {"ROLLBACK": ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"), "DELETE": ("DELETE_COMPLETE", "DELETE_FAILED")}


@dataclass(frozen=True)
class Execution:
    """The choices of one operation: its token, and what becomes of resources when one of them fails."""

    token: str | None = None
    disable_rollback: bool = False
    on_failure: str = ""

    @property
    def keeps_what_succeeded(self) -> bool:
        """Return True if a failure leaves the other resources as they are."""
        return self.disable_rollback or self.on_failure == "DO_NOTHING"


ROLLING_BACK = Execution()


@dataclass(frozen=True)
class ResourceSummary:
    """A resource of a stack as DescribeStackResources returns it."""

    stack_id: str
    stack_name: str
    logical_resource_id: str
    physical_resource_id: str
    resource_type: str
    resource_status: str
    timestamp: datetime

    @property
    def cf_resource_type(self) -> str:
        """Return the type under the name that ListStackResources reads."""
        return self.resource_type

    @property
    def last_updated_timestamp(self) -> datetime:
        """Return the time of the status under the name that DescribeStackResource reads."""
        return self.timestamp


class EmbeddedStack:
    """One stack of an account and region, from its first change set to its deletion."""

    def __init__(self, backend: CloudFormationBackend, name: str) -> None:
        self.backend, self.name = backend, name
        self.stack_id = generate_stack_id(name, backend.region_name, backend.account_id)
        self.resources = StackResources(ALL, self._context, self._record)
        self.submission: Submission | None = None
        self.stable: Submission | None = None  # the last with which all resources were as submitted
        self.unfinished: frozenset[str] = frozenset()  # resources that are not yet as submitted
        self.token: str | None = None  # ClientRequestToken of the operation under way
        self.rollback_disabled, self.on_failure = False, ""
        self.scope: StackScope | None = None  # of the stable submission
        self.exports = StackOutputs(backend, self.stack_id)
        self.clients: Clients | None = None
        self.events: list[Event] = []
        self.creation_time = utcnow()
        self.last_updated_time: datetime | None = None
        self.status_reason: str | None = None
        self.enable_termination_protection = False
        self.policy = ""
        self.status = ""  # of a stack that is not there yet
        self.change_set_id: str | None = None  # of the last one that was executed
        self.drift_information: dict[str, Any] = {"StackDriftStatus": "NOT_CHECKED"}  # of the last detection

    def await_review(self) -> None:
        """Begin the life of a stack with a change set."""
        if not self.status:
            self._set_status("REVIEW_IN_PROGRESS", "User Initiated")

    @property
    def stack_name(self) -> str:
        """Return the name as ListStacks reads it."""
        return self.name

    @property
    def stack_status(self) -> str:
        """Return the status as ListStacks reads it."""
        return self.status

    @property
    def stack_status_reason(self) -> str | None:
        """Return the status's reason as ListStacks reads it."""
        return self.status_reason

    @property
    def template_description(self) -> str | None:
        """Return the template's description as ListStacks reads it."""
        return self.description

    @property
    def template(self) -> str:
        """Return the template as it was submitted."""
        return self.submission.text if self.submission else ""

    @property
    def description(self) -> str | None:
        """Return the template's description."""
        return self.submission.template.description if self.submission else None

    @property
    def tags(self) -> Mapping[str, str]:
        """Return the stack's own tags."""
        return self.submission.tags if self.submission else {}

    @property
    def parameters(self) -> list[dict[str, str]]:
        """Return every parameter with its value, which NoEcho hides."""
        shown = self.submission.shown_values if self.submission else {}
        return [{"ParameterKey": name, "ParameterValue": value} for name, value in shown.items()]

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """Return the outputs, each with the name under which it is exported."""
        return self.exports.describe()

    @property
    def stack_resources(self) -> list[ResourceSummary]:
        """Return the existing resources."""
        return [self._summary(logical_id) for logical_id in self.resources.existing]

    def scope_of(self, submission: Submission, existing: Mapping[str, StackResource] | None = None) -> StackScope:
        """Return the scope of a template submitted for this stack; EmbeddedError if its parameters are refused.

        The resources that it refers to are those of the stack, unless others are given.
        """
        region = self.backend.region_name
        pseudo = {
            "AWS::AccountId": self.backend.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": get_partition(region),
            "AWS::Region": region,
            "AWS::StackId": self.stack_id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": domain(get_partition(region)),
        }
        values = pseudo | parameter_values(submission.template, submission.parameters)
        handle = self.resources.handle if existing is None else partial(_handle, existing)
        return StackScope(submission.template, values, handle, self._exported, self._zones)

    def changes(
        self, submission: Submission, existing: Mapping[str, StackResource] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the change that a submission means for each resource, in the words of DescribeChangeSet.

        What it changes are the resources as they were deployed, unless it is told how they are.
        """
        before = self.scope_of(self.submission) if self.submission else None
        return Proposal(
            self.scope_of(submission, existing),
            self.resources.existing if existing is None else existing,
            before.template.resources if before else {},
            before.values if before else {},
            self.unfinished,
        ).changes()

    def create(self, submission: Submission, clients: Clients, execution: Execution = ROLLING_BACK) -> None:
        """Create the stack; if a resource fails, delete those created so far or keep them, and set the reason."""
        self.submission = submission
        self._apply("CREATE", submission, clients, execution)

    def update(self, submission: Submission, clients: Clients, execution: Execution = ROLLING_BACK) -> None:
        """Update the stack; if a resource fails, undo the changes made so far or keep them, and set the reason."""
        self.last_updated_time = utcnow()
        self._apply("UPDATE", submission, clients, execution)

    def revert(
        self, submission: Submission, actual: dict[str, StackResource], clients: Clients, execution: Execution
    ) -> None:
        """Update the stack from how its resources are; where that is rolled back, they are as before, and so drifted.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/drift-aware-change-sets.html
        """
        deployed, self.resources.existing = self.resources.existing, dict(actual)
        self.update(submission, clients, execution)
        if "ROLLBACK" in self.status:
            now = self.resources.existing
            self.resources.existing = {
                name: replace(now.get(name, resource), properties=resource.properties)
                for name, resource in deployed.items()
            }

    def adopt(
        self, submission: Submission, identifiers: Mapping[str, str], clients: Clients, execution: Execution
    ) -> None:
        """Import existing resources; if one of them cannot be, none is, and the reason is set."""
        self.clients, self.token = clients, execution.token
        scope = self.scope_of(submission)
        self._set_status("IMPORT_IN_PROGRESS", "User Initiated")
        try:
            self.resources.adopt(scope, identifiers, self._taken())
        except StackError as error:
            self._set_status("IMPORT_ROLLBACK_IN_PROGRESS", str(error))
            self._set_status("IMPORT_ROLLBACK_COMPLETE")
            return
        scope.imports |= self.scope.imports if self.scope else set()  # of the resources that were there
        self._become(submission, scope)
        self._set_status("IMPORT_COMPLETE")

    def _taken(self) -> frozenset[tuple[str, str]]:
        """Return the resources, by type and physical id, of every stack in this account and region."""
        stacks: list[Any] = list(self.backend.stacks.values())
        return frozenset(
            (resource.type.name, resource.handle.physical_id)
            for stack in stacks
            for resource in stack.resources.existing.values()
        )

    def roll_back(self, clients: Clients, execution: Execution, skip: Sequence[str] = ()) -> None:
        """Take the resources back to what they were when the stack was last stable, but for those to skip.

        A stack that never was stable loses all of them, except those to be retained.
        """
        self.clients, self.token = clients, execution.token
        rollback = "UPDATE_ROLLBACK" if self.stable is not None else "ROLLBACK"
        skippable = self._failed_to_roll_back()
        unknown = sorted(set(skip) - skippable)
        if unknown:
            raise EmbeddedError(
                f"[{', '.join(unknown)}] cannot be skipped: not UPDATE_FAILED because a rollback failed"
            )
        self._set_status(f"{rollback}_IN_PROGRESS", "User Initiated")
        if self.stable is None:
            self._remove_created("ROLLBACK", tuple(self.resources.existing))
        else:
            self._restore(self.stable, skip)

    def _failed_to_roll_back(self) -> frozenset[str]:
        """Return the resources that failed since the last rollback began: these alone may be skipped."""
        statuses = dict[str, str]()
        for event in self.events:
            began = event.logical_resource_id == self.name and event.resource_status.endswith("ROLLBACK_IN_PROGRESS")
            statuses = {} if began else {**statuses, event.logical_resource_id: event.resource_status}
        return frozenset(name for name, status in statuses.items() if status == "UPDATE_FAILED" and name != self.name)

    def _restore(self, stable: Submission, skip: Sequence[str]) -> None:
        """Update the resources to what they were, but for those to skip, and remove those that are new since then."""
        scope = self.scope_of(stable)
        self.resources.accept(scope, skip)
        behind = self.resources.advance(scope, lambda: None, skip, disabled=False)
        if behind:
            self._set_status("UPDATE_ROLLBACK_FAILED", _failed("update", behind))
            return
        self.submission, self.unfinished = stable, frozenset()  # its scope, and what it imports, never changed
        new = tuple(name for name in self.resources.existing if name not in scope.active_resources())
        self._remove_created("UPDATE_ROLLBACK", new)

    def _remove_created(self, rollback: str, created: tuple[str, ...]) -> None:
        """End a rollback: remove what is new. Of an update that is cleaning up, which nothing stops.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
        """
        if rollback == "UPDATE_ROLLBACK":
            self._set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
            self._set_status("UPDATE_ROLLBACK_COMPLETE", self._clean_up(created, undoing=True))
            return
        complete, failed = _ENDS[rollback]
        try:
            self.resources.remove(created, undoing=True)
        except StackError as error:
            self._set_status(failed, str(error))
            return
        self._set_status(complete)

    def delete(self, clients: Clients, token: str | None = None, retained: Sequence[str] = ()) -> None:
        """Delete the resources, except those to be retained; EmbeddedError if the stack must not be deleted."""
        self._check_deletion()
        self.clients, self.token = clients, token
        self._set_status("DELETE_IN_PROGRESS", "User Initiated")
        self.resources.retain(retained)
        try:
            self.resources.remove(tuple(self.resources.existing))
        except StackError as error:
            self._set_status("DELETE_FAILED", str(error))
            return
        self.exports.publish(())
        self._set_status("DELETE_COMPLETE")

    def _apply(self, verb: str, submission: Submission, clients: Clients, execution: Execution) -> None:
        self.clients, self.token = clients, execution.token
        self.rollback_disabled, self.on_failure = execution.disable_rollback, execution.on_failure
        scope = self.scope_of(submission)
        self._set_status(f"{verb}_IN_PROGRESS", "User Initiated")
        outputs: list[Output] = []

        def check() -> None:
            outputs.extend(scope.outputs())
            self.exports.check(tuple(outputs))

        make = self._advance if execution.keeps_what_succeeded else self._make_or_undo
        if make(verb, submission, scope, check):
            self._become(submission, scope)
            self.exports.publish(tuple(outputs))
            self._finish(verb, scope)

    def _finish(self, verb: str, scope: StackScope) -> None:
        if verb == "UPDATE":
            self._set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = tuple(name for name in self.resources.existing if name not in scope.active_resources())
        self._set_status(f"{verb}_COMPLETE", self._clean_up(gone))

    def _become(self, submission: Submission, scope: StackScope) -> None:
        """Take a submission, all of which was made, as that of the stack, with which the next one is compared."""
        self.submission = self.stable = submission
        self.scope, self.unfinished = scope, frozenset()

    def _make_or_undo(self, verb: str, _: Submission, scope: StackScope, check: Callable[[], None]) -> bool:
        rollback = "UPDATE_ROLLBACK" if verb == "UPDATE" else "DELETE" if self.on_failure == "DELETE" else "ROLLBACK"
        try:
            self.resources.apply(
                scope,
                on_success=check,
                on_failure=lambda reason: self._set_status(f"{rollback}_IN_PROGRESS", _requested(rollback, reason)),
            )
        except StackError as error:
            if error.restored:
                self._remove_created(rollback, error.created)
            else:
                self._set_status("UPDATE_ROLLBACK_FAILED", str(error))
            return False
        return True

    def _advance(self, verb: str, submission: Submission, scope: StackScope, check: Callable[[], None]) -> bool:
        """Take the resources as far as they go; keep the submission, as the next one takes the stack further."""
        try:
            behind = self.resources.advance(scope, check)
            reason = _failed(verb.lower(), behind) if behind else None
        except REFUSALS as error:  # of the outputs
            behind, reason = frozenset(), str(error)
        if reason is None:
            return True
        # a stack that never was stable stays one that is being created
        failed = "CREATE_FAILED" if self.stable is None else "UPDATE_FAILED"
        self.submission, self.unfinished = submission, behind
        self._set_status(failed, reason)
        return False

    def _clean_up(self, gone: Sequence[str], undoing: bool = False) -> str | None:
        """Delete resources that left the stack; return the reason if some cannot be, which AWS abandons too.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-resource-removed-not-deleted
        """
        try:
            self.resources.remove(gone, undoing)
        except StackError as error:
            self.resources.abandon(gone)
            return str(error)
        return None

    def _check_deletion(self) -> None:
        if self.enable_termination_protection:
            raise EmbeddedError(f"Stack [{self.name}] cannot be deleted while TerminationProtection is enabled")
        self.exports.check_deletion()

    def _exported(self, name: str) -> Any | None:
        return exported_value(self.backend, name)

    def _zones(self, region: str) -> list[str]:
        zones = self._client("ec2", region).describe_availability_zones()["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in zones)

    def _client(self, service: str, region: str | None = None) -> Client:
        """Return a client that acts as the caller of the operation under way."""
        if self.clients is None:
            raise EmbeddedError(f"stack {self.name}: nobody has asked for anything yet")
        return self.clients(service, self.backend.account_id, region or self.backend.region_name)

    def _context(self, logical_id: str, type_name: str) -> Context:
        return Context(
            account_id=self.backend.account_id,
            region=self.backend.region_name,
            stack_name=self.name,
            logical_id=logical_id,
            client=self._client,
            generated_name=generate_resource_name(type_name, self.name, logical_id),
        )

    def _set_status(self, status: str, reason: str | None = None) -> None:
        self.status, self.status_reason = status, reason
        self._record(StackEvent(self.name, _STACK_TYPE, self.stack_id, status, reason))

    def _record(self, event: StackEvent) -> None:
        recorded: Any = Event(
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=event.logical_id,
            physical_resource_id=event.physical_id,
            resource_type=event.type,
            resource_status=event.status,
            resource_status_reason=event.reason,
            resource_properties=None,
        )
        recorded.client_request_token = self.token
        self.events.append(recorded)

    def _summary(self, logical_id: str) -> ResourceSummary:
        resource = self.resources.existing[logical_id]
        last = next(event for event in reversed(self.events) if event.logical_resource_id == logical_id)
        return ResourceSummary(
            stack_id=self.stack_id,
            stack_name=self.name,
            logical_resource_id=logical_id,
            physical_resource_id=resource.handle.physical_id,
            resource_type=resource.type.name,
            resource_status=last.resource_status,
            timestamp=last.timestamp,
        )


def _handle(existing: Mapping[str, StackResource], logical_id: str) -> ResourceHandle | None:
    resource = existing.get(logical_id)
    return None if resource is None else resource.handle


def _requested(rollback: str, reason: str) -> str:
    return f"{reason.rstrip('.')}. {'Delete' if rollback == 'DELETE' else 'Rollback'} requested by user."  # AWS's words


def _failed(verb: str, logical_ids: Iterable[str]) -> str:
    return f"The following resource(s) failed to {verb}: [{', '.join(sorted(logical_ids))}]."
