"""OpenAPI 3.1 document of the site's interface for programs, built from its routes and end points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from inspect import Parameter, getdoc, signature
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from leaderboard.api.gradio_api import NAMES
from leaderboard.api.program_forms import FORMS
from leaderboard.api.service import ApiService
from leaderboard.api.table_exports import (
    Schema,
    TableExport,
    column_schemas,
    list_section_exports,
    list_table_exports,
    type_schema,
)
from leaderboard.board.query import BoardQuery, value_names
from leaderboard.pages.board.page import SECTION_PATH
from leaderboard.tracks import BOARDS
from leaderboard.web.site import MEDIA, PageRequest, cached_route
from submissions.index.result_tables import ENDINGS
from submissions.records.result import Result
from submissions.tracks import TRACKS

ENDS = "{ending:ending}"
OWNER_ONLY = re.compile(r"/(held|why)\b")
"""Path segments of owner-only routes; they need a cookie that programs do not have."""
QUERY = {name: field.description or "" for name, field in BoardQuery.model_fields.items()} | {
    "mine": "`1` for the submissions of this browser only.",
    "state": "Only submissions in this state.",
    "system": "A system's slug; repeat for two to five systems.",
    "track": "Which board.",
}
"""Descriptions of the names that addresses take."""
PLACES = {
    "task": "A task's id, from /tasks.json.",
    "ulid": "A submission's id, from /submissions.json.",
    "slug": "A system's slug, as in the address of its page.",
    "name": "Which insight.",
    "track": "Which board.",
}


def openapi_page(request: Request, visit: PageRequest) -> Response:
    """Return the OpenAPI document of this site's tables and end points; Gradio's is at /gradio_api/openapi.json."""
    return JSONResponse(build_document(request.app.routes, visit.origin))


def build_document(routes: Sequence[BaseRoute], origin: str) -> Schema:
    """Build the whole document. Raises KeyError for a table missing from leaderboard/api/table_exports.py."""
    found = (route.path for route in routes if isinstance(route, Route) and route.path.endswith(ENDS))
    tables = _list_tables([path for path in found if not OWNER_ONLY.search(path)])
    result = _result_schema()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "DatasetResearch Arena",
            "version": "1",
            "description": "Every table of the site as JSON, CSV and Parquet, and the responses of its endpoints. "
            "Forms write, with a token of the Hub. Examples: /docs/api. Agents: /mcp.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": origin or "/"}],
        "tags": [{"name": "tables"}, {"name": "forms"}, {"name": "end points"}],
        "paths": {
            **{_openapi_path(path): {"get": _table_operation(path, twin)} for path, twin in tables.items()},
            "/submissions/{ulid}/result.json": {"get": _result_operation()},
            **{path: {"post": _form_operation(path)} for path in FORMS},
            **{f"/gradio_api/run/{name}": {"post": _endpoint_operation(name)} for name in NAMES},
        },
        "components": {
            "schemas": {
                **_row_schemas(tables.values()),
                **result.pop("$defs"),
                "Result": result,
                "Problem": _problem_schema(),
            },
            "responses": {
                "Unchanged": {"description": "Not modified since the ETag in If-None-Match."},
                "Problem": {
                    "description": "The error, and the available names.",
                    "content": _json_content(_schema_ref("Problem")),
                },
            },
        },
    }


def _list_insights() -> list[str]:
    return list(dict.fromkeys(spec.name for board in BOARDS.values() for spec in board.insights))


def _list_choices() -> Mapping[str, Sequence[str]]:
    """Values of the parameters that are limited to some, over all boards."""
    choices: dict[str, list[str]] = {"track": list(BOARDS), "name": _list_insights()}
    for track in TRACKS:
        for name, values in value_names(track).items():
            choices[name] = list(dict.fromkeys([*choices.get(name, ()), *values]))
    return choices


def _list_tables(paths: Sequence[str]) -> dict[str, TableExport]:
    """Describe the tables of the routes; the one of the boards' sections stands for a path of each section."""
    described = list_table_exports()
    tables: dict[str, TableExport] = {}
    for path in paths:
        if path == SECTION_PATH:
            sections = list_section_exports().items()
            tables |= {path.replace("{section:stem}", name): section for name, section in sections}
        else:
            tables[path] = described[path]
    return tables


def _result_schema() -> Schema:
    """Schema of a stored result, with the keys that the tracks list instead of their pattern."""
    schema: Schema = Result.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    choices = _list_choices()
    keys = {
        "method": choices["method"],
        "system_type": choices["system_type"],
        "group": list(dict.fromkeys(group for board in BOARDS.values() for group in board.groups)),
    }
    for record in (schema, *schema["$defs"].values()):
        for name in record.get("properties", {}).keys() & keys.keys():
            field = record["properties"][name]
            if field.pop("pattern", None):
                field["enum"] = keys[name]
    return schema


def _openapi_path(path: str) -> str:
    """A route's path in OpenAPI syntax, with the ending as a parameter."""
    return re.sub(r":\w+", "", path.removesuffix(ENDS)) + ".{ending}"


def _table_operation(path: str, twin: TableExport) -> Schema:
    address = _openapi_path(path)
    places = re.findall(r"{(\w+)}", address)
    return {
        "tags": ["tables"],
        "operationId": "_".join(re.findall(r"\w+", address)[:-1]),
        "summary": twin.about,
        "parameters": [_rank_cells(name) for name in places] + [_query_parameter(name) for name in twin.query],
        "responses": {
            "200": {
                "description": "The rows, in the order of the page.",
                "headers": {"ETag": {"schema": {"type": "string"}, "description": "Unchanged while nothing changes."}},
                "content": {
                    **_json_content({"type": "array", "items": _row_schema(twin)}),
                    MEDIA["csv"]: {"schema": {"type": "string"}},
                    MEDIA["parquet"]: {},
                },
            },
            "304": {"$ref": "#/components/responses/Unchanged"},
            "4XX": {"$ref": "#/components/responses/Problem"},
        },
    }


def _row_schema(twin: TableExport) -> Schema:
    if twin.rows:
        named = [_schema_ref(kind.__name__) for kind in twin.rows]
        return {"anyOf": named} if len(named) > 1 else named[0]
    own = {name: type_schema(kind) for name, kind in twin.columns.items()}
    more: Schema = {"additionalProperties": {"description": twin.further}} if twin.further else {}
    return {"type": "object", "properties": own, "required": list(own)} | more


def _row_schemas(tables: Iterable[TableExport]) -> dict[str, Schema]:
    """Schemas of all row classes. No column is required, since a board may show a selection of columns."""
    kinds = {kind for twin in tables for kind in twin.rows}
    return {
        kind.__name__: {"type": "object", "description": getdoc(kind), "properties": column_schemas(kind)}
        for kind in sorted(kinds, key=lambda kind: kind.__name__)
    }


def _rank_cells(name: str) -> Schema:
    about = {"ending": "The form of the file."} | PLACES
    values = ENDINGS if name == "ending" else _list_choices().get(name)
    schema = {"type": "string"} | ({"enum": list(values)} if values else {})
    return {"name": name, "in": "path", "required": True, "description": about[name], "schema": schema}


def _query_parameter(name: str) -> Schema:
    choices = _list_choices()
    schema: Schema = {"type": "string"} | ({"enum": list(choices[name])} if name in choices else {})
    if name == "system":
        schema = {"type": "array", "items": schema, "minItems": 2, "maxItems": 5}
    return {"name": name, "in": "query", "description": QUERY[name], "schema": schema}


def _result_operation() -> Schema:
    return {
        "tags": ["tables"],
        "operationId": "result",
        "summary": "A result as stored, with its setup.",
        "parameters": [_rank_cells("ulid"), _query_parameter("protocol")],
        "responses": {
            "200": {"description": "The result.", "content": _json_content(_schema_ref("Result"))},
            "4XX": {"$ref": "#/components/responses/Problem"},
        },
    }


def _form_operation(path: str) -> Schema:
    """OpenAPI operation of a form for programs."""
    form = FORMS[path]
    files: Schema = {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}}
    fields = {name: {"type": "string", "description": what} for name, what in form.fields.items()}
    schema = {
        "type": "object",
        "properties": fields | (files if form.takes_files else {}),
        "required": [*form.required],
    }
    return {
        "tags": ["forms"],
        "operationId": "_".join(re.findall(r"\w+", path)),
        "summary": form.about,
        "parameters": [{"name": "Authorization", "in": "header", "description": "Bearer and a token of the Hub.",
                        "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}},
        "responses": {
            **{status: {"description": what, "content": _json_content({"type": "object"})}
               for status, what in form.statuses.items()},
            "4XX": {"$ref": "#/components/responses/Problem"},
        },
    }  # fmt: skip


def _endpoint_operation(name: str) -> Schema:
    """OpenAPI operation of one end point; its arguments are ordered and all are strings."""
    answer = getattr(ApiService, name)
    summary, _, more = (getdoc(answer) or "").partition("\n\n")
    taken = [one for one in signature(answer).parameters.values() if one.name != "self"]
    data = {
        "type": "array",
        "prefixItems": [{"type": "string", "title": one.name} | _default_value(one) for one in taken],
        "minItems": len(taken),
        "maxItems": len(taken),
    }
    answered = {"type": "array", "prefixItems": [{}], "minItems": 1, "maxItems": 1}
    return {
        "tags": ["end points"],
        "operationId": f"ask_{name}",
        "summary": summary,
        "description": more,
        "requestBody": {"required": True, "content": _json_content(_object_schema("data", data))},
        "responses": {
            "200": {"description": "The response.", "content": _json_content(_object_schema("data", answered))},
            "500": {
                "description": "The error, and the available names.",
                "content": _json_content(_object_schema("error", {})),
            },
        },
    }


def _default_value(one: Parameter) -> Schema:
    return {} if one.default is Parameter.empty else {"default": one.default}


def _object_schema(name: str, schema: Schema) -> Schema:
    return {"type": "object", "properties": {name: schema}, "required": [name]}


def _problem_schema() -> Schema:
    return {"type": "object", "properties": {"error": {"type": "string"}, "detail": {"type": "string"}}}


def _json_content(schema: Schema) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _schema_ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


ROUTES = [cached_route("/openapi.json", openapi_page)]
