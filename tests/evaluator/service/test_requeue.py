"""Results of another protocol or benchmark version: pending again for `requeue`, listed and not ranked by the board."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from evaluator.stages.anchors import current_version
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.index.result_index import result_index_changes
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluator_world import PROTOCOL, World, publish_tasks

pytestmark = pytest.mark.integration
NAME = PROTOCOL.name


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def make_old(world: World, ulid: str, **changes: str) -> Result:
    """Store the published result as an earlier version measured it."""
    old = world.arena.read_result(ulid, NAME).model_copy(update=changes)
    results = world.arena.results
    changed = [Change(f"results/{ulid}/{NAME}.json", to_json(old)), *result_index_changes(results, [old])]
    results.commit(changed, results.head())
    return old


def board_rows(world: World) -> dict[str, tuple[int | None, str | None]]:
    app = make_app(read_settings({"ARENA": str(world.folder), "ARENA_PROTOCOL": NAME}))
    rows = TestClient(app).get("/board/dataset_research.json").json()
    return {row["system"]: (row["rank_first"], row["flagged"]) for row in rows if row["submission"]}


@pytest.mark.parametrize("part", ["protocol_sha256", "benchmark_sha256"])
def test_an_old_result_is_not_ranked_until_it_is_evaluated_again(world: World, part: str) -> None:
    worker = world.worker()
    publish_tasks(worker)
    one, other = world.submit("One"), world.submit("Other")
    for submission in (one, other):
        assert worker.evaluate(submission.id) == "published"
    version = current_version(world.benchmark, PROTOCOL)
    assert world.arena.read_result(one.id, NAME).version == version
    assert version.benchmark_sha256
    assert {flagged for _, flagged in board_rows(world).values()} == {None}

    make_old(world, one.id, **{part: "f" * 64})
    rank, flagged = board_rows(world)["One"]
    assert rank is None
    assert flagged is not None
    assert "not ranked until it is evaluated again" in flagged
    assert board_rows(world)["Other"] == (1, None)

    assert worker.submission_queue.refresh() == [], "work leaves published results alone"
    again = replace(worker, requeue=True)
    assert again.submission_queue.refresh() == [one.id]
    assert again.evaluate(one.id) == "published"
    assert again.submission_queue.refresh() == []
    assert world.arena.read_result(one.id, NAME).version == version
    assert board_rows(world)["One"][1] is None
