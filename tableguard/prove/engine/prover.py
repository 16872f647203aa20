"""The answer to a question over all requests: proved, refuted by a request, or the reason why neither.

The evaluator decides one request of each class; no decision is taken anywhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.worlds import statement_alone
from tableguard.prove.engine.enumeration import Enumeration, readability
from tableguard.prove.engine.question import Placed, Question, sorted_out

Verdict = Literal["proved", "refuted", "not proved"]


@dataclass(frozen=True)
class Row:
    """Requests that the same reason decides: how many classes of them, and an example."""

    allowed: bool
    because: str
    classes: int
    example: Request


@dataclass(frozen=True)
class Proof:
    """The verdict on a question; a refutation has the request, what is not proved the reason.

    `classes` were decided; `combinations` of classes of callers, resources and keys lead to them.
    """

    question: Question
    verdict: Verdict
    rows: tuple[Row, ...] = ()
    classes: int = 0
    combinations: int = 0
    counterexample: Request | None = None
    decision: Decision | None = None
    reason: str = ""


def prove(question: Question) -> Proof:
    """Whether every request of the question gets what it must."""
    try:
        return _Search(question).proof()
    except PolicyError as error:
        return Proof(question, "not proved", reason=str(error))


def fails(question: Question, since: World | None = None) -> bool:
    """Whether some request of the question does not get what it must; the first one that is found is enough.

    What is known to hold in the world `since` is asked only of requests that the changed statements speak of.
    """
    return not all(_Search(question, since).fulfilled())


class _Search:
    def __init__(self, question: Question, since: World | None = None) -> None:
        self.question = question
        self.decided: list[tuple[Request, Decision]] = []
        self.denials = Denials(question.world)
        self.undecided = ""
        settles = self._settles if question.wanted == "denied" else None
        self.sorted = sorted_out(question.world if since is None else since, question.world)
        looked_at = (lambda covering: True) if since is None else self.sorted.concerns
        self.enumeration = Enumeration(question.scope, self.sorted.all, settles, looked_at)

    def proof(self) -> Proof:
        fulfilled = list(self.fulfilled())
        if not all(fulfilled):
            wrong = [each for each in self.decided if not self._is_wanted(each[1])]
            request, decision = min(wrong, key=lambda each: readability(each[0]))
            return self._proof("refuted", counterexample=request, decision=decision)
        if self.undecided:
            return self._proof("not proved", reason=self.undecided)
        if not self.decided:
            return self._proof("not proved", reason="no request is within the scope: the promise says nothing")
        return self._proof("proved")

    def fulfilled(self) -> Iterator[bool]:
        """For each class of requests, whether it gets what is wanted; all decisions are kept."""
        for request in self.enumeration.requests():
            try:
                decision = decide(self.question.world, request)
            except PolicyError as error:
                self.undecided = self.undecided or f"{request.action} on {request.resource}: {error}"
            else:
                self.decided.append((request, decision))
                yield self._is_wanted(decision)

    def _is_wanted(self, decision: Decision) -> bool:
        return decision.allowed == (self.question.wanted == "allowed")

    def _proof(self, verdict: Verdict, **more: Any) -> Proof:
        combinations = self.enumeration.combinations
        return Proof(self.question, verdict, _rows(self.decided), len(self.decided), combinations, **more)

    def _settles(self, certain: tuple[Placed, ...], mark: tuple[Any, ...], request: Request) -> bool:
        there = tuple(each for each in certain if each not in self.sorted.gone)
        decision = self.denials.by(there, mark, request)
        if decision is not None:
            self.decided.append((request, decision))
        return decision is not None


class Denials:
    """Which statements of a world deny a request by themselves, whatever the others say."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.known: dict[tuple[Placed, tuple[Any, ...]], Decision | None] = {}

    def by(self, matching: tuple[Placed, ...], mark: tuple[Any, ...], request: Request) -> Decision | None:
        """The denial by one of the statements that match; `mark` tells apart what layers have a say."""
        denials = (self._denial(each, mark, request) for each in matching if each.statement.effect == "Deny")
        return next((decision for decision in denials if decision is not None), None)

    def _denial(self, placed: Placed, mark: tuple[Any, ...], request: Request) -> Decision | None:
        if placed.layer is not None and (placed, mark) not in self.known:
            decision = decide(statement_alone(placed.layer, placed.policy, placed.statement, self.world), request)
            self.known[placed, mark] = decision if any(each.effect == "Deny" for each in decision.because) else None
        return self.known.get((placed, mark))


def _rows(decided: list[tuple[Request, Decision]]) -> tuple[Row, ...]:
    """What was decided, by reason: the table that an auditor reads."""
    found: dict[tuple[bool, str], list[Request]] = {}
    for request, decision in decided:
        found.setdefault((decision.allowed, "; ".join(map(str, decision.because))), []).append(request)
    return tuple(
        Row(allowed, because, len(requests), min(requests, key=readability))
        for (allowed, because), requests in sorted(found.items())
    )
