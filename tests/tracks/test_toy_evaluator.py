"""The toy track goes through work, preview, rescore and requeue, beside another track under one lease."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import click.testing
import pytest
from typer.testing import CliRunner

from evaluator.cli.app import app
from evaluator.cli.evaluation_service import build_service
from evaluator.config.profile import load_profile
from evaluator.config.protocol import Protocol
from evaluator.errors import ProtocolMismatch
from evaluator.publishing.arena_session import open_session
from evaluator.service import coordinator
from evaluator.service.coordinator import Coordinator
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.track_context import ToolSettings, TrackContext, open_track_context
from evaluator.tracks import SCORERS
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.protocols import list_protocol_files, load_protocol
from evaluator.tracks.rescore import matches_stored, rescore
from submissions.arena.arena import Arena
from submissions.checking.check import check_sources
from submissions.errors import EvaluatorError, NotFound
from submissions.records.submission import Submission
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from submissions.tracks.track import Track
from tests.support.evaluator_world import PROTOCOL, TASKS, World, broken, wish
from tests.support.factories import NOW
from tests.support.toy_track import TOY_TASKS, write_integers

NUMBERS = {"small": (1, 2), "large": (10, -4, 100)}
BOTH = ["toy@1", "toy-twice@1"]
SUM = (3 + 106) / 2
"""Mean over the two tasks."""


@dataclass
class ToyWorld:
    """An arena and a benchmark with tasks of two tracks, served by one evaluator."""

    world: World
    track: Track
    opened: list[str] = field(default_factory=list)
    """Protocols whose context was opened, in order; a minus marks one that was closed."""
    broken: str = ""
    """Protocol whose context cannot be opened."""

    def __post_init__(self) -> None:
        repo = self.world.benchmark.repo
        repo.commit([Change("tasks.jsonl", to_jsonl((*TASKS, *TOY_TASKS)))], repo.head())

    @property
    def arena(self) -> Arena:
        return self.world.arena

    def submit(self, name: str = "Counter", *, private: bool = False) -> Submission:
        folder, into = write_integers(self.world.folder / name, NUMBERS), self.world.folder / f"{name}-checked"
        into.mkdir()
        report = check_sources([folder], TOY_TASKS, into=into, track=self.track)
        form = {"system": name, "system_type": "counting", "team": "Team", "submitter": "An"}
        return store_submission(self.arena, report, into, SubmissionForm.from_form(form), NOW, private=private)

    @contextmanager
    def open(self, protocol: Protocol) -> Iterator[TrackContext]:
        self.opened.append(protocol.name)
        if protocol.name == self.broken:
            raise EvaluatorError(f"No device for {protocol.name}.")
        if protocol.track == "toy":
            with open_track_context(protocol, ToolSettings(load_profile("cpu"), self.world.folder / "work")) as context:
                yield context
        else:
            yield self.world.bench(self.world.generator)
        self.opened.append(f"-{protocol.name}")

    def runner(self, *names: str, arena: Arena | None = None, requeue: bool = False) -> SubmissionRunner:
        rules = [PROTOCOL if name == PROTOCOL.name else load_protocol(name) for name in names]
        records = self.world.folder / "work" / "results"
        return SubmissionRunner(
            arena or self.arena, self.world.benchmark, ContextPool(rules, self.open), records, requeue
        )

    def work(self, *names: str) -> list[str]:
        """Run one coordinator until nothing is pending; return what it says."""
        said: list[str] = []
        Coordinator(
            open_session=lambda: open_session(self.arena, "one", "nonce"),
            open_worker=lambda arena: self.runner(*names, arena=arena),
            clock=lambda: NOW,
            wait=lambda _seconds: None,
            say=said.append,
        ).run(forever=False)
        return said

    def count_submission_reads(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return a list that grows by each submission's record that is read."""
        reads: list[str] = []
        read = Arena.read_submission

        def count_read(arena: Arena, ulid: str) -> Submission:
            reads.append(ulid)
            return read(arena, ulid)

        monkeypatch.setattr(Arena, "read_submission", count_read)
        return reads

    def state(self, submission: Submission) -> str:
        return self.arena.read_history(submission.id).now.state


@pytest.fixture
def toys(tmp_path: Path, toy_track: Track) -> ToyWorld:
    return ToyWorld(World(tmp_path), toy_track)


def run_command(*arguments: str) -> click.testing.Result:
    return CliRunner().invoke(app, arguments)


def test_work_publishes_sums_and_the_protocol(toys: ToyWorld) -> None:
    submission = toys.submit()
    done = run_command("work", "--arena", str(toys.world.folder), "--protocol", "toy@1", "--once")
    assert done.exit_code == 0, done.output
    result = toys.arena.read_result(submission.id, "toy@1")
    assert [(one.task, one.rows, [score.gain.value for score in one.methods]) for one in result.tasks] == [
        ("small", 2, [3.0]),
        ("large", 3, [106.0]),
    ]
    assert [(one.method, one.group, one.gain.value) for one in result.totals] == [("sum", "overall", SUM)]
    stages = [entry.stage for entry in toys.arena.read_history(submission.id).entries if entry.stage]
    assert stages == ["add", "publish"]
    (facts,) = toys.arena.read_protocols()
    assert (facts.name, facts.track, facts.sha256) == ("toy@1", "toy", result.protocol_sha256)
    assert (facts.stages, facts.methods, facts.scale.heading) == (TRACKS["toy"].stages, ("sum",), "Sum")
    assert toys.arena.read_frames() == ()


def test_a_preview_comes_first_for_each_of_several(toys: ToyWorld) -> None:
    one, other = toys.submit("One"), toys.submit("Other")
    runner = toys.runner("toy@1")
    line = runner.submission_queue.refresh()
    assert [runner.run_next(line)[0], runner.run_next(line)[0]] == [one.id, other.id]
    preview = toys.arena.read_preview(one.id, "toy@1")
    assert preview.totals[0].gain.value == SUM
    assert runner.run_next(line) == (one.id, "published")
    assert toys.arena.read_result(one.id, "toy@1").totals[0].gain.value == SUM


def test_a_rescore_gives_the_stored_result_and_that_of_another_protocol(toys: ToyWorld) -> None:
    submission = toys.submit()
    toys.runner("toy@1").evaluate(submission.id)
    folder = toys.world.folder / "work" / "results" / submission.id / "toy@1"
    assert matches_stored(folder, rescore(folder))
    assert rescore(folder, load_protocol("toy-twice@1")).totals[0].gain.value == 2 * SUM
    done = run_command("rescore", str(folder), "--protocol", "toy-twice@1")
    assert (done.exit_code, "nothing to compare" in done.output) == (0, True)
    with pytest.raises(ProtocolMismatch, match="demo@1 is a protocol of dataset_research"):
        rescore(folder, load_protocol("demo@1"))


def test_a_result_of_an_earlier_version_is_requeued(toys: ToyWorld) -> None:
    submission = toys.submit()
    toys.runner("toy@1").evaluate(submission.id)
    old = toys.arena.read_result(submission.id, "toy@1").model_copy(update={"protocol_sha256": "f" * 64})
    results = toys.arena.results
    results.commit([Change(f"results/{submission.id}/toy@1.json", to_json(old))], results.head())
    assert toys.runner("toy@1").submission_queue.queued_ids() == []
    assert toys.runner("toy@1", requeue=True).submission_queue.queued_ids() == [submission.id]
    done = run_command("requeue", "--arena", str(toys.world.folder), "--protocol", "toy@1")
    assert done.exit_code == 0, done.output
    assert toys.arena.read_result(submission.id, "toy@1").version == rescore(
        toys.world.folder / "work" / "results" / submission.id / "toy@1"
    ).version  # fmt: skip


def test_one_coordinator_serves_two_tracks_each_under_its_own_protocols(toys: ToyWorld) -> None:
    toy, other, private = toys.submit("Toy"), toys.world.submit("Other"), toys.submit("Private", private=True)
    toys.work("toy@1", PROTOCOL.name, "toy-twice@1")
    assert toys.arena.published_protocols() == {
        toy.id: BOTH,
        other.id: [PROTOCOL.name],
    }
    assert toys.arena.draft_protocols() == {private.id: BOTH}
    assert [toys.state(one) for one in (toy, other, private)] == ["published", "published", "evaluated"]
    assert toys.arena.read_result(toy.id, "toy-twice@1").totals[0].gain.value == 2 * SUM
    assert [facts.name for facts in toys.arena.read_protocols()] == [PROTOCOL.name, "toy-twice@1", "toy@1"]
    assert [frame.protocol for frame in toys.arena.read_frames()] == [PROTOCOL.name]
    assert {facts.track: facts.order for facts in toys.arena.read_protocols() if facts.name in ("demo@1", "toy@1")} == {
        "dataset_research": 2,
        "toy": 0,
    }
    assert toys.work("toy@1", PROTOCOL.name, "toy-twice@1") == [], "nothing is left to do"


def test_one_context_is_open_at_a_time_and_none_at_the_end(toys: ToyWorld) -> None:
    toys.submit()
    toys.world.submit()
    runner = toys.runner("toy@1", PROTOCOL.name)
    with runner.contexts:
        assert toys.opened == [], "a context opens when it is first needed"
        for ulid in runner.submission_queue.refresh():
            assert runner.evaluate(ulid) == "published"
    assert toys.opened == ["toy@1", "-toy@1", PROTOCOL.name, f"-{PROTOCOL.name}"]


def test_a_submission_of_another_track_does_not_wait(toys: ToyWorld) -> None:
    toy, other = toys.submit(), toys.world.submit()
    runner = toys.runner("toy@1")
    assert runner.submission_queue.refresh() == [toy.id]
    assert toys.state(other) == "received"
    with pytest.raises(ProtocolMismatch, match=r"none of toy@1 is a protocol of it"):
        runner.evaluate(other.id)
    assert runner.evaluate(other.id, protocol=load_protocol("toy@1")) == "failed", "named against its track"
    assert toys.arena.published_protocols() == {}


def test_a_withdrawn_submission_leaves_the_queue_and_the_board(toys: ToyWorld) -> None:
    published, waiting = toys.submit("Published"), toys.submit("Waiting")
    toys.runner("toy@1").evaluate(published.id)
    for one in (published, waiting):
        wish(toys.world, one.id, "withdraw")
    assert toys.runner("toy@1").submission_queue.refresh() == []
    assert [toys.state(one) for one in (published, waiting)] == ["withdrawn", "withdrawn"]
    assert toys.arena.published_protocols() == {}


def test_a_damaged_file_is_our_failure_and_the_next_try_succeeds(toys: ToyWorld) -> None:
    submission = toys.submit()
    (stored,) = toys.world.folder.glob("submissions/**/small.txt")
    content = stored.read_bytes()
    stored.write_bytes(b"7\n")
    assert toys.runner("toy@1").evaluate(submission.id) == "failed"
    now = toys.arena.read_history(submission.id).now
    assert (now.fault, "does not match its recorded hash" in now.message) == ("evaluator", True)
    stored.write_bytes(content)
    toys.work("toy@1")
    assert toys.state(submission) == "published"


def test_a_failure_under_one_protocol_leaves_the_other_s_result(
    toys: ToyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = toys.submit(private=True)
    toy = SCORERS["toy"]

    def fail_twice(job, entry):  # type: ignore[no-untyped-def]
        return broken(Path(), ()) if job.context.protocol.name == "toy-twice@1" else toy.evaluate(job, entry)

    monkeypatch.setitem(SCORERS, "toy", replace(toy, evaluate=fail_twice))
    said = toys.work("toy@1", "toy-twice@1")
    assert toys.state(submission) == "failed"
    assert [line[28:].split(".")[0] for line in said] == ["evaluated", "failed"]
    assert toys.arena.draft_protocols() == {submission.id: ["toy@1"]}
    monkeypatch.setitem(SCORERS, "toy", toy)
    assert len(toys.work("toy@1", "toy-twice@1")) == 1, "only what had failed is done again"
    assert toys.arena.draft_protocols() == {submission.id: BOTH}


def test_a_protocol_that_fails_keeps_no_other_from_its_turn(toys: ToyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = toys.submit()
    toy = SCORERS["toy"]

    def fail_first(job, entry):  # type: ignore[no-untyped-def]
        return broken(Path(), ()) if job.context.protocol.name == "toy@1" else toy.evaluate(job, entry)

    monkeypatch.setitem(SCORERS, "toy", replace(toy, evaluate=fail_first, preview=None))
    toys.work("toy@1", "toy-twice@1")
    assert toys.state(submission) == "failed"
    toys.work("toy@1", "toy-twice@1")
    assert toys.arena.published_protocols() == {submission.id: ["toy-twice@1"]}


@pytest.mark.integration
def test_score_needs_no_track_and_the_rest_says_what_the_track_has_not(toys: ToyWorld, tmp_path: Path) -> None:
    folder = str(write_integers(tmp_path / "mine", NUMBERS))
    place = ("--benchmark", str(toys.world.folder / "benchmark"), "--protocol", "toy@1")
    done = run_command("score", folder, *place, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert "106.000" in done.output
    assert matches_stored(tmp_path / "out", rescore(tmp_path / "out"))
    for command, said in (
        (("anchors", *place), "toy has no anchors"),
        (("plan", folder, *place), "no estimate for the track toy"),
        (("shard", "1/1", "--arena", str(toys.world.folder), "--protocol", "toy@1"), "no stage to precompute"),
        (("score", folder, *place, "--out", "x", "--track", "dataset_research"), "omit --track"),
    ):
        assert said in str(run_command(*command).exception)


@pytest.mark.usefixtures("toy_track")
def test_names_of_protocols_are_unique_and_each_is_of_its_scorer_s_track() -> None:
    folders = dict.fromkeys(scorer.protocols for scorer in SCORERS.values())
    names = [file.stem for folder in folders for file in folder.glob("*.toml")]
    assert sorted(names) == sorted(list_protocol_files())
    for name in names:
        protocol = load_protocol(name)
        assert protocol.name == name
        assert isinstance(protocol, SCORERS[protocol.track].protocol_type)


@pytest.mark.usefixtures("toy_track")
def test_a_scorer_has_the_stages_of_its_track() -> None:
    assert SCORERS.keys() == TRACKS.keys()
    for name, scorer in SCORERS.items():
        assert set(scorer.precompute) <= set(TRACKS[name].stages)
        assert (scorer.preview is not None) == any(method.is_preview for method in TRACKS[name].methods)


def test_tools_that_cannot_be_opened_leave_no_lease_behind(toys: ToyWorld) -> None:
    submission = toys.submit()
    toys.broken = "toy-twice@1"
    with pytest.raises(EvaluatorError, match="No device for toy-twice@1"):
        toys.work(*BOTH)
    another = open_session(toys.arena, "another", "another nonce")
    another.acquire_leases()  # would raise LeaseHeld
    another.release_leases()
    toys.broken = ""
    toys.work(*BOTH)
    assert toys.state(submission) == "published"


def test_the_lease_is_renewed_while_tools_are_opened(toys: ToyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    beating: list[bool] = []
    opened: list[tuple[str, bool]] = []

    @contextmanager
    def renew(_session: object) -> Iterator[None]:
        beating.append(True)
        yield
        beating.pop()

    monkeypatch.setattr(coordinator, "heartbeat_while", renew)
    opening = toys.open
    monkeypatch.setattr(
        toys, "open", lambda rules: opened.append((rules.name, bool(beating))) or opening(rules), raising=True
    )
    toys.submit()
    toys.work(*BOTH)
    assert opened
    assert all(is_renewed for _, is_renewed in opened)


def test_a_record_is_not_read_for_the_track_of_what_was_measured(
    toys: ToyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    toys.submit()
    toys.work("toy@1")
    queue = toys.runner("toy@1", PROTOCOL.name).submission_queue
    reads = toys.count_submission_reads(monkeypatch)
    assert queue.queued_ids() == []
    assert reads == []


def test_previews_are_chosen_by_listing_the_results_once(toys: ToyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("One", "Other", "Third"):
        toys.submit(name)
    toys.world.submit("Rows")
    runner = toys.runner(PROTOCOL.name, "toy@1")
    monkeypatch.setitem(SCORERS, "toy", replace(SCORERS["toy"], preview=None))
    line = runner.submission_queue.refresh()
    listed: list[str] = []
    list_all = Arena.published_protocols
    monkeypatch.setattr(Arena, "published_protocols", lambda arena: listed.append("") or list_all(arena))
    assert runner._next_preview(line) == (line[-1], PROTOCOL)
    assert len(listed) == 1


def test_a_protocol_named_twice_is_served_once(toys: ToyWorld) -> None:
    service = build_service(str(toys.world.folder), "", ["toy@1", "toy@1"], "cpu", None, None, no_judge=True, name="")
    assert service.owner == "toy@1 on cpu"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('name = "odd@1"', "odd@1.toml: track: Field required"),
        ('name = "odd@1"\ntrack = "hats"', "odd@1.toml: track: no scorer for 'hats'; there are: dataset_research, toy"),
        ('name = "odd@2"\ntrack = "toy"', "odd@1.toml: name: 'odd@2' is not the name of the file, 'odd@1'"),
        ('name = "odd@1"\ntrack = "toy"\nhats = 1', "odd@1.toml: hats: Extra inputs are not permitted"),
        ("name", "odd@1.toml is not TOML"),
    ],
)
def test_a_faulty_protocol_file_is_named_with_its_field(
    toys: ToyWorld, monkeypatch: pytest.MonkeyPatch, content: str, message: str
) -> None:
    folder = toys.world.folder / "protocols"
    folder.mkdir()
    (folder / "odd@1.toml").write_text(content)
    monkeypatch.setitem(SCORERS, "toy", replace(SCORERS["toy"], protocols=folder))
    with pytest.raises(NotFound, match=re.escape(message)):
        load_protocol("odd@1")


def test_two_tracks_cannot_have_a_protocol_of_one_name(toys: ToyWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = toys.world.folder / "protocols"
    folder.mkdir()
    (folder / "demo@1.toml").write_text('name = "demo@1"\ntrack = "toy"\n')
    monkeypatch.setitem(SCORERS, "toy", replace(SCORERS["toy"], protocols=folder))
    with pytest.raises(NotFound, match="unique across tracks"):
        list_protocol_files()
