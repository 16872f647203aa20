"""AWS's SDK for JavaScript and ElectroDB as an application of the estate, in one process of Node.js."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from stream_lambda import items
from stream_lambda.decide import conversation
from stream_lambda.items import INDEX, Group, Item, Message, User
from tableguard.local.client_configuration import ClientConfiguration
from tableguard.paths import ROOT
from tests.clients.aws_cli import environment
from tests.engines.absence import needs
from tests.engines.choice import BOTH
from tests.worlds.estate import REGION, TABLE

PACKAGES = ROOT / ".engines" / "node-clients"
_SESSION = Path(__file__).with_name("node_session.mjs")
_NODE = shutil.which("node")

needs_node_clients = needs(
    "Node.js clients",
    _NODE is not None and (PACKAGES / "node_modules").is_dir(),
    "scripts/engines/node-clients installs them",
)
pytestmark = [pytest.mark.slow, needs_node_clients]

_SINCE = "2026-01-01T10:00:00.000000+00:00"
_LATER = "2026-01-01T10:00:01.000000+00:00"
_GROUP = Group("node-group", (User("node-ann", "Ann", "ann"), User("node-bob", "Bob", "bob")))
FIRST, SECOND = (
    Message(_GROUP.group_uuid, created, f"node-{said}", _GROUP.members[0], said)
    for created, said in ((_SINCE, "first"), (_LATER, "second"))
)
# what each step tells; a refusal begins with the name of the SDK's error
FACTS: dict[str, Any] = {
    "create a conversation in a transaction": 4,
    "create it again": "TransactionCanceledException: ",
    "post a message": "second",
    "the row shows it": "second",
    "list messages, newest first": ["second", "first"],
    "list messages page by page": [1, 1],
    "list conversations of the index": 0,
    "set the read marker": True,
    "set it back": "ConditionalCheckFailedException: ",
    "read group and row in a batch": 2,
    "read names of members in a transaction": {"members": [{"handle": "ann"}]},
    "update only a key": "ok",
    "scan": "AccessDeniedException: ",
    "delete in a batch": "AccessDeniedException: ",
    "entity: create": "by an entity",
    "entity: create again": "ElectroError: ",
    "entity: get": {"heart": 1},
    "entity: query": 1,
    "entity: patch": {"heart": 2},
    "entity: where": 1,
    "entity: cursor": "string",
    "profile of the environment alone": 200,
    "profile named in code, and AWS_ENDPOINT_URL": 200,
    "profile named in code alone": f"Error: would go to dynamodb.{REGION}.amazonaws.com",
    "alarms": 2,
}


@pytest.mark.parametrize("running", BOTH, indirect=True, scope="package")
def test_an_application_in_javascript_does_its_work(clients: ClientConfiguration, folder: Path) -> None:
    answers = _session(clients, folder)
    assert {step: _beginning(answers[step], FACTS.get(step)) for step in answers} == FACTS


def _beginning(answer: Any, expected: Any) -> Any:
    """Return the name of an error without its text, where nothing but the name is expected."""
    refused = isinstance(answer, str) and isinstance(expected, str) and expected.endswith(": ")
    return expected if refused and answer.startswith(expected) else answer


def _session(clients: ClientConfiguration, folder: Path) -> dict[str, Any]:
    created = (
        items.group_item(_GROUP),
        *(items.conversation_item(conversation(FIRST, member, _GROUP)) for member in _GROUP.members),
        items.message_item(FIRST),
    )
    given = {
        "table": TABLE,
        "index": INDEX,
        "user": _GROUP.members[1].user_uuid,
        "group": _GROUP.group_uuid,
        "items": [_plain(item) for item in created],
        "message": _plain(items.message_item(SECOND)),
        "created": _LATER,
    }
    done = subprocess.run(
        [_NODE or "node", _SESSION, PACKAGES],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env=environment(clients, folder),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def _plain(item: Item) -> dict[str, Any]:
    """Return an item as the SDKs' document clients have it."""
    value: Any = TypeDeserializer()
    return {name: value.deserialize(content) for name, content in item.items()}
