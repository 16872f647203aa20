"""The difference between two worlds of policies: what is newly allowed and newly denied, over all requests."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.service_reference import load
from tableguard.policy.worlds import Scope
from tableguard.prove.engine.actions import representatives, under_rcps
from tableguard.prove.engine.dimension import Parties
from tableguard.prove.engine.enumeration import Enumeration, readability
from tableguard.prove.engine.prover import Denials
from tableguard.prove.engine.question import LayeredStatement, compare_statements

Newly = Literal["allowed", "denied"]
Covering = tuple[LayeredStatement, ...]
_Reasons = tuple[Newly, str, str]
_Kind = tuple[Newly, str, str, tuple[str, ...]]


@dataclass(frozen=True)
class Change:
    """Requests that are answered otherwise than before, by the same reasons and for the same callers.

    `actions` are all known ones; `others` says which further ones, that AWS may add or that are not listed here.
    """

    newly: Newly
    before: str
    after: str
    actions: tuple[str, ...]
    others: tuple[str, ...]
    callers: tuple[str, ...]
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
        """Return True if every request is answered as before."""
        return not self.changes and not self.undecided


def difference(old: World, new: World, scope: Scope) -> Difference:
    """Return what the new world answers otherwise, of all requests within the scope."""
    try:
        return _Comparison(old, new, scope).difference()
    except PolicyError as error:
        return Difference((), 0, str(error))


class _Comparison:
    """The decisions of two worlds about one request of each class that changed statements apply to."""

    def __init__(self, old: World, new: World, scope: Scope) -> None:
        self.old, self.new, self.scope = old, new, scope
        self.changes = compare_statements(old, new)
        self.denials = Denials(old)
        self.classes = 0
        self.undecided = ""

    def difference(self) -> Difference:
        enumeration = Enumeration(self.scope, self.changes.all, self._settles, self.changes.concerns)
        requests_by_kind: dict[_Kind, list[tuple[Covering, Request]]] = {}
        for action, applicable in enumeration.actions():
            for reasons, requests in self._changed(enumeration.requests_for(action, applicable)).items():
                callers = tuple(sorted({request.principal.arn for request in requests}))
                covering = applicable.statements[1:]
                requests_by_kind.setdefault((*reasons, callers), []).extend((covering, request) for request in requests)
        self.undecided = self.undecided or next(iter(enumeration.gaps), "")
        if not requests_by_kind:
            return Difference((), self.classes, self.undecided)
        names = _ActionNames(self.scope, enumeration.statements)
        changes = (_change(kind, requests_by_kind[kind], names) for kind in sorted(requests_by_kind))
        return Difference(tuple(changes), self.classes, self.undecided)

    def _changed(self, requests: Iterable[Request]) -> dict[_Reasons, list[Request]]:
        """Decide requests in both worlds and return those with two answers, by the reasons before and after."""
        changed: dict[_Reasons, list[Request]] = {}
        for request in requests:
            self.classes += 1
            try:
                before, after = decide(self.old, request), decide(self.new, request)
            except PolicyError as error:
                self.undecided = self.undecided or f"{request.action} on {request.resource}: {error}"
                continue
            if before.allowed != after.allowed:
                newly: Newly = "allowed" if after.allowed else "denied"
                changed.setdefault((newly, _reason(before), _reason(after)), []).append(request)
        return changed

    def _settles(self, certain: tuple[LayeredStatement, ...], parties: Parties, request: Request) -> bool:
        """Return True if a statement that is in both worlds denies these requests anyway."""
        kept = tuple(statement for statement in certain if statement not in self.changes.changed)
        return self.denials.by(kept, parties, request) is not None


class _ActionNames:
    """The actions of each class: the statements that cover them tell the classes apart."""

    def __init__(self, scope: Scope, statements: tuple[LayeredStatement, ...]) -> None:
        self.scope, self.statements = scope, statements
        self.listed: dict[Covering, list[str]] = {}
        self.others: dict[Covering, list[str]] = {}
        for name in map(str, load().actions.values()):
            if scope.statement.covers_action(name):
                self.listed.setdefault(self._covering(name), []).append(name)
        every = (layered.statement for layered in statements)
        for action in representatives(every, scope.statement, under_rcps()):
            if action.lower() not in load().actions:
                self.others.setdefault(self._covering(action), []).append(action)

    def _covering(self, action: str) -> Covering:
        lowered = action.lower()
        return tuple(layered for layered in self.statements if layered.covers(lowered))

    def in_classes(self, coverings: Iterable[Covering]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the known actions of some classes, and the services, with an example, that may have others."""
        different = tuple(dict.fromkeys(coverings))
        listed = sorted({action for covering in different for action in self.listed.get(covering, ())})
        others = {
            action.partition(":")[0]: action for covering in different for action in self.others.get(covering, ())
        }
        return tuple(listed), tuple(_other(service, action) for service, action in sorted(others.items()))


def _other(service: str, action: str) -> str:
    if service in load().services:
        return f"actions of {service} that AWS may add, such as {action}"
    return f"actions of services that are not listed here, such as {action}"


def _change(kind: _Kind, requests: list[tuple[Covering, Request]], names: _ActionNames) -> Change:
    newly, before, after, callers = kind
    actions, others = names.in_classes(covering for covering, _ in requests)
    example = min((request for _, request in requests), key=readability)
    return Change(newly, before, after, actions, others, callers, len(requests), example)


def _reason(decision: Decision) -> str:
    """Return what decides; of what allows, the compared documents only, so that callers treated alike are together."""
    because = [reason for reason in decision.because if not decision.allowed or not reason.assumed]
    return "; ".join(map(str, because)) or "allowed by what is assumed beside the documents"
