"""Results of another protocol or benchmark version: pending again for `requeue`, listed and not ranked by the board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click.testing
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from evaluator.cli.app import app
from evaluator.stages.anchors import current_version
from evaluator.stages.context import EvaluationContext
from evaluator.testing.null_backend import NullGenerator
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.index.result_index import result_index_changes
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.evaluator_world import PROTOCOL, World, broken, publish_tasks

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
    site = make_app(read_settings({"ARENA": str(world.folder), "ARENA_PROTOCOL": NAME}))
    rows = TestClient(site).get("/board/dataset_research.json").json()
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


def run_requeue(world: World, monkeypatch: pytest.MonkeyPatch, generator: NullGenerator) -> click.testing.Result:
    """Run the command on the world's arena with null tools in place of a base model and Ray."""

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[EvaluationContext]:
        yield world.bench(generator)

    monkeypatch.setattr("evaluator.tracks.context_pool.open_context", opened)
    work = str(world.folder / "work")
    return CliRunner().invoke(app, ["requeue", "--arena", str(world.folder), "--protocol", NAME, "--work", work])


def test_the_command_evaluates_old_results_and_what_waits_and_stops(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = world.worker()
    publish_tasks(worker)
    old, current = world.submit("Old"), world.submit("Current")
    for submission in (old, current):
        assert worker.evaluate(submission.id) == "published"
    version = current_version(world.benchmark, PROTOCOL)
    make_old(world, old.id, protocol_sha256="f" * 64)
    kept = world.results.read(f"results/{current.id}/{NAME}.json")
    waiting = world.submit("Waiting")
    done = run_requeue(world, monkeypatch, world.generator)
    assert done.exit_code == 0, done.output
    assert {ulid: world.arena.read_result(ulid, NAME).version for ulid in world.arena.result_ids()} == {
        submission.id: version for submission in (old, current, waiting)
    }
    assert world.results.read(f"results/{current.id}/{NAME}.json") == kept
    assert {world.arena.read_history(one.id).now.state for one in (old, current, waiting)} == {"published"}
    before = len(world.generator.models)
    assert run_requeue(world, monkeypatch, world.generator).exit_code == 0
    assert len(world.generator.models) == before, "nothing is left to evaluate"


def test_the_command_says_how_many_failed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_tasks(world.worker())
    submission = world.submit()
    done = run_requeue(world, monkeypatch, NullGenerator(broken))
    assert done.exit_code != 0
    assert "1 submission(s) failed" in str(done.exception)
    assert world.arena.read_history(submission.id).now.state == "failed"
