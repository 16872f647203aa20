"""Run a PartiQL statement, and say first what it reads, on what index, and what that costs; it writes if told so."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.store.statements.plan import StatementPlan

_PARAMETER = 'the value of a ?, in their order: a text, or DynamoDB JSON such as \'{"N": "7"}\''


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.yes
@click.argument("statement", help="SELECT, or with --write INSERT, UPDATE or DELETE; its table is in it")
@click.option("--parameter", "parameters", multiple=True, metavar="VALUE", help=_PARAMETER)
@click.option("--limit", type=options.POSITIVE, default=100, help="read so many items at most (default: 100)")
@click.option("--all", "everything", is_flag=True, help="read to the end; of a scan this asks first")
@click.option("--token", metavar="TOKEN", help="go on where a page ended")
@click.option("--consistent", is_flag=True, help="read strongly consistently, at twice the cost")
@click.option("--write", is_flag=True, help="let INSERT, UPDATE and DELETE change one item")
@click.option("--dry-run", is_flag=True, help="only say what would be read or written, and what it costs")
@options.as_json
def command(
    target: "Target",
    *,
    statement: str,
    parameters: Sequence[str],
    limit: int,
    everything: bool,
    token: str | None,
    consistent: bool,
    write: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Plan, say so, ask where it must be, run, print items."""
    from tableguard.cli.output import print_json
    from tableguard.store.statements.plan import parameter, plan
    from tableguard.store.statements.run import StatementRun

    values = [parameter(text) for text in parameters]
    planned = plan(target.client, statement, values, consistent=consistent)
    read = None if everything or planned.writes else limit
    if dry_run:
        print_json({"plan": planned.facts()}) if as_json else print(planned.text(read))
        return
    print(planned.text(read), file=sys.stderr)
    _allow(target, planned, write=write, everything=everything, as_json=as_json)
    run = StatementRun(target.client, statement, values, consistent)
    _print(planned, run.pages(read, token), as_json=as_json)


def _allow(target: "Target", planned: "StatementPlan", *, write: bool, everything: bool, as_json: bool) -> None:
    """Refuse a write that nobody spoke of; ask before a write, and before all of a table is read."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name, confirm_place
    from tableguard.errors import TableError

    if planned.writes and not write:
        raise TableError(f"{planned.statement.verb} writes; add --write if that is meant")
    if planned.writes:
        confirm_place(target)
    if planned.writes or (planned.is_scan and everything):
        check_can_ask("table query", yes=target.yes, as_json=as_json)
        if not target.yes:
            confirm_name(planned.statement.table)


def _print(planned: "StatementPlan", pages: Iterator[Mapping[str, Any]], *, as_json: bool) -> None:
    from tableguard.cli.listing import item_line
    from tableguard.cli.output import print_json
    from tableguard.cli.progress import shown
    from tableguard.findings.counts import counted
    from tableguard.store.statements.run import StatementTotals

    totals = StatementTotals()
    items: list[Any] = []
    for page in totals.counted(shown(pages, "pages")):
        lines = [item_line(item) for item in page.get("Items", ())]
        if as_json:
            items += map(json.loads, lines)
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines)
    if as_json:
        print_json({"plan": planned.facts(), "items": items, "token": totals.token, "units": totals.units})
        return
    units = "units not told" if totals.units is None else f"{totals.units:g} units"
    more = f"; more with --token {totals.token}" if totals.token else ""
    print(f"{counted(totals.items, 'item')}, {units}{more}", file=sys.stderr)
