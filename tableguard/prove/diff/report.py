"""The report of `tableguard diff`: what a change of policies newly allows and newly denies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tableguard.findings.counts import counted
from tableguard.findings.exit_code import FINDINGS, FINE, UNANSWERED
from tableguard.findings.finding import Finding, Level
from tableguard.findings.formats import Report
from tableguard.policy.service_reference import load
from tableguard.prove import places, requests
from tableguard.prove.diff.difference import Change
from tableguard.prove.diff.layers import TOGETHER, Layers, Part
from tableguard.prove.foreign.documents import Collection, ForeignDocument
from tableguard.prove.report import left_out

_SHOWN = 8
_CALLERS = 3
_LEVELS: dict[str, Level] = {"allowed": "error", "denied": "warning"}
_REMEDIES = {
    "allowed": "if that is not meant, deny it again",
    "denied": "if that is not meant, allow it again",
}
_ATTACHED = "compare it together with what it is attached to"
_UNDECIDED = "write what AWS leaves open so that it is defined"


@dataclass(frozen=True)
class DifferenceReport(Report):
    """The differences between two collections of documents, layer by layer."""

    layers: Layers
    before: Collection
    after: Collection

    @property
    def exit_code(self) -> int:
        """Return UNANSWERED if something was not compared, else FINDINGS if it may newly allow something, else FINE."""
        if self._undecided:
            return UNANSWERED
        # a document that one side has alone may allow or deny: that depends on what it is attached to
        alone = self.layers.gone or self.layers.come
        return FINDINGS if alone or any(change.newly == "allowed" for _, change in self._changes) else FINE

    @property
    def _changes(self) -> list[tuple[Part, Change]]:
        return [(part, change) for part in self.layers.parts for change in part.difference.changes]

    @property
    def _undecided(self) -> list[Part]:
        return [part for part in self.layers.parts if part.difference.undecided]

    def text(self) -> str:
        """Write what is newly allowed, then what is newly denied, part by part; or that nothing changes."""
        layers = self.layers
        lines = [line for part, change in self._changes for line in _lines(part, change)]
        lines += [f"{name}: only before; what that changes depends on what it was attached to" for name in layers.gone]
        lines += [f"{name}: only after; what that changes depends on what it is attached to" for name in layers.come]
        lines += [f"{part.name}: not compared: {part.difference.undecided}" for part in self._undecided]
        if layers.same:
            lines.append("same meaning: every request is answered as before")
        lines += [f"assumed: {assumption}" for assumption in layers.assumed]
        lines += left_out(layers.left_out)
        classes = sum(part.difference.classes for part in layers.parts)
        documents, requests_of = counted(len(layers.documents), "document"), counted(classes, "class", "classes")
        return "\n".join([*lines, f"{documents}, {requests_of} of requests looked at"])

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        layers = self.layers
        return {
            "same_meaning": layers.same,
            "not_compared": "; ".join(f"{part.name}: {part.difference.undecided}" for part in self._undecided),
            "classes": sum(part.difference.classes for part in layers.parts),
            "documents": list(layers.documents),
            "left_out": list(layers.left_out),
            "assumed": list(layers.assumed),
            "only_before": list(layers.gone),
            "only_after": list(layers.come),
            "changes": [_facts(part, change) for part, change in self._changes],
            "exit_code": self.exit_code,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return what is newly allowed as errors and what is newly denied as warnings, at a document that changed."""
        return [*self._changed(), *self._alone(), *self._not_compared()]

    def _changed(self) -> Iterator[Finding]:
        for part, change in self._changes:
            problem, level = "\n".join(_lines(part, change)), _LEVELS[change.newly]
            rule, decided = f"newly-{change.newly}", f"{change.before}; {change.after}"
            yield self._finding(rule, part.name, problem, _REMEDIES[change.newly], level, decided=decided)

    def _alone(self) -> Iterator[Finding]:
        for when, names in (("before", self.layers.gone), ("after", self.layers.come)):
            for name in names:
                yield self._finding("one-side-only", name, f"{name}: only {when}", _ATTACHED)

    def _not_compared(self) -> Iterator[Finding]:
        for part in self._undecided:
            yield self._finding("not-compared", part.name, f"{part.name}: {part.difference.undecided}", _UNDECIDED)

    def _finding(
        self, rule: str, name: str, problem: str, remedy: str, level: Level = "error", *, decided: str = ""
    ) -> Finding:
        old, new = (_named(name, side.documents) for side in (self.before, self.after))
        if not old and name not in self.layers.come:  # two single files, which have names of their own
            old = list(self.before.documents)
        return Finding(rule, *places.of_change(old, new, decided), problem, remedy, level)


def _named(name: str, documents: Sequence[ForeignDocument]) -> list[ForeignDocument]:
    """Return the documents that a part is about: those of its layer, or the one with its name."""
    return [
        document
        for document in documents
        if name == document.name or name.partition(" at ")[0] == TOGETHER.get(document.kind)
    ]


def _facts(part: Part, change: Change) -> dict[str, Any]:
    return {
        "document": part.name,
        "newly": change.newly,
        "actions": list(change.actions),
        "other_actions": list(change.others),
        "callers": list(change.callers),
        "classes": change.classes,
        "before": change.before,
        "after": change.after,
        "example": requests.facts(change.example),
    }


def _lines(part: Part, change: Change) -> list[str]:
    callers = ", ".join(change.callers[:_CALLERS])
    more = f" and {len(change.callers) - _CALLERS} more" if len(change.callers) > _CALLERS else ""
    return [
        f"{part.name}: newly {change.newly}: {'; '.join(actions_of(change))}",
        f"    callers, one of each kind: {callers}{more}",
        f"    such as: {requests.sentence(change.example)}",
        f"    before: {change.before}",
        f"    after: {change.after}",
    ]


def actions_of(change: Change) -> list[str]:
    """Write the actions that are known, service by service, then the others."""
    services = sorted({action.partition(":")[0] for action in change.actions})
    by_service = [_of_service(service, change.actions) for service in services[:_SHOWN]]
    more = [f"actions of {len(services) - _SHOWN} more services"] if len(services) > _SHOWN else []
    others = [*change.others[:_SHOWN], *(["and more"] if len(change.others) > _SHOWN else [])]
    return [*by_service, *more, *others]


def _of_service(service: str, actions: Sequence[str]) -> str:
    mine = [action for action in actions if action.startswith(f"{service}:")]
    every = len(load().matching(f"{service}:*"))
    if len(mine) == every:
        return f"all {every} known actions of {service}"
    if len(mine) <= _SHOWN:
        return ", ".join(mine)
    return f"{len(mine)} of {every} known actions of {service}: {', '.join(mine[:_SHOWN])}, …"
