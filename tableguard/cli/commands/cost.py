"""What `cost` does: read settings and options, reckon, print, plot."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import Field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tableguard.cli.commands.stacks import chosen_settings
from tableguard.cost import prices, report
from tableguard.cost.break_even import Costs
from tableguard.cost.circumstances import MODES, Circumstances
from tableguard.cost.estate import estate
from tableguard.errors import CostError
from tableguard.pages import break_even_plot
from tableguard.scale.workload import Workload

FINE = 0


def cost(options: argparse.Namespace) -> int:
    """Print what a month costs in each mode of capacity, every line with its source."""
    settings = chosen_settings(options)
    found = report.Report(
        Costs(
            Workload(**_chosen(options, fields(Workload))),
            estate(settings),
            Circumstances(**_chosen(options, fields(Circumstances))),
            prices.chosen(options.region, options.price),
        ),
        options.mode or list(MODES),
        options.region,
        settings.home_region,
        datetime.now(UTC).date(),
    )
    print(found.json() if options.json else found.text())  # the command's own output
    if options.plot:
        _write(options.plot, break_even_plot.plot(found.costs, list(MODES), options.region))
    return FINE


def _chosen(options: argparse.Namespace, names: Sequence["Field[Any]"]) -> dict[str, Any]:
    return {each.name: getattr(options, each.name) for each in names}


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CostError(f"{path}: cannot be written ({error.strerror})") from error
    print(f"the break-even plot: {path}", file=sys.stderr)  # progress
