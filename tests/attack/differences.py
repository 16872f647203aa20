"""Worlds that one change makes of another: diff says what it changes, and requests try to show that it left some out.

A request that is answered otherwise than before must be among the changes, by its action and by both reasons.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Decision, Request, decide
from tableguard.policy.service_reference import load
from tableguard.policy.statements import Statement
from tableguard.prove.diff.difference import Change, Difference, Newly, _reason, difference
from tests.attack.campaign import EFFORT, EXAMPLES, Effort, limits_of
from tests.attack.cases import AttackCase
from tests.attack.generator import PROBES
from tests.attack.requests import Attacker, judged

DRAWS = 8
WIDE = 0.6  # how many changes are compared for all requests of the promise's actions
Element = dict[str, Any]
Decisions = tuple[Decision, Decision]


@dataclass(frozen=True)
class ChangedCase:
    """A case before and after one change of one statement; the promise of the case is the scope that is compared."""

    before: AttackCase
    after: AttackCase
    change: str

    def difference(self) -> Difference:
        """Ask what the change changes."""
        with limits_of(self.before):
            return difference(self.before.world, self.after.world, self.before.question.scope)

    def decisions(self, request: Request) -> Decisions | None:
        """Return the decisions before and after; None outside the scope, and where AWS leaves one of them undefined."""
        if judged(self.before, request) in ("outside", "undefined"):
            return None
        try:
            return decide(self.before.world, request), decide(self.after.world, request)
        except PolicyError:
            return None

    def __str__(self) -> str:
        return f"{self.before}\nchanged: {self.change}\n{json.dumps(self.after.layers, indent=1)}"


@dataclass(frozen=True)
class WrongDifference:
    """A change of which diff said something wrong, and the request that shows it."""

    case: ChangedCase
    wrong: str
    request: Request

    def __str__(self) -> str:
        return f"{self.wrong}\n{self.case}\n{self.request}"


def changed(case: AttackCase) -> ChangedCase:
    """Return the case with one statement changed, always the same one: of a few changes the first that shows."""
    random = Random(f"change {case.seed}")  # noqa: S311  # the same change again is what is wanted
    if random.random() < WIDE and not case.seed.startswith("wide"):
        case = replace(case, statement={"Action": case.statement.get("Action", "*")})
    for _ in range(DRAWS):
        drawn = _drawn(case, random)
        attacker = Attacker(case, random)
        probes = [attacker.random_request() for _ in range(PROBES)] if attacker.can_ask else []
        if any(before.allowed != after.allowed for before, after in filter(None, map(drawn.decisions, probes))):
            break
    return drawn


def _drawn(case: AttackCase, random: Random) -> ChangedCase:
    layers = json.loads(json.dumps(case.layers))
    documents = [(name, own) for name in sorted(layers) for own in _statements(layers[name])]
    name, own = random.choice(documents)
    place = random.randrange(len(own))
    statement, others = own[place], [one for _, every in documents for one in every]
    ways = [_without_condition, _of_others_actions, _left_out, *([_turned] if name != "resource_control" else [])]
    way = random.choice(ways)  # RCPs only deny
    own[place : place + 1] = way(statement, own, others, random)
    return ChangedCase(
        case, replace(case, layers=layers), f"{name}, {way.__name__.strip('_')}: {json.dumps(statement)}"
    )


def _without_condition(statement: Element, own: list[Element], others: list[Element], random: Random) -> list[Element]:
    """Take one operator's lines away; from a statement without any, its resources' limits."""
    block = statement.get("Condition", {})
    if not block:
        rest = {key: value for key, value in statement.items() if key not in ("Resource", "NotResource")}
        return [{**rest, "Resource": "*"}]
    gone = random.choice(sorted(block))
    return [{**statement, "Condition": {name: lines for name, lines in block.items() if name != gone}}]


def _of_others_actions(statement: Element, own: list[Element], others: list[Element], random: Random) -> list[Element]:
    rest = {key: value for key, value in statement.items() if key not in ("Action", "NotAction")}
    other = random.choice(others)
    return [{**rest, **{key: other[key] for key in ("Action", "NotAction") if key in other}}]


def _turned(statement: Element, own: list[Element], others: list[Element], random: Random) -> list[Element]:
    return [{**statement, "Effect": "Allow" if statement["Effect"] == "Deny" else "Deny"}]


def _left_out(statement: Element, own: list[Element], others: list[Element], random: Random) -> list[Element]:
    """Take a statement away, or double it where it is the only one of its document."""
    return [] if len(own) > 1 else [statement, statement]


def _statements(layer: Any) -> Iterator[list[Element]]:
    """Yield the lists of statements of a layer's documents."""
    if isinstance(layer, Mapping):
        yield layer["Statement"]
    else:
        for part in layer:
            yield from _statements(part)


@dataclass
class DifferenceTally:
    """What came of the changes so far; `otherwise` counts requests that are answered otherwise than before."""

    cases: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    otherwise: int = 0
    contradictions: list[WrongDifference] = field(default_factory=list)

    def __str__(self) -> str:
        answers = ", ".join(f"{count} {answer}" for answer, count in self.answers.most_common())
        lines = [
            f"{self.cases} changes: {answers}",
            f"{self.requests} requests, {self.otherwise} of them answered otherwise than before",
            f"{len(self.contradictions)} contradictions",
        ]
        return "\n".join(lines)


class DifferenceCampaign:
    """Attacks what diff says of changed cases, each with so much effort, and keeps the tally."""

    def __init__(self, effort: Effort = EFFORT) -> None:
        self.effort = effort
        self.tally = DifferenceTally()

    def attack(self, case: AttackCase) -> WrongDifference | None:
        """Return what is wrong with the difference that a change of a case makes; None if nothing was found."""
        wrong = self._examined(changed(case))
        self.tally.contradictions += [wrong] if wrong is not None else []
        return wrong

    def _examined(self, case: ChangedCase) -> WrongDifference | None:
        self.tally.cases += 1
        answer = case.difference()
        self.tally.answers["not compared" if answer.undecided else "same" if answer.same else "changed"] += 1
        for change in answer.changes:
            decisions = case.decisions(change.example)
            if decisions is None or not _is_of(change, change.example, decisions):
                return WrongDifference(case, f"an example of what is newly {change.newly} is not", change.example)
        # what was not compared may have changes that are not listed
        requests = () if answer.undecided else self._requests(case, answer)
        return next(filter(None, (self._uncovered(case, answer, request) for request in requests)), None)

    def _uncovered(self, case: ChangedCase, answer: Difference, request: Request) -> WrongDifference | None:
        """Return that a request is answered otherwise than before and in no change, if that is so."""
        self.tally.requests += 1
        decisions = case.decisions(request)
        if decisions is None or decisions[0].allowed == decisions[1].allowed:
            return None
        self.tally.otherwise += 1
        if any(_is_of(change, request, decisions) for change in answer.changes):
            return None
        return WrongDifference(case, f"a request that is newly {_newly(decisions)} is in no change", request)

    def _requests(self, case: ChangedCase, answer: Difference) -> Iterator[Request]:
        for side in (case.before, case.after):
            attacker = Attacker(side, Random(f"requests {side.seed}"))  # noqa: S311  # the same requests again
            if not attacker.can_ask:
                continue
            attacker.statements = _costs(case)
            yield from (attacker.random_request() for _ in range(self.effort.random))
            examples = [change.example for change in answer.changes[:EXAMPLES]]
            for begin in (*(attacker.random_request() for _ in range(self.effort.climbs)), *examples):
                yield from attacker.climb(begin, self.effort.steps)


def _newly(decisions: Decisions) -> Newly:
    return "allowed" if decisions[1].allowed else "denied"


def _is_of(change: Change, request: Request, decisions: Decisions) -> bool:
    """Return True if a request is of a change: what it newly is, by which reasons, and its action."""
    before, after = decisions
    same_reasons = (change.before, change.after) == (_reason(before), _reason(after))
    changes = before.allowed != after.allowed and change.newly == _newly(decisions)
    return changes and same_reasons and _names(change, request.action)


def _names(change: Change, action: str) -> bool:
    reference, service = load(), action.partition(":")[0].lower()
    if action.lower() in reference.actions:
        return action.lower() in map(str.lower, change.actions)
    listed = f"actions of {service} that AWS may add"
    words = listed if service in reference.services else "actions of services that are not listed here"
    return any(other.startswith(words) for other in change.others)


def _costs(case: ChangedCase) -> list[tuple[Statement, float]]:
    """Return what each statement that matches costs: one that changed had better match, no other denial should."""
    before, after = (list(_of(side)) for side in (case.before, case.after))
    changing = [one for one in before if one not in after] + [one for one in after if one not in before]
    kept = [one for one in before if one in after]
    weights = {"Deny": 1.0, "Allow": -0.3}
    return [*((one, -1.0) for one in changing), *((one, weights[one.effect]) for one in kept)]


def _of(case: AttackCase) -> Iterator[Statement]:
    world = case.world
    levels = (one for every in (world.service_control, world.resource_control) for level in every for one in level)
    single = (one for one in (world.boundary, world.resource, world.endpoint) if one is not None)
    for one in (*levels, *world.identity, *(world.session or ()), *single):
        yield from one.statements
