"""An arena that version 0.1 wrote is read with the same figures, records, finished stages and public names."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from starlette.testclient import TestClient

from evaluator.errors import ProtocolMismatch
from evaluator.llm.schema import schema_text
from evaluator.service.submission_runner import SubmissionRunner
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.stages.anchors import load_checked_anchors
from evaluator.stages.judge_factory import open_judge
from evaluator.stages.metadata.descriptions import GeneratedDescription
from evaluator.stages.metadata.judge import Judge
from evaluator.stages.metadata.verdict import Comparison
from evaluator.stages.recompute import recompute_result
from evaluator.stages.records import RunRecord
from evaluator.testing.null_backend import NullGenerator, NullTrainer, null_context
from evaluator.tracks.context_pool import ContextPool
from evaluator.tracks.protocols import load_protocol
from evaluator.tracks.rescore import rescore
from leaderboard.app import make_app
from leaderboard.settings import read_settings
from submissions.arena.arena import Arena, list_protocols, open_arena
from submissions.arena.benchmark import open_benchmark
from submissions.index import result_index, submission_index
from submissions.index.rebuild import rebuild_index
from submissions.records.result import Result
from submissions.storage.codec import to_json
from tests.support.judges import ENVIRON, SETTINGS, a_connection
from tests.support.paths import ROOT

pytestmark = pytest.mark.integration

DATA = ROOT / "tests" / "data" / "arena_0_1"
NAME = "demo@1"
SYSTEMS = ("Scholar Search", "Datenwerk", "Data Wizard", "Kept Back", "Shown Later", "Taken Back", "Breaks", "Just In")
STATES = (*["published"] * 3, "evaluated", "published", "withdrawn", "retrying", "queued")
PROSE = ("label", "summary", "note", "unscored")
"""Columns of sentences that the web app writes when it is asked: their wording may change, and they must be there."""
TEXTS = ("description", "summary")
"""Parts of the interface's document that are wording."""
RENAMED = {
    "Judged": "JudgeScores", "JudgedRow": "JudgeScoreRow", "Listed": "CaseListRow", "Screening": "ScreenFindings",
    "StandingRow": "SystemTaskRow", "BoardRow": "DatasetResearchRow",
}  # fmt: skip
"""Names of the interface's document that were changed on purpose, all of them of schemas and none of a field."""

ADDED = {
    "Score": {"rough"},
    "TaskResult": {"trivial", "details"},
    "Result": {"benchmark_sha256"},
    "PairRow": {"smallest_visible", "too_few_tasks"},
    "MethodScore": {"verdicts"},
    "DatasetResearchRow": {"above_trivial"},
}
"""Properties that later versions added to schemas of the interface's document."""
OPTIONAL = {"TaskResult": {"base", "reference"}}
"""Properties that were required: a track without anchors has none."""
NEW_SCHEMAS = {"TrivialScore", "TrackDetails"}
NEW_PATHS = {"/api/submit", "/api/teams"}
EMPTY = {"fine_tune", "full"}
"""Defaults of end points that are empty now, which means the board's own: they differ by track."""
NEW = set().union(*ADDED.values())
"""Columns that later versions added to tables."""


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arena_0_1")
    with tarfile.open(DATA / "arena.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def folder(unpacked: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(unpacked / "arena", tmp_path / "arena")
    return tmp_path / "arena"


@pytest.fixture
def arena(folder: Path) -> Arena:
    return open_arena(str(folder))


@pytest.fixture(scope="session")
def site(unpacked: Path) -> TestClient:
    app = make_app(read_settings({"ARENA": str(unpacked / "arena"), "ARENA_PROTOCOL": NAME}))
    return TestClient(app, follow_redirects=False)


@pytest.fixture(scope="session")
def exports(unpacked: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((unpacked / "exports.json").read_text())
    return found


class Tools:
    """An evaluator on the old work folder, whose null tools say what they were asked to do again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "work"
        self.benchmark = open_benchmark(str(folder / "benchmark"))
        self.trainer, self.generator = NullTrainer(), NullGenerator(lambda _model, _prompt: "năm 1000 ở Huế")
        run = RunRecord.model_validate_json(next(self.home.glob("results/*/*/run.json")).read_bytes())
        context = null_context(self.home, run.protocol, self.trainer, self.generator)
        # As it was: a later release of a scoring package changes the setup, and with it every key.
        self.context = replace(context, setup=run.setup)

    @property
    def protocol(self) -> AnchoredProtocol:
        return self.context.protocol

    def judge(self, submission: str) -> AbstractContextManager[Judge]:
        """The judge on a server that nobody runs: only stored verdicts and answers can be had."""
        connection = a_connection("http://127.0.0.1:9/v1", retries=0)
        return open_judge("dataset_research", SETTINGS, connection, ENVIRON, self.home / "judge.sqlite", submission)

    def runner(self, arena: Arena) -> SubmissionRunner:
        return SubmissionRunner(
            arena,
            self.benchmark,
            ContextPool.from_context(replace(self.context, open_judge=self.judge)),
            self.home / "results",
        )

    def stage_files(self) -> dict[str, int]:
        """The files of finished stages, and when each was written."""
        files = (self.home / "stages").rglob("*.json")
        return {file.relative_to(self.home).as_posix(): file.stat().st_mtime_ns for file in files}


@pytest.fixture
def tools(folder: Path) -> Tools:
    return Tools(folder)


def rows_of(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with wording reduced to whether there is any."""
    return [
        {name: bool(value) if name in PROSE else value for name, value in row.items() if name not in NEW}
        for row in table
    ]


def test_every_table_has_the_columns_and_figures_of_before(site: TestClient, exports: dict[str, Any]) -> None:
    assert len(exports) > 80
    for path, before in exports.items():
        address, mark, query = path.partition("?")
        rows = site.get(f"{address}.json{mark}{query}").json()
        assert rows_of(rows) == rows_of(before["rows"]), path
        heads = site.get(f"{address}.csv{mark}{query}").text.partition("\r\n")[0]
        assert [name for name in heads.split(",") if name not in NEW] == before["columns"], path


def test_the_exports_cover_every_table_of_the_interface(exports: dict[str, Any]) -> None:
    templates = [path for path in read_interface() if path.endswith(".{ending}")]
    for template in templates:
        parts = template.removesuffix(".{ending}").split("/")
        addresses = (path.partition("?")[0].split("/") for path in exports)
        assert any(
            len(address) == len(parts)
            and all(part[0:1] == "{" or part == name for part, name in zip(parts, address, strict=True))
            for address in addresses
        ), template


def test_figures_do_not_depend_on_the_stored_index(folder: Path, exports: dict[str, Any]) -> None:
    for repo in ("results", "drafts"):
        shutil.rmtree(folder / repo / "board")
    assert rebuild_index(open_arena(str(folder))) == (4, 8)
    app = make_app(read_settings({"ARENA": str(folder), "ARENA_PROTOCOL": NAME}))
    board = "/board/dataset_research"
    assert rows_of(TestClient(app).get(f"{board}.json").json()) == rows_of(exports[board]["rows"])


def test_the_stored_index_is_read_and_written_as_before(arena: Arena) -> None:
    """Older and newer evaluators may take turns on one arena."""
    repos = (
        (arena.results, result_index.encode_results, result_index.decode_results),
        (arena.drafts, submission_index.encode_submissions, submission_index.decode_submissions),
    )
    for repo, encode, decode in repos:
        paths = repo.list("board/")
        assert paths
        for path in paths:
            content = repo.read(path)
            assert columns_of(encode(list(decode(path, content)))) == columns_of(content)


def test_pages_of_submissions_show_their_states(site: TestClient, arena: Arena) -> None:
    ids = arena.submission_ids()
    assert tuple(arena.read_submission(ulid).system for ulid in ids) == SYSTEMS
    assert tuple(arena.read_history(ulid).now.state for ulid in ids) == STATES
    for ulid in ids:
        page = site.get(f"/submissions/{ulid}")
        assert page.status_code == 200
        assert all(entry.time.tzinfo for entry in arena.read_history(ulid).entries)


def test_records_are_read_and_written_as_the_same_bytes(arena: Arena) -> None:
    for ulid in arena.submission_ids():
        submission = arena.read_submission(ulid)
        path = f"{submission.created_at:%Y/%m}/{ulid}/submission.json"
        assert to_json(submission) == arena.submissions.read(path)
        for file in submission.files:
            assert len(arena.read_rows(submission, file.task)) == file.rows
    for ulid in arena.published_protocols():
        assert to_json(arena.read_result(ulid, NAME)) == arena.results.read(f"results/{ulid}/{NAME}.json")
        assert to_json(arena.read_ledger(ulid, NAME)) == arena.results.read(f"costs/{ulid}/{NAME}.json")
    (draft,) = arena.draft_protocols()
    assert to_json(arena.read_draft(draft, NAME)) == arena.drafts.read(f"results/{draft}/{NAME}.json")
    (preview,) = list_protocols(arena.results, "previews")
    assert arena.read_preview(preview, NAME).totals
    assert [[one.kind for one in arena.read_owner_requests(ulid)] for ulid in arena.ids_with_requests()] == [
        ["publish"],
        ["withdraw"],
        ["retry"],
    ]
    assert arena.read_webhook(arena.submission_ids()[1])
    assert len(arena.read_descriptions(arena.read_submission(arena.submission_ids()[0]))) == 4
    assert arena.read_self_reported("dataset_research")


def test_rescore_gives_the_stored_figures(folder: Path) -> None:
    folders = sorted((folder / "work" / "results").glob("*/*"))
    stored = {path.parent: path.read_bytes() for path in folder.glob("work/results/*/*/result.json")}
    assert len(stored) == 6
    assert sorted(stored) == folders
    for place, content in stored.items():
        setup = RunRecord.model_validate_json((place / "run.json").read_bytes()).setup
        # Versions of scoring packages are recorded as they are now; the numbers must be the same.
        again = recompute_result(place)
        assert drop_verdicts(again.model_copy(update={"setup": setup})) == content


def test_rescore_refuses_a_result_of_other_rules_and_names_both(folder: Path) -> None:
    place = next((folder / "work" / "results").glob("*/*"))
    with pytest.raises(ProtocolMismatch) as refused:
        rescore(place)
    stored = RunRecord.model_validate_json((place / "run.json").read_bytes()).protocol
    assert stored.sha256 in str(refused.value)
    assert load_protocol(NAME).sha256 in str(refused.value)


def drop_verdicts(result: Result) -> bytes:
    """A result's bytes without the counts of verdicts, which version 0.1 did not store."""
    tasks = [
        task.model_copy(update={"methods": tuple(one.model_copy(update={"verdicts": {}}) for one in task.methods)})
        for task in result.tasks
    ]
    return to_json(result.model_copy(update={"tasks": tuple(tasks)}))


def test_anchors_fit_and_finished_stages_are_not_done_again(tools: Tools, arena: Arena) -> None:
    assert load_checked_anchors(tools.benchmark, tools.context, tools.benchmark.read_tasks()).tasks
    before = tools.stage_files()
    for ulid, stored in ((ulid, arena.read_result(ulid, NAME)) for ulid in arena.published_protocols()):
        assert tools.runner(arena).evaluate(ulid) in ("published", "evaluated")
        result = tools.home / "results" / ulid / NAME / "result.json"
        assert drop_verdicts(Result.model_validate_json(result.read_bytes())) == to_json(stored)
    assert (tools.trainer.jobs, tools.generator.models) == ([], [])
    assert tools.stage_files() == before


def test_work_goes_on_where_the_old_evaluator_was_stopped(tools: Tools, arena: Arena) -> None:
    """Three models were trained and not asked; the fourth was not trained. Nothing else is done again."""
    breaks, just_in = arena.submission_ids()[6:]
    runner, before = tools.runner(arena), tools.stage_files()
    assert runner.submission_queue.refresh() == [breaks, just_in]
    assert runner.evaluate(breaks) == "published"
    assert [job.name for job in tools.trainer.jobs] == ["mt-de-en"]
    assert [model.name for model in tools.generator.models] == ["model"] * 4
    added = tools.stage_files().keys() - before.keys()
    assert {file.split("/")[1] for file in added} <= {"fine_tune", "cost"}
    assert {name: time for name, time in tools.stage_files().items() if name in before} == before
    page = TestClient(make_app(read_settings({"ARENA": str(tools.folder), "ARENA_PROTOCOL": NAME})))
    systems = {row["system"] for row in page.get("/board/dataset_research.json").json()}
    assert {"Breaks", "Scholar Search"} <= systems


def test_the_judge_fills_in_the_forms_of_before() -> None:
    """Their names and wording are sent to the model, and their hash names its stored answers."""
    hashes = [hashlib.sha256(schema_text(form).encode()).hexdigest() for form in (Comparison, GeneratedDescription)]
    assert hashes == [
        "039751f8df3673a8b96f1ae4bdbe17b6486027f86586277739f47c73a757a927",
        "b9b645c3bc8f2122b7a451e5732acc9535b1ddab487954204357f7009d2ca79f",
    ]


def test_the_public_interface_has_the_same_names(site: TestClient) -> None:
    before = plain(json.loads(renamed((DATA / "openapi.json").read_text())))
    now = plain(site.get("/openapi.json").json())
    assert now["paths"].keys() - NEW_PATHS == before["paths"].keys()
    for path, ways in before["paths"].items():
        assert now["paths"][path] == (without_defaults(ways) if "/run/" in path else ways), path
    schemas = now["components"]["schemas"]
    assert schemas.keys() - NEW_SCHEMAS == before["components"]["schemas"].keys()
    for name, schema in before["components"]["schemas"].items():
        assert without_added(name, schemas[name]) == without_optional(name, schema), name


def without_optional(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of before, with the properties that may be missing now."""
    if not (freed := OPTIONAL.get(name)):
        return schema
    properties = {
        field: {"anyOf": [one, {"type": "null"}], "default": None} if field in freed else one
        for field, one in schema["properties"].items()
    }
    required = [field for field in schema["required"] if field not in freed]
    return {**schema, "properties": properties, "required": required}


def without_added(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without the properties that were added since."""
    if not (added := ADDED.get(name)):
        return schema
    assert added <= schema["properties"].keys()
    kept = {field: one for field, one in schema["properties"].items() if field not in added}
    assert not added & set(schema.get("required", ()))
    return {**schema, "properties": kept}


def without_defaults(part: Any) -> Any:
    """A part of the document with empty texts for the defaults that were those of one board."""
    if isinstance(part, dict):
        return {
            name: "" if name == "default" and value in EMPTY else without_defaults(value)
            for name, value in part.items()
        }
    return [without_defaults(value) for value in part] if isinstance(part, list) else part


def columns_of(content: bytes) -> tuple[pa.Schema, str]:
    """A Parquet file's schema with its metadata, and its values; not who wrote it."""
    table = parquet.read_table(io.BytesIO(content))
    return table.schema, repr(table.to_pydict())


def read_interface() -> Mapping[str, Any]:
    """The paths of the old document."""
    found: Mapping[str, Any] = json.loads((DATA / "openapi.json").read_text())["paths"]
    return found


def renamed(document: str) -> str:
    """The old document with the names of now."""
    for old, new in RENAMED.items():
        document = document.replace(f'"{old}"', f'"{new}"').replace(f'schemas/{old}"', f'schemas/{new}"')
    return document


def plain(part: Any) -> Any:
    """A document without its wording."""
    if isinstance(part, dict):
        return {name: plain(value) for name, value in part.items() if not (name in TEXTS and isinstance(value, str))}
    return [plain(value) for value in part] if isinstance(part, list) else part
