"""Draw the pictures of docs/scale/: formulas as curves, simulations as marks."""

from collections.abc import Callable, Sequence

from tableguard.pages.chart import Axis, Series, chart
from tableguard.scale.agreement import LARGE, AgreementCase, one_group_scenario, one_member_scenario, simulate_case
from tableguard.scale.formulas import batch, hot_group, hot_member, partitions
from tableguard.scale.invocation import InvocationModel
from tableguard.scale.simulation import simulate
from tableguard.scale.workload import Workload

VOLUMES = [10 ** (4 + number / 8) for number in range(33)]
_MESSAGES_A_DAY = Axis("messages a day", 1e4, 1e8, log=True)
_SIMULATED = "simulated"
RESERVED = 10  # ReservedConcurrentExecutions of the stream stack; a test holds it to the template


def partition_curves() -> str:
    """Draw the partitions for bytes and for writes."""

    def curve(name: str, days: float, style: int, count: Callable[[Workload], int]) -> Series:
        return Series(name, [(volume, count(Workload(volume, retention_days=days))) for volume in VOLUMES], style)

    return chart(
        "Partitions of the table, and so shards of its stream",
        "Partitions against messages a day: those that the stored bytes need for three retentions, and those that the "
        "writes of the day's peak need.",
        _MESSAGES_A_DAY,
        Axis("partitions", 1, 1e4, log=True),
        [
            curve("bytes, kept ten years", 3650, 0, lambda workload: partitions(workload).for_bytes),
            curve("bytes, kept a year", 365, 1, lambda workload: partitions(workload).for_bytes),
            curve("bytes, kept 30 days", 30, 2, lambda workload: partitions(workload).for_bytes),
            curve("writes at the peak", 30, 3, lambda workload: partitions(workload).for_writes),
        ],
    )


def concurrency_curves() -> str:
    """Draw the invocations at once, with the function as it ships and with a whole vCPU."""

    def curve(memory: int, style: int) -> Series:
        points = [(volume, batch(Workload(volume), InvocationModel(memory)).concurrency) for volume in VOLUMES]
        return Series(f"{memory:,} MB", points, style)

    def marks(memory: int, style: int) -> Series:
        cases = [AgreementCase("", Workload(10.0**power), seconds, memory) for power, seconds in _BRIEF]
        return Series(
            _SIMULATED, [(case.workload.messages_a_day, simulate_case(case).concurrency) for case in cases], style, True
        )

    return chart(
        "Invocations at once at the day's peak",
        "Concurrent invocations against messages a day, kept a year, window one second: as shipped and with the memory "
        "of one vCPU, beside the concurrency that the template reserves.",
        _MESSAGES_A_DAY,
        Axis("invocations at once", 0.01, 1000, log=True),
        [
            curve(256, 0),
            marks(256, 0),
            curve(LARGE, 1),
            marks(LARGE, 1),
            Series("reserved in the template", [(volume, RESERVED) for volume in VOLUMES], 4),
        ],
    )


_BRIEF = ((4, 1800), (5, 300), (6, 60), (7, 15), (8, 3))  # power of ten a day, seconds simulated


def staleness_curves() -> str:
    """Draw the staleness of rows over the batch window."""
    windows = [number / 4 for number in range(41)]

    def curve(name: str, part: float, style: int) -> Series:
        return Series(name, [(window, batch(Workload(window=window)).staleness(part)) for window in windows], style)

    simulations = {
        window: simulate_case(AgreementCase("", Workload(window=window), 200)) for window in (0, 1, 2, 5, 10)
    }

    def marks(part: float, style: int) -> Series:
        return Series(
            _SIMULATED, [(window, result.quantile(part)) for window, result in simulations.items()], style, marks=True
        )

    return chart(
        "Batch window against staleness, 10⁶ messages a day",
        "Seconds from a message to its rows against the batch window: median and 99th percentile.",
        Axis("MaximumBatchingWindowInSeconds", 0, 10),
        Axis("seconds until the rows show it", 0, 12),
        [curve("99th percentile", 0.99, 1), marks(0.99, 1), curve("median", 0.5, 0), marks(0.5, 0)],
    )


def write_unit_curves() -> str:
    """Draw the write units over the batch window: a longer window folds more messages."""
    windows = [0.25 * 300 ** (number / 24) * 4 ** (number / 24) for number in range(25)]
    large = {"messages_a_group": 1000, "exponent": 1.1}

    def curve(name: str, workload: Workload, style: int) -> Series:
        return Series(name, [(window, batch(workload.at(window=window)).write_units) for window in windows], style)

    def marks(workload: Workload, style: int) -> Series:
        cases = [AgreementCase("", workload.at(window=window), max(60, 2 * window)) for window in (1, 10, 100)]
        message = workload.sizes.message_units
        points = [(case.workload.window, message + simulate_case(case).row_units_a_message) for case in cases]
        return Series(_SIMULATED, points, style, marks=True)

    return chart(
        "Batch window against write units",
        "Write units a message, table and index together, against the batch window, for two members.",
        Axis("MaximumBatchingWindowInSeconds", 0.1, 1000, log=True),
        Axis("write units a message", 0, 4),
        [
            curve("10⁴ a day, small groups", Workload(1e4), 0),
            curve("10⁶ a day, small groups", Workload(), 1),
            marks(Workload(), 1),
            curve("10⁷ a day, small groups", Workload(1e7), 2),
            curve("10⁶ a day, large groups", Workload(1e6).at(**large), 3),
            marks(Workload(1e6).at(**large), 3),
        ],
    )


def lane_curves() -> str:
    """Draw the staleness on few shards by ParallelizationFactor."""
    volumes = [10 ** (5.5 + number / 16) for number in range(33)]

    def short(lanes: int, volume: float) -> Workload:
        return Workload(volume, retention_days=1, lanes=lanes)

    def curve(lanes: int, style: int, memory: int = 256) -> Series:
        model = InvocationModel(memory)
        points = [(volume, batch(short(lanes, volume), model).staleness(0.99)) for volume in volumes]
        name = f"factor {lanes}" if memory == 256 else f"factor {lanes}, {memory:,} MB"
        return Series(name, points, style)

    def marks(lanes: int, style: int, at: Sequence[float], memory: int = 256) -> Series:
        cases = [AgreementCase("", short(lanes, volume), 20, memory) for volume in at]
        points = [(case.workload.messages_a_day, simulate_case(case).quantile(0.99)) for case in cases]
        return Series(_SIMULATED, points, style, marks=True)

    return chart(
        "ParallelizationFactor on busy shards (messages kept for a day)",
        "99th percentile of staleness against messages a day, by ParallelizationFactor and by memory: a curve ends "
        "where the function no longer keeps up.",
        Axis("messages a day", 1e5, 1e8, log=True),
        Axis("seconds until the rows show it", 0, 8),
        [
            curve(1, 0),
            marks(1, 0, (1e6, 3e6)),
            curve(2, 1),
            curve(5, 2),
            curve(10, 3),
            marks(10, 3, (1e6, 1e7)),
            curve(1, 4, LARGE),
            marks(1, 4, (1e6, 1e7), LARGE),
        ],
    )


def hot_key_curves() -> str:
    """Draw the limits of one group and of one member."""
    offered = [0, 500, 1000, 1500, 2000]
    group, member = hot_group(Workload()), hot_member(Workload())
    rates = (250, 400, 750, 1250, 1750)

    def curve(name: str, limit: float, style: int) -> Series:
        return Series(name, [(rate, min(rate, limit)) for rate in sorted({*offered, limit})], style)

    return chart(
        "One busy group, one busy member",
        "Messages a second that are done against those offered: all in one group, and all in different groups of one "
        "person.",
        Axis("messages a second offered", 0, 2000),
        Axis("messages a second done", 0, 1200),
        [
            curve("one group", group, 0),
            Series(_SIMULATED, [(rate, simulate(one_group_scenario(rate)).rate) for rate in rates], 0, marks=True),
            curve("one member of many groups", member, 1),
            Series(_SIMULATED, [(rate, simulate(one_member_scenario(rate)).rate) for rate in rates], 1, marks=True),
        ],
    )
