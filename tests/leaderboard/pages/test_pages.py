"""Every page on a filled, an empty and a damaged arena: what it shows, and what it must not."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from leaderboard.data.systems import slug_of
from leaderboard.pages.cases.library import builtin_cases
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.arena.ids import submission_dir
from submissions.records.result import Result
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import EMOJI, FORMULA, LONG, OVERRIDE, SCRIPT, SYSTEMS, TASKS, publish, result, store
from tests.support.site_client import Open

pytestmark = pytest.mark.integration

LISTS = [
    "/",
    "/board/dataset_research",
    "/tasks",
    "/insights",
    "/insights?protocol=paper@1",
    "/cases",
    "/cases?protocol=demo@1",
    "/submissions",
    "/compare",
    "/submit",
    "/about",
    "/docs",
    "/docs/api",
]
CASES = [
    *(f"/cases/{slug}" for slug in builtin_cases()),
    *(f"/cases/{kind}-{TASKS[0][0]}" for kind in ("gap", "preview")),
]
SLUGS = [slug_of(team, system) for system, team, *_ in SYSTEMS]


def every_page(arena: Arena) -> list[str]:
    submissions = [f"/submissions/{ulid}" for ulid in arena.submission_ids()]
    of_systems = [f"/systems/{slug}" for slug in [*SLUGS, slug_of("Team Four", "Broke")]]
    compared = [
        f"/compare?system={SLUGS[0]}",
        *("/compare?system=" + "&system=".join(part) for part in (SLUGS[:5], SLUGS[3:])),
    ]
    return [*LISTS, *submissions, *of_systems, *compared, *CASES, *(f"/tasks/{task.id}" for task in arena.read_tasks())]


def test_every_page_answers(arena: Arena, site: TestClient) -> None:
    for path in every_page(arena):
        answer = site.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_arena_has_every_page(visit: Open, path: str) -> None:
    assert visit("empty").get(path).status_code == 200


def test_strangers_text_is_text(arena: Arena, site: TestClient) -> None:
    for path in every_page(arena):
        page = site.get(path).text
        scripts = re.findall(r"<script[^>]*>", page)
        assert all('src="/static/' in script or 'type="application/json"' in script for script in scripts), path
        assert "<img src=x" not in page
        assert "<b>Legal" not in page
        assert "<i>Ada" not in page
        assert "\u202e" not in page
        assert not re.search(r"\son\w+=|javascript:", re.sub(r">[^<]*<|\"[^\"]*\"", "", page)), path


def test_names_are_shown_whole(site: TestClient) -> None:
    page = unescape(site.get("/submissions").text)
    for name in (SCRIPT, FORMULA, EMOJI, LONG, OVERRIDE.replace("\u202e", "\ufffd")):
        assert name in page


def test_no_style_sheet_is_inline_and_a_style_attribute_only_places_a_bar(arena: Arena, site: TestClient) -> None:
    for path in every_page(arena):
        page = re.sub(r">[^<]*<", "><", site.get(path).text)
        assert all(
            re.fullmatch(r"(--[abzlh]:-?[\d.]+%;?)+", style) for style in re.findall(r' style="([^"]*)"', page)
        ), path
        assert "<style" not in page, path


def test_every_link_of_ours_leads_somewhere(arena: Arena, site: TestClient) -> None:
    links = {
        unescape(link).partition("#")[0]
        for path in every_page(arena)
        for link in re.findall(r'(?:href|src|hx-get)="(/[^"]*)"', site.get(path).text)
    }
    for link in sorted(link for link in links if link):
        assert site.get(link).status_code in (200, 302, 303, 307), link


def test_home_leads_with_the_board_that_has_numbers(site: TestClient, visit: Open) -> None:
    assert "<b>demo@1</b>" in site.get("/").text
    assert "<b>paper@1</b>" in visit("empty").get("/").text


def test_tasks_are_filtered_by_the_url(site: TestClient) -> None:
    rows = site.get("/tasks.json?kind=knowledge&subset=pro").json()
    assert [row["id"] for row in rows] == ["mc-en-science", "qa-vi-history"]
    assert "No task matches these filters" in site.get("/tasks?language=none").text


def test_a_task_shows_its_demand_anchors_and_every_system(site: TestClient) -> None:
    page = unescape(site.get("/tasks/cls-ar-sarcasm").text)
    assert "سخرية في التغريدات" in page
    assert "0.200" in page
    assert "0.700" in page
    assert len(site.get("/tasks/cls-ar-sarcasm.json").json()) == 4 * len(SYSTEMS)


def test_a_missing_task_says_why_in_the_scorer_s_words(arena: Arena, site: TestClient) -> None:
    made = store(arena, 40, "Copycat", "Team Six", "hybrid")
    whole = result(made, 0.9)
    copied = "every row copied a hidden test row"
    methods = tuple(
        method.model_copy(update={"score": method.score.model_copy(update={"why": copied})})
        for method in whole.tasks[-1].methods
    )
    last = whole.tasks[-1].model_copy(update={"removed": 12, "methods": methods})
    publish(arena, made, whole.model_copy(update={"tasks": (*whole.tasks[:-1], last)}))
    first = arena.submission_ids()[0]
    pages = {made.id: copied, first: "no data was delivered"}
    for ulid, why in pages.items():
        page = site.get(f"/submissions/{ulid}").text
        assert page.count(f">{why}</span>") == 4
        assert "not delivered" not in page
        assert [row["why"] for row in site.get(f"/submissions/{ulid}.json").json()[-4:]] == [why] * 4
    page = site.get(f"/tasks/{TASKS[-1][0]}").text
    assert page.count(f">{copied}</span>") == 4
    assert page.count(">no data was delivered</span>") == 4 * len(SYSTEMS)


def test_under_paper_s_protocol_a_worth_is_a_share_of_the_reference(arena: Arena, site: TestClient) -> None:
    made = store(arena, 40, "Rebuilt", "Team Six", "hybrid")
    text = result(made, 0.9).model_dump_json().replace('"name":"gain"', '"name":"ratio"')
    whole = Result.model_validate_json(text.replace('"mean_gain"', '"mean_ratio"').replace("demo@1", "paper@1"))
    publish(arena, made, whole)
    row = site.get(f"/submissions/{made.id}.json").json()[3]
    assert row["scale"] == "ratio"
    shown = f"{100 * row['gain']:.2f}"
    for path in (f"/submissions/{made.id}", f"/tasks/{row['task']}"):
        page = site.get(path).text
        assert '<th scope="col" class="right">% of reference</th>' in page
        assert f'<span class="number">{shown}</span>' in page
    page = site.get(f"/submissions/{made.id}").text
    assert ">Gain</th>" not in page
    assert "Mean gain" not in page
    page = site.get(f"/tasks/{row['task']}").text
    under = re.findall(r"<caption><b>(.*?)</b>.*?>(Gain|% of reference)</th>", page, re.DOTALL)
    assert under == [("demo@1", "Gain"), ("paper@1", "% of reference")]


def test_a_submission_shows_whose_fault_a_failure_is(arena: Arena, site: TestClient) -> None:
    pages = {
        arena.read_submission(ulid).system: site.get(f"/submissions/{ulid}").text for ulid in arena.submission_ids()
    }
    assert "our fault" in pages["Broke"]
    assert "fault of the submission" in pages["Refused"]
    assert "position 4 of 9 in the queue" in pages["Waits"]
    assert 'value="3" max="6"' in pages["Runs now"]


def test_a_submission_is_polled_only_while_it_is_not_final(arena: Arena, site: TestClient) -> None:
    for ulid in arena.submission_ids():
        final = arena.read_history(ulid).now.state in {"published", "refused", "withdrawn"}
        page = site.get(f"/submissions/{ulid}").text
        assert ("data-poll" in page) is not final
        assert ("http-equiv" in page) is not final


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/tasks/none",
        "/submissions/none",
        "/board/none",
        "/systems/none",
        "/compare?system=none",
        "/compare?track=none",
        "/static/none.js",
    ],
)
def test_a_miss_says_what_there_is(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert "no-such" not in answer.text
    assert 'href="/tasks"' in answer.text


def test_a_miss_in_a_twin_is_no_page(site: TestClient) -> None:
    assert site.get("/tasks/none.json").json()["error"].startswith("No task")
    assert site.get("/tasks/none.csv").text.startswith("No task")


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/..%2fsettings.py", "/static/%2e%2e/web.py"])
def test_only_the_site_s_own_files_are_served(site: TestClient, path: str) -> None:
    assert site.get(path).status_code == 404


def test_a_commit_of_another_process_is_seen_at_once(arena: Arena, site: TestClient) -> None:
    assert "Newcomer" not in site.get("/board/dataset_research").text
    made = store(arena, 40, "Newcomer", "Team Six", "hybrid")
    publish(arena, made, result(made, 0.9))
    assert "Newcomer" in site.get("/board/dataset_research").text
    assert "Newcomer" in site.get("/submissions").text


def test_a_damaged_record_is_named_and_harms_no_other(arena: Arena, site: TestClient) -> None:
    first, second, third, *_ = arena.submission_ids()
    commit_with_retry(
        arena.results, [Change(f"results/{first}/demo@1.json", b"{}"), Change(f"status/{second}.json", b"[1]")]
    )
    commit_with_retry(arena.submissions, [Change(f"{submission_dir(third)}/submission.json", b"\xff")])
    fresh = site.get("/submissions")
    assert fresh.status_code == 200
    assert f"results/{first}/demo@1.json is not a Result" in unescape(fresh.text)
    assert f"status/{second}.json is not a History" in unescape(fresh.text)
    assert site.get(f"/submissions/{first}").status_code == 200
    assert site.get(f"/submissions/{second}").status_code == 200
    assert site.get("/board/dataset_research").status_code == 200


def test_a_page_that_rests_on_a_damaged_record_alone_says_so(arena: Arena, site: TestClient, tmp_path: Path) -> None:
    waiting = arena.submission_ids()[-1]
    commit_with_retry(arena.submissions, [Change(f"{submission_dir(waiting)}/submission.json", b"{}")])
    answer = TestClient(site.app, raise_server_exceptions=False).get(f"/submissions/{waiting}")
    assert answer.status_code == 503
    assert "A stored file of this arena is damaged" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert str(tmp_path) not in answer.text
    assert waiting in site.get("/submissions").text


def test_a_submission_shows_its_result_under_each_protocol(arena: Arena, site: TestClient) -> None:
    first = arena.submission_ids()[0]
    result = arena.read_result(first)
    paper = result.model_copy(update={"protocol": "paper@1", "system": "Under Other Rules"})
    commit_with_retry(arena.results, [Change(result_path(first, "paper@1"), to_json(paper))])
    page = unescape(site.get(f"/submissions/{first}").text)
    assert "Result under paper@1" in page, "what is no demo stands first"
    other = unescape(site.get(f"/submissions/{first}?protocol=demo@1").text)
    assert "Result under demo@1" in other
    assert f"/submissions/{first}.csv?protocol=demo%401" in other
    assert site.get(f"/submissions/{first}/result.json?protocol=demo@1").content == to_json(result)
    assert site.get(f"/submissions/{first}/result.json").content == to_json(paper)
    missing = site.get(f"/submissions/{first}.csv?protocol=arena@1")
    assert missing.status_code == 404
    assert "there are: paper@1, demo@1" in unescape(missing.text)
    rows = site.get("/board/dataset_research.json?protocol=paper@1").json()
    assert "Under Other Rules" in {row["system"] for row in rows}
    assert "Under Other Rules" not in {row["system"] for row in site.get("/board/dataset_research.json").json()}
