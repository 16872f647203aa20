"""Every shipped promise proved or refuted: those of each document, then those of all documents together.

The data goes one way: settings, the policies filled from them, promises, worlds, proofs, answers.
"""

from collections.abc import Iterator

from tableguard.prove.shipped import policies, promises, together
from tableguard.prove.shipped.promises import PromiseAnswer
from tableguard.settings import Settings


def answers(settings: Settings) -> Iterator[PromiseAnswer]:
    """Prove or refute every shipped promise; each document is filled and parsed once."""
    shipped = policies.filled(settings)
    yield from promises.answers(shipped)
    yield from together.answers(shipped)
