"""Formulas follow from the sizes of real items, a day with a peak and Zipf's law, within the bounds of AWS."""

import random
import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from math import exp

import pytest

from stream_lambda.decide import conversation
from stream_lambda.items import (
    FURTHER_AT,
    INDEX,
    Group,
    Message,
    User,
    conversation_item,
    group_item,
    message_item,
    timestamp,
)
from tableguard.aws.capacity import Index, read_units, write_units
from tableguard.aws.item_size import item_size
from tableguard.cost import circumstances
from tableguard.cost.circumstances import Circumstances
from tableguard.errors import CostError
from tableguard.scale import workload
from tableguard.scale.formulas import partitions, table_bytes
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.simulation import Scenario, simulate
from tableguard.scale.traffic import DAY, Daily, Zipf
from tableguard.scale.workload import Workload, sizes
from tableguard.settings import example
from tableguard.store.places import CONVERSATIONS_IN_TABLE


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
    assert found.further_row == found.row + len("!" + "further_at" + message.created_at)


def test_units_of_a_row_are_those_that_the_capacity_rules_give() -> None:
    user = User("u" * 36, "Mina Alexandra Berg", "mina.berg")
    group = Group("g" * 36, (user, User("v" * 36, "Teo", "teo")))
    index = Index(INDEX, ("pk", FURTHER_AT), None, is_global=True)
    for further, index_units in ((False, 0), (True, Workload().sizes.index_units)):
        before, after = (
            conversation_item(replace(conversation(message_of_day(day, user), user, group), further=further))
            for day in (1, 2)
        )
        assert Workload().sizes.row_units == write_units(before, after)
        assert index_units == index.write_units(before, after)


def message_of_day(day: int, author: User) -> Message:
    return Message("g" * 36, f"2026-01-0{day}T00:00:00.000000+00:00", "m", author, "x")


def test_a_listing_reads_all_first_rows_and_a_page_of_further_ones() -> None:
    sizes = Workload().sizes
    assert [sizes.first_rows_units(rows) for rows in (1, 20, 50)] == [0.5, 1.5, 3.0]
    assert sizes.first_rows_units(20) == read_units(20 * sizes.row, consistent=False)
    assert sizes.further_page_units == read_units(20 * sizes.further_row, consistent=False)


def test_as_many_rows_are_taken_to_be_in_the_table_as_the_settings_say() -> None:
    assert Workload().table_rows == CONVERSATIONS_IN_TABLE == example().conversations_in_table


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
