"""What `tableguard cost` takes; apart from what it does, so that --help stays fast."""

import argparse
from dataclasses import fields
from pathlib import Path

from tableguard.cost import circumstances
from tableguard.cost.circumstances import MODES, Circumstances
from tableguard.scale import workload
from tableguard.scale.workload import Workload

_BOUNDS = {**workload.BOUNDS, **circumstances.BOUNDS}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Every assumption as an option, beside those that say what to print."""
    for each in (*fields(Workload), *fields(Circumstances)):
        parser.add_argument(
            f"--{each.name.replace('_', '-')}",
            type=int if each.type in (int, "int") else float,
            default=each.default,
            metavar="N",
            help=f"{_BOUNDS[each.name].says} (default: %(default)s)",
        )
    parser.add_argument("--mode", action="append", choices=list(MODES), help="one mode only; may be repeated")
    parser.add_argument("--region", default="us-east-1", help="whose prices (default: us-east-1)")
    parser.add_argument("--price", action="append", default=[], metavar="NAME=USD", help="a price of your own")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write the break-even plot as SVG")
    parser.add_argument("--json", action="store_true", help="the same facts as JSON")
