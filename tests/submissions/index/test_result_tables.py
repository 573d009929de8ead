from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from submissions.cli import console as terminal
from submissions.index.result_tables import encode_table, task_table, total_table
from tests.support.submission_inputs import BANK, SARCASM
from tests.support.submission_records import arena_with_tasks, result_of, stored


@pytest.fixture
def tables(tmp_path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    result = result_of(stored(arena_with_tasks(tmp_path / "arena"), tmp_path))
    return task_table(result), total_table(result)


def test_a_task_has_a_row_for_each_method_and_one_if_it_has_none(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, _ = tables
    assert list(table["task"]) == [BANK, BANK, SARCASM]
    assert table.iloc[0].dropna().to_dict() == {
        "task": BANK, "state": "scored", "method": "fine_tune", "score": 0.5, "n": 8, "gain": 0.5, "gain_low": 0.3,
        "gain_high": 0.6, "scale": "gain", "base": 0.25, "base_low": 0.1, "base_high": 0.4, "reference": 0.75,
        "seed_sd": 0.02, "rows": 18, "removed": 2,
    }  # fmt: skip
    assert list(table)[list(table).index("score") :][:3] == ["score", "score_low", "score_high"]
    assert math.isnan(table["score"][1])
    assert pd.isna(table["method"][2])
    assert table["score"].dtype == table["gain"].dtype == "float64"


def test_a_total_has_its_interval(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    _, table = tables
    assert table.iloc[0].to_list() == ["fine_tune", "full", "overall", 0.25, 2, 0.25, 0.1, 0.4, 0.03, "gain"]
    assert table.iloc[1][["gain", "median", "low", "high"]].isna().all()


@pytest.mark.parametrize(
    ("name", "said"), [("mean_gain", "gain (0 = base model"), ("mean_ratio", "score / reference score")]
)
def test_a_printed_table_names_its_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    result = result_of(stored(arena_with_tasks(tmp_path / "arena"), tmp_path))
    first = result.totals[0]
    total = first.model_copy(update={"gain": first.gain.model_copy(update={"name": name})})
    terminal.print_totals(result.model_copy(update={"totals": (total,)}))
    assert said in " ".join(capsys.readouterr().out.split())


def test_all_endings_hold_the_same_rows(tables: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, _ = tables
    assert json.loads(encode_table(table, "json"))[1]["score"] is None
    assert pd.read_parquet(io.BytesIO(encode_table(table, "parquet"))).equals(table)
    rows = list(csv.DictReader(io.StringIO(encode_table(table, "csv").decode())))
    assert [(row["task"], row["method"], row["score"]) for row in rows] == [
        (BANK, "fine_tune", "0.5"),
        (BANK, "few_shot_1", ""),
        (SARCASM, "", ""),
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe_in_csv_only(cell: str) -> None:
    table = pd.DataFrame({"system": [cell], "gain": [-0.5]})
    ((system, gain),) = list(csv.reader(io.StringIO(encode_table(table, "csv").decode(), newline="")))[1:]
    assert (system, gain) == (f"'{cell}", "-0.5")
    assert json.loads(encode_table(table, "json")) == [{"system": cell, "gain": -0.5}]


def test_unicode_and_nothing_survive() -> None:
    table = pd.DataFrame({"system": ["Nhóm 数据 😀", None], "gain": [float("nan"), 0.1 + 0.2]})
    assert json.loads(encode_table(table, "json")) == [
        {"system": "Nhóm 数据 😀", "gain": None},
        {"system": None, "gain": 0.3},
    ]
    assert encode_table(table, "csv").decode().splitlines()[1] == "Nhóm 数据 😀,"
