"""Deploy rendered stacks to an account, in order, through change sets, on AWS and on the embedded AWS alike."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from tableguard.settings import Settings
from tableguard.stacks import status
from tableguard.stacks.change_set import PollInterval
from tableguard.stacks.deployment.default_group import makes_vpc
from tableguard.stacks.deployment.requests import document
from tableguard.stacks.deployment.stack_deployer import (
    Deployment,
    PlannedStack,
    Reporting,
    Session,
    Show,
    StackDeployer,
    planning,
    silent,
)
from tableguard.stacks.registry import Principal, StackModule, enabled_stacks
from tableguard.stacks.render import render


def plan(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    stacks: tuple[StackModule, ...],
    show: Show = silent,
) -> tuple[PlannedStack, ...]:
    """Return what deploying each stack would change; every change set that it makes for that is deleted again.

    The deployer's stacks count as absent where the access stack, which makes the deployer, is still to be made. What is
    under way in a stack is waited for, and shown.
    """
    rendered, planned = _rendered(settings, stacks), list[PlannedStack]()
    without_roles = False
    for stack in stacks:
        template = rendered[stack.name]
        if without_roles and stack.principal == "deployer":
            name, wanted = settings.stack_name(stack.name), document(template)
            absent = PlannedStack(stack, name, status.ABSENT, None, wanted, {})
            planned.append(replace(absent, open_group=makes_vpc(settings, stack)))
            continue
        deployer = StackDeployer(settings, session(stack.principal), interval, planning(show))
        own = deployer.plan(stack, template)
        planned.append(replace(own, open_group=makes_vpc(settings, stack) and deployer.leaves_group_open(own)))
        unmade = planned[-1].status in (status.ABSENT, "CREATE_FAILED")
        without_roles = without_roles or (stack.name == "access" and unmade)
    return tuple(planned)


def deploy(
    settings: Settings,
    session: Callable[[Principal], Session],
    interval: PollInterval,
    reporting: Reporting,
    stacks: tuple[StackModule, ...] | None = None,
    *,
    by: Mapping[str, Principal] = MappingProxyType({}),
) -> Iterator[Deployment]:
    """Deploy stacks in order and yield each outcome; DeployError stops at the first failure.

    `session` returns the boto3 session of a principal. It is called when the first of its stacks comes up, because a
    stack creates the deployer's role. `by` names who deploys a stack in place of its usual principal.
    """
    wanted = enabled_stacks(settings) if stacks is None else stacks
    rendered = _rendered(settings, wanted)
    for stack in wanted:
        principal = by.get(stack.name, stack.principal)
        deployer = StackDeployer(settings, session(principal), interval, reporting)
        deployment = deployer.deploy(stack, rendered[stack.name])
        # not by break-glass, which may not: whoever deploys the stack next closes it
        closes = principal == stack.principal and makes_vpc(settings, stack)
        yield deployer.with_closed_group(deployment) if closes else deployment


def _rendered(settings: Settings, stacks: tuple[StackModule, ...]) -> Mapping[str, str]:
    return {stack.name: _template(settings, stack) for stack in stacks}


@lru_cache(maxsize=32)
def _template(settings: Settings, stack: StackModule) -> str:
    """Return a stack's template, which a plan and the deployment after it both need."""
    return render(settings, (stack,))[stack.name]
