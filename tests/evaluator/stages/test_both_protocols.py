"""paper@1 and arena@1 with real tools: their own rules, the tiny model, and limits that fit it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from evaluator.config.profile import load_profile
from evaluator.config.protocol import PROTOCOLS
from evaluator.stages.anchors import measure_anchors
from evaluator.stages.context import EvaluationContext
from evaluator.stages.records import load_records
from evaluator.stages.track_context import ToolSettings
from evaluator.tracks import SCORERS
from evaluator.tracks.context_pool import open_context
from evaluator.tracks.dataset_research.evaluation import evaluate_submission
from evaluator.tracks.evaluation_job import EvaluationJob, SubmissionData
from evaluator.tracks.protocols import load_protocol
from evaluator.tracks.rescore import rescore
from submissions.arena.benchmark import Benchmark
from submissions.records.result import Result
from submissions.records.submission import Submission
from submissions.records.task import Row
from submissions.storage.codec import to_json, to_jsonl
from tests.support.factories import NOW, make_benchmark, make_data_file, make_task
from tests.support.sweeps import sweep

pytestmark = pytest.mark.slow

TASK = make_task("t", "text_classification")
SMALL = {
    "id": '"tiny-llama@1"',
    "dtype": '"float32"',
    "epochs": "20",
    "learning_rate": "3e-3",
    "cutoff_tokens": "128",
    "max_prompt_tokens": "256",
    "max_new_tokens": "16",
}
"""What a model of 1.3 million weights needs in place of Llama-3.1-8B's settings; every rule stays."""


def row(number: int) -> Row:
    """Two labels, each as often in either half."""
    return Row(input=f"Left or right at crossing {number}?", output=("left", "right")[number // 2 % 2])


@contextmanager
def workbench(name: str, folder: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EvaluationContext]:
    """The tools of a protocol, from its own file with the small model's settings."""
    text = (PROTOCOLS / f"{name}.toml").read_text()
    for field, value in SMALL.items():
        text, found = re.subn(rf"^{field} = .*$", f"{field} = {value}", text, flags=re.MULTILINE)
        assert found == 1, field
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / f"{name}.toml").write_text(text)
    here = replace(SCORERS["dataset_research"], protocols=folder / "rules")
    monkeypatch.setitem(SCORERS, "dataset_research", here)
    work = folder / "work"
    (work / "base").mkdir(parents=True)
    (work / "base" / "tiny-llama@1").symlink_to(tiny)
    with open_context(load_protocol(name), ToolSettings(load_profile("cpu"), work, no_judge=True)) as bench:
        yield bench


def evaluated(benchmark: Benchmark, bench: EvaluationContext, folder: Path, rows: tuple[Row, ...]) -> Result:
    submission = Submission(
        id="0" * 26, track="dataset_research", system="S", system_type="search", team="T", submitter="A",
        files=(make_data_file("t", rows),), created_at=NOW,
    )  # fmt: skip
    evaluation = EvaluationJob(
        benchmark=benchmark,
        tasks=(TASK,),
        context=bench,
        folder=folder,
    )
    return evaluate_submission(evaluation, SubmissionData(submission, lambda _file: to_jsonl(rows), {}))


@pytest.mark.parametrize("name", sweep(["paper@1", "arena@1"], in_short=["arena@1"]))
def test_a_protocol_measures_anchors_over_three_seeds_and_scores_by_its_own_rules(
    name: str, tmp_path: Path, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = make_benchmark(tmp_path / "benchmark", [TASK], rows=[row(number) for number in range(64)])
    with workbench(name, tmp_path, tiny, monkeypatch) as bench:
        anchor = measure_anchors(benchmark, bench, [TASK]).tasks["t"]
        assert len(anchor.seeds) == 3
        assert anchor.reference.value == pytest.approx(sum(anchor.seeds) / 3)
        assert anchor.reference.value is not None
        assert anchor.reference.value > 0.45, "the model learned at least to answer with a label"
        assert anchor.reference.n == (64 if name == "paper@1" else 32), "paper@1 asks the rows it trained on"
        copied = tuple(row(number) for number in range(40))
        result = evaluated(benchmark, bench, tmp_path / "out", copied)
    (task,) = result.tasks
    if name == "paper@1":
        assert (task.rows, task.removed) == (40, 0), "paper@1 has no screen"
        assert {score.gain.name for score in task.methods} == {"ratio"}
    else:
        assert (task.rows, task.removed) == (20, 20), "every copied test row is out"
        assert result.flagged
        _, (record,) = load_records(tmp_path / "out")
        assert [len(method.draws) for method in record.answers] == [3, 3, 3, 1]
    assert to_json(rescore(tmp_path / "out")) == to_json(result)
