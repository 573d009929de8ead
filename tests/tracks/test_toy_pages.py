"""The toy track has its pages beside the board, without a change to one: one method, no groups, no anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from markupsafe import Markup
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.cases.detector import CaseContext, CaseDetector, DetectedCase
from leaderboard.data.systems import slug_of
from leaderboard.data.tables.table_frames import Table, frame_of
from leaderboard.insights.insight import Insight, InsightSpec, SystemRow, row_identity
from leaderboard.insights.system_figures import SystemFigures
from leaderboard.settings import read_settings
from leaderboard.tracks import BOARDS
from leaderboard.tracks.board import TaskColumn
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.records.findings import TrackDetails
from submissions.records.status import History, Status
from submissions.records.submission import Submission
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from submissions.tracks.published_protocol import POINTS, ProtocolScale, PublishedProtocol
from tests.support.arena_fixture import TASKS
from tests.support.toy_results import PROTOCOL, START, add_toy_result

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("toy_track")]
FOREIGN = ("few-shot", "fine-tun", "base model", "Base score", "real data", "Kind", "Reference", "shot", "Removed")
"""Words of the other track, which a page of this one must not have."""


@pytest.fixture
def site(arena: Arena, tmp_path: Path) -> Iterator[TestClient]:
    assert arena.read_tasks()
    with TestClient(make_app(read_settings({"ARENA": str(tmp_path / "arena")})), follow_redirects=False) as client:
        yield client


def read_page(site: TestClient, path: str) -> str:
    """The text of a page's main part, which has no word of another track."""
    answer = site.get(path)
    assert answer.status_code == 200, (path, answer.text[:300])
    main = answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())
    assert [word for word in FOREIGN if word in text] == [], path
    return text


def slug(system: str) -> str:
    return slug_of(f"Team {system}", system)


@pytest.mark.usefixtures("counted")
def test_the_task_list_is_of_one_track_at_a_time(site: TestClient) -> None:
    text = read_page(site, "/tasks?track=toy")
    assert "2 of 2 tasks" in text
    assert "large" in text
    assert not any(task[1] in text for task in TASKS)
    assert [row["id"] for row in site.get("/tasks.json?track=toy").json()] == ["small", "large"]
    assert [row["id"] for row in site.get("/tasks.json").json()] == [task[0] for task in TASKS]
    page = site.get("/tasks?track=toy&q=small").text
    assert 'name="track" value="toy"' in page
    assert '<a href="/tasks?track=toy">all</a>' in page
    assert 'name="kind"' not in page
    assert site.get("/tasks?track=hats").status_code == 404


@pytest.mark.usefixtures("counted")
def test_a_task_page_shows_sums_and_no_anchors(site: TestClient) -> None:
    text = read_page(site, "/tasks/large")
    assert "Anchors" not in text
    assert "Leaders by sum Abacus" in text
    assert "700.000 699.000 to 701.000" in text
    assert site.get("/tasks/large").text.count('<th scope="col" class="right">Sum</th>') == 1
    assert site.get("/tasks/large/anchors.json").json()[0]["base"] is None
    assert '/tasks?track=toy&amp;category=integers"' in site.get("/tasks/large").text


def test_a_submission_page_shows_the_tracks_stages_and_sums(site: TestClient, counted: list[Submission]) -> None:
    path = f"/submissions/{counted[0].id}"
    text = read_page(site, path)
    stages = re.findall(r'<span class="step-name">(\w+)</span>', site.get(path).text)
    assert stages == ["queue", "check", "add", "total", "publish"]
    assert "2 with 2 items" in text
    assert "351.500 350.500 to 352.500" in text
    assert site.get(f"{path}/totals.json").json()[0]["gain"] == 351.5


def test_a_running_evaluation_shows_the_tracks_stages(arena: Arena, site: TestClient) -> None:
    made = add_toy_result(arena, "Runs", {"small": 1}, START)
    running = Status(state="evaluating", stage="add", done=1, of=2, message="1 of 2 added.", time=START)
    history = History(submission=made.id, entries=(running,))
    commit_with_retry(arena.results, [Change(f"status/{made.id}.json", to_json(history))])
    live = site.get(f"/submissions/{made.id}/live").text
    states = re.findall(r'class="step step-([\w-]+)"[^>]*>\s*<span class="step-name">(\w+)', live)
    assert states == [("done", "queue"), ("left-out", "check"), ("doing", "add"), ("to-come", "total"),
                      ("to-come", "publish")]  # fmt: skip


@pytest.mark.usefixtures("counted")
def test_a_system_page_compares_with_the_leader_alone(site: TestClient) -> None:
    text = read_page(site, f"/systems/{slug('Fingers')}")
    assert "To the leader" in text
    assert "-690" in text.replace("−", "-")
    assert "counting" in text
    rows = site.get(f"/systems/{slug('Fingers')}.json").json()
    assert [(row["task"], row["to_leader"], row["to_reference"]) for row in rows] == [
        ("small", 0.0, None), ("large", -690.0, None),
    ]  # fmt: skip


@pytest.mark.usefixtures("counted")
def test_two_systems_are_compared_by_their_sums(site: TestClient) -> None:
    query = f"?track=toy&system={slug('Abacus')}&system={slug('Fingers')}"
    text = read_page(site, f"/compare{query}")
    assert "By method" in text
    assert "1 won, 1 lost, 0 tied" in text
    assert "the vertical lines are" not in text
    assert {row["task"]: row["difference"] for row in site.get(f"/compare.json{query}").json()} == {
        "large": 690.0, "small": -2.0,
    }  # fmt: skip
    assert [row["group"] for row in site.get(f"/compare/totals.json{query}").json()] == ["overall"]
    assert site.get(f"/compare/metadata.json{query}").json() == []


@pytest.mark.usefixtures("counted")
def test_a_board_without_insights_or_detected_cases_says_so(site: TestClient) -> None:
    assert "No insights on this board" in read_page(site, "/insights?track=toy")
    assert site.get("/insights/rows?track=toy").status_code == 404
    page = site.get("/cases?protocol=toy@1").text
    assert "No detected cases on this board" in page
    assert "search" not in page[page.index('id="found"') : page.index("</section>", page.index('id="found"'))]


@pytest.mark.usefixtures("counted")
def test_a_board_may_register_insights_and_detectors(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def build_insight(systems: list[SystemFigures], protocol: str, scale: ProtocolScale) -> Insight:
        rows = [SystemRow(**row_identity(one, protocol, scale)) for one in systems]
        return Insight("many", "How many", f"{len(rows)} systems.", "", Table("many", frame_of(SystemRow, rows)), ())

    def build_case(context: CaseContext, task: str, place: int) -> DetectedCase:
        said = Markup("Number {} of {}.").format(place, len(context.contests))
        return DetectedCase("first", task, "First", (said,), context.contests[task].shown)

    detector = CaseDetector("first", "that come first", lambda context: list(context.contests), build_case)
    more = {"insights": (InsightSpec("many", SystemRow, build_insight),), "cases": (detector,)}
    monkeypatch.setitem(BOARDS, "toy", replace(BOARDS["toy"], **more))
    assert "2 systems." in read_page(site, "/insights?track=toy")
    assert len(site.get("/insights/many.json?track=toy").json()) == 2
    assert "the tasks that come first." in " ".join(site.get("/cases?protocol=toy@1").text.split())
    assert "Number 2 of 2." in read_page(site, "/cases/first-large?protocol=toy@1")


def test_further_columns_of_a_task_come_from_the_board_and_the_details(
    arena: Arena, site: TestClient, counted: list[Submission], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrackDetails, "types", {})

    class ToyDetails(TrackDetails):
        track: str = "toy"
        carries: int

    whole = arena.read_result(counted[0].id, PROTOCOL)
    tasks = (whole.tasks[0].model_copy(update={"details": ToyDetails(carries=41)}), *whole.tasks[1:])
    content = to_json(whole.model_copy(update={"tasks": tasks}))
    commit_with_retry(arena.results, [Change(result_path(counted[0].id, PROTOCOL), content)])
    columns = (TaskColumn("rows", "Integers"), TaskColumn("carries", "Carries"))
    monkeypatch.setitem(BOARDS, "toy", replace(BOARDS["toy"], task_columns=columns))
    text = read_page(site, f"/submissions/{counted[0].id}")
    assert "Items Integers Carries" in text
    assert "1 1 41" in text
    assert "1 1 –" in text
    assert "Integers" in read_page(site, "/tasks/large")


def test_social_cards_are_drawn(site: TestClient, counted: list[Submission]) -> None:
    paths = ("board/toy", "tasks/large", f"systems/{slug('Abacus')}", f"submissions/{counted[0].id}")
    for path in paths:
        card = site.get(f"/og/{path}.png")
        assert (card.status_code, card.headers["content-type"]) == (200, "image/png"), path


def test_the_status_page_tells_when_no_evaluator_serves_the_track(site: TestClient, arena: Arena) -> None:
    made = add_toy_result(arena, "Abacus", {"small": 3}, START)
    stored = arena.read_history(made.id).entries[:1]
    received = Change(f"status/{made.id}.json", to_json(History(submission=made.id, entries=stored)))
    commit_with_retry(arena.results, [received])
    assert "will add it to the queue" in site.get(f"/submissions/{made.id}/live").text
    facts = {"sha256": "c" * 64, "stages": ("check",), "methods": (), "scale": POINTS}
    for name, track, words in (("demo@1", "dataset_research", "waits until"), (PROTOCOL, "toy", "will add")):
        served = (*arena.read_protocols(), PublishedProtocol(name=name, track=track, **facts))
        commit_with_retry(arena.results, [Change("protocols.jsonl", to_jsonl(served))])
        assert words in site.get(f"/submissions/{made.id}/live").text
