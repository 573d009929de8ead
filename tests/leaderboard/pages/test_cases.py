"""Cases: what a file may say, what is shown of strangers' rows, and sentences that follow from the figures."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from statistics import fmean
from typing import Literal

import pytest
from starlette.testclient import TestClient

from leaderboard.cli import app
from leaderboard.pages.cases.case_file import InvalidCase, read_case
from leaderboard.pages.cases.library import builtin_cases
from leaderboard.pages.cases.markdown import UnsafeMarkdown, render_markdown
from leaderboard.pages.cases.samples import LETTERS, cut_rows
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.cli.runtime import run_app
from submissions.records.owner_requests import OwnerRequest
from submissions.records.self_reported import read_reports
from submissions.records.task import Row
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import EMOJI, SCRIPT, START, SYSTEMS, TASKS, publish, result, store
from tests.support.paths import ROOT
from tests.support.site_client import Open
from tests.support.varied_systems import unsure

FRONT = "title: A <b>case</b>\nsummary: Why.\ndate: 2026-04-01\n"
TASK = "cls-ar-sarcasm"


def put(arena: Arena, name: str, text: str) -> None:
    commit_with_retry(arena.results, [Change(f"cases/{name}", text.encode())])


def case(more: str = f"task: {TASK}\n", account: str = "It is so.") -> str:
    return f"---\n{FRONT}{more}---\n{account}\n"


def wish(arena: Arena, ulid: str, kind: Literal["publish", "withdraw"], day: int, *, samples: bool = False,
         by: str = "") -> None:  # fmt: skip
    arena.add_owner_request(
        ulid, OwnerRequest(kind=kind, by=by, time=START + timedelta(days=100 + day), samples=samples)
    )


def test_the_paper_s_cases_have_its_figures() -> None:
    figures = {
        "paper-legal-reasoning": ("Figure 6", {"Real data": 0.037, "OpenAI o3": 0.4907, "GPT-4o-search": 0.0}),
        "paper-arabic-culture": ("Figure 6", {"Real data": 0.293, "OpenAI o3": 0.257, "GPT-4o-search": 0.271}),
        "paper-vietnamese-exams": ("Figure 7", {
            "Real data": 0.33, "OpenAI DeepResearch": 0.19, "OpenAI o3": 0.05, "GPT-4o-search": 0.005}),
        "paper-procedure-codes": ("Figure 8", {"Real data": 0.917, "OpenAI o3": 0.0, "GPT-4o-search": 0.067}),
    }  # fmt: skip
    assert builtin_cases().keys() == figures.keys()
    for slug, (where, scores) in figures.items():
        front = builtin_cases()[slug].front
        assert front.source
        assert where in front.source.where
        assert {one.system: one.score for one in front.delivered} == scores


def test_a_published_case_shows_and_serves_its_figures(site: TestClient) -> None:
    page = unescape(site.get("/cases/paper-vietnamese-exams").text)
    rows = site.get("/cases/paper-vietnamese-exams.json").json()
    assert [row["score"] for row in rows] == [0.33, 0.19, 0.05, 0.005]
    assert {row["badge"] for row in rows} == {"published"}
    assert all(f'<span class="number">{row["score"]:.3f}</span>' in page for row in rows)
    assert "Figure 7 and appendix C.2" in page
    assert "https://arxiv.org/abs/2508.06960" in page


def test_an_organiser_s_case_stands_beside_them(arena: Arena, site: TestClient) -> None:
    chosen = arena.submission_ids()[:2]
    put(arena, "mine.md", case(f"task: {TASK}\nauthor: Ada\nsystems: [{', '.join(chosen)}]\n", "Look **here**."))
    listed = next(row for row in site.get("/cases.json").json() if row["slug"] == "mine")
    assert (listed["origin"], listed["date"], listed["task"]) == ("organiser", "2026-04-01", TASK)
    page = site.get("/cases/mine").text
    assert "A &lt;b&gt;case&lt;/b&gt;" in page
    assert "Look <strong>here</strong>." in page
    assert "سخرية في التغريدات" in page
    rows = site.get("/cases/mine.json").json()
    assert {row["submission"] for row in rows} == set(chosen)
    on_task = {(row["submission"], row["method"]): row for row in site.get(f"/tasks/{TASK}.json").json()}
    for row in rows:
        same = on_task[row["submission"], row["method"]]
        assert (row["score"], row["gain_low"], row["gain"]) == (same["score"], same["gain_low"], same["gain"])


def test_it_replaces_one_of_ours_and_says_what_is_missing(arena: Arena, site: TestClient) -> None:
    waiting = arena.submission_ids()[-1]
    put(arena, "paper-legal-reasoning.md", case(f"task: {TASK}\nsystems: [{waiting}]\n"))
    assert f"Submission {waiting} has no result on this task" in site.get("/cases/paper-legal-reasoning").text
    put(arena, "paper-legal-reasoning.md", case("task: no-such\n"))
    assert "The benchmark has no task no-such" in site.get("/cases/paper-legal-reasoning").text
    origins = {row["slug"]: row["origin"] for row in site.get("/cases.json").json()}
    assert (origins["paper-legal-reasoning"], origins["paper-arabic-culture"]) == ("organiser", "published")


def test_without_systems_the_best_of_each_type_are_shown(arena: Arena, site: TestClient) -> None:
    put(arena, "mine.md", case())
    types = [row["system_type"] for row in site.get("/cases/mine.json").json() if row["method"] == "fine_tune"]
    assert sorted(types) == ["deep_research", "hybrid", "search", "synthesis"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no front", "line 1: front matter is missing"),
        (b"---\ntitle: [\n---\nx", "the front matter is not YAML"),
        (b"---\ntitle: x\n---\nx", "summary: Field required"),
        (b"---\n- a\n---\nx", "the front matter: "),
        (case("").encode(), "set either `task`, a task of the benchmark, or `demand`"),
        (case("colour: red\ntask: a\n").encode(), "colour: Extra inputs are not permitted"),
        (case("demand: x\nsystems: [01ARZ3NDEKTSV4RRFFQ69G5FAV]\n").encode(), "`systems` requires a `task`"),
        (case("demand: x\ndelivered: [{system: a, what: b}]\n").encode(), "set their `source`"),
        (case(account="").encode(), "no text below"),
        (case(account="![a](/b.png)").encode(), "line 7: images are not supported"),
        (case(account="fine\n\n[x](ftp://y)").encode(), "line 9: a link to 'ftp://y'"),
        (case(account="[x](//evil.example)").encode(), "a link to '//evil.example'"),
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b"---\n" + b"a" * 200_000, "shorten it"),
    ],
)
def test_a_broken_file_says_where_and_what_to_do(content: bytes, says: str) -> None:
    with pytest.raises(InvalidCase, match=re.escape(says)) as caught:
        read_case("cases/mine.md", content)
    assert str(caught.value).startswith("mine.md: ")


def test_a_broken_file_breaks_no_page_and_is_named(
    arena: Arena, site: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    put(arena, "half.md", "---\ntitle: x\n---\nx")
    put(arena, "Bad_Name.md", case())
    page = unescape(site.get("/cases").text)
    assert "half.md: summary: Field required" in page
    assert "Bad_Name.md: a case file name has only lowercase letters" in page
    assert "Unreadable case cases/half.md" in caplog.text
    assert site.get("/cases/half").status_code == 404
    assert site.get("/").status_code == 200


def test_prose_holds_text_tables_and_links_alone() -> None:
    html = render_markdown(
        "# Head\n<script>x</script> [a](https://b.example) [c](javascript:alert(1))\n\n| a |\n|--:|\n| 1 |\n"
    )
    assert '<h3 dir="auto">Head</h3>' in html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert '<a href="https://b.example">a</a>' in html
    assert '<td class="right">1</td>' in html
    assert " style=" not in html
    with pytest.raises(UnsafeMarkdown, match="line 12"):
        render_markdown("a\n\n[x](mailto:y)", first_line=10)


def test_rows_are_shown_with_their_owner_s_leave_alone(arena: Arena, site: TestClient) -> None:
    put(arena, "mine.md", case(f"task: {TASK}\nsystems: [{arena.submission_ids()[0]}]\n"))
    ulid = arena.submission_ids()[0]
    assert "has not agreed to show rows" in site.get("/cases/mine").text
    wish(arena, ulid, "publish", 1, samples=True, by="key:" + "a" * 64)
    assert "question 0" not in site.get("/cases/mine").text, "somebody else's leave"
    wish(arena, ulid, "publish", 2, samples=True)
    page = site.get("/cases/mine").text
    assert re.findall(r'lang="ar">(answer \d+)<', page) == [f"answer {number}" for number in range(5)]
    wish(arena, ulid, "publish", 3)
    assert "question 0" not in site.get("/cases/mine").text, "the last word counts"
    wish(arena, ulid, "publish", 4, samples=True)
    wish(arena, ulid, "withdraw", 5)
    assert "question 0" not in site.get("/cases/mine").text


def test_an_organiser_s_word_counts_for_rows_as_for_results(arena: Arena, site: TestClient) -> None:
    made = store(arena, 73, "Owned", "Team Six", "hybrid", owner="key:" + "b" * 64)
    publish(arena, made, result(made, 0))
    put(arena, "owned.md", case(f"task: {TASK}\nsystems: [{made.id}]\n"))
    wish(arena, made.id, "publish", 1, samples=True, by=made.owner)
    assert "question 0" in site.get("/cases/owned").text
    wish(arena, made.id, "publish", 2)
    assert "question 0" not in site.get("/cases/owned").text, "who may write in the arena's folder may take it back"


def test_no_row_that_copies_a_hidden_one_is_shown(arena: Arena, site: TestClient) -> None:
    flagged = next(ulid for ulid in arena.submission_ids() if arena.read_submission(ulid).system == EMOJI)
    put(arena, "copied.md", case(f"task: {TASKS[0][0]}\nsystems: [{arena.submission_ids()[0]}]\n"))
    put(arena, "apart.md", case(f"task: {TASK}\nsystems: [{flagged}]\n"))
    for ulid in (arena.submission_ids()[0], flagged):
        wish(arena, ulid, "publish", 1, samples=True)
    # The screen took out the odd lines from 3 on: rows 2, 4, 6, …
    shown = re.findall(r">question (\d+)<", site.get("/cases/copied").text)
    assert shown == ["0", "1", "3", "5", "7"]
    page = site.get("/cases/apart").text
    assert "Rows of an entry under review are not shown." in page
    assert "question 0" not in page


def test_long_rows_are_shown_in_part() -> None:
    (long, short) = cut_rows([Row(input="ق" * (LETTERS + 1), output="x"), Row(input="a", output="b" * LETTERS)])
    assert (len(long.input), long.in_part) == (LETTERS, True)
    assert (len(short.output), short.in_part) == (LETTERS, False)


def best(site: TestClient, task: str, system_type: str) -> float:
    rows = site.get(f"/tasks/{task}.json").json()
    return max(row["gain"] for row in rows if (row["method"], row["system_type"], row["flagged"], row["state"])
               == ("fine_tune", system_type, None, "scored"))  # fmt: skip


def test_the_largest_gaps_between_search_and_synthesis_are_found(site: TestClient) -> None:
    listed = [row for row in site.get("/cases.json").json() if row["kind"] == "gap"]
    gaps = {task[0]: abs(best(site, task[0], "search") - best(site, task[0], "synthesis")) for task in TASKS[:-1]}
    largest = sorted(gaps, key=lambda task: -gaps[task])
    assert [row["task"] for row in listed] == largest[:3]
    page = unescape(site.get(f"/cases/gap-{largest[0]}").text)
    for kind in ("search", "synthesis"):
        assert f"a gain of {best(site, largest[0], kind):.3f} (" in page
    assert "the largest difference among the 11 tasks" in page
    assert "Their 95% intervals do not overlap." in page
    assert "the 11th largest difference" in site.get(f"/cases/gap-{largest[-1]}").text, "each task has its page"
    assert f"<bdi>{SCRIPT}</bdi>" in page
    assert SCRIPT not in site.get(f"/cases/gap-{largest[0]}").text
    assert SCRIPT in listed[0]["summary"], "the twin holds the name, not its markup"


def doubt(arena: Arena, task: str) -> None:
    """Score every submission again so that none clearly gains on a task."""
    for ulid in arena.result_ids():
        whole = arena.read_result(ulid)
        tasks = tuple(unsure(one) if one.task == task else one for one in whole.tasks)
        again = whole.model_copy(update={"tasks": tasks})
        commit_with_retry(arena.results, [Change(result_path(ulid, whole.protocol), to_json(again))])


def test_a_corner_case_is_found(arena: Arena, site: TestClient) -> None:
    assert not any(row["kind"] == "corner" for row in site.get("/cases.json").json())
    assert site.get(f"/cases/corner-{TASK}").status_code == 404
    doubt(arena, TASK)
    (listed,) = [row for row in site.get("/cases.json").json() if row["kind"] == "corner"]
    assert (listed["slug"], listed["task"]) == (f"corner-{TASK}", TASK)
    page = unescape(site.get(f"/cases/corner-{TASK}").text)
    # The one that is set apart is not among them.
    assert f"None of the {len(SYSTEMS) - 1} systems measured gains clearly" in page
    assert "The base model scores 0.200, the model trained on the real data 0.700." in page


def test_the_preview_that_says_least_is_found(site: TestClient) -> None:
    (first, *_) = [row for row in site.get("/cases.json").json() if row["kind"] == "preview"]
    rows = [row for row in site.get(f"/tasks/{first['task']}.json").json() if not row["flagged"]]
    means = {method: fmean(row["gain"] for row in rows if row["method"] == method)
             for method in ("few_shot_5", "fine_tune")}  # fmt: skip
    told = f"the mean gain is {means['few_shot_5']:.3f} by five shots and {means['fine_tune']:.3f} by fine-tuning"
    assert told in first["summary"]
    assert first["label"] == "Above its preview"


def test_nothing_is_found_where_nothing_was_measured(site: TestClient, visit: Open) -> None:
    empty = visit("empty").get("/cases").text
    assert "No cases detected yet" in empty
    assert "Vietnamese national examinations" in empty
    missing = site.get("/cases/none")
    assert missing.status_code == 404
    assert "The page /cases lists all" in missing.text
    assert site.get("/cases?protocol=none").status_code == 404


def test_the_command_checks_a_case_and_puts_it_into_an_arena(
    arena: Arena, site: TestClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.md"
    file.write_text("---\ntitle: x\n---\ny")
    assert run_app(app, "leaderboard", ["case", str(file), "--arena", str(tmp_path / "arena")]) == 2
    assert "summary: Field required" in capsys.readouterr().err
    assert arena.results.list("cases/") == []
    file.write_text(case())
    assert run_app(app, "leaderboard", ["case", str(file)]) == 0
    assert arena.results.list("cases/") == []
    assert run_app(app, "leaderboard", ["case", str(file), "--arena", str(tmp_path / "arena")]) == 0
    assert site.get("/cases/mine").status_code == 200
    file.write_text('{"rows": []}')
    assert run_app(app, "leaderboard", ["reports", str(file), "--arena", str(tmp_path / "arena")]) == 0
    assert arena.results.list("self_reported/") == ["self_reported/dataset_research.json"]


def test_the_docs_examples_are_in_order() -> None:
    page = (ROOT / "docs/organiser-reference.md").read_text()
    (example,) = re.findall(r"```markdown\n(.*?)```", page, re.DOTALL)
    assert read_case("tweets-or-news.md", example.encode()).front.task == TASK
    (example,) = re.findall(r'```json\n(\{"rows".*?)```', page, re.DOTALL)
    assert read_reports("reports.json", example.encode(), ("knowledge", "reasoning")).rows[0].overall == 51.2
