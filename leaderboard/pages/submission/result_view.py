"""Template values of a result on a submission's page, and the tables of public and private results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd

from leaderboard.data.scales import scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.costs import cost_table, stage_table
from leaderboard.data.tables.table_frames import Table, missing_reason
from leaderboard.pages.submission.result_findings import judge_table, metric_table, screen_table, verdict_table
from leaderboard.tracks import board_named
from submissions.index.result_tables import task_table, total_table
from submissions.records.base import Score
from submissions.records.ledger import Ledger
from submissions.records.result import Result, TaskResult
from submissions.tracks import get_track

LINES = 12
"""Removed lines listed on the page per task; its downloads list all."""


def result_context(
    snapshot: Snapshot, result: Result, ledger: Ledger | None, address: str, query: str = ""
) -> dict[str, Any]:
    """Template values of a result; its tables' downloads are under the address."""
    screened = screen_table(result).rows
    for row in screened:
        lines = row["removed_lines"].split()
        row |= {"lines": lines[:LINES], "more_lines": len(lines[LINES:])}
    metrics, verdicts = metric_table(result).rows, _verdicts_by_method(result)
    return {
        "address": address,
        "switch_address": "",
        "query": query,
        "titles": {name: task.title for name, task in snapshot.tasks.items()},
        "methods": get_track(result.track).method_keys,
        "task_columns": board_named(result.track).task_columns,
        "details": {task.task: task.details.model_dump() for task in result.tasks if task.details},
        "by_task": [(task, list(rows)) for task, rows in groupby(result_task_table(result).rows, itemgetter("task"))],
        "scale": scale_of(snapshot, result.protocol),
        "totals": totals_by_group(result),
        "rough": _rough_reasons(result),
        "floors": {task.task: best for task in result.tasks if (best := _best_baseline(task)) is not None},
        "metrics": metrics,
        "verdicts": verdicts,
        "judged_answers": {(task, method) for task, method, _ in verdicts},
        # Without the settings' signature, which a name may carry.
        "metric_names": sorted({row["metric"].split()[0] for row in metrics}),
        "screened": screened,
        "dimensions": _metadata_table(result).rows,
        "ledger": ledger,
        "costs": stage_table(ledger).rows if ledger else [],
    }


def _best_baseline(task: TaskResult) -> Score | None:
    """Return the highest score of a task's trivial baselines; None without any."""
    return max((one.score for one in task.trivial), key=lambda score: score.value or 0.0, default=None)


def _verdicts_by_method(result: Result) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Verdicts on the answers of each task and method."""
    rows = groupby(verdict_table(result).rows, itemgetter("task", "method"))
    return [(task, method, list(counts)) for (task, method), counts in rows]


def _rough_reasons(result: Result) -> dict[str, list[str]]:
    """Tasks with rough intervals, by the reason."""
    found: dict[str, list[str]] = {}
    for task in result.tasks:
        reasons = {one.score.rough for one in task.methods if one.score.rough}
        for reason in sorted(reasons):
            found.setdefault(reason, []).append(task.task)
    return found


def result_task_table(result: Result) -> Table:
    """Build the result by task, with the scorer's reason for each missing value."""
    why = [missing_reason(method) if method else None for task in result.tasks for method in task.methods or (None,)]
    frame = task_table(result)
    return Table(f"submission-{result.submission}", frame.assign(why=pd.Series(why, index=frame.index, dtype="str")))


def totals_table(result: Result) -> Table:
    """Build the means over tasks, with the reason for each missing one."""
    frame = total_table(result)
    why = pd.Series([total.gain.why for total in result.totals], index=frame.index, dtype="str")
    return Table(f"submission-{result.submission}-totals", frame.assign(why=why))


def totals_by_group(result: Result) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Group the totals by subset and group, then by method."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in totals_table(result).rows:
        found.setdefault((row["subset"], row["group"]), {})[row["method"]] = row
    return found


def _metadata_table(result: Result) -> Table:
    return judge_table(result, board_named(result.track).dimensions)


PARTS: Mapping[str, Callable[[Result], Table]] = {
    "totals": totals_table,
    "metrics": metric_table,
    "screen": screen_table,
    "metadata": _metadata_table,
}
"""Tables with their own section on the page and downloads, by name."""
COSTS: Mapping[str, Callable[[Ledger], Table]] = {"costs": stage_table, "costs-by-task": cost_table}
"""Cost tables, likewise by name; the second is only a download."""
