"""The contract between submitters, the web app and the evaluator: records, checks, storage."""

from submissions.arena.arena import Arena, open_arena
from submissions.records.base import Score
from submissions.records.check_report import Problem, Report
from submissions.records.result import Result
from submissions.records.status import Status
from submissions.records.submission import Submission
from submissions.records.task import Reference, Task
from submissions.storage.local_repo import LocalRepo
from submissions.storage.repo import Repo

__all__ = [
    "Arena", "LocalRepo", "Problem", "Reference", "Repo", "Report", "Result",
    "Score", "Status", "Submission", "Task", "open_arena",
]  # fmt: skip
