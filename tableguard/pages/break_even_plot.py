"""Draw the break-even plot: the cost of each mode over messages a day."""

from collections.abc import Sequence

from tableguard.cost.break_even import BASE, HIGHEST, LOWEST, Costs, crossings, monitoring, percent, two_digits
from tableguard.cost.circumstances import MODES
from tableguard.pages.chart import Axis, Series, chart


def plot(costs: Costs, modes: Sequence[str], region: str) -> str:
    """Return an SVG of each mode in percent of on demand: where a curve crosses 100, its mode breaks even."""
    lines = [Series(MODES[mode].removeprefix("on demand, "), percent(costs, mode), modes.index(mode)) for mode in modes]
    marks = [
        Series(
            f"{'cheaper' if crossing.cheaper else 'dearer'} from {two_digits(crossing.messages_a_day)} a day",
            [(crossing.messages_a_day, 100)],
            modes.index(crossing.mode),
            marks=True,
        )
        for crossing in crossings(costs, [mode for mode in modes if mode != BASE])
    ]
    return chart(
        f"Break-even with on demand ({region}, list prices)",
        "The cost of a month in percent of what it costs on demand, against messages a day, for each mode of capacity. "
        "A mark stands where a mode breaks even; the last curve is the part that monitoring is of the cost on demand.",
        Axis("messages a day", 10**LOWEST, 10**HIGHEST, log=True),
        Axis("percent of the cost on demand", 0, 200),
        [*lines, Series("monitoring, a part of on demand", monitoring(costs), len(modes)), *marks],
    )
