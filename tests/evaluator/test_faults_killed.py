"""SIGKILL at every step of an evaluation and at random moments, with light tools: test_faults_real.py has the real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluator.runtime.work_dir_lock import exclusive_lock
from evaluator.stages.stored_run import save_records
from tests.support.evaluation_factories import make_run
from tests.support.factories import make_task
from tests.support.fault_injection.light_arena import Launcher
from tests.support.fault_injection.scenarios import MOMENTS, World, by_kind, kind_of, moments, table

pytestmark = pytest.mark.integration
AT_A_GLANCE = 9
"""Of so many steps, one is tried in the short run."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with Launcher(folder) as launcher:
        yield World(folder, launcher)


def test_the_steps_are_all_that_is_written_and_all_that_begins(world: World) -> None:
    """Two tasks: screen, three numbers of shots and a training of each, an output and a cost of all."""
    renamed = [step for step in world.steps if step.startswith("after re")]
    assert sum("stages/cost/" in step for step in renamed) == 2 * 5
    assert [sum(f"stages/{stage}/" in step for step in renamed) for stage in ("screen", "few_shot", "fine_tune")] == [
        2,
        2 * 3,
        2,
    ]
    assert sum(step.endswith("examples.jsonl") for step in renamed) == 2
    assert sum(step.endswith("KEY/model") for step in renamed) == 2
    last = ["tasks/count.json", "tasks/add.json", "run.json", "ledger.json", "result.json"]
    assert [step.split()[-1] for step in renamed[-5:]] == last
    begun = [step for step in world.steps if step.startswith("start of")]
    assert len(begun) == 8
    assert len({kind_of(step) for step in world.steps}) == 8


def test_a_process_killed_at_some_steps_is_followed_by_one_that_ends_the_same(world: World) -> None:
    outcomes = [world.killed_at(step) for step in range(0, len(world.steps), AT_A_GLANCE)]
    assert [one for one in outcomes if not one.is_well] == []


@pytest.mark.full
def test_a_process_killed_at_any_step_is_followed_by_one_that_ends_the_same(world: World) -> None:
    steps = [step for step in range(len(world.steps)) if step % AT_A_GLANCE]
    outcomes = [world.killed_at(step) for step in steps]
    print(table(by_kind(outcomes)))
    assert len(outcomes) > 150
    assert [one for one in outcomes if not one.is_well] == []


def test_a_process_killed_at_random_moments_is_followed_by_one_that_ends_the_same(world: World) -> None:
    outcomes = list(world.killed_after(moments()))
    print(table([("SIGKILL", "random", outcomes)]))
    assert len(outcomes) == MOMENTS
    assert len({one.step for one in outcomes}) > 1, "they fall into different steps"
    assert [one for one in outcomes if not one.is_well] == []


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    torn = [tmp_path / "stages" / "few_shot" / ".part-abc", tmp_path / "tasks" / ".part-def", tmp_path / ".part-ghi"]
    for file in torn:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{")
    with exclusive_lock(tmp_path):
        assert [file.exists() for file in torn] == [False, True, True]
    save_records(tmp_path, make_run([make_task("count")]), [])
    assert not any(file.exists() for file in torn)
