"""The benchmark repository: demands, hidden reference rows and anchors. The web app never opens it.

tasks.jsonl, references/<task>/{metadata.json,train.jsonl,test.jsonl}, anchors/<protocol>.json
"""

from __future__ import annotations

from dataclasses import dataclass

from submissions.arena import read_lines, read_record
from submissions.errors import NotFound
from submissions.local import LocalRepo
from submissions.models import Anchors, Metadata, Reference, Row, Task
from submissions.repo import Repo


@dataclass(frozen=True)
class Benchmark:
    """Tasks with their hidden references."""

    repo: Repo

    def tasks(self) -> tuple[Task, ...]:
        """All tasks, in the benchmark's order. Raises NotFound for an empty folder."""
        return read_lines(self.repo, "tasks.jsonl", Task)

    def reference(self, task: str) -> Reference:
        """The hidden side of a task. Raises NotFound."""
        folder = f"references/{task}"
        return Reference(
            task=task,
            metadata=read_record(self.repo, f"{folder}/metadata.json", Metadata),
            train=read_lines(self.repo, f"{folder}/train.jsonl", Row),
            test=read_lines(self.repo, f"{folder}/test.jsonl", Row),
        )

    def anchors(self, protocol: str) -> Anchors:
        """The measured ends of every task's scale. Raises NotFound with the command that measures them."""
        try:
            return read_record(self.repo, f"anchors/{protocol}.json", Anchors)
        except NotFound as error:
            raise NotFound(
                f"The benchmark has no anchors for {protocol}: run `python -m evaluator anchors "
                f"--benchmark DIR --protocol {protocol} --profile cpu` first."
            ) from error


def open_benchmark(folder: str) -> Benchmark:
    """The benchmark in a folder. Raises NotFound if it holds no tasks.jsonl."""
    repo = LocalRepo(folder)
    if "tasks.jsonl" not in repo.list("tasks.jsonl"):
        raise NotFound(
            f"{folder} holds no benchmark (no tasks.jsonl). "
            "A flat folder is imported with `python -m curation import-flat SRC DEST`."
        )
    return Benchmark(repo)
