"""What the scripts share: their options, the table they work on, and errors as one line with exit code 2."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from stream_lambda.items import Content, canonical
from tableguard import encryption
from tableguard.commands import chosen_settings
from tableguard.credentials import advised
from tableguard.errors import EncryptionError, MessageError, TableError, TableguardError
from tableguard.messages import MessageTable
from tableguard.pages import Page
from tableguard.settings import Settings
from tableguard.table_admin import no_table

_MutuallyExclusive: TypeAlias = "argparse._MutuallyExclusiveGroup"

COULD_NOT_ASK, INTERRUPTED = 2, 130
_DENIED = ("AccessDenied", "AccessDeniedException")  # of REST and query services, and of DynamoDB and KMS
_PROFILES = "; --profile NAME: posting and reading is the application's, projection/* the operator's"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Target:
    """The table that a script works on, as its options name it."""

    options: argparse.Namespace

    @cached_property
    def settings(self) -> Settings:
        """What the organisation chose: the default for table and region."""
        return chosen_settings(self.options)

    @cached_property
    def table(self) -> str:
        """The table's name."""
        return str(self.options.table or self.settings.table_name)

    @cached_property
    def client(self) -> Any:
        """A DynamoDB client."""
        return self.client_of("dynamodb")

    def client_of(self, service: Any) -> Any:  # the stubs know names of services one by one
        """A client of any service at the endpoint; on loopback any keys will do unless some were given."""
        options = self.options
        # DynamoDB Local answers for DynamoDB alone; AWS's own variable says where KMS is then
        elsewhere = os.environ.get("AWS_ENDPOINT_URL_KMS") if service == "kms" else None
        where = elsewhere or options.endpoint_url
        endpoint = urlsplit(where or "https://")
        on_loopback = endpoint.hostname in _LOOPBACK
        if endpoint.scheme != "https" and not on_loopback:
            raise TableError(f"endpoint {where}: messages would travel unencrypted; use https://")
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        any_keys = on_loopback and not options.profile and "AWS_ACCESS_KEY_ID" not in os.environ
        return session.client(
            service,
            endpoint_url=where,
            region_name=session.region_name or self.settings.home_region,
            aws_access_key_id="local" if any_keys else None,
            aws_secret_access_key="local" if any_keys else None,
            config=Config(
                retries={"mode": "standard"}, connect_timeout=5
            ),  # botocore's own would try for half a minute
        )

    @cached_property
    def messages(self) -> MessageTable:
        """The access patterns on this table."""
        return MessageTable(self.client, self.table, clock=lambda: datetime.now(UTC), cipher=self.cipher)

    @cached_property
    def cipher(self) -> encryption.Cipher | None:
        """What encrypts and decrypts texts, for scripts that write or show them and are told a key."""
        options = vars(self.options)
        if "message_key" not in options:
            return None
        if options["message_key"]:
            before = _instant(options["plaintext_before"] or "")
            return encryption.cipher(options["message_key"], self.client_of("kms"), before)
        if not options["table"] and self.settings.client_side_encryption:
            raise EncryptionError(
                f"table {self.table} has client-side encryption; name its key with --message-key or "
                f"TABLEGUARD_MESSAGE_KEY: the table stack exports it as {self.settings.export('MessageKeyArn')}"
            )
        return None


def parser(description: str | None, epilog: str = "Exit codes: 0 done, 2 could not.") -> argparse.ArgumentParser:
    """A parser with the options that every script takes."""
    found = argparse.ArgumentParser(description=description, epilog=epilog)
    found.add_argument("--endpoint-url", metavar="URL", help="DynamoDB elsewhere: DynamoDB Local, `tableguard up`")
    found.add_argument("--region", help="AWS region (default: of the profile or environment, else of the settings)")
    found.add_argument("--profile", help="AWS profile")
    found.add_argument("--table", metavar="NAME", help="table name (default: of the settings)")
    found.add_argument("--settings", type=Path, metavar="FILE", help="settings file (default: ./settings.toml)")
    return found


def add_encryption(found: argparse.ArgumentParser) -> None:
    """The options of scripts that write or show texts."""
    found.add_argument(
        "--message-key",
        metavar="ARN",
        default=os.environ.get("TABLEGUARD_MESSAGE_KEY"),
        help="KMS key of client-side encryption (default: TABLEGUARD_MESSAGE_KEY)",
    )
    found.add_argument(
        "--plaintext-before",
        metavar="TIME",
        default=os.environ.get("TABLEGUARD_PLAINTEXT_BEFORE"),
        help="when encryption began: what is older may be plaintext (default: TABLEGUARD_PLAINTEXT_BEFORE)",
    )


def _instant(text: str) -> str:
    try:
        return canonical(text) if text else ""
    except ValueError as error:
        raise EncryptionError(f"--plaintext-before {text!r}: not an ISO 8601 time") from error


def run(main: Callable[[Target], int | None], options: argparse.ArgumentParser) -> None:
    """Run a script and end with its exit code; what a user can mend is one line on stderr."""
    sys.exit(_exit_code(main, Target(options.parse_args()), options.prog))


def _exit_code(main: Callable[[Target], int | None], target: Target, program: str) -> int:
    code = None
    try:
        code = main(target)
        sys.stdout.flush()
    except TableguardError as error:
        return _failed(program, f"{error}{_profile_hint(error.__cause__)}")  # of KMS's refusals too
    except BotoCoreError as error:
        return _failed(program, advised(error))
    except ClientError as error:
        return _failed(program, _explained(error, target))
    except BrokenPipeError:  # the reader of our output has seen enough: `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return INTERRUPTED
    return code or 0


def _failed(program: str, text: str) -> int:
    sys.stderr.write(f"{program}: {' '.join(text.split())}\n")
    return COULD_NOT_ASK


def _explained(error: ClientError, target: Target) -> str:
    if error.response["Error"]["Code"] == "ResourceNotFoundException":
        return str(no_table(target.client, target.table))
    return f"{error}{_profile_hint(error)}"


def _profile_hint(error: BaseException | None) -> str:
    """Whose profile it takes, if AWS denied the call."""
    denied = isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIED
    return _PROFILES if denied else ""


def shown(content: Content) -> str:
    """A text on one line of a terminal: nothing in it can move the cursor or pretend to be another line."""
    if content == encryption.REFUSED:
        return "<not shown>"
    if isinstance(content, bytes):
        return f"<{len(content)} bytes, encrypted>"
    return "".join(letter if letter.isprintable() else " " for letter in content)


def print_page(page: Page[Any], lines: Iterable[str]) -> None:
    """The lines of a listing, and on stderr what it took and how to go on; an error if something cannot be shown."""
    for line in lines:
        sys.stdout.write(f"{line}\n")
    more = f"; more with --token {page.token}" if page.token else ""
    count = len(page.items) - len(page.refusals) + page.damaged
    sys.stderr.write(f"{count} shown, {page.read_units:g} read units{more}\n")
    if page.refusals:
        others = f" (and {len(page.refusals) - 1} more)" if len(page.refusals) > 1 else ""
        kind = MessageError if page.damaged else EncryptionError
        raise kind(f"{page.refusals[0]}{others}")


def add_paging(found: argparse.ArgumentParser) -> _MutuallyExclusive:
    """The options of a listing; answers with the group of which --token is one alternative."""
    found.add_argument("--limit", type=int, default=20, help="how many at most (default: 20)")
    alternatives = found.add_mutually_exclusive_group()
    alternatives.add_argument("--token", help="continue a listing: the token that it ended with")
    return alternatives


def positive(text: str) -> int:
    """A whole number from 1, as an option takes it."""
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def confirm(name: str) -> None:
    """Ask for a name to be typed; TableError if anything else is."""
    sys.stdout.write(f"Type its name, {name}, to go on: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip() != name:
        raise TableError("not confirmed: nothing was done")
