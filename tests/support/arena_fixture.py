"""An arena with everything the pages must cope with, written through the real records and repositories.

`python -m tests.support.arena_fixture FOLDER` makes one to look at.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from submissions.arena.arena import Arena, commit_with_retry, open_arena, result_path
from submissions.arena.ids import new_id
from submissions.records.anchors import Setup
from submissions.records.base import Score
from submissions.records.findings import JudgeScores, Quantiles, ScreenFindings
from submissions.records.ledger import Cost, Ledger
from submissions.records.result import MethodScore, Result, TaskResult, Total, split_verdicts
from submissions.records.status import History, Stage, State, Status
from submissions.records.submission import DataFile, Provenance, Submission, SystemType
from submissions.records.task import Row, Task
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.tracks import TRACKS
from tests.support.factories import make_task

METHODS = TRACKS["dataset_research"].method_keys
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = START + timedelta(days=9, hours=2)
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
    ("cls-en-bank", "Banking intents", "text_classification", "reasoning", "en", ("full",), "accuracy"),
    ("qa-en-tables", "Questions over tables", "question_answering", "reasoning", "en", ("full",), "token_f1"),
    ("mc-hi-law", "भारतीय विधि", "multiple_choice", "reasoning", "hi", ("full",), "accuracy"),
    ("sum-en-dialogue", "Summaries of dialogues", "text_summarization", "reasoning", "en", ("full",), "rouge_l"),
    ("mt-en-th", "ข่าวแปล", "language_translation", "reasoning", "th", ("full",), "chrf_pp"),
    ("gen-fr-letters", "Lettres formelles", "text_generation", "reasoning", "fr", ("full",), "chrf_pp"),
    ("gen-en-math", "Step-by-step arithmetic", "text_generation", "reasoning", "en", ("full", "pro"), "chrf_pp"),
)
"""Enough of them for a test over tasks to part systems."""
BLEU = "bleu nrefs:1|case:mixed|eff:yes|tok:13a|smooth:exp|version:2.6.0"
OTHERS = {"token_f1": "exact_match", "chrf_pp": BLEU}
DIMENSIONS = ("introduction", "task", "domain", "question", "input", "output", "source", "example", "samples_count")
AVERAGED = ("introduction", "task", "question", "input", "output", "example")
SYSTEMS: tuple[tuple[str, str, SystemType, float], ...] = (
    ("Scholar Search 2", "Northern Lights Lab", "search", 0.46),
    (SCRIPT, "<img src=x onerror=alert(1)>", "synthesis", 0.78),
    (FORMULA, "+SUM(A1)", "search", 0.12),
    (OVERRIDE, "\u202eteam", "hybrid", -0.24),
    (EMOJI, "Zauberei", "synthesis", 0.55),
    (LONG, "A-team-with-a-name-that-is-just-as-long-and-has-no-break-in-it-either-whatsoever", "deep_research", 0.44),
    (ARABIC, "فريق القاهرة", "deep_research", 0.63),
)


def tasks() -> tuple[Task, ...]:
    """The benchmark's public side."""
    names = ("title", "category", "kind", "language", "subsets", "metric")
    return tuple(
        make_task(
            name,
            demand=f"Find a data set for: {fields[0]}.\n</script><b>{name}</b> & more.",
            **dict(zip(names, fields, strict=True)),  # type: ignore[arg-type]
        )
        for name, *fields in TASKS
    )


def submission(number: int, system: str, team: str, system_type: SystemType) -> tuple[Submission, list[Row]]:
    """A delivery of the same twelve rows for the first tasks."""
    now = START + timedelta(days=number)
    rows = [Row(input=f"question {n}", output=f"answer {n}") for n in range(12)]
    lines = to_jsonl(rows)
    files = tuple(
        DataFile(task=task[0], path=f"data/{task[0]}.jsonl", sha256="b" * 64, bytes=len(lines), rows=len(rows))
        for task in TASKS[:-1]
    )
    delivered = Submission(
        id=new_id(now), track="dataset_research", system=system, system_type=system_type, team=team,
        submitter="<i>Ada</i>", files=files, created_at=now,
        provenance=Provenance(description=f"Made by {system}\n<b>bold</b>", url="https://example.org/?a=1&b=<2>"),
    )  # fmt: skip
    return delivered, rows


def result(
    made: Submission, level: float, *, flagged: str | None = None, unscored: bool = False, judged: bool = False
) -> Result:
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
        tasks=tuple(found), totals=tuple(totals), metadata=_judged(level, rng) if judged else None,
    )  # fmt: skip


def _task_result(task: Sequence[object], level: float, rng: random.Random, *, missing: bool) -> TaskResult:
    base, reference = 0.2, 0.7
    name = str(task[6])
    methods = []
    for place, method in enumerate(METHODS):
        gain = 0.0 if missing else max(-1.0, min(1.5, level * (0.4 + 0.2 * place) + rng.uniform(-0.1, 0.1)))
        value = base + gain * (reference - base)
        methods.append(
            MethodScore(
                method=method,
                score=Score(name=name, n=0, why="no data was delivered") if missing else _measured(name, value),
                gain=Score(name="gain", value=gain, n=0)
                if missing
                else Score(name="gain", value=gain, n=50, interval=(gain - 0.08, gain + 0.08)),
                others=(_measured(OTHERS[name], 0.7 * value),) if name in OTHERS and not missing else (),
                verdicts={"ambiguous": 20, "right_letter": 30} if name == "accuracy" and not missing else {},
            )
        )
    return TaskResult(
        task=str(task[0]), state="missing" if missing else "scored", rows=0 if missing else 11,
        removed=0 if missing else 1, screen=None if missing else _screening(task),
        base=_measured(name, base), reference=_measured(name, reference), seed_sd=0.013, methods=tuple(methods),
    )  # fmt: skip


def _measured(name: str, value: float) -> Score:
    half = 1.96 * (value * (1 - value) / 50) ** 0.5
    return Score(name=name, value=value, n=50, interval=(max(0.0, value - half), min(1.0, value + half)))


def _screening(task: Sequence[object]) -> ScreenFindings:
    """Of twelve rows one copies a test row; of the science questions most do, so that its list of lines is long."""
    many = task[0] == TASKS[0][0]
    return ScreenFindings(
        exact=12 if many else 0, normalised=5 if many else 1, near=4 if many else 0,
        removed_lines=tuple(range(3, 45, 2)) if many else (7,), repeated=2, degenerate=1,
        other_script=3 if task[4] == "ar" else 0, tokens=Quantiles(least=9, median=64, p95=311, most=1804),
        output_scripts={"Arabic": 0.912, "Latin": 0.088} if task[4] == "ar" else {"Latin": 1.0},
    )  # fmt: skip


def _judged(level: float, rng: random.Random) -> JudgeScores:
    """Scores around a level; no reference says where its rows come from."""
    silent = Score(name="source", n=0, why="no reference says its source")
    dimensions = tuple(
        silent if name == "source" else Score(name=name, value=5 + 4 * level + rng.uniform(-0.9, 0.9), n=len(TASKS))
        for name in DIMENSIONS
    )
    average = sum(score.value or 0.0 for score in dimensions if score.name in AVERAGED) / len(AVERAGED)
    return JudgeScores(
        dimensions=dimensions, average=Score(name="metadata", value=average, n=len(TASKS)),
        origins={"generated": 4, "missing": 1, "submitted": len(TASKS) - 5}, model="o3-2025-04-16",
        snapshot="o3-2025-04-16", prompts=("judge@1", "describe@1"),
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
    gain = Score(name="mean_gain", value=mean, n=len(gains), interval=(mean - 0.11, mean + 0.12))
    if unscored:
        gain = Score(name="mean_gain", n=len(gains), why="the judge's <answer> could not be read; it is run again")
    return Total.model_validate(
        {
            "method": method, "subset": subset, "group": group, "gain": gain, "median": sorted(gains)[len(gains) // 2],
            "seed_sd": 0.009 if method == "fine_tune" else None,
        }
    )  # fmt: skip


def ledger(of: Result) -> Ledger:
    """What an evaluation cost; long names ran on the dear machine."""
    rng = random.Random(f"cost of {of.system}")
    costs = tuple(
        Cost(
            task=task.task, stage=stage, seconds=(1 + place) * rng.uniform(2, 9) * task.rows,
            tokens_trained=170 * task.rows if stage == "fine_tune" else 0, tokens_generated=600 * (place > 1),
            peak_bytes=None if stage == "screen" else rng.randrange(2**30, 2**33),
        )
        for place, stage in enumerate(("screen", "metadata", "few_shot", "fine_tune"))
        for task in of.tasks
        if task.state == "scored"
    )  # fmt: skip
    name, devices, price = ("8xh100", 8, 2.5) if len(of.system) > 15 else ("cpu", 1, None)
    return Ledger(
        submission=of.submission, protocol=of.protocol, profile=name, devices=devices, hour_price=price, costs=costs
    )


def published(made: Submission) -> History:
    """A history that ends well."""
    at = made.created_at
    steps = (
        Status(state="received", message="Stored; waiting for the evaluator.", time=at),
        Status(state="queued", message="Next but one.", place=2, time=at + timedelta(minutes=1)),
        *stages(at + timedelta(minutes=1)),
        Status(state="published", stage="publish", message="All stages done.", time=at + timedelta(minutes=20)),
    )
    return History(submission=made.id, entries=steps)


def stages(at: datetime, upto: int = 5) -> list[Status]:
    """The last word on each of the first stages, three minutes after one another; nothing is judged."""
    told: tuple[tuple[State, Stage], ...] = (
        ("checking", "check"), ("evaluating", "screen"), ("evaluating", "few_shot"), ("evaluating", "fine_tune"),
        ("evaluating", "total"),
    )  # fmt: skip
    return [
        Status(
            state=state, stage=stage, done=6, of=6, message=f"{stage}: 6 of 6 tasks",
            time=at + timedelta(minutes=3 * place),
        )
        for place, (state, stage) in enumerate(told[:upto], 1)
    ]  # fmt: skip


def now(state: str, message: str, **more: object) -> Status:
    """Where a submission stands while it is not published."""
    return Status.model_validate({"state": state, "message": message, "time": START + timedelta(days=9)} | more)


def fill(folder: Path, owner: str = "") -> Arena:
    """A filled arena in a folder; the owner's is the submission whose result is held."""
    arena = open_arena(str(folder))
    commit_with_retry(arena.results, [Change("tasks.jsonl", to_jsonl(tasks()))])
    for number, (system, team, system_type, level) in enumerate(SYSTEMS):
        flagged = "13 % of its rows copy a <test> row." if system == EMOJI else None
        made = store(arena, number, system, team, system_type)
        publish(arena, made, result(made, level, flagged=flagged, unscored=system == ARABIC, judged=level > 0.4))
    last = len(SYSTEMS)
    endings = (
        ("Runs now", 3, now("evaluating", "3 of 6 trained.", stage="fine_tune", done=3, of=6)),
        ("Waits", 0, now("queued", "Waiting for a free GPU.", place=4, of=9, expected_start=LATER)),
        ("Broke", 2, now("failed", "The engine stopped. It is tried again.", stage="few_shot", fault="evaluator",
                         log_tail="few_shot: 2 of 6\n</pre><script>alert('log')</script>\nCUDA error: device lost")),
        ("Refused", 1, now("refused", "All rows copy the <test> rows.", stage="screen", fault="submission")),
        ("Tries again", 2, now("retrying", "The engine stopped; the second of three tries begins soon.")),
        ("Withdrawn", 2, now("withdrawn", "Its owner withdrew it.")),
    )  # fmt: skip
    for number, (system, upto, status) in enumerate(endings, last):
        made = store(arena, number, system, "Team Four", "hybrid")
        told = (published(made).entries[0], *stages(status.time - timedelta(hours=1), upto), status)
        changes = [Change(f"status/{made.id}.json", to_json(History(submission=made.id, entries=told)))]
        if system == "Runs now":
            changes.append(
                Change(result_path(made.id, "demo@1", "previews"), to_json(split_verdicts(preview(made))[0]))
            )
        commit_with_retry(arena.results, changes)
    held(arena, last + len(endings) + 1, owner)
    store(arena, last + len(endings), "Just in", "Team Five", "search")
    return arena


def fill_with_one(folder: Path) -> Arena:
    """An arena with a single submission, which was published."""
    arena = open_arena(str(folder))
    commit_with_retry(arena.results, [Change("tasks.jsonl", to_jsonl(tasks()))])
    made = store(arena, 0, *SYSTEMS[0][:3])
    publish(arena, made, result(made, SYSTEMS[0][3], judged=True))
    return arena


def preview(made: Submission) -> Result:
    """What the few-shot stages measured while the trainings still run."""
    whole, waits = result(made, 0.5), Score(name="mean_gain", n=0, why="not measured yet")
    totals = [
        total.model_copy(update={"gain": waits, "median": None, "seed_sd": None})
        if total.method == "fine_tune"
        else total
        for total in whole.totals
    ]
    return whole.model_copy(update={"totals": tuple(totals)})


def held(arena: Arena, number: int, owner: str = "") -> Submission:
    """Add a private submission whose result waits for its owner."""
    made = store(arena, number, "Kept private", "Team Four", "hybrid", owner=owner, private=True)
    at = made.created_at
    waits = Status(state="evaluated", message="All stages done.", time=at + timedelta(minutes=20))
    history = History(submission=made.id, entries=(published(made).entries[0], *stages(at), waits))
    commit_with_retry(arena.drafts, [Change(result_path(made.id, "demo@1"), to_json(result(made, 0.987)))])
    commit_with_retry(arena.results, [Change(f"status/{made.id}.json", to_json(history))])
    return made


def store(arena: Arena, number: int, system: str, team: str, system_type: SystemType, **more: object) -> Submission:
    """Add a submission as the submit form does."""
    made, rows = submission(number, system, team, system_type)
    made = Submission.model_validate(made.model_dump() | more)
    with tempfile.TemporaryDirectory() as folder:
        for file in made.files:
            Path(folder, f"{file.task}.jsonl").write_bytes(to_jsonl(rows))
        arena.add_submission(made, Path(folder))
    return made


def publish(arena: Arena, made: Submission, of: Result) -> None:
    """Add a result, its costs and a history as the evaluator does; one evaluation was not metered."""
    public, counts = split_verdicts(of)
    if counts:
        commit_with_retry(arena.drafts, [Change(result_path(made.id, of.protocol, "verdicts"), to_json(counts))])
    changes = [
        Change(result_path(made.id, of.protocol), to_json(public)),
        Change(f"status/{made.id}.json", to_json(published(made))),
    ]
    if of.system != OVERRIDE:
        changes.append(Change(result_path(made.id, of.protocol, "costs"), to_json(ledger(of))))
    commit_with_retry(arena.results, changes)


if __name__ == "__main__":
    fill(Path(sys.argv[1]))
