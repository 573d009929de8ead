from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

import submissions
from submissions import errors
from submissions.arena.arena import commit_with_retry, open_arena, result_path
from submissions.arena.ids import new_id, submission_dir
from submissions.errors import CorruptRecord, NotFound
from submissions.records.base import Score
from submissions.records.owner_requests import OwnerRequest
from submissions.records.submission import DataFile
from submissions.records.task import Row
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from submissions.submitting.download import download_submission
from submissions.tracks import get_track
from tests.support.paths import ROOT
from tests.support.submission_inputs import BANK, SARCASM
from tests.support.submission_records import NOW, arena_with_tasks, publish, stored


def test_a_submission_is_found_by_its_id_and_in_order(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ids = sorted(stored(arena, tmp_path / name).id for name in "ab")
    assert arena.submission_ids() == ids
    assert [task.id for task in arena.read_tasks()] == [BANK, SARCASM]


def test_what_was_asked_is_found_without_going_through_all_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    asked, _ = (stored(arena, tmp_path / name) for name in "ab")
    arena.add_owner_request(asked.id, OwnerRequest(kind="withdraw", by="", time=NOW))
    listed: list[str] = []
    monkeypatch.setattr(arena.submissions, "list", listed.append)
    assert arena.ids_with_requests() == [asked.id]
    assert listed == []


def test_what_is_published_is_read_back(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    submission = stored(arena, tmp_path)
    result = publish(arena, submission)
    assert arena.result_ids() == [submission.id]
    assert arena.read_result(submission.id) == result
    assert arena.read_history(submission.id).now.state == "published"


def test_an_arena_without_tasks_has_none(tmp_path: Path) -> None:
    assert open_arena(str(tmp_path / "new")).read_tasks() == ()
    with pytest.raises(NotFound, match="check --arena"):
        open_arena(str(tmp_path / "no" / "folder"))


@pytest.mark.parametrize("ulid", ["", "../../etc", "x" * 26, "01ARZ3NDEKTSV4RRFFQ69G5FA/"])
def test_what_is_no_id_is_said_to_be_none(ulid: str) -> None:
    with pytest.raises(NotFound, match="is not a submission id"):
        submission_dir(ulid)


def test_an_unknown_id_is_not_found_and_names_no_folder(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    with pytest.raises(NotFound, match="No submission") as caught:
        arena.read_history(new_id(NOW))
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(NotFound, match=f"no data for {SARCASM}"):
        arena.read_rows(stored(arena, tmp_path), SARCASM)


def test_a_damaged_record_is_named_with_its_line(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    content = arena.results.read("tasks.jsonl") + b'{"id": "x"}\n'
    arena.results.commit([Change("tasks.jsonl", content)], arena.results.head())
    with pytest.raises(CorruptRecord, match=r"tasks\.jsonl:3 is not a Task: track"):
        arena.read_tasks()


def test_a_track_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(NotFound, match="No track 'chess'; there are: dataset_research"):
        get_track("chess")


def test_records_are_frozen_refuse_unknown_fields_and_never_hide_what_is_unscored() -> None:
    row = Row(input="a", output="b")
    with pytest.raises(ValidationError):
        row.input = "c"
    with pytest.raises(ValidationError, match="extra"):
        Row.model_validate({"input": "a", "output": "b", "id": 1})
    with pytest.raises(ValidationError, match="has no value and no reason"):
        Score(name="accuracy", n=0)
    with pytest.raises(ValidationError):
        Score(name="accuracy", value=float("nan"), n=1)
    with pytest.raises(ValidationError):
        DataFile(task="../x", path="x", sha256="0" * 64, bytes=1, rows=1)


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn = {word for word in re.findall(r"\w+", errors.__doc__ or "") if hasattr(errors, word)}
    tree = ast.parse(Path(errors.__file__).read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert drawn == defined
    theirs = {name for name in defined if issubclass(getattr(errors, name), errors.TheirError)}
    assert {getattr(errors, name).exit_code for name in theirs} == {1}
    assert {getattr(errors, name).exit_code for name in defined - theirs} == {2}


@pytest.mark.integration
def test_importing_the_contract_needs_no_command_line_and_no_tables() -> None:
    code = (
        "import sys, submissions, submissions.checking.check, submissions.submitting.submit, "
        "submissions.index.result_tables; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pydantic" in loaded
    assert not loaded & {"typer", "rich", "ulid", "pandas", "pyarrow", "huggingface_hub", "gradio", "torch"}


def test_what_the_package_exports_exists() -> None:
    assert all(hasattr(submissions, name) for name in submissions.__all__)
    assert submissions.__all__ == sorted(submissions.__all__, key=lambda name: (name.islower(), name))


def test_a_submission_has_a_result_under_each_protocol_and_the_ranked_one_is_shown_first(tmp_path: Path) -> None:
    arena = arena_with_tasks(tmp_path / "arena")
    submission = stored(arena, tmp_path)
    result = publish(arena, submission)
    for name in ("paper@1", "arena@1"):
        other = result.model_copy(update={"protocol": name})
        commit_with_retry(arena.results, [Change(result_path(submission.id, name), to_json(other))])
    commit_with_retry(arena.results, [Change("results/notes.txt", b"no result")])
    assert arena.published_protocols() == {submission.id: ["arena@1", "paper@1", "demo@1"]}
    assert arena.read_result(submission.id).protocol == "arena@1"
    assert arena.read_result(submission.id, "paper@1").protocol == "paper@1"
    with pytest.raises(NotFound):
        arena.read_result(submission.id, "paper@2")
    to = tmp_path / "downloaded"
    paths = download_submission(arena, submission.id, to)
    assert {"result.json", "paper@1/result.json", "demo@1/tasks.csv"} <= set(paths)
    assert json.loads((to / "result.json").read_text())["protocol"] == "arena@1"
