"""A stored submission and its result, for the tests of what is read back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from submissions.arena.arena import Arena, open_arena
from submissions.checking.check import check_sources
from submissions.records.anchors import Setup
from submissions.records.base import Score
from submissions.records.result import MethodScore, Result, TaskResult, Total
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import TRACKS
from tests.support.factories import make_task
from tests.support.submission_inputs import BANK, GOOD, SARCASM

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FORM = {"system": "=Finder [bold]", "system_type": "search", "team": "Nhóm Một", "submitter": "An"}


def arena_with_tasks(folder: Path) -> Arena:
    arena = open_arena(str(folder))
    tasks = to_jsonl([make_task(BANK, "text_classification"), make_task(SARCASM, "text_classification")])
    arena.results.commit([Change("tasks.jsonl", tasks)], arena.results.head())
    return arena


def stored(arena: Arena, work: Path) -> Submission:
    source, into = work / f"{BANK}.jsonl", work / "into"
    source.write_bytes(GOOD)
    into.mkdir()
    report = check_sources([source], arena.read_tasks(), into=into, track=TRACKS["dataset_research"])
    return store_submission(arena, report, into, SubmissionForm.from_form(FORM), NOW)


def publish(arena: Arena, submission: Submission) -> Result:
    result = result_of(submission)
    published = Status(state="published", message="Done.", time=NOW)
    history = History(submission=submission.id, entries=(published,))
    changes = [
        Change(f"results/{submission.id}/demo@1.json", to_json(result)),
        Change(f"status/{submission.id}.json", to_json(history)),
    ]
    arena.results.commit(changes, arena.results.head())
    return result


def result_of(submission: Submission) -> Result:
    none = Score(name="accuracy", n=0, why="missing")
    base = Score(name="accuracy", value=0.25, n=8, interval=(0.1, 0.4))
    reference = Score(name="accuracy", value=0.75, n=8)
    scored = MethodScore(
        method="fine_tune",
        score=Score(name="accuracy", value=0.5, n=8),
        gain=Score(name="gain", value=0.5, n=8, interval=(0.3, 0.6)),
    )
    unscored = MethodScore(method="few_shot_1", score=none, gain=none)
    return Result(
        submission=submission.id,
        track=submission.track,
        system=submission.system,
        system_type=submission.system_type,
        team=submission.team,
        protocol="demo@1",
        protocol_sha256="0" * 64,
        setup=Setup(model="tiny", model_sha256="0" * 64, packages={}, hardware="cpu", seed=0),
        tasks=(
            TaskResult(
                task=BANK,
                state="scored",
                rows=18,
                removed=2,
                base=base,
                reference=reference,
                seed_sd=0.02,
                methods=(scored, unscored),
            ),
            TaskResult(task=SARCASM, state="missing", rows=0, removed=0, base=base, reference=reference, methods=()),
        ),
        totals=(
            Total(
                method="fine_tune",
                subset="full",
                group="overall",
                gain=Score(name="mean_gain", value=0.25, n=2, interval=(0.1, 0.4)),
                median=0.25,
                seed_sd=0.03,
            ),
            Total(method="few_shot_1", subset="full", group="overall", gain=none),
        ),
    )
