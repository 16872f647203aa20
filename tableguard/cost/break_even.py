"""Find the messages a day at which one mode becomes cheaper than another, and the curves that show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tableguard.cost.bill import bill
from tableguard.cost.circumstances import Circumstances
from tableguard.cost.estate import EstateCounts
from tableguard.cost.prices import Prices
from tableguard.cost.usage import Usage
from tableguard.scale.workload import Workload

LOWEST, HIGHEST = 3, 9  # powers of ten of the messages a day that are looked at
_EACH = 4  # points looked at for each power of ten
BASE = "on-demand"


@dataclass(frozen=True)
class Crossing:
    """Messages a day from which on, until the next crossing, a mode is cheaper than on demand, or dearer."""

    mode: str
    messages_a_day: float
    cheaper: bool


class Costs:
    """USD a month by mode and messages a day; everything else stays as it is."""

    def __init__(self, workload: Workload, estate: EstateCounts, circumstances: Circumstances, prices: Prices) -> None:
        self.workload, self.estate, self.circumstances, self.prices = workload, estate, circumstances, prices
        self.usage = cache(self._usage)

    def _usage(self, messages_a_day: float) -> Usage:
        return Usage(self.workload.at(messages_a_day=messages_a_day), self.estate, self.circumstances)

    def usd(self, mode: str, messages_a_day: float) -> float:
        """Return the USD of a month."""
        return bill(self.usage(messages_a_day), self.prices, mode).usd

    def saving(self, mode: str, messages_a_day: float) -> float:
        """Return how many USD a month a mode costs less than on demand."""
        return self.usd(BASE, messages_a_day) - self.usd(mode, messages_a_day)


def volumes() -> list[float]:
    """Return numbers of messages a day, from a thousand to a thousand million."""
    return [10 ** (LOWEST + number / _EACH) for number in range((HIGHEST - LOWEST) * _EACH + 1)]


def crossings(costs: Costs, modes: Sequence[str]) -> tuple[Crossing, ...]:
    """Return every break-even with on demand, mode by mode."""
    return tuple(crossing for mode in modes for crossing in _crossings(costs, mode))


def _crossings(costs: Costs, mode: str) -> Iterator[Crossing]:
    for low, high in pairwise(volumes()):
        before, after = costs.saving(mode, low) > 0, costs.saving(mode, high) > 0
        if before != after:
            yield Crossing(mode, _between(costs, mode, low, high, after), after)


def _between(costs: Costs, mode: str, low: float, high: float, after: bool) -> float:
    for _ in range(12):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if (costs.saving(mode, middle) > 0) == after else (middle, high)
    return high


def use_of_capacity(prices: Prices) -> float | None:
    """Return the share of provisioned write capacity from whose use on it is cheaper than paying by request."""
    by_request = prices.get("dynamodb-write-request-unit")
    by_hour = prices.get("dynamodb-write-capacity-unit")
    return None if by_request is None or by_hour is None else by_hour.each / (3600 * by_request.each)


def percent(costs: Costs, mode: str) -> list[tuple[float, float]]:
    """Return the curve of a mode's cost in percent of the cost on demand, over messages a day."""
    return [(volume, 100 * costs.usd(mode, volume) / costs.usd(BASE, volume)) for volume in volumes()]


def monitoring(costs: Costs) -> list[tuple[float, float]]:
    """Return the curve of monitoring's percent of the cost on demand, over messages a day."""
    bills = [(volume, bill(costs.usage(volume), costs.prices, BASE)) for volume in volumes()]
    return [(volume, 100 * base.usd_of("monitoring") / base.usd) for volume, base in bills]


def two_digits(value: float) -> str:
    """Write a number with two significant digits: the assumptions bear no more."""
    return f"{float(f'{value:.1e}'):,.0f}"
