"""Whatever a function answers, no record is skipped or delivered out of order."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tableguard.local.event_source.batch_response import judge
from tableguard.local.event_source.event_filter import event_filter
from tableguard.local.event_source.stream_reader import Shard
from tableguard.local.function.outcome import Outcome, Success, Timeout
from tests.worlds.mappings import BOOM, WRITTEN, Stream, World, items, stream_event


@st.composite
def _worlds(draw: st.DrawFn) -> World:
    """A stream of one or two shards, any configuration, and a function that fails as drawn, call by call."""
    ages = draw(st.lists(st.integers(0, 90), min_size=1, max_size=14))
    events = [stream_event(n, WRITTEN - age) for n, age in enumerate(sorted(ages, reverse=True), 1)]
    split = draw(st.integers(0, len(events)))
    stream = Stream(draw(st.integers(1, 6)), a=events[:split], b=events[split:])
    stream.described = [Shard("b", "a"), Shard("a")]
    stream.closed = {"a"}
    keeps = draw(st.sets(st.integers(1, len(events))))
    pattern = {"dynamodb": {"SequenceNumber": ["none", *(str(n) for n in sorted(keeps))]}}
    verbs = st.sampled_from(["well", "raise", "time out", "misname", "name"])
    plan = draw(st.lists(st.tuples(verbs, st.integers(0, 5)), max_size=25))

    def answer(batch: list[int]) -> Outcome:
        verb, named = plan.pop(0) if plan else ("well", 0)
        outcomes: dict[str, Outcome] = {
            "well": Success(None),
            "raise": BOOM,
            "time out": Timeout(3),
            "misname": Success(items("x")),
            "name": Success(items(str(batch[named % len(batch)]))),
        }
        return outcomes[verb]

    return World(
        stream,
        answer,
        batch_size=draw(st.integers(1, 6)),
        batching_window=draw(st.sampled_from([0, 3])),
        bisect=draw(st.booleans()),
        report_batch_item_failures=draw(st.booleans()),
        maximum_retry_attempts=draw(st.sampled_from([-1, 0, 1, 2])),
        maximum_record_age=draw(st.sampled_from([-1, 60])),
        event_filter=event_filter({"Filters": [{"Pattern": json.dumps(pattern)}]}),
    )


@settings(max_examples=150, deadline=None)
@given(_worlds())
def test_no_record_is_ever_skipped_or_delivered_out_of_order(world: World) -> None:
    """Behind the checkpoint every record was filtered out, processed or discarded; ahead of it none is forgotten."""
    everything = range(1, 1 + sum(map(len, world.stream.events.values())))
    passing = [n for n in everything if world.mapping.configuration.event_filter.passes(stream_event(n))]
    processed: set[int] = set()
    answer = world.answer

    def watching(batch: list[int]) -> Outcome:
        unsettled = [n for n in passing if n not in processed and n not in world.lost_numbers]
        assert batch == unsettled[: len(batch)], "a batch begins with the oldest record that is not settled"
        outcome = answer(batch)
        reporting = world.mapping.configuration.report_batch_item_failures
        processed.update(batch[: judge(outcome, [str(n) for n in batch], reporting).done])
        return outcome

    world.answer = watching
    for _ in range(2_000):
        wait = world.mapping.step()
        settled = {int(checkpoint) for checkpoint in world.mapping.checkpoints.values() if checkpoint}
        behind = {n for n in passing if any(n <= checkpoint for checkpoint in settled)}
        assert behind <= processed | set(world.lost_numbers)
        if wait is None:
            break
        world.now += wait
    lost = world.lost_numbers
    assert sorted([*processed, *lost]) == passing, "each exactly once"
    assert world.mapping.metrics["PolledEventCount"] == len(everything)
    assert world.mapping.metrics["FilteredOutEventCount"] == len(everything) - len(passing)
    assert world.mapping.metrics["OnFailureDestinationDeliveredEventCount"] == len(lost)
