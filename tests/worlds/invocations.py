"""An embedded AWS with one function, whose events say what it does."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tableguard.local import server
from tableguard.local.clients.factory import Clients
from tableguard.local.function.functions import Functions
from tests.worlds.lambda_package import package

ACCOUNT, REGION = "123456789012", "eu-central-1"
NAME, ROLE = "doing", f"arn:aws:iam::{ACCOUNT}:role/doing"
TABLE, GROUP = "things", f"/aws/lambda/{NAME}"
DOING = """
import botocore.session, os, time

session = botocore.session.get_session()

def handle(event, context):
    print("doing", event)
    return globals()[event.pop("do", "echo")](context, **event)

def echo(context, **event): return event
def told(context): return {"pid": os.getpid(), "id": context.aws_request_id, "version": context.function_version,
                           "client": context.client_context and context.client_context.custom}
def fail(context, message): raise LookupError(message)
def leave(context, status): os._exit(status)
def sleep(context, seconds): time.sleep(seconds)
def write(context, key):
    arn = session.create_client("sts").get_caller_identity()["Arn"]
    session.create_client("dynamodb").put_item(TableName="things", Item={"pk": {"S": key}, "by": {"S": arn}})
def say(context, lines): print("\\n".join(lines))
def large(context, size): return "x" * size
def call(context, name, **event):
    import json
    answer = session.create_client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())
"""
DOING_LATER = DOING.replace('print("doing", event)', 'print("doing later", event)')


@dataclass(frozen=True)
class World:
    """The embedded AWS, clients by service, and what runs its functions."""

    endpoint: str
    functions: Functions

    def client(self, service: str) -> Any:
        """A client of the account's owner."""
        return Clients(self.endpoint)(service, ACCOUNT, REGION)

    def create(self, name: str, **changes: Any) -> str:
        """A function; answers its ARN."""
        defaults = {
            "Runtime": "python3.13",
            "Role": ROLE,
            "Handler": "app.handle",
            "Code": {"ZipFile": package(DOING)},
            "Timeout": 30,
        }
        made = self.client("lambda").create_function(FunctionName=name, **{**defaults, **changes})
        return str(made["FunctionArn"])

    def invoke(self, event: Any = None, name: str = NAME, **arguments: Any) -> dict[str, Any]:
        """Invoke's answer, its payload parsed."""
        body = {} if event is None else {"Payload": json.dumps(event)}
        answer = self.client("lambda").invoke(FunctionName=name, **body, **arguments)
        text = answer["Payload"].read()
        return {**answer, "Payload": json.loads(text) if text else None}

    def log_lines(self, group: str = GROUP, **arguments: Any) -> list[str]:
        """The lines in a log group, none if it is not there."""
        self.functions.flush_logs()
        logs = self.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=group, **arguments)["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found]

    def item(self, key: str) -> dict[str, Any] | None:
        """An item of the table."""
        found: dict[str, Any] = self.client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": key}})
        return found.get("Item")


@contextmanager
def running() -> Iterator[World]:
    """Run an embedded AWS with the function and a table."""
    with server.start() as running:
        world = World(running.endpoint, running.functions)
        world.client("iam").create_role(RoleName="doing", AssumeRolePolicyDocument="{}")
        world.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        world.create(NAME)
        yield world


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def tail(answer: dict[str, Any]) -> str:
    """The log of an invocation with LogType=Tail."""
    return base64.b64decode(answer["LogResult"]).decode()
