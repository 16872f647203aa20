"""The lag is what lies between the checkpoint and the stream's end, whether read already or not."""

import pytest

from tableguard.local.event_source.event_filter import event_filter
from tableguard.local.event_source.lag import PAGES, StreamLag, total
from tests.worlds.mappings import BOOM, WRITTEN, Stream, World, naming, one_shard, stream_event, well


def stream() -> Stream:
    """Return three records, each a second after the one before."""
    return Stream(a=[stream_event(number, WRITTEN + number) for number in (1, 2, 3)])


def test_all_records_are_to_go_before_the_first_step_and_none_after_the_last() -> None:
    world = World(stream(), well)
    world.now = WRITTEN + 11
    assert world.mapping.lag() == StreamLag(3, 10.0)
    world.run()
    assert world.mapping.lag() == StreamLag()


def test_what_was_read_and_is_not_settled_is_still_to_go() -> None:
    world = World(stream(), naming(2), report_batch_item_failures=True)
    world.now = WRITTEN + 11
    world.mapping.step()
    assert world.batches == [[1, 2, 3]]
    assert world.mapping.lag() == StreamLag(2, 9.0)
    failing = World(stream(), lambda batch: BOOM)
    failing.now = WRITTEN + 11
    failing.mapping.step()
    assert failing.mapping.lag() == StreamLag(3, 10.0)


@pytest.mark.parametrize(("pattern", "records"), [("kept", 1), ("none", 0)])
def test_records_that_the_filter_takes_out_do_not_count(pattern: str, records: int) -> None:
    events = [stream_event(1, kind={"S": "other"}), stream_event(2, kind={"S": "kept"})]
    only = event_filter(
        {"Filters": [{"Pattern": f'{{"dynamodb": {{"NewImage": {{"kind": {{"S": ["{pattern}"]}}}}}}}}'}]}
    )
    assert World(Stream(a=events), well, event_filter=only).mapping.lag().records == records


def test_a_clock_that_is_behind_the_stream_makes_no_negative_age() -> None:
    world = World(Stream(a=[stream_event(1, WRITTEN + 5)]), well)
    assert world.mapping.lag() == StreamLag(1, 0.0)


@pytest.mark.parametrize(("count", "more"), [(1, False), (2, True)])
def test_the_first_full_page_with_records_for_the_function_is_enough(count: int, more: bool) -> None:
    long = one_shard(count)
    long.page_size = 1
    assert World(long, well).mapping.lag() == StreamLag(1, 0.0, more)


@pytest.mark.parametrize(("others", "lag"), [(PAGES - 1, StreamLag(1, 5.0)), (PAGES, StreamLag(0, 0.0, more=True))])
def test_no_more_than_some_pages_are_read_to_find_one(others: int, lag: StreamLag) -> None:
    events = [*(stream_event(n, kind={"S": "other"}) for n in range(others)), stream_event(others, kind={"S": "kept"})]
    kept = event_filter({"Filters": [{"Pattern": '{"dynamodb": {"NewImage": {"kind": {"S": ["kept"]}}}}'}]})
    world = World(Stream(1, a=events), well, event_filter=kept)
    world.now = WRITTEN + 5
    assert world.mapping.lag() == lag


def test_shards_add_up_and_the_oldest_record_counts() -> None:
    both = Stream(a=[stream_event(1, WRITTEN - 9)], b=[stream_event(1, WRITTEN - 4), stream_event(2, WRITTEN)])
    assert World(both, well).mapping.lag() == StreamLag(3, 9.0)
    assert total([StreamLag(1, 2.0), StreamLag(10, 1.0, more=True)]) == StreamLag(11, 2.0, more=True)
