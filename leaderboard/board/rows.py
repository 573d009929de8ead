"""Rows of a board: evaluated, published and self-reported figures under one protocol, method and subset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from leaderboard.board.filters import apply_filters
from leaderboard.board.query import BoardQuery
from leaderboard.board.row import COLUMNS as COLUMNS
from leaderboard.board.row import GROUPS as GROUPS
from leaderboard.board.row import (
    NO_FIGURE,
    BoardFigures,
    Interval,
    make_row,
    missing_groups,
    published_key,
    select_columns,
)
from leaderboard.board.row import BoardRow as BoardRow
from leaderboard.board.self_reported import report_key, reported_rows
from leaderboard.data.memoize import cached_per_snapshot, lru_per_snapshot
from leaderboard.data.published import PublishedFigures, PublishedRow, load_published
from leaderboard.data.published.publication_dates import is_published_by, publication_days
from leaderboard.data.result_versions import find_outdated_reason
from leaderboard.data.scales import Scale, protocols_in_use, scale_of
from leaderboard.data.snapshot.snapshot import Snapshot
from leaderboard.data.tables.table_frames import Table, frame_of, sort_rows
from leaderboard.data.task_filter import Mean, compute_means
from leaderboard.data.trivial_baselines import KEY as TRIVIAL_KEY
from leaderboard.data.trivial_baselines import SYSTEM as TRIVIAL_SYSTEM
from leaderboard.data.trivial_baselines import mean_trivial_gain
from leaderboard.ranking.board_ranks import rank_board
from leaderboard.ranking.rank_sets import RankSet
from leaderboard.tracks import board_named
from submissions.index.result_summary import ResultSummary
from submissions.records.result import Total

_SHAPING = ("method", "subset", "protocol", "kind", "category", "language", "asof")
"""Query fields on which the figures in the rows depend."""


@dataclass(frozen=True)
class BoardRows:
    """A board's rows before and after its filters."""

    whole: list[BoardRow]
    """All rows under the protocol, method, subset, tasks and day, in order."""
    shown: list[BoardRow]
    """Rows that pass the filters, in order: pinned rows first, flagged ones last."""
    is_ranked: bool = True
    """True if the ranks are ready; a large board's take a while."""


def board_rows(snapshot: Snapshot, track: str, choice: BoardQuery, *, placed: bool = True) -> BoardRows:
    """Build a board's rows in the chosen order; ranks only if `placed`."""
    view = BoardQuery(**{name: getattr(choice, name) for name in _SHAPING})
    shaping = (view.protocol, view.method, view.subset, view.scope, view.asof)
    places = rank_board(snapshot, track, *shaping) if placed else None
    rows = list(_sort_view_rows(snapshot, track, view, places is not None, choice.order))
    for at, row in enumerate(rows if choice.pins else ()):
        if row.key in choice.pins:
            rows[at] = replace(row, pinned=True)
    return BoardRows(rows, apply_filters(rows, choice), places is not None)


@lru_per_snapshot(most=48, rows=60_000)
def _sort_view_rows(snapshot: Snapshot, track: str, view: BoardQuery, is_ranked: bool, order: str) -> list[BoardRow]:
    return sort_rows(_build_view_rows(snapshot, track, view, is_ranked), order)


@lru_per_snapshot(most=12, rows=30_000)
def _build_view_rows(snapshot: Snapshot, track: str, view: BoardQuery, is_ranked: bool) -> tuple[BoardRow, ...]:
    """Build all rows of a view by name, none pinned; independent of filters, pins and order."""
    trivial = list(_trivial_rows(snapshot, track, view))
    floor = getattr(trivial[0], view.scope.headline) if trivial else None
    rows = [
        *(_compare_to_trivial(row, floor, view) for row in _evaluated_rows(snapshot, track, view, is_ranked)),
        *trivial,
        *published_rows(track, view),
        *reported_rows(snapshot, track, view),
    ]
    rows.sort(key=lambda row: (row.system.casefold(), row.submission or ""))
    return tuple(rows)


def board_table(snapshot: Snapshot, track: str, choice: BoardQuery) -> Table:
    """Build a board's table with the chosen order and columns; flagged entries last."""
    return table_of(track, choice, board_rows(snapshot, track, choice).shown)


def table_of(track: str, choice: BoardQuery, rows: list[BoardRow]) -> Table:
    """Build the downloadable table of some rows."""
    parts = [track, choice.protocol, choice.method, choice.subset, choice.kind, choice.asof]
    return Table("-".join(part for part in parts if part), select_columns(frame_of(BoardRow, rows), choice))


@cached_per_snapshot
def protocols_of(snapshot: Snapshot, track: str) -> set[str]:
    """Protocols under which a track has figures."""
    evaluated = {result.protocol for _, result in snapshot.published if result.track == track}
    reported = {report.protocol for report in snapshot.reported.get(track, ())}
    return evaluated | reported | {load_published(track).protocol}


@cached_per_snapshot
def filter_values(snapshot: Snapshot, track: str) -> dict[str, tuple[str, ...]]:
    """Categories and languages of a track's tasks."""
    tasks = [task for task in snapshot.tasks.values() if task.track == track]
    return {name: tuple(sorted({getattr(task, name) for task in tasks})) for name in ("category", "language")}


def parse_board_query(
    snapshot: Snapshot, track: str, default_protocol: str, query: Mapping[str, str], columns: tuple[str, ...] = COLUMNS
) -> tuple[tuple[str, ...], BoardQuery]:
    """Parse a query into the offered protocols and a view sortable by `columns`. Raises NotFound."""
    board = board_named(track)
    protocols = protocols_in_use(default_protocol, protocols_of(snapshot, board.track))
    choice = BoardQuery.from_query(
        query,
        protocols=protocols,
        columns=columns,
        shown=tuple(column.key for column in board.columns),
        content=filter_values(snapshot, board.track),
        keys=_pinnable_keys(snapshot, board.track),
    )
    return protocols, choice


def _pinnable_keys(snapshot: Snapshot, track: str) -> set[str]:
    """Valid keys for `?pin=`."""
    beside = {published_key(row.system) for row in load_published(track).rows}
    return (
        snapshot.results.keys()
        | beside
        | {TRIVIAL_KEY}
        | {report_key(report) for report in snapshot.reported.get(track, ())}
    )


def rows_without_rank(snapshot: Snapshot, view: BoardQuery, results: Iterable[ResultSummary]) -> list[BoardRow]:
    """Build the rows of some results under a protocol, method and subset, without their ranks."""
    rows = (_unranked_row(snapshot, result, view) for result in results)
    return [row for row in rows if row]


def _unranked_row(snapshot: Snapshot, result: ResultSummary, view: BoardQuery) -> BoardRow | None:
    totals = _group_totals(result, view)
    day = publication_days(snapshot).get(result.submission)
    return _evaluated_row(result.submission, result, totals, view, None, None, day) if totals else None


def _group_totals(result: ResultSummary, choice: BoardQuery) -> dict[str, Total]:
    found = ((group, result.find_total(choice.method, choice.subset, group)) for group in GROUPS)
    return {group: total for group, total in found if total}


def _evaluated_rows(snapshot: Snapshot, track: str, choice: BoardQuery, is_ranked: bool) -> Iterator[BoardRow]:
    view = (track, choice.protocol, choice.method, choice.subset, choice.scope)
    places = (is_ranked and rank_board(snapshot, *view, choice.asof)) or {}
    selected = compute_means(snapshot, *view) if choice.scope.headline == "selected" else {}
    for ulid, result in snapshot.published:
        is_here = (result.track, result.protocol) == (track, choice.protocol) and is_published_by(
            snapshot, ulid, choice.asof
        )
        if is_here and (totals := _group_totals(result, choice)):
            day = publication_days(snapshot).get(ulid)
            row = _evaluated_row(ulid, result, totals, choice, selected.get(ulid), places.get(ulid), day)
            outdated = None if row.flagged else find_outdated_reason(snapshot, result)
            yield replace(row, flagged=outdated) if outdated else row


def _trivial_rows(snapshot: Snapshot, track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """One row with the mean gain of each task's best baseline without a model, outside the order."""
    groups = GROUPS if choice.scope.headline != "selected" else ()
    means = {group: mean_trivial_gain(snapshot, track, choice.protocol, choice.subset, group) for group in groups}
    if not (overall := means.get(choice.scope.headline)):
        return
    scale = scale_of(choice.protocol)
    shown = {group: Interval(scale.to_display(found[0])) if found else NO_FIGURE for group, found in means.items()}
    missing = missing_groups(*(shown[group].value for group in GROUPS))
    yield make_row(
        system=TRIVIAL_SYSTEM,
        team="Arena",
        system_type=None,
        place=None,
        figures=BoardFigures(
            overall=shown["overall"],
            knowledge=shown["knowledge"],
            reasoning=shown["reasoning"],
            selected=NO_FIGURE,
            median=None,
            seed_sd=None,
            tasks=overall[1],
        ),
        badge="evaluated",
        flagged=None,
        unscored=f"{', '.join(missing)}: no task with a baseline" if missing else None,
        note="Majority label, most frequent option, constant answer or copy of the input: the best of each task.",
        submission=None,
        published_on=None,
        source=None,
        key=TRIVIAL_KEY,
        track=track,
        method=choice.method,
        choice=choice,
    )


def _compare_to_trivial(row: BoardRow, floor: float | None, choice: BoardQuery) -> BoardRow:
    headline = getattr(row, choice.scope.headline)
    return row if floor is None or headline is None else replace(row, above_trivial=headline > floor)


def _evaluated_row(
    ulid: str,
    result: ResultSummary,
    totals: Mapping[str, Total],
    choice: BoardQuery,
    selected: Mean | None,
    place: RankSet | None,
    published_on: str | None,
) -> BoardRow:
    figures = _evaluated_figures(totals, choice, selected)
    reasons = [f"selected: {selected.why}"] if selected and selected.why else []
    for group in GROUPS:
        score = totals[group].gain if group in totals else None
        if score is None or score.value is None:
            reasons.append(f"{group}: {score.why if score else 'the result has no such total'}")
    return make_row(
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        place=place,
        figures=figures,
        badge="evaluated",
        flagged=result.flagged,
        unscored="; ".join(reasons) or None,
        note=None,
        submission=ulid,
        published_on=published_on,
        source=None,
        key=ulid,
        track=result.track,
        method=choice.method,
        choice=choice,
    )


def _evaluated_figures(totals: Mapping[str, Total], choice: BoardQuery, selected: Mean | None) -> BoardFigures:
    """The numbers of a result; a mean that is computed here takes the place of the headline total."""
    scale = scale_of(choice.protocol)
    overall, knowledge, reasoning = (_shown_total(totals.get(group), scale) for group in GROUPS)
    headline = totals.get(choice.scope.headline)
    if selected:
        median, seed_sd, tasks = selected.median, None, selected.n
    elif headline:
        median, seed_sd, tasks = headline.median, headline.seed_sd, headline.gain.n
    else:
        median = seed_sd = tasks = None
    return BoardFigures(
        overall=overall,
        knowledge=knowledge,
        reasoning=reasoning,
        selected=_shown_interval(selected.value, selected.interval, scale) if selected else NO_FIGURE,
        median=scale.to_display(median),
        seed_sd=scale.to_display(seed_sd),
        tasks=tasks,
    )


def _shown_total(total: Total | None, scale: Scale) -> Interval:
    return _shown_interval(total.gain.value, total.gain.interval, scale) if total else NO_FIGURE


def _shown_interval(value: float | None, ends: tuple[float, float] | None, scale: Scale) -> Interval:
    low, high = ends or (None, None)
    return Interval(scale.to_display(value), scale.to_display(low), scale.to_display(high))


def published_rows(track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """Rows from the track's publication for a view."""
    source = load_published(track)
    # A publication has figures for all tasks and for each kind, none by task.
    if source.protocol == choice.protocol and choice.scope.headline != "selected":
        for row in source.rows:
            if row.subset == choice.subset and row.method in (choice.method, "zero_shot"):
                yield _published_row(source, row, track, choice)


def _published_row(source: PublishedFigures, row: PublishedRow, track: str, choice: BoardQuery) -> BoardRow:
    overall = source.overall_figure(row)
    missing = missing_groups(overall, row.knowledge, row.reasoning)
    counted = {choice.kind: source.tasks[choice.kind]} if choice.kind else source.tasks
    is_derived = row.overall is None and overall is not None
    weights = " + ".join(f"{count} {kind}" for kind, count in source.tasks.items())
    return make_row(
        system=row.system,
        team=row.team,
        system_type=row.system_type,
        place=None,
        figures=BoardFigures(
            overall=Interval(overall),
            knowledge=Interval(row.knowledge),
            reasoning=Interval(row.reasoning),
            selected=NO_FIGURE,
            median=None,
            seed_sd=None,
            tasks=sum(counted.values()) if row.subset == "full" else None,
        ),
        badge="published",
        flagged=None,
        unscored=f"{', '.join(missing)}: not published" if missing else None,
        note=row.note
        or (f"Overall is our mean of the two published figures over {weights} tasks." if is_derived else None),
        submission=None,
        published_on=None,
        source=source.url,
        key=published_key(row.system),
        track=track,
        method=row.method,
        choice=choice,
    )
