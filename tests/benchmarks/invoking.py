"""CPU that the shipped handler takes for a record and a row, beside what the scale model assumes."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config

from stream_lambda.handler import WORKERS, handle_batch
from stream_lambda.items import Message, User, message_item, timestamp
from stream_lambda.table import ProjectionTable
from tableguard.scale.invocation import InvocationModel
from tests.benchmarks.figures import Figure

# answers as DynamoDB would, from a process of its own: only what the handler spends is counted
_STUB = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def member(number):
    return {"M": {"user_uuid": {"S": f"user-{number}"}, "display_name": {"S": "Mina"}, "handle": {"S": "mina"}}}

class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = {}
        for name, wanted in asked.get("RequestItems", {}).items():
            members = {"L": [member(1), member(2)]}
            found = [{**key, "kind": {"S": "dm"}, "members": members} for key in wanted["Keys"]]
            answer = {"Responses": {name: found}, "UnprocessedKeys": {}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
print(server.server_port, flush=True)
server.serve_forever()
"""
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_MEMBERS = 2


def figures() -> Iterator[Figure]:
    """The least of several runs each: what others do on the machine only adds."""
    model = InvocationModel()
    with _table() as table:
        one, many = _cpu(table, 1, 1), _cpu(table, 1000, 1)
        rows = _cpu(table, 100, 100)
    yield Figure("invoking", "a batch of one message", 1000 * one, 1000 * model.cpu_seconds(1, _MEMBERS), "ms CPU")
    yield Figure("invoking", "each further message", (many - one) / 999 * 1000, 1000 * model.record, "ms CPU")
    each = (rows - one) / (99 * _MEMBERS) - model.record / _MEMBERS
    yield Figure("invoking", "each further row", 1000 * each, 1000 * model.row, "ms CPU")


@contextmanager
def _table() -> Iterator[ProjectionTable]:
    with subprocess.Popen([sys.executable, "-c", _STUB], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield ProjectionTable(_client(process.stdout.readline().strip()), "messages", WORKERS)
        finally:
            process.terminate()


def _client(port: str) -> Any:
    make: Any = boto3.client
    keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
    config = Config(max_pool_connections=WORKERS)
    return make("dynamodb", region_name="eu-central-1", endpoint_url=f"http://127.0.0.1:{port}", config=config, **keys)


def _cpu(table: ProjectionTable, records: int, groups: int) -> float:
    batch = [_record(number, groups) for number in range(records)]
    times = []
    for _ in range(6):
        started = time.process_time()
        handled = handle_batch(batch, table, _NOW, lambda: 60_000)
        times.append(time.process_time() - started)
        assert handled.written == groups * _MEMBERS, handled
    return min(times)


def _record(number: int, groups: int) -> dict[str, Any]:
    author = User("user-1", "Mina", "mina")
    item = message_item(Message(f"{number % groups:036}", timestamp(_NOW), f"message-{number}", author, "x" * 100))
    change = {"SequenceNumber": str(number), "ApproximateCreationDateTime": _NOW.timestamp(), "NewImage": item}
    return {"eventName": "INSERT", "dynamodb": {**change, "Keys": {name: item[name] for name in ("pk", "sk")}}}
