"""Signing in over the loopback provider, and what an account may do."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import huggingface_hub.constants
import pytest
from starlette.testclient import TestClient

from leaderboard.app import make_app
from leaderboard.settings import BadSetting, read_settings
from submissions.arena.arena import Arena
from tests.support.hub.fixtures import hub as hub
from tests.support.hub.server import Hub
from tests.support.hub.users import ALICE, BOB
from tests.support.web_submissions import FIELDS, GOOD

pytestmark = pytest.mark.integration

SPACE = {"SPACE_ID": "arena/board", "OAUTH_CLIENT_ID": "arena", "OAUTH_CLIENT_SECRET": "secret"} | {
    "OAUTH_SCOPES": "openid profile"
}
LOGIN = "/oauth/huggingface/login"


@pytest.fixture
def space(hub: Hub, arena: Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The site as on a Space, reached over https as its proxy has it."""
    assert arena.read_tasks()
    environ = {**SPACE, "OPENID_PROVIDER_URL": hub.url}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
        if hasattr(huggingface_hub.constants, name):
            monkeypatch.setattr(huggingface_hub.constants, name, value)
    return start(tmp_path, hub)


def start(tmp_path: Path, hub: Hub, **more: str) -> TestClient:
    """A server of the Space; each goes on with what the last one wrote."""
    environ = {**SPACE, "OPENID_PROVIDER_URL": hub.url, "ARENA": str(tmp_path / "arena"), "HOST": "127.0.0.1", **more}
    settings = read_settings({**environ, "SPOOL": str(tmp_path / "spool")})
    return TestClient(make_app(settings), "https://testserver", follow_redirects=False)


def sign_in(space: TestClient, user: str, target: str = "/submit") -> str:
    """Go through the provider as a browser does; where it leads in the end."""
    away = space.get(LOGIN, params={"_target_url": target})
    assert away.status_code == 302
    asked = away.headers["location"]
    # The provider is another host: asked without the site's cookies.
    back = httpx.get(f"{asked}&user={user}").headers["location"]
    assert back.startswith("https://testserver/oauth/huggingface/callback")
    done = space.get(back)
    assert done.status_code == 307
    return str(done.headers["location"])


def send(space: TestClient, action: str = "submit", **fields: str):  # type: ignore[no-untyped-def]
    return space.post("/submit", data={**FIELDS, **fields, "action": action}, files=[("files", GOOD)])


def test_who_signed_in_owns_what_they_send(space: TestClient, arena: Arena) -> None:
    assert sign_in(space, "alice") == "/submit"
    assert ">alice</a>" in space.get("/account/who").text
    answer = send(space)
    ulid = answer.headers["location"].rpartition("/")[2]
    assert arena.read_submission(ulid).owner == f"hf:{ALICE.sub}"
    assert [row["id"] for row in space.get("/submissions.json?mine=1").json()] == [ulid]
    assert 'value="withdraw"' in space.get(f"/submissions/{ulid}/actions").text
    sign_in(space, "bob")
    assert space.get("/submissions.json?mine=1").json() == []
    assert 'value="withdraw"' not in space.get(f"/submissions/{ulid}/actions").text
    assert space.post(f"/submissions/{ulid}/actions", data={"kind": "withdraw", "sure": "1"}).status_code == 403


def test_without_an_account_one_checks_and_does_not_submit(space: TestClient, arena: Arena) -> None:
    before = arena.submissions.head()
    page = space.get("/submit").text
    assert 'value="submit"' not in page
    assert "Sign in with Hugging Face" in page
    assert send(space, "check").status_code == 200
    answer = send(space)
    assert answer.status_code == 422
    assert "Sign in with Hugging Face, at the top" in answer.text
    assert 'value="My &lt;System&gt;"' in answer.text
    assert arena.submissions.head() == before


def test_the_cookie_keeps_who_it_is_and_nothing_that_opens_anything(space: TestClient) -> None:
    sign_in(space, "alice")
    kept = space.cookies["session"]
    session = json.loads(base64.b64decode(kept.rsplit(".", 2)[0]))
    assert session.keys() == {"oauth_info"}
    assert session["oauth_info"].keys() == {"expires_at", "userinfo"}
    assert session["oauth_info"]["userinfo"] == {
        "sub": ALICE.sub, "preferred_username": "alice", "name": "Alice Liddell"
    }  # fmt: skip
    assert len(kept) < 1000


def test_the_cookie_goes_over_https_alone_and_cannot_be_made_up(space: TestClient) -> None:
    away = space.get(LOGIN)
    assert {"httponly", "secure", "samesite=none"} <= set(re.split(r";\s*", away.headers["set-cookie"]))
    forged = base64.b64encode(json.dumps({"oauth_info": {"userinfo": {"sub": BOB.sub}, "expires_at": 2**40}}).encode())
    stranger = TestClient(space.app, "https://testserver", cookies={"session": f"{forged.decode()}.x.y"})
    assert "Sign in" in stranger.get("/account/who").text


def test_what_was_granted_ends(space: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(space, "alice")
    now = time.time()
    monkeypatch.setattr("leaderboard.web.auth.oauth.time.time", lambda: now + 9 * 3600)
    assert "Sign in" in space.get("/account/who").text
    assert send(space).status_code == 422


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\evil",
        "javascript:alert(1)",
        "/a\nb",
        "/\t/x",
        "",
    ],
)
@pytest.mark.parametrize("way", ["login", "callback", "logout"])
def test_signing_in_leads_nowhere_else(space: TestClient, way: str, target: str) -> None:
    answer = space.get(f"/oauth/huggingface/{way}", params={"_target_url": target})
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_the_part_of_the_head_leads_back_to_its_page(space: TestClient) -> None:
    def back(url: str) -> list[str]:
        found = re.search(r'href="([^"]+)"', space.get("/account/who", headers={"HX-Current-URL": url}).text)
        assert found
        return parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)["_target_url"]

    assert back("https://testserver/board/dataset_research?q=a&sort=b") == ["/board/dataset_research?q=a&sort=b"]
    assert back("https://testserver//evil.example/") == ["/"]
    assert back("nonsense") == ["/"]


def test_signing_out_is_for_who_is_signed_in(space: TestClient) -> None:
    sign_in(space, "alice")
    elsewhere = space.get("/oauth/huggingface/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 400
    assert ">alice</a>" in space.get("/account/who").text
    assert space.get("/oauth/huggingface/logout?_target_url=/account").headers["location"] == "/account"
    assert "You are not signed in" in space.get("/account").text


def test_a_copied_cookie_opens_nothing_after_signing_out(space: TestClient, hub: Hub, tmp_path: Path) -> None:
    sign_in(space, "alice")
    copies = [space.cookies["session"]]
    space.get(LOGIN)  # writes the cookie anew, with the same session in it
    copies.append(space.cookies["session"])
    other = TestClient(space.app, "https://testserver", follow_redirects=False)
    sign_in(other, "bob")
    space.get("/oauth/huggingface/logout?_target_url=/account")
    for server in (space, start(tmp_path, hub)):  # which survives a restart
        for copy in copies:
            thief = TestClient(server.app, "https://testserver", cookies={"session": copy}, follow_redirects=False)
            assert "You are not signed in" in thief.get("/account").text
            assert send(thief).status_code == 422
        bob = TestClient(server.app, "https://testserver", cookies={"session": other.cookies["session"]})
        assert "signed in as" in bob.get("/account").text


def test_the_cookie_lives_for_hours_and_goes_into_frames_only_where_they_are_allowed(
    space: TestClient, hub: Hub, tmp_path: Path
) -> None:
    framed, alone = space.get(LOGIN), start(tmp_path, hub, FRAME_ANCESTORS="none").get(LOGIN)
    for answer, flag in ((framed, "samesite=none"), (alone, "samesite=lax")):
        assert flag in answer.headers["set-cookie"]
        assert f"Max-Age={12 * 3600}" in answer.headers["set-cookie"]


def test_signing_in_below_a_path_comes_back_there(space: TestClient, hub: Hub, tmp_path: Path) -> None:
    assert space
    site = start(tmp_path, hub, SITE="https://arena.example/lab")
    site = TestClient(site.app, "https://arena.example", follow_redirects=False)
    away = site.get(f"/lab{LOGIN}", params={"_target_url": "/submit?a=b"})
    assert "Path=/lab;" in away.headers["set-cookie"].replace("path=", "Path=")
    back = httpx.get(f"{away.headers['location']}&user=alice").headers["location"]
    assert back.startswith("https://arena.example/lab/oauth/huggingface/callback?")
    done = site.get(back)
    assert done.headers["location"] == "/lab/submit?a=b"
    assert (
        ">alice</a>" in site.get("/lab/account/who", headers={"HX-Current-URL": "https://arena.example/lab/tasks"}).text
    )
    out = site.get("/lab/oauth/huggingface/logout?_target_url=/account")
    assert out.headers["location"] == "/lab/account"
    who = site.get("/lab/account/who", headers={"HX-Current-URL": "https://arena.example/lab/tasks"}).text
    assert "_target_url=%2Ftasks" in who
    assert 'href="/lab/oauth/' in who


def test_no_request_decides_where_the_provider_returns(space: TestClient, hub: Hub, tmp_path: Path) -> None:
    assert space
    site = start(tmp_path, hub, SITE="https://arena.example")
    for headers in ({"host": "evil"}, {"x-forwarded-host": "evil.example"}, {"x-forwarded-proto": "http"}):
        target = parse_qs(urlsplit(site.get(LOGIN, headers=headers).headers["location"]).query)["redirect_uri"][0]
        assert target.startswith("https://arena.example/oauth/huggingface/callback")
    assert site.get(LOGIN, headers={"host": "evil.example"}).status_code == 421


def test_a_provider_that_does_not_answer_is_503(space: TestClient, hub: Hub) -> None:
    hub.faults.down = True
    answer = space.get(LOGIN)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert "Hugging Face does not answer" in answer.text


def test_pages_for_all_are_the_same_for_who_is_signed_in(space: TestClient) -> None:
    before = space.get("/tasks")
    sign_in(space, "alice")
    after = space.get("/tasks")
    assert (before.text, before.headers["etag"]) == (after.text, after.headers["etag"])
    assert "alice" not in after.text
    assert "set-cookie" not in after.headers
    for path in ("/account", "/account/who", "/submit"):
        assert space.get(path).headers["cache-control"] == "private, no-store"


def test_a_provider_that_refuses_is_told_as_such(space: TestClient) -> None:
    state = parse_qs(urlsplit(space.get(LOGIN).headers["location"]).query)["state"][0]
    answer = space.get(f"/oauth/huggingface/callback?error=access_denied&state={state}")
    assert answer.status_code == 400
    assert "You are not signed in" in answer.text


def test_outside_a_space_nobody_signs_in(site: TestClient, hub: Hub) -> None:
    for path in ("/account", "/account/who", LOGIN):
        assert site.get(path).status_code == 404
    assert "/account/who" not in site.get("/").text
    assert not any("whoami" in request for request in hub.requests)


@pytest.mark.parametrize("missing", ["OAUTH_CLIENT_SECRET", "OAUTH_SCOPES", "OPENID_PROVIDER_URL"])
def test_half_a_setting_is_refused(missing: str) -> None:
    environ = {**SPACE, "OPENID_PROVIDER_URL": "https://huggingface.co"}
    del environ[missing]
    with pytest.raises(BadSetting, match=missing):
        read_settings(environ)
    assert read_settings({**SPACE, "OPENID_PROVIDER_URL": "https://huggingface.co"}).sign_in
    assert not read_settings({"SPACE_ID": "a/b"}).sign_in
    assert not read_settings({"OAUTH_CLIENT_ID": "a"}).sign_in
