"""A store of answers that is full, and what a submitter is told of it: a real file system of a few pages."""

from __future__ import annotations

from collections import Counter

import pytest

from submissions.submitting.attempts import counts_as_attempt
from tests.support.evaluator_world import World
from tests.support.fault_injection.real_arena import small_disk

pytestmark = pytest.mark.integration

PAGE = 4
"""KiB that a small file takes there."""


@pytest.mark.parametrize("files", [3, 9, 17])
def test_a_full_store_is_our_failure_and_what_was_finished_is_not_done_again(world: World, files: int) -> None:
    """Two tasks: 4 files of the screen, 12 of shots, 4 of trainings, a cost before each output."""
    submission = world.submit()
    stages = world.folder / "work" / "stages"
    with small_disk(stages, f"{files * PAGE}k") as resize:
        assert world.worker().evaluate(submission.id) == "failed"
        now = world.arena.read_history(submission.id).now
        assert (now.state, now.fault) == ("failed", "evaluator")
        assert now.message == "The evaluator's machine failed: No space left on device."
        assert not counts_as_attempt(world.arena, submission.id)
        stored = {file: file.stat().st_mtime_ns for file in stages.glob("*/*.json")}
        assert len(stored) == files
        trained = len(world.trainer.jobs)
        assert trained == (files > 16), "the last one found room for its model, and none for its answers"
        resize("1m")
        assert world.worker().evaluate(submission.id) == "published"
        again = {file: file.stat().st_mtime_ns for file in stages.glob("*/*.json")}
        cost_without_output = [file for file in stored if again[file] != stored[file]]
        assert len(cost_without_output) == files % 2
        assert all(file.parent.name == "cost" for file in cost_without_output)
    assert Counter(job.name for job in world.trainer.jobs) == {"a": 1, "b": 1}
    assert counts_as_attempt(world.arena, submission.id)
