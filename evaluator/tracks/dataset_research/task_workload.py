"""Work of DatasetResearch's evaluations before it is done: the published frame, and the load of a task."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.planning.prompt_frame import build_frame
from evaluator.planning.workload import ByteEstimatedWorkload, mean_load
from evaluator.scoring.eval_set import EvalSet
from evaluator.stages.anchors import current_version
from evaluator.stages.context import EvaluationContext
from evaluator.stages.planning_facts import build_planning
from evaluator.stages.reference_split import load_reference
from submissions.arena.benchmark import Benchmark
from submissions.records.prompt_frame import PromptFrame
from submissions.records.submission import DataFile
from submissions.records.task import Task

_TOKEN = 4
"""Bytes per token, to compare the load of tasks; no score depends on it."""


def build_task_frame(context: EvaluationContext, benchmark: Benchmark, tasks: Sequence[Task]) -> PromptFrame | None:
    """Build the published frame of a protocol; None without a demand to measure its tokens on."""
    rules, demands = context.protocol, [task.demand for task in tasks if task.demand]
    if not demands:
        return None
    frame = build_frame(rules, context.template, demands)
    workload = ByteEstimatedWorkload(rules, frame)  # tokenizing every hidden row would take minutes
    hidden = (load_reference(rules, benchmark, task.id) for task in tasks if task.track == rules.track)
    planning = build_planning(rules, context.profile, mean_load(map(workload.count_eval_set, hidden)))
    return frame.model_copy(update={"planning": planning, **current_version(benchmark, rules)._asdict()})


def estimate_task_seconds(
    context: EvaluationContext, benchmark: Benchmark, task: Task, files: Sequence[DataFile]
) -> float:
    """Estimate the time of a task's stages for distinct files. Only ratios matter."""
    exam = context.build_eval_set(task, load_reference(context.protocol, benchmark, task.id))
    return estimate_seconds(context, exam, files)


def estimate_seconds(bench: EvaluationContext, exam: EvalSet, files: Sequence[DataFile]) -> float:
    """Estimate the time of a task's stages from the profile's speeds, for distinct data. Only ratios matter."""
    rules, speed = bench.protocol, bench.profile.speed
    questions, gold = (sum(len(text.encode()) for text in texts) / _TOKEN for texts in (exam.inputs, exam.targets))
    seconds = 0.0
    for file in files:
        row = file.bytes / file.rows / _TOKEN
        trained = rules.sft.epochs * row * min(file.rows, rules.sft.max_rows)
        seconds += speed.training_seconds + trained / speed.trained_tokens
        for shots in (0, *rules.few_shot.shots * rules.few_shot.draws):
            read = questions + shots * row * len(exam.rows)
            seconds += read / speed.prompt_tokens + gold / speed.generated_tokens
    return seconds
