"""Read policies/detections: one TOML file a detection, its <placeholders> filled from the settings.

policies/detections/README.md says what a file holds.
"""

import re
from pathlib import Path
from typing import Any

from tableguard.detect.detection import CHANNELS, SEVERITIES, STACKS, Calls, Conditions, Detection, Stack
from tableguard.detect.examples import example, flattened
from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.reading import placeholders
from tableguard.reading.controls import controls
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, is_text, read_toml

FOLDER = POLICIES / "detections"

_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")
_CALL = r"[A-Z][A-Za-z0-9]*\*?"
_COUNT = re.compile(r"[1-9][0-9]{0,7}")
_TERM = re.compile(r'\$\.[\w.\[\]]+ ((=|!=) "[^"]+"|< [0-9]+|NOT EXISTS|IS (TRUE|FALSE|NULL))')


def load_all(values: Values, folder: Path = FOLDER, stack: Stack | None = None) -> tuple[Detection, ...]:
    """Return the detections of a folder, or of it those of one stack: the most urgent first and then by name.

    Without an organization there is no management account, and nothing of it to watch.
    """
    loaded = [load(path, values) for path in sorted(folder.glob("*.toml"))]
    watched = STACKS if values.get("organization-id") != "" else ("audit",)
    detections = [detection for detection in loaded if detection.stack in watched and stack in (None, detection.stack)]
    return tuple(sorted(detections, key=lambda detection: SEVERITIES.index(detection.severity)))


def load(path: Path, values: Values) -> Detection:
    """Return one detection, filled; PolicyError names file, key and what is accepted."""
    place = f"{path.parent.name}/{path.name}"
    if not _NAME.fullmatch(path.stem):
        raise PolicyError(f"{place}: is not accepted as a name; accepted: words in lower case, joined by _")
    table = Table(place, placeholders.fill(read_toml(path), values, place))
    attack = table.texts("attack", _TECHNIQUE, "technique ids of MITRE ATT&CK, such as T1485 or T1078.004")
    detection = Detection(
        name=path.stem,
        sentence=table.text("sentence"),
        severity=table.choice("severity", SEVERITIES),
        attack=attack,
        no_attack="" if attack else table.text("no-attack"),
        channels=table.distinct_texts("channels", "|".join(CHANNELS), " and ".join(CHANNELS)),  # type: ignore[arg-type]
        calls=tuple(_calls(entry) for entry in _entries(table, "calls", optional=True)),
        conditions=_conditions(place, table.table("conditions")) if "conditions" in table.data else None,
        threshold=_threshold(table),
        examples=tuple(example(entry, values) for entry in _entries(table, "example")),
        controls=controls(table) if "controls" in table.data else (),
        stack=table.choice("stack", STACKS) if "stack" in table.data else "audit",
    )
    table.close()
    _refuse_unwatchable(place, detection)
    return detection


def _threshold(table: Table) -> int:
    """Return the threshold: a number, or the digits with which a placeholder was filled."""
    accepted = "a whole number from 1 to 99999999, or a placeholder"
    return int(table.take("threshold", accepted, lambda value: bool(_COUNT.fullmatch(str(value))), default=1))


def _entries(table: Table, key: str, optional: bool = False) -> list[Table]:
    return [
        Table(f"{table.place}: {key} {number}", entry)
        for number, entry in enumerate(table.tables(key, optional), start=1)
    ]


def _calls(table: Table) -> Calls:
    calls = Calls(
        service=table.text("service", pattern=r"[a-z0-9-]+", accepted="a service as in eventSource, such as dynamodb"),
        names=table.distinct_texts("names", _CALL, "names of calls (ending in *: prefixes of them)"),
        where=flattened(table.table("where", {})),
    )
    table.close()
    for path, value in calls.where:
        if not is_text(value) and not isinstance(value, bool):
            raise PolicyError(f"{table.place}: where: {path}: {value!r} is not accepted; accepted: a text or a Boolean")
    return calls


def _conditions(place: str, fields: dict[str, Any]) -> Conditions:
    """Return a tree of conditions: a table with the one key `all` or `any`, and a list of terms or such tables."""
    match fields:
        case {"all": [_, *_] as terms} if len(fields) == 1:
            return Conditions("all", tuple(_term(place, term) for term in terms))
        case {"any": [_, *_] as terms} if len(fields) == 1:
            return Conditions("any", tuple(_term(place, term) for term in terms))
    raise PolicyError(f"{place}: conditions: {fields!r} is not accepted; accepted: all = […] or any = […], not empty")


def _term(place: str, term: object) -> str | Conditions:
    if isinstance(term, dict):
        return _conditions(place, term)
    if isinstance(term, str) and _TERM.fullmatch(term):
        return term
    raise PolicyError(
        f"{place}: conditions: {term!r} is not accepted; accepted: a condition of a metric filter, such as "
        '$.errorCode = "AccessDenied", or a table of all or any'
    )


def _refuse_unwatchable(place: str, detection: Detection) -> None:
    """Refuse a detection that a channel of its own cannot express."""
    if not detection.calls and detection.conditions is None:
        raise PolicyError(f"{place}: calls: missing; accepted: [[calls]] sections, [conditions], or both")
    if "event pattern" in detection.channels and (detection.conditions or detection.threshold > 1):
        raise PolicyError(
            f"{place}: channels: an event pattern is made of calls alone and cannot count; accepted beside "
            "conditions or a threshold: metric filter"
        )
