"""Charts as SVG: no JavaScript, printable, each dot a link with a title."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from submissions.tracks import TRACKS

WIDTH, HEIGHT = 560, 400
LEFT, RIGHT, TOP, BOTTOM = 84, 20, 16, 62
LANE = 56
"""Height of one lane of a strip."""
SHAPES = (
    "M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0Z",
    "M-4.5,-4.5h9v9h-9Z",
    "M0,-6.5L6.5,0L0,6.5L-6.5,0Z",
    "M0,-6L6,5H-6Z",
    "M-2,-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z",
    "M0,6L-6,-5H6Z",
)
"""Circle, square, diamond, triangle, cross, inverted triangle: outlines around a dot's position."""
UNKNOWN_SHAPE = SHAPES[-1]


@dataclass(frozen=True)
class Axis:
    """One axis of a chart: its label, range and ticks."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]
    log: bool = False

    def to_fraction(self, value: float) -> float:
        """Position of a value, from 0 at the low end to 1 at the high end; values outside are clamped."""
        low, high, value = (log10(end) if self.log else end for end in (self.low, self.high, max(value, self.low)))
        return min(1.0, (value - low) / (high - low))

    def format_tick(self, tick: float) -> str:
        """Format a tick's label; M is a million, B a billion."""
        for size, letter in ((1e9, "B"), (1e6, "M")):
            if abs(tick) >= size:
                return f"{tick / size:,.6g}{letter}".replace("-", "−")
        return f"{tick:,.6g}".replace("-", "−")


@dataclass(frozen=True)
class Dot:
    """One dot of a chart."""

    x: float
    y: float
    title: str
    href: str | None
    colour: str
    shape: str
    label: str = ""
    """Text beside the dot."""
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Plot:
    """Dots over two axes."""

    name: str
    """Description of the chart for screen readers."""
    x: Axis
    y: Axis
    dots: Sequence[Dot]
    diagonal: bool = False
    """True to draw a line where both axes have the same value."""
    frontiers: Sequence[Sequence[tuple[float, float]]] = ()
    """Step lines through the Pareto-optimal dots, each from left to right."""
    width: int = WIDTH
    height: int = HEIGHT
    edges: tuple[int, int, int, int] = (LEFT, RIGHT, TOP, BOTTOM)

    def across(self, value: float) -> float:
        """Horizontal position of an x value."""
        return round(LEFT + self.x.to_fraction(value) * (self.width - LEFT - RIGHT), 1)

    def up(self, value: float) -> float:
        """Vertical position of a y value."""
        return round(self.height - BOTTOM - self.y.to_fraction(value) * (self.height - TOP - BOTTOM), 1)

    def steps(self, points: Sequence[tuple[float, float]]) -> str:
        """SVG path of a frontier: level from each dot to the next, then up, and level to the right end."""
        start = f"M{self.across(points[0][0])},{self.up(points[0][1])}"
        rest = "".join(f"H{self.across(x)}V{self.up(y)}" for x, y in points[1:])
        return f"{start}{rest}H{self.width - RIGHT}"

    @property
    def shared(self) -> tuple[float, float]:
        """Value range that both axes share: the ends of the diagonal."""
        return max(self.x.low, self.y.low), min(self.x.high, self.y.high)


@dataclass(frozen=True)
class Strip:
    """Dots along one axis, in stacked lanes; a dot's y is its lane, from 0 at the top."""

    name: str
    x: Axis
    lanes: Sequence[str]
    dots: Sequence[Dot]
    lines: Sequence[tuple[str, float]]
    """Labelled values drawn through all lanes."""
    width: int = WIDTH
    edges: tuple[int, int, int, int] = (LEFT, RIGHT, TOP + 20, BOTTOM)

    @property
    def height(self) -> int:
        """Height of the whole drawing."""
        return self.edges[2] + LANE * len(self.lanes) + BOTTOM

    def across(self, value: float) -> float:
        """Horizontal position of a value."""
        return round(LEFT + self.x.to_fraction(value) * (self.width - LEFT - RIGHT), 1)

    def down(self, lane: float) -> float:
        """Vertical position of a lane's middle."""
        return round(self.edges[2] + LANE * (lane + 0.5), 1)


def type_shape(system_type: str) -> str:
    """Return the shape of a type of systems, the same on every page: by its place among the types of all tracks."""
    types = list(dict.fromkeys(key for track in TRACKS.values() for key in track.system_type_keys))
    return SHAPES[types.index(system_type) % len(SHAPES)] if system_type in types else UNKNOWN_SHAPE


def build_axis(label: str, values: Iterable[float], *, log: bool = False) -> Axis:
    """Build an axis that covers all values, with round ticks.

    A log axis needs values above 0. Raises ValueError for none.
    """
    low, high = _value_range(values)
    if log:
        powers = range(floor(log10(low)), max(ceil(log10(high)), floor(log10(low)) + 1) + 1)
        ticks = tuple(10.0**power for power in powers)
        return Axis(label, ticks[0], ticks[-1], ticks, log=True)
    if high - low < 1e-9:
        low, high = low - 0.05, high + 0.05
    rough = (high - low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= rough * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    ticks = tuple(round(place * step, 12) for place in range(first, last + 1))
    return Axis(label, ticks[0], ticks[-1], ticks)


def _value_range(values: Iterable[float]) -> tuple[float, float]:
    found = list(values)
    return min(found), max(found)
