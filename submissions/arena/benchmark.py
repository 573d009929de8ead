"""The benchmark repository: demands, hidden reference rows and anchors. The web app never opens it.

tasks.jsonl, sources.json, references/<task>/{metadata.json,train.jsonl,test.jsonl,split.json}, anchors/<protocol>.json,
and anchors/official.json for a benchmark imported from the published release; references/<task>/reference.json for a
task whose track has another kind of reference than rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from pydantic import Field

from submissions.errors import CorruptRecord, NotFound
from submissions.records.anchors import Anchors
from submissions.records.base import Record, Score, Sha256, TaskId
from submissions.records.task import Metadata, Reference, Row, Task
from submissions.storage.codec import read_lines, read_record
from submissions.storage.format_version import check_format
from submissions.storage.locations import open_repo
from submissions.storage.repo import Repo

R = TypeVar("R", bound=Record)

OFFICIAL = "anchors/official.json"
"""Path of the published scores, if the benchmark has them."""


class Split(Record):
    """Original order of a reference's rows before the split: split.json."""

    rule: str
    """The rule that made the halves, for example `hash-split@2`."""
    sides: Annotated[str, Field(pattern=r"^[te]*$")]
    """The half of every row in the original order: `t` for train, `e` for test."""

    def interleave(self, train: Sequence[Row], test: Sequence[Row], path: str) -> tuple[Row, ...]:
        """Return all rows in original order. Raises CorruptRecord naming `path` if the halves have other lengths."""
        halves = {"t": train, "e": test}
        for side, name in (("t", "train"), ("e", "test")):
            if (said := self.sides.count(side)) != len(halves[side]):
                raise CorruptRecord(
                    f"{path} assigns {said} {name} rows, but {name}.jsonl has {len(halves[side])}. "
                    "Restore both from the repository's history, or import the benchmark again into a new folder."
                )
        rows = {side: iter(half) for side, half in halves.items()}
        return tuple(next(rows[side]) for side in self.sides)


class Source(Record):
    """Source of a task's rows, and its terms."""

    source: str
    licence: str


class Sources(Record):
    """The origin of every task: sources.json."""

    tasks: dict[TaskId, Source]


class OfficialAnchor(Record):
    """Published base and reference scores of one task under paper@1, metric by metric."""

    official_id: str
    """The task's id in the release; ours differs where that one cannot name a file."""
    base: dict[str, Score]
    """Metric to the score of the untouched model, in [0, 1]; unscored where the release has no number."""
    reference: dict[str, Score]
    """Metric to the score of the model trained on the reference, in [0, 1]."""
    note: str = ""
    """The release's own remark on missing scores. Private: third-party text, never part of a score."""


class OfficialAnchors(Record):
    """Scores published with the benchmark: anchors/official.json."""

    release_sha256: Sha256
    """Hash over the release's task and score files: which release this is."""
    tasks: dict[TaskId, OfficialAnchor]


@dataclass(frozen=True)
class Benchmark:
    """Tasks with their hidden references."""

    repo: Repo

    def read_tasks(self) -> tuple[Task, ...]:
        """Read all tasks, in the benchmark's order. Raises NotFound for an empty folder."""
        return read_lines(self.repo, "tasks.jsonl", Task)

    def read_reference(self, task: str) -> Reference:
        """Read the rows of a task's hidden side. Raises NotFound."""
        folder = f"references/{task}"
        return Reference(
            task=task,
            metadata=read_record(self.repo, f"{folder}/metadata.json", Metadata),
            train=read_lines(self.repo, f"{folder}/train.jsonl", Row),
            test=read_lines(self.repo, f"{folder}/test.jsonl", Row),
        )

    def read_typed_reference(self, task: str, kind: type[R]) -> R:
        """Read the hidden side of a task as its track's type (`Track.reference`). Raises NotFound, CorruptRecord."""
        if kind is Reference:
            return cast(R, self.read_reference(task))
        return read_record(self.repo, reference_path(task), kind)

    def read_split_rule(self, task: str) -> str | None:
        """Read the rule that made a task's halves, for example `hash-split@2`; None if the import wrote none."""
        path = f"references/{task}/split.json"
        return read_record(self.repo, path, Split).rule if path in self.repo.list(path) else None

    def read_original_rows(self, task: str) -> tuple[Row, ...]:
        """Read a task's reference rows of both halves, in source order and without groups.

        Raises NotFound or CorruptRecord.
        """
        reference = self.read_reference(task)
        path = f"references/{task}/split.json"
        if path not in self.repo.list(path):
            raise NotFound(
                f"The benchmark has no {path}, so the original order of its rows is not known: "
                "an older import made it. Import it again into a new folder."
            )
        rows = read_record(self.repo, path, Split).interleave(reference.train, reference.test, path)
        return tuple(row.model_copy(update={"group": ""}) for row in rows)

    def read_official_anchors(self) -> OfficialAnchors | None:
        """Read the published scores; None for a benchmark not imported from the release."""
        return read_record(self.repo, OFFICIAL, OfficialAnchors) if OFFICIAL in self.repo.list(OFFICIAL) else None

    def read_sources(self) -> dict[str, str]:
        """Read the source of each task's reference, by task; empty for a benchmark without sources.json."""
        if "sources.json" not in self.repo.list("sources.json"):
            return {}
        return {task: one.source for task, one in read_record(self.repo, "sources.json", Sources).tasks.items()}

    def read_anchors(self, protocol: str) -> Anchors:
        """Read the measured anchors. Raises NotFound with the command that measures them."""
        try:
            return read_record(self.repo, f"anchors/{protocol}.json", Anchors)
        except NotFound as error:
            raise NotFound(
                f"The benchmark has no anchors for {protocol}: run `python -m evaluator anchors "
                f"--benchmark DIR --protocol {protocol} --profile cpu` first."
            ) from error


def reference_path(task: str) -> str:
    """Return the path of a reference that is no rows."""
    return f"references/{task}/reference.json"


def open_benchmark(where: str) -> Benchmark:
    """Open the benchmark in a folder or on the Hub. Raises NotFound without tasks.jsonl, and NewerFormat."""
    repo = open_repo(where)
    if "tasks.jsonl" not in repo.list("tasks.jsonl"):
        raise NotFound(
            f"{where} has no benchmark (no tasks.jsonl). "
            "Make one with `python -m curation import-flat SRC DEST` or `import-official`."
        )
    check_format(repo)
    return Benchmark(repo)
