"""An arena with everything the pages must cope with, written through the real records and repositories.

`python -m tests.leaderboard.filled FOLDER` makes one to look at.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from submissions.arena import Arena, commit_again, dump, dump_lines, new_id, open_arena
from submissions.models import (
    METHODS,
    DataFile,
    History,
    MethodScore,
    Provenance,
    Result,
    Row,
    Score,
    Setup,
    Status,
    Submission,
    SystemType,
    Task,
    TaskResult,
    Total,
)  # fmt: skip
from submissions.repo import Change

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCRIPT = "<script>alert('system')</script>"
FORMULA = "=cmd|' /C calc'!A0"
OVERRIDE = "abc\u202egpj.exe"
EMOJI = "Data Wizard 🧙‍♀️🪄"
LONG = "An-extremely-long-system-name-without-any-break-that-has-exactly-eighty-letters!"
ARABIC = "نظام بحث البيانات"
SETUP = Setup(model="tiny-llama", model_sha256="a" * 64, packages={"torch": "2.9"}, hardware="2 CPU cores", seed=7)

TASKS = (
    ("mc-en-science", "Science exam questions", "multiple_choice", "knowledge", "en", ("full", "pro"), "accuracy"),
    ("cls-ar-sarcasm", "سخرية في التغريدات", "text_classification", "reasoning", "ar", ("full",), "accuracy"),
    ("qa-vi-history", "Lịch sử Việt Nam", "question_answering", "knowledge", "vi", ("full", "pro"), "token_f1"),
    ("sum-zh-news", "新聞摘要", "text_summarization", "reasoning", "zh-Hant", ("full",), "rouge_l"),
    ("mt-de-en", "<b>Legal</b> texts & contracts", "language_translation", "reasoning", "en", ("full",), "chrf_pp"),
    ("gen-en-math", "Step-by-step arithmetic", "text_generation", "reasoning", "en", ("full", "pro"), "chrf_pp"),
)
SYSTEMS: tuple[tuple[str, str, SystemType, float], ...] = (
    ("Scholar Search 2", "Northern Lights Lab", "search", 0.31),
    (SCRIPT, "<img src=x onerror=alert(1)>", "synthesis", 0.78),
    (FORMULA, "+SUM(A1)", "search", 0.12),
    (OVERRIDE, "\u202eteam", "hybrid", -0.24),
    (EMOJI, "Zauberei", "synthesis", 0.55),
    (LONG, "A-team-with-a-name-that-is-just-as-long-and-has-no-break-in-it-either-whatsoever", "deep_research", 0.44),
    (ARABIC, "فريق القاهرة", "deep_research", 0.63),
)


def tasks() -> tuple[Task, ...]:
    """The benchmark's public side."""
    names = ("id", "title", "category", "kind", "language", "subsets", "metric")
    return tuple(
        Task.model_validate(
            dict(zip(names, row, strict=True))
            | {
                "track": "dataset_research",
                "demand": f"Find a data set for: {row[1]}.\n</script><b>{row[0]}</b> & more.",
            }
        )
        for row in TASKS
    )


def submission(number: int, system: str, team: str, system_type: SystemType) -> tuple[Submission, list[Row]]:
    """A delivery of the same twelve rows for the first tasks."""
    now = START + timedelta(days=number)
    rows = [Row(input=f"question {n}", output=f"answer {n}") for n in range(12)]
    lines = dump_lines(rows)
    files = tuple(
        DataFile(task=task[0], path=f"data/{task[0]}.jsonl", sha256="b" * 64, bytes=len(lines), rows=len(rows))
        for task in TASKS[:5]
    )
    delivered = Submission(
        id=new_id(now), track="dataset_research", system=system, system_type=system_type, team=team,
        submitter="<i>Ada</i>", files=files, created_at=now,
        provenance=Provenance(description=f"Made by {system}\n<b>bold</b>", url="https://example.org/?a=1&b=<2>"),
    )  # fmt: skip
    return delivered, rows


def result(made: Submission, level: float, *, flagged: str | None = None, unscored: bool = False) -> Result:
    """A result around a level of gain; the last task was not delivered."""
    rng = random.Random(made.system)
    found = [_task_result(task, level, rng, missing=task[0] == TASKS[-1][0]) for task in TASKS]
    totals = [
        _total(found, method, subset, group, unscored=unscored and group != "reasoning")
        for method in METHODS
        for subset in ("full", "pro")
        for group in ("overall", "knowledge", "reasoning")
    ]
    return Result(
        submission=made.id, track=made.track, system=made.system, system_type=made.system_type, team=made.team,
        protocol="demo@1", protocol_sha256="c" * 64, setup=SETUP, flagged=flagged,
        tasks=tuple(found), totals=tuple(totals),
    )  # fmt: skip


def _task_result(task: Sequence[object], level: float, rng: random.Random, *, missing: bool) -> TaskResult:
    base, reference = 0.2, 0.7
    methods = []
    for place, method in enumerate(METHODS):
        gain = 0.0 if missing else max(-1.0, min(1.5, level * (0.4 + 0.2 * place) + rng.uniform(-0.1, 0.1)))
        value = base + gain * (reference - base)
        methods.append(
            MethodScore(
                method=method,
                score=Score(name=str(task[6]), n=0, why="no data was delivered")
                if missing
                else Score(name=str(task[6]), value=value, n=50),
                gain=Score(name="gain", value=gain, n=0)
                if missing
                else Score(name="gain", value=gain, n=50, interval=(gain - 0.08, gain + 0.08)),
            )
        )
    return TaskResult(
        task=str(task[0]), state="missing" if missing else "scored", rows=0 if missing else 11,
        removed=0 if missing else 1, base=Score(name="base", value=base, n=50),
        reference=Score(name="reference", value=reference, n=50), methods=tuple(methods),
    )  # fmt: skip


def _total(found: Sequence[TaskResult], method: str, subset: str, group: str, *, unscored: bool) -> Total:
    kinds = {task[0]: (task[3], task[5]) for task in TASKS}
    gains = [
        score.gain.value or 0.0
        for task in found
        for score in task.methods
        if score.method == method and subset in kinds[task.task][1] and group in ("overall", kinds[task.task][0])
    ]
    mean = sum(gains) / len(gains)
    gain = Score(name="gain", value=mean, n=len(gains), interval=(mean - 0.11, mean + 0.12))
    if unscored:
        gain = Score(name="gain", n=len(gains), why="the judge's <answer> could not be read; it is run again")
    return Total.model_validate(
        {"method": method, "subset": subset, "group": group, "gain": gain, "median": sorted(gains)[len(gains) // 2]}
    )


def published(made: Submission) -> History:
    """A history that ends well."""
    at = made.created_at
    steps = (
        Status(state="received", message="Stored; waiting for the evaluator.", time=at),
        Status(state="queued", message="Next but one.", place=2, time=at + timedelta(minutes=1)),
        Status(
            state="evaluating", stage="few_shot", done=2, of=6, message="Two of six.", time=at + timedelta(minutes=9)
        ),
        Status(state="published", stage="publish", message="All stages done.", time=at + timedelta(minutes=20)),
    )
    return History(submission=made.id, entries=steps)


def now(state: str, message: str, **more: object) -> Status:
    """Where a submission stands while it is not published."""
    return Status.model_validate({"state": state, "message": message, "time": START + timedelta(days=9)} | more)


def fill(folder: Path) -> Arena:
    """A filled arena in a folder."""
    arena = open_arena(str(folder))
    commit_again(arena.results, [Change("tasks.jsonl", dump_lines(tasks()))])
    for number, (system, team, system_type, level) in enumerate(SYSTEMS):
        flagged = "13 % of its rows copy a <test> row." if system == EMOJI else None
        made = store(arena, number, system, team, system_type)
        publish(arena, made, result(made, level, flagged=flagged, unscored=system == ARABIC))
    last = len(SYSTEMS)
    endings = (
        ("Runs now", now("evaluating", "3 of 6 trained.", stage="fine_tune", done=3, of=6)),
        ("Waits", now("queued", "Waiting for a free GPU.", place=4)),
        ("Broke", now("failed", "The engine stopped. It is tried again.", stage="few_shot", fault="evaluator")),
        ("Refused", now("refused", "All rows copy the <test> rows.", stage="screen", fault="submission")),
    )
    for number, (system, status) in enumerate(endings, last):
        made = store(arena, number, system, "Team Four", "hybrid")
        history = History(submission=made.id, entries=(published(made).entries[0], status))
        commit_again(arena.results, [Change(f"status/{made.id}.json", dump(history))])
    store(arena, last + len(endings), "Just in", "Team Five", "search")
    return arena


def store(arena: Arena, number: int, system: str, team: str, system_type: SystemType) -> Submission:
    """Add a submission as the submit form does."""
    made, rows = submission(number, system, team, system_type)
    with tempfile.TemporaryDirectory() as folder:
        for file in made.files:
            Path(folder, f"{file.task}.jsonl").write_bytes(dump_lines(rows))
        arena.add(made, Path(folder))
    return made


def publish(arena: Arena, made: Submission, of: Result) -> None:
    """Add a result and a history as the evaluator does."""
    changes = [
        Change(f"results/{made.id}/demo@1.json", dump(of)),
        Change(f"status/{made.id}.json", dump(published(made))),
    ]
    commit_again(arena.results, changes)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
