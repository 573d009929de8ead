"""The arena at one moment, read once and shared by all requests until a repository changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from leaderboard.data.snapshot.details_file import DetailsFile, DetailsOffset, TaskDetails
from leaderboard.data.snapshot.record_cache import Unreadable
from submissions.index.result_summary import ResultSummary
from submissions.index.submission_index import SubmissionBrief
from submissions.records.ledger import Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.records.result import Result
from submissions.records.self_reported import SelfReported
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.records.task import Task


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the pages show. Mappings are keyed by id, oldest first; tasks stand in the benchmark's order.

    What only a page about one submission needs is read on demand.
    """

    key: str
    """Equal keys mean equal content."""
    tasks: Mapping[str, Task]
    briefs: Mapping[str, SubmissionBrief]
    """Every submission in brief: for whatever goes through all of them."""
    submissions: Mapping[str, Submission]
    """Every submission, read on demand."""
    histories: Mapping[str, History]
    now: Mapping[str, Status]
    """The present status of each submission; one whose history cannot be read is left out."""
    published_on: Mapping[str, str]
    """The day (UTC) on which each submission was first published. A lost history leaves it out."""
    results: Mapping[str, Mapping[str, ResultSummary]]
    """By submission, then by protocol; the one to show stands first."""
    previews: Mapping[str, Mapping[str, Result]]
    """Measurements of the few-shot stages of running evaluations, likewise; read on demand."""
    ledgers: Mapping[str, Mapping[str, Ledger]]
    """Costs of the published evaluations, likewise."""
    frames: Mapping[str, PromptFrame]
    """How a row is shown to the model, by protocol."""
    reported: Mapping[str, tuple[SelfReported, ...]]
    """Figures that teams report of their own systems, by track."""
    unreadable: tuple[Unreadable, ...]
    places: Mapping[tuple[str, str], DetailsOffset]
    """Position of each result's details in `shelf`, by submission and protocol."""
    shelf: DetailsFile
    read_whole: Callable[[str, str], Result]

    @cached_property
    def published(self) -> list[tuple[str, ResultSummary]]:
        """Every result with its submission's id, oldest submission first."""
        return [(ulid, result) for ulid, results in self.results.items() for result in results.values()]

    def full_result(self, ulid: str, protocol: str) -> Result:
        """A result with every figure of its tasks, for a page about one submission. Raises KeyError."""
        for name, result in self.results.get(ulid, {}).items():
            if protocol in (name, result.protocol):
                return self.read_whole(ulid, name)
        raise KeyError(ulid, protocol)

    def task_details(self, ulid: str, result: ResultSummary, task: str) -> TaskDetails | None:
        """The figures of one task of a result; None where it has no such task."""
        at = result.layout.task_positions.get(task)
        place = self.places[ulid, result.protocol]
        return None if at is None else self.shelf.read_task(place, at, result.layout.methods)

    def missing_reasons(self, ulid: str, result: ResultSummary) -> dict[str, str]:
        """Why numbers of a result are missing, by their place (submissions/index/result_details.py)."""
        return _parse_reasons(self.shelf.read_reasons(self.places[ulid, result.protocol]))


@lru_cache(maxsize=200)
def _parse_reasons(whys: str) -> dict[str, str]:
    reasons: dict[str, str] = json.loads(whys) if whys else {}
    return reasons
