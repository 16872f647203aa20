"""Obstacles to a deployment: the SCPs that would stop the deployer from making a resource of a stack.

Asked for each action of each resource's handlers, as the templates tell what it is called on and with: is it denied in
any case (blocked), in some (it depends on what the templates do not tell), or in none. What a handler may call for
properties that a template lacks is kept apart.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tableguard.aws.cloudformation_handlers import Handlers, handlers
from tableguard.errors import SettingsError
from tableguard.policy.evaluate import Levels, Request
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.foreign.levels import Level
from tableguard.prove.foreign.worlds import OrganizationFacts, guardrails_of_account
from tableguard.prove.preflight.answer import Answers, Blocked
from tableguard.prove.preflight.call import calls
from tableguard.prove.preflight.template import Plan, PlannedResource, templates
from tableguard.prove.shipped import policies as shipped
from tableguard.settings import Settings
from tableguard.stacks.registry import StackModule, enabled_stacks, find_stack


@dataclass(frozen=True)
class Obstacle:
    """An action that SCPs deny the deployer for a resource; `certain` if its handler calls it in any case.

    `left_to_break_glass` if the shipped SCPs let break-glass do it: they are attached after the first deployment.
    """

    stack: str
    resource: str
    resource_type: str
    action: str
    blocked: Blocked
    certain: bool
    because: str
    example: Request
    left_to_break_glass: bool = False


@dataclass(frozen=True)
class Preflight:
    """All obstacles, how many resources and actions were looked at, and the types about which nothing is known."""

    obstacles: tuple[Obstacle, ...]
    resources: int
    actions: int
    unknown: tuple[str, ...]


def preflight(
    settings: Settings,
    stacks: Sequence[str] = (),
    scps: Sequence[ForeignDocument] | None = None,
    observe: Callable[[Sequence[PlannedResource]], Iterable[PlannedResource]] = iter,
    tree: tuple[Level, ...] = (),
) -> Preflight:
    """Return what stops the deployer under the shipped SCPs (None), or under others.

    `observe` passes the resources on, one by one, and may show how far the work is. Others are attached as the `tree`
    of levels says, or, without one, at one level.
    """
    shorthand = Shorthand(settings)
    policies, levels = (_shipped(settings), ()) if scps is None else ((), _attached(scps, tree, shorthand))
    plan, answers = Plan(settings, templates(settings)), Answers(settings, shorthand.estate, policies, (), levels)
    repairers = Answers(settings, shorthand.estate, policies, settings.break_glass_roles) if scps is None else None
    resources = [resource for stack in _stacks(settings, stacks) for resource in plan.resources[stack.name].values()]
    by_type = {resource.resource_type: handlers(resource.resource_type) for resource in resources}
    obstacles: list[Obstacle] = []
    for resource in observe(resources):
        obstacles += _obstacles(resource, by_type[resource.resource_type], plan, answers, repairers)
    actions = {action.lower() for called in by_type.values() if called for action in called.all}
    unknown = sorted(name for name, called in by_type.items() if called is None)
    return Preflight(tuple(obstacles), len(resources), len(actions), tuple(unknown))


def _stacks(settings: Settings, names: Iterable[str]) -> Iterator[StackModule]:
    """Yield the named stacks, or all, that the deployer deploys; SettingsError for one that another deploys."""
    wanted = [find_stack(name) for name in names]
    for stack in wanted:
        if stack.principal != "deployer":
            raise SettingsError(
                f"stack {stack.name}: not deployed by the deployer; name a stack that is, or none for all"
            )
    for stack in enabled_stacks(settings):
        if stack.principal == "deployer" and (not wanted or stack in wanted):
            yield stack


def _attached(scps: Sequence[ForeignDocument], tree: tuple[Level, ...], shorthand: Shorthand) -> Levels:
    """Return the SCPs of each level from the root to the workload account."""
    return guardrails_of_account(scps, OrganizationFacts(shorthand, levels=tree)).service_control


def _shipped(settings: Settings) -> tuple[Policy, ...]:
    return shipped.filled(settings).attached("scp")


def _obstacles(
    resource: PlannedResource, called: Handlers | None, plan: Plan, answers: Answers, repairers: Answers | None
) -> Iterator[Obstacle]:
    if called is None:
        return
    for action in called.all:
        alternatives = [tuple(options) for options in calls(action, resource, called, plan)]
        answered = ((options[0], answers.denial_of(options)) for options in alternatives)
        denied = [(call, denial) for call, denial in answered if denial is not None]
        if denied:
            # one of an action's calls denied in any case is enough to stop it
            call, denial = min(denied, key=lambda pair: pair[1].blocked)
            yield Obstacle(
                resource.stack,
                resource.name,
                resource.resource_type,
                action,
                denial.blocked,
                call.certain,
                denial.because,
                denial.example,
                repairers is not None and not any(map(repairers.denial_of, alternatives)),
            )
