"""Take the messages of the bootcamp's table over into ours, beside live traffic; --back writes what is new into it."""

from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.projection.takeover.back import WayBack
    from tableguard.projection.takeover.run import Takeover
    from tableguard.projection.takeover.source import Source


_ZONE = "zone of the clock that wrote times without an offset, such as America/Toronto (default: UTC)"
_AUTHORS = "of a group without rows, take its two authors for its members"
_UNDER_WAY = "how long a stream function may still write rows of what was written (default: 0)"


@click.command(cls=Command, help=__doc__, epilog="Exit codes: 0 copied and verified, 1 something is left, 2 error.")
@options.on_encrypted_table
@options.writing
@click.option("--from", "source", required=True, metavar="TABLE", help="the bootcamp's table, such as cruddur-messages")
@click.option("--back", is_flag=True, help="write into the bootcamp's table what ours has and it lacks")
@click.option("--zone", default="UTC", metavar="NAME", help=_ZONE)
@click.option("--authors", is_flag=True, help=_AUTHORS)
@click.option("--dry-run", is_flag=True, help="only say what would be copied, and what it costs")
@click.option("--under-way", callback=options.seconds, type=float, default=0.0, metavar="SECONDS", help=_UNDER_WAY)
@options.survey
@options.as_json
def command(
    target: "Target",
    *,
    source: str,
    back: bool,
    zone: str,
    authors: bool,
    dry_run: bool,
    under_way: float,
    settle: float,
    workers: int,
    as_json: bool,
) -> int:
    """Say what is to be copied and what it costs, ask, copy, read again, reconcile, verify."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.exit_codes import on_interruption
    from tableguard.cli.output import print_json, print_report

    options.one_of({"--back": back, "--authors": authors})
    check_can_ask("table adopt", yes=target.yes or dry_run, as_json=as_json)
    theirs = _source(target, source, zone)
    waits = (under_way, settle)
    takeover = _way_back(target, theirs, under_way) if back else _takeover(target, theirs, workers, authors, waits)
    tally = takeover.look()
    if dry_run:
        print_json(tally.facts()) if as_json else print(tally.text())
        return 0
    if not as_json:
        print(tally.text())
    if not target.yes:
        confirm_name(source if back else target.table_name)
    on_interruption(lambda: "interrupted; run the same command again: what was written is not written twice")
    return print_report(takeover.run(), "json" if as_json else "text")


def _source(target: "Target", name: str, zone: str) -> "Source":
    from functools import partial

    from tableguard.cli.progress import shown
    from tableguard.errors import TableError
    from tableguard.projection.takeover.source import Source
    from tableguard.store.bootcamp.zone import zone_named

    if name == target.table_name:
        raise TableError(f"--from {name}: is the table that it would be copied into; --table names ours")
    source = Source(target.client, name, zone_named(zone), partial(shown, unit="pages read"))
    source.check()
    return source


def _takeover(
    target: "Target", source: "Source", workers: int, authors: bool, waits: tuple[float, float]
) -> "Takeover":
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.progress import shown
    from tableguard.projection.takeover.copying import Copier
    from tableguard.projection.takeover.run import Takeover
    from tableguard.projection.views import Reader

    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC), workers)
    under_way, settle = waits
    return Takeover(
        source,
        Copier(reader, target.messages.cipher),
        target.messages.places,
        authors,
        under_way,
        settle,
        observe_groups=partial(shown, unit="groups verified"),
    )


def _way_back(target: "Target", source: "Source", under_way: float) -> "WayBack":
    from datetime import UTC, datetime
    from functools import partial

    from tableguard.cli.progress import shown
    from tableguard.projection.takeover.back import WayBack
    from tableguard.projection.takeover.copying import Copier
    from tableguard.projection.views import Reader

    reader = Reader(target.client, target.table_name, lambda: datetime.now(UTC))
    copier = Copier(reader, target.messages.cipher)
    return WayBack(copier, source, under_way, observe_groups=partial(shown, unit="groups compared"))
