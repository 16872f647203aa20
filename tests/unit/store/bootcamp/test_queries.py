"""The queries of the bootcamp's application answer on our table as they did on its own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from stream_lambda.items import User
from tableguard.errors import MessageError
from tableguard.store.bootcamp.queries import BootcampQueries
from tests.engines.choice import BOTH
from tests.paths import ROOT
from tests.worlds.bootcamp import Bootcamp
from tests.worlds.messages import ADA, BOB, EVE, TABLE
from tests.worlds.takeovers import adopted, both_tables, ours

pytestmark = pytest.mark.slow
World = tuple[Any, Bootcamp, str, str]


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with both_tables(request.param) as made:
        adopted(made[0])
        yield made


def named(who: str, user: User) -> dict[str, str]:
    return {f"{who}_user_uuid": user.user_uuid, f"{who}_user_display_name": user.display_name} | {
        f"{who}_user_handle": user.handle
    }


def test_groups_and_messages_are_listed_as_in_the_table_that_was_taken_over(world: World) -> None:
    client, application, pair, _ = world
    queries = BootcampQueries(ours(client))
    theirs = sorted(
        (item for item in application.items() if item["pk"]["S"] == f"GRP#{ADA.user_uuid}"),
        key=lambda item: item["sk"]["S"],
        reverse=True,
    )
    assert [
        (group["uuid"], group["display_name"], group["handle"], group["message"])
        for group in queries.list_message_groups(ADA.user_uuid)
    ] == [
        tuple(row[name]["S"] for name in ("message_group_uuid", "user_display_name", "user_handle", "message"))
        for row in theirs
    ]
    messages = sorted(
        (item for item in application.items() if item["pk"]["S"] == f"MSG#{pair}"), key=lambda item: item["sk"]["S"]
    )
    assert [
        (message["uuid"], message["display_name"], message["handle"], message["message"])
        for message in queries.list_messages(pair, BOB.user_uuid)
    ] == [
        tuple(item[name]["S"] for name in ("message_uuid", "user_display_name", "user_handle", "message"))
        for item in messages
    ]


def test_a_stranger_lists_nothing_and_writes_nothing(world: World) -> None:
    client, _, pair, _ = world
    queries = BootcampQueries(ours(client))
    with pytest.raises(MessageError, match="not a member"):
        queries.list_messages(pair, EVE.user_uuid)
    with pytest.raises(MessageError, match="not a member"):
        queries.create_message(message_group_uuid=pair, message="let me in", **named("my", EVE))
    assert len(queries.list_messages(pair, ADA.user_uuid)) == 3


def test_a_message_is_answered_as_there_and_listed_last(world: World) -> None:
    client, _, pair, _ = world
    table = ours(client)
    queries = BootcampQueries(table)
    answer = queries.create_message(message_group_uuid=pair, message="fine, and you?", **named("my", BOB))
    assert answer == {
        "message_group_uuid": pair,
        "uuid": BOB.user_uuid,
        "display_name": BOB.display_name,
        "handle": BOB.handle,
        "message": "fine, and you?",
        "created_at": answer["created_at"],
    }
    assert queries.list_messages(pair, ADA.user_uuid)[-1]["message"] == "fine, and you?"
    table.refresh(pair)  # no stream function runs here
    assert queries.list_message_groups(ADA.user_uuid)[0]["message"] == "fine, and you?"


def test_the_example_of_the_page_takes_the_place_of_its_module(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client, _, pair, _ = world
    (example,) = re.findall(
        "```python\n(.*?)```", (ROOT / "docs" / "bootcamp.md").read_text(encoding="utf-8"), re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102  # it is the page of this repository
    monkeypatch.setenv("DDB_MESSAGE_TABLE", TABLE)
    monkeypatch.setattr("boto3.client", lambda service, endpoint_url: client)
    ddb = names["Ddb"]
    made = ddb.client()
    said = ddb.create_message(made, message_group_uuid=pair, message="by the example", **named("my", ADA))
    assert ddb.list_messages(made, pair, BOB.user_uuid)[-1]["message"] == said["message"] == "by the example"
    assert ddb.list_message_groups(made, EVE.user_uuid)[0]["handle"] == "ada"
    begun = ddb.create_message_group(made, message="hello", **named("my", BOB), **named("other", EVE))
    assert ddb.list_messages(made, **begun, my_user_uuid=EVE.user_uuid)[0]["message"] == "hello"


def test_two_people_who_have_a_group_that_was_taken_over_get_no_second_one(world: World) -> None:
    client, _, pair, other = world
    queries = BootcampQueries(ours(client))
    for partner, group_uuid in ((BOB, pair), (EVE, other)):
        answer = queries.create_message_group(message="again", **named("my", ADA), **named("other", partner))
        assert answer == {"message_group_uuid": group_uuid}
    begun = queries.create_message_group(message="first", **named("my", BOB), **named("other", EVE))
    assert begun["message_group_uuid"] not in (pair, other)
    assert queries.create_message_group(message="second", **named("my", EVE), **named("other", BOB)) == begun
    assert [message["message"] for message in queries.list_messages(**begun, my_user_uuid=EVE.user_uuid)] == [
        "first",
        "second",
    ]
