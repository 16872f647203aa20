"""What a benchmark answers: a figure of ours beside the figure of what one would use instead, from one run."""

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """Ours and the other's, in the same unit, measured in turn in the same run."""

    benchmark: str
    case: str
    ours: float
    other: float
    unit: str

    @property
    def ratio(self) -> float:
        """Ours divided by the other: below 1 we take less, above 1 we do more, as the unit says."""
        return self.ours / self.other

    def facts(self) -> dict[str, Any]:
        """As --json prints it, one line a figure."""
        return {**asdict(self), "ratio": round(self.ratio, 4)}


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def in_turn(ours: Callable[[], object], other: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median seconds of each, run A B A B: a machine that slows down slows both."""
    pairs = [(seconds(ours), seconds(other)) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)
