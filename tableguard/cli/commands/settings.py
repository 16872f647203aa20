"""Print an example settings file to start from."""

import click

from tableguard.cli.command import Command
from tableguard.errors import SettingsError


@click.command(cls=Command, help=__doc__)
@click.argument("name", default="default", help="default or existing-vpc (default: default)")
def command(*, name: str) -> None:
    """Print one of the shipped examples."""
    from tableguard.paths import EXAMPLE_SETTINGS

    examples = sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.toml"))
    if name not in examples:
        raise SettingsError(f"no example called {name!r}; there are: {', '.join(examples)}")
    print((EXAMPLE_SETTINGS / f"{name}.toml").read_text(encoding="utf-8"), end="")
