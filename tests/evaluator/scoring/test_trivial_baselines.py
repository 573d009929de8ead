"""Baselines without a model: found in the train rows, measured with the reference, and what a task must beat."""

from __future__ import annotations

import pytest

from evaluator.scoring.normalization import find_refusal
from evaluator.scoring.trivial_baselines import find_trivial_answers, trivial_texts
from evaluator.stages.aggregate.task_scores import score_task
from evaluator.stages.records import AnchorAnswers, TaskRecord, compute_anchor
from submissions.records.task import Row
from tests.support.evaluation_factories import make_protocol, make_record
from tests.support.factories import make_task

DEMO = make_protocol()


def rows_of(*outputs: str) -> list[Row]:
    return [Row(input=f"question {number}", output=output) for number, output in enumerate(outputs)]


@pytest.mark.parametrize(
    ("category", "outputs", "expected"),
    [
        ("text_classification", ["True", "False", "True"], [("majority label", "True")]),
        ("multiple_choice", ["B", "C", "B", "C"], [("most frequent option", "B")]),
        ("question_answering", ["no", "yes", "yes"], [("constant answer", "yes"), ("copy of the input", None)]),
        ("language_translation", ["b", "a"], [("constant answer", "a"), ("copy of the input", None)]),
        ("text_summarization", [], []),
    ],
)
def test_baselines_come_from_the_train_rows(
    category: str, outputs: list[str], expected: list[tuple[str, str | None]]
) -> None:
    found = find_trivial_answers(category, rows_of(*outputs))
    assert [(one.name, one.answer) for one in found] == expected
    asked = rows_of("x", "y")
    for one in found:
        assert trivial_texts(one, asked) == ((one.answer,) * 2 if one.answer else ("question 0", "question 1"))


def measured(right_of_reference: int, right_of_entry: int) -> TaskRecord:
    """200 questions, 120 of them with the label `yes`; the base model gives no label."""
    rows = tuple(Row(input=f"{number}?", output="no" if number % 5 < 2 else "yes") for number in range(200))
    task = make_task("a", "text_classification")
    record = make_record(task, {}, questions=rows)

    def texts(right: int) -> tuple[str, ...]:
        return tuple(row.output if number < right else "-" for number, row in enumerate(rows))

    answers = AnchorAnswers(
        base=texts(0),
        reference=(texts(right_of_reference),),
        trivial=find_trivial_answers(task.category, rows),
    )
    anchor = compute_anchor(record.build_eval_set(DEMO.metrics), answers, "0" * 64)
    methods = tuple({"method": name, "draws": (texts(right_of_entry),)} for name in DEMO.methods)
    return TaskRecord.model_validate(
        record.model_dump() | {"anchor": anchor, "end_answers": answers, "answers": methods}
    )


def test_a_reference_below_the_majority_label_does_not_count() -> None:
    """Always answering `yes` is right on 120; a reference of 40 beats the base model only, one of 190 both."""
    low, high = measured(40, 60), measured(190, 60)
    (floor,) = low.anchor.trivial
    assert (floor.score.name, floor.score.value) == ("majority label", 0.6)
    why = find_refusal(low.anchor, DEMO.scale)
    assert why is not None
    assert "trivial baseline, majority label" in why
    assert find_refusal(high.anchor, DEMO.scale) is None
    assert find_refusal(low.anchor, make_protocol(scale={"floors": None}).scale) is None, "rules of before have none"
    refused = score_task(DEMO, low).methods["fine_tune"].gain
    assert (refused.value, refused.why) == (None, why)


def test_the_reference_must_beat_it_by_twice_the_standard_error() -> None:
    almost = measured(128, 60)
    (floor,) = almost.anchor.trivial
    assert 0 < 128 / 200 - 0.6 < 2 * floor.noise
    assert find_refusal(almost.anchor, DEMO.scale) is not None


def test_the_base_model_stays_the_zero_of_the_gain() -> None:
    scores = score_task(DEMO, measured(190, 60))
    assert scores.methods["fine_tune"].gain.value == pytest.approx(60 / 190)
    (trivial,) = scores.trivial
    assert trivial.gain.value == pytest.approx(120 / 190)
    assert trivial.score.interval is not None


def test_older_records_have_no_baselines() -> None:
    record = measured(190, 60)
    assert record.end_answers is not None
    plain = record.end_answers.model_copy(update={"trivial": ()})
    assert "trivial" not in plain.model_dump()
    old = compute_anchor(record.build_eval_set(DEMO.metrics), plain, "0" * 64)
    assert "trivial" not in old.model_dump()
    assert find_refusal(old, DEMO.scale) is None
