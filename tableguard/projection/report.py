"""Report drift and its repair as lines or as JSON, never with the text of a message."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tableguard.projection.drift import Drift, Kind
from tableguard.projection.repair import RepairOutcome
from tableguard.projection.survey import Survey


@dataclass(frozen=True)
class DriftResult:
    """Something wrong, and the outcome of its repair (None where nothing was to be repaired)."""

    drift: Drift
    outcome: RepairOutcome | None = None

    def line(self) -> str:
        """Return one line without control characters: names come from the table."""
        drift = self.drift
        outcome = f" [{self.outcome.value}]" if self.outcome else ""
        parts = (drift.kind.name.lower(), drift.group_uuid, drift.user_uuid, drift.detail)
        text = "  ".join(part for part in parts if part) + outcome
        return "".join(letter if letter.isprintable() else "?" for letter in text)

    def facts(self) -> dict[str, str]:
        """Return the same facts for JSON."""
        drift = self.drift
        outcome = {"outcome": self.outcome.name.lower()} if self.outcome else {}
        return {
            "kind": drift.kind.name.lower(),
            "group": drift.group_uuid,
            "user": drift.user_uuid,
            "detail": drift.detail,
            **outcome,
        }


def text(results: Sequence[DriftResult], survey: Survey) -> str:
    """Return one line a result, then each kind with its number and meaning, then how much was read."""
    lines = [result.line() for result in results]
    kinds = Counter(result.drift.kind for result in results)
    lines += [f"{kinds[kind]} {kind.name.lower()}: {kind.value}" for kind in Kind if kinds[kind]]
    outcomes = Counter(result.outcome for result in results if result.outcome)
    lines += [f"{outcomes[outcome]} {outcome.value}" for outcome in RepairOutcome if outcomes[outcome]]
    looked = f"{survey.groups} groups and {survey.rows} rows looked at, {survey.reader.cost.units:g} read units"
    return "\n".join([*lines, f"{looked}: {len(results) or 'no'} drift"])


def as_json(results: Sequence[DriftResult], survey: Survey) -> str:
    """Return the same facts as JSON."""
    facts = {
        "groups": survey.groups,
        "rows": survey.rows,
        "read_units": survey.reader.cost.units,
        "drift": Counter(result.drift.kind.name.lower() for result in results),
        "findings": [result.facts() for result in results],
    }
    return json.dumps(facts, indent=2, sort_keys=True)
