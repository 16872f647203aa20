"""What is deployed beside what the settings ask for: which stacks are missing, unwell, left over, or of others."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.settings import Settings
from tableguard.stacks.registry import STACKS, Principal, StackModule, account_of, enabled_stacks
from tableguard.stacks.status import ABSENT, StackStatus, all_stacks

Session = Any  # boto3.Session, whose clients botocore makes at run time


@dataclass(frozen=True)
class StackOverview:
    """One of our stacks: as it is, and whether the settings enable it."""

    stack: StackModule
    account_id: str
    deployed: StackStatus
    enabled: bool

    @property
    def is_orphan(self) -> bool:
        """Tell whether the stack is deployed, and nobody's settings ask for it any more."""
        return self.deployed.status != ABSENT and not self.enabled

    @property
    def problems(self) -> Iterator[str]:
        """Yield what is not as it should be, each with what to do."""
        if self.deployed.status == ABSENT:
            if self.enabled:
                yield f"is not deployed; `tableguard deploy {self.stack.name}` makes it"
            return
        if self.is_orphan:
            yield (
                "is deployed, and no longer in stacks.optional of the settings; "
                f"`tableguard destroy {self.stack.name}` removes it"
            )
        yield from self.deployed.problems


@dataclass(frozen=True)
class Overview:
    """The stacks of the accounts that were asked.

    `strangers` are stacks named like ours that are none of ours: the guardrails protect them by their names too.
    `not_asked` are the enabled stacks of accounts that nobody asked.
    """

    stacks: tuple[StackOverview, ...]
    strangers: tuple[StackStatus, ...]
    not_asked: tuple[StackModule, ...]

    @property
    def is_well(self) -> bool:
        """Tell whether nothing is amiss, as far as it was asked."""
        return not any(list(one.problems) for one in self.stacks)


def survey(settings: Settings, sessions: Mapping[Principal, Callable[[], Session]]) -> Overview:
    """Return the overview; `sessions` has those who ask: of the workload's account, and of others."""
    deployed = {
        account_of(settings, principal): all_stacks(
            open_session().client("cloudformation", region_name=settings.home_region)
        )
        for principal, open_session in sessions.items()
    }
    enabled, ours = enabled_stacks(settings), {settings.stack_name(stack.name) for stack in STACKS}
    stacks = tuple(
        _overview(settings, stack, deployed[stack.account(settings)], enabled)
        for stack in STACKS
        if stack.account(settings) in deployed
    )
    strangers = (one for there in deployed.values() for one in there.values() if _is_stranger(settings, one, ours))
    not_asked = tuple(stack for stack in enabled if stack.account(settings) not in deployed)
    return Overview(stacks, tuple(strangers), not_asked)


def _overview(
    settings: Settings, stack: StackModule, there: Mapping[str, StackStatus], enabled: tuple[StackModule, ...]
) -> StackOverview:
    name = settings.stack_name(stack.name)
    return StackOverview(stack, stack.account(settings), there.get(name, StackStatus(name)), stack in enabled)


def _is_stranger(settings: Settings, one: StackStatus, ours: set[str]) -> bool:
    return one.name.startswith(settings.stack_name("")) and one.name not in ours
