from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import pytest

from evaluator.config.profile import load_profile
from evaluator.generation import Completion
from evaluator.runtime.work_dir_lock import exclusive_lock
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.testing.null_backend import NullGenerator, null_context
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.events import StageProgress, ThrottledSink
from submissions.arena.benchmark import Source, Sources
from submissions.arena.ids import submission_dir
from submissions.checking.check import check_sources
from submissions.errors import EvaluatorError
from submissions.records.submission import Submission
from submissions.records.task import Row
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.evaluation_factories import make_anchors, make_protocol
from tests.support.evaluator_world import PROTOCOL, TASKS, ListSink, World, broken, publish_tasks
from tests.support.factories import NOW, make_benchmark, make_reference, make_rows, make_task, write_delivery


def test_a_submission_goes_through_all_stages(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    assert worker.submission_queue.refresh() == [submission.id]
    assert worker.evaluate(submission.id) == "published"
    entries = world.arena.read_history(submission.id).entries
    stages = [(entry.state, entry.stage) for entry in entries]
    assert stages == [
        ("received", None),
        ("queued", None),
        ("checking", "check"),
        ("evaluating", "screen"),
        ("evaluating", "few_shot"),
        ("evaluating", "fine_tune"),
        ("evaluating", "total"),
        ("published", "publish"),
    ]
    assert (entries[1].place, entries[1].of) == (1, 1)
    assert all(entry.done == entry.of for entry in entries if entry.stage)
    assert all(entry.fault is None for entry in entries)


def test_the_result_says_what_was_measured(world: World) -> None:
    submission = world.submit()
    world.worker().evaluate(submission.id)
    result = world.arena.read_result(submission.id)
    assert (result.protocol_sha256, result.system) == (PROTOCOL.sha256, "Finder")
    states = [(task.task, task.state, task.rows, task.removed) for task in result.tasks]
    assert states == [("a", "scored", 12, 0), ("b", "scored", 12, 0), ("c", "missing", 0, 0)]
    fine_tuned = {task.task: (task.methods[-1].score.value, task.methods[-1].gain.value) for task in result.tasks}
    assert fine_tuned == {"a": (1.0, 1.0), "b": (1.0, 1.0), "c": (None, 0.0)}
    assert result.tasks[2].methods[-1].score.why == "no data was delivered"
    cells = {(total.method, total.subset, total.group): total.gain.value for total in result.totals}
    assert cells["fine_tune", "full", "overall"] == pytest.approx(2 / 3)
    assert cells["fine_tune", "full", "reasoning"] == 0.0
    assert cells["fine_tune", "pro", "overall"] == 1.0
    assert cells["few_shot_5", "full", "overall"] == 0.0


def test_progress_between_the_ends_of_a_stage_is_not_told_every_time() -> None:
    told = ListSink()
    sink = ThrottledSink(told, seconds=3600.0)
    for stage in ("screen", "fine_tune"):
        for done in range(208 + 1):
            sink.emit(StageProgress(stage, done, 208))
    ends = [(done, 208) for done in (0, 1, 208)]
    assert told.events == [StageProgress(stage, *end) for stage in ("screen", "fine_tune") for end in ends]
    often = ListSink()
    always = ThrottledSink(often, seconds=0.0)
    for done in range(9):
        always.emit(StageProgress("screen", done, 8))
    assert often.events == [StageProgress("screen", done, 8) for done in range(9)]


def test_the_result_its_costs_and_its_status_are_one_commit(world: World) -> None:
    submission = world.submit()
    world.worker().evaluate(submission.id)
    kept = [f"{kind}/{submission.id}/demo@1.json" for kind in ("results", "costs")]
    paths = [*kept, f"previews/{submission.id}/demo@1.json", f"status/{submission.id}.json"]
    beside = ("board/", "table/", "README")
    (commit,) = (commit for commit in world.results.commits if paths[0] in commit)
    assert [path for path in commit if not path.startswith(beside)] == paths
    assert {path.split("/")[0] for path in commit} >= {"board", "table"}
    assert world.results.commits[-1] == commit


def test_places_in_the_queue_move_up(world: World) -> None:
    ids = sorted(world.submit(name).id for name in ("one", "two", "three"))
    worker = world.worker()
    assert worker.submission_queue.refresh() == ids
    assert [world.arena.read_history(ulid).now.place for ulid in ids] == [1, 2, 3]
    assert world.arena.read_history(ids[2]).now.message == "Number 3 of 3."
    before = len(world.results.commits)
    worker.submission_queue.refresh()
    assert len(world.results.commits) == before
    worker.evaluate(ids[0])
    assert worker.submission_queue.refresh() == ids[1:]
    assert [world.arena.read_history(ulid).now.place for ulid in ids[1:]] == [1, 2]


def test_what_is_published_is_left_alone(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    publish_tasks(worker)
    worker.evaluate(submission.id)
    head, calls = world.results.head(), len(world.generator.models)
    again = world.worker()
    publish_tasks(again)
    assert again.submission_queue.refresh() == []
    assert world.results.head() == head
    assert len(world.generator.models) == calls
    assert world.arena.read_tasks() == tuple(TASKS)


def test_a_tool_that_fails_is_our_fault_and_a_later_run_publishes(world: World) -> None:
    submission = world.submit()
    assert world.worker(NullGenerator(broken)).evaluate(submission.id) == "failed"
    now = world.arena.read_history(submission.id).now
    assert (now.state, now.fault) == ("failed", "evaluator")
    assert now.message == "The engine went away."  # its log is the organiser's
    assert world.arena.result_ids() == []
    later = world.worker()
    assert later.submission_queue.refresh() == [submission.id]
    assert later.evaluate(submission.id) == "published"
    states = [entry.state for entry in world.arena.read_history(submission.id).entries]
    assert "failed" in states
    assert states[-1] == "published"


class Forgetful(NullGenerator):
    """Drops the last answer."""

    def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
        return super().generate(model, prompts, max_new_tokens)[:-1]


def test_an_engine_that_drops_an_answer_fails_and_nothing_of_it_is_kept(world: World) -> None:
    submission = world.submit()
    assert world.worker(Forgetful()).evaluate(submission.id) == "failed"
    assert "3 answers came to 4 prompts" in world.arena.read_history(submission.id).now.message
    assert world.worker().evaluate(submission.id) == "published"


def test_what_failed_is_set_aside_and_keeps_saying_so(world: World) -> None:
    first, second = (world.submit(name).id for name in ("one", "two"))
    worker = world.worker(NullGenerator(broken))
    worker.submission_queue.refresh()
    worker.evaluate(first)
    assert worker.submission_queue.refresh(backed_off={first}) == [second]
    assert world.arena.read_history(first).now.state == "failed"
    assert world.arena.read_history(second).now.place == 1


def test_a_model_that_was_left_behind_is_removed(world: World) -> None:
    submission = world.submit()
    world.worker().evaluate(submission.id)
    for job in world.trainer.jobs:
        job.out.mkdir(parents=True)
    world.worker().evaluate(submission.id)
    assert not list((world.folder / "work" / "models").iterdir())


@pytest.mark.integration
@pytest.mark.parametrize("survived", range(8))
def test_an_interrupted_evaluation_goes_on_where_it_was(world: World, tmp_path: Path, survived: int) -> None:
    """Two tasks are asked four times each: one, three and five shots, then the fine-tuned model."""
    other = World(tmp_path / "undisturbed")
    other.submit()
    (ulid,) = other.worker().submission_queue.refresh()
    other.worker().evaluate(ulid)
    submission = world.submit()
    generator = NullGenerator(world.knows)

    def interrupted(model: Path, prompt: Sequence[int]) -> str:
        if len(generator.models) == survived:
            raise KeyboardInterrupt
        return world.knows(model, prompt)

    generator._answer = interrupted
    with pytest.raises(KeyboardInterrupt):
        world.worker(generator).evaluate(submission.id)
    assert world.arena.result_ids() == []
    assert world.worker().evaluate(submission.id) == "published"
    assert len(generator.models) == survived
    assert len(world.generator.models) == 8 - survived
    assert sorted(job.name for job in world.trainer.jobs) == ["a", "b"]
    mine, theirs = world.arena.read_result(submission.id), other.arena.read_result(ulid)
    assert mine.model_copy(update={"submission": ulid}) == theirs
    assert not list((world.folder / "work" / "models").rglob("model"))


def test_a_second_submission_with_the_same_rows_is_not_trained_again(world: World) -> None:
    first, second = world.submit("one"), world.submit("two")
    worker = world.worker()
    worker.evaluate(first.id)
    calls = len(world.generator.models)
    worker.evaluate(second.id)
    assert (len(world.generator.models), len(world.trainer.jobs)) == (calls, 2)
    one, two = (world.arena.read_result(one.id).totals for one in (first, second))
    assert one == two


def test_copies_of_hidden_rows_are_removed_and_flag_the_entry(world: World) -> None:
    leaked = [*make_rows("mine", 9), *make_reference("a").test]
    submission = world.submit(rows={"a": leaked, "b": make_reference("b").test})
    world.worker().evaluate(submission.id)
    result = world.arena.read_result(submission.id)
    states = [(task.state, task.rows, task.removed) for task in result.tasks]
    assert states == [("scored", 9, 4), ("missing", 0, 4), ("missing", 0, 0)]
    assert {score.score.why for score in result.tasks[1].methods} == {"every row copied a hidden test row"}
    assert result.flagged is not None
    assert "8 of 17 rows (47%)" in result.flagged
    assert {job.name for job in world.trainer.jobs} == {"a"}


def data_file(world: World, submission: Submission) -> Path:
    return world.folder / "submissions" / submission_dir(submission.id) / submission.files[0].path


def changed(world: World, submission: Submission) -> None:
    file = data_file(world, submission)
    file.write_bytes(file.read_bytes().replace(b"number", b"digit"))


def torn(world: World, submission: Submission) -> None:
    file = data_file(world, submission)
    file.write_bytes(file.read_bytes()[:-9])


def lost(world: World, submission: Submission) -> None:
    data_file(world, submission).unlink()


def spoiled(world: World, submission: Submission) -> None:
    (world.folder / "submissions" / submission_dir(submission.id) / "submission.json").write_text('{"id": ')


def unreferenced(world: World, _submission: Submission) -> None:
    (world.folder / "benchmark" / "references" / "a" / "test.jsonl").unlink()


def unanchored(world: World, _submission: Submission) -> None:
    (world.folder / "benchmark" / "anchors" / f"{PROTOCOL.name}.json").unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (changed, "data/a.jsonl of submission"),
        (torn, "data/a.jsonl of submission"),
        (lost, "data/a.jsonl"),
        (spoiled, "submission.json is not a Submission"),
        (unreferenced, "references/a/test.jsonl"),
        (unanchored, "python -m evaluator anchors"),
    ],
)
def test_damage_to_what_is_stored_is_never_the_submitter_s_fault(
    world: World, damage: Callable[[World, Submission], None], said: str
) -> None:
    submission = world.submit()
    damage(world, submission)
    worker = world.worker()
    assert worker.submission_queue.refresh() == [submission.id]
    assert worker.evaluate(submission.id) == "failed"
    now = world.arena.read_history(submission.id).now
    assert (now.state, now.fault) == ("failed", "evaluator")
    assert said in now.message
    assert worker.submission_queue.refresh() == [submission.id]


def test_a_benchmark_without_the_track_is_our_fault(world: World) -> None:
    submission = world.submit()
    other = make_benchmark(world.folder / "other", [make_task("x", track="another")])
    worker = SubmissionRunner(world.arena, other, world.pool(), world.folder / "work" / "results")
    assert worker.evaluate(submission.id) == "failed"
    assert "no task of track dataset_research" in world.arena.read_history(submission.id).now.message


def test_a_work_folder_is_for_one_worker(tmp_path: Path) -> None:
    with exclusive_lock(tmp_path / "work"):
        with pytest.raises(EvaluatorError, match="Another evaluator uses"), exclusive_lock(tmp_path / "work"):
            raise AssertionError("two workers in one folder")
        with exclusive_lock(tmp_path / "other"):
            pass
    with exclusive_lock(tmp_path / "work"):
        pass


def test_a_damaged_status_does_not_stop_the_queue(world: World) -> None:
    damaged, sound = world.submit("One"), world.submit("Two")
    world.worker().submission_queue.refresh()
    (world.folder / "results" / "status" / f"{damaged.id}.json").write_text("{")
    worker = world.worker()
    assert worker.submission_queue.refresh() == [sound.id]
    assert worker.evaluate(sound.id) == "published"


def test_a_machine_that_fails_is_our_fault_too(world: World) -> None:
    def full(_model: Path, _prompt: Sequence[int]) -> str:
        raise OSError(28, "No space left on device", "/somewhere/private")

    submission = world.submit()
    assert world.worker(NullGenerator(full)).evaluate(submission.id) == "failed"
    assert (
        world.arena.read_history(submission.id).now.message
        == "A worker could not write or read: No space left on device."
    )


def test_what_could_not_be_scored_blocks_publication(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    silent = PROTOCOL.model_copy(update={"few_shot": PROTOCOL.few_shot.model_copy(update={"draws": 0})})
    bench = replace(world.bench(world.generator), protocol=silent)
    anchors = make_anchors(bench, world.benchmark, TASKS)
    world.benchmark.repo.commit([Change(f"anchors/{silent.name}.json", to_json(anchors))], world.benchmark.repo.head())
    blocked = replace(worker, contexts=ContextPool.from_context(bench))
    assert blocked.evaluate(submission.id) == "failed"
    assert "could not be scored by few_shot_1" in world.arena.read_history(submission.id).now.message
    assert world.arena.result_ids() == []


def test_rows_that_do_not_count_do_not_dilute_the_screen(world: World) -> None:
    copies = make_reference("a").test[:2]
    rows = (*copies, *make_rows("mine", 1100))
    submission = world.submit(rows={"a": rows})
    assert world.worker().evaluate(submission.id) == "published"
    (a,) = (task for task in world.arena.read_result(submission.id).tasks if task.task == "a")
    assert a.removed == 2
    assert a.rows == min(998, PROTOCOL.sft.max_rows)


def test_data_that_names_the_reference_itself_as_its_origin_is_not_used(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    sources = Sources(tasks={task.id: Source(source=f"org/{task.id}", licence="-") for task in TASKS})
    world.benchmark.repo.commit([Change("sources.json", to_json(sources))], world.benchmark.repo.head())
    submission = world.submit()
    honest = world.worker()
    assert honest.evaluate(submission.id) == "published"
    assert [task.state for task in world.arena.read_result(submission.id).tasks[:2]] == ["scored", "scored"]
    form = {"system": "Copier", "system_type": "search", "team": "T", "submitter": "A"}
    form |= {"url": "https://example.org/datasets/Org/a/tree/main"}
    into = world.folder / "copied"
    into.mkdir()
    report = check_sources([world.folder / "Finder"], TASKS, into=into, track=TRACKS["dataset_research"])
    copied = store_submission(world.arena, report, into, SubmissionForm.from_form(form), NOW)
    assert world.worker().evaluate(copied.id) == "published"
    task, other = world.arena.read_result(copied.id).tasks[:2]
    assert (task.state, task.rows, task.methods[-1].gain.value) == ("missing", 0, 0.0)
    assert task.methods[-1].score.why == "its stated origin is not accepted for this task"
    assert other.state == "scored"
    told = [(one.done, one.of) for one in world.arena.read_history(copied.id).entries if one.stage == "screen"]
    assert told[-1] == (2, 2)
    assert "its stated origin is the reference of a" in caplog.text


def test_a_guess_at_a_hidden_source_is_answered_only_where_data_came(world: World) -> None:
    sources = Sources(tasks={task.id: Source(source="org/hidden", licence="-") for task in TASKS})
    world.benchmark.repo.commit([Change("sources.json", to_json(sources))], world.benchmark.repo.head())
    folder = write_delivery(world.folder / "Guesser", {"a": make_rows("mine", 12)})
    into = world.folder / "guessed"
    into.mkdir()
    report = check_sources([folder], TASKS, into=into, track=TRACKS["dataset_research"])
    form = {"system": "G", "system_type": "search", "team": "T", "submitter": "A", "url": "http://x.org/org/hidden"}
    guess = store_submission(world.arena, report, into, SubmissionForm.from_form(form), NOW)
    assert world.worker().evaluate(guess.id) == "published"
    told = [(one.done, one.of) for one in world.arena.read_history(guess.id).entries if one.stage == "screen"]
    assert told == [(1, 1)]
    whys = [task.methods[-1].score.why for task in world.arena.read_result(guess.id).tasks]
    assert whys == [
        "its stated origin is not accepted for this task",
        "no data was delivered",
        "no data was delivered",
    ]


def test_a_task_of_another_language_is_screened_anew(world: World) -> None:
    worker = world.worker()
    rows = {"a": [Row(input=row.input, output=f"certainly {row.output}") for row in make_rows("mine", 12)]}
    first = world.submit(rows=rows)
    assert worker.evaluate(first.id) == "published"
    spoken = [task.model_copy(update={"language": "th"}) for task in TASKS]
    world.benchmark.repo.commit([Change("tasks.jsonl", to_jsonl(spoken))], world.benchmark.repo.head())
    again = world.submit("Again", rows)
    assert worker.evaluate(again.id) == "failed", "the anchors were measured in another language"
    anchors = to_json(make_anchors(world.bench(world.generator), world.benchmark, spoken))
    world.benchmark.repo.commit([Change(f"anchors/{PROTOCOL.name}.json", anchors)], world.benchmark.repo.head())
    assert worker.evaluate(again.id) == "published"
    found = [world.arena.read_result(one.id).tasks[0].screen for one in (first, again)]
    assert [one.other_script for one in found if one] == [0, 12]


def test_each_protocol_s_evaluator_publishes_its_frame_and_keeps_the_others(world: World) -> None:
    worker = world.worker()
    publish_tasks(worker)
    (demo_1,) = world.arena.read_frames()
    assert demo_1.protocol == "demo@1"
    other = make_protocol(sft={"max_rows": 3}).model_copy(update={"name": "arena@9"})
    bench = null_context(world.folder / "work", other, world.trainer, world.generator)
    publish_tasks(replace(worker, contexts=ContextPool.from_context(bench)))
    head = world.results.head()
    publish_tasks(worker)
    assert world.results.head() == head
    (arena_9, same) = world.arena.read_frames()
    assert same == demo_1
    # It has no anchors, so no version of its benchmark is known.
    own = {"protocol": "arena@9", "max_rows": 3, "protocol_sha256": other.sha256, "benchmark_sha256": None}
    assert arena_9 == demo_1.model_copy(update=own)


def test_what_a_plan_needs_is_published_with_the_frame(world: World) -> None:
    publish_tasks(world.worker())
    (frame,) = world.arena.read_frames()
    planning = frame.planning
    assert planning is not None
    assert planning.machine == load_profile("cpu").machine
    assert (planning.shots, planning.draws) == (PROTOCOL.few_shot.shots, PROTOCOL.few_shot.draws)
    assert planning.exam.items == fmean(len(world.benchmark.read_reference(task.id).test) for task in TASKS)
    assert 0 < planning.exam.answer_tokens <= planning.exam.limit_tokens <= PROTOCOL.decoding.max_new_tokens


def test_a_submission_is_evaluated_once_under_each_protocol(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    assert worker.evaluate(submission.id) == "published"
    assert worker.submission_queue.queued_ids() == []
    other = make_protocol(few_shot={"draws": 2}).model_copy(update={"name": "demo@2"})
    bench = null_context(world.folder / "work", other, world.trainer, world.generator)
    anchors = make_anchors(bench, world.benchmark, TASKS)
    world.benchmark.repo.commit([Change("anchors/demo@2.json", to_json(anchors))], world.benchmark.repo.head())
    second = SubmissionRunner(world.arena, world.benchmark, ContextPool.from_context(bench), world.folder / "records")
    assert second.submission_queue.refresh() == [submission.id]
    assert second.evaluate(submission.id) == "published"
    assert second.submission_queue.queued_ids() == []
    assert world.arena.published_protocols() == {submission.id: ["demo@1", "demo@2"]}
    assert world.arena.read_result(submission.id, "demo@2").protocol == "demo@2"
