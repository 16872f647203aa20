"""Read policies/attempts: one TOML file an area, each with attempts, their <placeholders> unfilled.

policies/attempts/README.md says what a file holds.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tableguard.attack.attempt import OWN_POLICY, AttackStep, Attempt
from tableguard.attack.principals import PRINCIPALS
from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.reading.toml_table import Table, read_toml, refuse_repetition

FOLDER = POLICIES / "attempts"

_NAME = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
_CALL = r"[a-z0-9-]+:[A-Z][A-Za-z0-9]*"
_TECHNIQUE = r"T[0-9]{4}(\.[0-9]{3})?"
_CATALOGUE = r"D(0[1-9]|1[0-9]|2[0-5])"
_REFUSALS = ("statements", "document", "refused-with", "uncovered")


def load_all(folder: Path = FOLDER) -> tuple[Attempt, ...]:
    """Return the attempts of all files, area by area; PolicyError names file, attempt, key and what is accepted."""
    attempts = tuple(attempt for path in sorted(folder.glob("*.toml")) for attempt in load(path))
    refuse_repetition(folder.name, [attempt.id for attempt in attempts])
    return attempts


def load(path: Path) -> tuple[Attempt, ...]:
    """Return the attempts of one file."""
    place = f"{path.parent.name}/{path.name}"
    if not re.fullmatch(_NAME, path.stem):
        raise PolicyError(f"{place}: is not accepted as a name; accepted: words in lower case, joined by -")
    file = Table(place, read_toml(path))
    entries = file.tables("attempt")
    file.close()
    return tuple(
        _attempt(Table(_place(place, number, entry), entry), path.stem) for number, entry in _numbered(entries)
    )


def _numbered(entries: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(entries, start=1)


def _place(place: str, number: int, entry: dict[str, Any]) -> str:
    return f"{place}: attempt {entry.get('id', number)}"


def _attempt(table: Table, area: str) -> Attempt:
    statements = _statements(table)
    attempt = Attempt(
        id=table.text("id", pattern=_NAME, accepted="words in lower case, joined by -"),
        area=area,
        says=table.text("says"),
        by=table.choice("by", tuple(PRINCIPALS)),
        attack=table.distinct_texts("attack", _TECHNIQUE, "technique ids of MITRE ATT&CK, such as T1485"),
        catalogue=table.distinct_texts("catalogue", _CATALOGUE, "D01 to D25", ()),
        statements=statements,
        otherwise=table.text("otherwise", ""),
        document=_document(table),
        refused_with=table.text("refused-with", ""),
        uncovered=table.text("uncovered", ""),
        unseen=table.text("unseen", ""),
        steps=_steps(table),
    )
    table.close()
    _refuse_contradiction(table)
    return attempt


def _statements(table: Table) -> tuple[str, ...]:
    sids = table.distinct_texts("statements", r"Deny\w+", "Sids of statements that deny", ())
    for sid in sids:
        if sid not in _sids():
            raise PolicyError(f"{table.place_of('statements')}: no document under policies/ has a statement {sid!r}")
    return sids


@cache
def _documents() -> tuple[PolicyDocument, ...]:
    return documents.load_all()


@cache
def _sids() -> frozenset[str]:
    return frozenset(
        str(statement.get("Sid")) for document in _documents() for statement in document.document["Statement"]
    )


def _document(table: Table) -> str:
    choices = (OWN_POLICY, *(f"{document.kind}/{document.name}" for document in _documents()))
    return str(table.choice("document", choices, "")) if "document" in table.data else ""


def _refuse_contradiction(table: Table) -> None:
    claims = [key for key in _REFUSALS if key in table.data]
    if len(claims) != 1:
        raise PolicyError(
            f"{table.place}: accepted: one of {', '.join(_REFUSALS)}; given: {', '.join(claims) or 'none'}"
        )
    for key, needed in (("otherwise", "statements"), ("unseen", "uncovered")):
        if key in table.data and needed not in table.data:
            raise PolicyError(f"{table.place_of(key)}: belongs to {needed}, which is not there")


def _steps(table: Table) -> tuple[AttackStep, ...]:
    steps: list[AttackStep] = []
    for number, entry in _numbered(table.tables("steps")):
        step = _step(Table(f"{table.place}: step {number}", entry), tuple(former.takes for former in steps))
        steps.append(step)
    return tuple(steps)


def _step(table: Table, taken: tuple[str, ...]) -> AttackStep:
    call = table.text("call", pattern=_CALL, accepted="SERVICE:Operation, as the SDKs name both")
    service, _, operation = call.partition(":")
    step = AttackStep(
        service=service,
        operation=operation,
        parameters=table.table("with", {}),
        region=table.text("region", ""),
        who=table.choice("as", tuple(filter(None, taken)), "") if "as" in table.data else "",
        takes=table.text("takes", "", pattern=_NAME, accepted="a name for the credentials in the answer"),
        keeps=_keeps(table),
        times=table.number("times", 1, 1000, 1),
    )
    table.close()
    return step


def _keeps(table: Table) -> dict[str, str]:
    keeps = table.table("keeps", {})
    for name, path in keeps.items():
        if not re.fullmatch(_NAME, name) or not isinstance(path, str):
            raise PolicyError(
                f"{table.place_of('keeps')}: {name} = {path!r}; accepted: a name, and a path of the answer"
            )
    return keeps
