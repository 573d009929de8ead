"""Signing in with Hugging Face, as a relying party does it by the standard."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest

from tests.support.hub.server import Hub
from tests.support.hub.users import ALICE

BACK = "http://127.0.0.1:9/oauth/huggingface/callback?_target_url=%2F"


@pytest.fixture
def discovered(hub: Hub) -> dict[str, str]:
    return httpx.get(f"{hub.url}/.well-known/openid-configuration").json()


def code_for(discovered: dict[str, str], **more: str) -> dict[str, list[str]]:
    asked = {"client_id": "arena", "redirect_uri": BACK, "response_type": "code", "scope": "openid profile", **more}
    answer = httpx.get(f"{discovered['authorization_endpoint']}?{urlencode(asked)}")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(BACK)
    return parse_qs(urlsplit(answer.headers["location"]).query)


def test_a_user_signs_in(discovered: dict[str, str]) -> None:
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    back = code_for(discovered, user="alice", state="s", nonce="n", code_challenge=challenge)
    assert back["state"] == ["s"]
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": BACK}
    got = httpx.post(discovered["token_endpoint"], data={**form, "code_verifier": verifier}).json()
    key = jwt.PyJWKClient(discovered["jwks_uri"]).get_signing_key_from_jwt(got["id_token"])
    claims = jwt.decode(got["id_token"], key, ["RS256"], audience="arena", issuer=discovered["issuer"])
    assert (claims["sub"], claims["preferred_username"], claims["nonce"]) == (ALICE.sub, "alice", "n")
    bearer = {"Authorization": f"Bearer {got['access_token']}"}
    shown = httpx.get(discovered["userinfo_endpoint"], headers=bearer).json()
    assert (shown["sub"], [org["name"] for org in shown["orgs"]]) == (ALICE.sub, ["arena"])


def test_a_code_counts_once_and_only_for_who_asked(discovered: dict[str, str]) -> None:
    code = code_for(discovered, user="bob")["code"][0]
    answers = [httpx.post(discovered["token_endpoint"], data={"code": code}).status_code for _ in range(2)]
    assert answers == [200, 400]
    guarded = code_for(discovered, user="bob", code_challenge="x")["code"][0]
    wrong = {"code": guarded, "code_verifier": "wrong"}
    assert httpx.post(discovered["token_endpoint"], data=wrong).status_code == 400
    assert httpx.get(discovered["userinfo_endpoint"], headers={"Authorization": "Bearer x"}).status_code == 401


def test_without_a_user_there_is_a_page_to_choose_one(discovered: dict[str, str]) -> None:
    asked = {"client_id": "arena", "redirect_uri": BACK, "state": "s&<"}
    page = httpx.get(f"{discovered['authorization_endpoint']}?{urlencode(asked)}")
    assert "Alice Liddell" in page.text
    assert "state=s%26%3C" in page.text
