"""`python -m demo ARENA`: a full real run: import, submit, measure anchors, evaluate, publish.

A second run skips the finished steps and does the rest, which may be nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from curation.layout.benchmark_writer import import_flat
from evaluator.cli import console as terminal
from evaluator.config.profile import load_profile
from evaluator.publishing.task_list import publish_task_list
from evaluator.runtime.work_dir_lock import exclusive_lock
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.anchors import measure_anchors, unadmitted_tasks
from evaluator.stages.context import open_context
from evaluator.stages.track_context import ToolSettings
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.protocols import load_protocol_as
from submissions.arena.arena import Arena, open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.checking.check import check_sources
from submissions.cli.runtime import run_app, show_progress
from submissions.errors import OurError
from submissions.records.task import Task
from submissions.storage.private_files import PUBLIC_DIR, make_dirs, set_private_umask
from submissions.submitting.submit import SubmissionForm, store_submission
from submissions.tracks import get_track

DEMO = Path(__file__).parent
PROTOCOL = "demo@1"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    arena: Annotated[Path, typer.Argument(metavar="ARENA", help="Folder of the arena; created if missing.")],
    profile: Annotated[str, typer.Option(help="Machine profile.")] = "cpu",
) -> None:
    """Fill an arena with the demo benchmark and two evaluated submissions."""
    set_private_umask()
    make_dirs(arena, PUBLIC_DIR)  # its results are public
    where = open_arena(str(arena))
    with exclusive_lock(arena / "work"), show_progress("importing the benchmark") as bar:
        import_flat(DEMO / "benchmark", arena / "benchmark", bar)
        benchmark = open_benchmark(str(arena / "benchmark"))
        submit_systems(where, benchmark.read_tasks())
        rules, settings = (
            load_protocol_as(PROTOCOL, AnchoredProtocol),
            ToolSettings(load_profile(profile), arena / "work", bar),
        )
        with open_context(rules, settings) as bench:
            anchors = measure_anchors(benchmark, bench, benchmark.read_tasks())
            left_out = unadmitted_tasks(anchors, bench.protocol)
            worker = SubmissionRunner(where, benchmark, ContextPool.from_context(bench), arena / "work" / "results")
            publish_task_list(where, benchmark, [bench])
            for ulid in worker.submission_queue.refresh():
                if worker.evaluate(ulid) == "failed" and where.read_submission(ulid).team == "Demo":
                    raise OurError(f"{ulid} failed: {where.read_history(ulid).now.message}")
    terminal.print_anchors(anchors, left_out)
    for ulid in where.result_ids():
        terminal.print_result(where.read_result(ulid))


def submit_systems(arena: Arena, tasks: tuple[Task, ...]) -> None:
    """Submit the demo's systems that the arena does not have yet."""
    there = {arena.read_submission(ulid).system for ulid in arena.submission_ids()}
    for name, system in json.loads((DEMO / "systems.json").read_text()).items():
        delivery = SubmissionForm.from_form({**system, "submitter": system["team"]})
        if delivery.system in there:
            continue
        with tempfile.TemporaryDirectory() as into:
            folder = DEMO / "submissions" / name
            report = check_sources([folder], tasks, into=Path(into), track=get_track("dataset_research"))
            store_submission(arena, report, Path(into), delivery, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(run_app(app, "demo", sys.argv[1:]))
