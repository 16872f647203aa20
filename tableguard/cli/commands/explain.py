"""Say whether a request is allowed, which statement decides, and what that hangs on."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command
from tableguard.errors import PolicyError

if TYPE_CHECKING:
    from tableguard.findings.formats import Format

_REGION = re.compile(r"elsewhere|[a-z]{2}(-[a-z]+)+-[0-9]+")


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@click.argument("action", help="such as dynamodb:DeleteTable")
@click.argument(
    "resource", default="*", help="its ARN, its last part (table/NAME, alias/NAME), or a stack's STACK.LOGICALID"
)
@options.settings
@click.option("--principal", default="role/Admin", help="who asks (default: role/Admin)")
@click.option("--region", default="", help="where (default: the home region)")
@click.option("--context", multiple=True, metavar="KEY=VALUE", help="a further context key; may be repeated")
@options.formats
def command(
    *,
    action: str,
    resource: str,
    settings_file: Path | None,
    principal: str,
    region: str,
    context: tuple[str, ...],
    form: "Format",
) -> int:
    """Print the decision in one sentence, then what each layer says; 1 if the request is denied."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.prove.explain import explanation, inquiry
    from tableguard.prove.explain.context import context_of

    if region and not _REGION.fullmatch(region):
        raise PolicyError(f"--region {region!r}: not the name of a region; accepted: such as eu-west-1")
    request = inquiry.Inquiry(principal, action, resource, region, context_of(context))
    return print_report(explanation.explained(request, chosen_settings(settings_file)), form)
