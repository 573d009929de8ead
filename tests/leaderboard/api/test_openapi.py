"""/openapi.json is valid, leaves out no table, and says of each what it really holds."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.testclient import TestClient

from leaderboard.api.gradio_api import NAMES
from leaderboard.api.openapi import ENDS, OWNER_ONLY
from leaderboard.api.service import ApiService
from leaderboard.api.table_exports import list_table_exports
from leaderboard.data.systems import slug_of
from leaderboard.pages import ROUTES
from leaderboard.submit.idempotency import KEY_FIELD
from leaderboard.submit.start_check import EMPTY
from submissions.arena.arena import Arena
from tests.support.arena_fixture import SYSTEMS
from tests.support.paths import ROOT
from tests.support.site_client import Open

pytestmark = pytest.mark.integration

SLUGS = [slug_of(team, system) for system, team, *_ in SYSTEMS[:2]]
COMPARED = f"?system={SLUGS[0]}&system={SLUGS[1]}"
INSIGHTS = ("metadata", "preview", "rows", "tokens", "cost", "kinds")


@pytest.fixture
def document(site: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = site.get("/openapi.json").json()
    return found


def real(template: str, arena: Arena, insight: str) -> str:
    """A template of the document as an address of the filled arena."""
    names = {"track": "dataset_research", "task": "mc-en-science", "ulid": arena.submission_ids()[1], "slug": SLUGS[0]}
    if template.startswith("/cases/"):
        names["slug"] = "gap-mc-en-science"
    path = template.format(**names, name=insight, ending="json")
    return path + (COMPARED if path.startswith("/compare") else "")


def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")


def test_every_table_is_described_and_no_other() -> None:
    paths = {route.path for route in ROUTES if route.path.endswith(ENDS)}
    assert {path for path in paths if not OWNER_ONLY.search(path)} == set(list_table_exports())


def test_it_names_the_address_that_was_asked(site: TestClient) -> None:
    headers = {"host": "arena.example", "x-forwarded-proto": "https"}
    assert site.get("/openapi.json", headers=headers).json()["servers"] == [{"url": "https://arena.example"}]


def test_each_table_s_rows_are_what_it_says(document: dict[str, Any], arena: Arena, site: TestClient) -> None:
    for template, ways in document["paths"].items():
        if "get" not in ways:
            continue
        schema = ways["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        whole = Draft202012Validator(schema | {"components": document["components"]})
        for insight in INSIGHTS if "{name}" in template else INSIGHTS[:1]:
            answer = site.get(real(template, arena, insight))
            assert answer.status_code == 200, template
            assert answer.json(), template
            whole.validate(answer.json())


def test_no_column_is_left_out_or_made_up(document: dict[str, Any], arena: Arena, site: TestClient) -> None:
    rows = document["components"]["schemas"]
    for template, ways in document["paths"].items():
        if "{ending}" not in template:
            continue
        items = ways["get"]["responses"]["200"]["content"]["application/json"]["schema"]["items"]
        named = [one["$ref"].rpartition("/")[2] for one in items.get("anyOf", [items]) if "$ref" in one]
        said = [set(rows[name]["properties"]) for name in named] or [set(items["properties"])]
        for insight, columns in zip(INSIGHTS, said, strict=False):
            found = set(site.get(real(template, arena, insight)).json()[0])
            assert found == columns or (found > columns and "additionalProperties" in items), template


def test_each_table_takes_the_query_that_it_says(document: dict[str, Any], arena: Arena, site: TestClient) -> None:
    """A value that cannot be is refused, where there is a list of those that can; else it hides rows or is a text."""
    for template, ways in document["paths"].items():
        for one in ways.get("get", {}).get("parameters", ()):
            if one["in"] == "query" and one["name"] in ("protocol", "sort", "method", "asof", "columns", "pin"):
                address = real(template, arena, INSIGHTS[0])
                answer = site.get(f"{address}{'&' if '?' in address else '?'}{one['name']}=no-such-value")
                assert answer.status_code == 404, (template, one["name"])
                assert "no-such-value" in answer.json()["error"]


def test_the_columns_say_what_their_fields_say(document: dict[str, Any]) -> None:
    columns = document["components"]["schemas"]["DatasetResearchRow"]["properties"]
    assert columns["rank_first"]["description"].startswith("Best rank the system may have, from 1")
    assert columns["overall"] == {"type": ["number", "null"]}
    of_insight = document["components"]["schemas"]["MetadataRow"]["properties"]
    assert of_insight["number"]["description"] == "Label of the system's dots; not a rank."


def test_the_end_points_take_what_the_answers_take(document: dict[str, Any]) -> None:
    for name in NAMES:
        body = document["paths"][f"/gradio_api/run/{name}"]["post"]["requestBody"]
        data = body["content"]["application/json"]["schema"]["properties"]["data"]
        taken = [one for one in inspect.signature(getattr(ApiService, name)).parameters if one != "self"]
        assert [one["title"] for one in data["prefixItems"]] == taken


def test_an_empty_arena_has_one_too(visit: Open) -> None:
    OpenAPIV31SpecValidator(visit("empty").get("/openapi.json").json()).validate()


def test_every_form_for_programs_is_described_and_no_other(document: dict[str, Any]) -> None:
    """Both ways: openapi.json and docs/api.md name what the site has below /api."""
    there = {route.path for route in ROUTES if route.path.startswith("/api/") and "POST" in (route.methods or ())}
    described = {path for path, ways in document["paths"].items() if path.startswith("/api/") and "post" in ways}
    told = set(re.findall(r"`POST (/api/\S+?)`", Path(ROOT, "docs/api.md").read_text(encoding="utf-8")))
    assert there == described == told == {"/api/submit", "/api/teams"}


def test_a_form_s_fields_are_those_that_it_takes(document: dict[str, Any], site: TestClient) -> None:
    def described(path: str) -> dict[str, Any]:
        body: dict[str, Any] = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]
        return body["schema"]["properties"]

    assert set(described("/api/submit")) == {*EMPTY, "action", "files", KEY_FIELD}
    assert set(described("/api/teams")) == set(
        re.findall(
            r'<(?:input|button)\b[^>]*? name="(\w+)"',
            Path(ROOT, "leaderboard/templates/teams.html").read_text(encoding="utf-8"),
        )
    )
    assert site.post("/api/teams", data={"team": "x", "guest": "y"}).status_code in (401, 403, 422)
