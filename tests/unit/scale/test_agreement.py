"""Formulas and simulation agree, and each meets AWS's limits where the design does."""

from itertools import pairwise
from typing import Any

import pytest

from tableguard.scale import agreement
from tableguard.scale.agreement import TOLERANCE, AgreementCase, compare
from tableguard.scale.formulas import batch, hot_group, hot_member
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.simulation import Arrival, Scenario, simulate
from tableguard.scale.workload import Workload


def test_paper_and_simulation_agree() -> None:
    apart = {(each.case, each.figure): each.apart for each in agreement.agreement() if each.apart > TOLERANCE}
    assert apart == {}
    assert len(agreement.agreement()) == 6 * len(agreement.CASES) + 2


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
def test_they_disagree_once_one_of_them_assumes_something_else(changed: dict[str, Any], figures: set[str]) -> None:
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


@pytest.mark.parametrize(("further", "units"), [(0, 1 + 2), (0.5, 1 + 4), (1, 1 + 6)])
def test_a_message_to_two_costs_two_units_of_rows_and_two_more_for_each_further_row(further: float, units: int) -> None:
    workload = Workload(10_000, window=0, exponent=0, further=further)
    assert batch(workload).write_units == pytest.approx(units, rel=0.01)
    simulated = simulate(Scenario(workload, 4, 7200))
    assert workload.sizes.message_units + simulated.row_units_a_message == pytest.approx(units, rel=0.02)


def test_messages_of_ones_own_are_delivered_once_each_in_batches_of_a_window() -> None:
    arrivals = [Arrival(second, second, number % 2, number) for number, second in enumerate((0.1, 0.2, 0.9, 5.0))]
    result = simulate(Scenario(Workload(), 1, 10), arrivals)
    assert result.delivered == ((0, 1, 2), (3,))


def test_one_member_takes_half_as_many_further_rows_because_the_index_pays_twice() -> None:
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
