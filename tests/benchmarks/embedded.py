"""The embedded AWS beside moto as it is shipped: what our corrections cost and what they save."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3

from stream_lambda.items import User
from tableguard import settings
from tableguard.store import table_admin
from tableguard.store.messages import MessageTable
from tests.benchmarks.figures import Figure, in_turn

PLAIN = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("http://%s:%d" % server.get_host_and_port(), flush=True)
sys.stdin.read()
server.stop()
"""
OURS = """
import sys
from tableguard.local import server
with server.start() as started:
    print(started.endpoint, flush=True)
    sys.stdin.read()
"""
# types that both know, so that both do the work
_RESOURCES = {
    **{f"Topic{n}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"topic-{n}"}} for n in range(20)},
    **{f"Logs{n}": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"logs-{n}"}} for n in range(20)},
}
_TEMPLATE = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": _RESOURCES})
_ADA, _BOB = User("user-ada", "Ada", "ada"), User("user-bob", "Bob", "bob")
_STORED = 2000


def figures() -> Iterator[Figure]:
    """Each in its own process; the same client asks both in turn."""
    with served(OURS) as ours, served(PLAIN) as plain:
        yield Figure(
            "embedded",
            "deploying 40 resources",
            *in_turn(_Deploying(ours.endpoint), _Deploying(plain.endpoint), 5),
            "s",
        )
        mine, theirs = _Posting(ours.endpoint), _Posting(plain.endpoint)
        yield Figure("embedded", "50 posts to an existing group", *in_turn(mine, theirs, 3), "s")
        mine.fill(_STORED)
        theirs.fill(_STORED)
        listed = in_turn(mine.list_conversations, theirs.list_conversations, 3)
        yield Figure("embedded", f"20 lists with {_STORED} messages stored", *listed, "s")


@dataclass(frozen=True)
class Served:
    """A running server, by its address and its process."""

    endpoint: str
    process: int


@contextmanager
def served(code: str) -> Iterator[Served]:
    """Run a server in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Served(process.stdout.readline().strip(), process.pid)
        finally:
            process.stdin.close()


def client(service: str, endpoint: str) -> Any:
    """Return a client of a server."""
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
    make: Any = boto3.client
    return make(service, region_name="eu-central-1", endpoint_url=endpoint, **keys)


class _Deploying:
    """Makes a stack, and removes it again."""

    def __init__(self, endpoint: str) -> None:
        self.client = client("cloudformation", endpoint)

    def __call__(self) -> None:
        self.client.create_stack(StackName="bench", TemplateBody=_TEMPLATE)
        (stack,) = self.client.describe_stacks(StackName="bench")["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        self.client.delete_stack(StackName="bench")


class _Posting:
    """Posts to one conversation of a table of the estate's own shape."""

    def __init__(self, endpoint: str) -> None:
        dynamodb = client("dynamodb", endpoint)
        table_admin.create(dynamodb, settings.example(), "messages")
        self.table = MessageTable(dynamodb, "messages", clock=lambda: datetime.now(UTC))
        self.group = self.table.create_conversation(_ADA, [_BOB], "hello").message.group_uuid

    def __call__(self) -> None:
        for number in range(50):
            self.table.post(self.group, _ADA.user_uuid, f"hello {number}")

    def fill(self, messages: int) -> None:
        for _ in range(messages // 50):
            self()

    def list_conversations(self) -> None:
        for _ in range(20):
            self.table.conversations(_ADA.user_uuid)
