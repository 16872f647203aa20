"""One DynamoDB Local for a whole test process, with tables of its own for whoever asks."""

import atexit
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from tableguard import settings
from tableguard.local.dynamodb_local import sources
from tableguard.local.dynamodb_local.engine import Engine, running
from tableguard.store import table_admin
from tests.engines.absence import REQUIRED, needs

# present, or demanded: then its absence is a failure of every test that needs it
HERE = REQUIRED or sources.present() is not None

needs_dynamodb_local = needs("DynamoDB Local", HERE, "scripts/engines/dynamodb-local installs it")
_accounts = itertools.count(100_000_000_000)


@cache
def engine() -> Engine:
    """The engine, started when it is first asked for and stopped when the process ends."""
    source = sources.present()
    assert source is not None, "TABLEGUARD_ENGINES_REQUIRED=1 and no DynamoDB Local; run scripts/engines/dynamodb-local"
    until_the_end = ExitStack()
    atexit.register(until_the_end.close)
    return until_the_end.enter_context(running(source))


def client(region: str = "eu-central-1", service: str = "dynamodb") -> Any:
    """A client that finds no tables: each has an account of its own. It takes 0.1 s to make."""
    make: Any = boto3.Session(str(next(_accounts)), "nothing", region_name=region).client
    return make(service, endpoint_url=engine().endpoint, config=Config(proxies={}))


_shared_client = cache(client)


@contextmanager
def table(name: str) -> Iterator[Any]:
    """A client that finds one table, the messages table as the template has it, within the block."""
    shared = _shared_client()
    table_admin.create(_Unexpiring(shared), settings.example(), name)
    try:
        yield shared
    finally:
        shared.delete_table(TableName=name)


class _Unexpiring:
    """A client that turns no expiry on: tests choose moments of the past, and DynamoDB Local deletes what expired."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wrapped, name)

    def update_time_to_live(self, **_: Any) -> None:
        """Leave it off."""
