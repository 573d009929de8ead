from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator.errors import ProtocolMismatch
from evaluator.stages.aggregate.result import build_result
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.metadata.verdict import missing_verdict
from evaluator.stages.records import AnchorAnswers, TaskRecord, compute_anchor, load_records
from evaluator.stages.stored_run import save_records
from evaluator.tracks.rescore import matches_stored, rescore
from submissions.errors import CorruptRecord, NotFound
from submissions.storage.codec import to_json
from tests.support.evaluation_factories import make_protocol, make_record, make_run
from tests.support.factories import make_task
from tests.support.judges import REFERENCE as FULL
from tests.support.judges import SETTINGS

TASKS = [make_task(name, "text_classification") for name in "abc"]


def measured(record: TaskRecord) -> TaskRecord:
    """The record with ends that were measured: one answer right at the base, all but one by the reference."""
    rows = record.questions
    base = tuple(row.output if number == 0 else "" for number, row in enumerate(rows))
    top = tuple("" if number == 0 else f"The answer is {row.output}." for number, row in enumerate(rows))
    answers = AnchorAnswers(base=base, reference=(top, tuple(row.output for row in rows)))
    anchor = compute_anchor(record.build_eval_set(make_protocol().metrics), answers, "0" * 64)
    return record.model_copy(update={"end_answers": answers, "anchor": anchor})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An evaluation as it is left behind."""
    run = make_run(TASKS).with_scoring_setup()
    records = [
        measured(make_record(task, dict.fromkeys(run.protocol.methods, right), of=20))
        for task, right in zip(TASKS, (3, 9, 20), strict=True)
    ]
    save_records(tmp_path, run, records)
    (tmp_path / "result.json").write_bytes(to_json(build_result(run, records)))
    return tmp_path


def changed(**fields: object) -> AnchoredProtocol:
    protocol = make_protocol()
    return AnchoredProtocol.model_validate(protocol.model_dump() | fields)


def test_the_stored_answers_give_the_published_result_bit_for_bit(folder: Path) -> None:
    again = rescore(folder)
    assert to_json(again) == (folder / "result.json").read_bytes()
    assert matches_stored(folder, again)
    assert again == rescore(folder, make_protocol())


def test_another_protocol_scores_the_same_answers_and_their_anchors_by_its_metrics(folder: Path) -> None:
    other = changed(name="demo@9", metrics="paper-metrics@1")
    before, after = rescore(folder), rescore(folder, other)
    assert (after.protocol, after.protocol_sha256) == ("demo@9", other.sha256)
    # "The answer is yes." names a label for arena@1; it ends with the answer for paper@1, after the full stop is off.
    assert after.tasks[0].reference.value == before.tasks[0].reference.value
    assert not matches_stored(folder, after), "another protocol's Result is another"
    scaled = rescore(folder, changed(name="demo@9", scale={"kind": "ratio"}))
    (total,) = (one for one in scaled.totals if (one.method, one.group) == ("fine_tune", "overall"))
    top = before.tasks[0].reference.value
    assert top is not None
    assert total.gain.value == pytest.approx(sum(right / 20 / top for right in (3, 9, 20)) / 3)


@pytest.mark.parametrize(
    ("part", "fields"), [("decoding", {"temperature": 0.5}), ("sft", {"epochs": 1.0}), ("few_shot", {"draws": 2})]
)
def test_a_protocol_that_asks_for_other_answers_is_refused_by_what_differs(
    folder: Path, part: str, fields: dict[str, object]
) -> None:
    other = make_protocol(**{part: fields}).model_copy(update={"name": "demo@9"})
    with pytest.raises(ProtocolMismatch, match=f"demo@9 requires other answers: {part}"):
        rescore(folder, other)


@pytest.mark.parametrize("named", [False, True])
def test_a_run_of_other_rules_under_the_same_name_is_refused_by_both_hashes(folder: Path, named: bool) -> None:
    run, records = load_records(folder)
    earlier = make_protocol(sft={"epochs": 1.0})
    assert earlier.sha256 != make_protocol().sha256
    save_records(folder, run.model_copy(update={"protocol": earlier}), records)
    with pytest.raises(ProtocolMismatch, match=f"{earlier.sha256}.*{make_protocol().sha256}"):
        rescore(folder, make_protocol() if named else None)


def test_a_result_that_its_answers_do_not_give_is_named(folder: Path) -> None:
    stored = json.loads((folder / "result.json").read_text())
    stored["tasks"][1]["methods"][-1]["score"]["value"] = 0.99
    (folder / "result.json").write_text(json.dumps(stored))
    with pytest.raises(CorruptRecord, match="task b"):
        matches_stored(folder, rescore(folder))


def test_a_folder_without_records_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"has no run\.json"):
        rescore(tmp_path)


@pytest.mark.parametrize("content", [None, b"{}", b"\xff", b'{"task": NaN}'])
def test_a_damaged_record_is_named(folder: Path, content: bytes | None) -> None:
    file = folder / "tasks" / "b.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CorruptRecord, match=r"tasks/b\.json"):
        rescore(folder)


def test_verdicts_are_not_given_to_another_judge(tmp_path: Path) -> None:
    judged = changed(name="demo@8", judge=SETTINGS.model_dump())
    verdict = missing_verdict("a", FULL)
    save_records(tmp_path, make_run(TASKS[:1], judged), [measured(make_record(TASKS[0], {}, verdict=verdict))])
    other = SETTINGS.model_dump() | {"repeats": 3}
    with pytest.raises(ProtocolMismatch, match="judge"):
        rescore(tmp_path, changed(name="demo@9", judge=other))
    assert rescore(tmp_path, changed(name="demo@9")).metadata is None


def test_imported_anchors_are_not_scaled_by_other_rules(tmp_path: Path) -> None:
    save_records(tmp_path, make_run(TASKS[:1]), [make_record(TASKS[0], dict.fromkeys(make_protocol().methods, 2))])
    with pytest.raises(ProtocolMismatch, match="the anchors are imported"):
        rescore(tmp_path, changed(name="demo@9", scale={"kind": "ratio"}))


def test_a_result_of_another_version_is_not_called_damaged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evaluator.stages.stored_run.PIPELINE", 99)
    again = rescore(folder)
    assert again.setup.pipeline == 99
    assert not matches_stored(folder, again)


def test_what_was_written_down_half_is_not_mixed_with_what_stood_there(folder: Path) -> None:
    run, records = load_records(folder)

    class Full(Exception):
        """The disk."""

    def half() -> Iterator[TaskRecord]:
        yield records[0]
        raise Full

    with pytest.raises(Full):
        save_records(folder, run, half())
    with pytest.raises(NotFound, match=r"no run\.json"):
        rescore(folder)
    assert not (folder / "result.json").exists()


def test_an_empty_result_is_named(folder: Path) -> None:
    (folder / "result.json").write_bytes(b"")
    with pytest.raises(CorruptRecord, match="is not a Result"):
        matches_stored(folder, rescore(folder))
