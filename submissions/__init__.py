"""The contract between submitters, the web app and the evaluator: records, checks, storage."""

from submissions.arena import Arena, open_arena
from submissions.local import LocalRepo
from submissions.models import Reference, Result, Score, Status, Submission, Task
from submissions.repo import Repo
from submissions.report import Problem, Report

__all__ = [
    "Arena", "LocalRepo", "Problem", "Reference", "Repo", "Report", "Result",
    "Score", "Status", "Submission", "Task", "open_arena",
]  # fmt: skip
