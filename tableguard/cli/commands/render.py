"""Render the stacks as CloudFormation YAML."""

from pathlib import Path

import click

from tableguard.cli import options
from tableguard.cli.command import Command


@click.command(cls=Command, help=__doc__)
@click.argument("stack", nargs=-1, help="stacks to render (default: all that the settings enable)")
@options.settings
@click.option(
    "--out",
    type=options.FILE,
    default=Path("templates", "rendered"),
    metavar="DIR",
    help="folder to write to (default: templates/rendered below the working directory)",
)
@options.as_json
def command(*, stack: tuple[str, ...], settings_file: Path | None, out: Path, as_json: bool) -> None:
    """Render stacks and print where they were written."""
    from tableguard.cli.inputs import chosen_settings, chosen_stacks
    from tableguard.cli.output import print_json
    from tableguard.stacks.render import render, write

    settings = chosen_settings(settings_file)
    paths = list(write(render(settings, chosen_stacks(settings, stack)), out))
    if as_json:
        print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        print(path)
