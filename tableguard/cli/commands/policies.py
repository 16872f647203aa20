"""What `prove`, `explain`, `diff` and `preflight` do: read, ask, print."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence

from tableguard.cli.commands.stacks import chosen_settings
from tableguard.errors import PolicyError
from tableguard.findings import formats
from tableguard.findings.formats import Report
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import Shorthand
from tableguard.progress import shown
from tableguard.prove import explanation, report
from tableguard.prove.diff import layers
from tableguard.prove.diff.report import DifferenceReport
from tableguard.prove.foreign import documents as foreign
from tableguard.prove.foreign import promise_file
from tableguard.prove.preflight import obstacles as preflights
from tableguard.prove.preflight.report import PreflightReport
from tableguard.prove.shipped import promises, together
from tableguard.prove.shipped.promises import Answer
from tableguard.settings import Settings

_REGION = re.compile(r"elsewhere|[a-z]{2}(-[a-z]+)+-[0-9]+")


def prove(options: argparse.Namespace) -> int:
    """Prove the promises of the shipped documents, or those of a claims file about anybody's documents."""
    if (options.policies is None) != (options.claims is None):
        raise PolicyError("--policies and --claims go together: documents, and what is claimed of them")
    form = formats.chosen(options.json, options.sarif)
    settings = chosen_settings(options)
    asked, read = _foreign(options, settings) if options.policies else (_shipped(settings), report.SHIPPED)
    found = tuple(shown(asked, "promises"))
    return _written(report.ProofReport(found, read, options.tables), form)


def _written(answer: Report, form: formats.Format) -> int:
    print(formats.write(answer, form))
    return answer.exit_code


def _shipped(settings: Settings) -> Iterator[Answer]:
    documents = PolicySet.filled(settings)
    yield from promises.answers(documents)
    yield from together.answers(documents)


def _foreign(options: argparse.Namespace, settings: Settings) -> tuple[Iterator[Answer], report.Read]:
    promises = promise_file.load(options.claims, settings)
    collection = foreign.read(options.policies, promises.values, promises.kind)
    documents = tuple(f"{document.name} ({document.kind})" for document in collection.documents)
    return promise_file.answers(promises, collection.documents), report.Read(documents, collection.others)


def explain(options: argparse.Namespace) -> int:
    """Say what every layer says to one request, and what AWS decides; 1 if it is denied."""
    form = formats.chosen(options.json, options.sarif)
    if options.region and not _REGION.fullmatch(options.region):
        raise PolicyError(f"--region {options.region!r}: not the name of a region; accepted: such as eu-west-1")
    settings = chosen_settings(options)
    asked = explanation.Inquiry(
        options.principal, options.action, options.resource, options.region, explanation.context(options.context)
    )
    found = explanation.explained(asked, PolicySet.filled(settings))
    return _written(found, form)


def diff(options: argparse.Namespace) -> int:
    """Say what a change of policies newly allows and newly denies; 1 if it allows something that was denied."""
    form = formats.chosen(options.json, options.sarif)
    settings = chosen_settings(options)
    shorthand = Shorthand(settings)
    values = promise_file.placeholder_values(shorthand)
    old, new = (foreign.read(path, values, options.kind) for path in (options.old, options.new))
    files = options.old.is_file() and options.new.is_file()
    found = layers.compare(old, new, shorthand, files)
    return _written(DifferenceReport(found, old, new), form)


def preflight(options: argparse.Namespace) -> int:
    """Say which SCPs stop the deployer from making which resources of which stack; 1 if one certainly does."""
    form = formats.chosen(options.json, options.sarif)
    settings = chosen_settings(options)
    scps = None
    if options.policies:
        values = promise_file.placeholder_values(Shorthand(settings))
        scps = _scps(foreign.read(options.policies, values, "scp"))
    found = preflights.preflight(settings, options.stack, scps)
    return _written(PreflightReport(found, settings), form)


def _scps(collection: foreign.Collection) -> Sequence[foreign.ForeignDocument]:
    """The SCPs of a folder; what else is there is named and left out."""
    others = [document.place for document in collection.documents if document.kind != "scp"]
    for other in (*collection.others, *others):
        print(f"{other}: no SCP, left out", file=sys.stderr)
    return [document for document in collection.documents if document.kind == "scp"]
