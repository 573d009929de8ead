"""What teams report of their own systems stands beside the others with its own badge, and moves nobody's place."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from leaderboard.cli import app
from submissions.arena.arena import Arena, commit_with_retry
from submissions.cli.runtime import run_app
from submissions.errors import CorruptRecord
from submissions.records.self_reported import SelfReported, SelfReports, read_reports
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import SCRIPT

BOARD = "/board/dataset_research"
CLAIM = SelfReported(
    system=SCRIPT, team="Northern Lights Lab", system_type="search", protocol="demo@1", method="fine_tune",
    overall=0.99, groups={"reasoning": 0.98}, url="https://example.org/?a=1&b=<2>", date=date(2026, 3, 5),
)  # fmt: skip


def report(arena: Arena, *rows: SelfReported) -> None:
    change = Change("self_reported/dataset_research.json", to_json(SelfReports(rows=rows)))
    commit_with_retry(arena.results, [change])


def test_a_report_stands_there_and_moves_no_place(arena: Arena, site: TestClient) -> None:
    before = {row["key"]: row for row in site.get(f"{BOARD}.json").json()}
    report(arena, CLAIM)
    rows = {row["key"]: row for row in site.get(f"{BOARD}.json").json()}
    (key,) = rows.keys() - before.keys()
    assert {name: rows[name] for name in before} == before
    told = rows[key]
    assert (told["overall"], told["knowledge"], told["reasoning"]) == (0.99, None, 0.98)
    assert (told["rank_first"], told["submission"], told["overall_low"], told["tasks"]) == (None, None, None, None)
    assert (told["badge"], told["source"], told["published_on"]) == ("self-reported", CLAIM.url, "2026-03-05")
    assert told["unscored"] == "knowledge: not reported"
    page = site.get(BOARD).text
    assert "https://example.org/?a=1&amp;b=&lt;2&gt;" in page
    assert SCRIPT not in page
    assert "not ranked" in page


def test_it_can_be_filtered_pinned_and_seen_as_of_its_day(arena: Arena, site: TestClient) -> None:
    report(arena, CLAIM)
    (only,) = site.get(f"{BOARD}.json?badge=self-reported").json()
    assert not any(row["badge"] == "self-reported" for row in site.get(f"{BOARD}.json?badge=evaluated").json())
    assert site.get(f"{BOARD}.json?pin={only['key']}").json()[0]["pinned"]
    for asof, count in (("2026-03-04", 0), ("2026-03-05", 1)):
        assert len(site.get(f"{BOARD}.json?badge=self-reported&asof={asof}").json()) == count
    for other in ("method=few_shot_1", "subset=pro", "language=en"):
        assert site.get(f"{BOARD}.json?badge=self-reported&{other}").json() == []


def test_it_takes_no_team_s_place_and_leads_nothing(arena: Arena, site: TestClient) -> None:
    best = {row["key"] for row in site.get(f"{BOARD}.json?best=team&badge=evaluated").json()}
    report(arena, CLAIM)
    assert best <= {row["key"] for row in site.get(f"{BOARD}.json?best=team").json()}
    assert "0.990" not in site.get("/").text


def test_a_protocol_that_only_a_report_has_is_offered(arena: Arena, site: TestClient) -> None:
    report(arena, CLAIM.model_copy(update={"protocol": "paper@1", "overall": 61.5}))
    row = next(row for row in site.get(f"{BOARD}.json?protocol=paper@1").json() if row["badge"] == "self-reported")
    assert (row["overall"], row["unit"]) == (61.5, "% of the reference score")
    report(arena, CLAIM.model_copy(update={"protocol": "other@3"}))
    assert "other@3" in site.get(BOARD).text


def test_a_broken_file_is_named_and_leaves_the_board_as_it_is(arena: Arena, site: TestClient) -> None:
    before = site.get(f"{BOARD}.json").json()
    text = json.dumps({"rows": [{"system": "Half"}]})
    commit_with_retry(arena.results, [Change("self_reported/dataset_research.json", text.encode())])
    assert site.get(f"{BOARD}.json").json() == before
    assert (
        "self_reported/dataset_research.json: rows.0.team: Field required. docs/organiser-reference.md"
        in site.get("/submissions").text
    )


def test_a_report_says_something_and_says_it_once() -> None:
    with pytest.raises(ValidationError, match="reports no figure"):
        SelfReported.model_validate(CLAIM.model_dump() | {"overall": None, "groups": {}})
    with pytest.raises(ValidationError, match="occurs twice"):
        SelfReports(rows=(CLAIM, CLAIM.model_copy(update={"overall": 0.5})))
    alike = CLAIM.model_copy(update={"team": "NORTHERN LIGHTS LАB", "overall": 0.5})  # with a Cyrillic A
    with pytest.raises(ValidationError, match="occurs twice, spelled Northern Lights Lab"):
        SelfReports(rows=(CLAIM, alike))
    assert SelfReports(rows=(CLAIM, alike.model_copy(update={"system": "Another"})))
    with pytest.raises(ValidationError, match="url"):
        SelfReported.model_validate(CLAIM.model_dump() | {"url": "javascript:alert(1)"})


def test_groups_may_stand_beside_the_overall_figure_if_the_track_has_them() -> None:
    row = CLAIM.model_dump(mode="json", exclude={"groups"})
    text = json.dumps({"rows": [row | {"reasoning": 0.98, "knowledge": None}]}).encode()
    assert read_reports("reports.json", text, ("knowledge", "reasoning")).rows == (CLAIM,)
    with pytest.raises(CorruptRecord, match="reasoning: Extra inputs are not permitted"):
        read_reports("reports.json", text, ("easy",))
    text = json.dumps({"rows": [row | {"groups": {"reasoning": 0.98}}]}).encode()
    with pytest.raises(CorruptRecord, match="reports 'reasoning'; the track has: easy"):
        read_reports("reports.json", text, ("easy",))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"method": "sums"}, "no method 'sums' on dataset_research: few_shot_1, "),
        ({"subset": "half"}, "no subset 'half' on dataset_research: full, pro"),
        ({"system_type": "guess"}, "no system_type 'guess' on dataset_research: search, "),
        ({"protocol": "toy@1"}, "toy@1 is a protocol of toy: see --track"),
    ],
)
@pytest.mark.usefixtures("toy_track")
def test_the_command_refuses_what_no_view_of_the_board_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], fault: str
) -> None:
    file = tmp_path / "reports.json"
    file.write_text(json.dumps({"rows": [CLAIM.model_dump(mode="json") | change]}))
    assert run_app(app, "leaderboard", ["reports", str(file), "--track", "dataset_research"]) != 0
    assert fault in " ".join(capsys.readouterr().err.split())
