"""Runs of one system under names that look alike are shown as one system, on every page that names it."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from leaderboard.data.systems import slug_of
from submissions.arena.arena import Arena
from submissions.records.submission import Submission
from tests.support.arena_fixture import SYSTEMS, publish, result, store

pytestmark = pytest.mark.integration
NAME, TEAM, TYPE, _ = SYSTEMS[0]
ALIKE_NAME, ALIKE_TEAM = NAME.replace("o", "о").upper(), TEAM.upper()
"""With a Cyrillic o, and in capitals."""


@pytest.fixture
def alike(arena: Arena) -> Submission:
    """A later and better run, under names that look like those of the first system."""
    made = store(arena, 40, ALIKE_NAME, ALIKE_TEAM, TYPE)
    publish(arena, made, result(made, 1.3, judged=True))
    return made


@pytest.mark.parametrize("path", ["/insights/metadata.json", "/cases/gap-mc-en-science.json"])
def test_its_rows_have_one_name(site: TestClient, alike: Submission, path: str) -> None:
    rows = [row for row in site.get(f"{path}?protocol=demo@1").json() if row["submission"] == alike.id]
    assert rows
    assert {(row["system"], row["team"]) for row in rows} == {(NAME, TEAM)}


def test_a_detected_case_names_it_by_one_name(site: TestClient, alike: Submission) -> None:
    page = site.get("/cases/gap-mc-en-science").text
    assert alike.id in page
    assert f"<bdi>{NAME}</bdi>" in page
    assert ALIKE_NAME not in page


def test_feeds_have_one_name(site: TestClient, alike: Submission) -> None:
    for path in ("/board/dataset_research/feed.atom", f"/submissions/{alike.id}/feed.atom"):
        text = site.get(path).text
        assert alike.id in text
        assert NAME in text
        assert ALIKE_NAME not in text


@pytest.mark.usefixtures("alike")
def test_the_card_of_every_spelling_is_the_card_of_the_system(site: TestClient) -> None:
    cards = [site.get(f"/og/systems/{slug_of(*name)}.png").content for name in ((TEAM, NAME), (ALIKE_TEAM, ALIKE_NAME))]
    assert cards[0] == cards[1]


def test_a_submission_s_card_has_the_name_of_the_system(
    site: TestClient, alike: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(card: object) -> bytes:
        drawn.append(repr(card))
        return b""

    monkeypatch.setattr("leaderboard.pages.social_cards.routes.draw_card", keep)
    for path in (f"submissions/{alike.id}", "board/dataset_research", "tasks/mc-en-science"):
        site.get(f"/og/{path}.png")
    assert len(drawn) == 3
    for card in drawn:
        assert NAME in card
        assert ALIKE_NAME not in card


@pytest.mark.usefixtures("alike")
def test_a_system_is_not_compared_with_itself(site: TestClient) -> None:
    slugs = slug_of(TEAM, NAME), slug_of(ALIKE_TEAM, ALIKE_NAME)
    page = site.get("/compare", params={"system": slugs, "protocol": "demo@1"})
    assert page.status_code == 200
    assert "One system with a result under this protocol selected" in page.text
