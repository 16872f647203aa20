"""The settings and stacks that a command works on, as its options choose them."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tableguard.errors import SettingsError

if TYPE_CHECKING:
    from tableguard.settings import Settings
    from tableguard.stacks.registry import StackModule


def settings_here(path: Path | None) -> Path | None:
    """Return --settings, else ./settings.toml if there is one."""
    here = Path("settings.toml")
    return path or (here if here.exists() else None)


def chosen_settings(path: Path | None) -> "Settings":
    """Read --settings, else ./settings.toml, else the shipped example, which is then said on stderr."""
    from tableguard.paths import EXAMPLE_SETTINGS
    from tableguard.settings import load

    file = settings_here(path)
    if file is None:
        print("no settings.toml here: the shipped example is used", file=sys.stderr)
    return load(file or EXAMPLE_SETTINGS / "default.toml")


def deployed_stacks(settings: "Settings", names: Sequence[str], *, with_management: bool) -> "tuple[StackModule, ...]":
    """Return the named stacks in deployment order, or all that may be deployed, also without the settings.

    Those of the management account are among these if the settings enable them, or `with_management` may be asked.
    """
    from tableguard.stacks.registry import STACKS, enabled_stacks, find_stack

    if names:
        wanted = {find_stack(name) for name in names}
        return tuple(stack for stack in STACKS if stack in wanted)
    enabled = enabled_stacks(settings)
    elsewhere = {"management": with_management, "archive": settings.log_archive is not None}
    return tuple(s for s in STACKS if s in enabled or elsewhere.get(s.principal, True))


def chosen_stacks(settings: "Settings", names: Sequence[str]) -> "tuple[StackModule, ...]":
    """Return the named stacks in deployment order, or all that the settings enable; SettingsError for another."""
    from tableguard.stacks.registry import enabled_stacks, find_stack

    wanted, enabled = {find_stack(name) for name in names}, enabled_stacks(settings)
    for stack in wanted - set(enabled):
        raise SettingsError(f"stack {stack.name} is not enabled: add it to stacks.optional in the settings")
    return tuple(stack for stack in enabled if not wanted or stack in wanted)
