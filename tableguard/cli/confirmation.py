"""Confirmations: asked before something is changed or destroyed."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tableguard.errors import DeployError, TableError, TableguardError

if TYPE_CHECKING:
    from tableguard.cli.target import Target
    from tableguard.stacks.changes import ResourceChange
    from tableguard.stacks.destruction.plan import PlannedDeletion


def confirm_name(name: str) -> None:
    """Ask for a name to be typed; TableError if anything else is."""
    sys.stdout.write(f"Type its name, {name}, to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise TableError("not confirmed: nothing was done")


def confirm_place(target: "Target") -> None:
    """Ask before a table is written to that is not on this machine, and that neither --profile nor --yes means.

    Nothing is contacted for that. The question goes to stderr, so that it is never amid JSON.
    """
    from tableguard.stacks.credentials import DEFAULT_KEYS, named_keys

    if target.yes or target.profile or target.address.on_loopback:
        return
    place = (
        f"table {target.table_name} in {target.address.region} at {target.address.endpoint}, "
        f"with {named_keys(None) or DEFAULT_KEYS}"
    )
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise TableError(f"would write to {place}; name who writes with --profile, or add --yes if that is meant")
    sys.stderr.write(f"This writes to {place}.\nType yes to go on: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != "yes":
        raise TableError("not confirmed: nothing was done")


def confirm_changes(grave: "Sequence[ResourceChange]" = ()) -> bool:
    """Ask whether the changes of a stack may be made, and the grave ones by name; DeployError if nobody can answer."""
    _check_terminal()
    return _answer("Type yes to make these changes: ") == "yes" and all(
        _answer(f"Type its name, {change.logical_id}, to {_meaning(change)}: ") == change.logical_id for change in grave
    )


def _meaning(change: "ResourceChange") -> str:
    verb = "remove it" if change.action == "Remove" else "let it be replaced"
    return f"{verb}, though it holds data" if change.loses_data else verb


def _answer(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:  # Ctrl-D
        return ""


def confirm_workload(name: str) -> None:
    """Ask for the workload's name to be typed; DeployError if anything else is, or where nobody can answer."""
    _check_terminal()
    if input(f"Type the workload's name, {name}, to delete: ").strip() != name:
        raise DeployError("not confirmed; nothing was deleted")


def confirm_losses(deletion: "PlannedDeletion") -> None:
    """Ask for the name of each resource that holds data and goes with a stack; DeployError if one is not typed."""
    for kind, name in deletion.losses:
        if _answer(f"{kind} of {deletion.stack_name} holds data, which is lost. Type its name, {name}: ") != name:
            raise DeployError(f"{name} was not confirmed; nothing was deleted")


def check_can_ask(command: str, *, yes: bool, as_json: bool) -> None:
    """Refuse a command that would have to ask amid its JSON; TableguardError."""
    if as_json and not yes:
        raise TableguardError(f"{command} --json cannot ask before it begins, which is no JSON; add --yes")


def _check_terminal() -> None:
    if not sys.stdin.isatty():
        raise DeployError("cannot ask for confirmation: standard input is not a terminal; add --yes if it is meant")
