"""A crash in moto or in our own code is an error like any other: one line, nothing half written, no text quoted."""

import itertools
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from moto import backends
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend

from tableguard.local.authorization import guard
from tableguard.local.dynamodb_local import forwarding
from tableguard.local.landing_zone import LandingZone
from tableguard.local.moto.dynamodb import capacity
from tests.worlds import edge
from tests.worlds.edge import KEY, REGION, client_of, new_table, refusal


@pytest.fixture(scope="module")
def zone() -> Iterator[LandingZone]:
    with edge.running() as prepared:
        yield prepared


# What ends in moto, and what in our own code


def _raise(*_: Any, **__: Any) -> NoReturn:
    raise ValueError("what Ida wrote to Mina")


def test_where_moto_crashes_type_and_place_are_told_and_never_the_text(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    get = new_table(zone, "texts").get_item
    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBBackend, "get_item", _raise)
        assert refusal(get, TableName="texts", Key=KEY)[2] == "not modelled: dynamodb:GetItem"
    line = capfd.readouterr().err
    assert re.fullmatch(r"not modelled: dynamodb:GetItem: ValueError at moto/dynamodb/responses\.py:\d+\n", line)


def _at_a_loss(*_: Any, **__: Any) -> NoReturn:
    error = JsonRESTError("InternalServerError", "at a loss")
    error.code = 500
    raise error


def test_a_500_of_moto_is_none_of_aws(zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
    client = new_table(zone, "losses")
    with monkeypatch.context() as broken:
        broken.setattr(DynamoDBBackend, "get_item", _at_a_loss)
        assert refusal(client.get_item, TableName="losses", Key=KEY)[:2] == (400, "NotModelled")


def test_a_500_of_the_engine_that_keeps_the_tables_stays_one(zone: LandingZone) -> None:
    client = new_table(zone, "kept")
    forwarding.use("http://127.0.0.1:9")
    try:
        assert refusal(client.get_item, TableName="kept", Key=KEY)[:2] == (500, "InternalServerError")
    finally:
        forwarding.use(None)


def test_where_our_own_code_crashes_nothing_is_called_unmodelled(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    client = new_table(zone, "ours")
    with monkeypatch.context() as broken:
        broken.setattr(capacity, "report", _raise)
        expected = (400, "EmbeddedAwsFailed", "embedded AWS failed: dynamodb:PutItem")
        assert refusal(client.put_item, TableName="ours", Item=KEY) == expected
    line = capfd.readouterr().err
    place = r"tableguard/local/moto/dynamodb/atomic\.py:\d+"
    assert re.fullmatch(rf"embedded AWS failed: dynamodb:PutItem: ValueError at {place}\n", line)


def test_a_guard_that_crashes_allows_nothing(zone: LandingZone, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(zone, "administrator", "sqs")
    with monkeypatch.context() as broken:
        broken.setattr(guard, "check", _raise)
        assert refusal(client.create_queue, QueueName="crashed")[1] == "EmbeddedAwsFailed"
    assert not any("crashed" in url for url in client.list_queues().get("QueueUrls", []))


@pytest.mark.parametrize("text", ["no JSON", "[]", "1"])
def test_a_policy_that_is_none_allows_nobody_and_is_no_failure_of_ours(zone: LandingZone, text: str) -> None:
    bucket, setup = f"policy-{len(text)}", client_of(zone, "setup", "s3")
    setup.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    setup.put_bucket_policy(Bucket=bucket, Policy=text)
    status, code, message = refusal(client_of(zone, "administrator", "s3").list_objects, Bucket=bucket)
    assert (status, code) == (403, "AccessDenied")
    assert "cannot decide" in message


def test_a_crash_in_the_midst_of_a_write_leaves_none_of_it_and_the_next_request_is_answered(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = new_table(zone, "halves")
    puts = [{"PutRequest": {"Item": {"pk": {"S": name}}}} for name in ("first", "second")]
    put, count = DynamoDBBackend.put_item, itertools.count()

    def crash_at_the_second(*args: Any, **kwargs: Any) -> Any:
        return _raise() if next(count) else put(*args, **kwargs)

    for _ in range(2):
        with monkeypatch.context() as broken:
            broken.setattr(DynamoDBBackend, "put_item", crash_at_the_second)
            assert refusal(client.batch_write_item, RequestItems={"halves": puts})[1] == "NotModelled"
        count = itertools.count()
        assert client.scan(TableName="halves")["Count"] == 0
    client.batch_write_item(RequestItems={"halves": puts})
    assert client.scan(TableName="halves")["Count"] == 2


def test_a_service_that_cannot_be_loaded_is_not_modelled_each_time(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def absent(*_: str) -> NoReturn:
        raise ModuleNotFoundError("No module named 'joserfc'")

    with monkeypatch.context() as broken:
        broken.setattr(backends, "_import_backend", absent)
        for _ in range(2):
            answer = refusal(client_of(zone, "setup", "glacier").list_vaults, accountId="-")
            assert answer == (400, "NotModelled", "not modelled: glacier:ListVaults")
    assert len(capfd.readouterr().err.splitlines()) == 2
    assert client_of(zone, "setup", "glacier").list_vaults(accountId="-")["VaultList"] == []
