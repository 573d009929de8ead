"""The .csv, .json and .parquet twins hold what the page shows; answers are cached only while they are true."""

from __future__ import annotations

import io
import re
from html import unescape

import pandas as pd
import pytest
from starlette.testclient import TestClient

from leaderboard.data.systems import slug_of
from submissions.arena.arena import Arena
from tests.support.arena_fixture import ARABIC, BLEU, FORMULA, SYSTEMS, store

pytestmark = pytest.mark.integration

INSIGHTS = ("metadata", "preview", "rows", "tokens", "cost", "kinds")
PARTS = (
    "/metadata", "/totals", "/anchors", "/metrics", "/screen", "/submissions", "/categories", "/pairs",
    "/preview", "/rows", "/tokens", "/cost", "/kinds", "/attempts", "/costs", "/leaders",
)  # fmt: skip
"""Tables that stand on the page of something else."""
SLUGS = [slug_of(team, system) for system, team, *_ in SYSTEMS]
SYSTEM = f"/systems/{SLUGS[0]}"
SYSTEM_PARTS = ("submissions", "attempts", "costs", "categories")
COMPARED = "?method=few_shot_3&system=" + "&system=".join(SLUGS[:4])


def pages(arena: Arena) -> list[str]:
    first = f"/submissions/{arena.submission_ids()[0]}"
    return [
        "/board/dataset_research", "/board/dataset_research?protocol=paper@1&method=few_shot_3&sort=system",
        "/board/dataset_research/metadata", "/tasks", "/tasks?kind=reasoning", "/tasks?q=data&sort=-base",
        *(f"/insights/{name}" for name in INSIGHTS), "/tasks/mc-en-science", "/submissions",
        "/leaders", "/cases", "/cases/paper-legal-reasoning", "/cases/gap-mc-en-science",
        first, *(f"{first}/{part}" for part in ("totals", "metrics", "screen", "metadata")),
        "/tasks/mc-en-science/anchors", SYSTEM, *(f"{SYSTEM}/{part}?method=few_shot_5" for part in SYSTEM_PARTS),
        f"/compare{COMPARED}",
        *(f"/compare/{part}{COMPARED}" for part in ("pairs", "totals", "categories", "metadata")),
    ]  # fmt: skip


def twin(path: str, ending: str) -> str:
    address, mark, query = path.partition("?")
    return f"{address}.{ending}{mark}{query}"


def _is_part(path: str) -> bool:
    """Whether a table has no page of its own. The list of all submissions has one."""
    return path != "/submissions" and path.partition("?")[0].endswith(PARTS)


def test_the_three_twins_agree(arena: Arena, site: TestClient) -> None:
    for path in pages(arena):
        table = pd.read_csv(io.BytesIO(site.get(twin(path, "csv")).content), keep_default_na=True)
        records = site.get(twin(path, "json")).json()
        columns = pd.read_parquet(io.BytesIO(site.get(twin(path, "parquet")).content))
        assert len(table) == len(records) == len(columns) > 0, path
        assert list(table.columns) == list(records[0]) == list(columns.columns), path
        numbers = columns.select_dtypes("number").columns
        for name in numbers:
            expected = [float("nan") if pd.isna(value) else float(value) for value in columns[name]]
            assert table[name].tolist() == pytest.approx(expected, nan_ok=True), (path, name)


def test_the_page_shows_the_twin_s_rows_in_its_order(site: TestClient) -> None:
    for query in ("", "?sort=reasoning", "?method=few_shot_1&subset=pro"):
        page = site.get(f"/board/dataset_research{query}").text
        table = page.partition('id="metadata"')[0]
        shown = re.findall(r'<td class="col-score"[^>]*>\s*<span class="number">([^<]*)', table)
        rows = site.get(f"/board/dataset_research.json{query}").json()
        values = [row[name] for row in rows for name in ("overall", "knowledge", "reasoning")]
        assert shown == [f"{value:.3f}".replace("-", "−") for value in values if value is not None]


def test_a_spreadsheet_runs_nothing(site: TestClient) -> None:
    text = site.get("/board/dataset_research.csv").text
    assert f"'{FORMULA}" in text
    assert not re.search(r"(^|,)\"?[=+@]", text, re.MULTILINE)


def test_a_download_is_named_after_its_view(site: TestClient) -> None:
    answer = site.get("/board/dataset_research.csv?method=few_shot_1")
    assert answer.headers["content-disposition"] == (
        'attachment; filename="dataset_research-demo-1-few_shot_1-full.csv"'
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"


def test_the_raw_result_is_the_stored_one(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    stored = arena.results.read(f"results/{first}/demo@1.json")
    assert site.get(f"/submissions/{first}/result.json").content == stored


def test_a_submission_without_a_result_has_no_table(arena: Arena, site: TestClient) -> None:
    waiting = arena.submission_ids()[-1]
    for address in (f"/submissions/{waiting}.csv", f"/submissions/{waiting}/result.json"):
        answer = site.get(address)
        assert answer.status_code == 404
        assert "has no result yet" in answer.text


def test_an_unchanged_page_is_not_sent_twice(arena: Arena, site: TestClient) -> None:
    for path in pages(arena):
        path = twin(path, "csv") if _is_part(path) else path
        first = site.get(path)
        again = site.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path
    store(arena, 50, "Newcomer", "Team", "search")
    assert site.get("/submissions", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_every_page_links_to_its_twins(arena: Arena, site: TestClient) -> None:
    for path in pages(arena):
        if not _is_part(path):
            page = unescape(site.get(path).text).replace("%40", "@")
            assert {ending for ending in ("csv", "json", "parquet") if f".{ending}" in page} == {
                "csv",
                "json",
                "parquet",
            }


def test_every_table_of_a_page_links_to_its_own_twins(arena: Arena, site: TestClient) -> None:
    first = f"/submissions/{arena.submission_ids()[0]}"
    pages_of = (
        (first, 6),
        ("/tasks/mc-en-science", 2),
        ("/insights", 6),
        ("/", 1),
        ("/cases/gap-mc-en-science", 1),
        (SYSTEM, 7),
        (f"/compare{COMPARED}", 5),
    )
    for path, count in pages_of:
        page = site.get(path).text
        tables, links = page.count("<table"), set(re.findall(r'href="([^"]*)\.csv[^"]*" download', page))
        assert tables == len(links) == count, path
    parts = [f"{first}/{part}" for part in ("totals", "metrics", "screen", "metadata")]
    parts += [f"/insights/{name}" for name in INSIGHTS]
    for path in (*parts, "/tasks/mc-en-science/anchors", *(f"{SYSTEM}/{part}" for part in SYSTEM_PARTS)):
        whole, _, part = path.rpartition("/")
        assert f'id="{part}"' in site.get(whole).text
        assert site.get(path).headers["location"] == f"{whole}#{part}"


def test_totals_and_anchors_hold_the_page_s_numbers(arena: Arena, site: TestClient) -> None:
    unscored = next(ulid for ulid in arena.submission_ids() if arena.read_submission(ulid).system == ARABIC)
    totals = site.get(f"/submissions/{unscored}/totals.json").json()
    assert len(totals) == 4 * 2 * 3
    assert {row["why"] for row in totals if row["gain"] is None} == {
        "the judge's <answer> could not be read; it is run again"
    }
    page = site.get(f"/submissions/{unscored}").text
    assert all(f"{row['gain']:.3f}".replace("-", "−") in page for row in totals if row["gain"] is not None)
    (anchor,) = site.get("/tasks/mc-en-science/anchors.json").json()
    assert anchor == {
        "protocol": "demo@1", "base": 0.2, "base_low": pytest.approx(0.089, abs=0.001),
        "base_high": pytest.approx(0.311, abs=0.001), "reference": 0.7,
        "reference_low": pytest.approx(0.573, abs=0.001), "reference_high": pytest.approx(0.827, abs=0.001),
        "seed_sd": 0.013, "n": 50, "base_why": None, "reference_why": None,
    }  # fmt: skip
    waiting = arena.submission_ids()[-1]
    for address in (f"/submissions/{waiting}/totals.csv", f"/submissions/{waiting}/totals", "/tasks/none/anchors.csv"):
        assert site.get(address).status_code == 404, address


def test_the_screen_s_twins_have_every_line_and_the_page_a_few(arena: Arena, site: TestClient) -> None:
    first = f"/submissions/{arena.submission_ids()[0]}"
    science, other, *_ = site.get(f"{first}/screen.json").json()
    assert science["removed_lines"].split() == [str(line) for line in range(3, 45, 2)]
    assert (science["exact"], science["normalised"], science["near"], science["tokens_p95"]) == (12, 5, 4, 311)
    assert other["removed_lines"] == "7"
    assert other["output_scripts"] == "Arabic 0.912, Latin 0.088"
    page = site.get(first).text
    assert ">3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25 and 9 more</td>" in page
    assert ">7</td>" in page


def test_the_judge_s_twins_say_who_judged_and_a_result_without_has_no_rows(arena: Arena, site: TestClient) -> None:
    first, second, third, *_ = arena.submission_ids()
    rows = site.get(f"/submissions/{first}/metadata.json").json()
    assert [row["dimension"] for row in rows if row["averaged"]] == [
        "introduction", "task", "question", "input", "output", "example",
    ]  # fmt: skip
    assert rows[-1]["dimension"] == "average"
    assert rows[-1]["value"] == pytest.approx(sum(row["value"] for row in rows if row["averaged"]) / 6)
    assert {(row["judge"], row["prompts"]) for row in rows} == {("o3-2025-04-16", "judge@1, describe@1")}
    assert {row["why"] for row in rows if row["value"] is None} == {"no reference says its source"}
    page = site.get(f"/submissions/{first}").text
    assert f'<span class="number">{rows[-1]["value"]:.2f}</span>' in page
    assert "Described by the submitter" in page
    assert site.get(f"/submissions/{third}/metadata.json").json() == []
    assert 'id="metadata"' not in site.get(f"/submissions/{third}").text
    assert site.get(f"/submissions/{second}/verdicts.csv").status_code == 404


def test_further_metrics_carry_their_signature(arena: Arena, site: TestClient) -> None:
    rows = site.get(f"/submissions/{arena.submission_ids()[0]}/metrics.json").json()
    assert {row["metric"] for row in rows} == {"exact_match", BLEU}
    assert all(row["low"] < row["value"] < row["high"] for row in rows)
    assert BLEU in site.get(f"/submissions/{arena.submission_ids()[0]}").text


def test_scores_gains_and_anchors_stand_with_their_intervals(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    row = site.get(f"/submissions/{first}.json").json()[3]
    assert (row["method"], row["scale"], row["seed_sd"]) == ("fine_tune", "gain", 0.013)
    (of_task,) = [
        score for score in site.get(f"/tasks/{row['task']}.json").json()
        if (score["submission"], score["method"]) == (first, "fine_tune")
    ]  # fmt: skip
    pages = {
        f"/submissions/{first}": ("score", "gain", "base", "reference"),
        f"/tasks/{row['task']}": ("score", "gain"),
    }
    for path, names in pages.items():
        page = site.get(path).text
        for name in names:
            low, high = (f"{row[f'{name}_{end}']:.3f}".replace("-", "−") for end in ("low", "high"))
            assert f'<small class="interval">{low} to {high}</small>' in page, (path, name)
    assert {name: of_task[name] for name in of_task if name in row} == {
        name: row[name] for name in of_task if name in row
    }


def test_files_of_the_site_are_kept_for_good_under_their_build(site: TestClient) -> None:
    address = re.findall(r'href="(/static/arena.css[^"]*)"', site.get("/").text)[0]
    assert "immutable" in site.get(address).headers["cache-control"]
    assert site.get("/static/arena.css").headers["cache-control"] == "no-cache"


def test_a_table_of_the_comparison_leads_to_its_place(site: TestClient) -> None:
    for part in ("pairs", "totals", "categories", "metadata"):
        assert site.get(f"/compare/{part}{COMPARED}").headers["location"] == f"/compare{COMPARED}#{part}"
        assert f'id="{part}"' in site.get(f"/compare{COMPARED}").text


def test_no_head_of_a_twin_is_a_name_that_people_chose(site: TestClient) -> None:
    heads = site.get(f"/compare.csv{COMPARED}").text.partition("\r\n")[0]
    assert re.fullmatch(r"[a-z0-9_,-]+", heads)
    assert all(slug in heads for slug in SLUGS[:4])
