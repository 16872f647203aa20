"""Stream records: messages, nothing to do, and poison; no record whatever stops the function."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_lambda.items import Message, message_item, timestamp
from stream_lambda.records import Poison, poison, read, sequence_number
from tests.worlds.messages import NOW, REAL_RECORD, at, message_records, said, stream_record


def record(message: Message, **changes: Any) -> dict[str, Any]:
    """The record of a message, with parts of its `dynamodb` section replaced."""
    (found,) = message_records(message)
    return found | {"dynamodb": found["dynamodb"] | changes}


def test_a_record_of_a_running_table_is_read() -> None:
    message = read(REAL_RECORD, NOW)
    assert isinstance(message, Message)
    assert message.group_uuid == "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
    assert message.created_at == "2023-06-26T10:16:00.375877+00:00"
    assert (message.text, message.author.handle) == ("opa", "Augustsz")


@pytest.mark.parametrize("event_name", ["INSERT", "MODIFY"])
def test_a_new_or_edited_message_is_read(event_name: str) -> None:
    message = said("hello", 1, edited_at=at(2), expires_at=2_000_000_000)
    assert read(stream_record(message_item(message), event_name=event_name), NOW) == message


def test_there_is_nothing_to_do_for_a_removal() -> None:
    removal = stream_record(message_item(said("hello", 1)), event_name="REMOVE")
    del removal["dynamodb"]["NewImage"]
    assert read(removal, NOW) is None


@pytest.mark.parametrize("pk", ["GRP#user", "META#group", "msg#group", "OTHER"])
def test_there_is_nothing_to_do_for_other_items(pk: str) -> None:
    assert read(record(said("hello", 1), Keys={"pk": {"S": pk}, "sk": {"S": at(1)}}), NOW) is None


@pytest.mark.parametrize("written", ["2026-06-26T10:00:01", "2026-06-26T10:00:01Z", "2026-06-26T12:00:01.000+02:00"])
def test_a_timestamp_in_any_form_becomes_canonical(written: str) -> None:
    message = read(record(said("hello", 1), Keys={"pk": {"S": "MSG#g"}, "sk": {"S": written}}), NOW)
    assert isinstance(message, Message)
    assert message.created_at == at(1)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 403])
def test_bytes_are_decoded_once(size: int) -> None:
    ciphertext = bytes(range(256)) * 2
    message = said(ciphertext[:size], 1, preview=ciphertext[-size:])
    assert read(record(message), NOW) == message


def test_bytes_that_are_no_base64_are_poison() -> None:
    whole = record(said(b"ciphertext", 1))
    assert isinstance(read(whole, NOW), Message)
    whole["dynamodb"]["NewImage"]["message"] = {"B": "not base64!"}
    assert read(whole, NOW) == poison(whole, "message: not base64")


# Five minutes of difference between clocks are forgiven, measured against the stream's own clock.
@pytest.mark.parametrize(("ahead", "usable"), [(0, True), (299, True), (301, False), (30_000_000_000, False)])
@pytest.mark.parametrize("name", ["created_at", "edited_at"])
def test_a_timestamp_in_the_future_is_poison(name: str, ahead: int, usable: bool) -> None:
    fields = {"created_at": at(0), "edited_at": ""} | {name: timestamp(NOW + timedelta(seconds=ahead))}
    item = message_item(said("hello", 0)) | {"sk": {"S": fields["created_at"]}}
    if fields["edited_at"]:
        item["edited_at"] = {"S": fields["edited_at"]}
    found = read(stream_record(item), NOW + timedelta(days=1))
    assert isinstance(found, Message if usable else Poison)


@pytest.mark.parametrize("seen", [None, "yesterday", True])
def test_without_the_streams_clock_the_functions_own_counts(seen: Any) -> None:
    early = record(said("hello", 600), ApproximateCreationDateTime=seen)
    assert isinstance(read(early, NOW), Message)
    assert isinstance(read(early, NOW - timedelta(minutes=30)), Poison)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (None, "SequenceNumber: absent"),
        ([], "SequenceNumber: absent"),
        ({}, "SequenceNumber: absent"),
        (record(said("hello", 1), SequenceNumber=7), "SequenceNumber: absent"),
        (record(said("hello", 1), Keys=None), "Keys: absent or not a map"),
        (record(said("hello", 1), Keys={}), "pk: absent or not a map"),
        (record(said("hello", 1), Keys={"pk": {"N": "1"}}), "pk: absent or not of type S"),
        (record(said("hello", 1), NewImage=None), "NewImage: absent or not a map"),
        (record(said("hello", 1), NewImage={}), "message_uuid: absent or not of type S"),
        (record(said("hello", 1), Keys={"pk": {"S": "MSG#"}, "sk": {"S": at(1)}}), "pk: not MSG# and a name"),
        (record(said("hello", 1), Keys={"pk": {"S": "MSG#g"}, "sk": {"S": "soon"}}), "sk: not an ISO 8601 timestamp"),
        (record(said("hello", 1), ApproximateCreationDateTime=float("nan")), "ValueError"),
        (record(said("hello", 1), ApproximateCreationDateTime=1e300), "OverflowError"),
    ],
)
def test_what_cannot_be_used_is_poison(broken: object, reason: str) -> None:
    assert read(broken, NOW) == Poison(reason, sequence_number(broken))


def test_a_record_is_known_by_its_sequence_number() -> None:
    assert sequence_number(REAL_RECORD) == "8500000000009229331846"
    assert sequence_number({"dynamodb": None}) is None


PRIVATE = "a text that no log may hold"
DAMAGED = said(PRIVATE, 1, edited_at=at(2), expires_at=1, preview=base64.b64encode(b"x"))
PLACES = [
    *[("eventName",), ("dynamodb",)],
    *[("dynamodb", name) for name in record(DAMAGED)["dynamodb"]],
    *[("dynamodb", "Keys", name) for name in ("pk", "sk")],
    *[("dynamodb", "NewImage", name) for name in message_item(DAMAGED)],
]
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just(PRIVATE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("SNBM") | st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(PLACES), anything)
@example(("dynamodb", "Keys", "pk"), {"S": "MSG#\ud800"})
@example(("dynamodb", "NewImage", "expires_at"), {"N": "9" * 5000})
@example(("dynamodb", "ApproximateCreationDateTime"), float("-inf"))
def test_no_damage_to_a_record_raises_or_is_quoted(place: tuple[str, ...], value: Any) -> None:
    damaged = record(DAMAGED)
    node = damaged
    for name in place[:-1]:
        node = node[name]
    node[place[-1]] = value
    found = read(damaged, NOW)
    assert found is None or isinstance(found, Message | Poison)
    assert not isinstance(found, Poison) or PRIVATE not in found.reason
