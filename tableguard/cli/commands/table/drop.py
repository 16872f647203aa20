"""Destroy a table outside CloudFormation, after saying what goes and asking for its name."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tableguard.cli.target import Target


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what spares the question, and what production takes."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--production", action="store_true", help="required for a table of a production environment")


def main(target: "Target") -> None:
    """Name what is destroyed, ask, destroy."""
    from tableguard.cli.printing import confirm
    from tableguard.store import table_admin

    facts = table_admin.facts(target.client, target.table, lambda: target.settings.environment)
    table_admin.check_droppable(facts, target.options.production)
    print(f"This destroys {facts.arn} ({facts.environment}) and the {facts.items} items in it.")
    if not target.options.yes:
        confirm(facts.name)
    table_admin.drop(target.client, facts.name)
    print(f"dropped {facts.name}")
