"""Read policies/config_exceptions.toml: what may break a rule on a fresh estate, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tableguard.compliance.judgement import Evaluation
from tableguard.errors import ComplianceError
from tableguard.paths import POLICIES
from tableguard.reading import placeholders
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, read_toml

FILE = POLICIES / "config_exceptions.toml"


@dataclass(frozen=True)
class AcceptedBreach:
    """A resource that may break a managed rule, by its name or a pattern of it, and the reason.

    `stack` is the optional one that makes the resource, if one does.
    """

    rule: str
    resource: str
    reason: str
    stack: str = ""

    def covers(self, evaluation: Evaluation) -> bool:
        """Tell whether this is about a rule and resource."""
        return evaluation.rule.identifier == self.rule and fnmatchcase(evaluation.item.label, self.resource)


def load(values: Values, path: Path = FILE) -> tuple[AcceptedBreach, ...]:
    """Return the exceptions, filled; ComplianceError names file, key and what is accepted."""
    place = path.name
    table = Table(place, placeholders.fill(read_toml(path), values, place), ComplianceError)
    entries = table.take("exception", "tables of rule, resource and reason", lambda value: isinstance(value, list))
    table.close()
    return tuple(
        _breach(Table(f"{place}: exception {number}", entry, ComplianceError))
        for number, entry in enumerate(entries, 1)
    )


def _breach(table: Table) -> AcceptedBreach:
    breach = AcceptedBreach(
        table.text("rule"), table.text("resource"), table.text("reason"), table.text("stack", default="")
    )
    table.close()
    return breach


def reason_for(evaluation: Evaluation, breaches: Iterable[AcceptedBreach]) -> str:
    """Return why a resource may break a rule, empty where nothing says so."""
    return next((breach.reason for breach in breaches if breach.covers(evaluation)), "")
