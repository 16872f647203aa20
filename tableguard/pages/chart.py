"""Draw curves as SVG, the same bytes for the same points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import floor, log10

WIDTH, HEIGHT = 900, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 290, 48, 60
# told apart without colour too, by their dashes: https://jfly.uni-koeln.de/color/
_STYLES = (
    ("#0072b2", ""),
    ("#d55e00", "8 4"),
    ("#007a5a", "2 3"),
    ("#a0417f", "12 3 2 3"),
    ("#000000", "5 5"),
    ("#8a6d00", "1 4"),
)
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """One side of a chart: its label and range."""

    label: str
    low: float
    high: float
    log: bool = False

    def part(self, value: float) -> float:
        """Return the position of a value: 0 at the low end, 1 at the high one."""
        if self.log:
            return (log10(value) - log10(self.low)) / (log10(self.high) - log10(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return round values with their labels."""
        if self.log:
            powers = range(round(log10(self.low)), round(log10(self.high)) + 1)
            return [(10.0**power, _power(power)) for power in powers]
        step = _step((self.high - self.low) / 6)
        count = floor((self.high - self.low) / step + 1e-9)
        return [(self.low + number * step, f"{self.low + number * step:g}") for number in range(count + 1)]


@dataclass(frozen=True)
class Series:
    """A curve, or single points (`marks`); series of one style have one colour."""

    name: str
    points: Sequence[tuple[float, float]]
    style: int
    marks: bool = False


def chart(title: str, description: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    """Return the whole picture."""
    body = [
        *_frame(x, y),
        *(line for one in series for line in _draw(one, x, y)),
        *(line for number, one in enumerate(series) for line in _legend(number, one)),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img" aria-labelledby="title description" '
            'font-family="system-ui, sans-serif" font-size="13">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="description">{escape(description)}</desc>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            f'<text x="{_LEFT}" y="26" font-size="16" font-weight="600">{escape(title)}</text>',
            *body,
            "</svg>\n",
        ]
    )


def _point(x: float, y: float) -> tuple[float, float]:
    return _LEFT + x * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - y * (HEIGHT - _TOP - _BOTTOM)


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    (left, bottom), (right, top) = _point(0, 0), _point(1, 1)
    for value, name in x.ticks():
        across, _ = _point(x.part(value), 0)
        yield f'<path d="M{across:.1f} {bottom:.1f}V{top:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{across:.1f}" y="{bottom + 19:.1f}" text-anchor="middle">{name}</text>'
    for value, name in y.ticks():
        _, up = _point(0, y.part(value))
        yield f'<path d="M{left:.1f} {up:.1f}H{right:.1f}" stroke="#dddddd"/>'
        yield f'<text x="{left - 8:.1f}" y="{up + 4:.1f}" text-anchor="end">{name}</text>'
    yield f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}" fill="none" stroke="#444444"/>'
    yield f'<text x="{(left + right) / 2:.1f}" y="{HEIGHT - 14}" text-anchor="middle">{escape(x.label)}</text>'
    middle = (top + bottom) / 2
    yield f'<text transform="translate(20 {middle:.1f}) rotate(-90)" text-anchor="middle">{escape(y.label)}</text>'


def _draw(series: Series, x: Axis, y: Axis) -> Iterator[str]:
    colour, dashes = _STYLES[series.style]
    if series.marks:
        for point in (_point(x.part(a), y.part(b)) for a, b in series.points if _inside(a, b, x, y)):
            yield _mark(*point, colour)
        return
    for stretch in _stretches(series.points, x, y):
        path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in stretch)
        yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes or "none"}"/>'


def _stretches(points: Sequence[tuple[float, float]], x: Axis, y: Axis) -> Iterator[list[tuple[float, float]]]:
    """Yield the parts of a curve that lie within the picture, cut off at its edges."""
    stretch: list[tuple[float, float]] = []
    for one, other in pairwise(points):
        line = _visible(one, other, x, y)
        if line is not None:
            stretch = [*(stretch or [line[0]]), line[1]]
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _visible(
    one: tuple[float, float], other: tuple[float, float], x: Axis, y: Axis
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the line between two points, cut off at the edges; None if it lies outside of the picture."""
    ends = [
        (x.part(a), min(1.05, y.part(b)) if b != float("inf") else 1.05) for a, b in (one, other) if _drawable(b, y)
    ]
    if len(ends) < 2 or all(part > 1 for _, part in ends) or all(part < 0 for _, part in ends):
        return None
    first, last = ends
    return _point(*_cut(first, last)), _point(*_cut(last, first))


def _cut(end: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """Move an end that lies outside of the picture along the line to the edge."""
    edge = max(0.0, min(1.0, end[1]))
    if edge == end[1]:
        return end
    return end[0] + (other[0] - end[0]) * (edge - end[1]) / (other[1] - end[1]), edge


def _drawable(value: float, axis: Axis) -> bool:
    return value > 0 or not axis.log


def _inside(a: float, b: float, x: Axis, y: Axis) -> bool:
    return x.low <= a <= x.high and y.low <= b <= y.high


def _mark(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#ffffff" stroke="{colour}" stroke-width="2"/>'


def _legend(number: int, series: Series) -> Iterator[str]:
    colour, dashes = _STYLES[series.style]
    x, y = WIDTH - _RIGHT + 20, _TOP + 12 + 24 * number
    if series.marks:
        yield _mark(x + 17, y, colour)
    else:
        yield f'<path d="M{x} {y}H{x + 34}" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes or "none"}"/>'
    yield f'<text x="{x + 42}" y="{y + 4}">{escape(series.name)}</text>'


def _power(power: int) -> str:
    return {0: "1", 1: "10", 2: "100", -1: "0.1", -2: "0.01"}.get(power, "10" + str(power).translate(_SUPERSCRIPT))


def _step(least: float) -> float:
    unit = 10.0 ** floor(log10(least))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= least)
