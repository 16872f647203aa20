"""Generate the page docs/scale/ and its pictures from the formulas and simulations."""

from collections.abc import Iterable, Iterator
from dataclasses import astuple
from pathlib import Path
from string import Template as Text
from textwrap import fill

from tableguard.cost.bill import bill
from tableguard.cost.break_even import BASE, Costs, crossings, two_digits, use_of_capacity
from tableguard.cost.circumstances import MODES, Circumstances
from tableguard.cost.estate import count_estate
from tableguard.cost.prices import prices_of
from tableguard.cost.usage import Usage
from tableguard.pages import scale_curves
from tableguard.pages.break_even_plot import plot
from tableguard.scale.agreement import LARGE, TOLERANCE, TOO_HOPEFUL, Comparison, agreement, simulate_case
from tableguard.scale.formulas import batch, hot_group, hot_member, partitions
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.simulation import Scenario, simulate
from tableguard.scale.workload import Workload
from tableguard.settings import example

FOLDER = Path("docs/scale")  # of a checkout
PAGE = "README.md"
REGION = "us-east-1"
_TEXT = Path(__file__).with_name("page.md")


def files() -> dict[str, str]:
    """Return the text of the page and of every picture, by file name."""
    costs = Costs(Workload(), count_estate(example()), Circumstances(), prices_of(REGION))
    pictures = {
        "partitions": scale_curves.partition_curves(),
        "concurrency": scale_curves.concurrency_curves(),
        "staleness": scale_curves.staleness_curves(),
        "write-units": scale_curves.write_unit_curves(),
        "lanes": scale_curves.lane_curves(),
        "hot-keys": scale_curves.hot_key_curves(),
        "break-even": plot(costs, list(MODES), REGION),
    }
    return {
        PAGE: Text(_TEXT.read_text(encoding="utf-8")).substitute(_figures(costs)),
        **{f"{name}.svg": picture for name, picture in pictures.items()},
    }


def write(folder: Path) -> list[Path]:
    """Write page and pictures into a folder, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = files()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def _figures(costs: Costs) -> dict[str, str]:
    """Return the figures for the placeholders of page.md."""
    shipped = InvocationModel()
    full = batch(Workload(), shipped)
    large = batch(Workload(), InvocationModel(LARGE))
    reserved = costs.estate.concurrency
    held_up = simulate(Scenario(_TEN_MILLION, partitions(_TEN_MILLION).total, 60, concurrency=reserved))
    return {
        "assumptions": fill(_assumptions(), 120),
        "volumes": _table(_VOLUMES_HEAD, _volumes()),
        "agreement": _table(_AGREEMENT_HEAD, map(_agreement_row, agreement())),
        "tolerance": f"{TOLERANCE:.0%}",
        "message": str(Workload().sizes.message),
        "row": str(Workload().sizes.row),
        "fixed": f"{1000 * shipped.fixed:g}",
        "record": f"{1000 * shipped.record:g}",
        "row_ms": f"{1000 * shipped.row:g}",
        "round_trip": f"{1000 * shipped.round_trip:g}",
        "share": f"{shipped.cpu_share:.3f}",
        "lane_now": f"{full.capacity:.0f}",
        "lane_large": f"{large.capacity:.0f}",
        "large": f"{LARGE:,}",
        "reserved": str(reserved),
        "needed": f"{batch(_TEN_MILLION).concurrency:.0f}",
        "needed_large": f"{batch(_TEN_MILLION, InvocationModel(LARGE)).concurrency:.1f}",
        "held_up": f"{held_up.quantile(0.99):.0f}",
        "hopeful_paper": f"{batch(TOO_HOPEFUL.workload).staleness(0.99):.2f}",
        "hopeful_simulated": f"{simulate_case(TOO_HOPEFUL).quantile(0.99):.2f}",
        "hot_group": f"{hot_group(Workload()):,.0f}",
        "hot_member": f"{hot_member(Workload()):,.0f}",
        "bills": _table(_BILL_HEAD, _bills(costs)),
        "parts": _table(_PARTS_HEAD, _parts(costs)),
        "crossings": "\n".join(_crossings(costs)),
        "pays": f"{use_of_capacity(costs.prices) or 0:.0%}",
        "used": f"{_use_of_scaled_capacity(costs):.0%}",
    }


_TEN_MILLION = Workload(10_000_000)
_VOLUMES_HEAD = (
    "messages a day",
    "a second at the peak",
    "partitions",
    "messages a batch",
    "write units a message",
    "invocations a second",
    "at once, 256 MB",
    f"at once, {LARGE:,} MB",
    "median, s",
    "99th percentile, s",
)
_AGREEMENT_HEAD = ("case", "figure", "paper", "simulated", "apart")
_BILL_HEAD = ("messages a day", *MODES.values())
_PARTS_HEAD = ("messages a day", "table", "copies", "function", "monitoring")


def _assumptions() -> str:
    workload = Workload()
    return (
        f"{workload.members} members a group, {workload.characters} characters a message "
        f"({workload.sizes.message} bytes as an item, {workload.sizes.row} for a row). "
        f"{workload.messages_a_group:g} messages a day in each group on average, groups by Zipf's law with exponent "
        f"{workload.exponent:g}. {workload.conversations:g} conversations a person; {workload.further:.0%} of the row "
        f"updates are of further rows, whose owners have more than {workload.table_rows}. A peak of "
        f"{workload.peak_to_mean:g} times the mean; messages kept for {workload.retention_days:g} days. Batches of "
        f"{workload.batch_size:,} or {workload.window:g} s, "
        f"ParallelizationFactor {workload.lanes}."
    )


def _volumes() -> Iterator[tuple[str, ...]]:
    for power in range(4, 9):
        workload = Workload(10.0**power)
        now, large = batch(workload), batch(workload, InvocationModel(LARGE))
        yield (
            f"{workload.messages_a_day:,.0f}",
            f"{workload.daily.peak:,.1f}",
            f"{now.shards:,}",
            f"{now.records:.1f}",
            f"{now.write_units:.2f}",
            f"{now.invocations:,.1f}",
            f"{now.concurrency:,.2f}",
            f"{large.concurrency:,.2f}",
            f"{now.staleness(0.5):.2f}",
            f"{now.staleness(0.99):.2f}",
        )


def _agreement_row(comparison: Comparison) -> tuple[str, ...]:
    case, figure, paper, simulated = astuple(comparison)
    return case, figure, f"{paper:,.3f}", f"{simulated:,.3f}", f"{comparison.apart:.1%}"


def _bills(costs: Costs) -> Iterator[tuple[str, ...]]:
    for power in range(4, 9):
        volume = 10.0**power
        yield f"{volume:,.0f}", *(f"{costs.usd(mode, volume):,.0f}" for mode in MODES)


def _parts(costs: Costs) -> Iterator[tuple[str, ...]]:
    for power in range(4, 9):
        usage: Usage = costs.usage(10.0**power)
        month = bill(usage, costs.prices, BASE)
        yield f"{10.0**power:,.0f}", *(f"{month.usd_of(part):,.0f}" for part in _PARTS_HEAD[1:])


def _crossings(costs: Costs) -> Iterator[str]:
    for crossing in crossings(costs, [mode for mode in MODES if mode != BASE]):
        than = "cheaper" if crossing.cheaper else "dearer"
        volume = two_digits(crossing.messages_a_day)
        yield f"- {MODES[crossing.mode]}: {than} than on demand from {volume} messages a day on;"


def _use_of_scaled_capacity(costs: Costs) -> float:
    """Return the share of provisioned write capacity that is used where auto scaling follows the day."""
    usage = costs.usage(_TEN_MILLION.messages_a_day)
    (hours,) = (
        line.quantity
        for line in bill(usage, costs.prices, "provisioned").lines
        if line.price.name == "dynamodb-write-capacity-unit"
    )
    return (usage.total("table_writes") + usage.total("index_writes")) / 3600 / hours


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    numbers = "|".join(["---", *["---:"] * (len(head) - 1)])
    return "\n".join([f"| {' | '.join(head)} |", f"|{numbers}|", *(f"| {' | '.join(row)} |" for row in rows)])
