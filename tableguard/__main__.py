"""The command line: what each command takes. Exit codes: 0 fine, 1 findings, 2 could not ask."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from tableguard import __version__
from tableguard.cli import groups
from tableguard.cli.exit_codes import exit_code
from tableguard.cli.options import add_settings

Command = Callable[[argparse.Namespace], int | None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer with its exit code; an error a user can mend is one line on stderr."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    return exit_code(partial(command, options), options.program)


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
    _prove(commands)
    _explain(commands)
    _diff(commands)
    _preflight(commands)
    _cost(commands)
    _up(commands)
    _deploy(commands)
    _destroy(commands)
    groups.add_groups(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(
    commands: _Commands, name: str, summary: str, module: str = "tableguard.cli.commands.stacks"
) -> argparse.ArgumentParser:
    """A command, run by the function of its name in a module that is imported when it is called."""
    parser = commands.add_parser(name, help=summary, description=summary)

    def call(options: argparse.Namespace) -> int | None:
        command: Command = getattr(importlib.import_module(module), name)
        return command(options)

    parser.set_defaults(command=call, program=parser.prog)
    return parser


def _settings(commands: _Commands) -> None:
    parser = _command(commands, "settings", "Print an example settings file to start from.")
    parser.add_argument("name", nargs="?", default="default", help="default or existing-vpc (default: default)")


def _render(commands: _Commands) -> None:
    parser = _command(commands, "render", "Render the stacks as CloudFormation YAML.")
    add_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks to render (default: all that the settings ask for)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("templates", "rendered"),
        metavar="DIR",
        help="folder to write to (default: templates/rendered below the working directory)",
    )


def _check(commands: _Commands) -> None:
    parser = _command(commands, "check", "Check templates and policies: cfn-lint, checkov and our own rules.")
    add_settings(parser)
    parser.add_argument("path", nargs="*", type=Path, help="templates or folders of your own (default: our stacks)")
    _takes_formats(parser)


_PROVE = "tableguard.cli.commands.policies"


def _prove(commands: _Commands) -> None:
    parser = _command(commands, "prove", "Prove what the policies promise, for every request there can be.", _PROVE)
    add_settings(parser)
    parser.add_argument("--policies", type=Path, metavar="PATH", help="documents of your own: a folder or a file")
    parser.add_argument("--claims", type=Path, metavar="FILE", help="what is claimed of them (TOML)")
    parser.add_argument("--tables", action="store_true", help="the classes of requests behind each proof")
    _takes_formats(parser)


def _explain(commands: _Commands) -> None:
    parser = _command(commands, "explain", "Say what every layer of policies says to one request.", _PROVE)
    add_settings(parser)
    parser.add_argument("action", help="such as dynamodb:DeleteTable")
    parser.add_argument("resource", nargs="?", default="*", help="its ARN, or its last part: table/NAME, alias/NAME")
    parser.add_argument("--principal", default="role/Admin", help="who asks (default: role/Admin)")
    parser.add_argument("--region", default="", help="where (default: the home region)")
    parser.add_argument("--context", action="append", default=[], metavar="KEY=VALUE", help="a further context key")
    _takes_formats(parser)


def _diff(commands: _Commands) -> None:
    parser = _command(commands, "diff", "Say what a change of policies newly allows and newly denies.", _PROVE)
    add_settings(parser)
    parser.add_argument("old", type=Path, help="documents before: a folder or a file")
    parser.add_argument("new", type=Path, help="documents after")
    kinds = ("scp", "rcp", "endpoint", "resource", "role", "key", "trust")
    parser.add_argument("--kind", default="", choices=kinds, help="their kind, where neither folder nor wrapper says")
    _takes_formats(parser)


def _preflight(commands: _Commands) -> None:
    parser = _command(commands, "preflight", "Say which SCP would stop the deployer at which resource.", _PROVE)
    add_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks (default: all that the settings ask for)")
    parser.add_argument("--policies", type=Path, metavar="PATH", help="SCPs of your own instead of the shipped ones")
    _takes_formats(parser)


def _takes_formats(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="the same facts as JSON")
    parser.add_argument("--sarif", action="store_true", help="the findings as SARIF 2.1.0")


def _cost(commands: _Commands) -> None:
    from tableguard.cli.commands.cost_options import add_options

    parser = _command(
        commands, "cost", "Reckon what a month costs, line by line, with sources.", "tableguard.cli.commands.cost"
    )
    add_settings(parser)
    add_options(parser)


def _up(commands: _Commands) -> None:
    parser = _command(commands, "up", "Deploy every stack on an embedded AWS on loopback and let messages flow.")
    add_settings(parser)
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--demo", action="store_true", help="send messages, verify what each member sees, and end")
    parser.add_argument(
        "--dynamodb",
        choices=("embedded", "local"),
        default="embedded",
        help="who keeps the items: the embedded AWS itself, or DynamoDB Local from jars, Docker or Maven",
    )
    parser.add_argument("--json", action="store_true", help="the same facts as JSON, once everything is up")


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: from 0 to 65535")
    return int(text)


def _deploy(commands: _Commands) -> None:
    parser = _command(commands, "deploy", "Deploy the stacks to AWS through CloudFormation change sets.")
    add_settings(parser)
    parser.add_argument("stack", nargs="*", help="stacks to deploy (default: all that the settings ask for)")
    _takes_profiles(parser)
    parser.add_argument("--yes", action="store_true", help="make the changes without asking")


def _destroy(commands: _Commands) -> None:
    parser = _command(commands, "destroy", "Delete the stacks; what they retain is named, and kept.")
    add_settings(parser)
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
