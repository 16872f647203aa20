"""Destroy a table outside CloudFormation, after saying what goes and asking for its name."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.cli.target import Target


@click.command(cls=Command, help=__doc__)
@options.on_table
@options.writing
@click.option("--production", is_flag=True, help="required for a table of a production environment")
@options.as_json
def command(target: "Target", *, production: bool, as_json: bool) -> None:
    """Name what is destroyed, ask, destroy."""
    from tableguard.cli.confirmation import check_can_ask, confirm_name
    from tableguard.cli.output import print_json
    from tableguard.findings.counts import counted
    from tableguard.store import table_admin

    check_can_ask("table drop", yes=target.yes, as_json=as_json)
    facts = table_admin.facts(target.client, target.table_name, lambda: target.settings.environment)
    table_admin.check_droppable(facts, production)
    if not as_json:
        print(f"This destroys {facts.arn} ({facts.environment}) and the {counted(facts.items, 'item')} in it.")
    if not target.yes:
        confirm_name(facts.name)
    table_admin.drop(target.client, facts.name)
    if as_json:
        print_json({"dropped": asdict(facts)})
    else:
        print(f"dropped {facts.name}")
