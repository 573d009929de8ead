"""Detected cases, their input, which is all contests under one protocol, and the detectors that find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from leaderboard.cases.contests import Best, TaskContest
from leaderboard.data.same_names import shown_system
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.templates import format_figure, strip_bidi
from submissions.tracks import get_track
from submissions.tracks.published_protocol import ProtocolScale


@dataclass(frozen=True)
class DetectedCase:
    """One notable task."""

    kind: str
    task: str
    label: str
    """Short name of the finding."""
    said: tuple[Markup, ...]
    """Sentences derived from the numbers; the first is the summary."""
    shown: tuple[str, ...]
    """Submissions to compare."""

    @property
    def slug(self) -> str:
        """URL slug of the case."""
        return f"{self.kind}-{self.task}"


@dataclass(frozen=True)
class CaseContext:
    """Input for detecting cases of any kind."""

    snapshot: Snapshot
    track: str
    protocol: str
    contests: Mapping[str, TaskContest]
    scale: ProtocolScale

    def gain_interval(self, task: str, best: Best) -> tuple[float, float] | None:
        """The 95% interval of a gain by the headline method; None if unknown."""
        line = self.snapshot.task_details(best.submission, self.snapshot.results[best.submission][self.protocol], task)
        headline = get_track(self.track).headline
        low, high = (line.of_method(headline, end) for end in ("gain_low", "gain_high")) if line else (None, None)
        return None if low is None or high is None else (low, high)

    def format_gain(self, task: str, best: Best) -> str:
        """Format a gain with its interval, in the protocol's unit."""
        ends = self.gain_interval(task, best)
        around = f" ({self.format_number(ends[0])} to {self.format_number(ends[1])})" if ends else ""
        return self.format_amount(best.value) + around

    def format_amount(self, value: float) -> str:
        """Format a figure for a sentence."""
        number = self.format_number(value)
        return f"a gain of {number}" if self.scale.unit == "gain" else f"{number}{self.scale.unit}"

    def format_means(self, first: float, second: float) -> tuple[str, str, str]:
        """Format two means for a sentence: their quantity and both values."""
        what, sign = ("gain", "") if self.scale.unit == "gain" else ("share of the reference score", "%")
        return what, self.format_number(first) + sign, self.format_number(second) + sign

    def format_number(self, value: float) -> str:
        """Format a stored value for display."""
        return format_figure(self.scale.factor * value, self.scale.decimals)

    def format_system(self, best: Best) -> Markup:
        """Format a system's name, isolated from the direction of the surrounding text."""
        result = self.snapshot.results[best.submission][self.protocol]
        _, system = shown_system(self.snapshot, result.team, result.system)
        return Markup("<bdi>{}</bdi>").format(strip_bidi(system))


@dataclass(frozen=True)
class CaseDetector:
    """One kind of cases that a track registers in its board."""

    kind: str
    """Kind of its cases: the first part of their slugs."""
    about: str
    """The tasks that it finds, in a phrase after "the tasks"."""
    find_tasks: Callable[[CaseContext], list[str]]
    """Finds the tasks, the most notable first."""
    build_case: Callable[[CaseContext, str, int], DetectedCase]
    """Makes the case of the task at a position among them, counted from 1."""


def ordinal_phrase(place: int, largest: str) -> str:
    """Format `the largest difference` for 1, `the second largest difference`, … `the 12th largest difference`."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    before = {1: "", 2: "second ", 3: "third "}.get(place, f"{place}{ending} ")
    return f"the {before}{largest}"
