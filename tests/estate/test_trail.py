"""The estate's trail records what is done there, and delivers it when AWS documents that it does."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tableguard.local import estate
from tableguard.local.landing_zone import LandingZone
from tableguard.local.watch.clock import Clock
from tests.worlds.audit import TRAIL_BUCKET
from tests.worlds.estate import ACCOUNT, KEY, ON_THE_EMBEDDED_AWS, REGION, SETTINGS, TABLE, TABLE_ARN

pytestmark = [pytest.mark.slow, ON_THE_EMBEDDED_AWS]
_GROUP = f"/{SETTINGS.name}/trail"


@pytest.fixture(autouse=True)
def quiet(running: estate.EmbeddedEstate) -> Iterator[None]:
    """Let all that was recorded before arrive, and stop the clock while a test runs."""
    clock = running.watch.clock
    clock.stop(clock.now())
    running.watch.run(900, step=300)
    yield
    clock.stopped, clock.ahead = None, clock.now() - Clock().now()


def _names(zone: LandingZone, name: str) -> list[dict[str, Any]]:
    """The records of an operation in the trail's log group."""
    logs = zone.clients("logs", ACCOUNT, REGION)
    lines = logs.filter_log_events(logGroupName=_GROUP, filterPattern=f'{{ $.eventName = "{name}" }}')["events"]
    return [json.loads(line["message"]) for line in lines]


def test_an_item_that_is_read_is_in_the_log_group_after_five_minutes(
    running: estate.EmbeddedEstate, zone: LandingZone
) -> None:
    before = len(_names(zone, "GetItem"))
    running.roles["application"].client("dynamodb").get_item(TableName=TABLE, Key=KEY)
    running.watch.run(299)
    assert len(_names(zone, "GetItem")) == before
    running.watch.run(1)
    *_, record = _names(zone, "GetItem")
    assert len(_names(zone, "GetItem")) == before + 1
    assert [resource["ARN"] for resource in record["resources"]] == [TABLE_ARN]
    assert record["eventCategory"] == "Data"


def test_a_refusal_is_recorded_too_and_a_file_has_it(running: estate.EmbeddedEstate, zone: LandingZone) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        running.roles["auditor"].client("dynamodb").delete_table(TableName=TABLE)
    running.watch.run(600)
    assert _names(zone, "DeleteTable")[-1]["errorCode"] == "AccessDenied"
    s3 = zone.clients("s3", ACCOUNT, REGION)
    prefix = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/"
    keys = [listed["Key"] for listed in s3.list_objects_v2(Bucket=TRAIL_BUCKET, Prefix=prefix)["Contents"]]
    file = s3.get_object(Bucket=TRAIL_BUCKET, Key=keys[-1])
    records = json.loads(gzip.decompress(file["Body"].read()))["Records"]
    assert "DeleteTable" in [record["eventName"] for record in records]
    assert (file["ServerSideEncryption"], file["ObjectLockMode"]) == ("aws:kms", "GOVERNANCE")
