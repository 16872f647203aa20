"""The resources of one stack: made in order, changed in place, taken back when one fails, removed in reverse."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tableguard.cloudformation.functions import evaluate
from tableguard.cloudformation.resource_type import AbsentError, Context, Properties, ResourceHandle, ResourceType
from tableguard.cloudformation.scope import StackScope
from tableguard.errors import EmbeddedError, TableguardError

Update = Callable[[Context, ResourceHandle, Properties], ResourceHandle]
# how a service, a handler or the template itself refuses; anything else is a fault of ours and is not caught
REFUSALS = (BotoCoreError, ClientError, TableguardError)


@dataclass(frozen=True)
class Resource:
    """A resource that exists, the properties it was made with, every intrinsic resolved, and what becomes of it."""

    context: Context
    type: ResourceType
    properties: Properties
    handle: ResourceHandle
    deletion_policy: str


@dataclass(frozen=True)
class Told:
    """What happened to a resource: an event of the stack."""

    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str | None = None


class StackError(EmbeddedError):
    """Resources of a stack failed; `undone` tells whether everything done before could be taken back."""

    def __init__(self, text: str, undone: bool = True) -> None:
        super().__init__(text)
        self.undone = undone


class Read(dict[str, Any]):
    """Properties that remember which of them were read: what no handler reads has no effect."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        super().__init__(properties)
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def __missing__(self, key: str) -> Any:
        raise EmbeddedError(f"Properties validation failed: required key [{key}] not found")

    def get(self, key: str, default: Any = None) -> Any:
        """As of any mapping, noted."""
        self.asked.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """As of any mapping, noted."""
        self.asked.add(key)
        return super().pop(key, *default)

    def items(self) -> Any:
        """As of any mapping; everything counts as read."""
        self.asked |= self.keys()
        return super().items()

    def values(self) -> Any:
        """As of any mapping; everything counts as read."""
        self.asked |= self.keys()
        return super().values()

    def __iter__(self) -> Iterator[str]:
        """Defined so that {**properties} asks for each one, which it does not of a plain dict."""
        return super().__iter__()


class StackResources:
    """What exists of a stack, by logical id, each after those it depends on."""

    def __init__(
        self,
        types: Mapping[str, ResourceType],
        context: Callable[[str, str], Context],
        tell: Callable[[Told], None],
    ) -> None:
        self.types, self.context, self.tell = types, context, tell
        self.existing: dict[str, Resource] = {}

    def handle(self, logical_id: str) -> ResourceHandle | None:
        """The resource as its handler made it, if it exists."""
        resource = self.existing.get(logical_id)
        return None if resource is None else resource.handle

    def bring_about(self, scope: StackScope, finish: Callable[[], None], give_up: Callable[[str], None]) -> None:
        """Make the stack what its template says, then `finish`; a refusal takes everything back and is raised.

        `give_up` is told the refusal before anything is taken back.
        """
        undo: list[Callable[[], None]] = []
        wanted = scope.included()
        try:
            for logical_id in wanted:
                self._bring_about(scope, logical_id, undo)
            finish()
        except REFUSALS as error:
            give_up(str(error))
            undone = [_succeeds(step) for step in reversed(undo)]  # all of them, also after one that fails
            raise StackError(str(error), all(undone)) from error
        self._reorder(wanted)

    def abandon(self, logical_ids: Iterable[str]) -> None:
        """Forget resources without removing them."""
        for logical_id in logical_ids:
            self.existing.pop(logical_id, None)

    def remove(self, logical_ids: Iterable[str]) -> None:
        """Remove resources, last made first, except those to be retained; StackError names those that stay."""
        doomed = set(logical_ids)
        failed = [name for name in reversed(tuple(self.existing)) if name in doomed and not self._removed(name)]
        if failed:
            raise StackError(f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}].")

    def _bring_about(self, scope: StackScope, logical_id: str, undo: list[Callable[[], None]]) -> None:
        declared, before = scope.template.resources[logical_id], self.existing.get(logical_id)
        verb = "CREATE" if before is None else "UPDATE"
        try:
            properties = evaluate(declared.get("Properties", {}), scope)
            if before is None:
                self._create(logical_id, declared, properties, undo)
            elif before.type.name != declared["Type"]:
                raise EmbeddedError(f"Update of resource type is not permitted: it was {before.type.name}")
            elif before.properties != properties:
                self._update(logical_id, before, properties, undo)
            self._set_policy(logical_id, declared)
        except REFUSALS as error:
            self._tell(logical_id, declared["Type"], f"{verb}_FAILED", str(error))
            raise StackError(f"The following resource(s) failed to {verb.lower()}: [{logical_id}].") from error

    def _create(
        self, logical_id: str, declared: Mapping[str, Any], properties: Properties, undo: list[Callable[[], None]]
    ) -> None:
        known = self.types[declared["Type"]]
        context, read = self.context(logical_id, known.name), Read(properties)
        self._tell(logical_id, known.name, "CREATE_IN_PROGRESS")
        handle = known.create(context, read)
        policy = declared.get("DeletionPolicy", "Delete")
        self.existing[logical_id] = Resource(context, known, properties, handle, policy)
        undo.append(lambda: self._take_back(logical_id))
        _all_read(known, properties.keys(), read)
        self._tell(logical_id, known.name, "CREATE_COMPLETE")

    def _update(
        self, logical_id: str, before: Resource, properties: Properties, undo: list[Callable[[], None]]
    ) -> None:
        names = before.properties.keys() | properties.keys()
        changed = {name for name in names if before.properties.get(name) != properties.get(name)}
        update = before.type.update
        if update is None:
            raise EmbeddedError(
                f"{before.type.name}: {', '.join(sorted(changed))} changed, for which CloudFormation would replace the "
                "resource; the embedded AWS does not"
            )
        self._tell(logical_id, before.type.name, "UPDATE_IN_PROGRESS")
        undo.append(lambda: self._change(logical_id, update, before.properties, set()))
        self._change(logical_id, update, properties, changed)
        self._tell(logical_id, before.type.name, "UPDATE_COMPLETE")

    def _change(self, logical_id: str, update: Update, properties: Properties, changed: set[str]) -> None:
        now, read = self.existing[logical_id], Read(properties)
        handle = update(now.context, now.handle, read)
        self.existing[logical_id] = replace(now, handle=handle, properties=properties)
        _all_read(now.type, changed, read)

    def _take_back(self, logical_id: str) -> None:
        """Undo a creation; what is to be retained is, unless only once the stack was made.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
        """
        if self.existing[logical_id].deletion_policy == "RetainExceptOnCreate":
            self.existing[logical_id] = replace(self.existing[logical_id], deletion_policy="Delete")
        self.remove([logical_id])

    def _removed(self, logical_id: str) -> bool:
        resource = self.existing[logical_id]
        if resource.deletion_policy.startswith("Retain"):
            self._tell(logical_id, resource.type.name, "DELETE_SKIPPED")
        else:
            try:
                self._tell(logical_id, resource.type.name, "DELETE_IN_PROGRESS")
                resource.type.delete(resource.context, resource.handle)
            except AbsentError:
                pass  # gone is gone, as for CloudFormation
            except REFUSALS as error:
                self._tell(logical_id, resource.type.name, "DELETE_FAILED", str(error))
                return False
            self._tell(logical_id, resource.type.name, "DELETE_COMPLETE")
        del self.existing[logical_id]
        return True

    def _set_policy(self, logical_id: str, declared: Mapping[str, Any]) -> None:
        policy = declared.get("DeletionPolicy", "Delete")
        self.existing[logical_id] = replace(self.existing[logical_id], deletion_policy=policy)

    def _reorder(self, wanted: tuple[str, ...]) -> None:
        """Keep resources in the template's order, those it no longer has last: they are removed first."""
        gone = tuple(name for name in self.existing if name not in wanted)
        self.existing = {name: self.existing[name] for name in (*wanted, *gone)}

    def _tell(self, logical_id: str, type_name: str, status: str, reason: str | None = None) -> None:
        handle = self.handle(logical_id)
        self.tell(Told(logical_id, type_name, handle.physical_id if handle else "", status, reason))


def _succeeds(step: Callable[[], None]) -> bool:
    try:
        step()
    except REFUSALS:
        return False  # told as an event by whoever refused
    return True


def _all_read(known: ResourceType, names: Iterable[str], read: Read) -> None:
    unread = sorted(set(names) - read.asked - known.not_modelled.keys())
    if unread:
        raise EmbeddedError(
            f"{known.name}: the embedded AWS has no use for {', '.join(unread)}, and no reason why it is not modelled"
        )
