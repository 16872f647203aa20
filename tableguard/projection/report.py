"""What was found and done, as lines or as JSON; nothing in it is the text of a message."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tableguard.projection.drift import Drift, Kind
from tableguard.projection.repair import Outcome
from tableguard.projection.survey import Survey


@dataclass(frozen=True)
class Finding:
    """Something wrong, and what became of it; None where nothing was to be done."""

    drift: Drift
    outcome: Outcome | None = None

    def line(self) -> str:
        """One line, never with a control character: names come from the table."""
        drift = self.drift
        became = f" [{self.outcome.value}]" if self.outcome else ""
        parts = (drift.kind.name.lower(), drift.group_uuid, drift.user_uuid, drift.detail)
        text = "  ".join(part for part in parts if part) + became
        return "".join(letter if letter.isprintable() else "?" for letter in text)

    def facts(self) -> dict[str, str]:
        """The same for a program."""
        drift = self.drift
        outcome = {"outcome": self.outcome.name.lower()} if self.outcome else {}
        return {
            "kind": drift.kind.name.lower(),
            "group": drift.group_uuid,
            "user": drift.user_uuid,
            "detail": drift.detail,
            **outcome,
        }


def text(findings: Iterable[Finding], survey: Survey) -> str:
    """One line a finding, then each kind with its number and meaning, then what it took."""
    found = list(findings)
    lines = [finding.line() for finding in found]
    kinds = Counter(finding.drift.kind for finding in found)
    lines += [f"{kinds[kind]} {kind.name.lower()}: {kind.value}" for kind in Kind if kinds[kind]]
    outcomes = Counter(finding.outcome for finding in found if finding.outcome)
    lines += [f"{outcomes[outcome]} {outcome.value}" for outcome in Outcome if outcomes[outcome]]
    looked = f"{survey.groups} groups and {survey.rows} rows looked at, {survey.reader.cost.units:g} read units"
    return "\n".join([*lines, f"{looked}: {len(found) or 'no'} drift"])


def as_json(findings: Iterable[Finding], survey: Survey) -> str:
    """The same facts for a program."""
    found = list(findings)
    facts = {
        "groups": survey.groups,
        "rows": survey.rows,
        "read_units": survey.reader.cost.units,
        "drift": Counter(finding.drift.kind.name.lower() for finding in found),
        "findings": [finding.facts() for finding in found],
    }
    return json.dumps(facts, indent=2, sort_keys=True)
