"""Compare formulas with simulation: the cases, and how far apart the two may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from tableguard.scale.formulas import batch, hot_group, hot_member
from tableguard.scale.invocation import MEMORY_OF_ONE_VCPU, InvocationModel
from tableguard.scale.simulation import Scenario, SimulationResult, simulate
from tableguard.scale.workload import Workload

TOLERANCE = 0.10  # of the larger of the two
LARGE = MEMORY_OF_ONE_VCPU  # MB


@dataclass(frozen=True)
class AgreementCase:
    """A workload at its peak, and the seconds for which it is simulated."""

    name: str
    workload: Workload
    seconds: float
    memory: int = 256

    @property
    def invocation(self) -> InvocationModel:
        """Return the model of an invocation with this much memory."""
        return InvocationModel(self.memory)


@dataclass(frozen=True)
class Comparison:
    """One figure of a case, by formula and by simulation."""

    case: str
    figure: str
    paper: float
    simulated: float

    @property
    def apart(self) -> float:
        """Return the distance of the two as a part of the larger."""
        return abs(self.paper - self.simulated) / max(self.paper, self.simulated)


_SHORT = Workload(10_000_000, retention_days=1)  # few shards, and busy ones
# invocations take nearly as long as the quarter second between polls, and nothing else is waited for
TOO_HOPEFUL = AgreementCase("10⁷ a day kept for a day, 4 lanes, no window", _SHORT.at(lanes=4, window=0), 30)

CASES = (
    AgreementCase("10⁴ a day", Workload(10_000), 3600),
    AgreementCase("10⁶ a day", Workload(1_000_000), 200),
    AgreementCase("10⁶ a day, no window", Workload(1_000_000, window=0), 200),
    AgreementCase("10⁶ a day, window 10 s", Workload(1_000_000, window=10), 400),
    AgreementCase("10⁶ a day, few large groups", Workload(1_000_000, messages_a_group=1000, exponent=1.1), 200),
    AgreementCase("10⁷ a day", Workload(10_000_000), 20),
    AgreementCase("10⁷ a day kept for a day, 4 lanes", _SHORT.at(lanes=4), 30),
    AgreementCase("10⁷ a day kept for a day, 10 lanes", _SHORT.at(lanes=10), 20),
    AgreementCase("10⁷ a day kept for a day, 1,769 MB", _SHORT, 20, LARGE),
    AgreementCase("10⁸ a day", Workload(100_000_000), 5),
)


def simulate_case(case: AgreementCase) -> SimulationResult:
    """Simulate a case on as many shards as it has on paper."""
    shards = batch(case.workload, case.invocation).shards
    return simulate(Scenario(case.workload, shards, case.seconds, case.invocation))


def compare(case: AgreementCase) -> Iterator[Comparison]:
    """Yield the figures of a case by formula and by simulation."""
    paper, simulation = batch(case.workload, case.invocation), simulate_case(case)
    for name, ours, theirs in (
        ("messages a batch", paper.records, simulation.records),
        ("groups a message", paper.groups_a_message, simulation.groups_a_message),
        ("write units of rows a message", paper.row_units_a_message, simulation.row_units_a_message),
        ("invocations at once", paper.concurrency, simulation.concurrency),
        ("staleness, median, s", paper.staleness(0.5), simulation.quantile(0.5)),
        ("staleness, 99th percentile, s", paper.staleness(0.99), simulation.quantile(0.99)),
    ):
        yield Comparison(case.name, name, ours, theirs)


def one_group_scenario(rate: float, seconds: float = 6) -> Scenario:
    """Return a scenario of so many messages a second, all in one group."""
    return Scenario(_constant(rate), 4, seconds, InvocationModel(LARGE), one_group=True)


def one_member_scenario(rate: float, seconds: float = 6) -> Scenario:
    """Return a scenario of so many messages a second, each in another group of the same person."""
    return Scenario(_constant(rate).at(exponent=0), 4, seconds, InvocationModel(LARGE), one_member=True)


def _constant(rate: float) -> Workload:
    return Workload(rate * 86_400, members=1, peak_to_mean=1, retention_days=1, lanes=10, window=0)


def limits() -> Iterator[Comparison]:
    """Yield the limits of one group and of one member, which are offered half as much again."""
    group, member = hot_group(Workload()), hot_member(Workload())
    yield Comparison("one group", "messages a second", group, simulate(one_group_scenario(1.5 * group)).rate)
    yield Comparison("one member", "row updates a second", member, simulate(one_member_scenario(1.5 * member)).rate)


@cache
def agreement() -> tuple[Comparison, ...]:
    """Return every figure of every case, and the limits."""
    return (*(figure for case in CASES for figure in compare(case)), *limits())
