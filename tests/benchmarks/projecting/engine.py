"""Accounts of the engine, each with tables of its own, and the traffic that the benchmark plays to them."""

import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from stream_lambda.items import Item
from tests.benchmarks.figures import Figure
from tests.cases import message_batches
from tests.cases.message_batches import Batch, Traffic
from tests.engines.dynamodb_local import engine
from tests.worlds.bulk_load import bulk_load
from tests.worlds.projections import Projection

NAIVE_WRITE_UNITS = 8  # for rows under 1 KB: each of two is deleted and put, in the table and in its index
_REGION = "eu-central-1"
_accounts = itertools.count()


def figure(case: str, ours: float, other: float, unit: str) -> Figure:
    """Return a figure of this benchmark."""
    return Figure("projecting", case, ours, other, unit)


@cache
def trace() -> Traffic | None:
    """Return the recorded trace, or None after saying so if none is named."""
    path = os.environ.get("TABLEGUARD_TRACE")
    if path is None:
        print("TABLEGUARD_TRACE names no trace of messages: only drawn traffic is measured", file=sys.stderr)
        return None
    return message_batches.trace(Path(path))


def new_account() -> str:
    """Return the name of an account that has no tables yet."""
    return f"projecting{next(_accounts)}"


def client(account: str | None = None, service: str = "dynamodb") -> Any:
    """Return a client of an account, by default of a new one."""
    make: Any = boto3.Session(account or new_account(), "nothing", region_name=_REGION).client
    return make(service, endpoint_url=engine().endpoint, config=Config(proxies={}, max_pool_connections=8))


def load(account: str, table_name: str, items: Iterable[Item]) -> None:
    """Put many items into a table of an account."""
    bulk_load(engine().endpoint, account, _REGION, table_name, items)


def begun(projection: Projection, traffic: Traffic, batches: Sequence[Batch]) -> Projection:
    """Return the projection with the rows of those conversations that the batches name."""
    named = {message.group_uuid for batch in batches for message in batch}
    projection.begin([group for group in traffic.groups if group.group_uuid in named])
    return projection


def one_by_one(batches: Iterable[Batch], most: int) -> Iterator[Batch]:
    """Yield so many of the messages, at most, each as a batch of its own."""
    messages = (message for batch in batches for message in batch)
    yield from ([message] for message in itertools.islice(messages, most))
