"""The rows of a board: evaluated results and published figures under one protocol, method and subset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.choice import Choice
from leaderboard.protocols import Scale, scale_of
from leaderboard.published import Published, PublishedRow, published
from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, frame_of, in_order
from submissions.models import Result, Score, Total

GROUPS = ("overall", "knowledge", "reasoning")


@dataclass(frozen=True)
class BoardRow:
    """One system's totals. A missing value is None, with the reason in `unscored`."""

    system: str
    team: str
    system_type: str | None
    """None for the untouched base model."""
    overall: float | None
    overall_low: float | None
    overall_high: float | None
    knowledge: float | None
    knowledge_low: float | None
    knowledge_high: float | None
    reasoning: float | None
    reasoning_low: float | None
    reasoning_high: float | None
    median: float | None
    tasks: int | None
    unit: str
    badge: str
    """`evaluated` or `published`."""
    flagged: str | None
    """Why the entry is listed apart, outside the order."""
    unscored: str | None
    note: str | None
    submission: str | None
    track: str
    protocol: str
    method: str
    subset: str


COLUMNS = tuple(BoardRow.__annotations__)


def board_table(snapshot: Snapshot, track: str, choice: Choice) -> Table:
    """The rows of a board in the chosen order; flagged entries after all others."""
    rows = [*_evaluated(snapshot, track, choice), *_published(track, choice)]
    rows.sort(key=lambda row: (row.system.casefold(), row.submission or ""))
    ordered = in_order(rows, choice.sort)
    ordered.sort(key=lambda row: row.flagged is not None)
    name = f"{track}-{choice.protocol}-{choice.method}-{choice.subset}"
    return Table(name, frame_of(BoardRow, ordered))


def protocols_of(snapshot: Snapshot, track: str) -> set[str]:
    """The protocols under which a track has numbers."""
    evaluated = {result.protocol for result in snapshot.results.values() if result.track == track}
    return evaluated | {published(track).protocol}


def _evaluated(snapshot: Snapshot, track: str, choice: Choice) -> Iterator[BoardRow]:
    for ulid, result in snapshot.results.items():
        if result.track == track and result.protocol == choice.protocol:
            totals: dict[str, Total] = {
                total.group: total
                for total in result.totals
                if total.method == choice.method and total.subset == choice.subset
            }
            if totals:
                yield _evaluated_row(ulid, result, totals, choice)


def _evaluated_row(ulid: str, result: Result, totals: Mapping[str, Total], choice: Choice) -> BoardRow:
    scale = scale_of(choice.protocol)
    overall = totals.get("overall")
    values: dict[str, Any] = {}
    reasons = []
    for group in GROUPS:
        score = totals[group].gain if group in totals else None
        values |= _cell(group, score, scale)
        if score is None or score.value is None:
            reasons.append(f"{group}: {score.why if score else 'the result has no such total'}")
    return BoardRow(
        **values,
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        median=overall.median * scale.factor if overall and overall.median is not None else None,
        tasks=overall.gain.n if overall else None,
        unit=scale.unit,
        badge="evaluated",
        flagged=result.flagged,
        unscored="; ".join(reasons) or None,
        note=None,
        submission=ulid,
        track=result.track,
        protocol=choice.protocol,
        method=choice.method,
        subset=choice.subset,
    )


def _cell(group: str, score: Score | None, scale: Scale) -> dict[str, float | None]:
    value = score.value if score else None
    low, high = score.interval if score and score.interval else (None, None)
    return {
        f"{group}{end}": None if number is None else number * scale.factor
        for end, number in (("", value), ("_low", low), ("_high", high))
    }


def _published(track: str, choice: Choice) -> Iterator[BoardRow]:
    source = published(track)
    if source.protocol == choice.protocol:
        for row in source.rows:
            if row.subset == choice.subset and row.method in (choice.method, "zero_shot"):
                yield _published_row(source, row, track, choice)


def _published_row(source: Published, row: PublishedRow, track: str, choice: Choice) -> BoardRow:
    values = {"overall": source.overall(row), "knowledge": row.knowledge, "reasoning": row.reasoning}
    missing = [group for group in GROUPS if values[group] is None]
    ends: dict[str, None] = {f"{group}_{end}": None for group in GROUPS for end in ("low", "high")}
    derived = row.overall is None and values["overall"] is not None
    weights = " + ".join(f"{count} {kind}" for kind, count in source.tasks.items())
    return BoardRow(
        **values,
        **ends,
        system=row.system,
        team=row.team,
        system_type=row.system_type,
        median=None,
        tasks=sum(source.tasks.values()) if row.subset == "full" else None,
        unit=scale_of(choice.protocol).unit,
        badge="published",
        flagged=None,
        unscored=f"{', '.join(missing)}: not published" if missing else None,
        note=row.note
        or (f"Overall is our mean of the two published figures over {weights} tasks." if derived else None),
        submission=None,
        track=track,
        protocol=choice.protocol,
        method=row.method,
        subset=choice.subset,
    )
