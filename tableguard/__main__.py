"""The command line: what each command takes. Exit codes: 0 fine, 1 findings, 2 could not ask."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from tableguard import __version__
from tableguard.errors import TableguardError

FINE, FINDINGS, COULD_NOT_ASK = 0, 1, 2

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer with its exit code; an error a user can mend is one line on stderr."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except TableguardError as error:
        print(f"tableguard: {error}", file=sys.stderr)
        return COULD_NOT_ASK
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        sys.stderr.close()
        return FINE
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tableguard",
        description="DynamoDB direct messages: the stacks, the guardrails around them, and the proof that they hold.",
        epilog="Exit codes: 0 fine, 1 findings, 2 could not ask.",
    )
    parser.add_argument("--version", action="version", version=f"tableguard {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _settings(commands)
    _render(commands)
    _check(commands)
    _up(commands)
    _deploy(commands)
    _destroy(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(commands: _Commands, name: str, run: str, summary: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary)
    parser.set_defaults(command=_lazily(run))
    return parser


def _lazily(run: str) -> Command:
    """The function of tableguard.commands by name, imported when it is called: --help stays fast."""

    def call(options: argparse.Namespace) -> int:
        from tableguard import commands

        command: Command = getattr(commands, run)
        return command(options)

    return call


def _takes_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="what your organisation chose (default: ./settings.toml if there is one, else the shipped example)",
    )


def _settings(commands: _Commands) -> None:
    parser = _command(commands, "settings", "settings", "Print an example settings file to start from.")
    parser.add_argument("name", nargs="?", default="default", help="default or existing-vpc (default: default)")


def _render(commands: _Commands) -> None:
    parser = _command(commands, "render", "render", "Render the stacks as CloudFormation YAML.")
    _takes_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks to render (default: all that the settings ask for)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write to (default: templates/rendered)")


def _check(commands: _Commands) -> None:
    parser = _command(commands, "check", "check", "Check templates and policies: cfn-lint, checkov and our own rules.")
    _takes_settings(parser)
    parser.add_argument("path", nargs="*", type=Path, help="templates or folders of your own (default: our stacks)")
    parser.add_argument("--json", action="store_true", help="the same facts as JSON")


def _up(commands: _Commands) -> None:
    parser = _command(commands, "up", "up", "Deploy every stack on an embedded AWS on loopback and let messages flow.")
    _takes_settings(parser)
    parser.add_argument("--port", type=int, default=0, choices=range(65536), metavar="PORT", help="default: a free one")
    parser.add_argument("--demo", action="store_true", help="send messages, verify what each member sees, and end")
    parser.add_argument("--json", action="store_true", help="the same facts as JSON, once everything is up")


def _deploy(commands: _Commands) -> None:
    parser = _command(commands, "deploy", "deploy", "Deploy the stacks to AWS through CloudFormation change sets.")
    _takes_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks to deploy (default: all that the settings ask for)")
    _takes_profiles(parser)
    parser.add_argument("--yes", action="store_true", help="make the changes without asking")


def _destroy(commands: _Commands) -> None:
    parser = _command(commands, "destroy", "destroy", "Delete the stacks; what they retain is named, and kept.")
    _takes_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks to delete (default: all that the settings ask for)")
    _takes_profiles(parser)
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    parser.add_argument("--production", action="store_true", help="required where settings say production")


def _takes_profiles(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--profile", help="AWS profile of an administrator of the workload account")
    parser.add_argument("--management-profile", help="AWS profile of the management account, for guardrails")
    parser.add_argument("--deployer-profile", help="AWS profile of the deployer role (default: assumed by --profile)")


if __name__ == "__main__":
    sys.exit(main())
