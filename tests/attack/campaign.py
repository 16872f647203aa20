"""Cases one after the other: the prover is asked about each, its answer is attacked, and what came of it is counted."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

import pytest

from tableguard.policy.evaluate import Request
from tableguard.prove.engine import context_values, enumeration, resources
from tableguard.prove.engine.dominance import sets, texts
from tableguard.prove.engine.prover import Proof, prove
from tests.attack.cases import AttackCase
from tests.attack.generator import attack_case
from tests.attack.requests import Answer, Attacker, can_be, can_exist, completed, judged

NOTHING_IN_SCOPE = "no request is within the scope"
TOO_MANY = "too many"  # the beginning of reasons: a counterexample was looked for before such an answer
# what a request may not be after an answer
WRONG: Mapping[str, tuple[Answer, ...]] = {
    "proved": ("contradicts", "undefined"),
    NOTHING_IN_SCOPE: ("holds", "contradicts", "undefined"),
    TOO_MANY: ("contradicts",),
}
EXAMPLES = 8  # of a proof's classes that requests begin from
# beyond which classes are left out that another one stands for; a narrow case has none
LIMITS = (
    (enumeration, "FEW_CLASSES"),
    (enumeration, "MOST_JOINED"),
    (resources, "FEW_RESOURCES"),
    (sets, "FEW_SETS"),
    (texts, "FEW_STATES"),
)


@dataclass(frozen=True)
class Effort:
    """How many requests are made against one answer."""

    random: int = 30
    climbs: int = 4
    steps: int = 60


EFFORT = Effort()


@dataclass(frozen=True)
class Contradiction:
    """A case that the prover answered wrongly, what is wrong, and the request that shows it."""

    case: AttackCase
    wrong: str
    request: Request | None = None

    def __str__(self) -> str:
        return f"{self.wrong}\n{self.case}\n{self.request}"


@dataclass
class Tally:
    """What came of the cases so far."""

    cases: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    covered: int = 0
    contradictions: list[Contradiction] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")

    def __str__(self) -> str:
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in self.verdicts.most_common())
        lines = [
            f"{self.cases} promises: {verdicts}",
            f"{self.requests} requests, {self.covered} of them within the scope of a promise",
            f"{len(self.contradictions)} contradictions",
            *(f"not proved, {reason}: {count}" for reason, count in self.reasons.most_common()),
            f"slowest: {self.slowest[0]:.1f} s, seed {self.slowest[1]}",
        ]
        return "\n".join(lines)


@contextmanager
def limits_of(case: AttackCase) -> Iterator[None]:
    """Have the prover leave out classes as early as the case says."""
    with pytest.MonkeyPatch.context() as patch:
        if case.narrow:
            for module, limit in LIMITS:
                patch.setattr(module, limit, 0)
            forget()
        yield
    if case.narrow:
        forget()


def forget() -> None:
    """Empty what the prover remembers that hangs on its limits."""
    resources._arns.cache_clear()
    context_values._choices.cache_clear()


def proof_of(case: AttackCase) -> Proof:
    """Ask the prover."""
    with limits_of(case):
        return prove(case.question)


Requests = Callable[[Proof], Iterable[Request]]


def examined(case: AttackCase, requests: Requests, tally: Tally | None = None) -> Contradiction | None:
    """Return what is wrong with the prover's answer about a case, as some requests show; None if nothing is."""
    tally = Tally() if tally is None else tally
    tally.cases += 1
    begun = time.perf_counter()
    try:
        proof = proof_of(case)
    except (ArithmeticError, LookupError, ValueError, TypeError, AttributeError) as error:
        return Contradiction(case, f"the prover ends with {type(error).__name__}")
    tally.slowest = max(tally.slowest, (time.perf_counter() - begun, case.seed))
    tally.verdicts[proof.verdict] += 1
    if proof.verdict == "not proved":
        tally.reasons[kind_of(proof.reason)] += 1
    if proof.verdict == "refuted":
        return _wrong_counterexample(case, proof)
    for request in requests(proof) if _can_be_wrong(proof) else ():
        tally.requests += 1
        answer = judged(case, request)
        tally.covered += answer != "outside"
        if answer in WRONG[_claim(proof)]:
            return Contradiction(case, f"{_claim(proof)}, and a request {answer}", request)
    return None


def _claim(proof: Proof) -> str:
    return "proved" if proof.verdict == "proved" else kind_of(proof.reason).partition(":")[0]


def _can_be_wrong(proof: Proof) -> bool:
    """Return True if a request can show that an answer is wrong: one that is no verdict may have good reasons."""
    return _claim(proof) in WRONG


def _wrong_counterexample(case: AttackCase, proof: Proof) -> Contradiction | None:
    request = proof.counterexample
    if request is None:
        return Contradiction(case, "refuted without a request")
    answer = judged(case, request)
    if answer != "contradicts":
        return Contradiction(case, f"refuted by a request that {'is ' * (answer != 'holds')}{answer}", request)
    if not can_exist(request):
        return Contradiction(case, "refuted by a request that cannot be", request)
    if not can_be(case, request.principal):
        return Contradiction(case, "refuted by a caller that the promise is not about", request)
    return None


class Campaign:
    """Attacks cases, each with so much effort, and keeps the tally."""

    def __init__(self, effort: Effort = EFFORT) -> None:
        self.effort = effort
        self.tally = Tally()

    def attack(self, case: AttackCase) -> Contradiction | None:
        """Return what is wrong with the prover's answer about a case; None if nothing was found."""
        contradiction = examined(case, lambda proof: self._requests(case, proof), self.tally)
        if contradiction is not None:
            self.tally.contradictions.append(contradiction)
        return contradiction

    def _requests(self, case: AttackCase, proof: Proof) -> Iterator[Request]:
        attacker = Attacker(case, Random(f"requests {case.seed}"))  # noqa: S311  # the same requests again are wanted
        if not attacker.can_ask:
            return
        for _ in range(self.effort.random):
            yield attacker.random_request()
        examples = [completed(row.example) for row in proof.rows]
        begin = attacker.random.sample(examples, min(len(examples), EXAMPLES))
        for request in (*(attacker.random_request() for _ in range(self.effort.climbs)), *begin):
            yield from attacker.climb(request, self.effort.steps)


_REASONS = (
    ("classes of requests", f"{TOO_MANY}: classes of requests"),
    ("classes of resources", f"{TOO_MANY}: classes of resources"),
    ("states are needed", f"{TOO_MANY}: states of patterns"),
    ("different values", f"{TOO_MANY}: sets of values"),
    (NOTHING_IN_SCOPE, NOTHING_IN_SCOPE),
    ("wildcard before its variable", "a variable behind a wildcard"),
    ("has a variable too", "variables in texts that begin alike"),
    ("too many texts together", "variables in too many texts together"),
    ("own keys are", "keys that are compared in a circle"),
    ("the promise is not about texts", "a key compared in two ways"),
    ("others are compared with", f"{TOO_MANY}: values of keys that others are compared with"),
    ("compared with each other", f"{TOO_MANY}: classes of keys that are compared with each other"),
    ("which of ForAnyValue", "ForAnyValue with IfExists on an absent key"),
    ("ForAllValues or ForAnyValue", "several values without a set operator"),
    ("is not a number", "a text that is no number"),
    ("is neither an ISO", "a text that is no date"),
)


def kind_of(reason: str) -> str:
    """Return the kind of a reason why something is not proved."""
    return next((kind for text, kind in _REASONS if text in reason), re.sub(r"[0-9]+", "N", reason)[:100])


def cases(seed: int, profiles: Iterable[str]) -> Iterator[AttackCase]:
    """Yield cases without end, of each profile in turn."""
    names, number = tuple(profiles), 0
    while True:
        yield attack_case(f"{seed}-{number}", names[number % len(names)])
        number += 1
