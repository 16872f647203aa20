"""Transcripts of AWS CLI commands: who runs which, and what the answer must be.

    # a comment
    administrator: dynamodb list-tables --query TableNames
      ok ["cruddur-messages"]
    application: dynamodb scan --table-name cruddur-messages
      denied: no VPC endpoint policy allows

The first answer is AWS's. One marked [moto], [dynamodb-local] or [both] is what is answered here instead.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.clients.aws_cli import Answer

FOLDER = Path(__file__).with_name("transcripts")
NAMES = tuple(sorted(file.stem for file in FOLDER.glob("*.txt")))
Kind = Literal["ok", "error", "denied", "not modelled", "cannot decide", "usage", "leaves"]
KINDS: tuple[Kind, ...] = ("ok", "error", "denied", "not modelled", "cannot decide", "usage", "leaves")
IN_WORDS, UNSENT = ("not modelled", "cannot decide"), ("usage", "leaves")
_LINE = re.compile(rf"(?:\[([a-z-]+)\] )?({'|'.join(KINDS)})(?: as (\w+))?:?(?: (.*))?")
_CODE = re.compile(r"An error occurred \(([\w.]+)\) when calling")
_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403")
_UNREADABLE = re.compile(r"Traceback|<html|<!doctype|InternalFailure|EmbeddedAwsFailed", re.IGNORECASE)


@dataclass(frozen=True)
class Expected:
    """What must come of a command: its kind, and text that the answer contains; `name` keeps the output."""

    kind: Kind
    text: str = ""
    name: str = ""


@dataclass(frozen=True)
class Call:
    """A command, by whom, and its answer from each engine."""

    who: str
    command: str
    answers: Mapping[str, Expected]  # AWS's under the empty name, others under the engine's

    def expected(self, engine: str) -> Expected:
        """Return what one engine answers."""
        return self.answers.get(engine) or self.answers.get("both") or self.answers[""]

    def differs(self, engine: str) -> bool:
        """Return whether an engine answers otherwise than AWS, and not with a refusal in words."""
        expected = self.expected(engine)
        in_words = expected.kind in IN_WORDS or "not modelled" in expected.text
        return expected != self.answers[""] and not in_words

    def arguments(self, values: Mapping[str, str]) -> list[str]:
        """Return the command line, with the values that its {names} stand for."""
        words = shlex.split(_filled(self.command, values))
        return ["--profile", self.who, *words]


def read(name: str) -> tuple[Call, ...]:
    """Read a transcript."""
    calls: list[Call] = []
    answers: dict[str, Expected] = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("  "):
            match = _LINE.fullmatch(line.strip())
            assert match, f"{name}: no answer is written so: {line}"
            engine, kind, keep, text = match.groups(default="")
            answers[engine] = Expected(kind, text, keep)  # type: ignore[arg-type]  # the pattern has the kinds alone
        elif line and not line.startswith("#"):
            who, _, command = line.partition(": ")
            answers = {}
            calls.append(Call(who, command, answers))
    return tuple(calls)


def differences(answer: Answer, expected: Expected, values: Mapping[str, str]) -> list[str]:
    """Return in what an answer is not the expected one; nothing that clients repeat or cannot read is an answer."""
    text = _squeezed(answer.out if expected.kind == "ok" else answer.err)
    wanted = _squeezed(_filled(expected.text, values))
    parts = wanted.partition(": ")[::2] if expected.kind == "error" else (wanted,)  # a code, and a part of the message
    kind = _kind(answer)
    return [
        *([f"is {kind}, not {expected.kind}"] if kind != expected.kind else []),
        *([f"does not say {wanted!r}"] if any(part not in text for part in parts) else []),
        *([f"statuses {answer.statuses}"] if any(status >= 500 for status in answer.statuses) else []),
        *([f"repeated {answer.retries} times"] if answer.retries else []),
        *(["is not readable"] if _UNREADABLE.search(answer.err) else []),
    ]


def undue_mark(call: Call, answer: Answer, engine: str, values: Mapping[str, str]) -> list[str]:
    """Return that an engine's mark must go, if it answers as AWS does by now."""
    of_aws = call.answers[""]
    marked = call.expected(engine) != of_aws
    return ["answers as AWS does: take its mark away"] if marked and not differences(answer, of_aws, values) else []


def _kind(answer: Answer) -> Kind:
    if answer.code == 0:
        return "ok"
    if "would go to" in answer.err:
        return "leaves"
    return _refusal(answer.err) if answer.statuses else "usage"


def _refusal(text: str) -> Kind:
    code = _CODE.search(text)
    if "cannot decide" in text:
        return "cannot decide"
    if code and code[1] == "NotModelled":
        return "not modelled"
    return "denied" if code and code[1] in _DENIED else "error"


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z_]+)\}", lambda name: values.get(name[1], name[0]), text)


def _squeezed(text: str) -> str:
    """Return a text without the line ends and indents of printed JSON."""
    return re.sub(r"(?<=[\[{]) | (?=[\]}])", "", re.sub(r"\s+", " ", text))


def row(name: str) -> str:
    """Return a transcript's row in docs/clients.md: how many commands, and how each engine answers them."""
    calls = read(name)
    return f"| {name} | {len(calls)} | {_ways(calls, 'moto')} | {_ways(calls, 'dynamodb-local')} |"


def _ways(calls: Sequence[Call], engine: str) -> str:
    """Return how many calls an engine answers as AWS does, refuses in words, answers otherwise, and never receives."""
    expected = [(call.expected(engine), call.differs(engine)) for call in calls]
    in_words = sum(answer.kind in IN_WORDS for answer, _ in expected)
    unsent = sum(answer.kind in UNSENT for answer, _ in expected)
    otherwise = sum(differs for _, differs in expected)
    return f"{len(calls) - in_words - unsent - otherwise}, {in_words}, {otherwise}, {unsent}"
