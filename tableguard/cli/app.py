"""The command `tableguard`: its sections, and the way from arguments to an exit code."""

from collections.abc import Sequence

import click

from tableguard import __version__
from tableguard.cli.command import FINDINGS_CODES, SectionedGroup, uncoloured

NAME = "tableguard"


@click.group(
    NAME,
    cls=SectionedGroup,
    package="tableguard.cli.commands",
    sections={
        "Templates and policies": (
            "settings",
            "render",
            "check",
            "prove",
            "explain",
            "reach",
            "why",
            "diff",
            "preflight",
            "cost",
            "prices",
        ),
        "Stacks": ("up", "attack", "bootstrap", "deploy", "status", "drift", "comply", "destroy"),
        "A table": ("table", "messages", "rows", "users"),
        "This command": ("completion",),
    },
    help="DynamoDB direct messages: the stacks, the guardrails around them, and the proof that they hold.",
    epilog=FINDINGS_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@uncoloured()
@click.version_option(__version__, message="%(prog)s %(version)s")
def app() -> None:
    """Hold the commands; each is a module of `tableguard/cli/commands`, loaded when it is called."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error that a user can mend is one line on stderr."""
    return int(app.main(arguments, NAME, standalone_mode=False))
