"""The page docs/cli.md, which is the help of every command: `python -m tableguard.cli.reference > docs/cli.md`."""

import sys
from collections.abc import Iterator

import click

from tableguard.cli.app import NAME, app
from tableguard.cli.command import SectionedGroup

_WIDTH = 100
_HEAD = """# The command

This page is the help of every command, written by `python -m tableguard.cli.reference > docs/cli.md`.

- **Exit codes.** 0 fine; 1 findings; 2 error: the check, or a part of it, could not be run. Ctrl-C ends with 130.
- **Errors** are one line on stderr: the command, what is wrong, where, and what to do.
- **Output** for a reader goes to stdout, what it took and what was assumed to stderr. On a terminal there are tables,
  colours and a line that tells how far a command is; in a pipe there are lines without any of it. `--json` prints the
  same facts as JSON, `--sarif` the findings as SARIF 2.1.0. `NO_COLOR` or `--no-color` takes the colours away.
- **Completion.** `tableguard completion bash`, `zsh` or `fish` prints a script for the shell; its help says where it
  goes.
"""


def page() -> str:
    """Return the page: a head, then each command with its help."""
    root = click.Context(app, info_name=NAME, terminal_width=_WIDTH, **app.context_settings)
    return "\n".join([_HEAD, *_sections(app, root, 2)])


def _sections(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"{'#' * level} {context.command_path}\n\n```\n{text}\n```\n"
    if isinstance(command, SectionedGroup):
        for name in command.list_commands():
            member = command.get_command(context, name)
            if member:
                yield from _sections(member, click.Context(member, parent=context, info_name=name), level + 1)


if __name__ == "__main__":
    sys.stdout.write(page())
