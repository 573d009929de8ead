"""Estimate for a machine without measurements, from token counts alone. Pure functions.

Every time is tokens divided by the speeds that the machine's profile names. The expected value takes answers to be as
long as the reference's, and prompts of a draw to share the text before the question; the most takes every answer to
run to its limit, as untrained models do, and nothing to be shared. The range also doubts the speeds themselves: it
goes from the expected at `Speed.doubt` times the speed to the most at as small a part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from submissions.estimation.estimate import CostModel, Estimate, Range, count_trained_tokens, estimate_cost
from submissions.estimation.stage_load import DeliveredTokens, Load, StageLoad, Workload
from submissions.records.machine_speed import Speed
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts, PromptFrame
from submissions.records.task import Row


@dataclass(frozen=True)
class Phase:
    """One kind of work: expected and greatest amount, and the time of one worker."""

    name: str
    expected: Load
    most: Load
    seconds: Range


@dataclass(frozen=True)
class Plan:
    """An evaluation before it has begun."""

    estimate: Estimate
    """`evaluations` is 0: nothing was measured."""
    stations: int
    phases: tuple[Phase, ...]


def estimate_evaluation(
    delivered: Mapping[str, DeliveredTokens],
    frame: PromptFrame,
    judge: CostModel | None,
    workload: Workload | None,
    exams: Mapping[str, EvalSetLoad] | None = None,
    stations: int = 1,
) -> Estimate | None:
    """Estimate an evaluation from measurements, else from the machine's profile; None without either.

    The one function behind `evaluator plan`, `submissions check` and the web app. `workload` is the track's. A
    measurement on one worker is divided evenly over several.
    """
    if not delivered:
        return None
    if judge is not None:
        found = estimate_cost(judge, {task: one.tokens_trained for task, one in delivered.items()})
        return replace(found, seconds=found.seconds.scale_by(1 / stations), devices=found.devices * stations)
    if frame.planning is None or workload is None:
        return None
    return plan_from_speeds(delivered, frame, frame.planning, workload, exams, stations).estimate


def count_delivered(rows: Iterable[Row], count: int, frame: PromptFrame) -> DeliveredTokens:
    """Count the tokens of a file of `count` rows, estimated from bytes."""
    tokens = count_trained_tokens(rows, frame)
    return DeliveredTokens(count, tokens, tokens / (frame.epochs * max(1, min(count, frame.max_rows))))


def plan_from_speeds(
    delivered: Mapping[str, DeliveredTokens],
    frame: PromptFrame,
    planning: PlanningFacts,
    workload: Workload,
    exams: Mapping[str, EvalSetLoad] | None = None,
    stations: int = 1,
) -> Plan:
    """Plan a delivery for a number of workers. A task without a given evaluation set has the mean one.

    Stages do not overlap. Trainings and answers of different tasks may, but on the same devices that saves nothing
    that is sure, so their times are added. The judge is asked meanwhile.
    """
    speed, machine = planning.machine.speed, planning.machine
    by_task = [workload(one, (exams or {}).get(task, planning.exam), planning) for task, one in delivered.items()]
    loads = [load for loads in by_task for load in loads]
    start = _make_phase("start-up", Load(), Load(), speed, speed.start_seconds)
    phases = [_sum_phase(name, loads, speed) for name in dict.fromkeys(load.phase for load in loads)]
    wall = start.seconds
    for stage in dict.fromkeys(load.stage for load in loads):
        wall += _estimate_stage([[load for load in its if load.stage == stage] for its in by_task], stations, speed)
    found = Estimate(
        protocol=frame.protocol,
        profile=machine.profile,
        devices=machine.devices * stations,
        tokens_trained=sum(one.tokens_trained for one in delivered.values()),
        seconds=wall,
        hour_price=machine.hour_price,
        evaluations=0,
    )
    return Plan(found, stations, (start, *phases))


Work = tuple[Load, Load]
"""Expected and greatest work of one task."""


def _sum_phase(name: str, loads: Sequence[StageLoad], speed: Speed) -> Phase:
    its = [load for load in loads if load.phase == name]
    rows = sum(load.screened_rows for load in its)
    expected, most = _sum_loads(load.expected for load in its), _sum_loads(load.most for load in its)
    return _make_phase(name, expected, most, speed, rows / speed.screened_rows)


def _estimate_stage(by_task: Sequence[Sequence[StageLoad]], stations: int, speed: Speed) -> Range:
    """Estimate the wall time of one stage: what the coordinator does alone, then what workers share."""
    loads = [load for loads in by_task for load in loads]
    alone = sum(load.screened_rows for load in loads) / speed.screened_rows
    work = [(_sum_loads(load.expected for load in its), _sum_loads(load.most for load in its)) for its in by_task]
    shared = _estimate_wall_time(work, max(load.units for load in loads), stations, speed)
    return Range(alone / speed.doubt, alone, alone * speed.doubt) + shared


def _make_phase(name: str, expected: Load, most: Load, speed: Speed, fixed: float = 0.0) -> Phase:
    """Build a phase with the time of one worker; `fixed` seconds are added to the time of its tokens."""
    sure, worst = fixed + _compute_seconds(expected, speed), fixed + _compute_seconds(most, speed)
    return Phase(name, expected, most, Range(sure / speed.doubt, sure, worst * speed.doubt))


def _compute_seconds(load: Load, speed: Speed) -> float:
    return (
        load.trained / speed.trained_tokens
        + load.trainings * speed.training_seconds
        + load.read / speed.prompt_tokens
        + load.written / speed.generated_tokens
    )


def _sum_loads(loads: Iterable[Load]) -> Load:
    found = list(loads)
    return Load(
        trained=sum(one.trained for one in found),
        trainings=sum(one.trainings for one in found),
        read=sum(one.read for one in found),
        written=sum(one.written for one in found),
    )


def _estimate_wall_time(work: Sequence[Work], asks: int, stations: int, speed: Speed) -> Range:
    """Estimate wall time of tasks of `asks` units each; a free worker takes the next unit.

    At least an even share, and the longest unit; at most all but the longest divided evenly, and that one last (Graham,
    1969).
    """
    expected = [_compute_seconds(one, speed) for one, _ in work]
    most = [_compute_seconds(one, speed) for _, one in work]
    sure = max(sum(expected) / stations, max(expected, default=0.0) / asks)
    worst = sum(most) / stations + max(most, default=0.0) / asks * (1 - 1 / stations)
    return Range(sure / speed.doubt, sure, worst * speed.doubt)
