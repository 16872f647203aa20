"""The options that commands share. Nothing heavy is imported here: every --help reads this."""

import argparse
import os
import shlex
from pathlib import Path
from typing import TypeAlias

_MutuallyExclusive: TypeAlias = "argparse._MutuallyExclusiveGroup"

# what another command needs too, to work on the same table as this one
_TABLE = ("endpoint_url", "region", "profile", "table", "settings")
_ENCRYPTION = {"message_key": "TABLEGUARD_MESSAGE_KEY", "plaintext_before": "TABLEGUARD_PLAINTEXT_BEFORE"}


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add --settings."""
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="what your organisation chose (default: ./settings.toml if there is one, else the shipped example)",
    )


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add what names a table and whoever works on it."""
    parser.add_argument("--endpoint-url", metavar="URL", help="DynamoDB elsewhere: DynamoDB Local, `tableguard up`")
    parser.add_argument("--region", help="AWS region (default: of the profile or environment, else of the settings)")
    parser.add_argument("--profile", help="AWS profile")
    parser.add_argument("--table", metavar="NAME", help="table name (default: of the settings)")
    add_settings(parser)


def add_encryption(parser: argparse.ArgumentParser) -> None:
    """Add the options of commands that write or show texts."""
    parser.add_argument(
        "--message-key",
        metavar="ARN",
        default=os.environ.get("TABLEGUARD_MESSAGE_KEY"),
        help="KMS key of client-side encryption (default: TABLEGUARD_MESSAGE_KEY)",
    )
    parser.add_argument(
        "--plaintext-before",
        metavar="TIME",
        default=os.environ.get("TABLEGUARD_PLAINTEXT_BEFORE"),
        help="when encryption began: what is older may be plaintext (default: TABLEGUARD_PLAINTEXT_BEFORE)",
    )


def add_paging(parser: argparse.ArgumentParser) -> _MutuallyExclusive:
    """Add the options of a listing; answers with the group of which --token is one alternative."""
    parser.add_argument("--limit", type=int, default=20, help="how many at most (default: 20)")
    alternatives = parser.add_mutually_exclusive_group()
    alternatives.add_argument("--token", help="continue a listing: the token that it ended with")
    return alternatives


def add_refresh(parser: argparse.ArgumentParser) -> None:
    """Add --refresh, for tables whose stream no function follows."""
    parser.add_argument("--refresh", action="store_true", help="update the conversation rows: no stream function does")


def add_survey(parser: argparse.ArgumentParser) -> None:
    """Add how long to wait between the two looks at rows, how much to query at once, and how to print."""
    parser.add_argument(
        "--settle",
        type=_seconds,
        default=5.0,
        metavar="SECONDS",
        help="how long a message may be on its way to the rows: what is wrong is looked at again (default: 5)",
    )
    parser.add_argument("--workers", type=positive, default=8, help="queries at once (default: 8)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def repeated(options: argparse.Namespace) -> str:
    """Write the options that name the table as they were given, to go behind another command; "" where none was."""
    values = vars(options)
    chosen = [(name, values[name]) for name in _TABLE if values.get(name) is not None]
    for name, variable in _ENCRYPTION.items():
        if values.get(name) != os.environ.get(variable):  # else the other command reads the variable itself
            chosen.append((name, values[name]))
    return "".join(f" --{name.replace('_', '-')} {shlex.quote(str(value))}" for name, value in chosen)


def positive(text: str) -> int:
    """Read a whole number from 1."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from error
    if not 0 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r}: from 0 to 3600 seconds")
    return seconds
