"""What a change of policies newly allows and newly denies, over all requests; or that it changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.service_reference import load
from tableguard.prove.engine.actions import representatives, under_rcps
from tableguard.prove.engine.enumeration import Enumeration, readability
from tableguard.prove.engine.prover import Denials
from tableguard.prove.engine.question import Placed, Scope, sorted_out

Newly = Literal["allowed", "denied"]


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
        changes: dict[_Kind, list[tuple[Covering, Request]]] = {}
        undecided, classes = "", 0
        for action, play in found.plays():
            otherwise: dict[tuple[Newly, str, str], list[Request]] = {}
            for request in found.of_play(action, play):
                classes += 1
                try:
                    before, after = decide(self.old, request), decide(self.new, request)
                except PolicyError as error:
                    undecided = undecided or f"{request.action} on {request.resource}: {error}"
                    continue
                if before.allowed != after.allowed:
                    newly: Newly = "allowed" if after.allowed else "denied"
                    otherwise.setdefault((newly, _reason(before), _reason(after)), []).append(request)
            for reasons, requests in otherwise.items():
                callers = tuple(sorted({request.principal.arn for request in requests}))
                kind = (*reasons, callers)
                changes.setdefault(kind, []).extend((play.placed[1:], request) for request in requests)
        named = _Actions(self.scope, found.placed) if changes else None
        return Difference(tuple(_change(*each, named) for each in sorted(changes.items()) if named), classes, undecided)

    def _settles(self, certain: tuple[Placed, ...], mark: tuple[Any, ...], request: Request) -> bool:
        """Whether a statement that is in both denies these requests anyway."""
        kept = tuple(each for each in certain if each not in self.sorted.changed)
        return self.denials.by(kept, mark, request) is not None


Covering = tuple[Placed, ...]
_Kind = tuple[Newly, str, str, tuple[str, ...]]


class _Actions:
    """The actions of each class: which statements speak of them tells the classes apart."""

    def __init__(self, scope: Scope, placed: tuple[Placed, ...]) -> None:
        self.scope, self.placed = scope, placed
        self.known: dict[Covering, list[str]] = {}
        self.others: dict[Covering, list[str]] = {}
        for name in map(str, load().actions.values()):
            if scope.statement.covers_action(name):
                self.known.setdefault(self._covering(name), []).append(name)
        for action in representatives((each.statement for each in placed), scope.statement, under_rcps()):
            if action.lower() not in load().actions:
                self.others.setdefault(self._covering(action), []).append(action)

    def _covering(self, action: str) -> Covering:
        lowered = action.lower()
        return tuple(each for each in self.placed if each.covers(lowered))

    def of(self, coverings: Iterable[Covering]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The known actions of some classes, and the services, with an example, of which there may be others."""
        different = tuple(dict.fromkeys(coverings))
        known = sorted({action for covering in different for action in self.known.get(covering, ())})
        others = {
            action.partition(":")[0]: action for covering in different for action in self.others.get(covering, ())
        }
        return tuple(known), tuple(_other(service, action) for service, action in sorted(others.items()))


def _other(service: str, action: str) -> str:
    if service in load().services:
        return f"actions of {service} that AWS may add, such as {action}"
    return f"actions of services that are not listed here, such as {action}"


def _change(kind: _Kind, requests: list[tuple[Covering, Request]], named: _Actions) -> Change:
    newly, before, after, callers = kind
    actions, others = named.of(covering for covering, _ in requests)
    example = min((request for _, request in requests), key=readability)
    return Change(newly, before, after, actions, others, callers, len(requests), example)


def _reason(decision: Decision) -> str:
    """What decides; of what allows only the documents that are compared, so that callers of one fate are together."""
    because = [reason for reason in decision.because if not decision.allowed or not reason.assumed]
    return "; ".join(map(str, because)) or "allowed by what is assumed beside the documents"
