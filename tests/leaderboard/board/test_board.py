"""What stands on a board, in which order, and what its URL says about it."""

from __future__ import annotations

import io
import json
import re
from html import unescape

import pandas as pd
import pytest
from starlette.testclient import TestClient

from leaderboard.board.query import query_class
from leaderboard.board.rows import board_table
from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.tracks import BOARDS
from submissions.arena.arena import Arena
from submissions.tracks import TRACKS
from tests.support.arena_fixture import ARABIC, EMOJI, FORMULA, LONG, OVERRIDE, SCRIPT, publish, result, store
from tests.support.site_client import Open

pytestmark = pytest.mark.integration

BOARD = "/board/dataset_research"


def systems(site: TestClient, query: str) -> list[str]:
    return [row["system"] for row in site.get(f"{BOARD}.json{query}").json()]


def test_every_track_has_a_board() -> None:
    assert BOARDS.keys() == TRACKS.keys()


def test_the_best_comes_first_the_unscored_last_and_the_flagged_apart(site: TestClient) -> None:
    order = systems(site, "")
    assert order[0] == SCRIPT
    assert order[-2:] == [ARABIC, EMOJI]
    page = site.get(BOARD).text
    assert page.index("Under review") > page.index(ARABIC)
    assert page.index(EMOJI) > page.index("Under review")


def test_an_unscored_total_is_no_zero_and_says_why(site: TestClient) -> None:
    row = next(row for row in site.get(f"{BOARD}.json").json() if row["system"] == ARABIC)
    assert row["overall"] is None
    assert "could not be read" in row["unscored"]
    assert "the judge&#39;s &lt;answer&gt; could not be read" in site.get(BOARD).text


def test_published_figures_stand_only_under_their_own_protocol(site: TestClient) -> None:
    assert {row["badge"] for row in site.get(f"{BOARD}.json").json()} == {"evaluated"}
    rows = site.get(f"{BOARD}.json?protocol=paper@1").json()
    assert {row["badge"] for row in rows} == {"published"}
    assert {row["unit"] for row in rows} == {"% of the reference score"}


def test_a_published_overall_figure_is_the_mean_over_tasks(site: TestClient) -> None:
    row = next(row for row in site.get(f"{BOARD}.json?protocol=paper@1").json() if row["system"] == "OpenAI o3 w/ ref")
    assert row["overall"] == pytest.approx((51 * 38.98 + 157 * 72.70) / 208)


def test_the_base_model_stands_beside_every_method(site: TestClient) -> None:
    for method in ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune"):
        assert "Llama-3.1-8B, untouched" in systems(site, f"?protocol=paper@1&method={method}")


def test_the_one_published_figure_of_the_hard_subset(site: TestClient) -> None:
    (row,) = site.get(f"{BOARD}.json?protocol=paper@1&subset=pro").json()
    assert (row["system"], row["overall"], row["knowledge"]) == ("OpenAI DeepResearch", 22.18, None)
    assert "not published" in site.get(f"{BOARD}?protocol=paper@1&subset=pro").text


def test_sorting_is_in_the_url_and_in_the_head(site: TestClient) -> None:
    rising = systems(site, "?sort=system")
    ranked = [name for name in rising if name != EMOJI]
    assert ranked == sorted(ranked, key=str.casefold)
    assert 'aria-sort="ascending"' in site.get(f"{BOARD}?sort=system").text
    assert site.get(f"{BOARD}?sort=system").text.count("aria-sort") == 1


@pytest.mark.parametrize("query", ["method=magic", "subset=half", "protocol=none@1", "sort=-luck"])
def test_a_choice_that_does_not_exist_names_those_that_do(site: TestClient, query: str) -> None:
    answer = site.get(f"{BOARD}?{query}")
    assert answer.status_code == 404
    assert "there are:" in answer.text


def test_an_empty_board_points_to_the_protocol_that_has_numbers(visit: Open) -> None:
    page = visit("empty").get(BOARD).text
    assert "No results here yet" in page
    assert f'href="{BOARD}?protocol=paper%401"' in page


def test_the_default_view_has_the_url_without_a_query() -> None:
    choice = query_class("dataset_research")(protocol="demo@1")
    assert choice.query("demo@1") == ""
    assert choice.query("demo@1", method="few_shot_1") == "?method=few_shot_1"


def test_a_head_asks_for_the_useful_direction_first() -> None:
    choice = query_class("dataset_research")(protocol="demo@1", sort="-overall")
    assert choice.toggle_sort("overall", text=False) == "overall"
    assert choice.toggle_sort("knowledge", text=False) == "-knowledge"
    assert choice.toggle_sort("system", text=True) == "system"


def test_an_entry_without_totals_of_a_view_is_not_on_it(arena: Arena) -> None:
    snapshot = SnapshotReader(arena).snapshot()
    table = board_table(snapshot, "dataset_research", query_class("dataset_research")(protocol="arena@1"))
    assert table.frame.empty
    assert "overall" in table.frame.columns


def test_the_radar_chart_has_the_table_s_figures(site: TestClient) -> None:
    page = site.get(BOARD).text
    script = page.split('id="metadata-figure">')[1].split("</script>")[0]
    figure = json.loads(script)
    rows = site.get(f"{BOARD}/metadata.json").json()
    assert len(rows) > len(figure["data"]) == 6
    assert [unescape(trace["name"]) for trace in figure["data"]] == [row["system"] for row in rows][:6]
    assert figure["data"][2]["r"][:6] == [8.63, 8.71, 8.11, 9.01, 9.36, 8.32]
    assert figure["data"][4]["r"][:6] == [rows[4][name] for name in BOARDS["dataset_research"].dimensions]
    assert site.get(f"{BOARD}/metadata").headers["location"] == f"{BOARD}#metadata"
    query = "?protocol=paper@1"
    assert site.get(f"{BOARD}/metadata{query}").headers["location"] == f"{BOARD}{query}#metadata"


def test_metadata_names_its_judge_and_stands_under_its_protocol(site: TestClient) -> None:
    rows = site.get(f"{BOARD}/metadata.json").json()
    assert {(row["badge"], row["protocol"], row["judge"]) for row in rows} == {
        ("published", "paper@1", "o3"),
        ("evaluated", "demo@1", "o3-2025-04-16"),
    }
    evaluated = [row for row in rows if row["badge"] == "evaluated"]
    assert [row["system"] for row in evaluated] == [SCRIPT, ARABIC, "Scholar Search 2", LONG]
    assert all(row["source"] is None and row["domain"] is not None for row in evaluated)
    assert {row["badge"] for row in site.get(f"{BOARD}/metadata.json?protocol=paper@1").json()} == {"published"}


def test_a_system_s_metadata_is_that_of_its_latest_unflagged_submission(arena: Arena, site: TestClient) -> None:
    made = [store(arena, number, "Again", "Team Six", "hybrid") for number in (30, 31, 32)]
    for one, flagged in zip(made, (None, None, "looks copied"), strict=True):
        publish(arena, one, result(one, 0.9, judged=True, flagged=flagged))
    rows = [row for row in site.get(f"{BOARD}/metadata.json").json() if row["system"] == "Again"]
    assert [row["origin"] for row in rows] == [made[1].id]


def places(site: TestClient, query: str = "") -> dict[str, tuple[int, int, int, int, int]]:
    names = ("rank_first", "rank_last", "rank_group", "clearly_better", "clearly_worse")
    rows = site.get(f"{BOARD}.json{query}").json()
    return {row["system"]: tuple(row[name] for name in names) for row in rows}


def test_systems_without_a_clear_gap_share_their_places(site: TestClient) -> None:
    found = places(site)
    assert found[SCRIPT] == (1, 1, 1, 0, 4)
    assert found[LONG] == found["Scholar Search 2"] == (2, 3, 2, 1, 2)
    assert found[FORMULA] == (4, 4, 3, 3, 1)
    assert found[OVERRIDE] == (5, 5, 4, 4, 0)
    page = site.get(BOARD).text
    assert page.count('<span class="places">2–3</span><small>beaten by 1</small><small>beats 2</small>') == 2


def test_what_is_flagged_or_unscored_holds_no_place_and_moves_nobody(arena: Arena, site: TestClient) -> None:
    before = places(site)
    assert before[EMOJI] == before[ARABIC] == (None,) * 5
    made = store(arena, 30, "Copycat", "Team Six", "hybrid")
    publish(arena, made, result(made, 1.2, flagged="looks copied"))
    after = places(site)
    assert after.pop("Copycat") == (None,) * 5
    assert after == before


def test_a_stronger_line_stands_where_places_are_cut(site: TestClient) -> None:
    rows = re.findall(r"<tr([^>]*)>(.*?)</tr>", site.get(BOARD).text.partition("Under review")[0], re.DOTALL)
    cut = [re.search(r'href="/submissions/([^"?]+)', row)[1] for marks, row in rows if 'class="cut"' in marks]
    ranked = [row for row in site.get(f"{BOARD}.json").json() if row["rank_group"]]
    firsts = {group: next(row["submission"] for row in ranked if row["rank_group"] == group) for group in (2, 3, 4)}
    assert cut == list(firsts.values())
    assert 'class="cut"' not in site.get(f"{BOARD}?sort=system").text


def test_the_board_sorts_by_rank_and_those_without_come_last(site: TestClient) -> None:
    rising = systems(site, "?sort=rank_first")
    assert rising[0] == SCRIPT
    assert set(rising[1:3]) == {LONG, "Scholar Search 2"}
    assert rising[3:] == [FORMULA, OVERRIDE, ARABIC, EMOJI]
    falling = systems(site, "?sort=-rank_first")
    assert falling[0] == OVERRIDE
    assert falling[-2:] == [ARABIC, EMOJI]
    assert f'href="{BOARD}?sort=rank_first"' in site.get(BOARD).text


def test_every_twin_holds_ranks_and_seed_noise(site: TestClient) -> None:
    expected = site.get(f"{BOARD}.json").json()
    comma = pd.read_csv(io.BytesIO(site.get(f"{BOARD}.csv").content))
    parquet = pd.read_parquet(io.BytesIO(site.get(f"{BOARD}.parquet").content))
    for name in ("rank_first", "rank_last", "rank_group", "clearly_better", "clearly_worse", "seed_sd"):
        values = [row[name] for row in expected]
        for table in (comma, parquet):
            assert [None if pd.isna(value) else value for value in table[name]] == values, name
    assert parquet["rank_first"].dtype == "Int64"
    assert {row["seed_sd"] for row in expected} == {0.009}


def test_ranks_and_seed_noise_have_no_column_where_no_row_has_them(site: TestClient) -> None:
    assert 'id="sort-seed_sd"' in site.get(BOARD).text
    assert 'id="sort-seed_sd"' not in site.get(f"{BOARD}?method=few_shot_1").text
    assert 'id="sort-rank_first"' not in site.get(f"{BOARD}?protocol=paper@1").text
