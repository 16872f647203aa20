"""Say which statement refused a call, from AWS's message or CloudTrail's record, and what would allow it."""

import gzip
import io
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import Command
from tableguard.errors import PolicyError

if TYPE_CHECKING:
    from tableguard.findings.formats import Format
    from tableguard.prove.why.message import Refused

_CODES = "Exit codes: 0 explained, 2 not readable, or the policies here do not deny that."
_MOST = 10_000_000
_GZIP = b"\x1f\x8b"


@click.command(cls=Command, help=__doc__, epilog=_CODES)
@click.argument("message", help="the message in quotes; or a file with it, or with a record as JSON; - reads stdin")
@options.settings
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="a context key that the call had; may be repeated")
@options.as_json
def command(*, message: str, settings_file: Path | None, context: tuple[str, ...], as_json: bool) -> int:
    """Print the statement, the smallest change that allows exactly this request, and what else that would open."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.findings.formats import chosen
    from tableguard.prove.explain.context import context_of
    from tableguard.prove.why.answer import answered
    from tableguard.prove.why.report import WhyReport

    refused = _refused(_text(message))
    answer = answered(refused, chosen_settings(settings_file), context_of(context))
    form: Format = chosen(as_json, False)
    return print_report(WhyReport(answer), form)


def _refused(text: str) -> "Refused":
    from tableguard.prove.why import message, record

    return record.read(text) if text.lstrip().startswith(("{", "[")) else message.parse(text)


def _text(message: str) -> str:
    """Return the text itself, or what is in the file of that name, also as CloudTrail compresses it, or on stdin."""
    if message == "-":
        return sys.stdin.read(_MOST)
    if not message.strip():
        return message
    try:
        with Path(message).open("rb") as file:
            content = file.read(_MOST)
        packed = content.startswith(_GZIP)
        return (gzip.GzipFile(fileobj=io.BytesIO(content)).read(_MOST) if packed else content).decode("utf-8-sig")
    except OSError as error:
        if " " in message.strip() or message.lstrip().startswith(("{", "[")):
            return message
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "not UTF-8"
    except (EOFError, zlib.error):
        reason = "its compression is broken"
    raise PolicyError(f"{message}: neither a message of denied access nor a file that can be read ({reason})")
