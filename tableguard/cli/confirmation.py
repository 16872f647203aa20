"""Confirmations: asked before something is changed or destroyed."""

import sys

from tableguard.errors import DeployError, TableError, TableguardError


def confirm_name(name: str) -> None:
    """Ask for a name to be typed; TableError if anything else is."""
    sys.stdout.write(f"Type its name, {name}, to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise TableError("not confirmed: nothing was done")


def confirm_changes() -> bool:
    """Ask whether the changes of a stack may be made; DeployError where nobody can answer."""
    _check_terminal()
    try:
        return input("Type yes to make these changes: ").strip() == "yes"
    except EOFError:  # Ctrl-D
        return False


def confirm_workload(name: str) -> None:
    """Ask for the workload's name to be typed; DeployError if anything else is, or where nobody can answer."""
    _check_terminal()
    if input(f"Type the workload's name, {name}, to delete: ").strip() != name:
        raise DeployError("not confirmed; nothing was deleted")


def check_can_ask(command: str, *, yes: bool, as_json: bool) -> None:
    """Refuse a command that would have to ask amid its JSON; TableguardError."""
    if as_json and not yes:
        raise TableguardError(f"{command} --json cannot ask before it begins, which is no JSON; add --yes")


def _check_terminal() -> None:
    if not sys.stdin.isatty():
        raise DeployError("cannot ask for confirmation: standard input is not a terminal; add --yes if it is meant")
