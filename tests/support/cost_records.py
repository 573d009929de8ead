"""Ledgers of evaluations that took exactly what the rates say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from submissions.arena.ids import new_id
from submissions.records.ledger import Cost, Ledger
from submissions.records.machine_speed import Machine, Speed
from submissions.records.prompt_frame import EvalSetLoad, PlanningFacts, PromptFrame

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START, TRAINED, GENERATED = 30.0, 0.002, 0.01


def make_costs(trained: int, generated: int, factor: float = 1.0) -> tuple[Cost, ...]:
    """Of two tasks that keep to the rates, slowed down by a factor."""
    seconds = factor * (START + TRAINED * trained + GENERATED * generated)
    return tuple(
        cost
        for task in ("a", "b")
        for cost in (
            Cost(task=task, stage="few_shot", seconds=factor * (5 + GENERATED * 300), tokens_generated=300),
            Cost(
                task=task, stage="fine_tune", seconds=seconds, tokens_trained=trained, tokens_generated=generated
            ),
        )
    )  # fmt: skip


def make_ledger(day: int, trained: int, generated: int, factor: float = 1.0, **more: object) -> Ledger:
    fields = {"protocol": "demo@1", "profile": "cpu", "devices": 1, "hour_price": None} | more
    found = {"submission": new_id(NOW + timedelta(days=day)), "costs": make_costs(trained, generated, factor)}
    return Ledger.model_validate(fields | found)


PAST = [
    make_ledger(1, 1000, 500),
    make_ledger(2, 90_000, 200),
    make_ledger(3, 20_000, 1500),
    make_ledger(4, 50_000, 900),
]


SPEED = Speed(
    start_seconds=100, screened_rows=10, trained_tokens=50, training_seconds=7, prompt_tokens=1000, generated_tokens=20,
    doubt=2,
)  # fmt: skip
EXAM = EvalSetLoad(items=10, question_tokens=30, answer_tokens=4, limit_tokens=8)
PLANNING = PlanningFacts(
    machine=Machine(profile="8xh100", devices=8, hour_price=3, speed=SPEED),
    shots=(1, 3), draws=2, max_prompt_tokens=100, exam=EXAM,
)  # fmt: skip
FRAME = PromptFrame(
    protocol="arena@1", before="<user>", between="<bot>", after="<end>", max_tokens=20, bytes_per_token=2.0, epochs=3,
    max_rows=50, planning=PLANNING,
)  # fmt: skip
