"""Sign in with Hugging Face: an OpenID provider with test users, who are chosen on a page without a password."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from tests.support.hub.users import USERS, User

KEY = "test-key"


@dataclass(frozen=True)
class Grant:
    """What a code stands for until it is redeemed."""

    user: User
    client: str
    redirect: str
    nonce: str
    challenge: str
    scope: str


class Provider:
    """The provider at an address."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._codes: dict[str, Grant] = {}
        self._tokens: dict[str, User] = {}
        self._key: rsa.RSAPrivateKey | None = None

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """Made when it is first wanted: most tests sign nobody in."""
        if self._key is None:
            self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return self._key

    async def answer(self, request: Request) -> Response | None:
        """The answer to a request of the sign-in; None for any other."""
        match request.method, request.url.path:
            case "GET", "/.well-known/openid-configuration":
                return self._discovery()
            case "GET", "/oauth/jwks":
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
                return JSONResponse({"keys": [{**public, "kid": KEY, "alg": "RS256", "use": "sig"}]})
            case "GET", "/oauth/authorize":
                return self._authorize(request)
            case "POST", "/oauth/token":
                return self._token(
                    {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
                )
            case (("GET" | "POST"), "/oauth/userinfo"):
                return self._userinfo(request)
        return None

    def _discovery(self) -> Response:
        ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return JSONResponse(
            {"issuer": self.url, "jwks_uri": f"{self.url}/oauth/jwks"}
            | {f"{name}_endpoint": f"{self.url}/oauth/{path}" for name, path in ends.items()}
            | {"response_types_supported": ["code"], "subject_types_supported": ["public"]}
            | {"id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"]}
            | {"scopes_supported": ["openid", "profile", "email"], "grant_types_supported": ["authorization_code"]}
        )

    def _authorize(self, request: Request) -> Response:
        """A page to choose a user on; with `user` in the query, the way back."""
        query = dict(request.query_params)
        if query.get("user") not in USERS:
            links = "".join(
                f'<li><a href="?{escape(urlencode({**query, "user": user.name}))}">{escape(user.fullname)}</a>'
                for user in USERS.values()
            )
            return HTMLResponse(f"<!doctype html><title>Test sign-in</title><h1>Sign in as</h1><ul>{links}</ul>")
        code = secrets.token_urlsafe(24)
        rest = (query.get(name, "") for name in ("client_id", "redirect_uri", "nonce", "code_challenge", "scope"))
        self._codes[code] = Grant(USERS[query["user"]], *rest)
        joint = "&" if "?" in query["redirect_uri"] else "?"
        back = {"code": code, **({"state": query["state"]} if "state" in query else {})}
        return RedirectResponse(f"{query['redirect_uri']}{joint}{urlencode(back)}", 302)

    def _token(self, form: dict[str, str]) -> Response:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or form.get("redirect_uri", grant.redirect) != grant.redirect:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if grant.challenge and _s256(form.get("code_verifier", "")) != grant.challenge:
            return JSONResponse({"error": "invalid_grant", "error_description": "code_verifier"}, 400)
        token = f"hf_oauth_{secrets.token_urlsafe(24)}"
        self._tokens[token] = grant.user
        now = int(time.time())
        claims = {"iss": self.url, "aud": grant.client, "iat": now, "exp": now + 8 * 3600, **profile(grant.user)}
        signed = jwt.encode(
            {**claims, **({"nonce": grant.nonce} if grant.nonce else {})}, self.key, "RS256", headers={"kid": KEY}
        )
        about = {"access_token": token, "token_type": "bearer", "expires_in": 8 * 3600, "scope": grant.scope}
        return JSONResponse({**about, "id_token": signed})

    def _userinfo(self, request: Request) -> Response:
        user = self._tokens.get(request.headers.get("authorization", "").partition(" ")[2])
        return JSONResponse(profile(user)) if user else JSONResponse({"error": "invalid_token"}, 401)


def profile(user: User) -> dict[str, object]:
    """What the Hub says of who signed in."""
    return {
        "sub": user.sub,
        "name": user.fullname,
        "preferred_username": user.name,
        "profile": f"https://huggingface.co/{user.name}",
        "picture": "https://huggingface.co/avatars/test.svg",
        "website": "",
        "isPro": False,
        "orgs": [
            {"sub": f"org-{org}", "name": org, "preferred_username": org, "roleInOrg": role}
            for org, role in user.orgs.items()
        ],
    }


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
