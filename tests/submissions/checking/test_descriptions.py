"""metadata.jsonl in a delivery: what a submitter says of the data sets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from submissions.arena.arena import open_arena
from submissions.arena.ids import submission_dir
from submissions.checking.check import check_sources
from submissions.checking.descriptions import MAX_CHARACTERS
from submissions.errors import CorruptRecord
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.submission_inputs import BANK, GOOD, SARCASM, Checker

FIELDS = {
    "introduction": "Intents of bank customers",
    "task": "classification",
    "question": "a customer's sentence",
    "input": "one sentence",
    "output": "one of ten intents",
    "source": "written by hand",
    "samples_count": 20,
}


def line(name: str = BANK, **changes: object) -> bytes:
    return json.dumps({"task": name, "metadata": FIELDS | changes}, ensure_ascii=False).encode() + b"\n"


@pytest.fixture
def delivery(checker: Checker) -> Checker:
    """A checker whose folder holds one good data file."""
    (checker.folder / f"{BANK}.jsonl").write_bytes(GOOD)
    return checker


def test_what_is_said_of_a_data_set_is_stored_beside_it(delivery: Checker, tmp_path: Path) -> None:
    report = delivery.file("metadata.jsonl", line(introduction="بيانات 数据\n=1+1"))
    assert report.accepted
    assert not report.problems
    arena = open_arena(str(tmp_path / "arena"))
    form = {"system": "S", "system_type": "search", "team": "T", "submitter": "A"}
    made = store_submission(
        arena, report, delivery.into, SubmissionForm.from_form(form), datetime(2026, 3, 4, tzinfo=UTC)
    )
    said = arena.read_descriptions(arena.read_submission(made.id))
    assert said.keys() == {BANK}
    assert said[BANK].introduction == "بيانات 数据\n=1+1"
    stored = (delivery.into / "metadata.jsonl").read_bytes()
    assert made.descriptions is not None
    assert made.descriptions.sha256 == hashlib.sha256(stored).hexdigest()


@pytest.mark.parametrize("change", [lambda old: old.replace(b"bank", b"fish"), lambda old: old[:-9], lambda _: b""])
def test_a_stored_description_that_was_changed_is_not_read(
    change: Callable[[bytes], bytes], delivery: Checker, tmp_path: Path
) -> None:
    report = delivery.file("metadata.jsonl", line())
    arena = open_arena(str(tmp_path / "arena"))
    form = {"system": "S", "system_type": "search", "team": "T", "submitter": "A"}
    made = store_submission(
        arena, report, delivery.into, SubmissionForm.from_form(form), datetime(2026, 3, 4, tzinfo=UTC)
    )
    stored = tmp_path / "arena" / "submissions" / submission_dir(made.id) / "metadata.jsonl"
    stored.write_bytes(change(stored.read_bytes()))
    with pytest.raises(CorruptRecord, match=r"metadata\.jsonl does not match its recorded hash"):
        arena.read_descriptions(made)


def test_without_it_nothing_is_said(delivery: Checker, tmp_path: Path) -> None:
    report = delivery()
    assert report.accepted
    assert report.descriptions is None
    arena = open_arena(str(tmp_path / "arena"))
    form = {"system": "S", "system_type": "search", "team": "T", "submitter": "A"}
    made = store_submission(
        arena, report, delivery.into, SubmissionForm.from_form(form), datetime(2026, 3, 4, tzinfo=UTC)
    )
    assert arena.read_descriptions(made) == {}


@pytest.mark.parametrize(
    ("content", "number", "what"),
    [
        (b"{", 1, "not JSON"),
        (b"[]", 1, "Input should be"),
        (b"\xff\n", 1, "not JSON"),
        (b"[" * 100_000, 1, "not JSON"),
        (line() + line(), 2, f"'{BANK}' is described twice"),
        (line(introduction=None), 1, "'metadata.introduction': Input should be a valid string"),
        (line(rating=10), 1, "'metadata.rating': Extra inputs are not permitted"),
        (line(samples_count=-1), 1, "'metadata.samples_count'"),
        (line(name="../x"), 1, "'task'"),
        (line(input="a" * (MAX_CHARACTERS + 1)), 1, f"input has {MAX_CHARACTERS + 1:,} characters"),
        (b'{"task": "' + BANK.encode() + b'", "metadata": "\\ud800"}', 1, "metadata"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_a_fix(
    delivery: Checker, content: bytes, number: int, what: str
) -> None:
    report = delivery.file("metadata.jsonl", content)
    assert not report.accepted
    (problem,) = report.errors
    assert (problem.file, problem.line) == ("metadata.jsonl", number)
    assert what in problem.what
    assert problem.fix
    assert report.descriptions is None


def test_what_is_said_of_data_that_did_not_come_is_passed_over(delivery: Checker) -> None:
    report = delivery.file("metadata.jsonl", line() + b"\n" + line(SARCASM) + line("no-such-task"))
    assert report.accepted
    (warning,) = report.warnings
    assert f"'{SARCASM}', 'no-such-task'" in warning.what
    assert report.descriptions is not None
    assert report.descriptions.tasks == 1


def test_it_is_no_data_set_of_its_own(checker: Checker) -> None:
    report = checker.file("metadata.jsonl", line())
    assert not report.accepted
    assert any("no data file" in problem.what for problem in report.problems)


def test_two_of_them_are_one_too_many(delivery: Checker, tmp_path: Path) -> None:
    other = tmp_path / "metadata.jsonl"
    other.write_bytes(line())
    (delivery.folder / "metadata.jsonl").write_bytes(line())
    report = check_sources(
        [delivery.folder, other],
        [make_task(BANK, "text_classification")],
        into=delivery.into,
        track=TRACKS["dataset_research"],
    )
    assert [problem.what for problem in report.errors] == ["There is another metadata.jsonl."]


def test_no_task_may_be_called_like_it() -> None:
    with pytest.raises(ValueError, match="metadata is not a task id"):
        make_task("metadata", "text_classification")
