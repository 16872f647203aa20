"""One question about sequences: from these principals to these goals."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tableguard.errors import PolicyError
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import Shorthand
from tableguard.prove import places
from tableguard.prove.reach import estate
from tableguard.prove.reach.account import PolicyHolder
from tableguard.prove.reach.goals import Goal, GoalCall, filled, reached
from tableguard.prove.reach.kinds import chosen
from tableguard.prove.reach.promises import Prover
from tableguard.prove.reach.report import GoalAnswer, ReachReport
from tableguard.prove.shipped import together

_CALL = re.compile(r"(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9]+)@(?P<resource>\*|arn:.+)")
_ADMINISTRATOR = "role/Admin"
_PRINCIPALS = ("role/", "user/", "arn:")


@dataclass(frozen=True)
class ReachInquiry:
    """Who begins, and the goals, as a person writes them; none of either stands for role/Admin and for all goals."""

    start: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def answered(inquiry: ReachInquiry, prover: Prover, place: str) -> ReachReport:
    """Search from the principals, and tell which goals are reached; PolicyError for an unknown goal or step."""
    chosen(inquiry.without, "--without")
    shorthand = prover.shorthand
    begun = (arn for name in inquiry.start or (_ADMINISTRATOR,) for arn in shorthand.principals(name))
    start = tuple(dict.fromkeys(begun))
    prover = _with_names(prover, inquiry)
    wanted = [_goal(text, prover.goals, shorthand, place) for text in inquiry.wanted] or list(prover.goals.values())
    search = prover.search(start, inquiry.without)
    answers = tuple(GoalAnswer(goal, reached(goal, search, shorthand)) for goal in wanted)
    return ReachReport(start, search, answers, inquiry.without, prover.assumed)


def shipped(policies: PolicySet) -> Prover:
    """Return the prover for the account of the settings and the goals of policies/together.toml."""
    combined, values = together.load(), policies.shorthand.values
    file = shipped_place()
    goals = {name: replace(filled(goal, values, goal.place), place=file) for name, goal in combined.goals.items()}
    return Prover(estate.account_of(policies), goals, policies.shorthand)


def shipped_place() -> str:
    """Return the file that has the goals of the shipped documents."""
    return str(places.shipped(together.PLACE))


def actions(wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the actions of those goals that are calls, as a person writes them."""
    calls = map(_CALL.fullmatch, wanted)
    return tuple(call["action"] for call in calls if call is not None)


def _with_names(prover: Prover, inquiry: ReachInquiry) -> Prover:
    """Return the prover with the names that goals ask for and nobody has yet: somebody may make such a principal."""
    account, shorthand = prover.account, prover.shorthand
    named = [text for text in inquiry.wanted if text not in prover.goals and text.startswith(_PRINCIPALS)]
    arns = [arn for text in named for arn in shorthand.principals(text) if f"::{account.estate.account}:" in arn]
    new = {arn: PolicyHolder(arn, exists=False) for arn in arns if arn not in account.holders}
    if not new:
        return prover
    account = replace(account, holders={**account.holders, **new})
    return Prover(account, prover.goals, shorthand, prover.assumed)


def _goal(text: str, goals: Mapping[str, Goal], shorthand: Shorthand, place: str) -> Goal:
    if text in goals:
        return goals[text]
    call = _CALL.fullmatch(text)
    if call is not None:
        return Goal(text, f"calls {text}", calls=(GoalCall((call["action"],), (call["resource"],), {}),), place=place)
    if text.startswith(_PRINCIPALS):
        return Goal(text, f"becomes {text}", becomes=shorthand.principals(text), place=place)
    raise PolicyError(f"--to {text!r}: accepted: {', '.join(goals)}, role/NAME, user/NAME or ACTION@ARN")
