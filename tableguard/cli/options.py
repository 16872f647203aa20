"""The options that commands share. Nothing heavy is imported here: every --help reads this."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tableguard.cli.command import TableOption

if TYPE_CHECKING:
    from tableguard.cli.target import Target

Body = Callable[..., int | None]

FILE = click.Path(path_type=Path, readable=False)  # whoever opens it says why it cannot be read
POSITIVE = click.IntRange(min=1)

_SETTINGS = "what your organisation chose (default: ./settings.toml if there is one, else the shipped example)"

settings = click.option("--settings", "settings_file", type=FILE, metavar="FILE", help=_SETTINGS)
levels = click.option(
    "--levels", type=FILE, metavar="FILE", help="a file with [[level]]: what is attached to root, units and accounts"
)
as_json = click.option("--json", "as_json", is_flag=True, help="the same facts as JSON")
as_sarif = click.option("--sarif", "as_sarif", is_flag=True, help="the findings as SARIF 2.1.0")
yes = click.option("--yes", is_flag=True, help="do not ask")
group = click.argument("group", help="uuid of the group: tableguard messages list-conversations shows it")
user = click.argument("user", help="uuid of the person: tableguard users list shows it")
limit = click.option("--limit", type=int, default=20, help="how many at most (default: 20)")
refresh = click.option("--refresh", is_flag=True, help="update the conversation rows: no stream function does")


def formats(body: Body) -> Body:
    """Add --json and --sarif; the body takes the `form` that they choose."""

    @functools.wraps(body)
    def choose(*target: "Target", as_json: bool, as_sarif: bool, **others: Any) -> int | None:
        from tableguard.findings.formats import chosen

        return body(*target, form=chosen(as_json, as_sarif), **others)

    return as_json(as_sarif(choose))


def profiles(body: Body) -> Body:
    """Add the AWS profiles of those who deploy."""
    for name, text in (
        ("--deployer-profile", "AWS profile of the deployer role, or of who may take it (default: --profile)"),
        ("--archive-profile", "AWS profile of an administrator of the log archive's account, for archive"),
        ("--management-profile", "AWS profile of the management account, for oversight and guardrails"),
        ("--profile", "AWS profile of an administrator of the workload account"),
    ):
        body = click.option(name, metavar="NAME", help=text)(body)
    return body


def on_table(body: Body) -> Body:
    """Add what names a table and whoever works on it; the body takes a `Target` in place of these options."""

    @functools.wraps(body)
    def call(**values: Any) -> int | None:
        from tableguard.cli.target import EncryptionOptions, Target, run_on

        named = {name: values.pop(name) for name in ("endpoint_url", "region", "profile", "table", "settings_file")}
        encrypting = None
        if "message_key" in values:
            encrypting = EncryptionOptions(values.pop("message_key"), values.pop("plaintext_before"))
        own = {"yes": values.pop("yes", False), "user_pool_id": values.pop("user_pool_id", None)}
        target = Target(**named, encrypting=encrypting, **own)
        return run_on(target, functools.partial(body, **values))

    for declarations, text in (
        (("--settings", "settings_file"), _SETTINGS),
        (("--table",), "table name (default: of the settings)"),
        (("--profile",), "AWS profile"),
        (("--region",), "AWS region (default: of the profile or environment, else of the settings)"),
        (("--endpoint-url",), "DynamoDB elsewhere: DynamoDB Local, `tableguard up`"),
    ):
        kind, metavar = (FILE, "FILE") if "--settings" in declarations else (str, declarations[0][2:].upper())
        call = click.option(*declarations, cls=TableOption, type=kind, metavar=metavar, help=text)(call)
    return call


def on_encrypted_table(body: Body) -> Body:
    """Add the options of `on_table`, and those of commands that write or show texts."""
    before = "when encryption began: what is older may be plaintext (default: TABLEGUARD_PLAINTEXT_BEFORE)"
    for name, metavar, text in (
        ("--plaintext-before", "TIME", before),
        ("--message-key", "ARN", "KMS key of client-side encryption (default: TABLEGUARD_MESSAGE_KEY)"),
    ):
        variable = f"TABLEGUARD_{name[2:].replace('-', '_').upper()}"
        body = click.option(name, cls=TableOption, envvar=variable, metavar=metavar, help=text)(body)
    return on_table(body)


def with_user_pool(body: Body) -> Body:
    """Add the user pool whose accounts a command works on; `on_table` hands it over with the `Target`."""
    text = "Cognito user pool of the people who send messages (default: of the settings)"
    return click.option("--user-pool", "user_pool_id", cls=TableOption, metavar="ID", help=text)(body)


cache = click.option(
    "--cache",
    metavar="URL",
    help="list through a DAX cluster, daxs://… as the cache stack exports it: eventually consistent, and older still",
)


def writing(body: Body) -> Body:
    """Add --yes, and ask before a table on AWS is written to that no --profile names; a dry run writes nothing."""

    @functools.wraps(body)
    def ask(target: "Target", **values: Any) -> int | None:
        from tableguard.cli.confirmation import confirm_place

        if not values.get("dry_run"):
            confirm_place(target)
        return body(target, **values)

    return yes(ask)


def survey(body: Body) -> Body:
    """Add how long to wait between the two looks at rows, and how much to query at once."""
    settling = "how long a message may be on its way to the rows: what is wrong is looked at again (default: 5)"
    workers = click.option("--workers", type=POSITIVE, default=8, metavar="N", help="queries at once (default: 8)")
    return click.option("--settle", callback=seconds, type=float, default=5.0, metavar="SECONDS", help=settling)(
        workers(body)
    )


def seconds(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """Return the seconds, None where the option was not used; refuse more than an hour."""
    if value is not None and (math.isnan(value) or not 0 <= value <= 3600):
        raise click.BadParameter(f"{value:g}: from 0 to 3600 seconds")
    return value


def one_of(alternatives: dict[str, object], *, required: bool = False) -> None:
    """Refuse more than one of these options, or, where one is required, none of them."""
    present = [name for name, value in alternatives.items() if value not in (None, False, ())]
    if len(present) > 1:
        raise click.UsageError(f"{' and '.join(present)} exclude each other: choose one", click.get_current_context())
    if required and not present:
        raise click.UsageError(f"one of {', '.join(alternatives)} is required", click.get_current_context())
