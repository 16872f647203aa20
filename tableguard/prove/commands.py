"""What `prove`, `explain`, `diff` and `preflight` do: read, ask, print."""

import argparse

from tableguard.commands import chosen_settings
from tableguard.iam import claims
from tableguard.prove import report
from tableguard.prove.promises import Answer, answers


def prove(options: argparse.Namespace) -> int:
    """Prove the promises of the shipped documents, or those of a claims file about anybody's documents."""
    found = tuple(_answers(options))
    if options.sarif:
        print(report.sarif(report.findings(found, "policies/")))
    elif options.json:
        print(report.as_json(found))
    else:
        print(report.text(found, options.tables))
    return report.exit_code(found)


def _answers(options: argparse.Namespace) -> list[Answer]:
    settings = chosen_settings(options)
    return [answer for claim in claims.load_all() for answer in answers(claim, settings)]
