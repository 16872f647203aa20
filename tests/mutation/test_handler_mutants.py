"""A table of faults in the function, each noticed: by what happens to the rows, or by all that can be seen of it."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

import stream_lambda
from stream_lambda.items import Group, Item, group_item, message_item
from tests.cases.handler_faults import FAULTS, SEEN_IN
from tests.engines.choice import BOTH
from tests.explorer.cases import ONE_THING, PATTERN_D
from tests.explorer.model_table import ModelTable
from tests.explorer.programs import pattern_d
from tests.explorer.search import explore
from tests.worlds.handler_packages import PLENTY, invoke, with_fault
from tests.worlds.messages import (
    ADA,
    BOB,
    EVE,
    OTHER_PAIR,
    PAIR,
    TABLE,
    TRIO,
    all_items,
    at,
    emulated_table,
    message_records,
    said,
    stream_record,
)
from tests.worlds.watched_client import Sparing, Watched, failing, refused

pytestmark = pytest.mark.slow
THREE = replace(TRIO, further=frozenset((BOB.user_uuid,)))


def observe(package: ModuleType, client: Any) -> list[object]:
    """Everything that can be seen of the function while it meets, one after the other, all that it must withstand."""
    seen: list[object] = []

    def meet(*records: Any, met: Watched | None = None, remaining: int = PLENTY) -> None:
        watched = met or Watched(client)
        printed = io.StringIO()
        with redirect_stdout(printed):
            try:
                answer = invoke(package, watched, records, remaining)
            except Exception as error:  # noqa: BLE001 - a mutant may fail in any way; the function itself does not
                answer = type(error)
        lines = [json.loads(line) for line in printed.getvalue().splitlines()]
        seen.append((answer, watched.asked, [{**line, "_aws": None} for line in lines]))

    three = message_records(said("b", 2), said("eve", 1, OTHER_PAIR), said("three", 1, TRIO))
    meet(*three, *message_records(said("c", 3, expires_at=7), said("a", 1)))
    meet(*three)
    meet(*message_records(said("c again", 3)))
    meet(stream_record(message_item(said("x" * 200, 3, edited_at=at(4))), event_name="MODIFY"))
    meet(*message_records(said(bytes(9), 5), said("", 6, TRIO, deleted=True, preview="gone")))
    meet(*message_records(said("future", 10**9), said("nobody", 1, Group("none", (ADA,)))))
    local = message_item(said("local time", 0)) | {"sk": {"S": "2026-06-26T12:00:07+02:00"}}
    meet(stream_record(local), stream_record(local | {"pk": {"S": "GRP#user-ada"}}))
    client.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"GRP#{ADA.user_uuid}"}, "sk": {"S": PAIR.group_uuid}},
        UpdateExpression="SET other_user_handle = :new",
        ExpressionAttributeValues={":new": {"S": "renamed"}},
    )
    later = message_records(said("d", 8), said("eve", 9, OTHER_PAIR), said("three", 9, TRIO))
    meet(*later, met=Sparing(client, never=True))
    meet(*later, remaining=0)
    meet(*later, met=Watched(client, failing(EVE.user_uuid, refused("InternalServerError"))))
    meet(*later, met=Watched(client, failing(BOB.user_uuid, refused("ValidationException"))))
    meet(*later, met=Sparing(client))
    return seen


def everything(items: list[Item]) -> list[Item]:
    """What a table holds, in the order of its keys."""
    return sorted(items, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def observed_on_the_model(package: ModuleType) -> tuple[list[object], list[Item]]:
    """What the function does, and what it leaves in the table."""
    table = ModelTable()
    for group in (PAIR, OTHER_PAIR, THREE):
        table.put_item(TableName=TABLE, Item=group_item(group))
    return observe(package, table), everything(list(table.items.values()))


@pytest.fixture(scope="module")
def sound() -> object:
    return observed_on_the_model(stream_lambda)


@pytest.mark.parametrize("fault", FAULTS)
def test_it_would_be_noticed_if(fault: str, sound: object) -> None:
    with with_fault(FAULTS[fault]) as package:
        assert observed_on_the_model(package) != sound


@pytest.mark.parametrize("fault", SEEN_IN)
def test_a_message_would_be_lost_hidden_or_turned_back_if(fault: str) -> None:
    scenario = (ONE_THING | PATTERN_D)[SEEN_IN[fault]]
    with with_fault(FAULTS[fault]) as package:
        assert explore(pattern_d(package), scenario, only_first=True).faults


def test_the_function_withstands_it_all(sound: tuple[list[Any], list[Item]]) -> None:
    assert [step for step, *_ in sound[0] if isinstance(step, type)] == []
    assert observed_on_the_model(stream_lambda) == sound, "the same twice, or the table above proves nothing"


@pytest.mark.parametrize("engine", BOTH)
def test_an_engine_answers_as_the_model_does(engine: str, sound: object) -> None:
    with emulated_table(PAIR, OTHER_PAIR, THREE, engine=engine) as client:
        assert (observe(stream_lambda, client), everything(all_items(client))) == sound
