"""Compacted files: the same figures, the same bytes, and one file for one new result."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from submissions.errors import CorruptRecord
from submissions.index.result_index import (
    FIRST,
    MAX_ROWS_PER_FILE,
    IndexedResult,
    decode_results,
    encode_results,
    index_row,
    result_index_changes,
    shard_names,
    shard_path,
)
from submissions.index.submission_index import make_brief, read_submission_index, submission_index_changes
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change, content_id
from tests.support.arena_fixture import SCRIPT, fill, result, submission

TRACK = "dataset_research"


def made(number: int, **how: bool) -> Result:
    delivered, _ = submission(number, SCRIPT, "Team", "search")
    return result(delivered, 0.5, **how)  # type: ignore[arg-type]


def same(one: IndexedResult, other: IndexedResult) -> bool:
    return encode_results([one]) == encode_results([other])


def held(repo: LocalRepo, name: str) -> list[str]:
    path = shard_path(TRACK, name)
    return [row.summary.submission for row in decode_results(path, repo.read(path))]


@pytest.mark.parametrize("how", [{}, {"judged": True}, {"unscored": True}])
def test_a_row_holds_every_figure_exactly(how: dict[str, bool]) -> None:
    whole = made(0, **how)
    (row,) = decode_results("x", encode_results([index_row(whole)]))
    assert row.content == content_id(to_json(whole))
    assert list(row.summary.totals) == list(whole.totals)
    assert row.summary.metadata == whole.metadata
    for method in row.summary.layout.methods:
        gains = [one.gain.value for task in whole.tasks for one in task.methods if one.method == method]
        assert row.summary.gains_by_task(method).tolist() == gains
    assert row.summary.rows.tolist() == [task.rows for task in whole.tasks]
    assert row.summary.scored.tolist() == [task.state == "scored" for task in whole.tasks]
    assert row.details.numbers[:, 0].tolist() == [task.base.value for task in whole.tasks]


def test_the_same_rows_give_the_same_bytes() -> None:
    rows = [index_row(made(number)) for number in range(3)]
    assert encode_results(rows) == encode_results(list(decode_results("x", encode_results(rows))))


def test_an_absent_method_is_no_unscored_one() -> None:
    whole = made(0)
    task = whole.tasks[0].model_copy(update={"methods": whole.tasks[0].methods[1:]})
    (row,) = decode_results(
        "x", encode_results([index_row(whole.model_copy(update={"tasks": (task, *whole.tasks[1:])}))])
    )
    assert np.isinf(row.summary.gains_by_task("few_shot_1")[0])
    assert np.isnan(row.details.numbers[0]).any()


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all"])
def test_a_damaged_file_says_which(content: bytes) -> None:
    with pytest.raises(CorruptRecord, match=r"board/x\.parquet"):
        list(decode_results("board/x.parquet", content))


def test_a_result_is_added_replaced_and_removed(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "results")
    one, other = made(0), made(1)
    repo.commit(result_index_changes(repo, [one, other]), repo.head())
    assert held(repo, FIRST) == [one.submission, other.submission]
    again = one.model_copy(update={"flagged": "looks copied"})
    repo.commit(result_index_changes(repo, [again]), repo.head())
    rows = list(decode_results("x", repo.read(shard_path(TRACK, FIRST))))
    assert [row.summary.flagged for row in rows] == ["looks copied", None]
    assert same(rows[1], index_row(other))
    repo.commit(result_index_changes(repo, [], [(one.submission, one.protocol)]), repo.head())
    assert held(repo, FIRST) == [other.submission]
    repo.commit(result_index_changes(repo, [], [(other.submission, other.protocol)]), repo.head())
    assert shard_names(repo, TRACK) == []


def test_a_full_file_stays_as_it_is_when_newer_results_come(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "results")
    repo.commit(result_index_changes(repo, [made(number) for number in range(MAX_ROWS_PER_FILE)]), repo.head())
    full = repo.read(shard_path(TRACK, FIRST))
    newer = made(MAX_ROWS_PER_FILE)
    repo.commit(result_index_changes(repo, [newer]), repo.head())
    assert repo.read(shard_path(TRACK, FIRST)) == full
    assert shard_names(repo, TRACK) == [FIRST, newer.submission]
    newest = made(MAX_ROWS_PER_FILE + 1)
    assert [change.path for change in result_index_changes(repo, [newest])] == [shard_path(TRACK, newer.submission)]


@pytest.mark.integration
def test_a_result_between_older_ones_splits_their_file(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "results")
    every = [made(number) for number in range(MAX_ROWS_PER_FILE + 1)]
    repo.commit(result_index_changes(repo, every[:5] + every[6:]), repo.head())
    repo.commit(result_index_changes(repo, [every[5]]), repo.head())
    names = shard_names(repo, TRACK)
    assert [ulid for name in names for ulid in held(repo, name)] == [one.submission for one in every]
    assert all(name <= ulid for name in names for ulid in held(repo, name))


def test_an_unreadable_file_is_written_anew(tmp_path: Path) -> None:
    repo = LocalRepo(tmp_path / "results")
    repo.commit([Change(shard_path(TRACK, FIRST), b"damaged")], repo.head())
    whole = made(0)
    repo.commit(result_index_changes(repo, [whole]), repo.head())
    assert held(repo, FIRST) == [whole.submission]


def test_submissions_in_brief_are_read_back_with_their_history(tmp_path: Path) -> None:
    arena = fill(tmp_path / "arena")
    ids = arena.submission_ids()
    arena.drafts.commit(submission_index_changes(arena, ids[:3]), arena.drafts.head())
    arena.drafts.commit(submission_index_changes(arena, ids[2:]), arena.drafts.head())
    found = {entry.id: (entry, past) for entry, past in read_submission_index(arena.drafts)}
    assert sorted(found) == ids
    statuses = arena.results.ids("status/")
    for ulid, (entry, past) in found.items():
        assert entry == make_brief(arena.read_submission(ulid))
        if f"status/{ulid}.json" in statuses:
            assert past.status == statuses[f"status/{ulid}.json"]
