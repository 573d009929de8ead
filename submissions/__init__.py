"""Contract between submitters, the web app and the evaluator: records, checks, storage."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
_MODULES = {
    "submissions.arena.arena": ("Arena", "open_arena"),
    "submissions.records.check_report": ("Problem", "Report"),
    "submissions.records.base": ("Score",),
    "submissions.records.result": ("Result",),
    "submissions.records.status": ("Status",),
    "submissions.records.submission": ("Submission",),
    "submissions.records.task": ("Reference", "Task"),
    "submissions.storage.local_repo": ("LocalRepo",),
    "submissions.storage.repo": ("Repo",),
}


def __getattr__(name: str) -> object:
    """Import a public name on first use: `--help` of a command needs none of them."""
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
