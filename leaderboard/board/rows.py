"""Rows of a board: evaluated, published and self-reported figures under one protocol, method and subset."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from leaderboard.board.filters import apply_filters
from leaderboard.board.query import BoardQuery, query_class, value_names
from leaderboard.board.row import NO_FIGURE, BoardFigures, BoardRow, Interval, published_key
from leaderboard.board.row_builder import RowBuilder, select_columns
from leaderboard.board.self_reported import report_key, reported_rows
from leaderboard.data.memoize import cached_per_snapshot, lru_per_snapshot
from leaderboard.data.published import UNTRAINED, PublishedFigures, PublishedRow, load_published
from leaderboard.data.published.publication_dates import is_published_by, publication_days
from leaderboard.data.result_versions import find_outdated_reason
from leaderboard.data.scales import protocols_in_use
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
from submissions.tracks import get_track

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
    view = query_class(track)(**{name: getattr(choice, name) for name in _SHAPING})
    shaping = (view.protocol, view.method, view.subset, view.scope, view.asof)
    places = rank_board(snapshot, track, *shaping) if placed else None
    rows = list(_sort_view_rows(snapshot, track, view, places is not None, choice.order))
    for at, row in enumerate(rows if choice.pins else ()):
        if row.key in choice.pins:
            rows[at] = replace(row, pinned=True)
    scores = (*board_named(track).groups, "selected", "median")
    return BoardRows(rows, apply_filters(rows, choice, scores), places is not None)


@lru_per_snapshot(most=48, rows=60_000)
def _sort_view_rows(snapshot: Snapshot, track: str, view: BoardQuery, is_ranked: bool, order: str) -> list[BoardRow]:
    return sort_rows(_build_view_rows(snapshot, track, view, is_ranked), order)


@lru_per_snapshot(most=12, rows=30_000)
def _build_view_rows(snapshot: Snapshot, track: str, view: BoardQuery, is_ranked: bool) -> tuple[BoardRow, ...]:
    """Build all rows of a view by name, none pinned; independent of filters, pins and order."""
    builder = RowBuilder.for_view(snapshot, track, view)
    trivial = list(_trivial_rows(snapshot, builder))
    floor = getattr(trivial[0], view.scope.headline) if trivial else None
    rows = [
        *(_compare_to_trivial(row, floor, view) for row in _evaluated_rows(snapshot, builder, is_ranked)),
        *trivial,
        *published_rows(snapshot, track, view),
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
    board = board_named(track)
    return Table("-".join(part for part in parts if part), select_columns(frame_of(board.row, rows), board, choice))


@cached_per_snapshot
def protocols_of(snapshot: Snapshot, track: str) -> set[str]:
    """Protocols under which a track has figures."""
    evaluated = {result.protocol for _, result in snapshot.published if result.track == track}
    reported = {report.protocol for report in snapshot.reported.get(track, ())}
    return (evaluated | reported | {load_published(track).protocol}) - {""}


@cached_per_snapshot
def filter_values(snapshot: Snapshot, track: str) -> dict[str, tuple[str, ...]]:
    """Categories and languages of a track's tasks."""
    tasks = [task for task in snapshot.tasks.values() if task.track == track]
    return {name: tuple(sorted({getattr(task, name) for task in tasks})) for name in ("category", "language")}


def parse_board_query(
    snapshot: Snapshot, track: str, default_protocol: str, query: Mapping[str, str], *, is_page: bool = False
) -> tuple[tuple[str, ...], BoardQuery]:
    """Parse a query into the offered protocols and a view. Raises NotFound.

    A page is sorted by one of the board's columns, a download by any column of the row.
    """
    board = board_named(track)
    shown = tuple(column.key for column in board.columns)
    protocols = protocols_in_use(snapshot, default_protocol, protocols_of(snapshot, board.track))
    choice = query_class(board.track).from_query(
        query,
        protocols=protocols,
        columns=shown if is_page else board.row_columns,
        shown=shown,
        content=value_names(board.track) | filter_values(snapshot, board.track),
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


def rows_without_rank(
    snapshot: Snapshot, track: str, view: BoardQuery, results: Iterable[ResultSummary]
) -> list[BoardRow]:
    """Build the rows of some results under a protocol, method and subset, without their ranks."""
    builder = RowBuilder.for_view(snapshot, track, view)
    rows = (_unranked_row(snapshot, builder, result) for result in results)
    return [row for row in rows if row]


def _unranked_row(snapshot: Snapshot, builder: RowBuilder, result: ResultSummary) -> BoardRow | None:
    totals = _group_totals(builder, result)
    day = publication_days(snapshot).get(result.submission)
    return _evaluated_row(builder, result, totals, None, None, day) if totals else None


def _group_totals(builder: RowBuilder, result: ResultSummary) -> dict[str, Total]:
    choice = builder.choice
    found = ((group, result.find_total(choice.method, choice.subset, group)) for group in builder.groups)
    return {group: total for group, total in found if total}


def _evaluated_rows(snapshot: Snapshot, builder: RowBuilder, is_ranked: bool) -> Iterator[BoardRow]:
    track, choice = builder.board.track, builder.choice
    view = (track, choice.protocol, choice.method, choice.subset, choice.scope)
    places = (is_ranked and rank_board(snapshot, *view, choice.asof)) or {}
    selected = compute_means(snapshot, *view) if choice.scope.headline == "selected" else {}
    for ulid, result in snapshot.published:
        is_here = (result.track, result.protocol) == (track, choice.protocol) and is_published_by(
            snapshot, ulid, choice.asof
        )
        if is_here and (totals := _group_totals(builder, result)):
            day = publication_days(snapshot).get(ulid)
            row = _evaluated_row(builder, result, totals, selected.get(ulid), places.get(ulid), day)
            outdated = None if row.flagged else find_outdated_reason(snapshot, result)
            yield replace(row, flagged=outdated) if outdated else row


def _trivial_rows(snapshot: Snapshot, builder: RowBuilder) -> Iterator[BoardRow]:
    """One row with the mean gain of each task's best baseline without a model, outside the order."""
    track, choice = builder.board.track, builder.choice
    groups = builder.groups if choice.scope.headline != "selected" else ()
    means = {group: mean_trivial_gain(snapshot, track, choice.protocol, choice.subset, group) for group in groups}
    if not (headline := means.get(choice.scope.headline)):
        return
    display = builder.scale.to_display
    shown = {group: Interval(display(found[0])) if found else NO_FIGURE for group, found in means.items()}
    missing = builder.name_missing(shown)
    yield builder.build_row(
        system=TRIVIAL_SYSTEM,
        team="Arena",
        system_type=None,
        figures=BoardFigures(shown, tasks=headline[1]),
        badge="evaluated",
        unscored=f"{', '.join(missing)}: no task with a baseline" if missing else None,
        note="Majority label, most frequent option, constant answer or copy of the input: the best of each task.",
        key=TRIVIAL_KEY,
    )


def _compare_to_trivial(row: BoardRow, floor: float | None, choice: BoardQuery) -> BoardRow:
    headline = getattr(row, choice.scope.headline)
    return row if floor is None or headline is None else replace(row, above_trivial=headline > floor)


def _evaluated_row(
    builder: RowBuilder,
    result: ResultSummary,
    totals: Mapping[str, Total],
    selected: Mean | None,
    place: RankSet | None,
    published_on: str | None,
) -> BoardRow:
    reasons = [f"selected: {selected.why}"] if selected and selected.why else []
    for group in builder.groups:
        score = totals[group].gain if group in totals else None
        if score is None or score.value is None:
            reasons.append(f"{group}: {score.why if score else 'the result has no such total'}")
    return builder.build_row(
        system=result.system,
        team=result.team,
        system_type=result.system_type,
        place=place,
        figures=_evaluated_figures(builder, totals, selected),
        badge="evaluated",
        flagged=result.flagged,
        unscored="; ".join(reasons) or None,
        submission=result.submission,
        published_on=published_on,
        key=result.submission,
        result=result,
    )


def _evaluated_figures(builder: RowBuilder, totals: Mapping[str, Total], selected: Mean | None) -> BoardFigures:
    """The numbers of a result; a mean that is computed here takes the place of the headline total."""
    shown = {group: builder.show_total(total) for group, total in totals.items()}
    headline, display = totals.get(builder.choice.scope.headline), builder.scale.to_display
    if selected:
        mean = builder.show_interval(selected.value, selected.interval)
        return BoardFigures(shown, mean, display(selected.median), None, selected.n)
    if headline:
        median, seed_sd = display(headline.median), display(headline.seed_sd)
        return BoardFigures(shown, median=median, seed_sd=seed_sd, tasks=headline.gain.n)
    return BoardFigures(shown)


def published_rows(snapshot: Snapshot, track: str, choice: BoardQuery) -> Iterator[BoardRow]:
    """Rows from the track's publication for a view."""
    source = load_published(track)
    # A publication has figures for all tasks and for each group, none by task.
    if source.protocol == choice.protocol and choice.scope.headline != "selected":
        builder = RowBuilder.for_view(snapshot, track, choice)
        for row in source.rows:
            if row.subset == choice.subset and row.method in (choice.method, UNTRAINED):
                yield _published_row(builder, source, row)


def _published_row(builder: RowBuilder, source: PublishedFigures, row: PublishedRow) -> BoardRow:
    choice, overall = builder.choice, source.overall_figure(row)
    shown = {group: Interval(value) for group, value in {**row.groups, "overall": overall}.items()}
    missing = builder.name_missing(shown)
    counted = {choice.kind: source.tasks[choice.kind]} if choice.kind else source.tasks
    is_derived = row.overall is None and overall is not None
    weights = " + ".join(f"{count} {kind}" for kind, count in source.tasks.items())
    is_whole = row.subset == get_track(builder.board.track).subsets[0]
    return builder.build_row(
        system=row.system,
        team=row.team,
        system_type=row.system_type,
        figures=BoardFigures(shown, tasks=sum(counted.values()) if is_whole else None),
        badge="published",
        unscored=f"{', '.join(missing)}: not published" if missing else None,
        note=row.note
        or (f"Overall is our mean of the two published figures over {weights} tasks." if is_derived else None),
        source=source.url,
        key=published_key(row.system),
        method=row.method,
    )
