"""A question over all requests of a scope: the world of policies, the callers, and the answer they must get."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from tableguard.policy.evaluate import Layer, Wanted, World
from tableguard.policy.matching import Test
from tableguard.policy.principals import Principals
from tableguard.policy.service_reference import load
from tableguard.policy.statements import Policy, Statement
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.dominance.aim import Aim
from tableguard.prove.engine.statement_set import Lines, only

_RCP: Layer = "rcp"
_SCP: Layer = "scp"

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html: "always included"
ALWAYS_PRESENT = frozenset(("aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport"))

FACTS = (
    "partition aws",
    "every request carries aws:RequestedRegion, aws:SecureTransport, aws:CurrentTime and aws:EpochTime, "
    "and signed ones aws:PrincipalArn",
    "callers of the workload and the management account carry this organization's aws:PrincipalOrgID, services none",
    "every other context key may be absent, or have any value; keys of one text that callers choose also the empty one",
    "no request to a known service has another known service's key, but for those that credentials take along",
    "callers and resources are of the workload's account, another member, the management account, an account of another"
    " organization, one of none, and every account that a document or a promise names",
    "no SCP binds callers, and no RCP resources, of the management account or of other organizations",
    "aws:ResourceOrgID may be absent for any resource; KMS keys are customer managed",
    "actions: every name, also one that AWS does not have yet; resources: every ARN, and none",
)


@dataclass(frozen=True)
class Question:
    """A demand: in a world of policies every request of the scope gets what is `wanted`."""

    name: str
    wanted: Wanted
    scope: Scope
    world: World


@dataclass(frozen=True, eq=False)
class LayeredStatement:
    """A statement and its policy layer (None for the question's scope); of an SCP that allows, its level as well."""

    statement: Statement
    layer: Layer | None = None
    policy: str = ""
    level: int = 0

    def covers(self, action: str) -> bool:
        """Return True if the statement takes in an action, given in lower case."""
        if self.layer == "rcp" and not load().under_rcps(action):
            return False
        return self.statement.action.takes_in(action)


@dataclass(frozen=True)
class ApplicableStatements:
    """Statements that can apply to an action; bit n of every set is statement n, bit 0 the scope.

    `aim` is what a counterexample needs of them, where one is looked for.
    """

    statements: tuple[LayeredStatement, ...]
    aim: Aim | None = None

    @cached_property
    def lines(self) -> Lines:
        """The conditions, each with its statement."""
        return tuple(
            (only(n), line) for n, layered in enumerate(self.statements) for line in layered.statement.conditions
        )

    @cached_property
    def selecting(self) -> tuple[tuple[int, Statement], ...]:
        """The statements that do not cover every resource, each with its number, where it is not `written_out`."""
        written_out = {n for n, _, _ in self.written_out}
        return tuple((n, statement) for n, statement in self._selecting if n not in written_out)

    @cached_property
    def written_out(self) -> tuple[tuple[int, Test, bool], ...]:
        """The statements whose Resource, or NotResource if True, depends on nothing else; each with its number."""
        return tuple(
            (n, statement.resource.resource_test, statement.resource.inverted)
            for n, statement in self._selecting
            if not statement.resource.has_variables and not statement.resource.excluded
        )

    @cached_property
    def _selecting(self) -> tuple[tuple[int, Statement], ...]:
        return tuple(
            (n, layered.statement)
            for n, layered in enumerate(self.statements)
            if layered.statement.resource.texts != ("*",) or layered.statement.resource.inverted
        )

    @cached_property
    def naming(self) -> tuple[tuple[int, Principals], ...]:
        """The Principal elements of the statements that have one, each with its number."""
        elements = ((n, layered.statement.principals) for n, layered in enumerate(self.statements))
        return tuple((n, principals) for n, principals in elements if principals is not None)

    @cached_property
    def layers(self) -> frozenset[Layer | None]:
        """The layers of the statements."""
        return frozenset(layered.layer for layered in self.statements)

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that statements name, in whatever element."""
        return tuple(sorted(frozenset().union(*(layered.statement.accounts for layered in self.statements))))

    def lines_on(self, keys: frozenset[str]) -> Lines:
        """Return the conditions on these keys, each with its statement."""
        return tuple((statement, line) for statement, line in self.lines if line.key in keys)


def statements_of(world: World) -> Iterator[LayeredStatement]:
    """Yield every statement of a world with its layer and policy."""
    layers: tuple[tuple[Layer, int, tuple[Policy, ...]], ...] = (
        ("endpoint", 0, _optional(world.endpoint)),
        *((_RCP, 0, policies) for policies in world.resource_control),
        *((_SCP, level, policies) for level, policies in enumerate(world.service_control)),
        ("resource", 0, _optional(world.resource)),
        ("identity", 0, world.identity),
        ("boundary", 0, _optional(world.boundary)),
        ("session", 0, world.session or ()),
    )
    for layer, level, policies in layers:
        for policy in policies:
            for statement in policy.statements:
                # what is denied at one level is denied at all; what is allowed must be so at each
                yield LayeredStatement(statement, layer, policy.name, level if statement.effect == "Allow" else 0)


def _optional(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


@dataclass(frozen=True)
class StatementChanges:
    """The statements that are in both of two worlds, and those in the old or in the new one only."""

    kept: tuple[LayeredStatement, ...]
    removed: tuple[LayeredStatement, ...]
    added: tuple[LayeredStatement, ...]

    @property
    def all(self) -> tuple[LayeredStatement, ...]:
        """The statements of both worlds, each once."""
        return (*self.kept, *self.removed, *self.added)

    @cached_property
    def changed(self) -> frozenset[LayeredStatement]:
        """The statements that are not in both."""
        return frozenset((*self.removed, *self.added))

    def concerns(self, statements: Iterable[LayeredStatement]) -> bool:
        """Return True if one of these statements is not in both worlds."""
        return not self.changed.isdisjoint(statements)


def compare_statements(old: World, new: World) -> StatementChanges:
    """Compare the statements of two worlds."""
    if old is new:
        return StatementChanges(tuple(statements_of(new)), (), ())
    kept: list[LayeredStatement] = []
    added: list[LayeredStatement] = []
    removed = list(statements_of(old))
    for statement in statements_of(new):
        same = next((candidate for candidate in removed if _alike(candidate, statement)), None)
        if same is None:
            added.append(statement)
        else:
            removed.remove(same)
            kept.append(same)
    return StatementChanges(tuple(kept), tuple(removed), tuple(added))


def _alike(one: LayeredStatement, other: LayeredStatement) -> bool:
    return (one.layer, one.level) == (other.layer, other.level) and one.statement == other.statement
