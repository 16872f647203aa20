"""An engine for a function that finds its table by its environment, as on AWS."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from stream_lambda.items import Group, group_item
from tableguard import settings
from tableguard.local import assembly
from tableguard.store import table_admin
from tests.engines import dynamodb_local
from tests.engines.choice import MOTO
from tests.worlds.messages import REGION, TABLE, emulated_table

_KEY = "patternd"  # in DynamoDB Local each key id has tables of its own


@dataclass(frozen=True)
class Engine:
    """A DynamoDB with an empty table, and the environment in which a function finds it."""

    name: str
    client: Any
    environment: dict[str, str]

    def put(self, group: Group) -> None:
        """Write a group."""
        self.client.put_item(TableName=TABLE, Item=group_item(group))


@contextmanager
def running(name: str) -> Iterator[Engine]:
    """An engine by name; moto is the corrected one."""
    environment = {"TABLE_NAME": TABLE, "AWS_DEFAULT_REGION": REGION}
    if name == MOTO:
        assembly.install_corrections()
        with emulated_table() as client:
            yield Engine(name, client, environment)
        return
    endpoint = dynamodb_local.engine().endpoint
    make: Any = boto3.Session(_KEY, "nothing", region_name=REGION).client
    client = make("dynamodb", endpoint_url=endpoint, config=Config(proxies={}))
    table_admin.create(client, settings.example(), TABLE)
    where = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": _KEY, "AWS_SECRET_ACCESS_KEY": "nothing"}
    try:
        yield Engine(name, client, environment | where)
    finally:
        client.delete_table(TableName=TABLE)
