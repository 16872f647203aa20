"""Render the stacks as CloudFormation YAML."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command

if TYPE_CHECKING:
    from tableguard.settings import Settings


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
@click.option(
    "--conformance-pack",
    is_flag=True,
    help="write the AWS Config rules as a conformance pack instead",
)
@options.as_json
def command(
    *, stack: tuple[str, ...], settings_file: Path | None, out: Path, conformance_pack: bool, as_json: bool
) -> None:
    """Render stacks and print where they were written."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_json
    from tableguard.stacks.render import write

    settings = chosen_settings(settings_file)
    paths = list(write(_pack(settings, stack) if conformance_pack else _stacks(settings, stack), out))
    if as_json:
        print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        print(path)


def _stacks(settings: "Settings", names: tuple[str, ...]) -> dict[str, str]:
    from tableguard.cli.inputs import chosen_stacks
    from tableguard.stacks.render import render

    return render(settings, chosen_stacks(settings, names))


def _pack(settings: "Settings", names: tuple[str, ...]) -> dict[str, str]:
    from tableguard.compliance.conformance_pack import conformance_pack
    from tableguard.stacks.registry import find_stack
    from tableguard.stacks.render import as_yaml

    if names:
        raise click.UsageError("--conformance-pack writes no stacks: name none")
    template = find_stack("config").document(settings)
    return {"conformance-pack": conformance_pack(template, settings.export(""), as_yaml)}
