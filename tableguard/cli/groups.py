"""The groups of commands that work on one table: each command is a module of its group's folder."""

import argparse
import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from tableguard.cli import options

if TYPE_CHECKING:
    from tableguard.cli.target import Target

GROUPS = {
    "table": (
        "Create, list, scan and drop tables outside CloudFormation, for development.",
        ("create", "drop", "list", "scan"),
    ),
    "messages": (
        "Write and read messages and conversations, as the application does.",
        (
            "seed",
            "replay",
            "list-conversations",
            "get-conversation",
            "create",
            "change",
            "mark-read",
            "change-members",
            "rename-user",
        ),
    ),
    "rows": (
        "Verify and mend the conversation rows, beside live traffic.",
        ("verify", "reconcile", "redrive"),
    ),
}
_EXIT_CODES = "Exit codes: 0 done, 2 could not."

_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class TableCommand(Protocol):
    """What the module of a command holds; its docstring is its description."""

    __doc__: str | None

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments to those that every command on a table takes."""

    def main(self, target: "Target") -> int | None:
        """Do it, and answer with the exit code if it is not 0."""


def module_name(group: str, name: str) -> str:
    """Name the module of a command."""
    return f"tableguard.cli.commands.{group}.{name.replace('-', '_')}"


def add_groups(commands: _Commands) -> None:
    """Add every group with its commands."""
    for group, (summary, names) in GROUPS.items():
        parser = commands.add_parser(group, help=summary, description=summary)
        members = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
        for name in names:
            _add_command(members, name, cast(TableCommand, importlib.import_module(module_name(group, name))))


def _add_command(commands: _Commands, name: str, module: TableCommand) -> None:
    description = module.__doc__ or ""
    parser = commands.add_parser(
        name,
        help=description.partition("\n")[0].replace("%", "%%"),
        description=description,
        epilog=getattr(module, "EXIT_CODES", _EXIT_CODES),
    )
    options.add_table(parser)
    module.add_options(parser)
    parser.set_defaults(command=partial(_run, module.main), program=parser.prog)


def _run(main: "Callable[[Target], int | None]", chosen: argparse.Namespace) -> int | None:
    from tableguard.cli.target import Target, run_on

    return run_on(Target(chosen), main)
