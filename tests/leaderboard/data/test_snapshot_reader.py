"""What the web app reads: from compacted files where they are sound, only what changed, and whole results on demand."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from leaderboard.board.query import query_class
from leaderboard.board.rows import board_table
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.snapshot.snapshot_builder import MIN_COMPACTED
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.pages.task.page import scores_table
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.arena.ids import submission_dir
from submissions.errors import Unreachable
from submissions.index.result_index import FIRST, result_index_changes, shard_path
from submissions.index.submission_index import submission_index_changes
from submissions.records.result import split_verdicts
from submissions.storage.codec import to_json
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from tests.support.varied_systems import add

TRACK = "dataset_research"
CHOICE = query_class("dataset_research")(protocol="demo@1")


class Noted(LocalRepo):
    """Remembers what was read."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.was_read: list[str] = []

    def read(self, path: str) -> bytes:
        self.was_read.append(path)
        return super().read(path)


@pytest.fixture
def noted(arena: Arena, tmp_path: Path) -> Arena:
    """The filled arena with enough results for a compacted file to be worth reading."""
    for number in range(MIN_COMPACTED):
        add(arena, f"More {number}", 0.1 * number, day=40 + number)
    return Arena(*(Noted(tmp_path / "arena" / name) for name in ("submissions", "results", "drafts")))


def read_of(arena: Arena, start: str) -> list[str]:
    assert isinstance(arena.results, Noted)
    return [path for path in arena.results.was_read if path.startswith(start)]


def compact(arena: Arena) -> None:
    made = [arena.read_result(ulid) for ulid in arena.published_protocols()]
    commit_with_retry(arena.results, result_index_changes(arena.results, made))
    commit_with_retry(arena.drafts, submission_index_changes(arena, arena.submission_ids()))
    assert isinstance(arena.results, Noted)
    arena.results.was_read.clear()


def shown(snapshot: Snapshot) -> list[dict[str, object]]:
    tables = [board_table(snapshot, TRACK, CHOICE), *(scores_table(snapshot, task) for task in snapshot.tasks)]
    return [row for table in tables for row in table.rows]


def test_compacted_files_show_what_the_results_show_and_open_none(noted: Arena) -> None:
    plain = SnapshotReader(noted).snapshot()
    expected = shown(plain)
    compact(noted)
    snapshot = SnapshotReader(noted).snapshot()
    assert shown(snapshot) == expected
    assert read_of(noted, "results/") == read_of(noted, "status/") == []
    assert snapshot.briefs == plain.briefs
    assert dict(snapshot.histories) == dict(plain.histories)
    assert snapshot.published_on == plain.published_on


@pytest.mark.parametrize("content", [b"damaged", None])
def test_without_a_sound_compacted_file_the_results_are_read(noted: Arena, content: bytes | None) -> None:
    expected = shown(SnapshotReader(noted).snapshot())
    compact(noted)
    commit_with_retry(noted.results, [Change(shard_path(TRACK, FIRST), content)])
    snapshot = SnapshotReader(noted).snapshot()
    assert shown(snapshot) == expected
    assert snapshot.unreadable == ()


def test_a_result_that_is_newer_than_its_row_is_read_itself(noted: Arena) -> None:
    compact(noted)
    ulid = next(iter(noted.published_protocols()))
    changed = noted.read_result(ulid).model_copy(update={"flagged": "looks copied"})
    commit_with_retry(noted.results, [Change(result_path(ulid, "demo@1"), to_json(changed))])
    noted.results.was_read.clear()  # type: ignore[attr-defined]
    snapshot = SnapshotReader(noted).snapshot()
    assert snapshot.results[ulid]["demo@1"].flagged == "looks copied"
    assert read_of(noted, "results/") == [result_path(ulid, "demo@1")]


def test_after_a_new_result_only_its_own_files_are_read(noted: Arena) -> None:
    reader = SnapshotReader(noted)
    before = reader.snapshot()
    noted.results.was_read.clear()  # type: ignore[attr-defined]
    new = add(noted, "Newest", 0.9, day=70)
    noted.results.was_read.clear()  # type: ignore[attr-defined]
    snapshot = reader.snapshot()
    assert snapshot.results.keys() - before.results.keys() == {new.submission}
    assert read_of(noted, "results/") == [result_path(new.submission, "demo@1")]
    assert read_of(noted, "status/") == [f"status/{new.submission}.json"]
    assert snapshot.full_result(new.submission, "demo@1") == split_verdicts(new)[0]


def test_a_result_that_is_taken_away_is_gone(noted: Arena) -> None:
    reader = SnapshotReader(noted)
    ulid = next(iter(reader.snapshot().results))
    commit_with_retry(noted.results, [Change(result_path(ulid, "demo@1"), None)])
    snapshot = reader.snapshot()
    assert ulid not in snapshot.results
    with pytest.raises(KeyError):
        snapshot.full_result(ulid, "demo@1")


class Far(LocalRepo):
    """Counts how often it is asked for its head, which may fail."""

    asked = 0
    is_down = False

    def head(self) -> str:
        self.asked += 1
        if self.is_down:
            raise Unreachable("The Hub does not answer.")
        return super().head()


@pytest.fixture
def far(arena: Arena, tmp_path: Path) -> Arena:  # noqa: ARG001  filled before it is opened
    return Arena(*(Far(tmp_path / "arena" / name) for name in ("submissions", "results", "drafts")))


def wait_for_the_look_behind() -> None:
    for thread in threading.enumerate():
        if thread.name == "reader":
            thread.join()


def test_a_far_arena_is_asked_now_and_then_and_behind_the_visitors_back(far: Arena) -> None:
    now = 0.0
    reader = SnapshotReader(far, 20.0, lambda: now)
    first = reader.snapshot()
    add(far, "Newcomer", 0.5, day=70)
    assert isinstance(far.results, Far)
    asked = far.results.asked
    now = 19.9
    assert reader.snapshot() is first
    assert far.results.asked == asked
    now = 20.0
    assert reader.snapshot() is first
    wait_for_the_look_behind()
    assert [one.system for one in reader.snapshot().briefs.values()][-1] == "Newcomer"


def test_what_was_known_is_shown_while_the_arena_cannot_be_reached(
    far: Arena, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    reader = SnapshotReader(far, 20.0, lambda: now)
    first = reader.snapshot()
    assert isinstance(far.results, Far)
    far.results.is_down, now = True, 100.0
    assert reader.snapshot() is first
    wait_for_the_look_behind()
    assert reader.snapshot() is first
    assert "Kept the last snapshot, refresh failed: The Hub does not answer." in caplog.text
    with pytest.raises(Unreachable):
        SnapshotReader(far, 20.0).snapshot()


def test_a_submission_that_was_mended_is_read_again(arena: Arena) -> None:
    ulid = arena.submission_ids()[0]
    path = f"{submission_dir(ulid)}/submission.json"
    sound = arena.submissions.read(path)
    commit_with_retry(arena.submissions, [Change(path, b"{}")])
    reader = SnapshotReader(arena)
    assert [lost.record for lost in reader.snapshot().unreadable if lost.record == ulid] == [ulid]
    commit_with_retry(arena.submissions, [Change(path, sound)])
    assert ulid in reader.snapshot().briefs
    assert ulid not in {lost.record for lost in reader.snapshot().unreadable}
