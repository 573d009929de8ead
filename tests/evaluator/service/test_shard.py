from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.cli.app import app
from evaluator.errors import ChildFailed
from evaluator.models import base_model
from evaluator.runtime.stage_cache import StageCache
from evaluator.runtime.work_dir_lock import blocking_lock, exclusive_lock, shared_lock
from evaluator.service.shard import Shard, ShardPlan, balance_loads, hold_shard, run_shard
from evaluator.testing.null_backend import NullGenerator
from evaluator.tracks import SCORERS
from evaluator.tracks.dataset_research.task_workload import estimate_seconds
from evaluator.tracks.protocols import load_protocol
from submissions.arena.arena import Arena
from submissions.cli.runtime import run_app
from submissions.errors import EvaluatorError, NotFound
from submissions.records.anchors import Setup
from submissions.records.owner_requests import OwnerRequest
from submissions.storage.local_repo import LocalRepo
from tests.support.evaluator_world import PROTOCOL, TASKS, World
from tests.support.factories import NOW, make_benchmark, make_data_file, make_reference, make_rows
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

WEIGHTS = st.dictionaries(st.text(min_size=1), st.floats(0, 1e6), max_size=40)
ROWS = {task.id: make_rows(f"mine {task.id}", 12 + 6 * number) for number, task in enumerate(TASKS)}


@given(WEIGHTS, st.integers(1, 12))
def test_each_task_has_one_share_and_loads_are_about_equal(weights: dict[str, float], shares: int) -> None:
    found = balance_loads(weights, shares)
    assert len(found) == shares
    assert sorted(name for group in found for name in group) == sorted(weights)
    loads = [sum(weights[name] for name in group) for group in found]
    for group, load in zip(found, loads, strict=True):
        assert [weights[name] for name in group] == sorted((weights[name] for name in group), reverse=True)
        # It was the emptiest when it got its last task: without that one, no share has less.
        if group:
            assert load - weights[group[-1]] <= min(loads) + 1e-6 * max(1.0, load)


def test_the_split_depends_on_the_weights_alone() -> None:
    weights = {name: float(len(name)) for name in ("a", "bb", "cc", "ddd", "eeee", "f")}
    backwards = dict(reversed(weights.items()))
    assert balance_loads(weights, 2) == balance_loads(backwards, 2) == [("eeee", "cc", "f"), ("ddd", "bb", "a")]
    assert balance_loads({"a": 1.0}, 3) == [("a",), (), ()]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/2", "a/b", "1/3/3", " 1/3", ""])
def test_what_is_no_share_is_said(text: str) -> None:
    with pytest.raises(NotFound, match="write I/N"):
        Shard.parse(text)
    assert Shard.parse("3/3") == Shard(3, 3)
    with pytest.raises(NotFound, match="cannot name a run"):
        Shard.parse("1/3", "../up")


def test_longer_data_weigh_more(world: World) -> None:
    bench = world.bench(world.generator)
    exam = bench.build_eval_set(TASKS[0], make_reference("a"))
    few, many = (make_data_file("a", make_rows("mine", count)) for count in (10, 100))
    most = make_data_file("a", make_rows("mine", PROTOCOL.sft.max_rows))
    over = most.model_copy(update={"rows": most.rows * 2, "bytes": most.bytes * 2})
    weighed = [estimate_seconds(bench, exam, files) for files in ([few], [many], [many, few], [most])]
    assert weighed == sorted(set(weighed))
    assert estimate_seconds(bench, exam, [over]) == pytest.approx(weighed[-1]), (
        "no more rows are trained on than allowed"
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "mine")


def copied(world: World, name: str) -> World:
    """The same arena in another folder."""
    target = world.folder.with_name(name)
    shutil.copytree(world.folder, target)
    other = World.__new__(World)
    other.__dict__ |= world.__dict__
    other.folder, other.results = target, type(world.results)(target / "results")
    other.arena = Arena(LocalRepo(target / "submissions"), other.results, LocalRepo(target / "drafts"))
    return other


def shared(world: World, part: str, run: str = "", generator: NullGenerator | None = None) -> list[str]:
    """Do one share; what it said."""
    said: list[str] = []
    run_shard(world.worker(generator), Shard.parse(part, run), world.folder / "work", said.append)
    return said


def never(_model: Path, _prompt: Sequence[int]) -> str:
    raise AssertionError("this was done already")


def published(world: World, ulid: str) -> bytes:
    return world.results.read(f"results/{ulid}/{PROTOCOL.name}.json")


def test_after_all_shares_a_worker_finds_everything_done(world: World) -> None:
    ids = [world.submit(name, ROWS).id for name in ("one", "two")]
    undisturbed = copied(world, "undisturbed")
    for ulid in ids:
        assert undisturbed.worker().evaluate(ulid) == "published"
    for part in ("2/3", "3/3", "1/3"):
        shared(world, part)
    trained = len(world.trainer.jobs)
    worker = world.worker(NullGenerator(never))
    for ulid in worker.submission_queue.refresh():
        assert worker.evaluate(ulid) == "published"
        assert published(world, ulid) == published(undisturbed, ulid)
        assert f"costs/{ulid}/{PROTOCOL.name}.json" in world.results.list("costs/")
    assert len(world.trainer.jobs) == trained


def test_no_two_shares_do_the_same_and_all_do_all(world: World) -> None:
    world.submit("one", ROWS)
    world.submit("two", ROWS | {"a": make_rows("other", 99)})
    asked = []
    for part in ("1/3", "2/3", "3/3"):
        jobs = len(world.trainer.jobs)
        shared(world, part)
        asked.append({job.out.parent.name for job in world.trainer.jobs[jobs:]})
    assert [len(keys) for keys in asked] == [2, 1, 1], "a's two data sets are in one share, and equal data are one job"
    assert len(set().union(*asked)) == len(world.trainer.jobs) == 4


def test_a_share_writes_nothing_to_the_arena(world: World) -> None:
    world.submit("one", ROWS)
    repos = (world.results, world.arena.submissions, world.arena.drafts, world.benchmark.repo)
    heads = [repo.head() for repo in repos]
    assert len(shared(world, "1/1")) == 2
    assert [repo.head() for repo in repos] == heads
    assert not (world.folder / "work" / "results").exists()


def test_few_shot_comes_first_for_every_submission(world: World) -> None:
    for name in ("one", "two"):
        world.submit(name, {"a": make_rows(name, 12)})
    shared(world, "1/1")
    kinds = [model.name for model in world.generator.models]
    assert kinds == ["base"] * (len(kinds) - 2) + ["model"] * 2
    assert len(kinds) == 2 * len(PROTOCOL.few_shot.shots) + 2


def test_what_was_withdrawn_is_no_share_s_business(world: World) -> None:
    kept, gone = world.submit("kept").id, world.submit("gone")
    world.arena.add_owner_request(gone.id, OwnerRequest(kind="withdraw", by=gone.owner, time=NOW))
    assert world.worker().submission_queue.queued_ids() == [kept]


def failing_for(world: World, task: str) -> Callable[[Path, Sequence[int]], str]:
    own = {tuple(world.bench(world.generator).template.build_prompt(row.input)) for row in make_reference(task).test}

    def answer(model: Path, prompt: Sequence[int]) -> str:
        if model.name == "model" and tuple(prompt) in own:
            raise ChildFailed("The engine went away.", "Its log is engine.log.")
        return world.knows(model, prompt)

    return answer


def test_a_unit_that_fails_stops_no_other(world: World) -> None:
    first, second = (world.submit(name, {task: make_rows(name, 12) for task in "ab"}).id for name in ("one", "two"))
    with pytest.raises(EvaluatorError, match=r"2 stage.s. of share 1/1 failed; all others are done") as failed:
        shared(world, "1/1", generator=NullGenerator(failing_for(world, "a")))
    assert failed.value.exit_code == 2
    stages = StageCache(world.folder / "work" / "stages").folder
    assert len(list(stages.glob("few_shot/*.json"))) == 12
    assert len(list(stages.glob("fine_tune/*.json"))) == 2
    worker = world.worker()
    assert [worker.evaluate(ulid) for ulid in (first, second)] == ["published", "published"]
    assert len(world.trainer.jobs) == 4, "the models of what failed were kept, and are only asked"


def test_shares_of_one_run_agree_on_what_was_pending_when_the_first_started(world: World) -> None:
    ids = [world.submit(name, {task: make_rows(name, 12) for task in "ab"}).id for name in ("one", "two")]
    shared(world, "1/2", run="17")
    late = world.submit("late", {"c": make_rows("late", 300)}).id
    said = shared(world, "2/2", run="17")
    assert not [line for line in said if late in line]
    agreed = ShardPlan.model_validate_json((world.folder / "work/shares/17-of-2/agreed.json").read_bytes())
    assert set(agreed.submissions) == set(ids)
    assert sorted(task for tasks in agreed.tasks for task in tasks) == ["a", "b"]
    assert [line for line in shared(world, "1/2") if late in line], "without a run, it is what is pending now"


def test_shares_work_together_and_nobody_else_with_them(tmp_path: Path) -> None:
    with hold_shard(tmp_path, Shard(1, 3)), hold_shard(tmp_path, Shard(2, 3)):
        with pytest.raises(EvaluatorError, match="Share 2 of now-of-3 already runs"), hold_shard(tmp_path, Shard(2, 3)):
            pass
        with pytest.raises(EvaluatorError, match="Shares of now-of-3 run in"), hold_shard(tmp_path, Shard(3, 4)):
            pass
        with (
            pytest.raises(EvaluatorError, match="Shares of now-of-3 run in"),
            hold_shard(tmp_path, Shard(3, 3, "17")),
        ):
            pass
        with pytest.raises(EvaluatorError, match="Another evaluator uses"), exclusive_lock(tmp_path):
            pass
    with (
        exclusive_lock(tmp_path),
        pytest.raises(EvaluatorError, match="exclusively"),
        hold_shard(tmp_path, Shard(1, 3)),
    ):
        pass
    with shared_lock(tmp_path, "other", "1"):
        pass


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_file: object, _kind: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("evaluator.runtime.work_dir_lock.fcntl.flock", unsupported)
    with pytest.raises(EvaluatorError, match="flock"), exclusive_lock(tmp_path):
        pass


def test_the_base_model_is_made_once_where_several_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []
    monkeypatch.setattr(base_model, "_build_in_child", made.append)
    waiting = threading.Thread(target=base_model.prepare_base_model, args=(load_protocol("demo@1"), tmp_path))
    with blocking_lock(tmp_path / "tiny-llama@1.lock"):  # another share makes it
        waiting.start()
        (tmp_path / "tiny-llama@1").mkdir()
    waiting.join()
    assert made == []


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from evaluator.runtime.stage_cache import StageCache
from submissions.records.anchors import Setup
one = Setup(model=sys.argv[2] * 100_000, model_sha256="0" * 64, packages={}, hardware="none", seed=1)
for _ in range(40):
    StageCache(Path(sys.argv[1])).put("stage", "key", one)
"""


def test_processes_that_write_one_output_leave_it_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    subprocess.run([*command, "z"], cwd=ROOT, check=True)
    writers = [subprocess.Popen([*command, letter], cwd=ROOT) for letter in "xy"]
    found = set()
    while any(writer.poll() is None for writer in writers):
        one = StageCache(tmp_path).get("stage", "key", Setup)
        found.add(one and (one.model[0], len(one.model)))
    assert found <= {(letter, 100_000) for letter in "xyz"}
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [file.name for file in (tmp_path / "stage").iterdir()] == ["key.json"]


def test_the_command_says_what_is_no_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    assert run_app(app, "evaluator", ["share", "5/4", "--arena", str(tmp_path)]) == 1
    assert "write I/N" in capsys.readouterr().err
    make_benchmark(tmp_path / "benchmark", TASKS)
    with exclusive_lock(tmp_path / "work"):
        assert run_app(app, "evaluator", ["share", "1/4", "--arena", str(tmp_path)]) == 2
    assert "exclusively" in capsys.readouterr().err
    assert {file.name for file in tmp_path.iterdir()} == {"work", "benchmark"}


def test_of_a_track_without_such_stages_nothing_is_precomputed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submit("one", ROWS)
    monkeypatch.setitem(SCORERS, "dataset_research", replace(SCORERS["dataset_research"], precompute={}))
    with pytest.raises(NotFound, match="no stage to precompute"):
        shared(world, "1/1")
    assert world.generator.models == []
