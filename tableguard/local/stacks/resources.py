"""The resources of one stack: created in order, changed in place, rolled back when one fails, deleted in reverse."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.aws.resource_properties import refusals
from tableguard.cloudformation.functions import evaluate
from tableguard.cloudformation.resource_type import (
    AbsentError,
    Context,
    Properties,
    ResourceHandle,
    ResourceType,
    says_absent,
)
from tableguard.cloudformation.scope import StackScope
from tableguard.errors import EmbeddedError, TableguardError
from tableguard.local.stacks.changes.recreation import replacement
from tableguard.local.stacks.existing import FINDERS
from tableguard.local.stacks.tracked_properties import TrackedProperties

Update = Callable[[Context, ResourceHandle, Properties], ResourceHandle]
# the errors by which a service, a handler or the template refuses; any other is a fault of ours and is not caught
REFUSALS = (BotoCoreError, ClientError, TableguardError)


@dataclass(frozen=True)
class StackResource:
    """An existing resource of a stack, its properties with every intrinsic resolved, and its deletion policy.

    A resource is uncertain once a change of it could neither be made nor undone: the next operation changes it anew.
    """

    context: Context
    type: ResourceType
    properties: Properties
    handle: ResourceHandle
    deletion_policy: str
    uncertain: bool = False


@dataclass(frozen=True)
class StackEvent:
    """An event of a stack: a status that one of its resources, or the stack itself, has reached."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str | None = None


class StackError(EmbeddedError):
    """Resources of a stack failed; `restored` is false if a change made before could not be undone.

    `created` are the resources that are new, and still there.
    """

    def __init__(self, text: str, restored: bool = True, created: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.restored, self.created = restored, created


@dataclass(frozen=True)
class Journal:
    """What one operation did: how its changes are undone, and what it created."""

    undo: list[Callable[[], None]] = field(default_factory=list)
    created: list[str] = field(default_factory=list)

    def restored(self) -> bool:
        """Undo every change, the last first, also after one that cannot be undone; return whether all could."""
        successes = [_succeeds(step) for step in reversed(self.undo)]
        return all(successes)


class StackResources:
    """The existing resources of a stack by logical id, each after those it depends on."""

    def __init__(
        self,
        types: Mapping[str, ResourceType],
        context: Callable[[str, str], Context],
        record: Callable[[StackEvent], None],
    ) -> None:
        self.types, self.context, self.record = types, context, record
        self.existing: dict[str, StackResource] = {}

    def handle(self, logical_id: str) -> ResourceHandle | None:
        """Return the handle of a resource, or None if it does not exist."""
        resource = self.existing.get(logical_id)
        return None if resource is None else resource.handle

    def apply(self, scope: StackScope, on_success: Callable[[], None], on_failure: Callable[[str], None]) -> None:
        """Create and update resources as the template says, then call `on_success`.

        A refusal, by a resource or by `on_success`, is passed to `on_failure`; then every change is undone, and
        StackError raised, which names what was created.
        """
        journal, wanted = Journal(), scope.active_resources()
        try:
            for logical_id in wanted:
                self._apply(scope, logical_id, journal)
            on_success()
        except REFUSALS as error:
            on_failure(str(error))
            raise StackError(str(error), journal.restored(), tuple(journal.created)) from error
        self._reorder(wanted)

    def adopt(self, scope: StackScope, identifiers: Mapping[str, str], taken: Collection[tuple[str, str]]) -> None:
        """Import existing resources by their identifiers; StackError if one is not there or is `taken` by a stack.

        None of them is changed: CloudFormation does not compare them with the template.
        """
        wanted = scope.active_resources()
        for logical_id in (name for name in wanted if name in identifiers):
            try:
                self._adopt(logical_id, scope, identifiers[logical_id], taken)
            except REFUSALS as error:
                self._record(logical_id, scope.template.resources[logical_id]["Type"], "IMPORT_FAILED", str(error))
                self.abandon(identifiers)
                raise StackError(f"The following resource(s) failed to import: [{logical_id}].") from error
        self._reorder(wanted)

    def _adopt(self, logical_id: str, scope: StackScope, identifier: str, taken: Collection[tuple[str, str]]) -> None:
        declared = scope.template.resources[logical_id]
        resource_type = self.types[declared["Type"]]
        context = self.context(logical_id, resource_type.name)
        properties = evaluate(declared.get("Properties", {}), scope)
        self._record(logical_id, resource_type.name, "IMPORT_IN_PROGRESS")
        handle = FINDERS[resource_type.name](context, identifier, properties)
        if (resource_type.name, handle.physical_id) in taken:  # a key may be named by its ARN
            raise EmbeddedError(f"{resource_type.name} {identifier} already exists in another stack")
        resource_type.read(context, handle)  # AbsentError, or the service's own, where there is none
        policy = declared["DeletionPolicy"]
        self.existing[logical_id] = StackResource(context, resource_type, properties, handle, policy)
        self._record(logical_id, resource_type.name, "IMPORT_COMPLETE")

    def advance(
        self, scope: StackScope, on_success: Callable[[], None], skip: Iterable[str] = (), disabled: bool = True
    ) -> frozenset[str]:
        """Take every resource as far as it goes, and return those that did not get there; an empty set is success.

        What depends on a failed resource is not tried, the rest is, and only a failed resource's own step is undone.
        `disabled` tells that rollback is disabled, which rules out replacements; `skip` names what stays as it is.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
        """
        wanted, behind = scope.active_resources(), set[str]()
        for logical_id in (name for name in wanted if name not in set(skip)):
            waits = bool(scope.template.dependencies(logical_id) & behind)
            if waits or not self._advances(scope, logical_id, disabled):
                behind.add(logical_id)
        if not behind:
            on_success()
            self._reorder(wanted)
        return frozenset(behind)

    def _advances(self, scope: StackScope, logical_id: str, disabled: bool) -> bool:
        journal = Journal()
        try:
            self._apply(scope, logical_id, journal, in_place=disabled)
        except StackError:
            journal.restored()
            for name in journal.created:
                self._remove(name, undoing=True)
            return False
        return True

    def accept(self, scope: StackScope, logical_ids: Iterable[str]) -> None:
        """Take resources to be as a template declares them, whatever they are: their rollback is skipped.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
        """
        for logical_id in logical_ids:
            resource, declared = self.existing[logical_id], scope.template.resources[logical_id]
            properties = evaluate(declared.get("Properties", {}), scope)
            self.existing[logical_id] = replace(resource, properties=properties, uncertain=False)
            self._record(logical_id, resource.type.name, "UPDATE_COMPLETE")

    def abandon(self, logical_ids: Iterable[str]) -> None:
        """Forget resources without deleting them."""
        for logical_id in logical_ids:
            self.existing.pop(logical_id, None)

    def retain(self, logical_ids: Iterable[str]) -> None:
        """Let resources be kept when they are removed, whatever their deletion policy."""
        for logical_id in self.existing.keys() & set(logical_ids):
            self._set_policy(logical_id, "Retain")

    def remove(self, logical_ids: Iterable[str], undoing: bool = False) -> None:
        """Delete resources, newest first, except those to be retained; StackError names those that could not be.

        `undoing` tells that their creation is rolled back, for which RetainExceptOnCreate does not hold.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
        """
        unwanted = [name for name in reversed(tuple(self.existing)) if name in set(logical_ids)]
        failed = [name for name in unwanted if not self._remove(name, undoing)]
        if failed:
            raise StackError(f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}].")

    def _apply(self, scope: StackScope, logical_id: str, journal: Journal, in_place: bool = False) -> None:
        declared, before = scope.template.resources[logical_id], self.existing.get(logical_id)
        verb = "CREATE" if before is None else "UPDATE"
        try:
            properties = evaluate(declared.get("Properties", {}), scope)
            changes = before is not None and (before.uncertain or before.properties != properties)
            if before is None or changes:
                _refuse_malformed(logical_id, declared["Type"], properties)
            if before is None:
                self._create(logical_id, declared, properties, journal)
            elif before.type.name != declared["Type"]:
                raise EmbeddedError(f"Update of resource type is not permitted: it was {before.type.name}")
            elif changes:
                self._update(logical_id, before, properties, journal, in_place)
            if before is not None:
                journal.undo.append(lambda: self._set_policy(logical_id, before.deletion_policy))
            self._set_policy(logical_id, declared.get("DeletionPolicy", "Delete"))
        except REFUSALS as error:
            self._record(logical_id, declared["Type"], f"{verb}_FAILED", str(error))
            raise StackError(f"The following resource(s) failed to {verb.lower()}: [{logical_id}].") from error

    def _create(self, logical_id: str, declared: Mapping[str, Any], properties: Properties, journal: Journal) -> None:
        resource_type = self.types[declared["Type"]]
        context, tracked = self.context(logical_id, resource_type.name), TrackedProperties(properties)
        self._record(logical_id, resource_type.name, "CREATE_IN_PROGRESS")
        handle = resource_type.create(context, tracked)
        # AWS tells of the id as soon as there is one
        self._record(logical_id, resource_type.name, "CREATE_IN_PROGRESS", "Resource creation Initiated", handle)
        policy = declared.get("DeletionPolicy", "Delete")
        self.existing[logical_id] = StackResource(context, resource_type, properties, handle, policy)
        journal.created.append(logical_id)
        _refuse_unread(resource_type, properties.keys(), tracked)
        self._record(logical_id, resource_type.name, "CREATE_COMPLETE")

    def _update(
        self,
        logical_id: str,
        before: StackResource,
        properties: Properties,
        journal: Journal,
        in_place: bool,
    ) -> None:
        names = before.properties.keys() | properties.keys()
        changed = {name for name in names if before.properties.get(name) != properties.get(name)}
        replaced, update = replacement(before.type, before.properties, properties), before.type.update
        if in_place and replaced != "False":
            raise EmbeddedError("Replacement type updates not supported on stack with disable-rollback.")  # AWS's words
        if update is None or replaced == "True":
            raise EmbeddedError(
                f"{before.type.name}: {', '.join(sorted(changed))} changed, for which CloudFormation would "
                f"{'replace' if replaced == 'True' else 'change'} the resource; the embedded AWS does not"
            )
        self._record(logical_id, before.type.name, "UPDATE_IN_PROGRESS")
        journal.undo.append(lambda: self._undo_update(logical_id, update, before.properties, properties))
        _refuse_unread(before.type, changed, self._change(logical_id, update, before.properties, properties))
        self._record(logical_id, before.type.name, "UPDATE_COMPLETE")

    def _change(self, logical_id: str, update: Update, before: Properties, now: Properties) -> TrackedProperties:
        """Update a resource and return its properties as they were read: those no longer declared with their defaults.

        A type without a default for such a property reads, itself, that it is no longer there.
        """
        resource = self.existing[logical_id]
        tracked = TrackedProperties(resource.type.with_defaults(before, now))
        handle = update(resource.context, resource.handle, tracked)
        self.existing[logical_id] = replace(resource, handle=handle, properties=now, uncertain=False)
        return tracked

    def _undo_update(self, logical_id: str, update: Update, before: Properties, now: Properties) -> None:
        """Change a resource back; if that fails, whoever continues tries once more.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
        """
        type_name = self.existing[logical_id].type.name
        self._record(logical_id, type_name, "UPDATE_IN_PROGRESS")
        try:
            self._change(logical_id, update, now, before)
        except REFUSALS as error:
            self.existing[logical_id] = replace(self.existing[logical_id], uncertain=True)
            self._record(logical_id, type_name, "UPDATE_FAILED", str(error))
            raise
        self._record(logical_id, type_name, "UPDATE_COMPLETE")

    def _remove(self, logical_id: str, undoing: bool) -> bool:
        """Delete or retain a resource by its policy; return whether it is off the stack."""
        resource = self.existing[logical_id]
        if resource.deletion_policy == "Retain" or (resource.deletion_policy == "RetainExceptOnCreate" and not undoing):
            self._record(logical_id, resource.type.name, "DELETE_SKIPPED")
        else:
            try:
                self._record(logical_id, resource.type.name, "DELETE_IN_PROGRESS")
                resource.type.delete(resource.context, resource.handle)
            except REFUSALS as error:
                if not _is_gone(resource, error):
                    self._record(logical_id, resource.type.name, "DELETE_FAILED", str(error))
                    return False
            self._record(logical_id, resource.type.name, "DELETE_COMPLETE")
        del self.existing[logical_id]
        return True

    def _set_policy(self, logical_id: str, policy: str) -> None:
        self.existing[logical_id] = replace(self.existing[logical_id], deletion_policy=policy)

    def _reorder(self, wanted: tuple[str, ...]) -> None:
        """Put resources in the template's order, those it no longer has last: they are deleted first."""
        gone = tuple(name for name in self.existing if name not in wanted)
        self.existing = {name: self.existing[name] for name in (*wanted, *gone)}

    def _record(
        self,
        logical_id: str,
        type_name: str,
        status: str,
        reason: str | None = None,
        handle: ResourceHandle | None = None,
    ) -> None:
        handle = handle or self.handle(logical_id)
        self.record(StackEvent(logical_id, type_name, handle.physical_id if handle else "", status, reason))


def _is_gone(resource: StackResource, refusal: Exception) -> bool:
    """Return True if a resource could not be deleted as it is deleted already, which satisfies CloudFormation too.

    That something does not exist may be said of a part of the resource alone: the whole is asked for.
    """
    if isinstance(refusal, AbsentError) or not says_absent(refusal):
        return isinstance(refusal, AbsentError)
    try:
        resource.type.read(resource.context, resource.handle)
    except REFUSALS as error:
        return says_absent(error)
    return False


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except REFUSALS:
        return False  # recorded as an event where it was refused
    return True


def _refuse_malformed(logical_id: str, type_name: str, properties: Properties) -> None:
    """Refuse properties that the type's schema does not have, or without those that it requires; AWS's words."""
    reasons = ", ".join(refusals(type_name, properties))
    if reasons:
        raise EmbeddedError(f"Properties validation failed for resource {logical_id} with message: [{reasons}]")


def _refuse_unread(resource_type: ResourceType, names: Iterable[str], tracked: TrackedProperties) -> None:
    """Refuse properties that the type neither read nor lists as not modelled: they would have no effect."""
    unread = sorted(set(names) - tracked.names_read - resource_type.not_modelled.keys())
    if unread:
        raise EmbeddedError(
            f"{resource_type.name}: the embedded AWS has no use for {', '.join(unread)}, "
            "and no reason why it is not modelled"
        )
