"""The toy track has a board, downloads, a feed, an API and a place on the front page, by being registered."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from leaderboard.api.service import ApiService
from leaderboard.app import make_app
from leaderboard.pages.home import describe_front, list_planned
from leaderboard.settings import BadSetting, read_settings
from leaderboard.tracks import BOARDS
from leaderboard.tracks.planned import PLANNED_TRACKS, PlannedTrack
from submissions.arena.arena import Arena
from submissions.records.submission import Submission
from submissions.storage.codec import to_jsonl
from submissions.storage.repo import Change
from submissions.tracks.published_protocol import ProtocolScale, PublishedProtocol
from tests.support.site_client import Open
from tests.support.toy_results import PROTOCOL, START, add_toy_result

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("toy_track")]


@pytest.fixture
def visit(arena: Arena, tmp_path: Path) -> Open:
    assert arena.read_tasks()

    def opened(**environ: str) -> TestClient:
        return TestClient(
            make_app(read_settings({"ARENA": str(tmp_path / "arena"), **environ})), follow_redirects=False
        )

    return opened


@pytest.fixture
def site(visit: Open) -> Iterator[TestClient]:
    with visit() as client:
        yield client


def call_tool(site: TestClient, name: str, **arguments: object) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
    headers = {"Accept": "application/json, text/event-stream"}
    answer = site.post("/mcp", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


def answers_of(site: TestClient) -> ApiService:
    """The functions behind the end points; those of Gradio need a server."""
    return ApiService(site.app.state.site)  # type: ignore[attr-defined]


def test_a_board_without_results_says_what_to_do(site: TestClient) -> None:
    page = site.get("/board/toy")
    assert page.status_code == 200
    assert "Which system delivers the largest integers?" in page.text
    assert "No results here yet" in page.text
    assert 'href="/submit">Submit data</a>' in page.text
    assert site.get("/board/toy.json").json() == []
    home = site.get("/")
    assert home.status_code == 200
    assert '<section id="toy">' in home.text
    assert "No system has a score yet" in home.text.partition('<section id="toy">')[2]


@pytest.mark.usefixtures("counted")
def test_the_board_shows_one_column_of_scores(site: TestClient) -> None:
    page = site.get("/board/toy").text
    assert page.index("Abacus") < page.index("Fingers")
    assert page.count('class="col-score col-') == 1
    assert '<span class="number">351.500</span>' in page
    assert "Scores are points." in page
    for word in ("fine-tune", "shots", "knowledge", "base model", "real data", "metadata"):
        assert word not in page.lower().partition("<main")[2].partition("</main")[0], word


@pytest.mark.usefixtures("counted")
def test_the_three_downloads_have_the_rows_of_the_page(site: TestClient) -> None:
    records = site.get("/board/toy.json").json()
    assert [(row["system"], row["overall"], row["method"], row["subset"], row["unit"]) for row in records] == [
        ("Abacus", 351.5, "sum", "all", "points"),
        ("Fingers", 7.5, "sum", "all", "points"),
    ]
    assert "knowledge" not in records[0]
    table = pd.read_csv(io.BytesIO(site.get("/board/toy.csv").content))
    columns = pd.read_parquet(io.BytesIO(site.get("/board/toy.parquet").content))
    assert list(table.columns) == list(records[0]) == list(columns.columns)
    assert table["overall"].tolist() == columns["overall"].tolist() == [351.5, 7.5]
    assert site.get("/board/toy.json?columns=overall").json()[0].keys() >= {"overall", "overall_low", "system"}


def test_an_unknown_choice_names_those_of_the_track(site: TestClient) -> None:
    answer = site.get("/board/toy.json?method=fine_tune")
    assert (answer.status_code, answer.json()["error"]) == (404, "No method 'fine_tune'; there are: sum.")
    assert site.get("/board/toy.json?kind=knowledge").status_code == 404
    missing = site.get("/board/toy/metadata.csv")
    assert missing.status_code == 404
    assert "has no section" in missing.text


@pytest.mark.usefixtures("counted")
def test_the_front_page_has_both_boards(site: TestClient) -> None:
    home = site.get("/").text
    toy = home.partition('<section id="toy">')[2].partition("</section>")[0]
    assert "by sum, over all" in toy
    assert "Abacus" in toy
    assert 'href="/board/toy"' in home.partition("<header")[2].partition("</header>")[0]
    leaders = {row["system"]: row for row in site.get("/leaders.json").json()}
    assert (leaders["Abacus"]["overall"], leaders["Abacus"]["knowledge"]) == (351.5, None)
    assert leaders["Scholar Search 2"]["knowledge"] is not None


def test_the_front_page_speaks_of_both_boards(site: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    home = unescape(site.get("/").text)
    hero = home.partition('class="hero"')[2].partition("</section>")[0]
    assert "<title>Boards: DatasetResearch and Toy" in home
    assert "real data" not in hero
    steps = home.partition('id="take-part"')[2]
    assert "<task id>.jsonl for DatasetResearch; <task id>.txt for Toy" in steps
    assert "an input and an output" not in steps
    monkeypatch.setitem(PLANNED_TRACKS, "toy", PlannedTrack("toys", "integers"))
    monkeypatch.delitem(PLANNED_TRACKS, "data_recipe")
    monkeypatch.delitem(PLANNED_TRACKS, "deep_research")
    (only,) = list_planned()
    assert only.title == "search training data", "a registered track is not to come"
    monkeypatch.delitem(BOARDS, "dataset_research")
    assert describe_front().question == "Which system delivers the largest integers?"


def test_the_feed_tells_of_each_result(site: TestClient, counted: list[Submission]) -> None:
    feed = site.get("/board/toy/feed.atom").text
    assert "Toy board" in feed
    assert "toy@1: 351.500, points" in feed
    assert counted[0].id in feed
    assert counted[0].id not in site.get("/board/dataset_research/feed.atom").text


@pytest.mark.usefixtures("counted")
def test_the_api_and_the_tools_answer_for_the_track(site: TestClient) -> None:
    boards = {board["track"]: board for board in answers_of(site).boards()}
    assert boards["toy"] == {
        "track": "toy", "title": "Toy", "question": "Which system delivers the largest integers?",
        "protocols": ["toy@1"], "methods": ["sum"], "subsets": ["all"], "files": ["<task id>.txt"], "tasks": 2,
    }  # fmt: skip
    assert [task["id"] for task in answers_of(site).tasks("toy")] == ["small", "large"]
    assert [row["system"] for row in answers_of(site).board("toy")] == ["Abacus", "Fingers"]
    rows = call_tool(site, "board", track="toy")["structuredContent"]["result"]
    assert rows[0]["system"] == "Abacus"
    checked = call_tool(site, "check_submission", task_id="small", rows="1\n2\n")["structuredContent"]
    assert (checked["accepted"], checked["rows"]) == (True, 2), checked


@pytest.mark.usefixtures("counted")
def test_the_interface_s_document_covers_the_track(site: TestClient) -> None:
    document = site.get("/openapi.json").json()
    operation = document["paths"]["/board/{track}.{ending}"]["get"]
    choices = {one["name"]: one["schema"].get("enum") for one in operation["parameters"]}
    assert choices["track"] == ["dataset_research", "toy"]
    assert choices["method"] == ["few_shot_1", "few_shot_3", "few_shot_5", "fine_tune", "sum"]
    assert choices["subset"] == ["full", "pro", "all"]
    assert document["components"]["schemas"]["Total"]["properties"]["method"]["enum"][-1] == "sum"
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert len(schema["items"]["anyOf"]) == 2
    Draft202012Validator(schema | {"components": document["components"]}).validate(site.get("/board/toy.json").json())


def test_each_board_has_its_own_default_protocol(visit: Open, arena: Arena) -> None:
    add_toy_result(arena, "Abacus", {"small": 1}, START)
    site = visit(ARENA_PROTOCOL="toy=toy@7,dataset_research=arena@1")
    assert "toy@7" in site.get("/board/toy").text
    assert "See toy@1" in site.get("/board/toy").text
    assert answers_of(site).boards()[0]["protocols"][0] == "arena@1"
    single = read_settings({"ARENA_PROTOCOL": "toy@2"})
    assert (single.protocol_of("toy"), single.protocol_of("dataset_research")) == ("toy@2", "demo@1")
    with pytest.raises(BadSetting, match="no track 'hats'; there are: dataset_research, toy"):
        read_settings({"ARENA_PROTOCOL": "hats=toy@1"})
    for setting, fault in (
        ("toy=arena@1", "arena@1 is a protocol of dataset_research, not of toy"),
        ("toy@1,toy@2", "two protocols for the board toy"),
        ("hats@1", "no track has a protocol 'hats@1'. Write track=hats@1"),
    ):
        with pytest.raises(BadSetting, match=fault):
            read_settings({"ARENA_PROTOCOL": setting})
    assert read_settings({"ARENA_PROTOCOL": "toy=hats@1"}).protocol_of("toy") == "hats@1"


def test_the_scale_that_an_evaluator_publishes_is_shown(visit: Open, arena: Arena) -> None:
    add_toy_result(arena, "Abacus", {"small": 2}, START)
    scale = ProtocolScale(unit="beads", factor=10, decimals=1, meaning="Mean number of beads.", heading="Beads")
    facts = PublishedProtocol(
        name=PROTOCOL, track="toy", sha256="c" * 64, stages=("check", "add", "total", "publish"), methods=("sum",),
        scale=scale, note="For counting.",
    )  # fmt: skip
    arena.results.commit([Change("protocols.jsonl", to_jsonl([facts]))], arena.results.head())
    page = visit().get("/board/toy").text
    assert '<span class="number">20.0</span>' in page
    assert "For counting. Mean number of beads." in page
    assert "Scores are beads." in page
    assert visit().get("/board/toy.json").json()[0]["unit"] == "beads"
    again = facts.model_copy(update={"sha256": "d" * 64})
    arena.results.commit([Change("protocols.jsonl", to_jsonl([again]))], arena.results.head())
    assert "earlier version of toy@1" in visit().get("/board/toy.json").json()[0]["flagged"]


@pytest.mark.usefixtures("counted")
def test_the_file_of_self_reports_is_of_the_track_too(site: TestClient, arena: Arena) -> None:
    row = {"system": "Slide Rule", "team": "Napier", "system_type": "counting", "protocol": "toy@1", "method": "sum",
           "subset": "all", "overall": 9.0, "url": "https://example.org/", "date": "2026-03-01"}  # fmt: skip
    content = json.dumps({"rows": [row]}).encode()
    arena.results.commit([Change("self_reported/toy.json", content)], arena.results.head())
    rows = site.get("/board/toy.json").json()
    assert [(one["system"], one["badge"]) for one in rows][1] == ("Slide Rule", "self-reported")
