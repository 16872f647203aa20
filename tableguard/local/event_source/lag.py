"""Measure how far a mapping is behind its stream: what lies between its checkpoint and the stream's end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tableguard.local.event_source.configuration import MappingConfiguration
from tableguard.local.event_source.record_buffer import creation_time, sequence_number
from tableguard.local.event_source.stream_reader import StreamReader

PAGES = 10  # read of a shard at most, each of up to 1000 records, to find one for the function


@dataclass(frozen=True)
class StreamLag:
    """Records for the function that are not settled yet, and the age of the oldest in seconds.

    Lambda's metric IteratorAge is the age of the last record that was sent; this one also grows while none is.
    """

    records: int = 0
    seconds: float = 0.0
    more: bool = False  # there may be records beyond those that were counted


def stream_lag(
    reader: StreamReader, checkpoints: Mapping[str, str | None], configuration: MappingConfiguration, now: float
) -> StreamLag:
    """Return the lag of all shards; of a shard without a checkpoint everything counts, as the mapping will read it."""
    return total(
        _of_shard(reader, shard.id, checkpoints.get(shard.id), configuration, now) for shard in reader.shards()
    )


def total(lags: Iterable[StreamLag]) -> StreamLag:
    """Return the lag of several shards or mappings: all their records, and the greatest age."""
    every = tuple(lags)
    return StreamLag(
        sum(lag.records for lag in every),
        max((lag.seconds for lag in every), default=0.0),
        any(lag.more for lag in every),
    )


def _of_shard(
    reader: StreamReader, shard_id: str, position: str | None, configuration: MappingConfiguration, now: float
) -> StreamLag:
    """Return the lag of a shard up to the first full page with a record for the function, which is the oldest."""
    times: list[float] = []
    for _ in range(PAGES):
        page = reader.read(shard_id, position)
        times += [creation_time(event) for event in page.events if configuration.event_filter.passes(event)]
        if not page.events or (times and not page.full):
            return StreamLag(len(times), _age(times, now))
        if times:
            break
        position = sequence_number(page.events[-1])
    return StreamLag(len(times), _age(times, now), more=True)


def _age(times: list[float], now: float) -> float:
    return max(0.0, now - min(times)) if times else 0.0
