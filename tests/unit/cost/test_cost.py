"""A month's cost: every line has a source, modes differ where they should, break-evens are real."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tableguard.cost import prices
from tableguard.cost.bill import Bill, bill
from tableguard.cost.break_even import Costs, crossings, two_digits, use_of_capacity, volumes
from tableguard.cost.catalogue import catalogue
from tableguard.cost.circumstances import MODES, Circumstances
from tableguard.cost.estate import EstateCounts, count_estate
from tableguard.cost.prices import (
    Price,
    default_region,
    old,
    prices_of,
    shipped_prices,
    shipped_regions,
    with_substitutes,
)
from tableguard.cost.usage import DAYS, HOURS, Usage
from tableguard.errors import CostError
from tableguard.pages.break_even_plot import plot
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.reading import cloudformation_yaml
from tableguard.scale.workload import Workload
from tableguard.settings import Provisioned, Settings, example, load
from tableguard.stacks.render import render
from tests.worlds import commands

REGION = "us-east-1"


def shipped_estate() -> EstateCounts:
    """Return the counts of the stacks that the example settings deploy."""
    return count_estate(example())


def month(mode: str = "on-demand", around: Circumstances | None = None, **workload: float) -> Bill:
    """Return a month's bill of the default workload, changed by these assumptions."""
    usage = Usage(Workload().at(**workload), shipped_estate(), around or Circumstances())
    return bill(usage, prices_of(REGION), mode)


def usd(found: Bill, what: str) -> float:
    """Return the USD of the one line that begins so."""
    (line,) = (line for line in found.lines if line.what.startswith(what))
    return line.usd


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that runs the command in an empty folder and returns its standard output."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        ran = commands.run("cost", *arguments)
        assert ran.code == 0, ran.err
        return ran.out

    return call


def test_every_price_names_unit_region_page_and_day() -> None:
    for region in shipped_regions():
        for name, price in shipped_prices(region).items():
            assert price.page.startswith("https://"), name
            assert date.fromisoformat(price.read) <= date(2027, 1, 1)
            assert re.fullmatch(r"|\d{4}-\d{2}", price.as_of), name
            assert price.unit
            assert (price.region, price.usd >= 0, price.per > 0) == (region, True, True)


def test_prices_of_further_regions_are_not_halves_that_were_rounded() -> None:
    # million writes and reads, storage, recovery
    for region, stated in {
        "us-east-2": (0.625, 0.125, 0.25),
        "eu-west-1": (0.705, 0.1415, 0.283, 0.22),
        "eu-central-1": (0.7625, 0.1525, 0.306, 0.2448),
        "ap-southeast-2": (0.71, 0.1425, 0.285, 0.228),
        "ap-northeast-1": (0.715, 0.1425, 0.285, 0.228),
    }.items():
        names = ("write-request-unit", "read-request-unit", "storage", "point-in-time-recovery")
        known = shipped_prices(region)
        assert tuple(known[f"dynamodb-{name}"].usd for name in names if f"dynamodb-{name}" in known) == stated


def test_prices_are_those_after_the_cut_of_november_2024() -> None:
    assert shipped_prices(REGION)["dynamodb-write-request-unit"].each == pytest.approx(0.625e-6)
    assert shipped_prices(REGION)["dynamodb-read-request-unit"].each == pytest.approx(0.125e-6)


def test_prices_agree_with_the_bills_that_they_were_read_from() -> None:
    # 3,000,000 WRUs 1.88, 8,000,000 RRUs 1.00, 20 WCU 9.49 and 30 RCU 2.85 a month, 9,000 million GB-seconds …
    for name, quantity, billed in (
        ("dynamodb-write-request-unit", 3_000_000, 1.88),
        ("dynamodb-read-request-unit", 8_000_000, 1.00),
        ("dynamodb-write-capacity-unit", 20 * HOURS, 9.49),
        ("dynamodb-read-capacity-unit", 30 * HOURS, 2.85),
        ("dynamodb-storage", 230, 57.50),
        ("dynamodb-point-in-time-recovery", 2300, 460.00),
        ("lambda-duration-arm", 7_500_000_000, 100_000.50),
        ("cloudtrail-data-event", 200_000, 0.20),
        ("cloudwatch-logs-ingestion", 1000, 500.00),
        ("config-item", 1000, 3.00),
    ):
        assert quantity * shipped_prices(REGION)[name].each == pytest.approx(billed, abs=0.006), name


def test_a_price_of_ones_own_stands_before_ours_and_says_so() -> None:
    found = prices_of(REGION, ["dynamodb-storage=0.5"])["dynamodb-storage"]
    assert (found.usd, found.source) == (0.5, "given with --price")
    assert prices_of(REGION)["dynamodb-storage"].usd == 0.25


@pytest.mark.parametrize(
    ("region", "given", "text"),
    [
        ("eu-west-3", [], "region 'eu-west-3': only prices of ap-northeast-1, ap-southeast-2, eu-central-1"),
        (REGION, ["dynamodb-storag=1"], "price 'dynamodb-storag': no such price; there are: backup-storage"),
        (REGION, ["dynamodb-storage"], "price dynamodb-storage: '' is not a number of USD for 1 GB-months"),
        (REGION, ["dynamodb-storage=-1"], "price dynamodb-storage: '-1' is not accepted"),
        (REGION, ["dynamodb-storage=nan"], "price dynamodb-storage: 'nan' is not accepted"),
    ],
)
def test_a_price_that_is_none_is_refused(region: str, given: list[str], text: str) -> None:
    with pytest.raises(CostError, match=re.escape(text)):
        prices_of(region, given)


def test_a_line_without_a_price_is_named_and_not_guessed() -> None:
    known = prices_of("eu-west-3", ["dynamodb-storage=0.3"])
    found = bill(Usage(Workload(), shipped_estate(), Circumstances()), known, "dax")
    assert [line.what for line in found.lines] == ["storage, table and index"]
    assert "3 DAX nodes (dax.t3.small-hour)" in found.unpriced
    assert month("dax").unpriced == ()


def test_what_a_region_has_no_price_of_is_another_regions_and_tells_so() -> None:
    known = prices_of("eu-central-1")
    assert "kms-key" not in known
    filled = with_substitutes(known, "eu-central-1")
    assert filled["kms-key"].region == REGION
    assert filled["dynamodb-storage"].region == "eu-central-1"


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_other_partitions_get_no_substitutes(region: str) -> None:
    known = prices_of(region, ["dynamodb-storage=0.3"])
    assert with_substitutes(known, region) == known


def test_the_home_region_is_the_default_where_it_has_prices() -> None:
    assert default_region("eu-west-1", None) == "eu-west-1"
    assert default_region("eu-west-3", None) == REGION
    assert default_region("eu-west-3", Path("prices.toml")) == "eu-west-3"


def lines_of(settings: Settings, around: Circumstances | None = None) -> dict[str, float]:
    """Return the quantities of the lines of a month's bill on demand, every one with a price."""
    every = prices_of(REGION, [f"{name}=1" for name in catalogue()])
    usage = Usage(Workload(), count_estate(settings), around or Circumstances())
    return {line.what: line.quantity for line in bill(usage, every, "on-demand").lines}


def test_optional_stacks_have_their_lines_and_the_default_has_none_of_them() -> None:
    optional, plain = lines_of(load(EXAMPLE_SETTINGS / "complete.toml")), lines_of(example())
    assert optional["people who sign in"] == Circumstances().active_users
    assert optional["VPN connections"] == HOURS
    assert optional["interface endpoints"] == 2 * HOURS  # one a zone
    assert not {"people who sign in", "VPN connections", "interface endpoints", "data events summarized"} & set(plain)


def test_the_nodes_of_the_settings_cache_are_what_dax_costs() -> None:
    complete = load(EXAMPLE_SETTINGS / "complete.toml")
    known = {**prices_of(REGION), **prices_of(REGION, ["dax.r5.large-hour=0.5"])}
    (nodes,) = (
        line
        for line in bill(Usage(Workload(), count_estate(complete), Circumstances(nodes=3)), known, "dax").lines
        if line.group == "cache"
    )
    assert nodes.what == "3 DAX nodes"
    assert nodes.usd == pytest.approx(3 * HOURS * 0.5)


def test_a_savings_plan_takes_its_part_off_reads_and_writes_alone() -> None:
    plain, planned = month(), month(around=Circumstances(savings_plan=0.18))
    throughput = usd(plain, "writes") + usd(plain, "reads")
    assert planned.usd == pytest.approx(plain.usd - 0.18 * throughput)
    assert usd(planned, "Savings Plan, of writes") == pytest.approx(-0.18 * usd(plain, "writes"))


def test_bulk_puts_are_a_line_once_there_are_any() -> None:
    assert "bulk puts" not in lines_of(example())
    assert lines_of(example(), Circumstances(bulk_gb=7))["bulk puts"] == 7
    assert "bulk puts (dynamodb-bulk-put)" in month(around=Circumstances(bulk_gb=7)).unpriced


def test_summaries_of_data_events_are_a_line_for_each_kind() -> None:
    usage = Usage(Workload(), replace(shipped_estate(), aggregations=2), Circumstances())
    plain = bill(usage, prices_of(REGION), "on-demand").lines
    events = sum(line.quantity for line in plain if "data events" in line.what)
    known = prices_of(REGION, ["cloudtrail-aggregated-event=1"])
    (line,) = (line for line in bill(usage, known, "on-demand").lines if line.what == "data events summarized")
    assert line.quantity == pytest.approx(2 * events)


def test_old_prices_are_known_to_be_old() -> None:
    read = date.fromisoformat(next(iter(shipped_prices(REGION).values())).read)
    assert old(shipped_prices(REGION), read.replace(year=read.year + 1))
    assert not old(shipped_prices(REGION), read)
    given = {"own": replace(next(iter(shipped_prices(REGION).values())), page="", read="")}
    assert not old(given, read.replace(year=read.year + 1))


def test_the_estate_is_what_the_rendered_templates_hold() -> None:
    resources = [
        each for text in render(example()).values() for each in cloudformation_yaml.load(text)["Resources"].values()
    ]
    kinds = Counter(each["Type"] for each in resources)
    found = shipped_estate()
    assert (found.alarms, found.keys) == (kinds["AWS::CloudWatch::Alarm"], kinds["AWS::KMS::Key"])
    assert found.periodic_rules + found.triggered_rules == kinds["AWS::Config::ConfigRule"]
    assert found.resources == len(resources)
    assert found.lowest_units == (1, 1)


def test_settings_with_provisioned_capacity_give_its_floor_and_target() -> None:
    settings = replace(example(), capacity=Provisioned((5, 100), (10, 100), 60))
    found = count_estate(settings)
    assert (found.lowest_units, found.target_percent) == ((5, 10), 60)


def test_the_bill_on_demand_is_what_a_pocket_calculator_says() -> None:
    found = month(messages_a_day=1000, exponent=0, messages_a_group=0.001, views=0, peak_to_mean=1)
    messages = 1000 * DAYS
    # the message, two rows, and two units of the index for those of them that are further rows
    assert usd(found, "writes") == pytest.approx((1 + 2 + 2 * 2 * 0.15) * messages * 0.625e-6, rel=0.001)
    # membership of the sender, and the members for the function
    assert usd(found, "reads") == pytest.approx(2 * messages * 0.125e-6, rel=0.001)
    assert usd(found, "storage") == pytest.approx(
        (1000 * 365 * (332 + 100) + 1_000_000 * (261 + 100 + 2 * (481 + 100) + 2 * 0.15 * (524 + 100))) / 1024**3 * 0.25
    )
    assert usd(found, "invocations") == pytest.approx(messages * 0.2e-6, rel=0.01)
    assert usd(found, "data events: polls") == pytest.approx(4 * 4 * HOURS * 3600 * 1e-6)
    # put, membership, two rows, one read of members
    assert usd(found, "data events: calls") == pytest.approx(5 * messages * 1e-6, rel=0.01)


def test_reading_the_stream_is_a_line_that_costs_nothing() -> None:
    (line,) = (line for line in month().lines if line.what == "reading the stream")
    assert line.quantity > 0
    assert line.usd == 0


@pytest.mark.parametrize(
    ("changed", "line", "more"),
    [
        ({"views": 4}, "reads", True),
        ({"views": 4}, "writes", False),
        ({"members": 3}, "writes", True),
        ({"further": 0.3}, "writes", True),
        ({"further": 0.3}, "reads", True),
        ({"conversations": 40}, "reads", True),
        ({"conversations": 40}, "writes", False),
        ({"conversations": 40, "table_rows": 20}, "reads", False),
        ({"characters": 2000}, "writes", True),
        ({"retention_days": 730}, "storage", True),
        ({"retention_days": 730}, "35 daily backups", True),
        ({"window": 10}, "invocations", False),
        ({"window": 10}, "data events: calls", False),
    ],
)
def test_a_line_follows_its_assumption(changed: dict[str, float], line: str, more: bool) -> None:
    assert (usd(month("on-demand", None, **changed), line) > usd(month(), line) * 1.001) is more


def test_a_cache_saves_reads_and_their_events_and_nothing_else() -> None:
    plain = {line.what: line.usd for line in month().lines}
    for mode in ("dax", "serverless-cache"):
        cached = {line.what: line.usd for line in month(mode).lines if line.group != "cache"}
        assert {what for what in plain if cached[what] != plain[what]} == {
            "reads, table and index",
            "data events: calls to the table",
            "logs taken in: trail and function",
            "logs kept",
        }
        assert all(cached[what] <= plain[what] for what in plain)
        useless = {
            line.what: line.usd for line in month(mode, Circumstances(hit_ratio=0)).lines if line.group != "cache"
        }
        assert useless == plain


def test_provisioned_capacity_is_never_less_than_what_is_used_at_the_target() -> None:
    usage = Usage(Workload(), shipped_estate(), Circumstances())
    (line,) = (line for line in bill(usage, prices_of(REGION), "provisioned").lines if line.what.startswith("write"))
    used = (usage.total("table_writes") + usage.total("index_writes")) / 3600
    assert used / line.quantity < 0.70
    assert used / line.quantity > 0.50


def test_a_break_even_is_where_both_cost_the_same() -> None:
    costs = Costs(Workload(), shipped_estate(), Circumstances(), prices_of(REGION))
    found = crossings(costs, ["dax", "provisioned"])
    assert {each.mode for each in found} == {"dax", "provisioned"}
    for each in found:
        assert costs.saving(each.mode, each.messages_a_day) == pytest.approx(
            0, abs=0.002 * costs.usd("on-demand", each.messages_a_day)
        )
        assert (costs.saving(each.mode, each.messages_a_day * 1.5) > 0) is each.cheaper


def test_dear_nodes_never_break_even() -> None:
    dear = prices_of(REGION, ["dax.t3.small-hour=1000000"])
    assert crossings(Costs(Workload(), shipped_estate(), Circumstances(), dear), ["dax"]) == ()


def test_how_much_of_capacity_must_be_used_follows_from_two_prices() -> None:
    assert use_of_capacity(prices_of(REGION)) == pytest.approx(0.00065 / (3600 * 0.625e-6))
    assert use_of_capacity({}) is None


def test_volumes_span_the_plot_and_figures_are_rounded_to_two_digits() -> None:
    assert (min(volumes()), max(volumes())) == (1e3, 1e9)
    assert [two_digits(value) for value in (8712, 263_999, 1e6)] == ["8,700", "260,000", "1,000,000"]


def test_the_plot_marks_each_break_even() -> None:
    costs = Costs(Workload(), shipped_estate(), Circumstances(), prices_of(REGION))
    drawn = plot(costs, list(MODES), REGION)
    marks = len(crossings(costs, [mode for mode in MODES if mode != "on-demand"]))
    assert drawn.count("<circle") == 2 * marks  # one in the plot, one beside its name
    assert drawn == plot(costs, list(MODES), REGION)


def test_the_command_says_the_same_in_words_and_in_json(run: Callable[..., str]) -> None:
    words, facts = run("--region", REGION), json.loads(run("--json", "--region", REGION))
    assert [each["mode"] for each in facts["bills"]] == list(MODES)
    for each in facts["bills"]:
        assert f"{each['usd_a_month']:,.2f} USD a month" in words
        assert math.isclose(sum(line["usd"] for line in each["lines"]), each["usd_a_month"])
    assert facts["region"] == REGION
    named = {price["name"] for price in facts["prices"]}
    assert {line["price"] for each in facts["bills"] for line in each["lines"]} == named
    assert all(shipped_prices(REGION)[name].page in words for name in named)
    assert "the settings' home region is eu-central-1" in words
    assert "us-east-1's, as none is known" not in words
    assert all(f"{name.replace('_', '-')} " in words for name in facts["assumptions"])


def test_the_command_takes_the_home_regions_prices_and_says_which_are_not_its_own(run: Callable[..., str]) -> None:
    words, facts = run(), json.loads(run("--json"))
    assert facts["region"] == "eu-central-1"
    foreign = sorted(price["name"] for price in facts["prices"] if price["region"] != "eu-central-1")
    assert "kms-key" in foreign
    said = f"{len(foreign)} prices are not eu-central-1's but us-east-1's, as none is known: {', '.join(foreign)}"
    assert said in words
    assert re.search(r"monitoring  keys .* \[\d+ us-east-1\]$", words, re.MULTILINE)
    assert re.search(r"table       storage.* \[\d+\]$", words, re.MULTILINE)


def test_the_command_leaves_out_what_the_region_has_no_price_of_when_told(run: Callable[..., str]) -> None:
    words = run("--no-substitutes")
    assert "no price for keys (kms-key): the line is left out" in words
    assert "us-east-1]" not in words
    assert "as none is known" not in words


@pytest.mark.parametrize("priced", [True, False])
def test_a_mode_without_a_price_of_its_own_is_not_compared(run: Callable[..., str], priced: bool) -> None:
    price = ("--price", "dax.r5.large-hour=0.3") if priced else ()
    asked = ("--mode", "dax", "--settings", str(EXAMPLE_SETTINGS / "complete.toml"), *price)
    assert ("on demand, with DAX: not compared, for want of a price" in run(*asked)) is not priced
    facts = json.loads(run("--json", *asked))
    assert facts["not_compared"] == ([] if priced else ["dax"])
    assert ("dax" in {each["mode"] for each in facts["break_even"]}) is priced


def test_the_command_takes_the_nodes_of_the_settings(run: Callable[..., str]) -> None:
    asked = ("--json", "--mode", "dax", "--settings", str(EXAMPLE_SETTINGS / "complete.toml"))
    cache = load(EXAMPLE_SETTINGS / "complete.toml").cache
    assert cache
    assert json.loads(run(*asked))["assumptions"]["nodes"] == cache.nodes
    assert json.loads(run(*asked, "--nodes", "7"))["assumptions"]["nodes"] == 7


def test_the_command_takes_assumptions_prices_and_a_mode(run: Callable[..., str]) -> None:
    facts = json.loads(
        run(
            *("--json", "--mode", "dax", "--region", REGION, "--messages-a-day", "5e6", "--nodes", "5"),
            *("--price", "dax.t3.small-hour=0.1"),
        )
    )
    (found,) = facts["bills"]
    (nodes,) = (line for line in found["lines"] if line["group"] == "cache")
    assert nodes["usd"] == pytest.approx(5 * HOURS * 0.1)
    assert facts["assumptions"]["messages_a_day"] == 5e6
    assert {each["mode"] for each in facts["break_even"]} <= set(MODES)


def test_the_command_warns_of_what_does_not_carry(run: Callable[..., str]) -> None:
    assert "invocations would run at once, and 10 are reserved" in run("--messages-a-day", "1e7")
    assert "falls behind at the peak" in run("--messages-a-day", "1e7", "--retention-days", "1")
    assert "would run at once" not in run("--messages-a-day", "1e5")


def test_the_command_writes_the_plot(run: Callable[..., str], tmp_path: Path) -> None:
    run("--plot", "plot.svg")
    assert (tmp_path / "plot.svg").read_text().startswith("<svg ")
    refused = commands.run("cost", "--plot", "absent/plot.svg")
    assert (refused.code, "absent/plot.svg: cannot be written" in refused.err) == (2, True)


def test_prices_stand_in_data_and_not_in_code() -> None:
    folder = Path(prices.__file__).parent
    # shorter ones could be anything
    figures = {f"{price.usd:g}" for price in shipped_prices(REGION).values() if len(f"{price.usd:g}") > 4}
    assert len(figures) > 5
    for module in folder.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert not [figure for figure in figures if re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d])", text)], module


def test_a_price_costs_what_it_says_for_one() -> None:
    assert Price("name", 5.0, 1_000_000, "traces", REGION, "https://example.com", "2026-01-01").each == 5e-6
    facts: dict[str, Any] = shipped_prices(REGION)["xray-trace"].__dict__
    assert facts["per"] == 1_000_000
