"""Proofs of the shipped promises beside deciding every combination of classes; and one among sixty statements more."""

import itertools
from collections.abc import Iterator
from dataclasses import replace

from tableguard.policy import documents
from tableguard.policy.contract import scope_of
from tableguard.policy.evaluate import World, decide
from tableguard.policy.policy_set import PolicySet
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.prove.engine.prover import prove
from tableguard.prove.engine.question import Question
from tableguard.prove.shipped import dangers, proofs, together
from tableguard.prove.shipped.promises import PromiseAnswer
from tableguard.settings import Settings, example
from tests.benchmarks.figures import Figure, in_turn, seconds

_ROUNDS = 3
_SAMPLE = 4_000  # decisions of the other side that are really taken; the rest is counted
_FOREIGN = 60


def figures() -> Iterator[Figure]:
    """Seconds of ours; the other decides one request of every combination of callers, resources and keys."""
    settings = example()
    found = shipped(settings)
    world = together.world_of(None, "messages_table", True, PolicySet.filled(settings))
    requests = [row.example for answer in found for row in answer.proof.rows]
    sample = list(itertools.islice(itertools.cycle(requests), _SAMPLE))

    def decide_sample() -> None:
        for request in sample:
            decide(world, request)

    ours, other = in_turn(lambda: shipped(settings), decide_sample, _ROUNDS)
    combinations = sum(answer.proof.combinations for answer in found)
    yield Figure("proving", f"all {len(found)} promises", ours, other * combinations / _SAMPLE, "s")
    yield _among_foreign(settings, world, other / _SAMPLE)


def shipped(settings: Settings) -> list[PromiseAnswer]:
    """Every promise of the shipped documents, proved."""
    return list(proofs.answers(settings))


def _among_foreign(settings: Settings, world: World, decision: float) -> Figure:
    """The promise about the table's dangers, with sixty statements of other workloads beside the shipped ones."""
    promise = next(each.promise for each in together.load().promises if each.promise.callers == ("members",))
    crowded = replace(world, service_control=(*world.service_control, _foreign(settings)))
    shorthand = Shorthand(settings)
    scope = scope_of("together.toml", promise, shorthand, {**shorthand.values, **dangers.values()})
    question = Question(promise.name, promise.wanted, scope, crowded)
    proof = prove(question)
    taken = sorted(seconds(lambda: prove(question)) for _ in range(_ROUNDS))[_ROUNDS // 2]
    return Figure(
        "proving", f"one promise among {_FOREIGN} foreign statements", taken, decision * proof.combinations, "s"
    )


def _foreign(settings: Settings) -> tuple[Policy, ...]:
    """The shipped SCPs as other workloads would have them, with at least so many statements; no table is ours."""
    found: list[Policy] = []
    while sum(len(each.statements) for each in found) < _FOREIGN:
        number = len(found)
        other = replace(settings, name=f"team{number}", table_name=f"orders{number}").policy_values()
        found += [
            policy(f"{name}{number}", documents.fill(documents.load("scp", name), other))
            for name in documents.names("scp")
        ]
    return tuple(found)
