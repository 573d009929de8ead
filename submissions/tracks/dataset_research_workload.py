"""Work of a DatasetResearch evaluation for one task: few-shot answers, then one training and its answers."""

from __future__ import annotations

from submissions.estimation.stage_load import DeliveredTokens, Load, StageLoad
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts


def estimate_stages(one: DeliveredTokens, exam: EvalSetLoad, planning: PlanningFacts) -> tuple[StageLoad, ...]:
    """Estimate the stages of a task. Few-shot answers come before all training, so the two do not overlap."""
    return (
        StageLoad("screen", "screen", screened_rows=one.rows),
        _estimate_few_shot(one, exam, planning),
        *_estimate_fine_tune(one, exam),
    )


def _estimate_few_shot(one: DeliveredTokens, exam: EvalSetLoad, planning: PlanningFacts) -> StageLoad:
    """Estimate all few-shot runs: a draw's shots are read once if cached, else before every question."""
    units = max(1, len(planning.shots) * planning.draws)
    if not one.rows:
        return StageLoad("few_shot", "few_shot", units=units)
    room = max(0.0, planning.max_prompt_tokens - exam.question_tokens)
    shots = [min(room, min(number, one.rows) * one.row_tokens) for number in planning.shots]
    asked = planning.draws * exam.items
    questions = asked * len(shots) * exam.question_tokens
    expected = Load(read=questions + planning.draws * sum(shots), written=asked * len(shots) * exam.answer_tokens)
    most = Load(read=questions + asked * sum(shots), written=asked * len(shots) * exam.limit_tokens)
    return StageLoad("few_shot", "few_shot", expected, most, units)


def _estimate_fine_tune(one: DeliveredTokens, exam: EvalSetLoad) -> tuple[StageLoad, ...]:
    """Estimate one training and the questions to its model."""
    train, swap, ask, longest = Load(), Load(), Load(), Load()
    if one.rows:
        train, swap = Load(trained=float(one.tokens_trained)), Load(trainings=1)
        ask = Load(read=exam.items * exam.question_tokens, written=exam.items * exam.answer_tokens)
        longest = Load(read=ask.read, written=exam.items * exam.limit_tokens)
    return (
        StageLoad("fine_tune", "train", train, train),
        StageLoad("fine_tune", "swap", swap, swap),
        StageLoad("fine_tune", "generate", ask, longest),
    )
