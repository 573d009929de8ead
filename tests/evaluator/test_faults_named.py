"""Faults of the real trainer and the real engine under a whole evaluator.

| fault | test |
| --- | --- |
| a loss that is no number | test_a_diverged_training_… |
| no room for a model | test_a_full_disk_of_models_… |
| no memory | test_a_rank_without_memory_… |
| a rank that stands still | test_a_rank_that_hangs_… |
| an engine killed while it answers | test_an_engine_that_is_killed_… |
| no room for answers | test_faults_full.py |

Each is an error with a name, tried again as often as the profile says; nobody is left, and the next run publishes.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file, save_file

from evaluator.errors import ChildFailed, DiskFull, Hung, OutOfMemory, TrainingDiverged
from submissions.records.status import Status
from submissions.records.submission import Submission
from tests.support.fault_injection.real_arena import RealWorld, real_world, small_disk
from tests.support.processes import all_end

pytestmark = pytest.mark.slow
PATIENCE = 5.0
"""Seconds of silence after which the trainer counts as hung here, from the moment on at which a rank was stopped."""


def all_is_well(world: RealWorld, submission: Submission, now: Status) -> None:
    assert (now.state, world.errors) == ("published", [])
    assert_published(world, submission)


def assert_published(world: RealWorld, submission: Submission) -> None:
    assert world.arena.read_history(submission.id).now.state == "published"
    assert world.costs_an_attempt(submission)
    assert not list(world.models.glob("*"))


def assert_our_failure(world: RealWorld, submission: Submission, now: Status) -> None:
    """What the submitter sees: whose fault it was, no attempt gone, and nothing of the evaluator's machine."""
    assert (now.state, now.fault) == ("failed", "evaluator")
    assert not world.costs_an_attempt(submission)
    for shown in (now.message, now.log_tail):
        assert str(world.folder) not in shown
        assert "/" not in shown.replace("input/output", "")
    assert now.message


def once(fault: Callable[[], None]) -> Callable[[str, int, int], None]:
    """Strike at the first step that is told."""
    struck: list[int] = []

    def strike(_name: str, step: int, _of: int) -> None:
        if not struck:
            struck.append(step)
            fault()

    return strike


def test_a_diverged_training_is_our_failure_and_published_when_the_weights_are_mended(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_world(tmp_path, tiny, monkeypatch) as world:
        submission, weights = world.submit(), world.base / "model.safetensors"
        good = weights.read_bytes()
        bad = load_file(weights)
        bad["model.embed_tokens.weight"] = torch.full_like(bad["model.embed_tokens.weight"], torch.nan)
        save_file(bad, weights, {"format": "pt"})
        now = world.work(submission)
        assert [type(error) for error in world.errors] == [TrainingDiverged] * 2, "tried as often as the profile says"
        assert_our_failure(world, submission, now)
        assert "The loss of count is nan" in now.message
        weights.write_bytes(good)
        all_is_well(world, submission, world.work(submission))


@pytest.mark.full  # alone, the trainer's is in every run: test_trainer.py
def test_a_full_disk_of_models_is_our_failure_and_published_when_there_is_room(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "models", "2m") as resize, real_world(tmp_path, tiny, monkeypatch) as world:
        submission = world.submit()
        now = world.work(submission)
        assert [type(error) for error in world.errors] == [DiskFull] * 2, "a model takes 6 MB"
        assert_our_failure(world, submission, now)
        resize("64m")
        all_is_well(world, submission, world.work(submission))


@pytest.mark.full  # likewise
def test_a_rank_without_memory_is_named_and_tried_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_world(tmp_path, tiny, monkeypatch) as world:
        submission, pids = world.submit(), list[int]()

        def no_more_memory() -> None:
            pids.extend(rank.pid for rank in world.ranks())
            for rank in world.ranks():
                held = rank.memory_info().vms
                rank.rlimit(psutil.RLIMIT_AS, (held, held))

        world.at_a_step = once(no_more_memory)
        world.work(submission)
        assert [type(error) for error in world.errors] == [OutOfMemory]
        assert_published(world, submission)
        all_end(pids)


@pytest.mark.full  # likewise
def test_a_rank_that_hangs_is_named_and_tried_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_world(tmp_path, tiny, monkeypatch) as world:
        submission, pids = world.submit(), list[int]()

        def stop() -> None:
            pids.extend(rank.pid for rank in world.ranks())
            world.ranks()[-1].send_signal(signal.SIGSTOP)
            world.lose_patience(PATIENCE)

        world.at_a_step = once(stop)
        world.work(submission)
        assert len(pids) == 2
        assert [type(error) for error in world.errors] == [Hung]
        assert_published(world, submission)
        all_end(pids)


@pytest.mark.full  # likewise: test_generator.py
def test_an_engine_that_is_killed_while_it_answers_is_named_and_its_model_is_not_trained_again(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with real_world(tmp_path, tiny, monkeypatch) as world:
        submission, steps = world.submit(), list[tuple[str, int]]()
        world.at_a_step = lambda name, step, _of: steps.append((name, step))
        with world.killing_the_engine() as killed:
            world.work(submission)
        assert [type(error) for error in world.errors] == [ChildFailed]
        assert "engine" in world.errors[0].public
        assert len(steps) == len(set(steps)), "each task was trained once"
        assert_published(world, submission)
        all_end(killed)
