"""Prove what the policies promise, for every request there can be."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tableguard.cli import options
from tableguard.cli.command import FINDINGS_CODES, Command
from tableguard.errors import PolicyError

if TYPE_CHECKING:
    from tableguard.findings.formats import Format
    from tableguard.prove.reach.promises import ReachAnswer
    from tableguard.prove.report import Sources
    from tableguard.prove.shipped.promises import PromiseAnswer
    from tableguard.settings import Settings


@click.command(cls=Command, help=__doc__, epilog=FINDINGS_CODES)
@options.settings
@click.option("--policies", type=options.FILE, metavar="PATH", help="documents of your own: a folder or a file")
@click.option("--promises", type=options.FILE, metavar="FILE", help="what they promise (TOML)")
@click.option("--claims", type=options.FILE, metavar="FILE", hidden=True, help="the older name of --promises")
@click.option("--tables", is_flag=True, help="the classes of requests behind each proof")
@options.formats
def command(
    *,
    settings_file: Path | None,
    policies: Path | None,
    promises: Path | None,
    claims: Path | None,
    tables: bool,
    form: "Format",
) -> int:
    """Prove the promises of the shipped documents, or those of a file about anybody's documents."""
    from tableguard.cli.inputs import chosen_settings
    from tableguard.cli.output import print_report
    from tableguard.cli.progress import shown
    from tableguard.prove import report
    from tableguard.prove.shipped import policies as shipped_policies
    from tableguard.prove.shipped import proofs

    options.one_of({"--promises": promises, "--claims": claims})
    file = promises or claims
    settings = chosen_settings(settings_file)
    sequences: Iterator[ReachAnswer] = iter(())
    if policies and file:
        pending, sequences, read = _foreign(policies, file, settings)
    elif policies or file:
        raise PolicyError("--policies and --promises go together: documents, and what they promise")
    else:
        own = shipped_policies.filled(settings)
        pending, sequences, read = proofs.about_requests(own), proofs.about_sequences(own), report.SHIPPED
    answers = tuple(shown(pending, "promises"))
    return print_report(report.ProofReport(answers, read, tables, tuple(sequences)), form)


def _foreign(
    policies: Path, file: Path, settings: "Settings"
) -> "tuple[Iterator[PromiseAnswer], Iterator[ReachAnswer], Sources]":
    from tableguard.prove.foreign import documents, promise_file
    from tableguard.prove.report import Sources

    promises = promise_file.load(file, settings)
    collection = documents.read(policies, promises.values, promises.kind)
    names = tuple(f"{document.name} ({document.kind})" for document in collection.documents)
    about_requests = promise_file.answers(promises, collection.documents)
    about_sequences = promise_file.sequence_answers(promises, collection.documents)
    notes = (*promises.notes, *collection.notes)
    return about_requests, about_sequences, Sources(names, collection.others, notes)
