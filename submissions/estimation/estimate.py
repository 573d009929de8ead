"""Estimates of an evaluation from the costs of past ones. Pure functions; nothing here reads a clock.

The model: a stage of a task takes a fixed time, plus a time for each token trained and for each token generated. The
rates are those with the least sum of absolute errors over all past costs, so that one run on a busy machine moves
nothing. The range is the distance of past evaluations from the times that these rates predict for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import islice
from statistics import median

import numpy as np
from numpy.typing import NDArray

from submissions.records.ledger import Cost, Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.records.status import Status
from submissions.records.task import Row

CONTROL = re.compile(r"<\|[^|<>]*\|>")
"""A control token of the Llama 3 family, as a frame writes it out."""
MIN_PAST_RUNS = 3
"""Minimum number of measured evaluations for an estimate."""
MAX_PAST_RUNS = 30
"""Number of newest evaluations used: software and machines change."""
WAITING = frozenset({"received", "queued", "retrying"})
"""States of submissions that an evaluator takes up without a request."""
RANGE = (10, 90)
"""Percentiles of past evaluations' errors that bound the range: eight of ten were inside."""
_ROUNDS = 60
_TINY = 1e-3
"""Seconds below which an error counts as none."""


@dataclass(frozen=True)
class Rates:
    """Seconds per task and token with one profile."""

    fixed: Mapping[str, float]
    """Seconds for each task, by stage, however small the task."""
    per_trained: float
    """Seconds for each token trained."""
    per_generated: float
    """Seconds for each token generated."""

    def predict_seconds(self, cost: Cost) -> float:
        """Predict the seconds of a cost by its tokens."""
        tokens = self.per_trained * cost.tokens_trained + self.per_generated * cost.tokens_generated
        return self.fixed.get(cost.stage, 0.0) + tokens


@dataclass(frozen=True)
class CostModel:
    """Past evaluations and the rates fitted to them."""

    past: tuple[Ledger, ...]
    rates: Rates
    low: float
    """Least and greatest share of actual to predicted time."""
    high: float


@dataclass(frozen=True)
class Range:
    """An approximate quantity: low, middle and high."""

    low: float
    middle: float
    high: float

    def scale_by(self, factor: float) -> Range:
        """Return the range in another unit."""
        return Range(self.low * factor, self.middle * factor, self.high * factor)

    def __add__(self, other: Range) -> Range:
        """Add two ranges, one after the other."""
        return Range(self.low + other.low, self.middle + other.middle, self.high + other.high)


@dataclass(frozen=True)
class Estimate:
    """Estimated time and cost of a delivery's evaluation."""

    protocol: str
    profile: str
    devices: int
    tokens_trained: int
    seconds: Range
    """Wall time from the evaluation's start."""
    hour_price: float | None
    """Hourly price of one device, in US dollars; None without one in the profile."""
    evaluations: int
    """Number of past evaluations used; 0 for an estimate from the machine profile's speeds alone."""

    @property
    def device_hours(self) -> Range:
        """Wall time times devices in use."""
        return self.seconds.scale_by(self.devices / 3600)

    @property
    def price(self) -> Range | None:
        """Price in US dollars; None without an hourly price."""
        return None if self.hour_price is None else self.device_hours.scale_by(self.hour_price)

    @property
    def document(self) -> dict[str, object]:
        """The whole estimate as a document for machines."""
        return {
            **asdict(self),
            "basis": "measured" if self.evaluations else "planned from the machine's profile, not measured",
            "device_hours": asdict(self.device_hours),
            "price": asdict(self.price) if self.price else None,
        }


def count_row_tokens(row: Row, frame: PromptFrame) -> int:
    """Estimate the tokens of a row in its frame, before the cut."""
    marks, length = _measure_frame(frame.before + frame.between + frame.after)
    length += len(row.input.encode()) + len(row.output.encode())
    return max(1, marks + round(length / frame.bytes_per_token))


@lru_cache(32)
def _measure_frame(text: str) -> tuple[int, int]:
    """Count the control tokens in a frame's text, one token each, and the bytes of the rest."""
    rest, marks = CONTROL.subn("", text)
    return marks, len(rest.encode())


def count_trained_tokens(rows: Iterable[Row], frame: PromptFrame) -> int:
    """Estimate the tokens trained on these rows: at most the rows that count, each cut, in every epoch."""
    counted = islice(rows, frame.max_rows)
    return round(frame.epochs * sum(min(frame.max_tokens, count_row_tokens(row, frame)) for row in counted))


def select_history(ledgers: Iterable[Ledger], protocol: str) -> list[Ledger]:
    """Select up to MAX_PAST_RUNS newest evaluations under a protocol with its last used profile."""
    found = sorted((one for one in ledgers if one.protocol == protocol), key=lambda one: one.submission)
    return [one for one in found if (one.profile, one.devices) == (found[-1].profile, found[-1].devices)][
        -MAX_PAST_RUNS:
    ]


def fit_cost_model(past: Sequence[Ledger]) -> CostModel | None:
    """Fit a model to selected evaluations (`select_history`); None with fewer than MIN_PAST_RUNS of them."""
    if len(past) < MIN_PAST_RUNS:
        return None
    rates = _fit_rates([cost for ledger in past for cost in ledger.costs])
    errors = [ledger.seconds / max(_TINY, sum(map(rates.predict_seconds, ledger.costs))) for ledger in past]
    low, high = (float(end) for end in np.percentile(errors, RANGE))
    return CostModel(tuple(past), rates, low, high)


def estimate_cost(judge: CostModel, tokens: Mapping[str, int]) -> Estimate:
    """Estimate an evaluation that trains on so many tokens for each task.

    The tokens generated depend on the task, not on the data: the median of the task's past evaluations, or of all
    tasks.
    """
    past, rates, low, high = judge.past, judge.rates, judge.low, judge.high
    costs = [cost for ledger in past for cost in ledger.costs]
    foretold = sum(
        rates.predict_seconds(cost) for task, trained in tokens.items() for cost in _predict_costs(task, trained, costs)
    )
    newest = past[-1]
    return Estimate(
        protocol=newest.protocol,
        profile=newest.profile,
        devices=newest.devices,
        tokens_trained=sum(tokens.values()),
        seconds=Range(min(low, 1.0) * foretold, foretold, max(high, 1.0) * foretold),
        hour_price=newest.hour_price,
        evaluations=len(past),
    )


def _fit_rates(costs: Sequence[Cost]) -> Rates:
    """Fit the rates, none below zero, with the least sum of absolute errors over these costs."""
    stages = sorted({cost.stage for cost in costs})
    columns = np.array(
        [
            [float(cost.stage == stage) for stage in stages] + [cost.tokens_trained, cost.tokens_generated]
            for cost in costs
        ],
        dtype=float,
    ).reshape(len(costs), len(stages) + 2)
    found = _solve_least_absolute(columns, np.array([cost.seconds for cost in costs]))
    fixed = dict(zip(stages, found.tolist(), strict=False))
    return Rates(fixed=fixed, per_trained=float(found[-2]), per_generated=float(found[-1]))


def estimate_start(stand: Iterable[Status], past: Sequence[Ledger]) -> datetime | None:
    """Estimate the start of the next delivery: one typical evaluation after the last queued one begins.

    Queued submissions without an expected start count as last, and take as long.

    None if the queue is empty, or no start in it is known.
    """
    waiting = [status.expected_start for status in stand if status.state in WAITING]
    starts = [start for start in waiting if start is not None]
    if not starts or not past:
        return None
    each = timedelta(seconds=median(ledger.seconds for ledger in past))
    return max(starts) + (1 + len(waiting) - len(starts)) * each


def _predict_costs(task: str, trained: int, costs: Sequence[Cost]) -> list[Cost]:
    """Predict a task's stages with their tokens."""
    generated = partial(_predict_generated_tokens, task, costs)
    training = {cost.stage for cost in costs if cost.tokens_trained}
    return [
        Cost(
            task=task,
            stage=stage,
            seconds=0,
            tokens_trained=trained if stage in training else 0,
            tokens_generated=generated(stage),
        )
        for stage in dict.fromkeys(cost.stage for cost in costs)
    ]


def _predict_generated_tokens(task: str, costs: Sequence[Cost], stage: str) -> int:
    of_stage = [cost for cost in costs if cost.stage == stage]
    of_task = [cost for cost in of_stage if cost.task == task]
    return round(median(cost.tokens_generated for cost in of_task or of_stage))


def _solve_least_absolute(columns: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for column weights, none below zero: least absolute errors by reweighted least squares."""
    used = [column for column in range(columns.shape[1]) if columns[:, column].any()]
    while True:
        scale = np.abs(columns[:, used]).max(axis=0, initial=0) if used else np.ones(0)
        found = _solve_reweighted(columns[:, used] / scale, wanted) / scale
        if not used or found.min() >= 0:
            break
        # A negative rate is noise of an uninformative column: drop it, and fit the others again.
        used.pop(int(np.argmin(found * scale)))
    weights = np.zeros(columns.shape[1])
    weights[used] = found
    return weights


def _solve_reweighted(columns: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.ones(len(wanted))
    found = np.zeros(columns.shape[1])
    for _ in range(_ROUNDS):
        root = np.sqrt(weights)
        found = np.linalg.lstsq(columns * root[:, None], wanted * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(wanted - columns @ found), _TINY)
    return found
