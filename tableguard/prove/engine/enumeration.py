"""The classes of requests of a scope that statements tell apart, with an example of each.

What AWS decides depends on which statements match, and on who calls whom. A statement matches if its action, its
resource and each of its conditions do. So requests are divided side by side, and put together to those classes in which
other statements match, or other callers and resources meet.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple, TypeVar

from tableguard.policy.evaluate import Request
from tableguard.policy.worlds import Scope
from tableguard.prove.engine import actions, context_keys
from tableguard.prove.engine.dimension import Dimension, Option, Parties, RequestPart, is_call
from tableguard.prove.engine.dominance.aim import Aim, best
from tableguard.prove.engine.links.joint import Effort
from tableguard.prove.engine.question import ApplicableStatements, LayeredStatement
from tableguard.prove.engine.statement_set import NONE, SCOPE, StatementSet, first, only, union
from tableguard.prove.engine.unproved import NotProvedError

_MADE_UP = "0" * 12
MOST_CLASSES = 20_000
# up to here it costs less to decide each than to look for what settles them before; and a table can be read
FEW_CLASSES = 100
MOST_JOINED = 10_000  # beyond it the options of a side are compared with each other before they are combined


class State(NamedTuple):
    """Requests that have this in common: statements not ruled out, those undefined, their parties, and an example."""

    passes: StatementSet
    undefined: StatementSet
    parties: Parties
    examples: tuple[RequestPart, ...]


_Either = TypeVar("_Either", State, Option)

# True if the statements that match whatever else these requests carry settle the question
Settles = Callable[[tuple[LayeredStatement, ...], Parties, Request], bool]
Relevant = Callable[[tuple[LayeredStatement, ...]], bool]
# what a counterexample needs of the statements that apply to an action
Aims = Callable[[tuple[LayeredStatement, ...]], Aim]


class Enumeration:
    """The classes of a scope; `combinations` counts how many classes of callers, resources and keys were combined.

    Actions to whose statements nothing is `relevant` are left out; None keeps them all. With `aims`, classes are left
    out where there are many and another one serves a counterexample as well. `gaps` are the reasons why not all
    classes were found, each with its action: what was found can refute, and prove nothing.
    """

    def __init__(
        self,
        scope: Scope,
        statements: Iterable[LayeredStatement],
        settles: Settles | None = None,
        relevant: Relevant | None = None,
        aims: Aims | None = None,
    ) -> None:
        self.scope = scope
        self.statements = tuple(statements)
        self.settles = settles
        self.relevant = relevant
        self.aims = aims
        self.combinations = 0
        self.gaps: list[str] = []
        self.effort = Effort()
        self._compared: dict[tuple[LayeredStatement, ...], frozenset[str]] = {}

    def requests(self) -> Iterator[Request]:
        """Yield one request of every class."""
        return (request for action, applicable in self.actions() for request in self.requests_for(action, applicable))

    def requests_for(self, action: str, applicable: ApplicableStatements) -> Iterator[Request]:
        """Yield one request of every class of an action that was found."""
        try:
            states = self._states(action, applicable)
        except NotProvedError as error:
            self._leave_gap(action, str(error))
            return
        yield from (self._request(action, state) for state in states)

    def _leave_gap(self, action: str, reason: str) -> None:
        self.gaps.append(reason if reason.startswith(f"{action}: ") else f"{action}: {reason}")

    def actions(self) -> Iterable[tuple[str, ApplicableStatements]]:
        """Yield one action for each set of applicable statements, with these; a known one where there is one."""
        by_statements: dict[tuple[tuple[LayeredStatement, ...], frozenset[str]], str] = {}
        apart = actions.under_rcps() if any(layered.layer == "rcp" for layered in self.statements) else frozenset()
        statements = (layered.statement for layered in self.statements)
        for action in actions.representatives(statements, self.scope.statement, apart):
            lowered = action.lower()
            covering = tuple(layered for layered in self.statements if layered.covers(lowered))
            # what one service's requests may carry, another's may not
            alike = covering, context_keys.never_carried(lowered.partition(":")[0], self._keys(covering))
            if alike not in by_statements or not actions.is_known(by_statements[alike]):
                by_statements[alike] = action
        scope = LayeredStatement(self.scope.statement)
        return (
            (action, ApplicableStatements((scope, *covering), self.aims(covering) if self.aims else None))
            for (covering, _), action in by_statements.items()
            if self.relevant is None or self.relevant(covering)
        )

    def _keys(self, covering: tuple[LayeredStatement, ...]) -> frozenset[str]:
        """Return the keys that the conditions of statements and scope compare."""
        if covering not in self._compared:
            statements = (self.scope.statement, *(layered.statement for layered in covering))
            self._compared[covering] = frozenset(line.key for one in statements for line in one.conditions)
        return self._compared[covering]

    def _states(self, action: str, applicable: ApplicableStatements) -> list[State]:
        sides = context_keys.sides(self.scope, action, applicable, self.effort)
        self.combinations += prod(len(side.options) for side in sides)
        for gap in dict.fromkeys(applicable.aim.gaps if applicable.aim else ()):
            self._leave_gap(action, gap)
        contest = Contest(applicable.aim, union(option.undefined for side in sides for option in side.options))
        states = [State(first(len(applicable.statements)), NONE, (), ())]
        for n, side in enumerate(sides, start=1):
            options: Sequence[Option] = side.options
            if len(states) * len(options) > MOST_JOINED:
                options = contest.best_options(options)
            states = _joined(states, options)
            if len(states) > FEW_CLASSES:
                states = contest.best_states(states)
            if len(states) > FEW_CLASSES and self.settles is not None:
                states = [state for state in states if not self._is_settled(action, applicable, state, sides[n:])]
            if len(states) > MOST_CLASSES:
                self._leave_gap(action, f"more than {MOST_CLASSES} classes of requests")
                states = states[:MOST_CLASSES]
        return states

    def _is_settled(
        self, action: str, applicable: ApplicableStatements, state: State, later: Sequence[Dimension]
    ) -> bool:
        unsure = state.undefined | union(side.concerned for side in later)
        if (
            self.settles is None or unsure & SCOPE or not is_call(state.examples)
        ):  # the scope, or who calls whom, is open
            return False
        certain = state.passes & ~unsure
        if applicable.aim is not None and not certain & applicable.aim.avoided:  # no denial matches for certain
            return False
        statements = tuple(layered for n, layered in enumerate(applicable.statements) if certain & only(n))
        return self.settles(statements[1:], state.parties, self._request(action, state))

    def _request(self, action: str, state: State) -> Request:
        caller = next(part.caller for part in state.examples if part.caller)
        arn, account, organization = next(part.resource for part in state.examples if part.resource)
        context = {"aws:requestedregion": self.scope.estate.home_region, "aws:securetransport": "true"}
        keys = (pair for part in state.examples for pair in part.context.items())
        others = {key: values[0] if len(values) == 1 else values for key, values in keys}
        return Request(caller, action, arn, account, {**context, **others}, organization)


def _joined(states: list[State], options: Sequence[Option]) -> list[State]:
    """Combine every state with every option of one more side, as long as it is within the scope."""
    joined: dict[tuple[StatementSet, StatementSet, Parties], State] = {}
    within = [option for option in options if option.passes & SCOPE]
    for state in states:
        for option in within:
            passes = state.passes & option.passes
            key = (passes, state.undefined | option.undefined, (*state.parties, *option.parties))
            if key not in joined:
                joined[key] = State(*key, (*state.examples, option.example))
    return list(joined.values())


@dataclass(frozen=True)
class Contest:
    """Which classes of an action serve a counterexample best; `undefined` are statements that some leave undefined.

    Where there are any, the classes that are left out match the same of these, and the same allowances, as those that
    stand for them: so they meet what is undefined in the same places.
    """

    aim: Aim | None
    undefined: StatementSet

    def best_states(self, states: list[State]) -> list[State]:
        """Return the states that serve best; all of them if nothing is aimed at."""
        return states if self.aim is None else self._best(states, self.aim)

    def best_options(self, options: Sequence[Option]) -> Sequence[Option]:
        """Return the options that serve best; all of them if nothing is aimed at."""
        return options if self.aim is None else self._best(options, self.aim)

    def _best(self, classes: Sequence[_Either], aim: Aim) -> list[_Either]:
        told_apart = self.undefined | aim.allowing if self.undefined else NONE
        return best(
            classes,
            lambda one: aim.cost(one.passes),
            lambda one: (one.undefined, one.parties, one.passes & told_apart),
        )


def readability(request: Request) -> tuple[bool, bool, int, str]:
    """Return the place of an example in their order: known actions before others, named accounts, then the shortest."""
    text = f"{request.action} {request.resource} {request.principal.arn} {sorted(request.context.items())}"
    return (not actions.is_known(request.action), request.principal.account == _MADE_UP, len(text), text)
