"""The break-even plot: USD a month of each mode over messages a day."""

from collections.abc import Sequence

from tableguard.cost.break_even import BASE, HIGHEST, LOWEST, Costs, crossings, monitoring, percent, rounded
from tableguard.cost.circumstances import MODES
from tableguard.pages.chart import Axis, Series, chart


def plot(costs: Costs, modes: Sequence[str], region: str) -> str:
    """Each mode in percent of on demand, against messages a day: where it crosses 100 it breaks even."""
    lines = [Series(MODES[mode].removeprefix("on demand, "), percent(costs, mode), modes.index(mode)) for mode in modes]
    marks = [
        Series(
            f"{'cheaper' if each.cheaper else 'dearer'} from {rounded(each.messages_a_day)} a day",
            [(each.messages_a_day, 100)],
            modes.index(each.mode),
            marks=True,
        )
        for each in crossings(costs, [mode for mode in modes if mode != BASE])
    ]
    return chart(
        f"Break-even with on demand ({region}, list prices)",
        "The cost of a month in percent of what it costs on demand, against messages a day, for each mode of capacity. "
        "A mark stands where a mode breaks even; the last curve is the part that monitoring is of the cost on demand.",
        Axis("messages a day", 10**LOWEST, 10**HIGHEST, log=True),
        Axis("percent of the cost on demand", 0, 200),
        [*lines, Series("monitoring, a part of on demand", monitoring(costs), len(modes)), *marks],
    )
