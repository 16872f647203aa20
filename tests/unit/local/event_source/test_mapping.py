"""An event source mapping reads in order, batches, retries, splits and discards as Lambda does."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tableguard.errors import EmbeddedError
from tableguard.local.event_source.event_filter import event_filter
from tableguard.local.event_source.mapping import EventSourceMapping, exponential_backoff
from tableguard.local.event_source.record_buffer import PAYLOAD_BYTES
from tableguard.local.event_source.stream_reader import Shard
from tableguard.local.function.outcome import Outcome, Success
from tests.worlds.mappings import (
    BOOM,
    WRITTEN,
    Stream,
    World,
    items,
    naming,
    one_shard,
    poisoned_by,
    stream_event,
    well,
)

# reading and batching


@pytest.mark.parametrize(
    ("count", "batch_size", "batches"),
    [
        (0, 10, []),
        (3, 10, [[1, 2, 3]]),
        (3, 3, [[1, 2, 3]]),
        (4, 3, [[1, 2, 3], [4]]),
        (3, 1, [[1], [2], [3]]),
    ],
)
def test_records_come_in_order_and_in_batches_of_the_size_asked_for(
    count: int, batch_size: int, batches: list[list[int]]
) -> None:
    assert World(one_shard(count), well, batch_size=batch_size).run().batches == batches


def test_a_batch_is_put_together_from_several_pages() -> None:
    stream = one_shard(7)
    stream.page_size = 2
    assert World(stream, well, batch_size=5, batching_window=1).run().batches == [[1, 2, 3, 4, 5], [6, 7]]


def test_without_a_window_what_one_page_holds_is_sent_at_once() -> None:
    stream = one_shard(4)
    stream.page_size = 2
    assert World(stream, well, batch_size=5).run().batches == [[1, 2], [3, 4]]


def test_no_more_is_read_while_there_is_enough_for_a_batch() -> None:
    stream = one_shard(5)
    stream.page_size = 3
    world = World(stream, well, batch_size=1)
    polled = []
    for _ in range(4):
        world.mapping.step()
        polled.append(world.mapping.metrics["PolledEventCount"])
    assert polled == [3, 3, 3, 5]


def test_with_a_window_an_incomplete_batch_waits_for_more() -> None:
    stream = one_shard(1)
    world = World(stream, well, batch_size=3, batching_window=20)
    assert [world.mapping.step(), world.mapping.step()] == [20.0, 20.0]
    world.now += 15
    stream.events["a"].append(stream_event(2))
    assert [world.mapping.step(), world.mapping.step()] == [5.0, 5.0]
    assert world.batches == []
    world.now += 5
    world.mapping.step()
    assert world.batches == [[1, 2]]


def test_with_a_window_a_complete_batch_does_not_wait() -> None:
    world = World(one_shard(3), well, batch_size=3, batching_window=20)
    world.mapping.step()
    assert world.batches == [[1, 2, 3]]


def test_a_window_begins_anew_for_what_a_batch_left() -> None:
    stream = one_shard(1)
    world = World(stream, well, batch_size=3, batching_window=20)
    world.mapping.step()
    world.now += 5
    stream.events["a"] += [stream_event(n) for n in (2, 3, 4)]
    world.mapping.step()
    assert world.mapping.step() == 20.0
    world.now += 20
    world.mapping.step()
    assert world.batches == [[1, 2, 3], [4]]


def test_a_batch_that_is_complete_by_its_size_in_bytes_does_not_wait_either() -> None:
    large = [stream_event(n, message={"S": "x" * (PAYLOAD_BYTES // 2)}) for n in (1, 2)]
    world = World(Stream(a=large), well, batch_size=10, batching_window=20)
    world.mapping.step()
    assert world.batches == [[1]]
    assert world.mapping.step() == 20.0


def test_a_record_that_is_too_large_for_any_payload_is_sent_alone() -> None:
    large = [stream_event(n, message={"S": "x" * (n % 2) * PAYLOAD_BYTES}) for n in (1, 2, 3)]
    assert World(Stream(a=large), well, batch_size=10).run().batches == [[1], [2], [3]]


@pytest.mark.parametrize(("characters", "batches"), [(PAYLOAD_BYTES // 4, [[1, 2, 3], [4]]), (100, [[1, 2, 3, 4]])])
def test_a_batch_is_cut_where_its_payload_would_exceed_6_mb(characters: int, batches: list[list[int]]) -> None:
    stream = Stream(a=[stream_event(n, message={"S": "x" * characters}) for n in range(1, 5)])
    assert World(stream, well, batch_size=10, batching_window=1).run().batches == batches


@pytest.mark.parametrize(("spare", "batches"), [(0, [[1, 2]]), (-1, [[1], [2]])])
def test_the_payload_counts_as_the_function_gets_it(spare: int, batches: list[list[int]]) -> None:
    empty = len(json.dumps({"Records": [stream_event(1, message={"S": "ü"}), stream_event(2, message={"S": ""})]}))
    umlauts_escaped = len("\\u00fc") - len("ü".encode())
    filling = "x" * (PAYLOAD_BYTES - empty + umlauts_escaped - len(", ") - spare)
    stream = Stream(a=[stream_event(1, message={"S": "ü"}), stream_event(2, message={"S": filling})])
    assert World(stream, well).run().batches == batches


def test_what_the_filter_discards_is_settled_without_an_invocation() -> None:
    only_two = event_filter({"Filters": [{"Pattern": '{"dynamodb": {"SequenceNumber": ["2"]}}'}]})
    world = World(one_shard(3), well, event_filter=only_two).run()
    assert world.batches == [[2]]
    assert world.mapping.checkpoints == {"a": "3"}
    none = event_filter({"Filters": [{"Pattern": '{"dynamodb": {"SequenceNumber": ["9"]}}'}]})
    world = World(one_shard(3), well, event_filter=none).run()
    assert world.batches == []
    assert world.mapping.checkpoints == {"a": "3"}
    assert world.mapping.metrics["InvokedEventCount"] == 0


@pytest.mark.parametrize(("position", "batches"), [("TRIM_HORIZON", [[1, 2], [3]]), ("LATEST", [[3]])])
def test_the_starting_position_decides_about_records_written_before(position: str, batches: list[list[int]]) -> None:
    stream = one_shard(2)
    world = World(stream, well, starting_position=position).run()
    stream.events["a"].append(stream_event(3))
    assert world.run().batches == batches


def test_latest_counts_from_the_first_look_even_if_nothing_was_there() -> None:
    stream = one_shard(0)
    world = World(stream, well, starting_position="LATEST").run()
    stream.events["a"] += [stream_event(1), stream_event(2)]
    assert world.run().batches == [[1, 2]]


def test_a_mapping_that_is_disabled_reads_nothing_until_it_is_enabled() -> None:
    world = World(one_shard(2), well, enabled=False).run()
    assert world.batches == []
    world.mapping.configuration = replace(world.mapping.configuration, enabled=True)
    assert world.run().batches == [[1, 2]]


def test_records_that_come_later_are_read_from_the_checkpoint_on() -> None:
    stream = one_shard(2)
    world = World(stream, well).run()
    stream.events["a"].append(stream_event(3))
    assert world.run().batches == [[1, 2], [3]]


def test_a_replay_delivers_everything_again() -> None:
    world = World(one_shard(2), well).run()
    world.mapping.replay()
    assert world.run().batches == [[1, 2], [1, 2]]


@pytest.mark.parametrize(("checkpoint", "again"), [(None, [1, 2, 3]), ("1", [2, 3]), ("2", [3])])
def test_a_replay_from_a_checkpoint_delivers_what_is_after_it(checkpoint: str | None, again: list[int]) -> None:
    world = World(one_shard(3), well).run()
    world.mapping.replay({"a": checkpoint})
    assert world.mapping.checkpoints == {"a": checkpoint}
    assert world.run().batches == [[1, 2, 3], again]


def test_a_replay_forgets_the_batch_that_was_being_retried() -> None:
    world = World(one_shard(2), poisoned_by(2), bisect=True)
    world.mapping.step()
    world.answer = well
    world.mapping.replay(world.mapping.checkpoints)
    assert world.run().batches == [[1, 2], [1, 2]]


def test_a_replay_from_a_checkpoint_is_not_a_first_look_even_for_latest() -> None:
    world = World(one_shard(3), well, starting_position="LATEST")
    world.mapping.replay({"a": "1"})
    assert world.run().batches == [[2, 3]]


# shards


def family() -> Stream:
    """A shard that was split in two."""
    stream = Stream(child=[stream_event(20)], parent=[stream_event(1), stream_event(2)], other=[stream_event(30)])
    stream.described = [Shard("child", "parent"), Shard("other", "parent"), Shard("parent", "trimmed away")]
    stream.closed = {"parent"}
    return stream


def test_a_shard_is_read_after_its_parent() -> None:
    assert World(family(), well).run().batches == [[1, 2], [20], [30]]


def test_children_wait_while_their_parent_is_retried() -> None:
    world = World(family(), poisoned_by(2), maximum_retry_attempts=3)
    world.run()
    assert world.batches == [[1, 2]] * 4 + [[20], [30]]
    assert world.lost == [[1, 2]]


def test_children_wait_while_their_parent_is_open() -> None:
    stream = family()
    stream.closed.clear()
    assert World(stream, well).run().batches == [[1, 2]]


def test_a_child_that_appears_later_is_read_from_its_beginning_even_for_latest() -> None:
    stream = one_shard(1)
    world = World(stream, well, starting_position="LATEST").run()
    stream.closed = {"a"}
    stream.described = [Shard("a"), Shard("b", "a")]
    stream.events["b"] = [stream_event(5)]
    assert world.run().batches == [[5]]


def test_a_poisoned_shard_does_not_hold_up_another() -> None:
    world = World(Stream(a=[stream_event(1)], b=[stream_event(2)]), poisoned_by(1))
    for _ in range(5):
        world.mapping.step()
    assert [2] in world.batches
    assert world.mapping.checkpoints == {"a": None, "b": "2"}


# failing


@pytest.mark.parametrize(("retries", "attempts"), [(0, 1), (1, 2), (3, 4)])
def test_a_batch_is_sent_once_and_then_as_often_as_there_are_retries(retries: int, attempts: int) -> None:
    world = World(one_shard(3), poisoned_by(2), maximum_retry_attempts=retries).run()
    assert world.batches == [[1, 2, 3]] * attempts
    assert world.lost == [[1, 2, 3]]
    assert (world.discarded[0].condition, world.discarded[0].outcome) == ("RetryAttemptsExhausted", BOOM)
    assert world.discarded[0].batch.invocations == attempts
    assert world.mapping.checkpoints == {"a": "3"}


def test_without_a_limit_a_batch_is_retried_until_it_succeeds() -> None:
    world = World(one_shard(1), poisoned_by(1))
    for _ in range(5_000):
        world.now += world.mapping.step() or 0.0
    assert world.mapping.checkpoints == {"a": None}
    world.answer = well
    assert world.run().lost == []
    assert world.mapping.checkpoints == {"a": "1"}


def test_pauses_between_attempts_grow_to_a_limit() -> None:
    assert [exponential_backoff(n) for n in (1, 2, 3, 4)] == [0.1, 0.2, 0.4, 0.8]
    assert exponential_backoff(100) == exponential_backoff(100_000) == 10.0


def test_a_retry_waits_for_its_time() -> None:
    world = World(one_shard(1), poisoned_by(1))
    assert [world.mapping.step(), world.mapping.step()] == [0.0, pytest.approx(0.1)]
    assert world.batches == [[1]]
    world.now += 0.1
    world.mapping.step()
    assert world.batches == [[1], [1]]


def test_bisecting_isolates_the_poison_and_spends_no_retry() -> None:
    world = World(one_shard(8), poisoned_by(6), bisect=True, maximum_retry_attempts=2).run()
    assert world.batches == [
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [5, 6],
        [5],
        [6],
        [6],
        [6],
        [7, 8],
    ]
    assert world.lost == [[6]]
    assert world.discarded[0].batch.invocations == 3


def test_a_failed_response_is_bisected_as_an_error_is() -> None:
    def misnaming(batch: list[int]) -> Outcome:
        return Success(items("")) if 2 in batch else Success(None)

    world = World(one_shard(2), misnaming, bisect=True, maximum_retry_attempts=0, report_batch_item_failures=True)
    assert world.run().batches == [[1, 2], [1], [2]]
    assert world.lost == [[2]]


@pytest.mark.parametrize("bisect", [False, True])
def test_from_the_record_that_is_named_on_a_new_batch_has_all_its_retries(bisect: bool) -> None:
    # as recorded from AWS: sent 5 times with 3 retries, approximateInvokeCount 4
    world = World(
        one_shard(3), naming(3), bisect=bisect, maximum_retry_attempts=3, report_batch_item_failures=True
    ).run()
    assert world.batches == [[1, 2, 3], [3], [3], [3], [3]]
    assert world.lost == [[3]]
    assert world.discarded[0].batch.invocations == 4


def test_what_is_left_of_a_half_comes_before_the_other_half() -> None:
    answers: Iterator[Outcome] = iter([BOOM, Success(items("2"))])
    world = World(
        one_shard(4), lambda _: next(answers, Success(None)), bisect=True, report_batch_item_failures=True
    ).run()
    assert world.batches == [[1, 2, 3, 4], [1, 2], [2], [3, 4]]


def test_records_behind_the_one_that_is_named_are_discarded_with_it() -> None:
    world = World(one_shard(4), naming(2), bisect=True, maximum_retry_attempts=1, report_batch_item_failures=True).run()
    assert world.batches == [[1, 2, 3, 4], [2, 3, 4], [2, 3, 4]]
    assert world.lost == [[2, 3, 4]]


def test_the_checkpoint_follows_a_partial_success() -> None:
    world = World(one_shard(3), naming(3), report_batch_item_failures=True)
    world.mapping.step()
    assert world.mapping.checkpoints == {"a": "2"}


def test_the_checkpoint_follows_what_is_discarded() -> None:
    world = World(one_shard(2), poisoned_by(1), batch_size=1, maximum_retry_attempts=0)
    world.mapping.step()
    assert world.mapping.checkpoints == {"a": "1"}


def aged(*written: float) -> Stream:
    return Stream(a=[stream_event(n, WRITTEN + at) for n, at in enumerate(written, 1)])


def test_records_that_are_too_old_are_discarded_before_they_are_sent() -> None:
    world = World(aged(-100, -61, -60, -59, 0), well, maximum_record_age=60).run()
    assert world.batches == [[4, 5]]
    assert world.lost == [[1, 2, 3]]
    assert (world.discarded[0].condition, world.discarded[0].outcome) == ("RecordAgeExceeded", None)
    assert world.discarded[0].batch.invocations == 0


def test_without_an_age_limit_old_records_are_sent() -> None:
    assert World(aged(-100_000, 0), well).run().batches == [[1, 2]]


def test_a_record_may_grow_too_old_while_it_is_retried() -> None:
    world = World(aged(-50, 0), poisoned_by(1), maximum_record_age=60, maximum_retry_attempts=1000).run()
    assert world.lost == [[1]]
    assert world.discarded[0].condition == "RecordAgeExceeded"
    assert world.discarded[0].batch.invocations > 1
    assert world.batches[-1] == [2]
    assert world.mapping.checkpoints == {"a": "2"}


def test_an_error_of_the_embedded_aws_leaves_the_batch_where_it_was() -> None:
    def cannot_start(batch: list[int]) -> Outcome:
        raise EmbeddedError("function messages: cannot start")

    world = World(one_shard(2), cannot_start)
    with pytest.raises(EmbeddedError):
        world.run()
    assert world.mapping.checkpoints == {"a": None}
    world.answer = well
    assert world.run().batches[-1] == [1, 2]


# what is counted


def counted(world: World) -> dict[str, int]:
    return {name: count for name, count in world.mapping.metrics.items() if count}


def test_events_are_counted_as_lambda_counts_them() -> None:
    not_one = event_filter({"Filters": [{"Pattern": '{"dynamodb": {"SequenceNumber": [{"anything-but": "1"}]}}'}]})
    world = World(
        one_shard(4), naming(3), event_filter=not_one, maximum_retry_attempts=1, report_batch_item_failures=True
    ).run()
    assert world.batches == [[2, 3, 4], [3, 4], [3, 4]]
    assert counted(world) == {
        "PolledEventCount": 4,
        "FilteredOutEventCount": 1,
        "InvokedEventCount": 7,
        "FailedInvokeEventCount": 6,
        "OnFailureDestinationDeliveredEventCount": 2,
    }


def test_what_no_destination_takes_is_dropped() -> None:
    world = World(one_shard(2), poisoned_by(1), maximum_retry_attempts=0)
    world.refused = True
    world.run()
    assert counted(world)["DroppedEventCount"] == 2
    assert counted(world)["DestinationDeliveryFailures"] == 1
    assert world.mapping.delivery_errors == ["destination: AccessDenied"]
    nowhere = EventSourceMapping(
        replace(world.mapping.configuration), one_shard(2), lambda _: BOOM, deliver=None, clock=lambda: WRITTEN
    )
    while nowhere.step() is not None:
        pass
    assert nowhere.metrics["DroppedEventCount"] == 2
    assert nowhere.metrics["DestinationDeliveryFailures"] == 0
    assert nowhere.metrics["OnFailureDestinationDeliveredEventCount"] == 0


def test_the_iterator_age_is_that_of_the_last_record_sent() -> None:
    assert World(aged(-90, -7), well).run().mapping.iterator_age == 7_000.0
