"""The moments of a scene: calls of acts and of the function, one at a time, and a replica that catches up."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import NamedTuple

import stream_lambda
from stream_lambda.items import Item, is_message_pk, message_of
from tableguard.local.event_source.batch_response import judge as judge_response
from tableguard.local.function.outcome import Success
from tests.explorer.model_table import Items, Key
from tests.explorer.people.client import TableClient
from tests.explorer.people.judge import PeoplesJudge
from tests.explorer.people.requests import carry_out, touched
from tests.explorer.people.scene import Listed, Scene
from tests.explorer.pool import Frozen, Pool, freeze
from tests.explorer.program import Call, Unanswered
from tests.explorer.world import Step, Stored, stored
from tests.worlds.handler_packages import invoke
from tests.worlds.messages import stream_record

_DELIVERY = -1  # the number of no act
Answers = tuple[tuple[int, int], ...]  # (call, answer), sorted


class Actor(NamedTuple):
    """An act or the function with a message, under way: its calls that were answered."""

    act: int
    message: int
    answers: Answers = ()


class Moment(NamedTuple):
    """Everything in it is a number or a sorted tuple, so that equal moments are equal."""

    rows: Stored
    replica: Stored
    behind: tuple[tuple[int, int], ...]  # writes that the replica does not show yet, oldest first
    actors: tuple[Actor, ...]
    todo: tuple[int, ...]  # messages that the function is still to have
    crashes: int
    deaths: int

    @property
    def at_rest(self) -> bool:
        """Whether nothing is under way and nothing is to come."""
        return not (self.actors or self.todo or self.behind)


class Effect(NamedTuple):
    """The answer of a call, and the items that it writes."""

    answer: int
    written: tuple[tuple[int, int], ...]


class Look(NamedTuple):
    """The calls that wait for an answer; if none does, whether all is done, and what was listed."""

    waiting: tuple[int, ...]
    done: bool = True
    listed: Listed | None = None


class PeoplesWorld:
    """The product's own code in one scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._judge = PeoplesJudge()
        self._keys: Pool[Key] = Pool()
        self._items: Pool[Frozen] = Pool()
        self._calls: Pool[Call] = Pool()
        self._answers: Pool[Frozen] = Pool()
        self._touched: dict[int, frozenset[int]] = {}
        self._effects: dict[tuple[object, ...], Effect] = {}
        self._looks: dict[Actor, Look] = {}
        self._shown: dict[Stored, dict[Key, Item]] = {}

    def start(self) -> Moment:
        """Everybody is about to begin."""
        rows: Stored = ()
        for key, item in self.scene.items.items():
            rows = stored(rows, self._keys.number(key), self._items.number(freeze(item)))
        sent = {(message.group_uuid, message.created_at) for message in self.scene.sent}
        messages = [number for _, number in rows if self._is_of(number, sent)]
        moment = Moment(rows, rows, (), (), tuple(sorted(messages)), self.scene.crashes, self.scene.deaths)
        return moment._replace(actors=tuple(Actor(act, _DELIVERY) for act in range(len(self.scene.acts))))

    def shown(self, rows: Stored) -> Items:
        """The items of a table by their keys."""
        if rows not in self._shown:
            self._shown[rows] = {self._keys.values[key]: self._items.values[item].value for key, item in rows}
        return self._shown[rows]

    def successors(self, state: Moment) -> Iterator[tuple[Step, Moment]]:
        """Every next moment, and what leads to it."""
        yield from self._replica_catches_up(state)
        yield from self._deliveries(state)
        for number, actor in enumerate(state.actors):
            alone = state._replace(actors=state.actors[:number] + state.actors[number + 1 :])
            for call in self._look(actor).waiting:
                yield self._answered(alone, actor, call)
            if actor.act == _DELIVERY and state.crashes:
                yield (
                    Step("crash of the function", self._name(actor)),
                    _to_do(alone._replace(crashes=state.crashes - 1), actor.message),
                )
            if actor.act != _DELIVERY and state.deaths and actor.answers:
                yield Step("given up:", self._name(actor)), alone._replace(deaths=state.deaths - 1)

    def _replica_catches_up(self, state: Moment) -> Iterator[tuple[Step, Moment]]:
        caught: set[int] = set()
        for number, (key, item) in enumerate(state.behind):
            if key not in caught:  # an item's changes come in their order
                caught.add(key)
                left = state.behind[:number] + state.behind[number + 1 :]
                after = state._replace(replica=stored(state.replica, key, item), behind=left)
                yield Step("the replica shows", self._keys.values[key]), after

    def _deliveries(self, state: Moment) -> Iterator[tuple[Step, Moment]]:
        if sum(actor.act == _DELIVERY for actor in state.actors) == self.scene.workers:
            return
        for message in dict.fromkeys(state.todo):
            left = list(state.todo)
            left.remove(message)
            actor = Actor(_DELIVERY, message)
            actors = tuple(sorted((*state.actors, actor)))
            yield Step("delivered:", self._name(actor)), state._replace(todo=tuple(left), actors=actors)

    def _answered(self, alone: Moment, actor: Actor, call: int) -> tuple[Step, Moment]:
        made = self._calls.values[call]
        effect = self._effect(alone, call)
        state = self._written(alone, effect.written)
        answers = tuple(sorted((*actor.answers, (call, effect.answer))))
        after = actor._replace(answers=answers)
        look = self._look(after)
        if look.waiting:
            return Step(self._name(actor), made), state._replace(actors=tuple(sorted((*state.actors, after))))
        wrong = "" if look.listed is None else self._judge.told(look.listed, self.scene.still)
        if not look.done:
            wrong = "delivered again although every call was answered"
        return Step(self._name(actor), made, wrong), state

    def _effect(self, state: Moment, call: int) -> Effect:
        """What a call is answered and writes; a write and a read of single items depend on these items alone."""
        operation, request, _ = self._calls.values[call]
        if call not in self._touched:
            self._touched[call] = frozenset(map(self._keys.number, touched(operation, request.value)))
        keys = self._touched[call]
        seen = call, *((row for row in state.rows if row[0] in keys) if keys else (state.rows, state.replica))
        if seen not in self._effects:
            answer = carry_out(operation, request.value, self.shown(state.rows), self.shown(state.replica))
            written = tuple(
                (self._keys.number(key), self._items.number(freeze(item))) for key, item in answer.written.items()
            )
            self._effects[seen] = Effect(self._answers.number(answer.value), written)
        return self._effects[seen]

    def _written(self, state: Moment, written: tuple[tuple[int, int], ...]) -> Moment:
        rows, replica, behind, todo = state.rows, state.replica, state.behind, state.todo
        for key, item in written:
            if (key, item) in rows:
                continue
            rows = stored(rows, key, item)
            is_message = is_message_pk(self._keys.values[key][0])
            todo = (*todo, item) if is_message else todo
            if self.scene.lag and not is_message:  # nobody reads messages eventually consistent here
                behind = (*behind, (key, item))
            else:
                replica = stored(replica, key, item)
        return state._replace(rows=rows, replica=replica, behind=behind, todo=tuple(sorted(todo)))

    def _look(self, actor: Actor) -> Look:
        if actor not in self._looks:
            answers = {self._calls.values[call]: self._answers.values[answer] for call, answer in actor.answers}
            client = TableClient(answers)
            look = self._invoked(client, actor.message) if actor.act == _DELIVERY else self._acted(client, actor.act)
            self._looks[actor] = look
        return self._looks[actor]

    def _invoked(self, client: TableClient, message: int) -> Look:
        record = stream_record(self._items.values[message].value)
        with redirect_stdout(io.StringIO()):
            response = invoke(stream_lambda, client, [record])
        if client.waiting:
            return self._waiting(client)
        return Look((), judge_response(Success(response), [record["dynamodb"]["SequenceNumber"]], True).done == 1)

    def _acted(self, client: TableClient, act: int) -> Look:
        try:
            return Look((), listed=self.scene.acts[act](client))
        except Unanswered:
            return self._waiting(client)

    def _waiting(self, client: TableClient) -> Look:
        return Look(tuple(map(self._calls.number, client.waiting)))

    def _is_of(self, item: int, sent: set[tuple[str, str]]) -> bool:
        value = self._items.values[item].value
        if not is_message_pk(value["pk"]["S"]):
            return False
        message = message_of(value)
        return (message.group_uuid, message.created_at) in sent

    def _name(self, actor: Actor) -> str:
        if actor.act == _DELIVERY:
            return f"the function with {self._items.values[actor.message].value['message']['S']}:"
        return f"act {actor.act}:"


def _to_do(state: Moment, message: int) -> Moment:
    return state._replace(todo=tuple(sorted((*state.todo, message))))
