"""The Hub's protocol, as far as huggingface_hub, `hf`, datasets and pandas speak it. Nothing here waits."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from tests.support.hub.faults import Clock, Faults
from tests.support.hub.store import Commit, File, Missing, Store, git_oid, goes_to_lfs
from tests.support.hub.users import TOKENS, Token

Json = dict[str, Any]
KINDS = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}
TYPES = {None: "models", "model": "models", "dataset": "datasets", "space": "spaces"}


class Answer(Exception):
    """An error answer."""

    def __init__(self, status: int, message: str, code: str = "", **headers: str) -> None:
        super().__init__(message)
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.response = JSONResponse(
            {"error": message},
            status,
            {**({"X-Error-Code": code} if code else {}), "X-Error-Message": message, **named},
        )


class Cut(Exception):
    """The connection is to be cut without an answer."""


class Api:
    """Answers one request."""

    def __init__(self, store: Store, faults: Faults, clock: Clock) -> None:
        self.store = store
        self.faults = faults
        self.clock = clock
        self.busy: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def answer(self, request: Request, body: bytes) -> Response:
        """Raises Cut."""
        try:
            return self._route(request, body)
        except Answer as answer:
            return answer.response
        except Missing as missing:
            return Answer(404, f"{missing} for {request.url.path}", str(missing)).response

    def _route(self, request: Request, body: bytes) -> Response:
        # The raw path: a revision or a folder may hold %2F, which is not a separator.
        segments = [unquote(part) for part in request.scope["raw_path"].decode().split("?")[0].split("/")[1:]]
        token = self._token(request)
        match segments:
            case ["api", "whoami-v2"]:
                return whoami(token)
            case ["api", "repos", "create"]:
                return self._create(json.loads(body), token, str(request.base_url))
            case ["api", "repos", "delete"]:
                return self._delete(json.loads(body), token)
            case ["api", "validate-yaml"]:
                return JSONResponse({"errors": [], "warnings": []})
            case ["api", kind, space, name, *rest] if kind in KINDS:
                repo = f"{kind}/{space}/{name}"
                self._check(repo, token, writes=bool(rest) and rest[0] in ("preupload", "commit"))
                return self._repo(repo, rest, request, body, token)
            case [*prefix, space, name, "info", "lfs", "objects", "batch"] if name.endswith(".git"):
                repo = f"{(prefix or ['models'])[0]}/{space}/{name.removesuffix('.git')}"
                self._check(repo, token, writes=True)
                return self._lfs_batch(json.loads(body), str(request.base_url))
            case ["-", "lfs", oid]:
                return self._lfs_put(oid, body)
            case ["-", "lfs", oid, "verify"]:
                return JSONResponse({}) if self.store.blob(oid).exists() else Answer(404, "not uploaded").response
            case [("datasets" | "spaces") as kind, space, name, "resolve", revision, *path]:
                return self._resolve(f"{kind}/{space}/{name}", revision, "/".join(path), token)
            case [space, name, "resolve", revision, *path]:
                return self._resolve(f"models/{space}/{name}", revision, "/".join(path), token)
            case [("datasets" | "spaces") as kind, space, name]:
                self._check(f"{kind}/{space}/{name}", token)
                return HTMLResponse(f"<h1>{space}/{name}</h1>")
        raise Answer(404, f"No end point {request.method} {request.url.path} in this Hub.")

    def _token(self, request: Request) -> Token | None:
        """Raises Answer for a token that nobody has."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if not text:
            return None
        if kind.lower() != "bearer" or text not in TOKENS:
            raise Answer(401, "Invalid credentials in Authorization header")
        return TOKENS[text]

    def _check(self, repo: str, token: Token | None, writes: bool = False) -> None:
        """Raises Answer for what the caller may not see or do."""
        namespace = repo.split("/")[1]
        try:
            private, _ = self.store.repo(repo)
        except Missing:
            raise Answer(404 if token else 401, "Repository not found", "RepoNotFound") from None
        if private and not (token and token.user.may_read(namespace)):
            raise Answer(404 if token else 401, "Repository not found", "RepoNotFound")
        if writes and token is None:
            raise Answer(401, "Invalid username or password.")
        if writes and token and not (token.role == "write" and token.user.may_write(namespace)):
            raise Answer(403, f"You don't have the rights to write to {repo}: use a token with the write role")

    def _create(self, wish: Json, token: Token | None, base: str) -> Response:
        if token is None:
            raise Answer(401, "Invalid username or password.")
        namespace = wish.get("organization") or token.user.name
        if token.role != "write" or not token.user.may_write(namespace):
            raise Answer(403, f"You don't have the rights to create a repository under {namespace}")
        kind = TYPES[wish.get("type")]
        url = f"{base}{KINDS[kind]}{namespace}/{wish['name']}"
        private = wish.get("visibility") == "private" or bool(wish.get("private"))
        if self.store.create(f"{kind}/{namespace}/{wish['name']}", private, token.user.name, self._now()):
            return JSONResponse({"url": url})
        return JSONResponse({"error": "You already created this repository", "url": url}, 409)

    def _delete(self, wish: Json, token: Token | None) -> Response:
        repo = f"{TYPES[wish.get('type')]}/{wish.get('organization') or (token and token.user.name)}/{wish['name']}"
        self._check(repo, token, writes=True)
        self.store.delete(repo)
        return JSONResponse({})

    def _repo(self, repo: str, rest: Sequence[str], request: Request, body: bytes, token: Token | None) -> Response:
        match rest:
            case []:
                return self._info(repo, "main", request)
            case ["revision", revision]:
                return self._info(repo, revision, request)
            case ["refs"]:
                head = self.store.head(repo).oid
                branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": head}
                return JSONResponse({"branches": [branch], "tags": [], "converts": [], "pullRequests": []})
            case ["tree", revision, *folder]:
                return self._tree(repo, revision, "/".join(folder), request)
            case ["paths-info", revision]:
                return self._paths(repo, self._at(repo, revision), parse_qs(body.decode()))
            case ["commits", revision]:
                return self._commits(repo, revision, request)
            case ["preupload", _]:
                return self._preupload(repo, json.loads(body))
            case ["commit", _]:
                assert token is not None
                return self._commit(repo, body, token, str(request.base_url))
        raise Answer(404, f"No end point {request.method} {request.url.path} in this Hub.")

    def _at(self, repo: str, revision: str) -> Commit:
        return self.store.at(repo, revision)

    def _info(self, repo: str, revision: str, request: Request) -> Response:
        commit = self._at(repo, revision)
        if revision == "main" and self.faults.stale:
            commits = self.store.commits(repo)
            commit = commits[min(self.faults.stale, len(commits) - 1)]
        private, created = self.store.repo(repo)
        blobs = request.query_params.get("blobs", "").lower() in ("1", "true")
        siblings = [
            {"rfilename": file.path, **(entry(file, None) if blobs else {})}
            for file in self.store.files(repo, commit.seq)
        ]
        name = repo.partition("/")[2]
        return JSONResponse(
            {"_id": hashlib.sha1(repo.encode()).hexdigest()[:24], "id": name, "author": name.split("/")[0]}
            | {"sha": commit.oid, "private": private, "gated": False, "disabled": False, "tags": [], "downloads": 0}
            | {"likes": 0, "createdAt": created, "lastModified": commit.date, "siblings": siblings}
        )

    def _tree(self, repo: str, revision: str, folder: str, request: Request) -> Response:
        commit = self._at(repo, revision)
        query = dict(request.query_params)
        expand = query.get("expand", "").lower() in ("1", "true")
        recursive = query.get("recursive", "").lower() in ("1", "true")
        found = self.store.tree(repo, commit.seq, folder, recursive)
        if folder and not found:
            raise Missing("EntryNotFound")
        start, size = int(query.get("cursor", 0)), min(self.faults.page, 50 if expand else 1000)
        commits = {one.seq: one for one in self.store.commits(repo)} if expand else {}
        page = [
            entry(one, commits.get(one.since)) if isinstance(one, File) else folder_entry(*one)
            for one in found[start : start + size]
        ]
        return JSONResponse(page, headers=_next(request, start + size < len(found), cursor=start + size))

    def _paths(self, repo: str, commit: Commit, form: dict[str, list[str]]) -> Response:
        found: list[Json] = []
        for path in form.get("paths", []):
            if file := self.store.file(repo, commit.seq, path):
                found.append(entry(file, self.store.commits(repo)[-1 - file.since]))
            elif below := self.store.files(repo, commit.seq, path):
                found.append(folder_entry(path, hashlib.sha1(str(below).encode()).hexdigest()))
        return JSONResponse(found)

    def _commits(self, repo: str, revision: str, request: Request) -> Response:
        top = self._at(repo, revision)
        commits = [one for one in self.store.commits(repo) if one.seq <= top.seq]
        if revision == "main" and self.faults.stale_commits:
            commits = commits[min(self.faults.stale_commits, len(commits) - 1) :]
        page = int(request.query_params.get("p", 0))
        shown = [
            {
                "id": one.oid,
                "title": one.title,
                "message": one.message,
                "date": one.date,
                "authors": [{"user": one.user}],
            }
            for one in commits[page * 50 : page * 50 + 50]
        ]
        return JSONResponse(shown, headers=_next(request, len(commits) > page * 50 + 50, p=page + 1))

    def _preupload(self, repo: str, wish: Json) -> Response:
        head = self.store.head(repo)
        answers = []
        for file in wish["files"]:
            there = self.store.file(repo, head.seq, file["path"])
            mode = "lfs" if goes_to_lfs(file["path"], file["size"]) else "regular"
            known = {"oid": there.sha256 if there.lfs else there.oid} if there else {}
            answers.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, **known})
        return JSONResponse({"files": answers, "commitOid": head.oid})

    def _commit(self, repo: str, body: bytes, token: Token, base: str) -> Response:
        fault = self.faults.commits.popleft() if self.faults.commits else "ok"
        if fault == "reset before":
            raise Cut
        if fault in ("500", "504 before"):
            raise Answer(int(fault[:3]), "The server took too long")
        if self.faults.held or fault == "409" or not self.busy[repo].acquire(blocking=False):
            raise Answer(409, "Another commit operation is in progress for this repository. Please try again later.")
        try:
            meddle, self.faults.before_commit = self.faults.before_commit, None
            if meddle is not None:
                meddle()
            oid = self._apply(repo, body, token, refused=fault)
        finally:
            self.busy[repo].release()
        if self.faults.gate is not None:
            self.faults.gate.wait(60)
        if fault == "reset after":
            raise Cut
        if fault == "504 after":
            raise Answer(504, "The server took too long")
        url = f"{base}{KINDS[repo.split('/')[0]]}{repo.partition('/')[2]}/commit/{oid}"
        return JSONResponse({"success": True, "commitOid": oid, "commitUrl": url})

    def _apply(self, repo: str, body: bytes, token: Token, refused: str) -> str:
        lines = [json.loads(line) for line in body.splitlines() if line]
        header = lines[0]["value"]
        head = self.store.head(repo)
        parent = header.get("parentCommit")
        if refused == "412" or (parent and not head.oid.startswith(parent)):
            raise Answer(412, "A commit has happened since. Please refresh and try again.")
        self._count(repo, refused)
        changes: dict[str, File | None] = {}
        for line in lines[1:]:
            changes |= self._change(repo, head.seq, line["key"], line["value"])
        if not changes:
            raise Answer(400, "An empty commit")
        message = header.get("description", "")
        return self.store.apply(repo, changes, header["summary"], message, token.user.name, self._now())

    def _count(self, repo: str, refused: str) -> None:
        """Raises Answer when the hour's commits are used up."""
        quota = self.faults.quota
        since = self.clock() - timedelta(hours=1)
        recent = [one for one in self.store.commits(repo) if datetime.fromisoformat(one.date) > since and one.seq]
        if refused != "429" and (quota is None or len(recent) < quota):
            return
        oldest = datetime.fromisoformat(recent[min(quota or 1, len(recent)) - 1].date) if recent else self.clock()
        wait = str(int((oldest + timedelta(hours=1) - self.clock()).total_seconds()) + 1)
        said = f"You have exceeded the rate limit for repository commits ({quota or 128} per hour)."
        limits = {"RateLimit": f'"commits";r=0;t={wait}', "Retry_After": wait}
        raise Answer(429, said, **limits, RateLimit_Policy=f'"fixed window";"commits";q={quota or 128};w=3600')

    def _change(self, repo: str, seq: int, key: str, value: Json) -> dict[str, File | None]:
        path = value["path"]
        if key == "file":
            assert value["encoding"] == "base64"
            return {path: self.store.put(base64.b64decode(value["content"]), path)}
        if key == "lfsFile":
            if not self.store.blob(value["oid"]).exists():
                raise Answer(400, f"{path} was not uploaded")
            return {path: self.store.put(self.store.blob(value["oid"]).read_bytes(), path, lfs=True)}
        below = [file.path for file in self.store.files(repo, seq, path.rstrip("/"))]
        there = below if key == "deletedFolder" else [path] if self.store.file(repo, seq, path) else []
        if not there:
            raise Answer(404, "A file with this name doesn't exist", "EntryNotFound")
        return dict.fromkeys(there)

    def _lfs_batch(self, wish: Json, base: str) -> Response:
        objects = []
        for one in wish["objects"]:
            there = self.store.blob(one["oid"]).exists()
            href = f"{base}-/lfs/{one['oid']}"
            upload = {"upload": {"href": href, "header": {}}, "verify": {"href": f"{href}/verify", "header": {}}}
            objects.append({**one, **({} if there else {"actions": upload})})
        return JSONResponse({"transfer": "basic", "objects": objects})

    def _lfs_put(self, oid: str, body: bytes) -> Response:
        if hashlib.sha256(body).hexdigest() != oid:
            raise Answer(400, "The content is not what was announced")
        self.store.put(body)
        return Response()

    def _resolve(self, repo: str, revision: str, path: str, token: Token | None) -> Response:
        self._check(repo, token)
        commit = self._at(repo, revision)
        file = self.store.file(repo, commit.seq, path)
        if file is None:
            raise Answer(404, "Entry not found", "EntryNotFound", X_Repo_Commit=commit.oid)
        etag = f'"{file.sha256 if file.lfs else file.oid}"'
        headers = {"X-Repo-Commit": commit.oid, "ETag": etag, "Accept-Ranges": "bytes"}
        if file.lfs:
            headers |= {"X-Linked-Etag": etag, "X-Linked-Size": str(file.size)}
        if path in self.faults.corrupted:
            content = self.store.blob(file.sha256).read_bytes()
            return Response(bytes([content[0] ^ 1]) + content[1:], headers=headers)
        return FileResponse(self.store.blob(file.sha256), headers=headers, media_type="application/octet-stream")

    def _now(self) -> str:
        return self.clock().astimezone(UTC).isoformat().replace("+00:00", "Z")


def whoami(token: Token | None) -> Response:
    """Who a token speaks for."""
    if token is None:
        return Answer(401, "Invalid username or password.").response
    user = token.user
    return JSONResponse(
        {"type": "user", "id": user.sub, "name": user.name, "fullname": user.fullname, "isPro": False}
        | {"avatarUrl": "/avatar.svg", "canPay": False, "email": None, "periodEnd": None}
        | {"orgs": [{"type": "org", "name": org, "roleInOrg": role} for org, role in user.orgs.items()]}
        | {"auth": {"type": "access_token", "accessToken": {"displayName": "test", "role": token.role}}}
    )


def entry(file: File, commit: Commit | None) -> Json:
    """A file as trees show it."""
    shown: Json = {"type": "file", "path": file.path, "oid": file.oid, "blobId": file.oid, "size": file.size}
    if file.lfs:
        size = len(f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\nsize {file.size}\n")
        shown["lfs"] = {"oid": file.sha256, "sha256": file.sha256, "size": file.size, "pointerSize": size}
    if commit is not None:
        shown["lastCommit"] = {"id": commit.oid, "title": commit.title, "date": commit.date}
        shown["securityFileStatus"] = None
    return shown


def folder_entry(path: str, oid: str) -> Json:
    """A folder as trees show it."""
    return {"type": "directory", "path": path, "oid": oid, "size": 0}


def _next(request: Request, more: bool, **query: object) -> dict[str, str]:
    if not more:
        return {}
    raw = request.scope["raw_path"].decode().split("?")[0]
    address = f"{str(request.base_url).rstrip('/')}{raw}?{urlencode({**request.query_params, **query})}"
    return {"Link": f'<{address}>; rel="next"'}


__all__ = ["Answer", "Api", "Cut", "git_oid"]
