"""The guard of the embedded AWS: asks the policies about every request of a principal, and remembers each answer."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from tableguard.errors import EmbeddedError, PolicyError
from tableguard.local.authorization import attached_policies
from tableguard.local.authorization import context as authorization_context
from tableguard.local.authorization import items as authorization_items
from tableguard.local.authorization.actions import FREE, actions, passed, tagging
from tableguard.local.authorization.attached_policies import Organization
from tableguard.local.authorization.call import Call, Context, Need
from tableguard.local.authorization.refusal import denied, in_words, undecided
from tableguard.local.authorization.resources import resources
from tableguard.policy.evaluate import Decision, Request, World, decide

REMEMBERED = 20_000  # different decisions, those that were met last: some 300 bytes each


@dataclass(frozen=True)
class Decided:
    """One decision: who asked for which action on what, and what decided it."""

    account: str
    principal: str
    action: str
    resource: str
    allowed: bool
    because: str
    via: str = ""


_decisions: OrderedDict[Decided, int] = OrderedDict()
_remembering = threading.Lock()


def decisions() -> dict[Decided, int]:
    """The different decisions that were made and how often each, the latest last."""
    with _remembering:
        return dict(_decisions)


def forget() -> None:
    """Nothing was decided yet."""
    with _remembering:
        _decisions.clear()


def check(call: Call, organization: Organization, protocol: str) -> None:
    """Return if every policy lets the request through; Refusal says in AWS's words which does not."""
    if call.action in FREE:
        return
    try:
        asked = _Asked(call, organization)
        for need in needs(call):
            decision = asked.decide(need)
            _remember(call, need, decision.allowed, "; ".join(map(str, decision.because)))
            if not decision.allowed:
                text = in_words(call.caller.name, need.action, need.resource, decision.because[0])
                raise denied(call.service, protocol, text)
    except (EmbeddedError, PolicyError) as error:
        _remember(call, Need(call.action, "?"), False, str(error))
        raise undecided(call.service, protocol, str(error)) from error


def needs(call: Call) -> Iterator[Need]:
    """Every action on every resource that a call needs leave for; EmbeddedError if one cannot be told."""
    items = tuple(authorization_items.needs(call)) if call.service == "dynamodb" else ()
    if items:
        yield from items
        return
    chief, *others = actions(call)
    for action in (chief, *others):
        yield from (Need(str(action), resource) for resource in resources(call, action))
    tags = tagging(call)
    if tags is not None:
        yield from (Need(str(tags), resource) for resource in resources(call, tags, chief))
    role = passed(call)
    if role is not None:
        yield Need("iam:PassRole", role[0], {"iam:PassedToService": role[1]})
    if call.value("CopySource") and call.service == "s3":
        source = call.value("CopySource")
        named = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
        yield Need("s3:GetObject", f"arn:aws:s3:::{named.lstrip('/').partition('?')[0]}")


class _Asked:
    """A call, what is true of all that it needs leave for, and the policies on each action and resource, found once.

    A transaction has up to a hundred actions, most of them the same on the same table.
    """

    def __init__(self, call: Call, organization: Organization) -> None:
        self.call, self.organization = call, organization
        self.context = authorization_context.of_request(call, organization)
        self.worlds: dict[tuple[str, str], tuple[str, World, Context]] = {}

    def decide(self, need: Need) -> Decision:
        """The answer of the policies about one action."""
        known = need.action, need.resource
        if known not in self.worlds:
            owner = attached_policies.owner(need.resource, self.call.account)
            world = attached_policies.world(self.organization, self.call, need, owner)
            self.worlds[known] = owner, world, {**self.context, **authorization_context.of_resource(need.resource)}
        owner, world, context = self.worlds[known]
        found = {**context, **need.context}
        return decide(world, Request(self.call.caller.principal, need.action, need.resource, owner, found))


def _remember(call: Call, need: Need, allowed: bool, because: str) -> None:
    made = Decided(call.account, call.caller.name, need.action, need.resource, allowed, because, call.via)
    with _remembering:
        _decisions[made] = _decisions.pop(made, 0) + 1
        if len(_decisions) > REMEMBERED:
            _decisions.popitem(last=False)
