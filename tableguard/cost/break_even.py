"""At how many messages a day one mode becomes cheaper than another, and the curves that show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tableguard.cost.bill import bill
from tableguard.cost.circumstances import Circumstances
from tableguard.cost.estate import Estate
from tableguard.cost.prices import Prices
from tableguard.cost.usage import Usage
from tableguard.scale.workload import Workload

LOWEST, HIGHEST = 3, 9  # powers of ten of the messages a day that are looked at
_EACH = 4  # points looked at for each power of ten
BASE = "on-demand"


@dataclass(frozen=True)
class Crossing:
    """From so many messages a day on, and until the next crossing, this mode is cheaper than on demand, or dearer."""

    mode: str
    messages_a_day: float
    cheaper: bool


class Costs:
    """USD a month by mode and messages a day; everything else stays as it is."""

    def __init__(self, workload: Workload, estate: Estate, circumstances: Circumstances, prices: Prices) -> None:
        self.workload, self.estate, self.circumstances, self.prices = workload, estate, circumstances, prices
        self.usage = cache(self._usage)

    def _usage(self, messages_a_day: float) -> Usage:
        return Usage(self.workload.at(messages_a_day=messages_a_day), self.estate, self.circumstances)

    def usd(self, mode: str, messages_a_day: float) -> float:
        """A month."""
        return bill(self.usage(messages_a_day), self.prices, mode).usd

    def saving(self, mode: str, messages_a_day: float) -> float:
        """USD a month less than on demand."""
        return self.usd(BASE, messages_a_day) - self.usd(mode, messages_a_day)


def volumes() -> list[float]:
    """Messages a day, from a thousand to a thousand million."""
    return [10 ** (LOWEST + number / _EACH) for number in range((HIGHEST - LOWEST) * _EACH + 1)]


def crossings(costs: Costs, modes: Sequence[str]) -> tuple[Crossing, ...]:
    """Every break-even with on demand, mode by mode."""
    found = []
    for mode in modes:
        for low, high in pairwise(volumes()):
            before, after = costs.saving(mode, low) > 0, costs.saving(mode, high) > 0
            if before != after:
                found.append(Crossing(mode, _between(costs, mode, low, high, after), after))
    return tuple(found)


def _between(costs: Costs, mode: str, low: float, high: float, after: bool) -> float:
    for _ in range(12):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if (costs.saving(mode, middle) > 0) == after else (middle, high)
    return high


def use_of_capacity(prices: Prices) -> float | None:
    """The part of provisioned write capacity that must be used for it to be cheaper than paying by request."""
    by_request = prices.get("dynamodb-write-request-unit")
    by_hour = prices.get("dynamodb-write-capacity-unit")
    return None if by_request is None or by_hour is None else by_hour.each / (3600 * by_request.each)


def percent(costs: Costs, mode: str) -> list[tuple[float, float]]:
    return [(each, 100 * costs.usd(mode, each) / costs.usd(BASE, each)) for each in volumes()]


def monitoring(costs: Costs) -> list[tuple[float, float]]:
    bills = [(each, bill(costs.usage(each), costs.prices, BASE)) for each in volumes()]
    return [(each, 100 * found.of("monitoring") / found.usd) for each, found in bills]


def rounded(value: float) -> str:
    """Two significant digits: the assumptions bear no more."""
    return f"{float(f'{value:.1e}'):,.0f}"
