"""`retriever` serves a corpus to search agents; `index` builds its index beforehand."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaluator.cli.command_options import AsJson
from submissions.errors import NotFound

if TYPE_CHECKING:
    from evaluator.config.retriever_settings import RetrieverFile
    from evaluator.retrieval.backends import RetrieverSource

_PAGE = "docs/organiser-retriever.md"
CorpusFile = Annotated[
    Path | None,
    typer.Option("--corpus", metavar="FILE", help="Passages: JSON lines or Parquet with id, title and text."),
]
IndexFolder = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="Folder of the index, if not beside the corpus.")
]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", metavar="FILE", help="TOML: backend, analyzer, model, server.")
]


def serve_retriever(
    corpus: CorpusFile = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any free one.")] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on. There is no authentication.")] = "127.0.0.1",
    index: IndexFolder = None,
    settings: SettingsFile = None,
    topk: Annotated[int, typer.Option(min=1, max=100, help="Hits of a query that requests no number.")] = 3,
) -> None:
    """Serve POST /retrieve and GET /health; build the index first if there is none."""
    from evaluator.retrieval.backends import open_retriever
    from evaluator.retrieval.server.retrieval_server import RetrievalServer, is_loopback_host
    from evaluator.runtime.signals import sigterm_as_interrupt

    stated, source = _load_retriever(corpus, index, settings)
    if not is_loopback_host(host):
        typer.echo(f"{host} may be reached from other machines, and there is no authentication.", err=True)
    with sigterm_as_interrupt(), RetrievalServer(host, port, topk) as server:
        server.serve_in_background()
        typer.echo(f"{server.url} loads its index: see {server.url}/health")
        server.load(lambda: open_retriever(stated, source))
        if server.retriever is not None:
            typer.echo(f"{server.url} is ready: {server.retriever.documents} passages, {server.retriever.index_id}")
        server.wait_until_ended()


def index_corpus(
    corpus: CorpusFile = None,
    index: IndexFolder = None,
    settings: SettingsFile = None,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Replace an index that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build the index of a corpus, and print its card."""
    from evaluator.retrieval.backends import make_engine
    from evaluator.retrieval.index_folder import build_index, default_index_folder
    from submissions.cli.runtime import print_json

    stated, source = _load_retriever(corpus, index, settings)
    if corpus is None:
        raise NotFound("Name the corpus with --corpus FILE.")
    folder = index or default_index_folder(corpus, stated.backend)
    card = build_index(make_engine(stated, source), corpus, folder, replace=rebuild)
    if as_json:
        print_json({"index_id": card.index_id, "folder": str(folder), **card.model_dump(mode="json")})
        return
    typer.echo(f"{folder}: {card.documents} passages, {card.index_id}")
    for name, value in card.model_dump(mode="json").items():
        typer.echo(f"  {name}: {value}")


def _load_retriever(
    corpus: Path | None, index: Path | None, settings: Path | None
) -> tuple[RetrieverFile, RetrieverSource]:
    """Load the settings of a retriever, the embedded one without a file, and where it finds its passages.

    Raises NotFound for a file that is missing or invalid, with its error.
    """
    from evaluator.config.retriever_settings import RetrieverFile
    from evaluator.config.settings_file import load_settings
    from evaluator.retrieval.backends import RetrieverSource

    stated = load_settings(settings, RetrieverFile, _PAGE) if settings else RetrieverFile()
    return stated, RetrieverSource(corpus, index, stated.connection, dict(os.environ))
