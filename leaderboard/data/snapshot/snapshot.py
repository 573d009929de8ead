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
from submissions.tracks.published_protocol import PublishedProtocol


@dataclass(frozen=True, eq=False)
class Snapshot:
    """All data that the pages show. Mappings are keyed by id, oldest first; tasks are in benchmark order.

    Data for a page about a single submission is read on access.
    """

    key: str
    """Equal keys mean equal content."""
    tasks: Mapping[str, Task]
    briefs: Mapping[str, SubmissionBrief]
    """Every submission in brief, for code that iterates over all of them."""
    submissions: Mapping[str, Submission]
    """Every submission, read on access."""
    histories: Mapping[str, History]
    now: Mapping[str, Status]
    """Current status of each submission; those with an unreadable history are left out."""
    published_on: Mapping[str, str]
    """First publication day (UTC) of each submission. Unreadable histories are left out."""
    results: Mapping[str, Mapping[str, ResultSummary]]
    """Results by submission, then by protocol; the one to show comes first."""
    previews: Mapping[str, Mapping[str, Result]]
    """Few-shot results of running evaluations, by submission and protocol, read on access."""
    ledgers: Mapping[str, Mapping[str, Ledger]]
    """Cost ledgers of the published evaluations, by submission and protocol, read on access."""
    frames: Mapping[str, PromptFrame]
    """Prompt frames by protocol: the format in which the model sees a row."""
    protocols: Mapping[str, PublishedProtocol]
    """Facts of the protocols that the evaluator publishes, by name (leaderboard/data/scales.py has all)."""
    reported: Mapping[str, tuple[SelfReported, ...]]
    """Self-reported figures by track."""
    unreadable: tuple[Unreadable, ...]
    places: Mapping[tuple[str, str], DetailsOffset]
    """Location of each result's details, by submission and protocol."""
    shelf: DetailsFile
    read_whole: Callable[[str, str], Result]

    @cached_property
    def published(self) -> list[tuple[str, ResultSummary]]:
        """Every result with its submission's id, oldest submission first."""
        return [(ulid, result) for ulid, results in self.results.items() for result in results.values()]

    def full_result(self, ulid: str, protocol: str) -> Result:
        """Read a result with every figure of its tasks, for a page about one submission. Raises KeyError."""
        for name, result in self.results.get(ulid, {}).items():
            if protocol in (name, result.protocol):
                return self.read_whole(ulid, name)
        raise KeyError(ulid, protocol)

    def task_details(self, ulid: str, result: ResultSummary, task: str) -> TaskDetails | None:
        """Read the figures of one task of a result; None if the result lacks the task."""
        at = result.layout.task_positions.get(task)
        place = self.places[ulid, result.protocol]
        return None if at is None else self.shelf.read_task(place, at, result.layout.methods)

    def missing_reasons(self, ulid: str, result: ResultSummary) -> dict[str, str]:
        """Reasons for a result's missing numbers, by their position (submissions/index/result_details.py)."""
        return _parse_reasons(self.shelf.read_reasons(self.places[ulid, result.protocol]))


@lru_cache(maxsize=200)
def _parse_reasons(whys: str) -> dict[str, str]:
    reasons: dict[str, str] = json.loads(whys) if whys else {}
    return reasons
