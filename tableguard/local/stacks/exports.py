"""Outputs of a stack, and what it exports: a value that another stack imports can neither change nor go.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
"""

from dataclasses import dataclass
from typing import Any

from moto.cloudformation.models import CloudFormationBackend
from moto.cloudformation.parsing import Export

from tableguard.cloudformation.scope import Output
from tableguard.errors import EmbeddedError


def importers(backend: CloudFormationBackend, export: str) -> list[str]:
    """Return the names of the stacks in an account and region that use an exported value."""
    stacks: list[Any] = list(backend.stacks.values())
    return sorted(stack.name for stack in stacks if stack.scope and export in stack.scope.imports)


def exported_value(backend: CloudFormationBackend, name: str) -> Any | None:
    """Return the value that a stack in this account and region exports under a name, or None."""
    export = backend.exports.get(name)
    return export.value if export else None


@dataclass
class StackOutputs:
    """The outputs of one stack as it was last made."""

    backend: CloudFormationBackend
    stack_id: str
    current: tuple[Output, ...] = ()

    def describe(self) -> list[dict[str, Any]]:
        """Return the outputs in the words of DescribeStacks, each with the name under which it is exported."""
        return [
            {
                "OutputKey": output.name,
                "OutputValue": output.value,
                "Description": output.description,
                "ExportName": output.export,
            }
            for output in self.current
        ]

    def check(self, outputs: tuple[Output, ...]) -> None:
        """Refuse outputs that export under another stack's name, or that change a value in use; EmbeddedError."""
        exported = {output.export: output.value for output in outputs if output.export}
        for name in exported:
            owner = self.backend.exports.get(name)
            if owner is not None and owner.exporting_stack_id != self.stack_id:
                raise EmbeddedError(f"Export with name {name} is already exported by stack {_name(owner)}")
        for output in self.current:
            if output.export and exported.get(output.export) != output.value:
                self._check_unused(output.export, "updated")

    def check_deletion(self) -> None:
        """Refuse to delete a stack whose exports are in use; EmbeddedError."""
        for output in self.current:
            if output.export:
                self._check_unused(output.export, "deleted")

    def publish(self, outputs: tuple[Output, ...]) -> None:
        """Take outputs in place of the current ones, and export them."""
        for output in self.current:
            self.backend.exports.pop(output.export or "", None)
        for output in outputs:
            if output.export:
                self.backend.exports[output.export] = Export(self.stack_id, output.export, output.value)
        self.current = outputs

    def _check_unused(self, export: str, verb: str) -> None:
        users = importers(self.backend, export)
        if users:
            raise EmbeddedError(f"Export {export} cannot be {verb} as it is in use by {', '.join(users)}")


def _name(export: Export) -> str:
    return export.exporting_stack_id.split("/")[1]
