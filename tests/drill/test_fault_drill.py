"""A small drill by default; TABLEGUARD_DRILL=10000 makes it one of so many messages, with a tenth as many faults."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from stream_lambda.items import row_of_key
from tableguard.local import server
from tableguard.local.dynamodb_local.engine import Engine
from tableguard.stacks import package
from tests.cases.handler_faults import FAULTS
from tests.cases.message_batches import Traffic, zipf
from tests.drill.__main__ import main
from tests.drill.algorithms import NAIVE, PATTERN_D, Algorithm
from tests.drill.crowd import crowded, placed
from tests.drill.drilled import drilled
from tests.drill.kinds import Kind, shares
from tests.drill.material import Written
from tests.drill.passthrough import Passthrough
from tests.drill.plan import Asked, Chunk, plan
from tests.drill.plan import Fault as Planned
from tests.drill.report import Figures, as_json, as_text, figures
from tests.drill.run import carry_out
from tests.drill.verdict import Findings, judged, wrong_rows
from tests.drill.world import REGION, World, world
from tests.engines import dynamodb_local
from tests.worlds.handler_packages import Fault

pytestmark = pytest.mark.slow
MESSAGES = int(os.environ.get("TABLEGUARD_DRILL", "200"))
ASKED = Asked(MESSAGES, max(40, MESSAGES // 10), seed=1)
OF_NAIVE = Asked(20, 4, seed=1)
OF_FAULTY = Asked(120, 30, seed=1)
REPLAYED = replace(NAIVE, kinds=frozenset({Kind.REPLAYED}))


@dataclass(frozen=True)
class Drilled:
    """A drill that is over, with everything still at hand."""

    world: World
    traffic: Traffic
    chunks: tuple[Chunk, ...]
    everything: list[Written]
    findings: Findings

    @property
    def figures(self) -> Figures:
        return figures(ASKED.seed, self.world, self.chunks, self.everything, self.findings)

    @property
    def wrong(self) -> tuple[tuple[str, str], ...]:
        return wrong_rows(self.world, self.traffic, self.everything)


@pytest.fixture(scope="module")
def embedded() -> Iterator[str]:
    with server.start() as running:
        yield running.endpoint


def tables() -> Engine | None:
    return dynamodb_local.engine() if dynamodb_local.HERE else None


@contextmanager
def after_a_drill(algorithm: Algorithm, asked: Asked, embedded: str) -> Iterator[Drilled]:
    drawn = zipf(asked.messages, asked.messages // 4, seed=asked.seed)
    traffic, chunks = placed(crowded(drawn)) if algorithm.ours else drawn, plan(asked, algorithm.kinds)
    with world(algorithm, embedded, tables()) as at_hand:
        everything = carry_out(at_hand, traffic, chunks, lambda messages: None)
        yield Drilled(at_hand, traffic, chunks, everything, judged(at_hand, traffic, everything))


@pytest.fixture(scope="module")
def drill(embedded: str) -> Iterator[Drilled]:
    with after_a_drill(PATTERN_D, ASKED, embedded) as found:
        yield found


def test_no_message_is_lost_and_no_row_is_wrong(drill: Drilled) -> None:
    assert drill.findings.verdict.is_fine, drill.findings.verdict
    assert (drill.figures.messages, drill.figures.exit_code) == (ASKED.messages, 0)
    assert drill.findings.rows == 2 * len({message.group_uuid for message in drill.traffic.messages})


def test_most_rows_are_further_ones_and_they_are_listed_with_the_first_ones(drill: Drilled) -> None:
    found = drill.figures
    assert drill.findings.rows / 2 < found.further_rows < drill.findings.rows
    assert found.listed == drill.findings.rows


def test_every_fault_that_was_planned_came_about(drill: Drilled) -> None:
    assert drill.figures.seen == drill.figures.planned
    assert drill.figures.faults == ASKED.faults
    assert set(drill.figures.seen) == {kind.name for kind in Kind}


def test_what_was_given_up_lay_in_the_bucket_and_the_redrive_made_its_rows_right(drill: Drilled) -> None:
    found = drill.figures
    assert found.discarded == found.in_objects >= found.objects == found.given_up > 0
    assert 0 < found.wrong_before <= found.redriven
    conditions = {one.condition for one in drill.world.ledger.given_up}
    assert conditions == {"RetryAttemptsExhausted", "RecordAgeExceeded"}


def test_batches_were_retried_and_bisected_as_the_deployed_mapping_does(drill: Drilled) -> None:
    found = drill.figures
    assert drill.world.mapping.configuration.maximum_retry_attempts == 10
    assert found.retries > 10
    assert found.bisections > 0
    assert found.invocations > found.batches


def test_the_figures_are_told_as_text_and_as_json(drill: Drilled) -> None:
    text, told = as_text(drill.figures, {"seconds": 1.5}), json.loads(as_json(drill.figures, {"seconds": 1.5}))
    assert f"{ASKED.messages:>9,}  messages" in text
    assert "        0  messages lost\n        0  rows wrong\n" in text
    assert text.endswith("1.5  seconds")
    assert (told["faults"], told["lost"], told["wrong"], told["seconds"]) == (ASKED.faults, 0, 0, 1.5)


# The drill can fail.


def owner(row: dict[str, Any]) -> tuple[str, str]:
    """Whose row of which group an item is."""
    key = row_of_key(row)
    assert key is not None
    return key.user_uuid, key.group_uuid


def spoiled(drill: Drilled, **changes: str) -> dict[str, Any]:
    row = drill.world.rows()[0]
    drill.world.put([row | {name: {"S": value} for name, value in changes.items()}])
    return row


@pytest.mark.parametrize("name", ["last_message", "last_message_at", "last_message_uuid", "last_user_uuid"])
def test_a_row_that_is_spoiled_by_hand_is_found_wrong(drill: Drilled, name: str) -> None:
    row = spoiled(drill, **{name: "0"})
    try:
        assert drill.wrong == (owner(row),)
    finally:
        drill.world.put([row])
    assert not drill.wrong


@pytest.mark.parametrize("to_whom", [None, "GRP#a stranger"], ids=["nobody has it", "a stranger has it"])
def test_a_row_too_few_or_too_many_is_found_wrong(drill: Drilled, to_whom: str | None) -> None:
    row = drill.world.rows()[0]
    other = row | {"pk": {"S": to_whom or row["pk"]["S"]}}
    key = {"Key": {name: other[name] for name in ("pk", "sk")}, "TableName": drill.world.table}
    if to_whom:
        drill.world.put([other])
    else:
        drill.world.dynamodb.delete_item(**key)
    try:
        assert drill.wrong == (owner(other),)
    finally:
        drill.world.dynamodb.delete_item(**key)
        drill.world.put([row])
    assert not drill.wrong


def test_an_object_that_is_gone_from_the_bucket_is_missed_and_with_it_its_messages(drill: Drilled) -> None:
    bucket, s3 = drill.world.bucket, drill.world.s3
    last = f'"{drill.traffic.messages[-1].message_uuid}"'.replace('"', '\\"')
    bodies = {
        found["Key"]: s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read().decode()
        for found in s3.list_objects_v2(Bucket=bucket)["Contents"]
    }
    ((key, body),) = [(key, body) for key, body in bodies.items() if last in body]
    s3.delete_object(Bucket=bucket, Key=key)
    try:
        verdict = judged(drill.world, drill.traffic, drill.everything).verdict
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    records = len(json.loads(json.loads(body)["payload"])["Records"])
    assert verdict.not_in_bucket == len(verdict.lost) == records > 0


def test_a_record_of_the_bucket_that_nobody_gave_up_is_told(drill: Drilled) -> None:
    bucket, s3 = drill.world.bucket, drill.world.s3
    (first, *_) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    s3.copy_object(Bucket=bucket, Key="aws/lambda/copy", CopySource={"Bucket": bucket, "Key": first["Key"]})
    try:
        verdict = judged(drill.world, drill.traffic, drill.everything).verdict
    finally:
        s3.delete_object(Bucket=bucket, Key="aws/lambda/copy")
    assert verdict.foreign_in_bucket > 0
    assert (verdict.lost, verdict.not_in_bucket) == ((), 0)


def test_the_delete_and_put_way_ends_with_wrong_rows(embedded: str) -> None:
    with after_a_drill(REPLAYED, OF_NAIVE, embedded) as found:
        assert found.figures.all_came
        assert found.figures.wrong > 0
        assert found.figures.exit_code == 1


@pytest.mark.opt_in  # a drill each
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rows are overwritten unconditionally", Kind.REPLAYED),
        ("unread members are forgotten", Kind.UNPROCESSED),
        ("failed writes are forgotten", Kind.REFUSED),
        ("a failure is not told", Kind.REFUSED),
        ("the batch comes again from the last failure", Kind.REFUSED),
        ("the batch comes again from its last record", Kind.REFUSED),
        ("the last of a batch wins", Kind.DUPLICATED),
        ("the first of a batch wins", Kind.DUPLICATED),
        ("only one member's row is written", Kind.DUPLICATED),
        ("the future is believed", Kind.POISON),
    ],
)
def test_a_fault_in_the_function_is_found_by_the_fault_that_it_cannot_bear(
    embedded: str, tmp_path: Path, name: str, kind: Kind
) -> None:
    named = re.sub("[^a-z]+", "-", name)  # a bucket is called after it
    faulty = replace(
        PATTERN_D, name=named, kinds=frozenset({kind}), package=lambda: package_with(FAULTS[name], tmp_path)
    )
    with after_a_drill(faulty, OF_FAULTY, embedded) as found:
        assert found.figures.exit_code == 1
        assert found.figures.findings


def package_with(fault: Fault, folder: Path) -> bytes:
    source = shutil.copytree(package.SOURCE, folder / "source", dirs_exist_ok=True)
    module = source / f"{fault.module}.py"
    module.write_text(module.read_text().replace(fault.right, fault.wrong))
    return package.build(source)


# Faults as DynamoDB and the network have them.


@pytest.fixture
def passthrough(drill: Drilled) -> Iterator[Passthrough]:
    yield drill.world.passthrough
    drill.world.passthrough.disarm()


def client(passthrough: Passthrough) -> Any:
    config = Config(proxies={}, retries={"total_max_attempts": 1})
    return boto3.Session("drill", "nothing", region_name=REGION).client(
        "dynamodb", endpoint_url=passthrough.endpoint, config=config
    )


def touch(drill: Drilled, passthrough: Passthrough) -> None:
    key = {"pk": {"S": "GRP#touched"}, "sk": {"S": "touched"}}
    client(passthrough).update_item(TableName=drill.world.table, Key=key)


def is_touched(drill: Drilled) -> bool:
    key = {"pk": {"S": "GRP#touched"}, "sk": {"S": "touched"}}
    answer = drill.world.dynamodb.delete_item(TableName=drill.world.table, Key=key, ReturnValues="ALL_OLD")
    return "Attributes" in answer


def test_a_throttled_call_is_not_made(drill: Drilled, passthrough: Passthrough) -> None:
    passthrough.arm([], {0: Planned(Kind.THROTTLED, 0.5)}, kill=lambda: None)
    with pytest.raises(ClientError, match="ProvisionedThroughputExceededException"):
        touch(drill, passthrough)
    assert not is_touched(drill)
    touch(drill, passthrough)
    assert is_touched(drill)


def test_a_call_whose_answer_is_lost_is_made(drill: Drilled, passthrough: Passthrough) -> None:
    passthrough.arm([], {0: Planned(Kind.UNANSWERED, 0.5)}, kill=lambda: None)
    with pytest.raises(ConnectionClosedError):
        touch(drill, passthrough)
    assert is_touched(drill)


@pytest.mark.parametrize(("at", "made"), [(0.001, True), (0.002, False)])
def test_a_function_is_killed_before_or_after_its_write(
    drill: Drilled, passthrough: Passthrough, at: float, made: bool
) -> None:
    killed: list[bool] = []
    passthrough.arm([], {0: Planned(Kind.KILLED, at)}, kill=lambda: killed.append(True))
    with pytest.raises(ConnectionClosedError):
        touch(drill, passthrough)
    assert killed == [True]
    assert is_touched(drill) is made


@pytest.mark.parametrize(("at", "found"), [(0.0, 0), (0.5, 1)])
def test_unprocessed_keys_are_those_that_were_not_read(
    drill: Drilled, passthrough: Passthrough, at: float, found: int
) -> None:
    keys = [{name: row[name] for name in ("pk", "sk")} for row in drill.world.rows()[:2]]
    passthrough.arm([Planned(Kind.UNPROCESSED, at)], {}, kill=lambda: None)
    answer = client(passthrough).batch_get_item(RequestItems={drill.world.table: {"Keys": keys}})
    read = [{name: item[name] for name in ("pk", "sk")} for item in answer["Responses"][drill.world.table]]
    assert (read, answer["UnprocessedKeys"][drill.world.table]["Keys"]) == (keys[:found], keys[found:])


def test_what_did_not_come_about_is_told_when_faults_end(passthrough: Passthrough) -> None:
    faults = [Planned(Kind.THROTTLED, 0.0), Planned(Kind.KILLED, 0.5)]
    passthrough.arm(faults[:1], {7: faults[1]}, kill=lambda: None)
    assert passthrough.disarm() == faults
    assert passthrough.disarm() == []


# Plans.


@pytest.mark.parametrize("asked", [ASKED, Asked(10_000, 1_000, 7), Asked(59, 13, 3)])
def test_a_plan_has_all_messages_and_all_faults_of_every_kind(asked: Asked) -> None:
    found = plan(asked)
    faults = [fault for chunk in found for fault in chunk.faults]
    assert sum(chunk.messages for chunk in found) == asked.messages
    assert len(faults) == asked.faults
    assert {fault.kind for fault in faults} == set(Kind)
    assert all(chunk.messages for chunk in found)
    assert [fault.kind for fault in found[-1].faults] == [Kind.OUTAGE]


def test_the_same_seed_gives_the_same_faults_and_another_gives_others() -> None:
    assert plan(Asked(300, 60, 1)) == plan(Asked(300, 60, 1))
    assert plan(Asked(300, 60, 1)) != plan(Asked(300, 60, 2))


def test_faults_are_shared_out_among_the_kinds_in_question() -> None:
    assert shares(1000, frozenset(Kind))[Kind.KILLED] == 60
    assert shares(8, NAIVE.kinds).keys() == NAIVE.kinds
    assert sum(shares(8, NAIVE.kinds).values()) == 8


@pytest.mark.parametrize(
    ("messages", "faults", "told"),
    [
        (300, 12, "12 faults of 13 kinds: give at least one of each"),
        (2, 13, "2 messages: at least 3 are needed for these faults"),
    ],
)
def test_a_drill_that_is_too_small_is_refused(
    messages: int, faults: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--messages", str(messages), "--faults", str(faults), "--engine", "moto", "--seed", "9"]) == 2
    assert f"the drill could not be made: {told} (seed 9)" in capsys.readouterr().err


def test_more_messages_than_there_are_cannot_be_drilled() -> None:
    with pytest.raises(ValueError, match="20 messages are asked for, and there are 19"):
        drilled(REPLAYED, zipf(19, 5), OF_NAIVE, None, lambda messages: None)
