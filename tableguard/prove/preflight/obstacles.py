"""Before a deployment: which SCP would stop the deployer from making which resource of which stack.

Asked for each action of each resource's handlers, as the templates tell what it is called on and with: is it denied in
any case (blocked), in some (it depends on what the templates do not tell), or in none. What a handler may call for
properties that a template lacks is kept apart.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tableguard.aws.cloudformation_handlers import Handlers, handlers
from tableguard.policy.evaluate import Request
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.preflight.answer import Answers, Blocked
from tableguard.prove.preflight.call import calls
from tableguard.prove.preflight.template import Plan, Resource, templates
from tableguard.settings import Settings
from tableguard.stacks.registry import StackModule, enabled_stacks, find_stack


@dataclass(frozen=True)
class Obstacle:
    """An action that SCPs deny the deployer for a resource; `certain` if its handler calls it in any case."""

    stack: str
    resource: str
    resource_type: str
    action: str
    blocked: Blocked
    certain: bool
    because: str
    example: Request


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
    observe: Callable[[Sequence[Resource]], Iterable[Resource]] = iter,
) -> Preflight:
    """Return what stops the deployer under the shipped SCPs (None), or under others; `observe` sees each resource."""
    shorthand = Shorthand(settings)
    policies = _shipped(settings) if scps is None else tuple(policy(scp.place, scp.document) for scp in scps)
    plan, answers = Plan(settings, templates(settings)), Answers(settings, shorthand.estate, policies)
    resources = [each for stack in _stacks(settings, stacks) for each in plan.resources[stack.name].values()]
    known = {each.resource_type: handlers(each.resource_type) for each in resources}
    obstacles: list[Obstacle] = []
    for each in observe(resources):
        obstacles += _obstacles(each, known[each.resource_type], plan, answers)
    actions = {action.lower() for found in known.values() if found for action in found.all}
    unknown = sorted(name for name, found in known.items() if found is None)
    return Preflight(tuple(obstacles), len(resources), len(actions), tuple(unknown))


def _stacks(settings: Settings, names: Iterable[str]) -> Iterator[StackModule]:
    wanted = {find_stack(name) for name in names}
    for stack in enabled_stacks(settings):
        if stack.principal == "deployer" and (not wanted or stack in wanted):
            yield stack


def _shipped(settings: Settings) -> tuple[Policy, ...]:
    return tuple(PolicySet.filled(settings).policies["scp"].values())


def _obstacles(resource: Resource, known: Handlers | None, plan: Plan, answers: Answers) -> Iterator[Obstacle]:
    if known is None:
        return
    for action in known.all:
        found = [(each[0], stopped) for each in calls(action, resource, known, plan) if (stopped := answers.to(each))]
        if found:
            # one of an action's calls denied in any case is enough to stop it
            call, stopped = min(found, key=lambda each: each[1].blocked)
            made = (resource.stack, resource.name, resource.resource_type)
            yield Obstacle(*made, action, stopped.blocked, call.certain, stopped.because, stopped.example)
