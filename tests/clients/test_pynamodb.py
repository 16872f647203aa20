"""PynamoDB as an application of the estate: models of the table and of its index, conditions, transactions."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stream_lambda.items import INDEX
from tableguard.local.client_configuration import ClientConfiguration
from tests.clients.aws_cli import PYTHON, environment, needs_aws_cli
from tests.engines.choice import BOTH
from tests.worlds.estate import REGION, TABLE

pytestmark = [pytest.mark.slow, needs_aws_cli]
_SESSION = Path(__file__).with_name("pynamodb_session.py")
_CREATED = "2026-01-01T10:00:00.000001+00:00"

FACTS: dict[str, Any] = {
    "save": 1.0,
    "save again": "PutError: ConditionalCheckFailedException",
    "get": "1 by PynamoDB",
    "get what is absent": "DoesNotExist: None",
    "write in a transaction": 2,
    "write again in a transaction": "TransactWriteError: TransactionCanceledException",
    "read in a transaction": "1 by PynamoDB",
    "query": ["2 by PynamoDB", "1 by PynamoDB"],
    "query a range": 1,
    "query with a filter": 1,
    "query page by page": 2,
    "count": 2,
    "query the index": 0,
    "update where a condition holds": "2026-01-01T10:00:00.000002+00:00",
    "update where it does not": "UpdateError: ConditionalCheckFailedException",
    "read in a batch": 2,
    "scan": "ScanError: AccessDeniedException",
    "describe": "VerboseClientError: AccessDeniedException",
}


@pytest.mark.parametrize("running", BOTH, indirect=True, scope="package")
def test_an_application_of_pynamodb_does_its_work(clients: ClientConfiguration, folder: Path) -> None:
    given = {
        "table": TABLE,
        "index": INDEX,
        "region": REGION,
        "group": "pynamodb-group",
        "user": "pynamodb-ann",
        "created": _CREATED,
    }
    done = subprocess.run(
        [PYTHON, _SESSION],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        env=environment(clients, folder),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout) == FACTS
