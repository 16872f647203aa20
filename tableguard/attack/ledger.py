"""The ledger of attempts: a verdict on each outcome, as people, programs and code scanning read it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from tableguard.attack.attempt import Attempt
from tableguard.attack.catalogue import FOLDER
from tableguard.attack.outcome import AttemptOutcome
from tableguard.attack.principals import PRINCIPALS
from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.findings.outcome import Unanswered
from tableguard.paths import POLICIES, from_here
from tableguard.reading.line_numbers import line_with

Verdict = Literal[
    "prevented and seen",
    "prevented",
    "done by design, and seen",
    "done by design, unseen for a reason",
    "BROKEN: a claim covers it, and it was done",
    "UNSEEN: it was done, and nobody was told",
    "not asked",
]
PREVENTED_SEEN: Verdict = "prevented and seen"
PREVENTED: Verdict = "prevented"
ANNOUNCED: Verdict = "done by design, and seen"
EXCUSED: Verdict = "done by design, unseen for a reason"
BROKEN: Verdict = "BROKEN: a claim covers it, and it was done"
UNSEEN: Verdict = "UNSEEN: it was done, and nobody was told"
NOT_ASKED: Verdict = "not asked"

_RULES: Mapping[Verdict, tuple[str, str]] = {
    BROKEN: ("broken-claim", "mend the document, or say in the attempt why no claim excludes it"),
    UNSEEN: ("unseen-attempt", "write a detection, or say in the attempt why nobody need be told"),
}


def problem(outcome: AttemptOutcome) -> str:
    """Return why an outcome says nothing about the claim: the attempt failed otherwise, or is written wrongly."""
    attempt = outcome.attempt
    if outcome.error:
        return outcome.error
    if outcome.prevented and attempt.uncovered:
        return f"nothing is claimed to refuse it, and {outcome.prevented} does: say so in the attempt"
    if attempt.unseen and outcome.sightings:
        return f"nobody is said to be told, and {outcome.sightings[0].detection} tells: delete the key `unseen`"
    return ""


def verdict(outcome: AttemptOutcome) -> Verdict:
    """Return what an outcome comes to."""
    attempt = outcome.attempt
    if problem(outcome):
        return NOT_ASKED
    if outcome.prevented:
        return PREVENTED_SEEN if outcome.sightings else PREVENTED
    if attempt.claimed:
        return BROKEN
    if outcome.sightings:
        return ANNOUNCED
    return EXCUSED if attempt.unseen else UNSEEN


@dataclass(frozen=True)
class Ledger(Report):
    """Every outcome, in the order of the attempts."""

    outcomes: tuple[AttemptOutcome, ...]

    @property
    def exit_code(self) -> int:
        """Return FINDINGS if a claim is broken or a success unseen, else UNANSWERED if one was not asked, else FINE."""
        verdicts = set(map(verdict, self.outcomes))
        if verdicts & _RULES.keys():
            return FINDINGS
        return UNANSWERED if NOT_ASKED in verdicts else FINE

    def text(self) -> str:
        """Write a line for each attempt, by area, and the counts."""
        lines: list[str] = []
        for area, outcomes in groupby(self.outcomes, key=lambda outcome: outcome.attempt.area):
            lines += ["", area, *map(_line, outcomes)]
        return "\n".join([*lines[1:], *self._problems(), "", self.summary()])

    def summary(self) -> str:
        """Write the counts in one line."""
        verdicts = Counter(map(verdict, self.outcomes))
        counts = ", ".join(f"{verdicts[kind]} {kind}" for kind in _ORDER if verdicts[kind])
        return f"{counted(len(self.outcomes), 'attempt')}: {counts}" if counts else "no attempts"

    def facts(self) -> Mapping[str, Any]:
        """Return each outcome with its verdict, and the counts."""
        return {"attempts": list(map(_facts, self.outcomes)), "counts": Counter(map(verdict, self.outcomes))}

    @property
    def findings(self) -> Sequence[Finding]:
        """Return broken claims and unseen attempts, at the attempt's line."""
        return [finding for outcome in self.outcomes for finding in _findings(outcome)]

    @property
    def unanswered(self) -> Sequence[Unanswered]:
        """Return the attempts that were not made as they are written."""
        problems = ((outcome.attempt.id, problem(outcome)) for outcome in self.outcomes)
        return [Unanswered(name, "attack", why) for name, why in problems if why]

    def _problems(self) -> Iterator[str]:
        yield from (f"not asked: {question.place}: {question.problem}" for question in self.unanswered)


_ORDER: tuple[Verdict, ...] = (PREVENTED_SEEN, PREVENTED, ANNOUNCED, EXCUSED, BROKEN, UNSEEN, NOT_ASKED)
# a verdict in as few letters as a line of the terminal has room for
_MARKS: Mapping[Verdict, str] = {
    PREVENTED_SEEN: "prevented, seen",
    PREVENTED: "prevented",
    ANNOUNCED: "done, seen",
    EXCUSED: "done, unseen",
    BROKEN: "BROKEN",
    UNSEEN: "UNSEEN",
    NOT_ASKED: "NOT ASKED",
}


def _line(outcome: AttemptOutcome) -> str:
    """Write who tried what, what came of it, which statement refused it, and who was told."""
    attempt, refused = outcome.attempt, outcome.prevented
    tried = f"{attempt.id} ({attempt.by})"
    by = f"by {refused.statement or refused.document}" if refused else ""
    teller = f"told by {seen(outcome)}" if outcome.sightings else ""
    return f"  {_MARKS[verdict(outcome)]:<15}  {tried:<60}  {'; '.join(filter(None, (by, teller)))}".rstrip()


def seen(outcome: AttemptOutcome) -> str:
    """Write the first detection that told of an attempt, when, and how many there were besides."""
    if not outcome.sightings:
        return ""
    first = min(outcome.sightings, key=lambda sighting: sighting.seconds)
    others = len({sighting.detection for sighting in outcome.sightings}) - 1
    return f"{first.detection} after {first.seconds:.0f} s" + (f", and {others} more" if others else "")


def described(attempt: Attempt) -> dict[str, Any]:
    """Return what is tried, as a value for JSON."""
    return {
        "id": attempt.id,
        "area": attempt.area,
        "by": attempt.by,
        "principal": PRINCIPALS[attempt.by],
        "says": attempt.says,
        "attack": list(attempt.attack),
        "catalogue": list(attempt.catalogue),
        "calls": [f"{step.service}:{step.operation}" for step in attempt.steps],
    }


def _facts(outcome: AttemptOutcome) -> dict[str, Any]:
    attempt = outcome.attempt
    return {
        **described(attempt),
        "prevented": asdict(outcome.prevented) if outcome.prevented else None,
        "detected": [asdict(sighting) for sighting in outcome.sightings],
        "uncovered": attempt.uncovered,
        "unseen": attempt.unseen,
        "verdict": verdict(outcome),
        "problem": problem(outcome),
    }


def _findings(outcome: AttemptOutcome) -> Iterator[Finding]:
    attempt, judged = outcome.attempt, verdict(outcome)
    if judged not in _RULES:
        return
    rule, remedy = _RULES[judged]
    file, text = _place(attempt)
    line = line_with(file.read_text(encoding="utf-8"), text)
    sentence = f"{PRINCIPALS[attempt.by]} {attempt.says}: {judged.partition(': ')[2]}"
    yield Finding(rule, str(from_here(file)), f"attempt {attempt.id}", line, sentence, remedy)


def _place(attempt: Attempt) -> tuple[Path, str]:
    """Return the file that an attempt is written in, and a text of its line: a sequence has that of its goal."""
    if attempt.goal:
        return POLICIES / "together.toml", f"[goals.{attempt.goal}]"
    return FOLDER / f"{attempt.area}.toml", f'id = "{attempt.id}"'
