"""What a change of policies newly allows and newly denies, over all requests; or that it changes nothing."""

from dataclasses import dataclass
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.iam.evaluate import Decision, Request, World, decide
from tableguard.prove.enumeration import Enumeration, readability
from tableguard.prove.prover import Denials
from tableguard.prove.question import Placed, Scope, sorted_out

Newly = Literal["allowed", "denied"]


@dataclass(frozen=True)
class Change:
    """Requests that are answered otherwise than before, by the same reasons: their actions, and an example."""

    newly: Newly
    before: str
    after: str
    actions: tuple[str, ...]
    classes: int
    example: Request


@dataclass(frozen=True)
class Difference:
    """All changes; none and nothing undecided means that the policies say the same."""

    changes: tuple[Change, ...]
    classes: int
    undecided: str = ""

    @property
    def same(self) -> bool:
        """Whether every request is answered as before."""
        return not self.changes and not self.undecided


def difference(old: World, new: World, scope: Scope) -> Difference:
    """What is answered otherwise in the new world, of all requests within the scope."""
    try:
        return _Comparison(old, new, scope).difference()
    except PolicyError as error:
        return Difference((), 0, str(error))


class _Comparison:
    def __init__(self, old: World, new: World, scope: Scope) -> None:
        self.old, self.new, self.scope = old, new, scope
        self.sorted = sorted_out(old, new)
        self.denials = Denials(old)

    def difference(self) -> Difference:
        found = Enumeration(self.scope, self.sorted.all, self._settles, self.sorted.concerns)
        answers: list[tuple[Request, Decision, Decision]] = []
        undecided, classes = "", 0
        for request in found.requests():
            classes += 1
            try:
                answers.append((request, decide(self.old, request), decide(self.new, request)))
            except PolicyError as error:
                undecided = undecided or f"{request.action} on {request.resource}: {error}"
        return Difference(_changes(answers), classes, undecided)

    def _settles(self, certain: tuple[Placed, ...], mark: tuple[Any, ...], request: Request) -> bool:
        """Whether a statement that is in both denies these requests anyway."""
        kept = tuple(each for each in certain if each not in self.sorted.changed)
        return self.denials.by(kept, mark, request) is not None


def _changes(answers: list[tuple[Request, Decision, Decision]]) -> tuple[Change, ...]:
    found: dict[tuple[Newly, str, str], list[Request]] = {}
    for request, before, after in answers:
        if before.allowed != after.allowed:
            newly: Newly = "allowed" if after.allowed else "denied"
            found.setdefault((newly, _reason(before), _reason(after)), []).append(request)
    return tuple(
        Change(
            newly,
            before,
            after,
            tuple(sorted({request.action for request in requests})),
            len(requests),
            min(requests, key=readability),
        )
        for (newly, before, after), requests in sorted(found.items())
    )


def _reason(decision: Decision) -> str:
    return "; ".join(map(str, decision.because))
