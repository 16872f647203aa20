"""Look up the values of a template's names for one stack, while it is created and afterwards."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tableguard.cloudformation.functions import NO_VALUE, evaluate, holds
from tableguard.cloudformation.resource_type import ResourceHandle
from tableguard.cloudformation.template import Template
from tableguard.errors import EmbeddedError


@dataclass(frozen=True)
class Output:
    """One output of a stack that exists."""

    name: str
    value: Any
    description: str | None
    export: str | None


@dataclass
class StackScope:
    """The names of one template with the stack's own values; `imports` collects the exports of other stacks it used."""

    template: Template
    values: Mapping[str, Any]  # of parameters and pseudo parameters
    handle: Callable[[str], ResourceHandle | None]  # a resource by its logical id
    exported: Callable[[str], Any | None]  # a value by the name under which another stack exports it
    zones: Callable[[str], list[str]]
    imports: set[str] = field(default_factory=set)
    _conditions: dict[str, bool | None] = field(default_factory=dict)

    @property
    def mappings(self) -> Mapping[str, Any]:
        """Return the Mappings section."""
        return self.template.mappings

    def ref(self, name: str) -> Any:
        """Return the value of Ref: a parameter's value, or a resource's physical id."""
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.values[name] if name in self.values else self._existing(name).physical_id

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Return the value of Fn::GetAtt."""
        attributes = self._existing(logical_id).attributes
        if attribute not in attributes:
            raise EmbeddedError(
                f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
            )
        return attributes[attribute]

    def condition(self, name: str) -> bool:
        """Tell whether a condition of the template holds."""
        if name not in self.template.conditions:
            raise EmbeddedError(f"Template error: unresolved condition dependency {name}")
        if name not in self._conditions:
            self._conditions[name] = None
            self._conditions[name] = holds(self.template.conditions[name], self)
        value = self._conditions[name]
        if value is None:  # it is being evaluated
            raise EmbeddedError(f"Template error: condition {name} depends on itself")
        return value

    def import_value(self, name: str) -> Any:
        """Return the value that another stack exports."""
        value = self.exported(name)
        if value is None:
            raise EmbeddedError(f"No export named {name} found.")
        self.imports.add(name)
        return value

    def active_resources(self) -> tuple[str, ...]:
        """Return the resources whose conditions hold, in the order of creation."""
        resources = self.template.resources
        return tuple(name for name in self.template.order if self._condition_holds(resources[name]))

    def outputs(self) -> Iterator[Output]:
        """Yield the outputs whose conditions hold."""
        for name, declared in sorted(self.template.outputs.items()):
            if self._condition_holds(declared):
                value, export = evaluate(declared["Value"], self), declared.get("Export", {}).get("Name")
                yield Output(name, value, declared.get("Description"), export and evaluate(export, self))

    def _condition_holds(self, declared: Mapping[str, Any]) -> bool:
        return "Condition" not in declared or self.condition(declared["Condition"])

    def _existing(self, logical_id: str) -> ResourceHandle:
        handle = self.handle(logical_id)
        if handle is None:
            raise EmbeddedError(f"Template error: Unresolved resource dependencies [{logical_id}]")
        return handle
