"""Toy track: a task's score is the sum of its integers; nothing is costly, so all of it is the preview."""

from pathlib import Path

from evaluator.config.protocol import Protocol
from evaluator.stages.aggregate.track_totals import MeasuredTask, assemble_measured
from evaluator.stages.stored_run import StoredRun, StoredTask, load_stored, save_records
from evaluator.tracks.scorer import EvaluationJob, SubmissionData, TrackScorer
from submissions.records.result import Result


class ToyProtocol(Protocol):
    times: int = 1


class ToyTask(StoredTask):
    numbers: tuple[int, ...]


def evaluate(job: EvaluationJob, entry: SubmissionData) -> Result:
    tasks = [ToyTask(task=task, numbers=content.split()) for task, content in job.read_tasks(entry, "add")]
    save_records(job.folder, StoredRun[ToyProtocol](**job.describe_run(entry.submission)), tasks)
    return rescore(job.folder)


def rescore(folder: Path, protocol: ToyProtocol | None = None) -> Result:
    run, tasks = load_stored(folder, StoredRun[ToyProtocol], ToyTask, protocol)
    return assemble_measured(
        run,
        [
            MeasuredTask.from_values(one.task, len(one.numbers), {"sum": run.protocol.times * sum(one.numbers)})
            for one in tasks
        ],
    )


SCORER = TrackScorer(ToyProtocol, evaluate, rescore, preview=evaluate, protocols=Path(__file__).parent)
