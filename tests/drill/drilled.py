"""A whole drill, from an empty world to its figures."""

from collections.abc import Callable

from tableguard.local import server
from tableguard.local.dynamodb_local.engine import Engine
from tests.cases.message_batches import Traffic
from tests.drill.algorithms import Algorithm
from tests.drill.plan import Asked, plan
from tests.drill.report import Figures, figures
from tests.drill.run import carry_out
from tests.drill.verdict import judged
from tests.drill.world import world


def drilled(
    algorithm: Algorithm, traffic: Traffic, asked: Asked, tables: Engine | None, progress: Callable[[int], object]
) -> Figures:
    """The figures of a drill on an embedded AWS of its own."""
    if len(traffic.messages) < asked.messages:
        raise ValueError(f"{asked.messages} messages are asked for, and there are {len(traffic.messages)}")
    chunks = plan(asked, algorithm.kinds)
    with server.start() as embedded, world(algorithm, embedded.endpoint, tables) as at_hand:
        everything = carry_out(at_hand, traffic, chunks, progress)
        return figures(asked.seed, at_hand, chunks, everything, judged(at_hand, traffic, everything))
