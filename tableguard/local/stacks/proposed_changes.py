"""What a submission would change about the resources of a stack, in the words of DescribeChangeSet.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
Not modelled: AWS also lists, as dynamic changes, resources that refer to an attribute of a changed one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.cloudformation.functions import NO_VALUE, evaluate
from tableguard.cloudformation.scope import StackScope
from tableguard.local.stacks.resources import REFUSALS, StackResource, replacement
from tableguard.local.stacks.types import ALL

_RECREATION = {"True": "Always", "Conditional": "Conditionally", "False": "Never"}
_ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
_UNRESOLVED = object()  # a value that names what is still to be made: another than any that is deployed
Change = dict[str, Any]


@dataclass(frozen=True)
class Proposal:
    """A submission, by its scope, beside the resources and declarations of the stack as it is.

    `unfinished` are the resources that a failed operation left behind: going on takes them further.
    """

    scope: StackScope
    existing: Mapping[str, StackResource]
    declared: Mapping[str, Any]
    unfinished: frozenset[str]

    def changes(self) -> Iterator[Change]:
        """Yield the changes: what is made or changed in the order of creation, then what goes, newest first."""
        wanted = self.scope.active_resources()
        for logical_id in wanted:
            if logical_id not in self.existing:
                yield self._change("Add", logical_id, self._now(logical_id)["Type"])
            else:
                yield from self._modification(logical_id)
        for logical_id in (name for name in reversed(tuple(self.existing)) if name not in wanted):
            resource = self.existing[logical_id]
            kept = resource.deletion_policy.startswith("Retain")
            yield self._change("Remove", logical_id, resource.type.name, PolicyAction="Retain" if kept else "Delete")

    def _change(self, action: str, logical_id: str, type_name: str, **more: Any) -> Change:
        change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": type_name}
        if logical_id in self.existing:
            change["PhysicalResourceId"] = self.existing[logical_id].handle.physical_id
        return {**change, **more}

    def _modification(self, logical_id: str) -> Iterator[Change]:
        type_name, before = self._now(logical_id)["Type"], self.existing[logical_id].type.name
        names, attributes = self._changed_properties(logical_id), self._changed_attributes(logical_id)
        if not names and not attributes and type_name == before and logical_id not in self.unfinished:
            return
        resource_type = ALL[type_name]
        recreated = {name: _RECREATION[replacement(resource_type, [name])] for name in names}
        targets = [{"Attribute": "Properties", "Name": name, "RequiresRecreation": recreated[name]} for name in names]
        targets += [{"Attribute": attribute, "RequiresRecreation": "Never"} for attribute in attributes]
        yield self._change(
            "Modify",
            logical_id,
            type_name,
            Replacement=replacement(resource_type, names),
            Scope=["Properties"] * bool(names) + attributes,
            Details=[{"Target": target} for target in targets],
        )

    def _changed_properties(self, logical_id: str) -> list[str]:
        """Return the properties whose values differ from the deployed ones, whatever in the template is the cause."""
        before, now = self.existing[logical_id].properties, self._now(logical_id).get("Properties", {})
        values = {name: self._value(declared) for name, declared in now.items()}
        return sorted(
            name for name in before.keys() | now.keys() if before.get(name, NO_VALUE) != values.get(name, NO_VALUE)
        )

    def _value(self, declared: Any) -> Any:
        try:
            return evaluate(declared, self.scope)
        except REFUSALS:
            return _UNRESOLVED

    def _changed_attributes(self, logical_id: str) -> list[str]:
        before, now = self.declared.get(logical_id, {}), self._now(logical_id)
        return [name for name in _ATTRIBUTES if before.get(name) != now.get(name)]

    def _now(self, logical_id: str) -> Mapping[str, Any]:
        resource: Mapping[str, Any] = self.scope.template.resources[logical_id]
        return resource
