"""Options that several commands share, and small steps on them. Loads nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from submissions.errors import NotFound

if TYPE_CHECKING:
    from evaluator.config.protocol import Protocol
    from submissions.arena.benchmark import Benchmark
    from submissions.records.result import Result
    from submissions.records.task import Task

BenchmarkFolder = Annotated[str, typer.Option("--benchmark", metavar="DIR", help="Benchmark with its references.")]
DEMO = "demo@1"
"""Protocol without --protocol: it needs no accelerator."""
ProtocolName = Annotated[str, typer.Option(help="Protocol, for example demo@1.")]
ProtocolNames = Annotated[
    list[str], typer.Option("--protocol", help="Protocol, for example demo@1; repeat for several, of any tracks.")
]
ProfileName = Annotated[str, typer.Option(help="Machine profile, for example cpu.")]
JudgeFile = Annotated[Path | None, typer.Option("--judge", metavar="FILE", help="Connection of the metadata judge.")]
NoJudge = Annotated[bool, typer.Option("--no-judge", help="Do not judge metadata.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Delivery = Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder or zip of <task id>.jsonl files.")]
TrackName = Annotated[str, typer.Option(help="Track of the data; default: the protocol's.")]
ArenaPlace = Annotated[str, typer.Option(metavar="DIR", help="Folder of the arena, or hf://ORG/PREFIX.")]
BesideArena = Annotated[str, typer.Option(metavar="DIR", help="Its location, if not beside the arena.")]


def default_work_dir(where: str) -> Path:
    """The work folder of an arena or benchmark; one on the Hub has its folder here."""
    from submissions.storage.locations import is_hub_url

    return Path(".arena-work", *where.removeprefix("hf://").split("/")) if is_hub_url(where) else Path(where) / "work"


def select_tasks(benchmark: Benchmark, track: str, names: str) -> tuple[Task, ...]:
    """A track's tasks of these names, or all of them. Raises NotFound for a name that does not exist."""
    tasks = {task.id: task for task in benchmark.read_tasks() if task.track == track}
    wanted = [name.strip() for name in names.split(",") if name.strip()] or list(tasks)
    if unknown := [name for name in wanted if name not in tasks]:
        raise NotFound(f"No task {', '.join(unknown)} in {track}; there are: {', '.join(tasks)}.")
    return tuple(task for task in tasks.values() if task.id in wanted)


def check_track(track: str, protocol: Protocol) -> str:
    """Return the protocol's track. Raises NotFound if the user named another."""
    from submissions.tracks import get_track

    if track:
        get_track(track)
    if track not in ("", protocol.track):
        raise NotFound(
            f"{protocol.name} is a protocol of {protocol.track}, not of {track[:80]!r}: omit --track, or choose with "
            f"--protocol one of that track, for example {get_track(track).demo_protocol}."
        )
    return protocol.track


def output_result(result: Result, as_json: bool) -> None:
    """Print a result for people, or as one JSON document."""
    from evaluator.cli.console import print_result
    from submissions.cli.runtime import print_json

    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        print_result(result)
