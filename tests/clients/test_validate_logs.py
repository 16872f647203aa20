"""The AWS CLI's `validate-logs` accepts what the trail has put into its bucket, and finds every change of it."""

import gzip
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tableguard.aws.cloudtrail.delivery.files import timestamp
from tableguard.local.client_configuration import ClientConfiguration
from tableguard.local.clients.factory import Clients
from tableguard.local.estate import EmbeddedEstate
from tests.clients.aws_cli import PYTHON, environment, needs_aws_cli
from tests.engines.choice import MOTO
from tests.worlds.audit import TRAIL_BUCKET
from tests.worlds.estate import ACCOUNT, REGION, SETTINGS

pytestmark = [
    pytest.mark.slow,
    needs_aws_cli,
    pytest.mark.parametrize("running", [MOTO], indirect=True, scope="package"),
]
_TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{SETTINGS.trail_name}"
_LOGS, _DIGESTS = (f"AWSLogs/{ACCOUNT}/{folder}/{REGION}/" for folder in ("CloudTrail", "CloudTrail-Digest"))


@pytest.fixture(scope="module")
def validated(
    running: EmbeddedEstate, clients: ClientConfiguration, folder: Path
) -> Callable[[], "CompletedProcess[str]"]:
    """The command over two hours and more; each time in a process of its own, as it counts on from one to the next."""
    begun = running.watch.clock.now()
    running.watch.run(3600, step=300)
    running.roles["administrator"].client("dynamodb").list_tables()
    running.watch.run(2 * 3600, step=300)
    end = running.watch.clock.now()
    times = ["--start-time", timestamp(begun), "--end-time", timestamp(end), "--verbose"]
    who = ["--region", REGION, "--profile", "auditor"]
    command = [str(PYTHON), "-m", "awscli", "cloudtrail", "validate-logs", "--trail-arn", _TRAIL, *times, *who]
    found = environment(clients, folder)
    return lambda: subprocess.run(command, env=found, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def s3(running: EmbeddedEstate) -> Any:
    """A client that needs no permission: whoever changes evidence here has got past every guardrail."""
    return Clients(running.endpoint)("s3", ACCOUNT, REGION)


@pytest.fixture(scope="module")
def looked_at(validated: Callable[[], "CompletedProcess[str]"]) -> list[str]:
    """The keys of all files that the command looks at, the oldest first: what no digest names yet is not among them."""
    return re.findall(rf"s3://{TRAIL_BUCKET}/(\S+)\tvalid", validated().stdout)[::-1]


@contextmanager
def _changed(s3: Any, key: str, change: Callable[[bytes], bytes]) -> Iterator[None]:
    place = {"Bucket": TRAIL_BUCKET, "Key": key}
    stored = s3.get_object(**place)
    text = change(gzip.decompress(stored["Body"].read()))
    put = s3.put_object(**place, Body=gzip.compress(text), Metadata=stored["Metadata"])
    yield
    s3.delete_object(**place, VersionId=put["VersionId"], BypassGovernanceRetention=True)


@contextmanager
def _removed(s3: Any, key: str) -> Iterator[None]:
    place = {"Bucket": TRAIL_BUCKET, "Key": key}
    marker = s3.delete_object(**place)
    yield
    s3.delete_object(**place, VersionId=marker["VersionId"])


def _one_byte(text: bytes) -> bytes:
    return text.replace(b'"eventVersion":"1', b'"eventVersion":"2', 1)


def _another_end(text: bytes) -> bytes:
    return text.replace(b'"digestEndTime":"20', b'"digestEndTime":"21', 1)


def test_what_was_delivered_is_valid(validated: Callable[[], "CompletedProcess[str]"]) -> None:
    answer = validated()
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "digest files valid" in answer.stdout
    assert "log files valid" in answer.stdout
    assert f"s3://{TRAIL_BUCKET}/{_LOGS}" in answer.stdout


@dataclass(frozen=True)
class Harm:
    """A change of one file, by the folder and the place of the file in it, and what the CLI says of it."""

    change: Callable[[Any, str], AbstractContextManager[None]]
    folder: str
    place: int
    error: str


HARMS = {
    "a byte of a log file": Harm(partial(_changed, change=_one_byte), _LOGS, -1, "INVALID: hash value doesn't match"),
    "a log file removed": Harm(_removed, _LOGS, -1, "INVALID: not found"),
    "a byte of a digest": Harm(partial(_changed, change=_another_end), _DIGESTS, -1, "INVALID: signature verification"),
    # the next one tells of it; of the last one nobody knows yet
    "a digest removed": Harm(_removed, _DIGESTS, -2, "INVALID: not found"),
}


@pytest.mark.parametrize("name", HARMS)
def test_a_change_is_found(
    validated: Callable[[], "CompletedProcess[str]"], looked_at: list[str], s3: Any, name: str
) -> None:
    harm = HARMS[name]
    keys = [key for key in looked_at if key.startswith(harm.folder)]
    with harm.change(s3, keys[harm.place]):
        answer = validated()
    assert (answer.returncode, harm.error in answer.stderr) == (1, True), answer.stdout + answer.stderr
