"""A submission's life beside the scores: previews, private results, and what its submitter asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluator.cli.app import app
from evaluator.generation import Completion
from evaluator.publishing.publisher import Publisher
from evaluator.runtime.child_process import ChildProcess
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.context import EvaluationContext
from evaluator.testing.null_backend import NullGenerator
from evaluator.training import PendingSave, Progress, TrainJob
from submissions.arena.arena import Arena
from submissions.arena.ids import submission_dir
from submissions.checking.check import check_sources
from submissions.errors import NotFound, OurError
from submissions.records.owner_requests import OwnerRequest
from submissions.records.result import Result, join_verdicts, split_verdicts
from submissions.records.submission import Submission
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.evaluator_world import PROTOCOL, TASKS, World, broken, wish
from tests.support.factories import NOW, make_rows, write_delivery

pytestmark = pytest.mark.integration

OWNER = "key:" + "a" * 64
NAME = PROTOCOL.name


def private(world: World, name: str = "Secret") -> Submission:
    folder = write_delivery(world.folder / name, {task: make_rows("mine", 12) for task in ("a", "b")})
    (into := world.folder / f"{name}-checked").mkdir()
    report = check_sources([folder], TASKS, into=into, track=TRACKS["dataset_research"])
    form = {"system": name, "system_type": "search", "team": "Team", "submitter": "An"}
    return store_submission(world.arena, report, into, SubmissionForm.from_form(form), NOW, owner=OWNER, private=True)


def state(world: World, ulid: str) -> str:
    return world.arena.read_history(ulid).now.state


def acting(world: World, when: int, act: Callable[[], None]) -> NullGenerator:
    """A generator that does something before its call of that number, counted from 0; two tasks make eight calls."""
    generator = NullGenerator()
    done: list[int] = []

    def answer(model: Path, prompt: Sequence[int]) -> str:
        if len(generator.models) == when and not done:
            done.append(when)
            act()
        return world.knows(model, prompt)

    generator._answer = answer
    return generator


def kept(world: World, repo: LocalRepo | None = None) -> list[str]:
    """The results and previews in a repository, of `results` if none is given."""
    paths = (world.results if repo is None else repo).list()
    return [path for path in paths if path.startswith(("results/", "previews/"))]


def test_the_shots_are_shown_before_the_first_training_and_give_way_to_the_result(world: World) -> None:
    submission = world.submit()
    seen: list[tuple[Result, int]] = []

    def look() -> None:
        seen.append((world.arena.read_preview(submission.id, NAME), len(world.trainer.jobs)))

    assert world.worker(acting(world, 6, look)).evaluate(submission.id) == "published"
    (preview, trained), result = seen[0], world.arena.read_result(submission.id)
    assert trained == 1, "the first training was over when its model was asked; nothing was trained before the preview"
    mine, theirs = ({(t.method, t.subset, t.group): t for t in one.totals} for one in (preview, result))
    for cell, total in theirs.items():
        assert mine[cell] == total or cell[0] == "fine_tune"
    whole = mine["fine_tune", "full", "overall"].gain
    assert (whole.value, whole.n, whole.why) == (None, 0, "fine_tune is not measured yet")
    assert mine["fine_tune", "full", "reasoning"].gain.value == 0.0, "nothing was delivered, so nothing will be"
    with pytest.raises(NotFound):
        world.arena.read_preview(submission.id, NAME)


def test_no_training_begins_before_the_preview_is_out(world: World) -> None:
    submission = world.submit()
    shown: list[bool] = []
    train = world.trainer.train

    def watched(job: TrainJob, progress: Progress) -> PendingSave:
        shown.append(f"previews/{submission.id}/{NAME}.json" in world.results.list())
        return train(job, progress)

    world.trainer.train = watched  # type: ignore[method-assign]
    world.worker().evaluate(submission.id)
    assert shown == [True, True]


def test_the_previews_of_all_who_wait_come_before_any_training(world: World) -> None:
    ids = sorted(world.submit(name).id for name in ("one", "two"))
    worker, did = world.worker(), []
    while line := worker.submission_queue.refresh():
        ulid, ended = worker.run_next(line)
        did.append((ids.index(ulid), ended, len(world.trainer.jobs)))
    assert did == [(0, "evaluating", 0), (1, "evaluating", 0), (0, "published", 2), (1, "published", 2)]
    assert kept(world) == [f"results/{ulid}/{NAME}.json" for ulid in ids]
    assert len(world.generator.models) == 8, "the same rows are asked once, however often their stages are gone through"


def test_a_shot_that_cannot_be_scored_fails_before_anything_is_trained(world: World) -> None:
    submission = world.submit()

    class Empty(NullGenerator):
        def generate(self, model: Path, prompts: Sequence[list[int]], max_new_tokens: int) -> list[Completion]:
            return super().generate(model, prompts, max_new_tokens)[:-1]

    assert world.worker(Empty()).evaluate(submission.id) == "failed"
    assert world.trainer.jobs == []


def test_a_private_result_waits_for_its_owner(world: World) -> None:
    submission = private(world)
    worker = world.worker()
    seen: list[list[str]] = []
    generator = acting(world, 6, lambda: seen.append(kept(world)))
    assert world.worker(generator).evaluate(submission.id) == "evaluated"
    assert seen == [[]], "its preview is not public either"
    assert kept(world) == []
    assert kept(world, drafts(world)) == [f"results/{submission.id}/{NAME}.json"]
    draft, cost = world.arena.read_draft(submission.id, NAME), world.arena.read_draft_ledger(submission.id, NAME)
    with pytest.raises(NotFound):
        world.arena.read_ledger(submission.id, NAME)
    assert worker.submission_queue.refresh() == []
    wish(world, submission.id, "publish", by="key:" + "b" * 64)
    assert worker.submission_queue.refresh() == []
    assert state(world, submission.id) == "evaluated", "a stranger's wish is none"
    wish(world, submission.id, "publish", by=OWNER)
    worker.submission_queue.refresh()
    assert state(world, submission.id) == "published"
    assert_published(world, draft)
    assert world.arena.read_ledger(submission.id, NAME) == cost
    assert held(world) == []
    assert worker.submission_queue.queued_ids() == []


def drafts(world: World) -> LocalRepo:
    repo = world.arena.drafts
    assert isinstance(repo, LocalRepo)
    return repo


def test_whose_wish_to_publish_came_early_is_published_at_once(world: World) -> None:
    submission = private(world)

    def publish() -> None:
        assert held(world) == [f"previews/{submission.id}/{NAME}.json"]
        wish(world, submission.id, "publish", by=OWNER)

    assert world.worker(acting(world, 6, publish)).evaluate(submission.id) == "published"
    assert kept(world) == [f"results/{submission.id}/{NAME}.json"]
    assert held(world) == []


def held(world: World) -> list[str]:
    """What waits for owners alone; not the list of who submitted, from which a web app starts, nor counts."""
    return [path for path in drafts(world).list() if not path.startswith(("board/", "verdicts/"))]


def assert_published(world: World, draft: Result) -> None:
    """Everything of a draft is public but its counts of verdicts, which stay with the drafts."""
    public, counts = split_verdicts(draft)
    assert counts is not None
    assert public != draft
    assert world.arena.read_result(draft.submission) == public
    assert b'"verdicts"' not in world.results.read(f"results/{draft.submission}/{NAME}.json")
    assert world.arena.read_verdict_counts(draft.submission, NAME) == counts
    assert join_verdicts(public, counts) == draft


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@dataclass(eq=False)
class Dying:
    """A repository whose process is killed just before, or just after, a commit of that number."""

    repo: LocalRepo
    at: int
    lands: bool
    commits: int = 0

    def head(self) -> str:
        return self.repo.head()

    def read(self, path: str) -> bytes:
        return self.repo.read(path)

    def list(self, prefix: str = "") -> list[str]:
        return self.repo.list(prefix)

    def list_dir(self, folder: str = "") -> list[str]:
        return self.repo.list_dir(folder)

    def commit(self, changes: Sequence[Change], parent: str) -> str:
        self.commits += 1
        if self.commits == self.at and not self.lands:
            raise Killed
        head = self.repo.commit(changes, parent)
        if self.commits == self.at:
            raise Killed
        return head


def killed(world: World, repo: str, lands: bool, run: Callable[[SubmissionRunner], object]) -> None:
    """Run until the first commit to a repository, and be killed there."""
    whole = world.arena
    dying = Dying(LocalRepo(world.folder / repo), 1, lands)
    parts = {name: getattr(whole, name) for name in ("submissions", "results", "drafts")}
    world.arena = Arena(**(parts | {repo: dying}))
    with pytest.raises(Killed):
        run(world.worker())
    world.arena = whole


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("repo", ["results", "drafts"])
def test_a_kill_while_a_draft_is_published_loses_and_doubles_nothing(world: World, repo: str, lands: bool) -> None:
    submission = private(world)
    world.worker().evaluate(submission.id)
    draft = world.arena.read_draft(submission.id, NAME)
    wish(world, submission.id, "publish", by=OWNER)
    killed(world, repo, lands, lambda worker: worker.submission_queue.refresh())
    assert world.worker().submission_queue.refresh() == []
    assert_published(world, draft)
    assert held(world) == []
    states = [entry.state for entry in world.arena.read_history(submission.id).entries]
    assert states.count("published") == 1
    assert states[-1] == "published"


@pytest.mark.parametrize("lands", [False, True])
def test_a_kill_between_a_draft_and_its_status_is_made_good(world: World, lands: bool) -> None:
    submission = private(world)
    outlet = Publisher(world.arena)
    world.worker().preview(submission.id)
    killed(world, "drafts", lands, lambda worker: worker.evaluate(submission.id))
    calls = len(world.generator.models)
    assert world.worker().submission_queue.refresh() == [submission.id]
    assert world.worker().evaluate(submission.id) == "evaluated"
    assert len(world.generator.models) == calls, "nothing was asked twice"
    assert outlet.is_withheld(submission)
    assert world.worker().submission_queue.refresh() == []


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("repo", ["results", "drafts"])
def test_a_kill_while_it_is_withdrawn_leaves_nothing_to_see(world: World, repo: str, lands: bool) -> None:
    submission = private(world)
    world.worker().evaluate(submission.id)
    wish(world, submission.id, "withdraw", by=OWNER)
    killed(world, repo, lands, lambda worker: worker.submission_queue.refresh())
    assert world.worker().submission_queue.refresh() == []
    assert (kept(world), held(world), state(world, submission.id)) == ([], [], "withdrawn")
    assert not world.results.list("costs/")
    assert [entry.state for entry in world.arena.read_history(submission.id).entries].count("withdrawn") == 1


@pytest.mark.parametrize("call", range(8))
def test_what_is_withdrawn_in_the_midst_stops_before_the_next_task(world: World, call: int) -> None:
    submission, other = world.submit("one"), world.submit("two")
    generator = acting(world, call, lambda: wish(world, submission.id, "withdraw"))
    assert world.worker(generator).evaluate(submission.id) == "withdrawn"
    done_with_the_task = {0: 3, 1: 3, 2: 3, 3: 6, 4: 6, 5: 6, 6: 7, 7: 8}
    assert len(generator.models) == done_with_the_task[call]
    assert (kept(world), state(world, submission.id)) == ([], "withdrawn")
    assert world.worker().submission_queue.refresh() == [other.id]
    wish(world, submission.id, "retry")
    wish(world, submission.id, "publish")
    assert world.worker().submission_queue.refresh() == [other.id], "withdrawn is final"


def test_a_published_result_is_taken_off_the_boards_and_its_history_stays(world: World) -> None:
    submission = world.submit()
    worker = world.worker()
    worker.evaluate(submission.id)
    before = world.arena.read_history(submission.id).entries
    wish(world, submission.id, "withdraw", by="key:" + "b" * 64)
    worker.submission_queue.refresh()
    assert world.arena.result_ids() == [submission.id], "a stranger's wish is none"
    assert drafts(world).list("verdicts/") == [f"verdicts/{submission.id}/{NAME}.json"]
    wish(world, submission.id, "withdraw")
    assert worker.submission_queue.refresh() == []
    assert world.arena.result_ids() == world.results.list("costs/") == []
    assert drafts(world).list("verdicts/") == []
    after = world.arena.read_history(submission.id)
    assert after.entries[:-1] == before
    assert (after.now.state, after.now.message) == ("withdrawn", "Withdrawn. Its result is no longer shown.")
    assert world.arena.submission_ids() == [submission.id], "the attempt stays disclosed"


def test_what_was_granted_is_not_written_again(world: World) -> None:
    submission = private(world)
    worker = world.worker()
    worker.evaluate(submission.id)
    wish(world, submission.id, "withdraw", by=OWNER)
    worker.submission_queue.refresh()
    heads = (drafts(world).head(), world.results.head())
    world.submit()
    for again in (worker, world.worker()):
        again.submission_queue.apply_requests()
        assert (drafts(world).head(), world.results.head()) == heads


def test_what_others_ask_for_is_done_while_one_is_evaluated(world: World) -> None:
    secret, submission = private(world), world.submit()
    world.worker().evaluate(secret.id)
    fresh = world.submit("Fresh", {task: make_rows("fresh", 12) for task in ("a", "b")})
    seen: list[tuple[str, int | None, int | None]] = []

    def answer(model: Path, prompt: Sequence[int]) -> str:
        if len(generator.models) == 0 and not world.arena.read_owner_requests(secret.id):
            wish(world, secret.id, "publish", by=OWNER)
        if len(generator.models) == 3:
            now = world.arena.read_history(submission.id).now
            seen.append((state(world, secret.id), now.place, now.of))
        return world.knows(model, prompt)

    generator = NullGenerator(answer)
    worker = world.worker(generator)
    assert sorted(worker.submission_queue.refresh()) == sorted([submission.id, fresh.id])
    assert worker.evaluate(fresh.id) == "published"
    assert set(seen) == {("published", 1, 1)}


def test_what_failed_thrice_waits_until_another_try_is_asked_for(world: World) -> None:
    submission, later = world.submit("one"), world.submit("two")
    first, second = sorted([submission.id, later.id])
    for left in (2, 1, 0):
        worker = world.worker(NullGenerator(broken))
        assert worker.submission_queue.refresh() == [first, second]
        assert state(world, first) == ("queued" if left == 2 else "retrying")
        assert worker.evaluate(first) == "failed"
    assert world.worker().submission_queue.refresh() == [second]
    assert state(world, first) == "failed"
    world.arena.add_owner_request(first, OwnerRequest(kind="retry", by="key:" + "b" * 64, time=datetime.now(UTC)))
    assert world.worker().submission_queue.refresh() == [second], "a stranger's wish is none"
    wish(world, first, "retry")
    assert world.worker().submission_queue.refresh(backed_off={first}) == [first, second]
    assert state(world, first) == "retrying"
    assert world.worker(NullGenerator(broken)).evaluate(first) == "failed"
    assert world.worker().submission_queue.refresh() == [second], "one wish is one try"


def test_an_asked_for_try_comes_before_older_ones(world: World) -> None:
    first, second = sorted([world.submit("one").id, world.submit("two").id])
    worker = world.worker(NullGenerator(broken))
    worker.submission_queue.refresh()
    worker.evaluate(second)
    assert worker.submission_queue.refresh(backed_off={second}) == [first]
    wish(world, second, "retry")
    assert worker.submission_queue.refresh(backed_off={second}) == [second, first]
    now = world.arena.read_history(second).now
    assert (now.state, now.place, now.of) == ("retrying", 1, 2)
    assert now.message == "To be tried again after our failure. Number 1 of 2."


def test_a_child_s_failure_shows_what_may_be_shown_of_its_log(world: World) -> None:
    submission = world.submit()
    log = world.folder / "engine.log"

    def crash(_model: Path, _prompt: Sequence[int]) -> str:
        ChildProcess("engine", ["/bin/sh", "-c", "echo a hidden row; echo Segmentation fault"], log, {}, 60.0)
        raise AssertionError("the child did not end")

    assert world.worker(NullGenerator(crash)).evaluate(submission.id) == "failed"
    assert world.arena.read_history(submission.id).now.log_tail == "Segmentation fault"


def test_a_damaged_wish_stops_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    submission, other = world.submit("one"), world.submit("two")
    wish(world, submission.id, "withdraw")
    (path,) = (path for path in world.arena.submissions.list() if "/wishes/" in path)
    (world.folder / "submissions" / path).write_text("{")
    assert sorted(world.worker().submission_queue.refresh()) == sorted([submission.id, other.id])
    assert "is not a OwnerRequest" in caplog.text


def test_a_place_says_when_its_turn_may_come(world: World) -> None:
    done = world.submit("done")
    worker = world.worker()
    worker.submission_queue.refresh()
    assert world.arena.read_history(done.id).now.expected_start is None, "nothing was measured yet"
    worker.evaluate(done.id)
    ids = sorted(world.submit(name).id for name in ("one", "two"))
    worker.submission_queue.refresh()
    now = [world.arena.read_history(ulid).now for ulid in ids]
    assert all(one.expected_start is not None for one in now)
    assert all(abs((one.expected_start or one.time) - one.time) < timedelta(minutes=5) for one in now)
    assert now[1].message.startswith("Number 2 of 2, expected to start about 20")


def test_the_work_command_shows_all_previews_then_evaluates_and_goes_on_after_a_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = sorted(world.submit(name).id for name in ("one", "two", "three"))
    (world.folder / "submissions" / submission_dir(ids[1]) / "data" / "a.jsonl").unlink()

    @contextmanager
    def opened(*_settings: object) -> Iterator[EvaluationContext]:
        yield world.bench(world.generator)

    monkeypatch.setattr("evaluator.tracks.context_pool.open_context", opened)
    done = CliRunner().invoke(app, ["work", "--arena", str(world.folder), "--once"])
    assert isinstance(done.exception, OurError)
    said = [(ids.index(line[:26]), line[28:].split(".")[0]) for line in done.output.splitlines()]
    first, last = (0, "evaluating"), (2, "evaluating")
    assert said == [first, (1, "failed"), last, (0, "published"), (2, "published")]
    assert kept(world) == [f"results/{ulid}/{NAME}.json" for ulid in (ids[0], ids[2])]
