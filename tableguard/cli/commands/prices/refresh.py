"""Read AWS's price files of a region into a file for `tableguard cost --prices`; needs a network and no account."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from tableguard.cli import options
from tableguard.cli.command import Command


@click.command(cls=Command, help=__doc__)
@options.settings
@click.option("--region", metavar="NAME", help="whose prices (default: the settings' home region)")
@click.option("--out", type=options.FILE, metavar="FILE", help="the file to write (default: prices-REGION.toml)")
@click.option("--from", "source", metavar="URL", help="a mirror of AWS's price files (default: AWS's own)")
@options.as_json
def command(
    *, settings_file: Path | None, region: str | None, out: Path | None, source: str | None, as_json: bool
) -> None:
    """Write the prices of a region, or leave the file as it is."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_json
    from tableguard.cost.refresh import SOURCE, refresh, write

    today = datetime.now(UTC).date()
    region = region or chosen_settings(settings_file).home_region
    file = out or Path(f"prices-{region}.toml")
    refreshed = refresh(region, source or SOURCE, today, lambda line: print(line, file=sys.stderr))
    write(refreshed.text(today), file)
    if as_json:
        prices = [asdict(price) for price in refreshed.prices]
        print_json({"region": region, "file": str(file), "prices": prices, "missing": dict(refreshed.missing)})
        return
    for price in refreshed.prices:
        print(f"{price.name}: {price.usd:g} USD for {price.per:,.0f} {price.unit}; SKU {price.sku}, {price.published}")
    for name, reason in sorted(refreshed.missing.items()):
        print(f"no price for {name}: {reason}")
    used = f"`tableguard cost --region {region} --prices {file}` uses them"
    print(f"{len(refreshed.prices)} prices of {region}: {file}; {used}")
