"""Print an example settings file to start from."""

import click

from tableguard.cli.command import Command
from tableguard.errors import SettingsError


def _names() -> list[str]:
    from tableguard.paths import EXAMPLE_SETTINGS

    return sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.toml"))


def _beginning_with(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in _names() if name.startswith(incomplete)]


@click.command(cls=Command, help=__doc__)
@click.argument(
    "name",
    default="default",
    shell_complete=_beginning_with,
    help="complete, default, existing-vpc or single-account (default: default)",
)
def command(*, name: str) -> None:
    """Print one of the shipped examples."""
    from tableguard.paths import EXAMPLE_SETTINGS

    if name not in _names():
        raise SettingsError(f"no example called {name!r}; there are: {', '.join(_names())}")
    print((EXAMPLE_SETTINGS / f"{name}.toml").read_text(encoding="utf-8"), end="")
