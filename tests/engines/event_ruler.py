"""Event Ruler, with which AWS matches event patterns: one process answers a whole list of questions."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.paths import ROOT
from tests.engines.absence import needs

_LIBRARIES = ROOT / ".engines" / "event-ruler" / "lib"
_PROGRAM = Path(__file__).with_name("EventRuler.java")

needs_event_ruler = needs(
    "Event Ruler",
    shutil.which("java") is not None and any(_LIBRARIES.glob("event-ruler-*.jar")),
    "scripts/engines/event-ruler installs it",
)


@dataclass(frozen=True)
class Question:
    """A pattern, as text, and the events that it may match."""

    pattern: str
    events: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """Why the pattern is refused, or which of the events it matches, in their order."""

    refusal: str | None
    matches: tuple[bool, ...]


def ask(questions: Sequence[Question]) -> list[Answer]:
    """Return Event Ruler's answer to each question; starting it takes a second."""
    done = subprocess.run(
        [shutil.which("java") or "java", "-cp", os.fspath(_LIBRARIES / "*"), os.fspath(_PROGRAM)],
        input="".join(_line(question) for question in questions),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(questions)
    return [Answer(answer.get("refusal"), tuple(answer.get("matches", ()))) for answer in answers]


def _line(question: Question) -> str:
    # events as texts: parsed to a tree, a number such as 1.0 would lose how it was written
    return json.dumps({"pattern": question.pattern, "events": [json.dumps(event) for event in question.events]}) + "\n"
