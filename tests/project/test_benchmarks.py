"""What `scripts/bench` does where an engine is missing, and what it refuses."""

import json
from collections.abc import Iterator
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

import pytest

from stream_lambda.items import message_item
from tableguard.errors import CheckError, EmbeddedError
from tests.benchmarks import checking, deciding, projecting, rendering
from tests.benchmarks.__main__ import main, names
from tests.benchmarks.figures import Figure
from tests.benchmarks.projecting import engine as projecting_engine
from tests.benchmarks.projecting.live import Live
from tests.cases import message_batches
from tests.engines import dynamodb_local
from tests.oracle import engine
from tests.paths import ROOT
from tests.worlds import projections


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """One benchmark that takes no time, and no engine."""

    def figures() -> Iterator[Figure]:
        yield Figure("rendering", "nothing", 1.0, 2.0, "s")

    monkeypatch.setattr(rendering, "figures", figures)


@pytest.mark.usefixtures("quick")
def test_a_benchmark_without_its_engine_is_named_and_the_others_are_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(engine, "ENGINE", tmp_path)
    assert main(["deciding", "rendering", "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        "deciding: not measured: no iam-simulate; scripts/engines/iam-simulate installs it",
        "measuring rendering ...",
    ]
    assert json.loads(printed.out)["ratio"] == 0.5


def test_a_named_folder_without_the_engine_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def absent() -> None:
        raise EmbeddedError("no jars")

    monkeypatch.setattr(projecting, "present", absent)
    assert main(["projecting"]) == 2
    assert capsys.readouterr().err == "projecting: not measured: no jars\n"


@pytest.mark.usefixtures("quick")
def test_what_can_be_measured_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rendering"]) == 0
    assert "rendering" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drawing"]) == 2
    assert capsys.readouterr().err == f"no benchmark called drawing; there are: {', '.join(names())}\n"


def test_without_checkov_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> str:
        raise CheckError("it is not installed; `uv tool install checkov` brings it")

    monkeypatch.setattr(checking, "interpreter", absent)
    assert checking.missing() == "no checkov: it is not installed; `uv tool install checkov` brings it"
    monkeypatch.setattr(checking, "interpreter", lambda: "/usr/bin/python3")
    assert checking.missing() is None


def test_what_is_there_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "available", lambda: True)
    assert deciding.missing() is None


def test_the_help_of_the_script_names_every_benchmark() -> None:
    script = (ROOT / "scripts" / "bench").read_text()
    assert f"# NAME is one of {', '.join(names())}; " in script


# What projecting is made of


def test_messages_at_a_live_rate_keep_their_order_and_their_share_of_the_time() -> None:
    traffic = message_batches.in_turn(101, 10)
    live = Live(traffic, messages_a_day=86_400 * 101, memory=256)
    assert [arrival.sent for arrival in live.arrivals] == pytest.approx([number / 100 for number in range(101)])
    assert sorted(message.message_uuid for batch in live.batches for message in batch) == sorted(
        message.message_uuid for message in traffic.messages
    )
    assert all(batch.index(one) < batch.index(other) for batch in live.batches for one, other in pairwise(batch))


def test_a_second_of_waiting_folds_the_more_the_faster_messages_come() -> None:
    traffic = message_batches.zipf(2000, 100)
    slow, fast = (Live(traffic, rate, memory=1769) for rate in (1e4, 1e7))
    units = [message_batches.expected_write_units(traffic.groups, live.batches) for live in (slow, fast)]
    assert units[0] > 1.9 > units[1]
    assert all(0.5 < live.result.quantile(0.5) < 1.5 for live in (slow, fast))


def test_the_simple_way_falls_behind_where_ours_does_not() -> None:
    live = Live(message_batches.zipf(2000, 1000), 1e7, memory=1769)
    assert live.naive_staleness(0.99) > 10 > live.result.quantile(0.99)
    assert Live(live.traffic, 1e5, memory=1769).naive_staleness(0.5) < 1


@dynamodb_local.needs_dynamodb_local
def test_what_is_loaded_in_bulk_is_in_the_table() -> None:
    account = projecting_engine.new_account()
    table = projecting_engine.client(account)
    name = projections.ours(table).table_name
    messages = message_batches.zipf(60, 10).messages
    projecting_engine.load(account, name, map(message_item, messages))
    stored = table.scan(TableName=name)["Items"]
    by_key = itemgetter("pk", "sk")
    assert sorted(map(str, map(by_key, stored))) == sorted(str(by_key(message_item(message))) for message in messages)


@dynamodb_local.needs_dynamodb_local
def test_what_the_engine_does_not_take_ends_the_loading() -> None:
    account = projecting_engine.new_account()
    name = projections.ours(projecting_engine.client(account)).table_name
    with pytest.raises(AssertionError, match="ValidationException"):
        projecting_engine.load(account, name, [{"pk": {"S": "no sort key"}}])
