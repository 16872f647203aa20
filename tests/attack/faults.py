"""Faults of the prover put back one at a time: some were there, the others are shortcuts that look as good.

Each is a change of the one place that was mended, or that keeps a shortcut honest.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from string import ascii_letters, digits
from typing import Any

import pytest

from tableguard.policy.evaluate import Decision, Request, World, decide
from tableguard.policy.worlds import Scope
from tableguard.prove.diff import difference as differences
from tableguard.prove.engine import (
    actions,
    callers,
    context_keys,
    context_values,
    enumeration,
    prover,
    question,
    resources,
)
from tableguard.prove.engine.automaton import TWELVE_DIGITS, Universe, exactly, word
from tableguard.prove.engine.dimension import Option
from tableguard.prove.engine.dominance import sets
from tableguard.prove.engine.dominance.aim import Aim, best
from tableguard.prove.engine.links import joint
from tableguard.prove.engine.question import ApplicableStatements
from tableguard.prove.engine.unproved import NotProvedError

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """A change of the prover, and the worlds in which it shows."""

    profile: str
    patch: Patch


@contextmanager
def put_back(name: str) -> Iterator[Fault]:
    """Have the prover make a fault, and forget afterwards what it remembers of it."""
    fault = {**FAULTS, **FAULTS_OF_DIFF}[name]
    with pytest.MonkeyPatch.context() as patch:
        fault.patch(patch)
        _forget()
        yield fault
    _forget()


def _forget() -> None:
    modules = [module for name, module in sys.modules.items() if name.startswith("tableguard.prove.engine")]
    for module in modules:
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()


def _set(module: object, name: str, value: Any) -> Patch:
    return lambda patch: patch.setattr(module, name, value)


def _all(*patches: Patch) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        for one in patches:
            one(patch)

    return apply


def _accounts_without_management(scope: Scope, applicable: ApplicableStatements) -> tuple[str, ...]:
    named = (account for account in applicable.accounts if account != scope.estate.management_account)
    return tuple(dict.fromkeys((scope.estate.account, callers.OTHER_ACCOUNT, *named)))


def _only_ours(scope: Scope, account: str, told_apart: object) -> tuple[str, ...]:
    return (scope.estate.organization_id,)


_FEW_CHARACTERS = word(f"{ascii_letters}{digits}+=,.@_-/")
_callers_of = callers.universes  # before a fault is planted
_OF_FEW_CHARACTERS = tuple(
    Universe((*exactly("arn:aws:iam::"), *TWELVE_DIGITS, *exactly(f":{kind}"), *_FEW_CHARACTERS))
    for kind in ("role/", "user/")
)


def _one_level(world: World, request: Request) -> Decision:
    """Decide as if the SCPs of all levels were attached at one."""
    together = tuple(policy for level in world.service_control for policy in level)
    return decide(replace(world, service_control=(together,) if together else ()), request)


def _date_by_the_clock(cut: Decimal, key: str) -> Iterator[str]:
    yield (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(cut))).strftime("%Y-%m-%dT%H:%M:%SZ")


def _around_without_ends(cuts: Any) -> list[Decimal]:
    return sorted(set(cuts))


def _best_of_all_parties(classes: Any, cost: Any, alike: Any) -> Any:
    return best(classes, cost, lambda one: 0)


def _distinct_by_statements(options: Any) -> tuple[Option, ...]:
    first: dict[object, Option] = {}
    for option in options:
        first.setdefault((option.passes, option.undefined), option)
    return tuple(first.values())


def _always_present(key: str, lines: Any, always: bool, aim: Any = None, apart: Any = ()) -> Any:
    return context_values.choices(key, lines, True, aim, apart)


def _one_value(self: Any) -> Any:
    return tuple((name,) for name in self.answers)


def _settled_by_what_may_match(self: Any, action: str, applicable: Any, state: Any, later: Any) -> bool:
    statements = tuple(layered for n, layered in enumerate(applicable.statements) if state.passes >> n & 1)
    if len(state.examples) < 2:
        return False
    return bool(self.settles(statements[1:], state.parties, self._request(action, state)))


def _any_is_all(self: Any, every: Any, singles: Any) -> Any:
    for one in every:
        for other in singles:
            if not other.values <= one.values:
                yield sets._Set(one.values | other.values, one.holding & other.holding)


def _ends(self: Any, action: str, reason: str) -> None:
    raise NotProvedError(reason)


def _avoided_only(self: Aim, passes: int) -> int:
    return passes & self.avoided


FAULTS: Mapping[str, Fault] = {
    # these were there: docs/faults-of-the-prover.md
    "U1: no resource of the management account is looked at": Fault(
        "resources",
        _all(
            _set(resources, "known_accounts", _accounts_without_management),
            _set(resources, "organizations", _only_ours),
        ),
    ),
    "U2: names and paths have letters, digits and a few signs": Fault(
        "characters", _set(callers, "universes", lambda partition: (*_OF_FEW_CHARACTERS, *_callers_of(partition)[2:]))
    ),
    "U3: numbers are written with six digits": Fault(
        "numbers", _set(context_values, "_written", lambda value: f"{float(value):g}")
    ),
    "U4: federated users are not among the callers": Fault(
        "callers",
        _all(
            _set(callers, "universes", lambda partition: _callers_of(partition)[:3]),
            _set(callers, "_EXAMPLES", callers._EXAMPLES[:2]),
        ),
    ),
    "L1: the SCPs of all levels count as one level": Fault("levels", _set(prover, "decide", _one_level)),
    "C1: dates beyond the calendar are written by the calendar": Fault(
        "dates", _set(context_values, "_date", _date_by_the_clock)
    ),
    "caps: a limit ends the question before a counterexample is looked for": Fault(
        "wide",
        _all(
            _set(enumeration, "MOST_CLASSES", 20),
            _set(enumeration, "FEW_CLASSES", 10**9),
            _set(enumeration.Enumeration, "_leave_gap", _ends),
        ),
    ),
    "a request that AWS does not say to be covered refutes": Fault(
        "layers", _set(prover._Search, "_refuse_undefined_scope", lambda self, request: None)
    ),
    # shortcuts that look as good
    "what a variable is compared with tells its values not apart": Fault(
        "variables", _set(joint, "_apart", lambda side, group, context: {})
    ),
    "keys that a variable ties are looked at one by one": Fault(
        "ties", _set(joint, "_groups", lambda sides: [[side] for side in sides])
    ),
    "no number and no date is beyond the ends": Fault("numbers", _set(context_values, "_around", _around_without_ends)),
    "a key is never absent": Fault("texts", _set(context_keys, "choices", _always_present)),
    "a text is never empty": Fault("texts", _set(context_values, "may_be_empty", lambda key: False)),
    "a list has one value": Fault("lists", _set(sets.SetsOfValues, "smallest", _one_value)),
    "ForAnyValue holds of a list if it holds of all values": Fault(
        "lists", _set(sets.SetsOfValues, "_joined", _any_is_all)
    ),
    "every action has a name that AWS knows, or that is written": Fault(
        "actions", _set(actions, "_texts", lambda universe, wild, literal: ())
    ),
    "actions under RCPs are like others": Fault("rcps", _set(actions, "under_rcps", frozenset)),
    "every caller is of our organization": Fault("organizations", _set(callers, "organizations", _only_ours)),
    "sessions of a role are its role": Fault("principals", _set(callers, "_sessions", lambda applicable, arn: ())),
    "services that are not written are all alike": Fault(
        "organizations", _set(callers, "_services", lambda applicable, comparisons: ())
    ),
    "classes of other callers and resources stand for one another": Fault(
        "layers", _set(enumeration, "best", _best_of_all_parties)
    ),
    "callers and resources that the same statements match are alike": Fault(
        "layers", _set(joint, "distinct", _distinct_by_statements)
    ),
    "a class is left out though it alone matches an allowance": Fault("levels", _set(Aim, "cost", _avoided_only)),
    "a denial settles that may not match": Fault(
        "mixed", _set(enumeration.Enumeration, "_is_settled", _settled_by_what_may_match)
    ),
}


def _settled_by_either(self: Any, certain: Any, parties: Any, request: Request) -> bool:
    return self.denials.by(certain, parties, request) is not None


def _alike_without_conditions(one: Any, other: Any) -> bool:
    same = replace(one.statement, conditions=()) == replace(other.statement, conditions=())
    return (one.layer, one.level) == (other.layer, other.level) and same


def _first_action_only(self: Any, coverings: Any) -> Any:
    listed, others = _IN_CLASSES(self, coverings)
    return listed[:1], others


_IN_CLASSES = differences._ActionNames.in_classes

# shortcuts of diff that look as good
FAULTS_OF_DIFF: Mapping[str, Fault] = {
    "a denial that is gone, or new, settles": Fault(
        "texts", _set(differences._Comparison, "_settles", _settled_by_either)
    ),
    "statements that differ in conditions alone are the same": Fault(
        "mixed", _set(question, "_alike", _alike_without_conditions)
    ),
    "of actions that change alike one is named": Fault(
        "actions", _set(differences._ActionNames, "in_classes", _first_action_only)
    ),
}
