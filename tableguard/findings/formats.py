"""The three formats of every report: text for people, JSON for programs, SARIF 2.1.0 for code scanning.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from tableguard import __version__
from tableguard.errors import CheckError
from tableguard.findings.exit_code import UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Skip, Unanswered
from tableguard.paths import from_here

Format = Literal["text", "json", "sarif"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Report(ABC):
    """The answer of a command; each format is made only when it is written."""

    @property
    @abstractmethod
    def exit_code(self) -> int:
        """Return FINE, FINDINGS or UNANSWERED."""

    @abstractmethod
    def text(self) -> str:
        """Return the lines that people read."""

    @abstractmethod
    def facts(self) -> Mapping[str, Any]:
        """Return the same facts as a value for JSON."""

    @property
    @abstractmethod
    def findings(self) -> Sequence[Finding]:
        """Return everything that is wrong."""

    @property
    def skips(self) -> Sequence[Skip]:
        """Return the rules that a file asks not to be held to."""
        return ()

    @property
    def unanswered(self) -> Sequence[Unanswered]:
        """Return the questions that no engine answered."""
        return ()


def chosen(as_json: bool, as_sarif: bool) -> Format:
    """Return the format of the options --json and --sarif; CheckError for both."""
    if as_json and as_sarif:
        raise CheckError("--json and --sarif are two formats; choose one")
    return "json" if as_json else "sarif" if as_sarif else "text"


def write(report: Report, form: Format) -> str:
    """Write a report in one of the formats, without a line feed at its end."""
    match form:
        case "text":
            return report.text()
        case "json":
            return as_json(report.facts())
        case "sarif":
            return as_json(_sarif(report))


def as_json(facts: Mapping[str, Any]) -> str:
    """Write facts as JSON: indented, and of ASCII alone, so that no terminal and no pipe can spoil it."""
    return json.dumps(facts, indent=2)


def _sarif(report: Report) -> dict[str, Any]:
    rules = _rules(report)
    results = [*map(_finding, report.findings), *map(_skip, report.skips)]
    places = {rule["id"]: index for index, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "tableguard", "version": __version__, "rules": rules}},
        "invocations": [_invocation(report)],
        "results": [{**result, "ruleIndex": places[result["ruleId"]]} for result in results],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(report: Report) -> list[dict[str, Any]]:
    """Describe each rule once, sorted by id, with its remedies, one a line."""
    remedies: dict[str, dict[str, None]] = {}
    for finding in report.findings:
        remedies.setdefault(finding.rule, {})[finding.remedy] = None
    ids = sorted({*remedies, *(skip.rule for skip in report.skips)})
    return [
        {
            "id": rule,
            "shortDescription": {"text": rule.replace("-", " ")},
            "help": {"text": "\n".join(remedies.get(rule, ("the file asks not to be held to this rule",)))},
        }
        for rule in ids
    ]


def _invocation(report: Report) -> dict[str, Any]:
    failures = [{"level": "error", "message": {"text": str(question)}} for question in report.unanswered]
    return {
        "executionSuccessful": report.exit_code != UNANSWERED,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": failures,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "level": finding.level,
        "message": {"text": f"{finding.problem}; {finding.remedy}"},
        "locations": [_location(finding)],
    }


def _skip(skip: Skip) -> dict[str, Any]:
    reason = skip.reason or "no reason given"
    return {
        "ruleId": skip.rule,
        "level": "none",
        "kind": "notApplicable",
        "message": {"text": f"skipped: {reason}"},
        "locations": [_location(skip)],
        "suppressions": [{"kind": "inSource", "justification": reason}],
    }


def _location(result: Finding | Skip) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(result.file)}}
    if result.line:
        physical["region"] = {"startLine": result.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if result.path:
        location["logicalLocations"] = [{"fullyQualifiedName": result.path}]
    return location


def _uri(file: str) -> str:
    """Return a URI that is relative for what lies below the working directory: scanners resolve it in the checkout."""
    path = from_here(Path(file))
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
