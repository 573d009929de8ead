"""An arena whose compacted files are missing, behind or damaged gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from submissions.index.rebuild import rebuild_index
from submissions.index.result_index import shard_names, shard_path
from submissions.index.submission_index import read_submission_index
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import fill

pytestmark = pytest.mark.integration

TRACK = "dataset_research"


def test_what_has_no_row_gets_one_and_then_nothing_is_left_to_do(tmp_path: Path) -> None:
    arena = fill(tmp_path / "arena")
    files = [*arena.results.list("board/"), *arena.drafts.list("board/")]
    assert not files, "an arena from before there were any"
    results, submissions = rebuild_index(arena)
    assert results == len(arena.results.ids("results/")) > 1
    assert submissions == len(list(read_submission_index(arena.drafts))) > 1
    assert rebuild_index(arena) == (0, 0)


def test_only_what_is_behind_is_written_again(tmp_path: Path) -> None:
    arena = fill(tmp_path / "arena")
    rebuild_index(arena)
    whole = arena.read_result(arena.result_ids()[0])
    changed = Change(
        f"results/{whole.submission}/{whole.protocol}.json", to_json(whole.model_copy(update={"flagged": "x"}))
    )
    arena.results.commit([changed], arena.results.head())
    assert rebuild_index(arena) == (1, 0)
    (name,) = shard_names(arena.results, TRACK)
    arena.results.commit([Change(shard_path(TRACK, name), b"damaged")], arena.results.head())
    assert rebuild_index(arena) == (len(arena.results.ids("results/")), 0)
