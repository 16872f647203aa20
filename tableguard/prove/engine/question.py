"""A question over all requests: which, of which callers, in which world of policies, and what they must get."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tableguard.policy.conditions import Condition
from tableguard.policy.evaluate import Layer, Wanted, World
from tableguard.policy.service_reference import load
from tableguard.policy.statements import Policy, Statement
from tableguard.policy.worlds import Estate

Group = Literal["members", "account", "anyone"]

_ACCOUNT = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_RCP: Layer = "rcp"
_SCP: Layer = "scp"

GROUPS: dict[Group, str] = {
    "members": "every role, user and root user of the organization's member accounts, service-linked roles apart",
    "account": "every role and user of the workload account, service-linked roles apart",
    "anyone": "every caller of every account and organization, AWS services and callers without a signature",
}

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: "always included"
ALWAYS_PRESENT = frozenset(("aws:requestedregion", "aws:securetransport"))

FACTS = (
    "partition aws",
    "every request carries aws:RequestedRegion and aws:SecureTransport, and signed ones aws:PrincipalArn",
    "callers of the workload and the management account carry this organization's aws:PrincipalOrgID, services none",
    "every other context key may be absent, or have any value; keys of one text that callers choose also the empty one",
    "every resource is in a member account or the management account; KMS keys are customer managed",
    "actions: every name, also one that AWS does not have yet; resources: every ARN, and none",
)


@dataclass(frozen=True)
class Scope:
    """Every request that matches a statement and is made by these callers: a group, or ARNs."""

    statement: Statement
    callers: Group | tuple[str, ...]
    estate: Estate


@dataclass(frozen=True)
class Question:
    """Every request of the scope must get what is `wanted` in a world of policies."""

    name: str
    wanted: Wanted
    scope: Scope
    world: World


@dataclass(frozen=True, eq=False)
class Placed:
    """A statement and where it stands; the scope of a question stands nowhere."""

    statement: Statement
    layer: Layer | None = None
    policy: str = ""

    def covers(self, action: str) -> bool:
        """Whether the statement, whose actions are mostly written out, takes an action in lower case in."""
        if self.layer == "rcp" and not load().under_rcps(action):
            return False
        return action in self._named if self._named is not None else self.statement.covers_action(action)

    @cached_property
    def _named(self) -> frozenset[str] | None:
        """The actions of the statement in lower case; None if a wildcard or a negation speaks of others too."""
        patterns = self.statement.action
        wild = patterns.inverted or any("*" in value or "?" in value for value in patterns.values)
        return None if wild else frozenset(value.lower() for value in patterns.values)


@dataclass(frozen=True)
class Play:
    """The statements that some action brings into play, each with a bit of its own; the scope has the first."""

    placed: tuple[Placed, ...]

    @cached_property
    def lines(self) -> tuple[tuple[int, Condition], ...]:
        """Every condition with the bit of its statement."""
        return tuple((1 << n, line) for n, each in enumerate(self.placed) for line in each.statement.conditions)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """Every account that a statement names, in whatever element."""
        texts = (
            text
            for each in self.placed
            for values in (
                each.statement.resource.values,
                *(line.values for line in each.statement.conditions),
                *(each.statement.principals.values.values() if each.statement.principals else ()),
            )
            for text in values
        )
        return tuple(sorted({account for text in texts for account in _ACCOUNT.findall(text)}))

    def lines_on(self, keys: frozenset[str]) -> tuple[tuple[int, Condition], ...]:
        """The conditions on these keys."""
        return tuple((bit, line) for bit, line in self.lines if line.key in keys)


def statements_of(world: World) -> Iterator[Placed]:
    """Every statement of a world with its layer and policy."""
    layers: tuple[tuple[Layer, tuple[Policy, ...]], ...] = (
        ("endpoint", _one(world.endpoint)),
        *((_RCP, level) for level in world.resource_control),
        *((_SCP, level) for level in world.service_control),
        ("resource", _one(world.resource)),
        ("identity", world.identity),
        ("boundary", _one(world.boundary)),
        ("session", world.session or ()),
    )
    for layer, policies in layers:
        for policy in policies:
            for statement in policy.statements:
                yield Placed(statement, layer, policy.name)


def _one(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


@dataclass(frozen=True)
class Sorted:
    """The statements that are in both of two worlds, and those that are in the old or in the new one only."""

    kept: tuple[Placed, ...]
    gone: tuple[Placed, ...]
    come: tuple[Placed, ...]

    @property
    def all(self) -> tuple[Placed, ...]:
        """Every statement of both worlds, once."""
        return (*self.kept, *self.gone, *self.come)

    @cached_property
    def changed(self) -> frozenset[Placed]:
        """The statements that are not in both."""
        return frozenset((*self.gone, *self.come))

    def concerns(self, statements: Iterable[Placed]) -> bool:
        """Whether one of these statements is not in both worlds."""
        return not self.changed.isdisjoint(statements)


def sorted_out(old: World, new: World) -> Sorted:
    """The statements of two worlds, compared."""
    kept: list[Placed] = []
    come: list[Placed] = []
    gone = list(statements_of(old))
    for placed in statements_of(new):
        same = next((each for each in gone if _alike(each, placed)), None)
        if same is None:
            come.append(placed)
        else:
            gone.remove(same)
            kept.append(same)
    return Sorted(tuple(kept), tuple(gone), tuple(come))


def _alike(one: Placed, other: Placed) -> bool:
    return one.layer == other.layer and one.statement == other.statement
