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
from submissions.records.machine_speed import Speed
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts, PromptFrame
from submissions.records.task import Row


@dataclass(frozen=True)
class DeliveredTokens:
    """Token counts of one task's delivery."""

    rows: int
    tokens_trained: int
    """Tokens in all epochs, each row cut."""
    row_tokens: float
    """Mean tokens of a row that counts, after the cut."""


@dataclass(frozen=True)
class Load:
    """Tokens of one phase's work."""

    trained: float = 0
    trainings: int = 0
    read: float = 0
    """Prompt tokens."""
    written: float = 0


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
    exams: Mapping[str, EvalSetLoad] | None = None,
    stations: int = 1,
) -> Estimate | None:
    """Estimate an evaluation from measurements, else from the machine's profile; None without either.

    The one function behind `evaluator plan`, `submissions check` and the web app. A measurement on one worker is
    divided evenly over several.
    """
    if not delivered:
        return None
    if judge is not None:
        found = estimate_cost(judge, {task: one.tokens_trained for task, one in delivered.items()})
        return replace(found, seconds=found.seconds.scale_by(1 / stations), devices=found.devices * stations)
    return plan_from_speeds(delivered, frame, frame.planning, exams, stations).estimate if frame.planning else None


def count_delivered(rows: Iterable[Row], count: int, frame: PromptFrame) -> DeliveredTokens:
    """Count the tokens of a file of `count` rows, estimated from bytes."""
    tokens = count_trained_tokens(rows, frame)
    return DeliveredTokens(count, tokens, tokens / (frame.epochs * max(1, min(count, frame.max_rows))))


def plan_from_speeds(
    delivered: Mapping[str, DeliveredTokens],
    frame: PromptFrame,
    planning: PlanningFacts,
    exams: Mapping[str, EvalSetLoad] | None = None,
    stations: int = 1,
) -> Plan:
    """Plan a delivery for a number of workers. A task without a given evaluation set has the mean one.

    Few-shot answers come before all training, so the two do not overlap. Trainings and answers of different tasks may,
    but on the same devices that saves nothing that is sure, so their times are added. The judge is asked meanwhile.
    """
    work = [(one, (exams or {}).get(task, planning.exam)) for task, one in delivered.items()]
    few = [_estimate_few_shot(one, exam, planning) for one, exam in work]
    tuned = [_estimate_fine_tune(one, exam) for one, exam in work]
    speed = planning.machine.speed
    rows = sum(one.rows for one in delivered.values())
    phases = (
        _make_phase("start-up", Load(), Load(), speed, speed.start_seconds),
        _make_phase("screen", Load(), Load(), speed, rows / speed.screened_rows),
        _make_phase("few_shot", _sum_loads(one for one, _ in few), _sum_loads(one for _, one in few), speed),
        *_training_phases(tuned, speed),
    )
    asks = max(1, len(planning.shots) * planning.draws)
    wall = (
        phases[0].seconds
        + phases[1].seconds
        + _estimate_wall_time(few, asks, stations, speed)
        + _estimate_wall_time(tuned, 1, stations, speed)
    )
    trained = sum(one.tokens_trained for one in delivered.values())
    machine = planning.machine
    found = Estimate(
        protocol=frame.protocol,
        profile=machine.profile,
        devices=machine.devices * stations,
        tokens_trained=trained,
        seconds=wall,
        hour_price=machine.hour_price,
        evaluations=0,
    )
    return Plan(found, stations, phases)


Work = tuple[Load, Load]
"""Expected and greatest work of one task."""


def _estimate_few_shot(one: DeliveredTokens, exam: EvalSetLoad, planning: PlanningFacts) -> Work:
    """Estimate all few-shot runs: a draw's shots are read once if cached, else before every question."""
    if not one.rows:
        return Load(), Load()
    room = max(0.0, planning.max_prompt_tokens - exam.question_tokens)
    shots = [min(room, min(number, one.rows) * one.row_tokens) for number in planning.shots]
    asked = planning.draws * exam.items
    questions = asked * len(shots) * exam.question_tokens
    expected = Load(read=questions + planning.draws * sum(shots), written=asked * len(shots) * exam.answer_tokens)
    most = Load(read=questions + asked * sum(shots), written=asked * len(shots) * exam.limit_tokens)
    return expected, most


def _estimate_fine_tune(one: DeliveredTokens, exam: EvalSetLoad) -> Work:
    """Estimate one training and the questions to its model."""
    if not one.rows:
        return Load(), Load()
    read, trained = exam.items * exam.question_tokens, float(one.tokens_trained)
    expected = Load(trained, 1, read, exam.items * exam.answer_tokens)
    return expected, replace(expected, written=exam.items * exam.limit_tokens)


def _training_phases(tuned: Sequence[Work], speed: Speed) -> tuple[Phase, ...]:
    """Return the phases of the fine-tune stage."""
    expected, most = _sum_loads(one for one, _ in tuned), _sum_loads(one for _, one in tuned)
    trained, swapped = Load(trained=expected.trained), Load(trainings=expected.trainings)
    return (
        _make_phase("train", trained, trained, speed),
        _make_phase("swap", swapped, swapped, speed),
        _make_phase(
            "generate", Load(read=expected.read, written=expected.written),
            Load(read=most.read, written=most.written), speed,
        ),
    )  # fmt: skip


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
