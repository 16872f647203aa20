"""Progress of a deployment: what becomes of each resource as CloudFormation works, and which statement refused it."""

from dataclasses import dataclass, field

from tableguard.cli.output import terminal
from tableguard.errors import PolicyError
from tableguard.prove.why import message
from tableguard.prove.why.answer import answered
from tableguard.settings import Settings
from tableguard.stacks.deployment import remedies
from tableguard.stacks.events import ResourceEvent

_STYLES = {"FAILED": "bold red", "COMPLETE": "green"}


@dataclass
class Progress:
    """Prints each resource that is done; a terminal shows those under way too, and colours."""

    done: dict[str, set[str]] = field(default_factory=dict)  # of each stack

    def __call__(self, stack_name: str, event: ResourceEvent) -> None:
        """Print an event; the stack's own statuses are left out, but for what takes it back."""
        if event.resource_type == "AWS::CloudFormation::Stack" and "ROLLBACK" not in event.status:
            return
        console = terminal()
        under_way = event.status.endswith("_IN_PROGRESS")
        if under_way and console is None and "ROLLBACK" not in event.status:
            return
        done = self.done.setdefault(stack_name, set())
        if not under_way:
            done.add(event.logical_id)
        reason = f"  {event.reason}" if event.reason and event.is_failure else ""
        clock = f"{event.at:%H:%M:%S} " if event.at else ""
        line = f"{clock}{stack_name} {len(done):>3}  {event.status:<22} {event.resource_type:<36} {event.logical_id}"
        if console is None:
            print(f"{line}{reason}", flush=True)
        else:
            console.print(
                f"{line}{reason}",
                style=_STYLES.get(event.status.rpartition("_")[2], "dim"),
                markup=False,
                soft_wrap=True,
            )


@dataclass(frozen=True)
class Remedy:
    """What helps against a failure; of a denial, which statement of the settings' policies refused the call."""

    settings: Settings

    def __call__(self, reason: str) -> str:
        """Return the likely remedy; where the policies here do not deny the call, that of the words alone."""
        if remedies.DENIED not in reason:
            return remedies.likely(reason)
        try:
            answer = answered(message.parse(reason), self.settings, {})
        except PolicyError as error:
            return f"{remedies.likely(reason)}; here: {error}"
        return (
            f"{answer.explanation.phrase(answer.reason)} refused it; `tableguard preflight` says beforehand what the "
            f"guardrails deny, and `tableguard why` with this message what would allow it"
        )
