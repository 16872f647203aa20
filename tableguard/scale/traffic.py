"""Model the traffic: a day with a peak, and the popularity of groups by Zipf's law."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from math import cos, exp, expm1, log, pi
from random import Random

DAY = 86_400.0


@dataclass(frozen=True)
class Daily:
    """Messages a second over a day: exp(k cos), with a chosen ratio of peak to mean."""

    mean: float
    peak_to_mean: float

    def rate(self, second: float) -> float:
        """Return the rate at a second of the day; the peak is at 0."""
        return self.mean * self.peak_to_mean * exp(self._k * (cos(2 * pi * second / DAY) - 1))

    @property
    def peak(self) -> float:
        """Return the highest rate of the day."""
        return self.mean * self.peak_to_mean

    @cached_property
    def hours(self) -> tuple[float, ...]:
        """Return the mean rate of each hour; the second half of the day is the first one backwards."""
        points = 20  # of an hour: enough for the highest peak that is accepted
        rates = [self.rate((point + 0.5) * DAY / 24 / points) for point in range(12 * points)]
        half = [sum(rates[hour * points : (hour + 1) * points]) / points for hour in range(12)]
        return (*half, *reversed(half))

    @cached_property
    def _k(self) -> float:
        low, high = 0.0, 700.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _peak_to_mean(middle) < self.peak_to_mean else (low, middle)
        return low


@cache
def _peak_to_mean(k: float) -> float:
    """Return that ratio for exp(k cos x); 4,096 points are exact to the last digit for any k below 700."""
    points = 4096
    return points / sum(exp(k * (cos(2 * pi * point / points) - 1)) for point in range(points))


@dataclass(frozen=True)
class Zipf:
    """Group number i (from 1) has a share of the messages in proportion to 1 / i ** exponent."""

    groups: int
    exponent: float

    @cached_property
    def bins(self) -> tuple[tuple[float, float], ...]:
        """Return (share of one group, number of such groups): the first 64 one by one, then ranks 6% wide."""
        ranges = list(self._ranges())
        total = sum(weight * count for weight, count in ranges)
        return tuple((weight / total, count) for weight, count in ranges)

    def _ranges(self) -> Iterator[tuple[float, float]]:
        first = 1
        while first <= self.groups:
            last = min(self.groups, first if first <= 64 else int(first * 1.06))
            count = last - first + 1
            yield _power_sum(first, last, self.exponent) / count, count
            first = last + 1

    def draw(self, random: Random, messages: int) -> Iterator[int]:
        """Yield the group (from 0) of each of so many messages."""
        cumulative = list(accumulate(share * count for share, count in self.bins))
        first = [0, *accumulate(int(count) for _, count in self.bins)]
        for number in random.choices(range(len(self.bins)), cum_weights=cumulative, k=messages):
            yield first[number] + int(random.random() * self.bins[number][1])

    def distinct(self, messages: float) -> float:
        """Return the expected number of different groups among so many independent messages."""
        return -sum(count * expm1(-share * messages) for share, count in self.bins)


def _power_sum(first: int, last: int, exponent: float) -> float:
    """Return the sum of i ** -exponent, by the midpoint rule where ranks are many."""
    if last == first:
        return float(first**-exponent)
    low, high = first - 0.5, last + 0.5
    if abs(exponent - 1) < 1e-9:
        return log(high / low)
    return float((high ** (1 - exponent) - low ** (1 - exponent)) / (1 - exponent))
