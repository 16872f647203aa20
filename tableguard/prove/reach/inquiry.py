"""One question about sequences: from these principals to these goals, in the account of the settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tableguard.errors import PolicyError
from tableguard.policy.policy_set import PolicySet
from tableguard.prove import places
from tableguard.prove.reach import estate
from tableguard.prove.reach.goals import Goal, GoalCall, filled, reached
from tableguard.prove.reach.kinds import chosen
from tableguard.prove.reach.promises import Prover
from tableguard.prove.reach.report import GoalAnswer, ReachReport
from tableguard.prove.shipped import together

_CALL = re.compile(r"(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9]+)@(?P<resource>\*|arn:.+)")
_ADMINISTRATOR = "role/Admin"


@dataclass(frozen=True)
class ReachInquiry:
    """Who begins, and the goals, as a person writes them; none of either stands for role/Admin and for all goals."""

    start: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


def answered(inquiry: ReachInquiry, policies: PolicySet) -> ReachReport:
    """Search from the principals, and tell which goals are reached; PolicyError for an unknown goal or step."""
    chosen(inquiry.without, "--without")
    prover = shipped(policies)
    start = tuple(
        dict.fromkeys(arn for name in inquiry.start or (_ADMINISTRATOR,) for arn in policies.shorthand.principals(name))
    )
    wanted = [_goal(text, prover.goals, policies) for text in inquiry.wanted] or list(prover.goals.values())
    search = prover.search(start, inquiry.without)
    answers = tuple(GoalAnswer(goal, reached(goal, search, policies.shorthand)) for goal in wanted)
    return ReachReport(start, search, answers, inquiry.without)


def shipped(policies: PolicySet) -> Prover:
    """Return the prover for the account of the settings and the goals of policies/together.toml."""
    combined, values = together.load(), policies.shorthand.values
    file = str(places.shipped(together.PLACE))
    goals = {name: replace(filled(goal, values, goal.place), place=file) for name, goal in combined.goals.items()}
    return Prover(estate.account_of(policies), goals, policies.shorthand)


def _goal(text: str, goals: Mapping[str, Goal], policies: PolicySet) -> Goal:
    if text in goals:
        return goals[text]
    place = str(places.shipped(together.PLACE))
    call = _CALL.fullmatch(text)
    if call is not None:
        return Goal(text, f"calls {text}", calls=(GoalCall((call["action"],), (call["resource"],), {}),), place=place)
    if text.startswith(("role/", "user/", "arn:")):
        return Goal(text, f"becomes {text}", becomes=policies.shorthand.principals(text), place=place)
    raise PolicyError(f"--to {text!r}: accepted: {', '.join(goals)}, role/NAME, user/NAME or ACTION@ARN")
