"""Every board's definition agrees with its track."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import pytest
from typer.testing import CliRunner

from leaderboard.board.query import query_class
from leaderboard.board.row import BoardRow
from leaderboard.cli import app
from leaderboard.data.published import load_published
from leaderboard.data.tables.table_frames import mixed_frame
from leaderboard.templates import make_environment
from leaderboard.tracks import BOARDS
from leaderboard.tracks.board import Board
from leaderboard.tracks.dataset_research.kind_columns import DatasetResearchRow
from submissions.index.result_summary import ResultSummary
from submissions.tracks import TRACKS, describe_protocol, find_track

SHARED = {field.name for field in fields(BoardRow)}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedRow(BoardRow):
    """A row with a column that is no total."""

    verified: float | None = None

    @classmethod
    def from_values(cls, values: Any, result: ResultSummary | None) -> Self:
        return cls(**values, verified=float(result.means[0, 0]) if result else 0.5)


def make_row(board: Board, **more: Any) -> BoardRow:
    return board.make_row({**dict.fromkeys(SHARED), **more}, None)


@pytest.mark.parametrize("track", list(BOARDS))
def test_a_board_shows_what_its_track_has(track: str) -> None:
    board, known = BOARDS[track], TRACKS[track]
    assert board.track == known.name == track
    assert known.headline in known.method_keys
    assert {column.key for column in board.columns} <= set(board.row_columns)
    assert set(board.row_columns) >= SHARED
    for group in board.groups:
        assert {group, f"{group}_low", f"{group}_high"} <= set(board.row_columns)
    assert len({section.name for section in board.sections}) == len(board.sections)
    templates = make_environment("").list_templates()
    assert {section.template for section in board.sections} <= set(templates)


def test_boards_and_tracks_are_the_same() -> None:
    assert list(BOARDS) == list(TRACKS)


def test_the_columns_of_kinds_follow_the_overall_figure() -> None:
    names = [field.name for field in fields(DatasetResearchRow)]
    at = names.index("overall_high")
    assert "__dict__" not in dir(make_row(BOARDS["dataset_research"], **dict.fromkeys(names)))
    assert names[at + 1 : at + 8] == [
        "knowledge", "knowledge_low", "knowledge_high", "reasoning", "reasoning_low", "reasoning_high", "selected",
    ]  # fmt: skip


def test_a_row_class_adds_columns_of_its_own() -> None:
    plain, more = Board("plain", "?", ()), Board("more", "?", (), row=VerifiedRow)
    rows = [make_row(plain, system="A"), make_row(more, system="B")]
    frame = mixed_frame([plain.row, more.row], rows)
    assert frame["system"].tolist() == ["A", "B"]
    assert frame["verified"].isna().tolist() == [True, False]
    assert list(frame.columns) == [*plain.row_columns, "verified"]


def test_a_track_without_a_publication_has_no_published_figures() -> None:
    nothing = load_published("no_such_track")
    assert (nothing.rows, nothing.metadata, nothing.protocol) == ((), (), "")


@pytest.mark.usefixtures("toy_track")
def test_a_view_has_the_defaults_of_its_track() -> None:
    view = query_class("toy")(protocol="toy@1")
    assert (view.method, view.subset, view.query("toy@1")) == ("sum", "all", "")
    assert query_class("toy") is query_class("toy")


@pytest.mark.usefixtures("toy_track")
def test_a_protocol_has_the_scale_and_place_that_its_track_knows() -> None:
    assert find_track("toy@9").name == "toy"
    assert (describe_protocol("toy@9").scale.unit, describe_protocol("toy@9").note) == ("points", "")
    assert describe_protocol("paper@2").scale.unit == "% of the reference score"
    assert [describe_protocol(name).order for name in ("arena@2", "paper@1", "strange@1", "demo@3")] == [0, 1, 1, 2]


@pytest.mark.usefixtures("toy_track")
def test_a_file_of_self_reports_goes_to_the_board_of_its_protocol(tmp_path: Path) -> None:
    row = {"system": "Slide Rule", "team": "Napier", "system_type": "counting", "protocol": "toy@1", "method": "sum",
           "subset": "all", "overall": 9.0, "url": "https://example.org/", "date": "2026-03-01"}  # fmt: skip
    file = tmp_path / "reports.json"
    file.write_text(json.dumps({"rows": [row]}))
    assert "self_reported/toy.json is valid" in CliRunner().invoke(app, ["reports", str(file)]).output
    named = CliRunner().invoke(app, ["reports", str(file), "--track", "dataset_research"])
    assert "no method 'sum' on dataset_research" in str(named.exception)
    file.write_text("[]")
    assert CliRunner().invoke(app, ["reports", str(file)]).exit_code != 0
