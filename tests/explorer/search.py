"""The walk through every reachable moment, breadth first: the first trace that shows a fault is a shortest one."""

from collections import deque
from dataclasses import dataclass, field

from tests.explorer.model_table import WRITES, written_key
from tests.explorer.program import Call, Program
from tests.explorer.scenario import Judge, Scenario
from tests.explorer.world import State, Step, Stored, World


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
    return _Walk(World(program, scenario), Judge(scenario)).walk(limit, only_first)


class _Walk:
    def __init__(self, world: World, judge: Judge) -> None:
        self._world, self._judge = world, judge
        self._found = Exploration()
        self._from: dict[State, tuple[State, Step] | None] = {}
        self._always: dict[Stored, set[str]] = {}
        self._at_rest: dict[Stored, set[str]] = {}
        self._between: dict[tuple[Stored, Stored], set[str]] = {}

    def walk(self, limit: int, only_first: bool) -> Exploration:
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

    def _judge_state(self, state: State) -> None:
        if state.rows not in self._always:
            self._always[state.rows] = self._judge.always(self._world.shown(state.rows))
        self._note(self._always[state.rows], state)
        if state.workers or state.todo or state.behind:
            return
        self._found.at_rest += 1
        if state.rows not in self._at_rest:
            self._at_rest[state.rows] = self._judge.at_rest(self._world.shown(state.rows))
        self._note(self._at_rest[state.rows], state)

    def _judge_step(self, before: State, step: Step, after: State) -> None:
        if step.wrong:
            self._note({step.wrong}, before, step)
        if after.rows == before.rows:
            return
        rows = before.rows, after.rows
        if rows not in self._between:
            self._between[rows] = self._judge.between(*map(self._world.shown, rows))
        self._note(self._between[rows], before, step)

    def _note(self, wrong: set[str], state: State, *last: Step) -> None:
        for kind in sorted(wrong - self._found.faults.keys()):
            self._found.faults[kind] = self._trace(state) + [_told(step) for step in last]

    def _trace(self, state: State) -> list[str]:
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
