"""Anchors: the score of the untouched base model and of the model trained on the reference's own train half."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import stdev

from evaluator.errors import Unmeasured
from evaluator.exam import Exam, rows_hash
from evaluator.fine_tune import Unit, fine_tune, untrained
from evaluator.gain import admitted
from evaluator.metrics import Measured
from evaluator.workbench import Workbench
from submissions.arena import commit_again, dump
from submissions.benchmark import Benchmark
from submissions.errors import NotFound
from submissions.models import Anchor, Anchors, Reference, Task
from submissions.repo import Change


def measure_anchors(benchmark: Benchmark, bench: Workbench, tasks: Sequence[Task]) -> Anchors:
    """Measure these tasks' anchors, store them in the benchmark beside those that still hold, and hand all back."""
    units: list[Unit] = []
    bases: dict[str, Measured] = {}
    for done, task in enumerate(tasks):
        bench.progress("base model", done, len(tasks))
        reference = benchmark.reference(task.id)
        units.append(Unit(bench.exam(task, reference), reference.train))
        bases[task.id] = untrained(bench, units[-1].exam)
    tops = {unit.exam.task.id: measured for unit, measured in fine_tune(bench, units)}
    fresh = {unit.exam.task.id: _anchor(unit, bases[unit.exam.task.id], tops[unit.exam.task.id]) for unit in units}
    found = Anchors(
        protocol=bench.protocol.name,
        protocol_sha256=bench.protocol.sha256,
        setup=bench.setup,
        tasks=_held(benchmark, bench) | fresh,
    )
    path = f"anchors/{bench.protocol.name}.json"
    if path not in benchmark.repo.list(path) or benchmark.repo.read(path) != dump(found):
        commit_again(benchmark.repo, [Change(path, dump(found))])
    return found


def fitting_anchors(benchmark: Benchmark, bench: Workbench, tasks: Sequence[Task]) -> Anchors:
    """The benchmark's anchors. Raises Unmeasured if they were measured by other rules or another model."""
    try:
        anchors = benchmark.anchors(bench.protocol.name)
    except NotFound as error:
        raise Unmeasured(str(error)) from error
    again = f"Run `python -m evaluator anchors --protocol {bench.protocol.name}` on this benchmark again."
    if anchors.protocol_sha256 != bench.protocol.sha256:
        raise Unmeasured(f"The anchors were measured when {bench.protocol.name} said something else. {again}")
    if anchors.setup.model_sha256 != bench.setup.model_sha256:
        raise Unmeasured(f"The anchors belong to other weights of {anchors.setup.model}. {again}")
    if anchors.setup.pipeline != bench.setup.pipeline:
        raise Unmeasured(f"The anchors were measured by another version of the evaluator. {again}")
    if missing := [task.id for task in tasks if task.id not in anchors.tasks]:
        raise Unmeasured(f"No anchors for {', '.join(missing)}. {again}")
    return anchors


def held_for(anchors: Anchors, exam: Exam, reference: Reference) -> None:
    """Raise Unmeasured if a task's anchors were measured on other rows than it has now."""
    anchor = anchors.tasks[exam.task.id]
    if (anchor.exam_sha256, anchor.train_sha256) != (exam.sha256, rows_hash(reference.train)):
        raise Unmeasured(
            f"The rows of {exam.task.id} have changed since its anchors were measured. "
            f"Run `python -m evaluator anchors --protocol {anchors.protocol}` on this benchmark again."
        )


def refused(anchors: Anchors) -> list[str]:
    """Tasks whose gain cannot be told from noise; they do not count."""
    return [task for task, anchor in anchors.tasks.items() if not admitted(anchor)]


def _held(benchmark: Benchmark, bench: Workbench) -> dict[str, Anchor]:
    """Anchors measured before by the same rules and setup."""
    path = f"anchors/{bench.protocol.name}.json"
    if path not in benchmark.repo.list(path):
        return {}
    old = benchmark.anchors(bench.protocol.name)
    known = {task.id for task in benchmark.tasks()}
    same = (old.protocol_sha256, old.setup) == (bench.protocol.sha256, bench.setup)
    return {task: anchor for task, anchor in old.tasks.items() if task in known} if same else {}


def _anchor(unit: Unit, base: Measured, reference: Measured) -> Anchor:
    differences = [top - low for top, low in zip(reference.items, base.items, strict=True)]
    return Anchor(
        base=base.score,
        reference=reference.score,
        noise=stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else 1.0,
        exam_sha256=unit.exam.sha256,
        train_sha256=rows_hash(unit.rows),
    )
