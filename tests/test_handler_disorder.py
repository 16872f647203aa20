"""The function under any order, repetition and fault; and a table of faults in the function itself, each noticed."""

import importlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stream_lambda
from stream_lambda.items import Group, Message, message_item
from tests.message_world import (
    ADA,
    BOB,
    EVE,
    NOW,
    OTHER_PAIR,
    PAIR,
    TABLE,
    TRIO,
    all_items,
    at,
    emulated_table,
    message_records,
    said,
    shown_texts,
    stream_record,
)
from tests.watched_client import Sparing, Watched, failing, inject, refused


def deliver(package: ModuleType, client: Watched, records: list[Any], remaining: int = 60_000) -> Any:
    """One batch through the function of a package."""
    handler = importlib.import_module(f"{package.__name__}.handler")
    table = importlib.import_module(f"{package.__name__}.table")
    asked = table.Table(client, TABLE, workers=1, sleep=lambda seconds: None)
    return handler.handle_batch(records, asked, NOW, lambda: remaining)


@dataclass(frozen=True)
class Delivery:
    """A stretch of the stream, perhaps reversed, and the faults its calls meet in turn."""

    start: int
    length: int
    reverse: bool
    faults: tuple[str, ...]


deliveries = st.lists(
    st.builds(
        Delivery,
        st.integers(0, 20),
        st.integers(1, 8),
        st.booleans(),
        st.lists(st.sampled_from(["none", "before", "after"]), max_size=4).map(tuple),
    ),
    max_size=6,
)
sent = st.lists(
    st.tuples(st.sampled_from([PAIR, OTHER_PAIR, TRIO]), st.integers(1, 9), st.integers(0, 2)),
    min_size=1,
    max_size=12,
    unique=True,
)


def expected(messages: list[Message]) -> dict[tuple[str, str], object]:
    groups = {group.group_uuid: group for group in (PAIR, OTHER_PAIR, TRIO)}
    found: dict[tuple[str, str], object] = {}
    for message in sorted(messages, key=lambda message: message.stamp):
        found |= {(user.user_uuid, message.group_uuid): message.text for user in groups[message.group_uuid].members}
    return found


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent, deliveries)
def test_in_the_end_every_member_sees_the_newest_message(
    sends: list[tuple[Group, int, int]], disorder: list[Delivery]
) -> None:
    messages = [
        said(f"{second} version {version}", second, group, edited_at=at(60 + version) if version else "")
        for group, second, version in sends
    ]
    stream = message_records(*messages)
    with emulated_table(PAIR, OTHER_PAIR, TRIO) as emulated:
        for delivery in disorder:
            batch = stream[delivery.start : delivery.start + delivery.length]
            before, after = inject(delivery.faults)
            deliver(stream_lambda, Watched(emulated, before, after), batch[::-1] if delivery.reverse else batch)
        position = 0
        while position < len(stream):  # as Lambda does: go on from the record that failed
            batch = stream[position : position + 5]
            before, after = inject(disorder[0].faults if disorder and position == 0 else ())
            failed = deliver(stream_lambda, Watched(emulated, before, after), batch).failed_from
            disorder = disorder[1:]
            numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
            position += numbers.index(failed) if failed else len(batch)
        assert shown_texts(emulated) == expected(messages)


# Faults in the function, one at a time: module, what it says, what it says instead.
MUTANTS = {
    "rows are overwritten unconditionally": (
        "table",
        "ConditionExpression=_NEWER",
        'ConditionExpression="attribute_not_exists(nothing)"',
    ),
    "an equal message counts as newer": (
        "table",
        "last_message_at < :last_message_at",
        "last_message_at <= :last_message_at",
    ),
    "versions are not compared": (
        "table",
        ' OR "\n    "(last_message_at = :last_message_at AND last_message_version < :last_message_version)',
        "",
    ),
    "rows are not made": ("table", "attribute_not_exists(last_message_at) OR ", ""),
    "an old expiry stays": ("table", " REMOVE expires_at", ""),
    "names are overwritten": ("table", 'f"{name} = if_not_exists({name}, :{name})"', 'f"{name} = :{name}"'),
    "an invalid row holds the stream up": ("table", ', "ValidationException": "refused"', ""),
    "members are read eventually consistent": ("table", '"ConsistentRead": True', '"ConsistentRead": False'),
    "unprocessed keys are forgotten": ("table", "if not keys:", "if True:"),
    "unread groups are forgotten": ("table", "unread += left", "pass"),
    "the last of a batch wins": ("decide", "known is None or known.message.stamp <= message.stamp", "True"),
    "the first of a batch wins": ("decide", "known is None or known.message.stamp <= message.stamp", "known is None"),
    "the batch comes again from the last failure": ("decide", "return min(", "return max("),
    "only one member's row is written": ("decide", "groups[group_uuid].members\n", "groups[group_uuid].members[:1]\n"),
    "everybody talks to himself": ("decide", "!= member.user_uuid", "== member.user_uuid"),
    "failed writes are forgotten": ("handler", "failed.add(row.group_uuid)", "pass"),
    "unread members are forgotten": ("handler", "set(groups.unread)", "set()"),
    "rows are begun to the very end": ("handler", "remaining() < STOP_MILLISECONDS", "False"),
    "a group without members goes unnoticed": ("handler", "newest.keys() - groups.found.keys() - failed", "()"),
    "edits are ignored": ("records", '("INSERT", "MODIFY")', '("INSERT",)'),
    "bytes are encoded twice": ("records", 'base64.b64decode(value["B"], validate=True)', 'value["B"].encode()'),
    "the future is believed": ("records", "minutes=5", "weeks=5000"),
    "rows are read as messages": ("items", "return pk.startswith(_MESSAGE)", "return True"),
    "timestamps are kept as they come": (
        "items",
        "return timestamp(when if when.tzinfo else when.replace(tzinfo=UTC))",
        "return text",
    ),
    "previews are not cut": ("items", "PREVIEW_CHARACTERS = 140", "PREVIEW_CHARACTERS = 1400"),
    "deleted texts are shown": ("items", "if self.deleted:", "if False:"),
}


def observe(package: ModuleType) -> object:
    """Everything that can be seen of the function while it meets, one after the other, all that it must withstand."""
    handled: list[Any] = []
    with emulated_table(PAIR, OTHER_PAIR, TRIO) as emulated:

        def meet(*records: Any, client: Watched | None = None, remaining: int = 60_000) -> None:
            watched = client or Watched(emulated)
            try:
                done = deliver(package, watched, list(records), remaining)
            except Exception as error:  # noqa: BLE001 - a mutant may fail in any way; the function itself does not
                handled.append(type(error))
            else:
                handled.append((dict(done.counts), done.response, watched.asked))

        three = message_records(said("b", 2), said("eve", 1, OTHER_PAIR), said("three", 1, TRIO))
        meet(*three, *message_records(said("c", 3, expires_at=7), said("a", 1)))
        meet(*three)
        meet(*message_records(said("c again", 3)))
        meet(stream_record(message_item(said("x" * 200, 3, edited_at=at(4))), event_name="MODIFY"))
        meet(*message_records(said(bytes(9), 5), said("", 6, TRIO, deleted=True, preview="gone")))
        meet(*message_records(said("future", 10**9), said("nobody", 1, Group("none", (ADA,)))))
        local = message_item(said("local time", 0)) | {"sk": {"S": "2026-06-26T12:00:07+02:00"}}
        meet(stream_record(local), stream_record(local | {"pk": {"S": "GRP#user-ada"}}))
        emulated.update_item(
            TableName=TABLE,
            Key={"pk": {"S": f"GRP#{ADA.user_uuid}"}, "sk": {"S": PAIR.group_uuid}},
            UpdateExpression="SET other_user_handle = :new",
            ExpressionAttributeValues={":new": {"S": "renamed"}},
        )
        later = message_records(said("d", 8), said("eve", 9, OTHER_PAIR), said("three", 9, TRIO))
        meet(*later, client=Sparing(emulated, never=True))
        meet(*later, remaining=0)
        meet(*later, client=Watched(emulated, failing(EVE.user_uuid, refused("InternalServerError"))))
        meet(*later, client=Watched(emulated, failing(BOB.user_uuid, refused("ValidationException"))))
        meet(*later, client=Sparing(emulated))
        handled.append(all_items(emulated))
    return handled


def test_the_function_withstands_it_all() -> None:
    observed = observe(stream_lambda)
    assert isinstance(observed, list)
    assert not [step for step in observed if isinstance(step, type)]
    assert observed == observe(stream_lambda), "the same twice, or the mutants below prove nothing"


@pytest.fixture(scope="module")
def sound() -> object:
    return observe(stream_lambda)


@pytest.mark.parametrize("fault", MUTANTS)
def test_it_would_be_noticed_if(fault: str, sound: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, right, wrong = MUTANTS[fault]
    name = f"mutant_{list(MUTANTS).index(fault)}"
    folder = shutil.copytree(Path(stream_lambda.__file__).parent, tmp_path / name)
    source = (folder / f"{module}.py").read_text()
    assert source.count(right) == 1, f"{module}.py says {right!r} {source.count(right)} times"
    (folder / f"{module}.py").write_text(source.replace(right, wrong))
    monkeypatch.syspath_prepend(tmp_path)
    assert observe(importlib.import_module(name)) != sound
