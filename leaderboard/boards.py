"""The rows of a board: evaluated results and published figures under one protocol, method and subset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leaderboard.choice import Choice
from leaderboard.protocols import Scale, scale_of
from leaderboard.published import Published, PublishedRow, published
from leaderboard.ranks import ranks
from leaderboard.snapshot import Snapshot
from leaderboard.tables import Table, frame_of, in_order
from submissions.models import Result, Score, Total
from submissions.ranking import RankSet

GROUPS = ("overall", "knowledge", "reasoning")


@dataclass(frozen=True)
class BoardRow:
    """One system's totals. A missing value is None, with the reason in `unscored`."""

    system: str
    team: str
    system_type: str | None
    """None for the untouched base model."""
    rank_first: int | None
    """The best place the system may hold, from 1; None outside the order."""
    rank_last: int | None
    """The worst place it may hold. Places are cut only where every system above is significantly better than every one
    below; between two cuts all systems share first and last."""
    rank_group: int | None
    """Counted from 1 from the top; equal for systems that share their places."""
    clearly_better: int | None
    """Systems that are significantly better than this one, tested alone."""
    clearly_worse: int | None
    """Systems that are significantly worse than this one, tested alone."""
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
    seed_sd: float | None
    """How far another training seed would move the overall figure (standard deviation); no part of the interval."""
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
    evaluated = {result.protocol for _, result in snapshot.published if result.track == track}
    return evaluated | {published(track).protocol}


def _evaluated(snapshot: Snapshot, track: str, choice: Choice) -> Iterator[BoardRow]:
    places = ranks(snapshot, track, choice.protocol, choice.method, choice.subset)
    for ulid, result in snapshot.published:
        if result.track == track and result.protocol == choice.protocol:
            totals: dict[str, Total] = {
                total.group: total
                for total in result.totals
                if total.method == choice.method and total.subset == choice.subset
            }
            if totals:
                yield _evaluated_row(ulid, result, totals, choice, places.get(ulid))


def _evaluated_row(
    ulid: str, result: Result, totals: Mapping[str, Total], choice: Choice, place: RankSet | None
) -> BoardRow:
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
        **_place(place),
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        median=scale.shown(overall.median) if overall else None,
        seed_sd=scale.shown(overall.seed_sd) if overall else None,
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


def _place(place: RankSet | None) -> dict[str, Any]:
    return {
        "rank_first": place.first if place else None,
        "rank_last": place.last if place else None,
        "rank_group": place.group if place else None,
        "clearly_better": place.better if place else None,
        "clearly_worse": place.worse if place else None,
    }


def _cell(group: str, score: Score | None, scale: Scale) -> dict[str, Any]:
    value = score.value if score else None
    low, high = score.interval if score and score.interval else (None, None)
    return {f"{group}{end}": scale.shown(number) for end, number in (("", value), ("_low", low), ("_high", high))}


def _published(track: str, choice: Choice) -> Iterator[BoardRow]:
    source = published(track)
    if source.protocol == choice.protocol:
        for row in source.rows:
            if row.subset == choice.subset and row.method in (choice.method, "zero_shot"):
                yield _published_row(source, row, track, choice)


def _published_row(source: Published, row: PublishedRow, track: str, choice: Choice) -> BoardRow:
    values: dict[str, Any] = {
        "overall": source.overall(row),
        "knowledge": row.knowledge,
        "reasoning": row.reasoning,
    }
    missing = [group for group in GROUPS if values[group] is None]
    ends: dict[str, Any] = {f"{group}_{end}": None for group in GROUPS for end in ("low", "high")}
    derived = row.overall is None and values["overall"] is not None
    weights = " + ".join(f"{count} {kind}" for kind, count in source.tasks.items())
    return BoardRow(
        **values,
        **ends,
        **_place(None),
        system=row.system,
        team=row.team,
        system_type=row.system_type,
        median=None,
        seed_sd=None,
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
