from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from submissions.arena.arena import Arena
from submissions.arena.ids import new_id
from submissions.errors import OurError
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.attempts import count_attempts, read_limits
from submissions.submitting.bulk_commit import commit_submissions
from tests.support.submission_inputs import BANK, GOOD
from tests.support.submission_records import NOW, arena_with_tasks, stored

LIMIT = {"dataset_research": 2}


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return arena_with_tasks(tmp_path / "arena")


@pytest.fixture
def first(arena: Arena, tmp_path: Path) -> Submission:
    return stored(arena, tmp_path)


def test_teams_are_told_apart_as_people_read_them_and_an_account_counts_under_any_name(
    arena: Arena, tmp_path: Path, first: Submission
) -> None:
    ours = _another(first, 1, team="  nhóm  một ")
    mine = _another(first, 2, team="Else", owner="hf:1")
    for one in (ours, mine, _another(first, 3, team="Other", owner="hf:2")):
        assert not commit_submissions(arena, [(one, tmp_path / "into")], limits={})
    assert count_attempts(arena, first.track, first.team).used == (first.id, ours.id)
    assert count_attempts(arena, first.track, first.team, "hf:1").used == (first.id, ours.id, mine.id)
    assert count_attempts(arena, "other", first.team).used == ()
    assert count_attempts(arena, "other", first.team, limits={"other": 3}).left == 3


def test_what_is_refused_withdrawn_or_failed_through_us_costs_nothing(arena: Arena, first: Submission) -> None:
    def used(**status: object) -> int:
        entry = Status.model_validate({"message": "So.", "time": NOW, **status})
        history = to_json(History(submission=first.id, entries=(entry,)))
        arena.results.commit([Change(f"status/{first.id}.json", history)], arena.results.head())
        return len(count_attempts(arena, first.track, first.team).used)

    assert [used(state=state) for state in ("refused", "withdrawn", "failed")] == [0, 0, 0]
    assert [used(state=state) for state in ("queued", "evaluating", "retrying", "evaluated", "published")] == [1] * 5
    assert used(state="failed", fault="evaluator") == 0
    assert used(state="failed", fault="submission") == 1


def test_the_last_attempt_is_given_once_however_many_ask_at_once(
    arena: Arena, tmp_path: Path, first: Submission
) -> None:
    rival = _another(first, 1)

    class Overtaken(LocalRepo):
        def commit(self, changes: Sequence[Change], parent: str) -> str:
            if rival.id not in arena.submission_ids():
                assert not commit_submissions(arena, [(rival, tmp_path / "into")], limits=LIMIT)
            return super().commit(changes, parent)

    slow = Arena(Overtaken(tmp_path / "arena" / "submissions"), arena.results, arena.drafts)
    late = _another(first, 2)
    refusals = commit_submissions(slow, [(late, tmp_path / "into")], limits=LIMIT)
    assert str(refusals[late.id]).startswith("All 2 attempts")
    assert arena.submission_ids() == [first.id, rival.id]


def test_what_is_known_is_not_read_again_and_a_damaged_record_stops_nobody(
    arena: Arena, tmp_path: Path, first: Submission
) -> None:
    path = next(path for path in arena.submissions.list() if path.endswith("submission.json"))
    arena.submissions.commit([Change(path, b"?")], arena.submissions.head())
    assert count_attempts(arena, first.track, first.team, known={first.id: first}).used == (first.id,)
    assert count_attempts(arena, first.track, first.team).used == ()
    assert not commit_submissions(arena, [(_another(first, 1), tmp_path / "into")], limits=LIMIT)
    assert len(arena.submission_ids()) == 2


@pytest.mark.usefixtures("toy_track")
def test_limits_are_read_from_a_setting() -> None:
    assert read_limits("") == {"toy": 3}
    assert read_limits("dataset_research=10, toy=none") == {"dataset_research": 10}
    for wrong in ("toy", "toy=-1", "a=b"):
        with pytest.raises(OurError, match="track=number"):
            read_limits(wrong)


def _another(first: Submission, minutes: int, **changed: str) -> Submission:
    time = NOW + timedelta(minutes=minutes)
    files = tuple(file.model_copy(update={"sha256": f"{minutes:064x}"}) for file in first.files)
    return first.model_copy(update={"id": new_id(time), "created_at": time, "files": files, **changed})


def test_the_data_is_stored_with_it(arena: Arena, tmp_path: Path, first: Submission) -> None:
    second = _another(first, 1)
    assert not commit_submissions(arena, [(second, tmp_path / "into")], limits=LIMIT)
    attempts = count_attempts(arena, first.track, first.team, limits=LIMIT)
    assert (attempts.used, attempts.left) == ((first.id, second.id), 0)
    assert len(arena.read_rows(second, BANK)) == len(GOOD.splitlines())
