from __future__ import annotations

from pathlib import Path

import pytest

from submissions.checking.check import check_sources
from submissions.errors import InvalidForm, SubmissionRejected
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.submission_inputs import BANK, GOOD, SARCASM
from tests.support.submission_records import FORM, NOW, arena_with_tasks, stored


def test_an_accepted_delivery_is_stored_in_one_commit(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    submission = stored(arena, tmp_path)
    folder = f"2026/03/{submission.id}"
    assert arena.submissions.list() == [f"{folder}/data/{BANK}.jsonl", f"{folder}/submission.json"]
    assert arena.read_submission(submission.id) == submission
    assert (submission.team, submission.created_at) == ("Nhóm Một", NOW)
    assert len(arena.read_rows(submission, BANK)) == len(GOOD.splitlines())
    assert arena.read_history(submission.id).now.state == "received"


def test_whose_it_is_and_whether_it_is_private_is_stored_and_no_form_can_say_it(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    ours = stored(arena, tmp_path)
    assert (ours.owner, ours.private) == ("", False)
    (again := tmp_path / "again").mkdir()
    owner, track = "key:" + "a" * 64, TRACKS["dataset_research"]
    report = check_sources([tmp_path / f"{BANK}.jsonl"], arena.read_tasks(), into=again, track=track)
    mine = store_submission(arena, report, again, SubmissionForm.from_form(FORM), NOW, owner=owner, private=True)
    assert arena.read_submission(mine.id) == mine
    assert (mine.owner, mine.private) == (owner, True)
    with pytest.raises(InvalidForm):
        SubmissionForm.from_form({**FORM, "owner": owner})


def test_a_refused_delivery_is_not_stored(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    (tmp_path / f"{BANK}.jsonl").write_bytes(GOOD)
    (tmp_path / f"{SARCASM}.jsonl").write_bytes(b"bad\n")
    (tmp_path / "into").mkdir()
    sources = [tmp_path / f"{BANK}.jsonl", tmp_path / f"{SARCASM}.jsonl"]
    report = check_sources(sources, arena.read_tasks(), into=tmp_path / "into", track=TRACKS["dataset_research"])
    with pytest.raises(SubmissionRejected, match=f"{SARCASM}.jsonl:1") as caught:
        store_submission(arena, report, tmp_path / "into", SubmissionForm.from_form(FORM), NOW)
    assert caught.value.report is report
    assert arena.submission_ids() == []


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("system", "", "must not be blank"),
        ("team", "  ", "must not be blank"),
        ("team", "a\nb", "no control characters"),
        ("submitter", "a\u202eb", "no control characters"),
        ("system", "a" * 81, "at most 80 characters"),
        ("system_type", "magic", "'search', 'synthesis', 'deep_research' or 'hybrid'"),
        ("url", "javascript:alert(1)", "must begin with http"),
        ("description", "a" * 4001, "at most 4000 characters"),
        ("colour", "red", "no such field"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(field: str, value: str, fault: str) -> None:
    with pytest.raises(InvalidForm) as caught:
        SubmissionForm.from_form({**FORM, field: value}, track=TRACKS["dataset_research"])
    assert list(caught.value.faults) == [field]
    assert fault in caught.value.faults[field]
    assert str(caught.value).startswith(f"{field}: ")


def test_every_missing_field_is_named() -> None:
    with pytest.raises(InvalidForm) as caught:
        SubmissionForm.from_form({})
    assert set(caught.value.faults) == {"system", "system_type", "team", "submitter"}


def test_names_in_any_script_are_taken_and_trimmed() -> None:
    assert SubmissionForm.from_form({**FORM, "team": " فریقِ می\u200cخواهم "}).team == "فریقِ می\u200cخواهم"
