"""Paper beside simulation: the cases that hold the formulas to what happens, and how far apart the two may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tableguard.scale.formulas import batch, hot_group, hot_member
from tableguard.scale.invocation import Invocation
from tableguard.scale.simulation import Scenario, Simulated, simulate
from tableguard.scale.workload import Workload

TOLERANCE = 0.10  # of the larger of the two
LARGE = 1769  # MB of memory: one vCPU


@dataclass(frozen=True)
class Case:
    """A workload at its peak, and for how long it is simulated."""

    name: str
    workload: Workload
    seconds: float
    memory: int = 256

    @property
    def invocation(self) -> Invocation:
        """What an invocation costs with this much memory."""
        return Invocation(self.memory)


@dataclass(frozen=True)
class Compared:
    """One figure of a case, both ways."""

    case: str
    figure: str
    paper: float
    simulated: float

    @property
    def apart(self) -> float:
        """Their distance, as a part of the larger."""
        return abs(self.paper - self.simulated) / max(self.paper, self.simulated)


_SHORT = Workload(10_000_000, retention_days=1)  # few shards, and busy ones
# invocations take nearly as long as the quarter second between polls, and nothing else is waited for
TOO_HOPEFUL = Case("10⁷ a day kept for a day, 4 lanes, no window", _SHORT.at(lanes=4, window=0), 30)

CASES = (
    Case("10⁴ a day", Workload(10_000), 3600),
    Case("10⁶ a day", Workload(1_000_000), 200),
    Case("10⁶ a day, no window", Workload(1_000_000, window=0), 200),
    Case("10⁶ a day, window 10 s", Workload(1_000_000, window=10), 400),
    Case("10⁶ a day, few large groups", Workload(1_000_000, messages_a_group=1000, exponent=1.1), 200),
    Case("10⁷ a day", Workload(10_000_000), 20),
    Case("10⁷ a day kept for a day, 4 lanes", _SHORT.at(lanes=4), 30),
    Case("10⁷ a day kept for a day, 10 lanes", _SHORT.at(lanes=10), 20),
    Case("10⁷ a day kept for a day, 1,769 MB", _SHORT, 20, LARGE),
    Case("10⁸ a day", Workload(100_000_000), 5),
)


def simulated(case: Case) -> Simulated:
    """The case, event by event, on as many shards as it has on paper."""
    shards = batch(case.workload, case.invocation).shards
    return simulate(Scenario(case.workload, shards, case.seconds, case.invocation))


def compared(case: Case) -> Iterator[Compared]:
    """Its figures both ways."""
    paper, found = batch(case.workload, case.invocation), simulated(case)
    for name, ours, theirs in (
        ("messages a batch", paper.records, found.records),
        ("groups a message", paper.folded, found.folded),
        ("invocations at once", paper.concurrency, found.concurrency),
        ("staleness, median, s", paper.staleness(0.5), found.quantile(0.5)),
        ("staleness, 99th percentile, s", paper.staleness(0.99), found.quantile(0.99)),
    ):
        yield Compared(case.name, name, ours, theirs)


def offered_to_one_group(rate: float, seconds: float = 6) -> Scenario:
    """So many messages a second, all in one group."""
    return Scenario(_constant(rate), 4, seconds, Invocation(LARGE), one_group=True)


def offered_to_one_member(rate: float, seconds: float = 6) -> Scenario:
    """So many messages a second, each in another group of the same person."""
    return Scenario(_constant(rate).at(exponent=0), 4, seconds, Invocation(LARGE), one_member=True)


def _constant(rate: float) -> Workload:
    return Workload(rate * 86_400, members=1, peak_to_mean=1, retention_days=1, lanes=10, window=0)


def limits() -> Iterator[Compared]:
    """What one group and one member can take, offered half as much again."""
    group, member = hot_group(Workload()), hot_member(Workload())
    yield Compared("one group", "messages a second", group, simulate(offered_to_one_group(1.5 * group)).rate)
    yield Compared("one member", "row updates a second", member, simulate(offered_to_one_member(1.5 * member)).rate)


@cache
def agreement() -> tuple[Compared, ...]:
    """Every figure of every case, and the limits."""
    return (*(each for case in CASES for each in compared(case)), *limits())
