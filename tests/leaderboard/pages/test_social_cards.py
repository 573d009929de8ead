"""The pictures of pages: right in size, the same each time, and without boxes for letters that no typeface has."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image, ImageChops
from starlette.testclient import TestClient

from leaderboard.data.systems import slug_of
from leaderboard.pages.cases.library import builtin_cases
from leaderboard.pages.social_cards import fonts as typefaces
from leaderboard.pages.social_cards.drawing import HEIGHT, WIDTH, Bar, SocialCard, Words, draw_card
from leaderboard.pages.social_cards.fonts import OWN, split_runs, strip_unreadable
from leaderboard.pages.social_cards.routes import LISTS
from leaderboard.templates.markdown_docs import NAMES
from submissions.arena.arena import Arena
from tests.support.arena_fixture import ARABIC, EMOJI, LONG, OVERRIDE, SYSTEMS, TASKS
from tests.support.site_client import Open

pytestmark = pytest.mark.integration

CACHES = (typefaces._installed_fonts, typefaces._face_of, typefaces.load_font)


@pytest.fixture
def no_noto(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with no other typeface than our own."""
    monkeypatch.setattr(typefaces, "FOLDERS", ())
    for cache in CACHES:
        cache.cache_clear()
    yield
    for cache in CACHES:
        cache.cache_clear()


def pictures(arena: Arena) -> list[str]:
    return [
        "board/dataset_research",
        *(f"tasks/{task[0]}" for task in TASKS),
        *(f"systems/{slug_of(team, system)}" for system, team, *_ in SYSTEMS),
        *(f"submissions/{ulid}" for ulid in arena.submission_ids()),
        *(f"docs/{name}" for name in NAMES),
        *LISTS,
        *(f"cases/{slug}" for slug in builtin_cases()),
    ]


def ink(image: bytes) -> tuple[int, int, int, int] | None:
    """Where something was drawn."""
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    return ImageChops.difference(picture, Image.new("RGB", picture.size, "#ffffff")).getbbox()


def test_every_page_names_a_picture_that_is_there(arena: Arena, site: TestClient) -> None:
    for path in [*pictures(arena), "about", "tasks", "submissions", "docs", "compare", "insights", "submit"]:
        page = site.get("/" if path == "index" else f"/{path}").text
        (address,) = re.findall(r'<meta property="og:image" content="http://testserver([^"]+)">', page)
        answer = site.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), path
        assert Image.open(io.BytesIO(answer.content)).size == (WIDTH, HEIGHT)


def test_cases_and_lists_have_pictures_of_their_own(arena: Arena, site: TestClient) -> None:
    assert arena.read_tasks()
    listed = [row["slug"] for row in site.get("/cases.json").json()]
    assert len(listed) > len(builtin_cases()), "some are found in the results"
    paths = ["index", "cases", "insights", "submissions", "tasks", *(f"cases/{slug}" for slug in listed)]
    answers = [site.get(f"/og/{path}.png") for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == len(paths)
    assert f'content="http://testserver/og/cases/{listed[-1]}.png"' in site.get(f"/cases/{listed[-1]}").text
    assert site.get("/og/cases/none.png").status_code == 404


def test_nothing_is_drawn_beyond_the_margins(arena: Arena, site: TestClient) -> None:
    for path in pictures(arena):
        left, top, right, bottom = ink(site.get(f"/og/{path}.png").content) or (0, 0, 0, 0)
        assert 56 < left < right < WIDTH - 56, path
        assert 40 < top < bottom < HEIGHT - 20, path


def test_a_picture_is_the_same_each_time_and_unchanged_until_the_arena_changes(site: TestClient) -> None:
    card = SocialCard("kind", Words(ARABIC), Words("新聞摘要"), (Bar(Words(LONG), 0.5, "−0.5"),), "note")
    assert draw_card(card) == draw_card(card)
    first = site.get("/og/board/dataset_research.png")
    again = site.get("/og/board/dataset_research.png", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.usefixtures("no_noto")
def test_without_a_typeface_the_id_stands_in_for_a_name() -> None:
    assert split_runs(ARABIC, 30) is None
    assert draw_card(SocialCard("", Words(ARABIC, "cls-ar-sarcasm"))) == draw_card(
        SocialCard("", Words("cls-ar-sarcasm"))
    )
    bar = Bar(Words("新聞摘要", "sum-zh-news"), 0.3, "0.3")
    assert draw_card(SocialCard("", Words("x"), bars=(bar,))) == draw_card(
        SocialCard("", Words("x"), bars=(Bar(Words("sum-zh-news"), 0.3, "0.3"),))
    )
    assert draw_card(SocialCard("", Words(ARABIC))) == draw_card(SocialCard("", Words("")))


@pytest.mark.usefixtures("no_noto")
def test_the_own_typeface_has_what_the_cards_themselves_say(arena: Arena, site: TestClient) -> None:
    for path in pictures(arena):
        assert site.get(f"/og/{path}.png").status_code == 200
    for text in ("0123456789.–…·@%", "−0.123", "Scholar Search 2 · Système, Việt, Żółć, Ελλάς, Привет"):
        assert split_runs(text, 30) == [(strip_unreadable(text), typefaces.load_font(OWN, 30, False))]


def test_signs_that_turn_or_decorate_a_name_are_left_out() -> None:
    assert strip_unreadable(OVERRIDE) == "abcgpj.exe"
    assert strip_unreadable(EMOJI) == "Data Wizard"
    assert strip_unreadable("two\nlines\tand\x00 more") == "two lines and more"


def test_a_figure_below_zero_is_drawn() -> None:
    plain = draw_card(SocialCard("", Words("x"), bars=(Bar(Words("y"), -0.2, ""),)))
    assert draw_card(SocialCard("", Words("x"), bars=(Bar(Words("y"), -0.2, "−0.2"),))) != plain


@pytest.mark.parametrize(
    "path", ["magic", "tasks/none", "systems/none", "board/none", "submissions/none", "index/x", "tasks/"]
)
def test_there_is_no_picture_of_what_is_not_there(site: TestClient, path: str) -> None:
    assert site.get(f"/og/{path}.png").status_code == 404


def test_an_empty_arena_has_pictures(visit: Open) -> None:
    for path in ("index", "board/dataset_research", "docs/faq"):
        assert visit("empty").get(f"/og/{path}.png").status_code == 200
