"""The report of `tableguard why`: the statement that refused, the smallest change that allows, and what that opens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tableguard.findings.exit_code import FINE
from tableguard.findings.finding import Finding
from tableguard.findings.formats import Report
from tableguard.policy.service_reference import load
from tableguard.prove import requests
from tableguard.prove.diff.difference import Change, Difference
from tableguard.prove.why.answer import Answer
from tableguard.prove.why.change import AllowingChange, Edit

_FEW = 5
_CHECK = "`tableguard prove` tells which promises would no longer hold"


@dataclass(frozen=True)
class WhyReport(Report):
    """The answer about one refused request."""

    answer: Answer

    @property
    def exit_code(self) -> int:
        """Return FINE: the refusal is explained; what cannot be is an error before."""
        return FINE

    @property
    def sentence(self) -> str:
        """Name the statement that refused, with file and line."""
        possible = self.answer.possible
        phrase = self.answer.explanation.phrase(self.answer.reason)
        guess = f", if {self.answer.guess}" if self.answer.guess else ""
        if possible is not None:
            open_keys = f" (the message does not tell {' and '.join(possible.absent)})"
            return f"refused, by all that is known here{guess}, by {phrase}{open_keys}"
        if self.answer.reason.effect == "Deny":
            return f"refused{guess and f'{guess},'} by {phrase}"
        return f"refused{guess}: {phrase}"

    def text(self) -> str:
        """Write the statement that refused, the request with all that matters to it, the change, and what it opens."""
        _, *explained = self.answer.explanation.text().splitlines()
        more = [f"    note      {note}" for note in self.answer.notes]
        return "\n".join([self.sentence, *explained, *more, *self._change_lines(), *self._opened_lines()])

    def _change_lines(self) -> Iterator[str]:
        change, hanging = self.answer.change, self.answer.explanation.hangs_on
        if self.answer.possible is not None:
            yield f"without any change: it is allowed with other values of {' and '.join(self.answer.possible.absent)}"
        elif hanging:
            yield f"without any change: it may be allowed once the request has {' and '.join(hanging)}"
        if not change.allows:
            yield "smallest change: none of these documents lets this caller in by an exemption or a statement more"
            return
        yield f"smallest change that allows this request{', all of it together' if len(change.edits) > 1 else ''}:"
        for number, edit in enumerate(change.edits, start=1):
            yield f"    {number}. {edit.words}{f' ({edit.place})' if edit.place else ''}"

    def _opened_lines(self) -> Iterator[str]:
        """Yield what the change opens beside the request."""
        change = self.answer.change
        if not change.allows:
            return
        others, elsewhere = _others(change), _allowed(change.elsewhere)
        undecided = change.others.undecided or change.elsewhere.undecided
        action = self.answer.explanation.request.action
        if others:
            yield f"it would also open to this caller: {'; '.join(_counted(others))}"
        if elsewhere:
            yield f"it would also open {action} on other resources; such as: {_example(elsewhere)}"
        if undecided:
            yield f"what else it would open is not decided: {undecided}"
        elif not others and not elsewhere:
            yield f"it would open nothing else to this caller: no other action, and {action} on no other resource"
        yield _CHECK

    def facts(self) -> dict[str, Any]:
        """Return the same facts as a value for JSON."""
        answer, change = self.answer, self.answer.change
        reason = answer.explanation.reason_facts(answer.reason)
        return {
            "sentence": self.sentence,
            "aws_says": answer.refused.reason,
            "refused_by": reason,
            "certain": answer.possible is None and not answer.guess,
            "explanation": answer.explanation.facts(),
            "notes": list(answer.notes),
            "smallest_change": [_edit_facts(edit) for edit in change.edits] if change.allows else None,
            "opens_other_actions": [_opened_facts(one) for one in _others(change)],
            "opens_other_resources": [_opened_facts(one) for one in _allowed(change.elsewhere)],
            "not_decided": change.others.undecided or change.elsewhere.undecided,
        }

    @property
    def findings(self) -> list[Finding]:
        """Return nothing: that a request was refused is no fault."""
        return []


def _allowed(difference: Difference) -> list[Change]:
    return [one for one in difference.changes if one.newly == "allowed"]


def _others(change: AllowingChange) -> list[Change]:
    """Return what other actions a change opens, without those that act on nothing of what its statements are about."""
    kept = (
        replace(
            one,
            actions=tuple(filter(change.opens, one.actions)),
            others=one.others if change.is_about_everything else (),
        )
        for one in _allowed(change.others)
    )
    return [one for one in kept if one.actions or one.others]


def _counted(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the opened actions service by service: by name if they are few, else how many of how many."""
    actions = sorted({action for one in changes for action in one.actions})
    for service in sorted({action.partition(":")[0] for action in actions}):
        mine = [action for action in actions if action.startswith(f"{service}:")]
        every = len(load().matching(f"{service}:*"))
        yield ", ".join(mine) if len(mine) <= _FEW else f"{len(mine)} of {every} known actions of {service}"
    if any(one.others for one in changes):
        yield "actions that AWS may add, and those of services that are not listed here"


def _example(changes: Sequence[Change]) -> str:
    return min((requests.sentence(one.example) for one in changes), key=len)


def _edit_facts(edit: Edit) -> dict[str, Any]:
    return {
        "layer": edit.layer,
        "policy": edit.policy,
        "sid": edit.sid,
        "file": edit.place.file if edit.place else None,
        "line": edit.place.line if edit.place else None,
        "path": edit.path,
        "add": edit.added,
    }


def _opened_facts(change: Change) -> dict[str, Any]:
    return {
        "actions": list(change.actions),
        "other_actions": list(change.others),
        "before": change.before,
        "after": change.after,
        "example": requests.facts(change.example),
    }
