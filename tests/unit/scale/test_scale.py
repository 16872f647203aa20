"""Formulas of scale against the simulation, the simulation against AWS's limits, and the page against both."""

import random
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import Any

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import Group, Message, User, conversation_item, group_item, message_item, timestamp
from tableguard.aws.capacity import Index, write_units
from tableguard.aws.item_size import item_size
from tableguard.cost import circumstances
from tableguard.cost.circumstances import Circumstances
from tableguard.cost.estate import count_estate
from tableguard.errors import CostError
from tableguard.pages import scale_curves, scale_page
from tableguard.scale import agreement, formulas, workload
from tableguard.scale.agreement import TOLERANCE, AgreementCase, compare
from tableguard.scale.formulas import batch, hot_group, hot_member, partitions, table_bytes
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.simulation import Scenario, simulate
from tableguard.scale.traffic import DAY, Daily, Zipf
from tableguard.scale.workload import Workload, sizes
from tableguard.settings import example
from tests.paths import ROOT

PAGES = ROOT / scale_page.FOLDER


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """The page and its pictures as they would be written now."""
    return scale_page.files()


def test_paper_and_simulation_agree() -> None:
    apart = {(each.case, each.figure): each.apart for each in agreement.agreement() if each.apart > TOLERANCE}
    assert apart == {}
    assert len(agreement.agreement()) == 5 * len(agreement.CASES) + 2


@pytest.mark.parametrize(
    ("changed", "figures"),
    [
        ({"window": 2}, {"messages a batch", "invocations at once", "staleness, median, s"}),
        ({"messages_a_day": 2_000_000}, {"invocations at once"}),
        ({"members": 3}, {"invocations at once"}),
        ({"exponent": 1.5}, {"groups a message"}),
        ({"peak_to_mean": 2}, {"messages a batch"}),
    ],
)
def test_they_disagree_once_one_of_them_reckons_with_something_else(changed: dict[str, Any], figures: set[str]) -> None:
    case = AgreementCase("shifted", Workload(), 100)
    right = batch(case.workload, case.invocation)
    found = {
        each.figure: each.simulated for each in compare(AgreementCase("as changed", Workload().at(**changed), 100))
    }
    paper = {each.figure: each.paper for each in compare(case)}
    assert right.records == paper["messages a batch"]
    wrong = {name for name in paper if abs(paper[name] - found[name]) / max(paper[name], found[name]) > TOLERANCE}
    assert figures <= wrong


def test_without_a_window_busy_lanes_wait_longer_than_the_formula_says() -> None:
    last = list(compare(agreement.TOO_HOPEFUL))[-1]
    assert last.figure == "staleness, 99th percentile, s"
    assert last.simulated > last.paper * (1 + TOLERANCE)


def test_a_lane_that_is_sent_more_than_it_can_take_falls_behind_for_as_long_as_it_lasts() -> None:
    workload = Workload(10_000_000, retention_days=1)
    assert not batch(workload).keeps_up
    assert batch(workload).staleness(0.5) == float("inf")
    brief, longer = (simulate(Scenario(workload, 4, seconds)).quantile(0.5) for seconds in (10, 30))
    assert longer > 1.5 * brief
    assert batch(workload, InvocationModel(1769)).keeps_up
    brief, longer = (
        simulate(Scenario(workload, 4, seconds, InvocationModel(1769))).quantile(0.5) for seconds in (10, 30)
    )
    assert longer < 1.1 * brief


def test_reserved_concurrency_holds_rows_up_and_loses_none() -> None:
    workload = Workload(10_000_000)
    shards = batch(workload).shards
    free, held = (simulate(Scenario(workload, shards, 10, concurrency=limit)) for limit in (100, 5))
    assert held.quantile(0.99) > 2 * free.quantile(0.99)
    assert held.messages == free.messages
    assert free.concurrency > 5


def test_one_group_takes_no_more_than_its_partition_and_more_only_while_offered_less() -> None:
    assert hot_group(Workload()) == 1000
    assert simulate(agreement.one_group_scenario(800)).rate == pytest.approx(800, rel=0.1)
    assert simulate(agreement.one_group_scenario(2000)).rate == pytest.approx(1000, rel=0.1)
    assert hot_group(Workload(characters=1000)) == 500


def test_one_member_takes_half_as_many_rows_because_the_index_pays_twice() -> None:
    assert hot_member(Workload()) == 500
    assert simulate(agreement.one_member_scenario(400)).rate == pytest.approx(400, rel=0.1)
    assert simulate(agreement.one_member_scenario(1000)).rate == pytest.approx(500, rel=0.1)


def test_a_simulation_is_the_same_for_the_same_seed() -> None:
    one, same, other = (simulate(Scenario(Workload(), 15, 10, seed=seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_every_simulated_message_reaches_its_rows_no_sooner_than_an_invocation_takes() -> None:
    found = simulate(Scenario(Workload(), 15, 30))
    assert found.messages == pytest.approx(30 * Workload().daily.peak, rel=0.1)
    assert found.staleness[0] >= InvocationModel().seconds(1, 1, 2)
    assert all(one <= other for one, other in pairwise(found.staleness))


def test_full_batches_do_not_wait_for_the_window() -> None:
    workload = Workload(10_000_000, batch_size=10, window=300, retention_days=1)
    found = simulate(Scenario(workload, 4, 5, InvocationModel(1769)))
    assert found.records <= 10
    assert found.quantile(0.5) < 300


def test_sizes_are_those_of_the_items_that_the_product_writes() -> None:
    found = sizes(100, 2)
    user, other = (User(f"{number:036}", "Mina Alexandra Berg", "mina.berg") for number in (0, 1))
    message = Message("g" * 36, timestamp(datetime(2026, 1, 1, tzinfo=UTC)), "m" * 36, user, "x" * 100)
    assert found.message == item_size(message_item(message))
    assert found.group == item_size(group_item(Group("g" * 36, (user, other))))
    assert sizes(101, 2).message == found.message + 1
    assert sizes(1000, 2).row == sizes(140, 2).row


def test_units_of_a_row_are_those_that_the_capacity_rules_give() -> None:
    user = User("u" * 36, "Mina Alexandra Berg", "mina.berg")
    group = Group("g" * 36, (user, User("v" * 36, "Teo", "teo")))
    before, after = (
        conversation_item(
            conversation(Message("g" * 36, f"2026-01-0{day}T00:00:00.000000+00:00", "m", user, "x"), user, group)
        )
        for day in (1, 2)
    )
    index = Index("conversations", ("pk", "last_message_at"), None, is_global=True)
    assert Workload().sizes.row_units == write_units(before, after)
    assert Workload().sizes.index_units == index.write_units(before, after)


@pytest.mark.parametrize("ratio", [1, 1.5, 3, 10, 24])
def test_a_day_has_its_mean_and_its_peak(ratio: float) -> None:
    daily = Daily(10, ratio)
    rates = [daily.rate(second * DAY / 1440) for second in range(1440)]
    assert sum(rates) / 1440 == pytest.approx(10, rel=1e-6)
    assert max(rates) == daily.rate(0) == pytest.approx(10 * ratio)
    assert sum(daily.hours) / 24 == pytest.approx(10, rel=0.001)


@pytest.mark.parametrize(("groups", "exponent"), [(1, 1.0), (50, 1.0), (5000, 0.8), (5000, 1.0), (5000, 0.0)])
def test_bins_of_groups_stand_for_the_law(groups: int, exponent: float) -> None:
    zipf = Zipf(groups, exponent)
    weights = [rank**-exponent for rank in range(1, groups + 1)]
    total = sum(weights)
    exact = sum(1 - exp(-300 * weight / total) for weight in weights)
    assert sum(share * count for share, count in zipf.bins) == pytest.approx(1)
    assert sum(count for _, count in zipf.bins) == groups
    assert zipf.bins[0][0] == pytest.approx(weights[0] / total, rel=0.01)
    assert zipf.distinct(300) == pytest.approx(exact, rel=0.01)


def test_drawn_groups_follow_the_law() -> None:
    zipf = Zipf(5000, 1.0)
    drawn = list(zipf.draw(random.Random(1), 20_000))  # noqa: S311  # traffic
    assert drawn.count(0) / len(drawn) == pytest.approx(zipf.bins[0][0], rel=0.1)
    assert set(drawn) <= set(range(5000))
    assert len(set(drawn)) == pytest.approx(zipf.distinct(20_000), rel=0.05)


def test_partitions_follow_bytes_or_writes_whichever_need_more() -> None:
    kept, brief = Workload(100_000_000), Workload(100_000_000, retention_days=1)
    assert partitions(kept).total == partitions(kept).for_bytes > partitions(kept).for_writes
    assert partitions(brief).total == partitions(brief).for_writes > partitions(brief).for_bytes
    assert partitions(Workload(1000)).total == 4
    assert table_bytes(Workload(2000)) == pytest.approx(2 * table_bytes(Workload(1000)))


def test_every_assumption_has_its_bounds() -> None:
    for kind, bounds in ((Workload, workload.BOUNDS), (Circumstances, circumstances.BOUNDS)):
        assert {each.name for each in fields(kind)} == set(bounds)


@pytest.mark.parametrize(("name", "value"), [("hit_ratio", 1.1), ("nodes", 0), ("changes", -1), ("cache_gb", 0)])
def test_circumstances_that_cannot_be_are_refused(name: str, value: float) -> None:
    with pytest.raises(CostError, match=f"{name.replace('_', '-')} {value:g}: accepted is from"):
        replace(Circumstances(), **{name: value})  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"window": 301}, "window 301: accepted is from 0 to 300"),
        ({"lanes": 11}, "lanes 11: accepted is from 1 to 10"),
        ({"messages_a_day": 0}, "messages-a-day 0: accepted is from 1"),
        ({"peak_to_mean": float("nan")}, "peak-to-mean nan"),
    ],
)
def test_what_aws_or_arithmetic_does_not_take_is_refused(changed: dict[str, float], text: str) -> None:
    with pytest.raises(CostError, match=re.escape(text)):
        Workload().at(**changed)


def test_the_page_is_as_it_would_be_made_now(made: dict[str, str]) -> None:
    for name, text in made.items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, f"{name}: python -m tableguard.pages"


def test_no_picture_is_left_over_and_the_page_shows_each(made: dict[str, str]) -> None:
    pictures = {name for name in made if name.endswith(".svg")}
    assert {path.name for path in PAGES.glob("*.svg")} == pictures
    assert set(re.findall(r"!\[[^\]]+\]\(([^)]+)\)", made[scale_page.PAGE])) == pictures


def test_the_page_reserves_what_the_template_reserves() -> None:
    shipped = count_estate(example())
    assert (shipped.concurrency, shipped.memory) == (scale_curves.RESERVED, InvocationModel().memory)


def test_a_changed_figure_would_show_in_the_page(made: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert scale_curves.partition_curves() == made["partitions.svg"]
    monkeypatch.setattr(formulas, "PARTITION_WRITE_UNITS", 500)
    assert scale_curves.partition_curves() != made["partitions.svg"]


class _Read(HTMLParser):
    """The texts of a picture, and whether it names itself to those who do not see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.role = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "svg":
            self.role = dict(attrs)["role"] or ""


def test_every_picture_can_be_read_without_eyes_and_fetches_nothing(made: dict[str, str]) -> None:
    for name, text in made.items():
        if name.endswith(".svg"):
            read = _Read(text)
            assert (read.role, read.tags[1:3]) == ("img", ["title", "desc"])
            assert "href" not in text
            assert "nan" not in text
            assert "inf " not in text


def test_files_are_written_where_they_are_asked_for(
    made: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_page, "files", lambda: made)
    assert {str(path.relative_to(tmp_path)) for path in scale_page.write(tmp_path)} == set(made)
    assert (tmp_path / scale_page.PAGE).read_text(encoding="utf-8") == made[scale_page.PAGE]
