"""Result summary for boards and charts, a tenth of the size of the whole result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from submissions.index.result_tables import scale_name
from submissions.records.base import Score
from submissions.records.findings import JudgeScores
from submissions.records.result import Result, TaskResult, Total
from submissions.records.submission import SystemType
from submissions.tracks import TRACKS

Floats = NDArray[np.float64]
Key = tuple[str, str, str]
"""A total's method, subset and group."""
BENCHMARK = "benchmark"
"""Key of the benchmark's hash among the reasons."""
NOT_MEASURED = np.inf
"""Gain of a method that the result does not have on a task; a tried method without value is NaN."""


@dataclass(frozen=True)
class ResultLayout:
    """Layout of a result's arrays. Results of one benchmark share one."""

    tasks: tuple[str, ...]
    methods: tuple[str, ...]
    totals: tuple[Key, ...]

    @cached_property
    def task_positions(self) -> Mapping[str, int]:
        return {name: place for place, name in enumerate(self.tasks)}

    @cached_property
    def total_positions(self) -> Mapping[Key, int]:
        return {key: place for place, key in enumerate(self.totals)}


@dataclass(frozen=True, eq=False, slots=True)
class ResultSummary:
    """One published result without the content of its details page. A missing number is NaN."""

    submission: str
    track: str
    system: str
    team: str
    system_type: SystemType
    protocol: str
    protocol_sha256: str
    flagged: str | None
    scale: str
    """Scale of the gains: `gain` or `ratio`."""
    layout: ResultLayout
    means: Floats
    """By total: gain, low, high, median, seed SD."""
    counts: NDArray[np.int32]
    """By total: number of tasks in the mean."""
    missing_reasons: str
    """JSON: reason of a total's missing value, by its index; and the benchmark's hash, by BENCHMARK."""
    gains: Floats
    """By task and method."""
    scored: NDArray[np.bool_]
    """By task: whether it had anything to score."""
    rows: NDArray[np.int32]
    """By task: rows trained on."""
    clearly_positive: NDArray[np.int8]
    """By task: whether the whole interval of the headline gain lies above 0; -1 without an interval."""
    judged: str
    """JSON of the judge's scores; empty if nothing was judged."""

    @property
    def metadata(self) -> JudgeScores | None:
        """The judge's scores."""
        return JudgeScores.model_validate_json(self.judged) if self.judged else None

    @property
    def totals(self) -> Iterator[Total]:
        """Every total, in the result's order."""
        for method, subset, group in self.layout.totals:
            found = self.find_total(method, subset, group)
            assert found
            yield found

    @property
    def ends(self) -> list[tuple[float | None, float | None, float | None]]:
        """By total: the gain and the ends of its interval. If one end is missing, so is the other."""
        found = []
        for value, low, high in self.means[:, :3].tolist():
            has_ends = not (math.isnan(low) or math.isnan(high))
            found.append((to_optional(value), *((low, high) if has_ends else (None, None))))
        return found

    @property
    def benchmark_sha256(self) -> str | None:
        """Hash of the benchmark; None for a result that has none."""
        return _parse_reasons(self.missing_reasons).get(BENCHMARK) if self.missing_reasons else None

    def find_total(self, method: str, subset: str, group: str) -> Total | None:
        """Return one total; None if the result has none."""
        place = self.layout.total_positions.get((method, subset, group))
        if place is None:
            return None
        value, low, high, median, spread = map(to_optional, self.means[place].tolist())
        return Total.model_construct(
            method=method,
            subset=subset,
            group=group,
            gain=Score.model_construct(
                name=f"mean_{self.scale}",
                value=value,
                n=int(self.counts[place]),
                interval=None if low is None or high is None else (low, high),
                why=_parse_reasons(self.missing_reasons).get(str(place)) if self.missing_reasons else None,
            ),
            median=median,
            seed_sd=spread,
        )

    def gains_by_task(self, method: str) -> Floats:
        """Return a method's gain on each of the layout's tasks: NaN unscored, NOT_MEASURED if not tried."""
        if method not in self.layout.methods:
            return np.full(len(self.layout.tasks), NOT_MEASURED)
        found: Floats = self.gains[:, self.layout.methods.index(method)]
        return found


def to_optional(number: float) -> float | None:
    """Return None for NaN, which marks a missing number in arrays."""
    return None if math.isnan(number) else number


def summarize_result(result: Result) -> ResultSummary:
    """Summarize a result."""
    headline = TRACKS[result.track].headline if result.track in TRACKS else ""
    layout = intern_layout(
        tuple(task.task for task in result.tasks),
        tuple(dict.fromkeys(one.method for task in result.tasks for one in task.methods)),
        tuple((total.method, total.subset, total.group) for total in result.totals),
    )
    whys = {BENCHMARK: result.benchmark_sha256} if result.benchmark_sha256 else {}
    whys |= {str(place): total.gain.why for place, total in enumerate(result.totals) if total.gain.why}
    gains = [one.gain for task in result.tasks for one in task.methods] or [total.gain for total in result.totals]
    return ResultSummary(
        submission=result.submission,
        track=result.track,
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        protocol=result.protocol,
        protocol_sha256=result.protocol_sha256,
        flagged=result.flagged,
        scale=scale_name(gains[0]) if gains else "gain",
        layout=layout,
        means=_to_array([(*_value_and_bounds(total.gain), total.median, total.seed_sd) for total in result.totals], 5),
        counts=np.array([total.gain.n for total in result.totals], dtype=np.int32),
        missing_reasons=json.dumps(whys, ensure_ascii=False, sort_keys=True) if whys else "",
        gains=_to_array([_collect_gains(task, layout.methods) for task in result.tasks], len(layout.methods)),
        scored=np.array([task.state == "scored" for task in result.tasks], dtype=np.bool_),
        rows=np.array([task.rows for task in result.tasks], dtype=np.int32),
        clearly_positive=np.array([_compute_positive_flag(task, headline) for task in result.tasks], dtype=np.int8),
        judged=result.metadata.model_dump_json() if result.metadata else "",
    )


@lru_cache(maxsize=1000)
def intern_layout(tasks: tuple[str, ...], methods: tuple[str, ...], totals: tuple[Key, ...]) -> ResultLayout:
    """Return the single layout of these names."""
    return ResultLayout(tasks, methods, totals)


@lru_cache(maxsize=1000)
def _parse_reasons(text: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(text)
    return found


def _collect_gains(task: TaskResult, methods: tuple[str, ...]) -> list[float | None]:
    found = {one.method: one.gain.value for one in task.methods}
    return [found.get(name, NOT_MEASURED) for name in methods]


def _compute_positive_flag(task: TaskResult, headline: str) -> int:
    gain = next((one.gain for one in task.methods if one.method == headline), None)
    return int(gain.interval[0] > 0) if gain and gain.interval else -1


def _value_and_bounds(score: Score) -> tuple[float | None, float | None, float | None]:
    low, high = score.interval or (None, None)
    return score.value, low, high


def _to_array(rows: list[Any], width: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)
