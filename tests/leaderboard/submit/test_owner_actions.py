"""What the owner of a submission may ask, and that nobody else may."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from leaderboard.pages.submission.owner_actions import MAX_REQUESTS
from leaderboard.web.auth.visitor import COOKIE, new_visitor_key
from submissions.arena.arena import Arena, commit_with_retry, result_path
from submissions.records.status import History
from submissions.records.submission import Submission
from submissions.storage.codec import to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import held, now, preview, publish, result, store

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Owned:
    """A submission, and the cookie of its owner."""

    made: Submission
    cookie: dict[str, str]

    @property
    def page(self) -> str:
        return f"/submissions/{self.made.id}"


def tell(arena: Arena, made: Submission, state: str, **more: object) -> None:
    history = History(submission=made.id, entries=(now(state, f"It is {state}.", **more),))
    commit_with_retry(arena.results, [Change(f"status/{made.id}.json", to_json(history))])


@pytest.fixture
def mine(arena: Arena) -> Owned:
    key, owner = new_visitor_key()
    return Owned(store(arena, 70, "Mine", "Team Six", "hybrid", owner=owner), {"cookie": f"{COOKIE}={key}"})


@pytest.fixture
def private(arena: Arena) -> Owned:
    key, owner = new_visitor_key()
    return Owned(held(arena, 71, owner=owner), {"cookie": f"{COOKIE}={key}"})


def test_only_the_owner_is_offered_anything(site: TestClient, mine: Owned) -> None:
    others = [{}, {"cookie": f"{COOKIE}={new_visitor_key()[0]}"}, {"cookie": f"{COOKIE}="}]
    for cookie in others:
        page = site.get(f"{mine.page}/actions", headers=cookie)
        assert page.status_code == 200
        assert "<button" not in page.text
        assert "Only the browser or account that submitted it" in page.text
    page = site.get(f"{mine.page}/actions", headers=mine.cookie)
    assert 'value="withdraw"' in page.text
    assert 'value="retry"' not in page.text
    assert page.headers["cache-control"] == "private, no-store"


def test_the_page_itself_is_the_same_for_all(site: TestClient, mine: Owned) -> None:
    assert site.get(mine.page, headers=mine.cookie).text == site.get(mine.page).text


def test_only_the_owner_sees_the_preview_of_a_private_submission(arena: Arena, site: TestClient) -> None:
    key, owner = new_visitor_key()
    made = store(arena, 72, "Kept private", "Team Six", "hybrid", owner=owner, private=True)
    mine, cookie = f"/submissions/{made.id}/actions", {"cookie": f"{COOKIE}={key}"}
    tell(arena, made, "evaluating", stage="fine_tune", done=0, of=6)
    assert "Preview under" not in site.get(mine, headers=cookie).text
    commit_with_retry(arena.drafts, [Change(result_path(made.id, "demo@1", "previews"), to_json(preview(made)))])
    assert "Preview under demo@1" in site.get(mine, headers=cookie).text
    for page in (mine, f"/submissions/{made.id}", f"/submissions/{made.id}/live"):
        assert "Preview under" not in site.get(page).text


@pytest.mark.parametrize("kind", ["withdraw", "retry", "publish"])
def test_a_wish_of_anybody_else_is_refused_and_not_stored(
    arena: Arena, site: TestClient, mine: Owned, kind: str
) -> None:
    tell(arena, mine.made, "failed", fault="evaluator")
    other = {"cookie": f"{COOKIE}={new_visitor_key()[0]}"}
    for cookie in ({}, other):
        answer = site.post(f"{mine.page}/actions", data={"kind": kind, "sure": "yes"}, headers=cookie)
        assert answer.status_code == 403
    assert arena.read_owner_requests(mine.made.id) == ()
    nobodys = arena.submission_ids()[0]
    assert arena.read_submission(nobodys).owner == ""
    answer = site.post(f"/submissions/{nobodys}/actions", data={"kind": "withdraw", "sure": "yes"})
    assert answer.status_code == 403, "without an owner, a visitor without a key is none either"


def test_another_site_cannot_ask_in_the_owner_s_name(arena: Arena, site: TestClient, mine: Owned) -> None:
    headers = {**mine.cookie, "sec-fetch-site": "cross-site"}
    answer = site.post(f"{mine.page}/actions", data={"kind": "withdraw", "sure": "yes"}, headers=headers)
    assert answer.status_code == 403
    assert arena.read_owner_requests(mine.made.id) == ()


def test_a_withdrawal_is_written_once_and_shown_as_asked_for(arena: Arena, site: TestClient, mine: Owned) -> None:
    form = {"kind": "withdraw", "sure": "yes", "back": "page"}
    for _ in range(2):
        answer = site.post(f"{mine.page}/actions", data=form, headers=mine.cookie)
        assert (answer.status_code, answer.headers["location"]) == (303, mine.page)
    (wish,) = arena.read_owner_requests(mine.made.id)
    assert (wish.kind, wish.by) == ("withdraw", mine.made.owner)
    page = site.get(f"{mine.page}/actions", headers=mine.cookie).text
    assert "Request to withdraw made at" in page
    assert "pending until the evaluator" in page
    assert "<button" not in page
    assert "made at" not in site.get(f"{mine.page}/actions").text
    tell(arena, mine.made, "withdrawn")
    page = site.get(f"{mine.page}/actions", headers=mine.cookie).text
    assert "made at" not in page
    assert "No action is available" in page


def test_withdrawing_takes_a_second_step(arena: Arena, site: TestClient, mine: Owned) -> None:
    answer = site.post(f"{mine.page}/actions", data={"kind": "withdraw"}, headers=mine.cookie)
    assert answer.status_code == 422
    assert "tick the confirmation box" in answer.text
    assert arena.read_owner_requests(mine.made.id) == ()


def test_a_failure_of_ours_is_tried_again_on_one_click(arena: Arena, site: TestClient, mine: Owned) -> None:
    tell(arena, mine.made, "failed", fault="evaluator")
    assert "Retry now" in site.get(f"{mine.page}/actions", headers=mine.cookie).text
    answer = site.post(f"{mine.page}/actions", data={"kind": "retry"}, headers=mine.cookie)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{mine.page}/actions")
    assert [wish.kind for wish in arena.read_owner_requests(mine.made.id)] == ["retry"]
    assert "Request to retry" in site.get(f"{mine.page}/actions", headers=mine.cookie).text
    tell(arena, mine.made, "retrying")
    assert "made at" not in site.get(f"{mine.page}/actions", headers=mine.cookie).text


@pytest.mark.parametrize(
    ("state", "form", "status", "why"),
    [
        ("queued", {"kind": "retry"}, 409, "only a failed submission"),
        ("queued", {"kind": "publish"}, 409, "not submitted as private"),
        ("refused", {"kind": "withdraw", "sure": "yes"}, 409, "which is final"),
        ("withdrawn", {"kind": "retry"}, 409, "which is final"),
        ("queued", {"kind": "delete"}, 422, "there are: retry"),
        ("queued", {}, 422, "there are: retry"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    arena: Arena, site: TestClient, mine: Owned, state: str, form: dict[str, str], status: int, why: str
) -> None:
    tell(arena, mine.made, state)
    answer = site.post(f"{mine.page}/actions", data=form, headers=mine.cookie)
    assert answer.status_code == status
    assert why in answer.text
    assert arena.read_owner_requests(mine.made.id) == ()


def test_after_a_withdrawal_nothing_else_is_taken(arena: Arena, site: TestClient, private: Owned) -> None:
    site.post(f"{private.page}/actions", data={"kind": "withdraw", "sure": "yes"}, headers=private.cookie)
    answer = site.post(f"{private.page}/actions", data={"kind": "publish"}, headers=private.cookie)
    assert answer.status_code == 409
    assert "Its withdrawal is requested" in answer.text
    assert len(arena.read_owner_requests(private.made.id)) == 1


def test_publishing_says_whether_rows_may_be_shown(arena: Arena, site: TestClient, private: Owned) -> None:
    site.post(f"{private.page}/actions", data={"kind": "publish", "samples": "yes"}, headers=private.cookie)
    (wish,) = arena.read_owner_requests(private.made.id)
    assert (wish.kind, wish.samples) == ("publish", True)
    assert "with the first rows" in site.get(f"{private.page}/actions", headers=private.cookie).text


def test_what_is_not_evaluated_yet_can_be_published_as_on_the_command_line(arena: Arena, site: TestClient) -> None:
    key, owner = new_visitor_key()
    made = store(arena, 72, "Soon", "Team Six", "hybrid", owner=owner, private=True)
    soon = Owned(made, {"cookie": f"{COOKIE}={key}"})
    assert "as soon as there is a result" in site.get(f"{soon.page}/actions", headers=soon.cookie).text
    answer = site.post(f"{soon.page}/actions", data={"kind": "publish"}, headers=soon.cookie)
    assert answer.status_code == 303
    assert [wish.kind for wish in arena.read_owner_requests(made.id)] == ["publish"]


def test_a_form_that_is_too_large_or_for_nothing_is_refused(site: TestClient, mine: Owned) -> None:
    large = {"kind": "x" * 20_000}
    assert site.post(f"{mine.page}/actions", data=large, headers=mine.cookie).status_code == 413
    assert site.post("/submissions/none/actions", data={"kind": "retry"}).status_code == 404


def test_a_held_result_is_seen_by_its_owner_alone_and_kept_by_nobody(
    arena: Arena, site: TestClient, private: Owned
) -> None:
    twins = ["", ".json", ".csv", "/totals.json", "/screen.csv", "/why.json", "/result.json"]
    mean = arena.read_draft(private.made.id, "demo@1").totals[-3].gain.value
    assert mean is not None
    for ending in twins:
        answer = site.get(f"{private.page}/held{ending}", headers=private.cookie)
        assert answer.status_code == 200, ending
        assert "no-store" in answer.headers["cache-control"], ending
        for cookie in ({}, {"cookie": f"{COOKIE}={new_visitor_key()[0]}"}):
            refused = site.get(f"{private.page}/held{ending}", headers=cookie)
            assert refused.status_code == 403, ending
            assert f"{mean:.3f}" not in refused.text
    assert f"{mean:.3f}" in site.get(f"{private.page}/held", headers=private.cookie).text
    for path in (private.page, "/submissions", "/", "/board/dataset_research", f"{private.page}/live"):
        assert f"{mean:.3f}" not in site.get(path, headers=private.cookie).text, path
    assert site.get(f"{private.page}/held/totals").headers["location"] == f"{private.page}/held#totals"
    assert private.made.id not in SnapshotReader(arena).snapshot().results
    assert "Only the owner can see the result until publishing it" in site.get(private.page).text
    assert site.get(f"{private.page}.json", headers=private.cookie).status_code == 404


def test_only_the_owner_of_a_published_result_sees_why_its_answers_count(
    arena: Arena, site: TestClient, mine: Owned
) -> None:
    publish(arena, mine.made, result(mine.made, 0.5))
    rows = site.get(f"{mine.page}/why.json", headers=mine.cookie).json()
    assert {(row["verdict"], row["answers"], row["share"]) for row in rows} == {
        ("right_letter", 30, 0.6),
        ("ambiguous", 20, 0.4),
    }
    page = site.get(f"{mine.page}/why", headers=mine.cookie)
    for row in rows:
        anchor = f"why-{row['task']}-{row['method']}"
        assert f'href="#{anchor}"' in page.text
        assert f'id="{anchor}"' in page.text
    assert f'href="{mine.page}/why"' in site.get(f"{mine.page}/actions", headers=mine.cookie).text
    others = [{}, {"cookie": f"{COOKIE}={new_visitor_key()[0]}"}, {"cookie": f"{COOKIE}="}]
    for ending in ("", ".csv", ".json", ".parquet", "?protocol=demo@1"):
        answer = site.get(f"{mine.page}/why{ending}", headers=mine.cookie)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store"), ending
        for cookie in others:
            refused = site.get(f"{mine.page}/why{ending}", headers=cookie)
            assert refused.status_code == 403, ending
            assert "ambiguous" not in refused.text.lower()
    assert site.get(f"{mine.page}/why?protocol=paper@1", headers=mine.cookie).status_code == 404
    task = rows[0]["task"]
    for path in (mine.page, f"{mine.page}/result.json", f"{mine.page}.json", f"/tasks/{task}", f"/tasks/{task}.json"):
        public = site.get(path, headers=mine.cookie)
        assert public.status_code == 200, path
        assert not any(word in public.text for word in ("ambiguous", "Ambiguous", "right_letter", "verdicts")), path
    assert f'href="{mine.page}/why"' not in site.get(f"{mine.page}/actions").text


def test_the_switch_of_protocols_stays_on_the_owner_s_page(arena: Arena, site: TestClient, mine: Owned) -> None:
    for protocol in ("demo@1", "paper@1", "demo@9"):
        publish(arena, mine.made, result(mine.made, 0.5).model_copy(update={"protocol": protocol}))
    commit_with_retry(arena.drafts, [Change(result_path(mine.made.id, "demo@9", "verdicts"), None)])
    assert {"demo@1", "paper@1", "demo@9"} == set(SnapshotReader(arena).snapshot().results[mine.made.id])
    public = site.get(mine.page, headers=mine.cookie).text
    assert f'href="{mine.page}?protocol=' in public
    for here, other in (("demo@1", "paper@1"), ("paper@1", "demo@1")):
        page = site.get(f"{mine.page}/why", params={"protocol": here}, headers=mine.cookie)
        assert f"Result under {here}" in page.text
        links = re.findall(rf'href="({mine.page}[^"]*\?protocol=[^"#]*)"', page.text)
        switches = [link for link in links if link.startswith((f"{mine.page}?", f"{mine.page}/why?"))]
        assert sorted(switches) == [f"{mine.page}/why?protocol={quote(name)}" for name in ("demo@1", "paper@1")]
        followed = site.get(f"{mine.page}/why?protocol={quote(other)}", headers=mine.cookie)
        assert f"Result under {other}" in followed.text
        assert "Only you can see these counts" in followed.text
    assert site.get(f"{mine.page}/why?protocol=demo@9", headers=mine.cookie).status_code == 404


def test_counts_in_a_result_that_was_stored_with_them_are_not_shown(
    arena: Arena, site: TestClient, mine: Owned
) -> None:
    publish(arena, mine.made, result(mine.made, 0.5))
    stored = to_json(result(mine.made, 0.5))
    assert b"ambiguous" in stored
    commit_with_retry(arena.results, [Change(result_path(mine.made.id, "demo@1"), stored)])
    for path in (mine.page, f"{mine.page}/result.json"):
        assert "ambiguous" not in site.get(path).text.lower(), path


def test_what_holds_nothing_back_has_no_held_result(site: TestClient, mine: Owned) -> None:
    answer = site.get(f"{mine.page}/held", headers=mine.cookie)
    assert answer.status_code == 404
    assert site.get(f"{mine.page}/held/costs.csv", headers=mine.cookie).status_code == 404
    assert site.get(f"{mine.page}/why", headers=mine.cookie).status_code == 404


def test_a_wish_that_is_flipped_again_and_again_is_put_off(arena: Arena, site: TestClient, private: Owned) -> None:
    tell(arena, private.made, "evaluated")
    forms = [{"kind": "publish"}, {"kind": "publish", "samples": "yes"}]
    answers = [
        site.post(f"{private.page}/actions", data=forms[n % 2], headers=private.cookie) for n in range(MAX_REQUESTS)
    ]
    assert {answer.status_code for answer in answers} == {303}
    answer = site.post(f"{private.page}/actions", data=forms[MAX_REQUESTS % 2], headers=private.cookie)
    assert answer.status_code == 429
    assert 3000 < int(answer.headers["retry-after"]) <= 3600
    assert f"You made {MAX_REQUESTS} requests for it within the hour." in answer.text
    assert len(arena.read_owner_requests(private.made.id)) == MAX_REQUESTS
    refused = site.get("/submissions/01ARZ3NDEKTSV4RRFFQ69G5FAV/actions", headers=private.cookie)
    assert (refused.status_code, refused.headers["cache-control"]) == (404, "no-store")


def test_the_last_word_on_samples_is_written_down_though_it_was_said_before(
    arena: Arena, site: TestClient, private: Owned
) -> None:
    tell(arena, private.made, "evaluated")
    for said in ({}, {"samples": "yes"}, {}, {}):
        site.post(f"{private.page}/actions", data={"kind": "publish", **said}, headers=private.cookie)
    assert [wish.samples for wish in arena.read_owner_requests(private.made.id)] == [False, True, False]
