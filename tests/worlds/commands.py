"""The command, run in this process: starting another one takes longer than most commands."""

from collections.abc import Iterator
from dataclasses import dataclass

import click
from click.testing import CliRunner

from tableguard.cli.app import app
from tableguard.cli.command import SectionedGroup

NOT_ON_A_TABLE = ("prices",)
# every group of commands on a table, with its commands
GROUPS = {
    name: group.list_commands()
    for name in app.list_commands(click.Context(app))
    if isinstance(group := app.get_command(click.Context(app), name), SectionedGroup) and name not in NOT_ON_A_TABLE
}


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run(name: str, *arguments: str, answer: str = "") -> Ran:
    """Run a command, such as "messages seed", and return what it printed."""
    result = CliRunner().invoke(app, [*name.split(), *arguments], input=answer, catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command by its name, such as "messages seed"; of groups, their commands."""
    for name in app.list_commands(click.Context(app)):
        command = app.get_command(click.Context(app), name)
        assert command
        if isinstance(command, SectionedGroup):
            for member in command.list_commands():
                loaded = command.get_command(None, member)
                assert loaded
                yield f"{name} {member}", loaded
        else:
            yield name, command
