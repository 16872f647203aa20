"""The answer to a question over all requests: proved, refuted by a request, or the reason why neither.

The evaluator decides one request of each class; no decision is taken anywhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.worlds import statement_alone
from tableguard.prove.engine import callers, resources
from tableguard.prove.engine.dimension import Parties
from tableguard.prove.engine.dominance.aim import Aim, against
from tableguard.prove.engine.enumeration import Enumeration, readability
from tableguard.prove.engine.question import ALWAYS_PRESENT, LayeredStatement, Question, compare_statements
from tableguard.prove.engine.unproved import NotProvedError

# of a caller, a resource, or of every request
KEPT_KEYS = ALWAYS_PRESENT | callers.KEYS | resources.KEYS

_NOTHING = "no request is within the scope: the promise says nothing"

ENOUGH = 200  # classes, after which no shorter counterexample is looked for: some worlds take 0.1 s for each

Verdict = Literal["proved", "refuted", "not proved"]


@dataclass(frozen=True)
class Row:
    """Requests that the same reason decides: the number of their classes, and an example."""

    allowed: bool
    because: str
    classes: int
    example: Request


@dataclass(frozen=True)
class Proof:
    """The verdict on a question, with the request that refutes it, or the reason why it is not proved.

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

    @property
    def without_requests(self) -> bool:
        """Return True if no request is within the scope."""
        return self.reason == _NOTHING


def prove(question: Question) -> Proof:
    """Prove that every request of the question gets what it must, or refute it by one that does not."""
    try:
        return _Search(question).proof()
    except PolicyError as error:
        return Proof(question, "not proved", reason=str(error))


def fails(question: Question, since: World | None = None) -> bool:
    """Return True if some request of the question does not get what it must, at the first such request.

    Where the question holds in the world `since`, only requests that changed statements apply to are decided.
    NotProvedError if there is none among the classes that were found, and not all were.
    """
    search = _Search(question, since)
    if not all(search.fulfilled()):
        return True
    if search.enumeration.gaps:
        raise NotProvedError(search.enumeration.gaps[0])
    return False


def is_refuted_by(question: Question, request: Request) -> bool:
    """Return True if a request, by one of the question's callers, is within its scope and does not get what it must."""
    try:
        covered = question.scope.statement.matches(request.action, request.resource, request.keys())
        return covered and decide(question.world, request).allowed != (question.wanted == "allowed")
    except PolicyError:
        return False


class _Search:
    """The decisions about one request of each class of a question."""

    def __init__(self, question: Question, since: World | None = None) -> None:
        self.question = question
        self.decided: list[tuple[Request, Decision]] = []
        self.denials = Denials(question.world)
        self.undecided = ""
        settles = self._settles if question.wanted == "denied" else None
        self.changes = compare_statements(question.world if since is None else since, question.world)
        relevant = None if since is None else self.changes.concerns
        self.removed = frozenset(self.changes.removed)
        self.enumeration = Enumeration(question.scope, self.changes.all, settles, relevant, self._aim)

    def proof(self) -> Proof:
        refuted = False
        for fulfilled in self.fulfilled():
            refuted = refuted or not fulfilled
            if refuted and len(self.decided) > ENOUGH:
                break
        if refuted:
            wrong = ((request, decision) for request, decision in self.decided if not self._is_wanted(decision))
            request, _ = min(wrong, key=lambda pair: readability(pair[0]))
            shortest, decision = self._shortened(request)
            return self._proof("refuted", counterexample=shortest, decision=decision)
        undecided = [*([self.undecided] if self.undecided else []), *self.enumeration.gaps]
        if undecided:
            return self._proof("not proved", reason=undecided[0])
        if not self.decided:
            return self._proof("not proved", reason=_NOTHING)
        return self._proof("proved")

    def fulfilled(self) -> Iterator[bool]:
        """Yield for each class of requests True if it gets what is wanted; all decisions are kept."""
        for request in self.enumeration.requests():
            try:
                decision = decide(self.question.world, request)
                if not self._is_wanted(decision):
                    self._refuse_undefined_scope(request)
            except PolicyError as error:
                self.undecided = self.undecided or f"{request.action} on {request.resource}: {error}"
            else:
                self.decided.append((request, decision))
                yield self._is_wanted(decision)

    def _refuse_undefined_scope(self, request: Request) -> None:
        """Raise PolicyError if AWS does not say whether the promise's own condition holds of a request.

        Such a request cannot refute; that it gets what is wanted is part of a proof.
        """
        self.question.scope.statement.applies(request.resource, request.keys())

    def _shortened(self, request: Request) -> tuple[Request, Decision]:
        """Leave out of a counterexample every key without which it is still one, where a shorter class was passed over.

        Keys that every request carries, and what a caller or a resource brings with it, stay.
        """
        for key in sorted(request.context.keys() - KEPT_KEYS):
            without = replace(request, context={name: request.context[name] for name in request.context if name != key})
            if is_refuted_by(self.question, without):
                request = without
        return request, decide(self.question.world, request)

    def _aim(self, covering: tuple[LayeredStatement, ...]) -> Aim:
        effects = (None if layered in self.removed else layered.statement.effect for layered in covering)
        return against(self.question.wanted, effects)

    def _is_wanted(self, decision: Decision) -> bool:
        return decision.allowed == (self.question.wanted == "allowed")

    def _proof(self, verdict: Verdict, **details: Any) -> Proof:
        combinations = self.enumeration.combinations
        return Proof(self.question, verdict, _rows(self.decided), len(self.decided), combinations, **details)

    def _settles(self, certain: tuple[LayeredStatement, ...], parties: Parties, request: Request) -> bool:
        present = tuple(statement for statement in certain if statement not in self.removed)
        decision = self.denials.by(present, parties, request)
        if decision is not None:
            self.decided.append((request, decision))
        return decision is not None


class Denials:
    """Denials of a world by one statement alone, whatever the other statements are."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.decisions: dict[tuple[LayeredStatement, Parties], Decision | None] = {}

    def by(self, matching: tuple[LayeredStatement, ...], parties: Parties, request: Request) -> Decision | None:
        """Return the denial by one of the statements that match; `parties` tell apart which layers apply."""
        for layered in matching:
            if layered.statement.effect == "Deny":
                decision = self._denial(layered, parties, request)
                if decision is not None:
                    return decision
        return None

    def _denial(self, layered: LayeredStatement, parties: Parties, request: Request) -> Decision | None:
        if layered.layer is not None and (layered, parties) not in self.decisions:
            alone = statement_alone(layered.layer, layered.policy, layered.statement, self.world)
            decision = decide(alone, request)
            denied = any(reason.effect == "Deny" for reason in decision.because)
            self.decisions[layered, parties] = decision if denied else None
        return self.decisions.get((layered, parties))


def _rows(decided: list[tuple[Request, Decision]]) -> tuple[Row, ...]:
    """Group the decisions by reason: the table that an auditor reads."""
    by_reason: dict[tuple[bool, str], list[Request]] = {}
    for request, decision in decided:
        by_reason.setdefault((decision.allowed, str(decision)), []).append(request)
    return tuple(
        Row(allowed, because, len(requests), min(requests, key=readability))
        for (allowed, because), requests in sorted(by_reason.items())
    )
