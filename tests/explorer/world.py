"""Everything that can happen next: calls, their faults, crashes, deliveries, and the index that catches up."""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple, TypeVar

from stream_lambda.batch_get import KEYS_PER_CALL
from stream_lambda.items import group_item
from tests.explorer import model_table
from tests.explorer.model_table import TIMEOUT, WRITES, Items, Key
from tests.explorer.pool import Frozen, Pool, freeze
from tests.explorer.program import Call, Look, Program, Row, look
from tests.explorer.scenario import Batch, Scenario

ABSENT = -1
T = TypeVar("T")
Stored = tuple[tuple[int, int], ...]  # (key, item), sorted


class Worker(NamedTuple):
    """One invocation under way: its batch, its calls that were answered, and whether one of them met a fault."""

    batch: Batch
    answers: tuple[tuple[int, int], ...] = ()  # (call, answer), sorted
    hurt: bool = False


class State(NamedTuple):
    """A moment; everything in it is a number or a sorted tuple, so that equal moments are equal."""

    rows: Stored
    listed: Stored  # what the index shows; () where it does not lag
    behind: tuple[tuple[int, int], ...]  # writes that the index does not show yet, oldest first
    workers: tuple[Worker, ...]
    todo: tuple[Batch, ...]
    late: tuple[int, ...]  # writes on the wire whose caller is gone: they may be done at any time, or never
    crashes: int
    faults: int

    @property
    def at_rest(self) -> bool:
        """Whether everything is delivered, and nothing is under way."""
        return not (self.workers or self.todo or self.behind)


class Step(NamedTuple):
    """What happened, to which call, batch or row; and what is wrong with it in itself."""

    verb: str
    what: Batch | Call | Key | str
    wrong: str = ""


def stored(rows: Stored, key: int, item: int) -> Stored:
    """Rows after one of them was written."""
    kept = tuple(row for row in rows if row[0] != key)
    return kept if item == ABSENT else tuple(sorted((*kept, (key, item))))


class World:
    """One program in one scenario."""

    def __init__(self, program: Program, scenario: Scenario) -> None:
        self.program, self.scenario = program, scenario
        self.keys: Pool[Key] = Pool()
        self.items: Pool[Frozen] = Pool()
        self.calls: Pool[Call] = Pool()
        self.answers: Pool[Frozen] = Pool()
        self._records = scenario.records
        self._looks: dict[tuple[Batch, tuple[tuple[int, int], ...]], tuple[tuple[int, ...], int]] = {}
        self._effects: dict[tuple[int, int], tuple[int, int]] = {}
        self._written_keys: dict[int, int] = {}
        self._members: dict[tuple[int, int, int], int] = {}
        self._timeout = self.answers.number(model_table.failed(TIMEOUT))
        self._refused = self.answers.number(model_table.failed("ProvisionedThroughputExceededException"))

    @cached_property
    def groups(self) -> Items:
        """The groups' own items, which no program changes."""
        found = [group_item(group) for group in self.scenario.groups]
        return {model_table.key_of(item): item for item in found}

    def start(self) -> State:
        """The rows of what has begun, everything else still to be delivered."""
        groups = {group.group_uuid: group for group in self.scenario.groups}
        rows: Stored = ()
        for message in self.scenario.begun:
            for item in self.program.first_rows(groups[message.group_uuid], message):
                key = self.keys.number(model_table.key_of(item))
                rows = stored(rows, key, self.items.number(freeze(item)))
        listed = rows if self.scenario.lagging_index else ()
        todo = self.scenario.batches if self.scenario.in_order else tuple(sorted(self.scenario.batches))
        return State(rows, listed, (), (), todo, (), self.scenario.crashes, self.scenario.faults)

    def shown(self, rows: Stored) -> list[Row]:
        """What rows say."""
        return [self.program.read(self.items.values[item].value) for _, item in rows]

    def successors(self, state: State) -> Iterator[tuple[Step, State]]:
        """Every next moment, and what leads to it."""
        yield from self._index_catches_up(state)
        yield from self._starts(state)
        for call in dict.fromkeys(state.late):
            left = _without(state.late, state.late.index(call))
            yield Step("done late:", self.calls.values[call]), self._written(state._replace(late=left), call)[0]
        for number, worker in enumerate(state.workers):
            if number and worker == state.workers[number - 1]:
                continue
            alone = state._replace(workers=_without(state.workers, number))
            waiting, _ = self._look(worker)
            for call in waiting:
                yield from self._answered(alone, worker, call)
            if state.crashes:
                late = self._now_late(state, *(call for call in waiting if self._operation(call) in WRITES))
                crashed = alone._replace(crashes=state.crashes - 1, late=late)
                yield Step("crash of the batch", worker.batch), self._again(crashed, worker.batch)

    def _index_catches_up(self, state: State) -> Iterator[tuple[Step, State]]:
        seen = set()
        for number, (key, item) in enumerate(state.behind):
            if key not in seen:  # an item's changes reach the index in their order
                seen.add(key)
                shown = stored(state.listed, key, item)
                yield (
                    Step("the index shows", self.keys.values[key]),
                    state._replace(listed=shown, behind=_without(state.behind, number)),
                )

    def _starts(self, state: State) -> Iterator[tuple[Step, State]]:
        if len(state.workers) == self.scenario.workers:
            return
        for number in range(min(len(state.todo), 1 if self.scenario.in_order else len(state.todo))):
            if not number or state.todo[number] != state.todo[number - 1]:
                begun = state._replace(todo=_without(state.todo, number))
                yield Step("begin the batch", state.todo[number]), self._go_on(begun, Worker(state.todo[number]))[1]

    def _answered(self, alone: State, worker: Worker, call: int) -> Iterator[tuple[Step, State]]:
        for verb, state, answer in self._fates(alone, call):
            hurt = worker.hurt or state.faults < alone.faults
            answers = tuple(sorted((*worker.answers, (call, answer))))
            wrong, after = self._go_on(state, Worker(worker.batch, answers, hurt))
            yield Step(verb, self.calls.values[call], wrong), after

    def _fates(self, state: State, call: int) -> Iterator[tuple[str, State, int]]:
        """What may become of a call: how it is told, the moment after it, its answer."""
        if self._operation(call) not in WRITES:
            yield from self._reads(state, call)
        else:
            written, answer = self._written(state, call)
            yield "done:", written, answer
            if state.faults:
                yield "done, the answer lost:", _hurt(written), self._timeout
                late = _hurt(state)._replace(late=self._now_late(state, call))
                yield "timed out, perhaps done later:", late, self._timeout
        if state.faults:
            yield "refused:", _hurt(state), self._refused

    def _reads(self, state: State, call: int) -> Iterator[tuple[str, State, int]]:
        operation, request, _ = self.calls.values[call]
        if operation == "query":
            entries = state.listed if self.scenario.lagging_index else state.rows
            found = {self.keys.values[key]: self.items.values[item].value for key, item in entries}
            yield "read:", state, self.answers.number(model_table.query(request.value, found))
            return
        ((_, asked),) = request.value["RequestItems"].items()
        yield "read:", state, self._read(call, self.groups)
        if self.scenario.members_lag and not asked.get("ConsistentRead"):
            yield "read too early:", state, self._read(call, {})
        if state.faults:
            yield "read all but one key:", _hurt(state), self._read(call, self.groups, len(asked["Keys"]) - 1)

    def _read(self, call: int, groups: Items, answered: int = KEYS_PER_CALL) -> int:
        known = call, len(groups), answered
        if known not in self._members:
            found = model_table.batch_get(self.calls.values[call].request.value, groups, answered)
            self._members[known] = self.answers.number(found)
        return self._members[known]

    def _written(self, state: State, call: int) -> tuple[State, int]:
        if call not in self._written_keys:
            operation, request, _ = self.calls.values[call]
            self._written_keys[call] = self.keys.number(model_table.written_key(operation, request.value))
        key = self._written_keys[call]
        before = dict(state.rows).get(key, ABSENT)
        after, answer = self._effect(call, before)
        if after == before:
            return state, answer
        behind = (*state.behind, (key, after)) if self.scenario.lagging_index else ()
        return state._replace(rows=stored(state.rows, key, after), behind=behind), answer

    def _effect(self, call: int, before: int) -> tuple[int, int]:
        if (call, before) not in self._effects:
            operation, request, _ = self.calls.values[call]
            item = None if before == ABSENT else self.items.values[before]
            effect = model_table.write(operation, request.value, item)
            after = ABSENT if effect.item is None else self.items.number(effect.item)
            self._effects[call, before] = after, self.answers.number(effect.answer)
        return self._effects[call, before]

    def _go_on(self, state: State, worker: Worker) -> tuple[str, State]:
        """The worker among the others, or, if it is through, what it leaves to be delivered again."""
        waiting, settled = self._look(worker)
        if waiting:
            return "", state._replace(workers=tuple(sorted((*state.workers, worker))))
        left = worker.batch[settled:]
        wrong = "delivered again although every call was answered" if left and not worker.hurt else ""
        return wrong, self._again(state, left) if left else state

    def _again(self, state: State, batch: Batch) -> State:
        todo = (batch, *state.todo)
        return state._replace(todo=todo if self.scenario.in_order else tuple(sorted(todo)))

    def _look(self, worker: Worker) -> tuple[tuple[int, ...], int]:
        known = (worker.batch, worker.answers)
        if known not in self._looks:
            answers = {self.calls.values[call]: self.answers.values[answer] for call, answer in worker.answers}
            found: Look = look(self.program, [self._records[number] for number in worker.batch], answers)
            self._looks[known] = tuple(map(self.calls.number, found.waiting)), found.settled
        return self._looks[known]

    def _operation(self, call: int) -> str:
        return self.calls.values[call].operation

    def _now_late(self, state: State, *calls: int) -> tuple[int, ...]:
        return tuple(sorted((*state.late, *calls)))


def _without(values: tuple[T, ...], number: int) -> tuple[T, ...]:
    return values[:number] + values[number + 1 :]


def _hurt(state: State) -> State:
    return state._replace(faults=state.faults - 1)
