"""Estimate the monthly cost, line by line, with sources."""

import sys
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.cost import circumstances
from tableguard.cost.circumstances import MODES, Circumstances
from tableguard.errors import CostError
from tableguard.scale import workload
from tableguard.scale.workload import Workload

if TYPE_CHECKING:
    from rich.console import Console

    from tableguard.cost.report import CostReport

_BOUNDS = {**workload.BOUNDS, **circumstances.BOUNDS}


def _assumptions(body: options.Body) -> options.Body:
    """Add an option for every assumption."""
    for field in reversed((*fields(Workload), *fields(Circumstances))):
        body = click.option(
            f"--{field.name.replace('_', '-')}",
            type=int if field.type in (int, "int") else float,
            metavar="N",
            help=f"{_BOUNDS[field.name].says} (default: {field.default})",
        )(body)
    return body


@click.command(cls=Command, help=__doc__)
@options.settings
@_assumptions
@click.option("--mode", multiple=True, type=click.Choice(list(MODES)), help="one mode only; may be repeated")
@click.option("--region", metavar="NAME", help="whose prices (default: the settings' home region, where there are any)")
@click.option("--prices", "file", type=options.FILE, metavar="FILE", help="a file of `tableguard prices refresh`")
@click.option("--no-substitutes", is_flag=True, help="leave out what the region has no price of, not take us-east-1's")
@click.option("--price", multiple=True, metavar="NAME=USD", help="a price of your own; may be repeated")
@click.option("--plot", type=options.FILE, metavar="FILE", help="write the break-even plot as SVG")
@options.as_json
def command(
    *,
    settings_file: Path | None,
    mode: tuple[str, ...],
    region: str | None,
    file: Path | None,
    no_substitutes: bool,
    price: tuple[str, ...],
    plot: Path | None,
    as_json: bool,
    **assumptions: float | None,
) -> None:
    """Print the cost of a month in each mode of capacity."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_json, terminal
    from tableguard.cost import prices
    from tableguard.cost.break_even import Costs
    from tableguard.cost.estate import count_estate
    from tableguard.cost.report import CostReport

    settings = chosen_settings(settings_file)
    region = region or prices.default_region(settings.home_region, file)
    region_prices = prices.prices_of(region, price, file)
    if settings.cache and assumptions["nodes"] is None:
        assumptions["nodes"] = settings.cache.nodes
    costs = Costs(
        Workload(**_of(Workload, assumptions)),
        count_estate(settings),
        Circumstances(**_of(Circumstances, assumptions)),
        region_prices if no_substitutes else prices.with_substitutes(region_prices, region),
    )
    report = CostReport(costs, list(mode or MODES), region, settings.home_region, datetime.now(UTC).date())
    if plot:  # before the bill: a file that cannot be written leaves nothing half answered
        _write_plot(plot, costs, region)
    if as_json:
        print_json(report.facts())
    elif console := terminal():
        _print_tables(report, console)
    else:
        print(report.text())


def _print_tables(report: "CostReport", console: "Console") -> None:
    from tableguard.cli import tables

    print("\n".join(report.assumptions()))
    for month in report.bills:
        console.print(tables.bill(month, MODES[month.mode].capitalize(), report.footnotes))
        for item in month.unpriced:
            print(f"  no price for {item}: the line is left out")
    print("\n".join([*report.summary(), *report.sources(), *(f"\nNote: {warning}." for warning in report.warnings)]))


def _of(kind: Any, assumptions: dict[str, float | None]) -> dict[str, Any]:
    """Return the assumptions that belong to a class and are not left at its defaults."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in assumptions.items() if name in names and value is not None}


def _write_plot(path: Path, costs: Any, region: str) -> None:
    from tableguard.pages import break_even_plot

    try:
        path.write_text(break_even_plot.plot(costs, list(MODES), region), encoding="utf-8")
    except OSError as error:
        raise CostError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"the break-even plot: {path}", file=sys.stderr)  # progress
