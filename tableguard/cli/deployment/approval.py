"""Approval of a stack's changes: shown, asked about, and what is replaced or loses data asked about by name."""

from collections.abc import Collection
from dataclasses import dataclass

from tableguard.cli.confirmation import confirm_changes
from tableguard.cli.deployment import plan
from tableguard.errors import DeployError
from tableguard.settings import Settings
from tableguard.stacks.change_set import PreparedChangeSet
from tableguard.stacks.registry import StackModule


@dataclass(frozen=True)
class Approval:
    """Whether the changes of a stack may be made; with `yes` nobody is asked, and data goes only where it is named."""

    settings: Settings
    yes: bool
    shown: bool = True
    may_lose: Collection[str] = ()

    def __call__(self, stack: StackModule, changing: PreparedChangeSet) -> bool:
        """Show the changes and ask; DeployError where nobody is asked, and data would go that was not named."""
        name, changes = self.settings.stack_name(stack.name), changing.changes or ()
        if self.shown:
            plan.show_changes(name, changes)
        plan.show_warnings(name, changing.warnings)
        if not self.yes:
            return confirm_changes([change for change in changes if change.is_grave])
        for change in changes:
            if change.loses_data and change.logical_id not in self.may_lose:
                raise DeployError(
                    f"stack {name}: {change.logical_id} ({change.resource_type}) would lose its data, or leave it "
                    f"with a resource that nothing uses; if that is meant, add --may-lose {change.logical_id}"
                )
        return True
