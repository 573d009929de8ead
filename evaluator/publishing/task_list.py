"""Publishes the public side of the benchmark, and how rows are framed, for the web app."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.planning.prompt_frame import build_frame, build_planning
from evaluator.planning.workload import ByteEstimatedWorkload
from evaluator.publishing.results_table import backfill_tables
from evaluator.stages.anchors import current_version
from evaluator.stages.context import EvaluationContext
from evaluator.stages.reference_split import load_reference
from submissions.arena.arena import Arena, commit_with_retry
from submissions.arena.benchmark import Benchmark
from submissions.records.prompt_frame import PromptFrame
from submissions.records.task import Task
from submissions.storage.codec import to_jsonl
from submissions.storage.format_version import FORMAT, format_change, read_format
from submissions.storage.format_version import PATH as FORMAT_PATH
from submissions.storage.repo import Change


def publish_task_list(arena: Arena, benchmark: Benchmark, context: EvaluationContext) -> None:
    """Write the tasks and every protocol's frame into `results`, if they are not there yet."""
    tasks, results = benchmark.read_tasks(), arena.results
    frames = _build_frames(arena, benchmark, context, tasks)
    files = {"tasks.jsonl": to_jsonl(tasks), "frames.jsonl": to_jsonl(frames)}
    changes = [
        Change(path, content)
        for path, content in files.items()
        if path not in results.list(path) or results.read(path) != content
    ]
    changes += backfill_tables(results)
    if FORMAT_PATH not in results.list(FORMAT_PATH) or read_format(results) < FORMAT:
        changes.append(format_change())
    if changes:
        commit_with_retry(results, changes)


def _build_frames(
    arena: Arena, benchmark: Benchmark, context: EvaluationContext, tasks: Sequence[Task]
) -> list[PromptFrame]:
    """Prompt frames of all protocols by name: this one's rebuilt, others as published."""
    frames = {frame.protocol: frame for frame in arena.read_frames()}
    rules, demands = context.protocol, [task.demand for task in tasks if task.demand]
    if demands:
        frame = build_frame(rules, context.template, demands)
        workload = ByteEstimatedWorkload(rules, frame)  # tokenizing every hidden row would take minutes
        hidden = (load_reference(rules, benchmark, task.id) for task in tasks if task.track == rules.track)
        planning = build_planning(rules, context.profile, map(workload.count_eval_set, hidden))
        version = current_version(benchmark, rules)
        frames[rules.name] = frame.model_copy(update={"planning": planning, **version._asdict()})
    return [frames[name] for name in sorted(frames)]
