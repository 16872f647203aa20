"""moto for clients of boto3 in this process, and what takes it long, done once."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from moto import backend_index, mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends

from tableguard import settings
from tableguard.store import table_admin


@contextmanager
def emulated_aws() -> Iterator[None]:
    """Answer clients of boto3 from an empty account.

    moto would answer other libraries too, and prepares 1,300 patterns of addresses for them: 40 ms for each test.
    """
    emulation = mock_aws()
    with patch.object(backend_index, "backend_url_patterns", ()):
        emulation.start()
    try:
        yield
    finally:
        emulation.stop()


@contextmanager
def emulated_messages_table(region: str, name: str) -> Iterator[Any]:
    """Yield a client that finds the messages table, as `table_admin` makes it, in an account of its own.

    It is a copy of one that was made once: making it takes 90 ms, copying 0.2.
    """
    table = _messages_table(region, name)
    with emulated_aws():
        _backend(region).tables[name] = deepcopy(table)
        yield _client(region)


@cache
def _messages_table(region: str, name: str) -> Any:
    with emulated_aws():
        table_admin.create(_client(region), settings.example(), name)
        return _backend(region).tables[name]


def _backend(region: str) -> DynamoDBBackend:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID][region]


@cache
def _client(region: str) -> Any:
    """Made once: that takes longer than most tests. Outside of an emulation its keys open nothing."""
    return boto3.Session("no", "keys", region_name=region).client("dynamodb")
