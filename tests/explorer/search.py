"""The walk through every reachable moment, breadth first: the first trace that shows a fault is a shortest one."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from tests.explorer.model_table import WRITES, written_key
from tests.explorer.program import Call, Program
from tests.explorer.scenario import Judge, Scenario
from tests.explorer.world import Step, Stored, World


class Moment(Protocol):
    """What a walk must know of a state."""

    @property
    def rows(self) -> Stored:
        """The table."""

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way and nothing is to come."""


S = TypeVar("S", bound=Moment)
R_contra = TypeVar("R_contra", contravariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Explored(Protocol[S, R_co]):
    """A world: where it begins, every next moment, and what a table holds."""

    def start(self) -> S:
        """The first moment."""

    def successors(self, state: S) -> Iterator[tuple[Step, S]]:
        """Every next moment, and what leads to it."""

    def shown(self, rows: Stored) -> R_co:
        """What the judge looks at."""


class Judging(Protocol[R_contra]):
    """What is wrong with a table, or with a change of it."""

    def always(self, rows: R_contra) -> set[str]:
        """What no state may show."""

    def at_rest(self, rows: R_contra) -> set[str]:
        """What may not be once everything is at rest."""

    def between(self, before: R_contra, after: R_contra) -> set[str]:
        """What no single step may do."""


class TooLarge(Exception):
    """The exploration was given up, and nothing follows from it."""


@dataclass
class Exploration:
    """What was walked through, and each kind of fault that was met with the steps that lead to it."""

    states: int = 0
    steps: int = 0
    at_rest: int = 0
    faults: dict[str, list[str]] = field(default_factory=dict)


def explore(program: Program, scenario: Scenario, limit: int = 2_000_000, only_first: bool = False) -> Exploration:
    """Everything that can happen; with `only_first`, up to the first fault."""
    return Walk(World(program, scenario), Judge(scenario)).walk(limit, only_first)


class Walk(Generic[S, R]):
    """Every reachable state of a world, each judged once."""

    def __init__(self, world: Explored[S, R], judge: Judging[R]) -> None:
        self._world, self._judge = world, judge
        self._found = Exploration()
        self._from: dict[S, tuple[S, Step] | None] = {}
        self._always: dict[Stored, set[str]] = {}
        self._at_rest: dict[Stored, set[str]] = {}
        self._between: dict[tuple[Stored, Stored], set[str]] = {}

    def walk(self, limit: int, only_first: bool) -> Exploration:
        """Everything that can happen; with `only_first`, up to the first fault."""
        start = self._world.start()
        self._from[start] = None
        waiting = deque([start])
        while waiting and not (only_first and self._found.faults):
            state = waiting.popleft()
            self._judge_state(state)
            for step, after in self._world.successors(state):
                self._found.steps += 1
                self._judge_step(state, step, after)
                if after not in self._from:
                    self._from[after] = state, step
                    waiting.append(after)
            if len(self._from) > limit:
                raise TooLarge(f"more than {limit} states")
        self._found.states = len(self._from)
        if not self._found.at_rest and not self._found.faults:
            raise TooLarge("it never comes to rest")
        return self._found

    def _judge_state(self, state: S) -> None:
        if state.rows not in self._always:
            self._always[state.rows] = self._judge.always(self._world.shown(state.rows))
        self._note(self._always[state.rows], state)
        if not state.at_rest:
            return
        self._found.at_rest += 1
        if state.rows not in self._at_rest:
            self._at_rest[state.rows] = self._judge.at_rest(self._world.shown(state.rows))
        self._note(self._at_rest[state.rows], state)

    def _judge_step(self, before: S, step: Step, after: S) -> None:
        if step.wrong:
            self._note({step.wrong}, before, step)
        if after.rows == before.rows:
            return
        rows = before.rows, after.rows
        if rows not in self._between:
            self._between[rows] = self._judge.between(*map(self._world.shown, rows))
        self._note(self._between[rows], before, step)

    def _note(self, wrong: set[str], state: S, *last: Step) -> None:
        for kind in sorted(wrong - self._found.faults.keys()):
            self._found.faults[kind] = self._trace(state) + [_told(step) for step in last]

    def _trace(self, state: S) -> list[str]:
        steps = []
        while origin := self._from[state]:
            state, step = origin
            steps.append(_told(step))
        return steps[::-1]


def _told(step: Step) -> str:
    """A step in words."""
    if not isinstance(step.what, Call):
        return f"{step.verb} {step.what}"
    operation, request, _ = step.what
    return f"{step.verb} {operation} {written_key(operation, request.value) if operation in WRITES else ''}".rstrip()
