"""Every class of requests of a scope, as far as statements tell requests apart, with an example of each.

What AWS decides depends on which statements match, and on who calls whom. A statement matches if its action, its
resource and each of its conditions do. So requests are divided side by side, and put together to those classes in which
other statements match, or other callers and resources meet.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from operator import or_
from typing import Any

from tableguard.policy.evaluate import Request
from tableguard.prove.engine import actions, callers, context_keys, resources
from tableguard.prove.engine.dimension import Dimension
from tableguard.prove.engine.question import Placed, Play, Scope
from tableguard.prove.engine.unproved import NotProvedError

_MADE_UP = "0" * 12
MOST_CLASSES = 20_000
FEW_CLASSES = 100  # up to here it costs less to decide each than to look for what settles them before


@dataclass(frozen=True)
class State:
    """Requests with this much in common: statements not ruled out, those undefined, marks, and an example."""

    passes: int
    undefined: int
    mark: tuple[Any, ...]
    chosen: tuple[Any, ...]


# whether what is certain of these requests, the statements that match whatever else they carry, settles the question
Settles = Callable[[tuple[Placed, ...], tuple[Any, ...], Request], bool]


class Enumeration:
    """The classes of a scope; `combinations` counts how many classes of callers, resources and keys were combined."""

    def __init__(
        self,
        scope: Scope,
        placed: Iterable[Placed],
        settles: Settles | None = None,
        looked_at: Callable[[tuple[Placed, ...]], bool] = lambda covering: True,
    ) -> None:
        self.scope = scope
        self.looked_at = looked_at
        self.placed = tuple(placed)
        self.settles = settles
        self.combinations = 0

    def requests(self) -> Iterator[Request]:
        """One request of every class."""
        return (request for action, play in self.plays() for request in self.of_play(action, play))

    def of_play(self, action: str, play: Play) -> Iterator[Request]:
        """One request of every class of the actions that bring the same statements into play."""
        return (self._request(action, state) for state in self._states(action, play))

    def plays(self) -> Iterable[tuple[str, Play]]:
        """The statements that each action brings into play; actions that bring the same are one, or none to look at."""
        found: dict[tuple[Placed, ...], str] = {}
        scope = Placed(self.scope.statement)
        apart = actions.under_rcps() if any(each.layer == "rcp" for each in self.placed) else frozenset()
        statements = (each.statement for each in self.placed)
        for action in actions.representatives(statements, self.scope.statement, apart):
            lowered = action.lower()
            covering = tuple(each for each in self.placed if each.covers(lowered))
            if covering not in found or not actions.is_known(found[covering]):
                found[covering] = action
        return ((action, Play((scope, *covering))) for covering, action in found.items() if self.looked_at(covering))

    def _states(self, action: str, play: Play) -> list[State]:
        sides = _sides(self.scope, action, play)
        self.combinations += prod(len(side.options) for side in sides)
        states = [State((1 << len(play.placed)) - 1, 0, (), ())]
        for n, side in enumerate(sides, start=1):
            states = _joined(states, side)
            if len(states) > FEW_CLASSES and self.settles is not None:
                states = [state for state in states if not self._is_settled(action, play, state, sides[n:])]
            if len(states) > MOST_CLASSES:
                raise NotProvedError(f"{action}: more than {MOST_CLASSES} classes of requests")
        return states

    def _is_settled(self, action: str, play: Play, state: State, later: Sequence[Dimension]) -> bool:
        unsure = reduce(or_, (side.bits for side in later), state.undefined)
        if self.settles is None or unsure & 1 or len(state.chosen) < 2:  # the scope, or who calls whom, is open
            return False
        certain = tuple(each for n, each in enumerate(play.placed) if state.passes & ~unsure & (1 << n))
        return self.settles(certain[1:], state.mark, self._request(action, state))

    def _request(self, action: str, state: State) -> Request:
        (caller, organization), (arn, account), *contexts = state.chosen
        context = {"aws:requestedregion": self.scope.estate.home_region, "aws:securetransport": "true"}
        context |= {"aws:principalorgid": organization} if organization else {}
        given = {key: values[0] if len(values) == 1 else values for each in contexts for key, values in each.items()}
        return Request(caller, action, arn, account, {**context, **given})


def _sides(scope: Scope, action: str, play: Play) -> list[Dimension]:
    """Caller, resource, and the context keys: those that the scope speaks of first, so that it is soon left."""
    others = sorted(context_keys.dimensions(play), key=lambda side: (not side.bits & 1, len(side.options)))
    return [callers.dimension(scope, play), resources.dimension(scope, play, action.partition(":")[0]), *others]


def _joined(states: list[State], side: Dimension) -> list[State]:
    """Every state with every option of one more side, as long as it is within the scope."""
    found: dict[tuple[Any, ...], State] = {}
    for state in states:
        for option in side.options:
            passes = state.passes & option.passes
            if passes & 1:
                undefined, mark = state.undefined | option.undefined, (*state.mark, *option.mark)
                if (passes, undefined, mark) not in found:
                    found[passes, undefined, mark] = State(passes, undefined, mark, (*state.chosen, option.example))
    return list(found.values())


def readability(request: Request) -> tuple[bool, bool, int, str]:
    """Order of examples: known actions first, and callers of accounts that somebody speaks of; then the shortest."""
    text = f"{request.action} {request.resource} {request.principal.arn} {sorted(request.context.items())}"
    return (not actions.is_known(request.action), request.principal.account == _MADE_UP, len(text), text)
