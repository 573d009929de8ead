"""What stands on a board, in which order, and what its URL says about it."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from leaderboard.boards import board_table
from leaderboard.choice import Choice
from leaderboard.snapshot import Reader
from leaderboard.tracks import BOARDS
from submissions.arena import Arena
from submissions.tracks import TRACKS
from tests.leaderboard.conftest import Open
from tests.leaderboard.filled import ARABIC, EMOJI, SCRIPT

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
    assert page.index("Set apart") > page.index(ARABIC)
    assert page.index(EMOJI) > page.index("Set apart")


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
    assert "No system has a number here yet" in page
    assert f'href="{BOARD}?protocol=paper%401"' in page


def test_the_default_view_has_the_url_without_a_query() -> None:
    choice = Choice(protocol="demo@1")
    assert choice.query("demo@1") == ""
    assert choice.query("demo@1", method="few_shot_1") == "?method=few_shot_1"


def test_a_head_asks_for_the_useful_direction_first() -> None:
    choice = Choice(protocol="demo@1", sort="-overall")
    assert choice.resorted("overall", text=False) == "overall"
    assert choice.resorted("knowledge", text=False) == "-knowledge"
    assert choice.resorted("system", text=True) == "system"


def test_an_entry_without_totals_of_a_view_is_not_on_it(arena: Arena) -> None:
    snapshot = Reader(arena).snapshot()
    table = board_table(snapshot, "dataset_research", Choice(protocol="arena@1"))
    assert table.frame.empty
    assert "overall" in table.frame.columns


def test_the_radar_chart_has_the_table_s_figures(site: TestClient) -> None:
    page = site.get(BOARD).text
    script = page.split('id="metadata-figure">')[1].split("</script>")[0]
    figure = json.loads(script)
    rows = site.get(f"{BOARD}/metadata.json").json()
    assert [trace["name"] for trace in figure["data"]] == [row["system"] for row in rows]
    assert figure["data"][2]["r"][:6] == [8.63, 8.71, 8.11, 9.01, 9.36, 8.32]
    assert site.get(f"{BOARD}/metadata").headers["location"] == f"{BOARD}#metadata"
