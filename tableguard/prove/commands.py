"""What `prove`, `explain`, `diff` and `preflight` do: read, ask, print."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tableguard.commands import chosen_settings
from tableguard.errors import PolicyError
from tableguard.iam import claims
from tableguard.iam.documents import Values
from tableguard.prove import (
    difference,
    difference_report,
    explanation,
    foreign,
    foreign_claims,
    preflight_report,
    promises,
    report,
    together,
)
from tableguard.prove import preflight as preflights
from tableguard.prove.promises import Answer, answers
from tableguard.prove.question import Scope
from tableguard.settings import Settings

FINE, FINDINGS = 0, 1


def prove(options: argparse.Namespace) -> int:
    """Prove the promises of the shipped documents, or those of a claims file about anybody's documents."""
    if (options.policies is None) != (options.claims is None):
        raise PolicyError("--policies and --claims go together: documents, and what is claimed of them")
    settings = chosen_settings(options)
    found = tuple(_foreign(options, settings) if options.policies else _shipped(settings))
    if options.sarif:
        print(report.sarif(report.findings(found, "" if options.policies else "policies/")))
    elif options.json:
        print(report.as_json(found))
    else:
        print(report.text(found, options.tables))
    return report.exit_code(found)


def _shipped(settings: Settings) -> list[Answer]:
    each = [answer for claim in claims.load_all() for answer in answers(claim, settings)]
    return [*each, *together.answers(settings)]


def _foreign(options: argparse.Namespace, settings: Settings) -> list[Answer]:
    asked = foreign_claims.load(options.claims, settings)
    return list(foreign_claims.answers(asked, _collected(options.policies, asked.filling, asked.kind)))


def _collected(path: Path, values: Values, kind: str) -> Sequence[foreign.Found]:
    collection = foreign.read(path, values, kind)
    for other in collection.others:
        print(f"{other}: no policy document, left out", file=sys.stderr)
    return collection.found


def explain(options: argparse.Namespace) -> int:
    """Say what every layer says to one request, and what AWS decides; 1 if it is denied."""
    settings = chosen_settings(options)
    asked = explanation.Asked(
        options.principal, options.action, options.resource, options.region, explanation.context(options.context)
    )
    found = explanation.explained(asked, settings)
    if options.sarif:
        print(report.sarif(explanation.findings(found)))
    else:
        print(json.dumps(found.facts(), indent=2, ensure_ascii=False) if options.json else found.text())
    return FINE if found.decision.allowed else FINDINGS


def diff(options: argparse.Namespace) -> int:
    """Say what a change of policies newly allows and newly denies; 1 if it allows something that was denied."""
    settings = chosen_settings(options)
    asked = foreign_claims.ForeignClaims("", (), settings, options.kind)
    old, new = (
        foreign_claims.world(_collected(path, asked.filling, options.kind), settings)
        for path in (options.old, options.new)
    )
    scope = Scope(promises.EVERYTHING, "anyone", promises.estate(settings))
    found = difference.difference(old, new, scope)
    if options.sarif:
        print(report.sarif(difference_report.findings(found, str(options.new))))
    else:
        print(difference_report.as_json(found) if options.json else difference_report.text(found))
    return difference_report.exit_code(found)


def preflight(options: argparse.Namespace) -> int:
    """Say which SCPs stop the deployer from making which resources of which stack; 1 if one certainly does."""
    settings = chosen_settings(options)
    scps = None
    if options.policies:
        scps = _collected(options.policies, foreign_claims.ForeignClaims("", (), settings).filling, "scp")
    found = preflights.preflight(settings, options.stack, scps)
    if options.sarif:
        print(report.sarif(preflight_report.findings(found)))
    else:
        print(preflight_report.as_json(found) if options.json else preflight_report.text(found))
    return preflight_report.exit_code(found)
