"""`index` and `retriever` on the command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from evaluator.config.retriever_settings import RetrieverConnection, RetrieverFile
from evaluator.retrieval.analyzer import MAX_QUERY_TERMS
from evaluator.retrieval.http_retriever import open_http_retriever
from evaluator.retrieval.retriever import MAX_K, MAX_QUERY_CHARACTERS
from evaluator.retrieval.server.retrieval_server import MAX_CONNECTIONS
from evaluator.retrieval.server.retrieve_request import MAX_BODY_BYTES, MAX_HITS, MAX_QUERIES
from tests.support.command_lines import run_command
from tests.support.paths import ROOT
from tests.support.retrieval_corpora import make_rows, write_corpus

pytestmark = pytest.mark.integration


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "passages.jsonl", make_rows(passages=20))


def test_index_prints_the_card(corpus: Path, tmp_path: Path) -> None:
    done = run_command("evaluator", "index", "--corpus", corpus)
    assert done.returncode == 0, done.stderr
    assert "29 passages, tantivy-" in done.stdout
    assert "analyzer: words@1" in done.stdout
    again = run_command("evaluator", "index", "--corpus", corpus, "--index", tmp_path / "other", "--json")
    card = json.loads(again.stdout)
    assert card["index_id"] in done.stdout
    assert (card["documents"], card["folder"]) == (29, str(tmp_path / "other"))


def test_settings_choose_the_engine(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('backend = "exact"\nanalyzer = "english@1"\nk1 = 0.9\nb = 0.4\n')
    done = run_command("evaluator", "index", "--corpus", corpus, "--settings", tmp_path / "settings.toml", "--json")
    card = json.loads(done.stdout)
    assert (card["engine"], card["analyzer"], card["parameters"]) == ("exact", "english@1", {"k1": 0.9, "b": 0.4})
    changed = write_corpus(corpus, make_rows(passages=21))
    refused = run_command("evaluator", "index", "--corpus", changed, "--settings", tmp_path / "settings.toml")
    assert (refused.returncode, "--rebuild" in refused.stderr) == (2, True)
    rebuilt = run_command(
        "evaluator", "index", "--corpus", changed, "--settings", tmp_path / "settings.toml", "--rebuild", "--json"
    )
    assert json.loads(rebuilt.stdout)["documents"] == 30


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        (None, 1, "No file"),
        ("backend =", 1, "is not TOML"),
        ('engine = "exact"', 1, "engine: Extra inputs"),
        ('backend = "lucene"', 1, "'lucene' makes no index; these do: tantivy, exact, dense"),
        ('analyzer = "porter"', 1, "No analyzer 'porter'"),
        ("k1 = 0.9", 1, "use the backend 'exact' for others"),
        ('backend = "dense"', 1, "needs a server"),
        ('backend = "dense"\n[connection]\nurl = "here"', 1, "connection: Value error, url: wanted http"),
        ('backend = "dense"\n[connection]\nurl = "http://127.0.0.1:9"', 1, "needs an embedding model"),
    ],
    ids=range(9),
)
def test_wrong_settings_are_named(corpus: Path, tmp_path: Path, settings: str | None, code: int, message: str) -> None:
    file = tmp_path / "settings.toml"
    if settings is not None:
        file.write_text(settings)
    done = run_command("evaluator", "index", "--corpus", corpus, "--settings", file)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize("command", ["index", "retriever"])
def test_a_corpus_that_is_missing_or_broken_is_named(tmp_path: Path, command: str) -> None:
    port = ("--port", 0) if command == "retriever" else ()
    done = run_command("evaluator", command, *port)
    assert (done.returncode, "--corpus" in done.stderr) == (1, True)
    done = run_command("evaluator", command, "--corpus", tmp_path / "none.jsonl", *port)
    assert (done.returncode, "No corpus" in done.stderr) == (1, True)
    (tmp_path / "broken.jsonl").write_text('{"id": "a", "text": "x"}\n{"id": "b"\n')
    done = run_command("evaluator", command, "--corpus", tmp_path / "broken.jsonl", *port)
    assert (done.returncode, "broken.jsonl:2 is no JSON object" in done.stderr) == (2, True), done.stderr


def test_the_organisers_page_has_settings_that_load_and_limits_that_hold() -> None:
    page = (ROOT / "docs/organiser-retriever.md").read_text()
    files = [RetrieverFile.model_validate(tomllib.loads(text)) for text in re.findall(r"```toml\n(.*?)```", page, re.S)]
    assert [file.backend for file in files] == ["tantivy", "dense", "http"]
    assert f"{MAX_QUERIES:,} queries of {MAX_QUERY_CHARACTERS:,} characters, {MAX_HITS:,} hits" in page
    assert f"{MAX_BODY_BYTES >> 20} MiB in a request" in page
    assert f"above {MAX_K} counts as {MAX_K}; {MAX_CONNECTIONS} connections" in page
    assert f"first {MAX_QUERY_TERMS} distinct words" in page


def test_the_server_runs_until_it_is_ended(corpus: Path) -> None:
    command = [sys.executable, "-m", "evaluator", "retriever", "--corpus", str(corpus), "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[0]
        connection = RetrieverConnection(url=url, wait_seconds=60)
        with closing(open_http_retriever(connection, {})) as retriever:
            assert [hit.passage.id for hit in retriever.search(["Corvus"])[0]] == ["contents"]
            assert retriever.index_id in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130
        assert process.stdout.read() == ""
