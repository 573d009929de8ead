"""Retriever cost: queries per second of the embedded index beside bm25s and rank_bm25, memory, and the first answer.

Run `python -m benchmarks.evaluator.retrieval [PASSAGES ...]`: 3,000 passages by default; 1000000 takes some 5 minutes
and 2 GB of disk. The corpora are synthetic: words by Zipf's law, 60 in a passage; six words in a query, without the
commonest. All sides have the same terms. The index is built in one process and searched in others, one of which is
timed from its start to its first answer. bm25s is left out above 200,000 passages, where building takes more than the
memory limit, and rank_bm25 above 20,000; that one is in no lock file: its row needs rank-bm25 0.2.2 on the path.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluator.config.retriever_settings import RetrieverSettings
from evaluator.retrieval.analyzer import split_words
from evaluator.retrieval.backends import RetrieverSource, open_retriever
from evaluator.retrieval.corpus import read_passages

VOCABULARY, PASSAGE_WORDS, QUERY_WORDS, COMMONEST, K = 60_000, 60, 6, 50, 3
MAX_BM25S_PASSAGES, MAX_RANK_BM25_PASSAGES = 200_000, 20_000
TARGETS = {3_000: 1_000, 1_000_000: 200}
"""Queries per second of the embedded index on two cores, by passages."""
STARTS = 5
MAX_GIB, MAX_FIRST_SECONDS = 2.0, 1.0


def main(arguments: Sequence[str]) -> None:
    """Print a table for each size; or do one step in this process, for the process that prints."""
    if arguments[:1] == ["--step"]:
        step, corpus, queries = arguments[1:]
        print(json.dumps(STEPS[step](Path(corpus), int(queries))))
        return
    print(f"{len(os.sched_getaffinity(0))} cores; {QUERY_WORDS} words a query, {K} hits")
    for passages in map(int, arguments or ["3000"]):
        with tempfile.TemporaryDirectory(prefix="retrieval-") as folder:
            file = write_corpus(Path(folder) / "passages.jsonl", passages)
            queries_file(file).write_text(json.dumps(make_queries(2_000 if passages <= 20_000 else 400)))
            print_size(file, passages)


def print_size(corpus: Path, passages: int) -> None:
    """Measure and print all engines on one corpus."""
    queries = len(json.loads(queries_file(corpus).read_text()))
    built, started = run_step("build", corpus, 0)
    print(
        f"\n{passages:,} passages, {corpus.stat().st_size / 2**20:,.0f} MiB: built in {built['seconds']:.1f} s with "
        f"{built['gib']:.2f} GiB, {built['index_mib']:,.0f} MiB of index (process: {started:.1f} s)"
    )
    starts = [run_step("first", corpus, 1) for _ in range(STARTS)]
    first, computing = min(seconds for _, seconds in starts), min(figures["cpu"] for figures, _ in starts)
    rows = {"tantivy": run_step("tantivy", corpus, queries)[0]}
    if passages <= MAX_BM25S_PASSAGES:
        rows["bm25s"] = run_step("bm25s", corpus, min(queries, 500))[0]
    if passages <= MAX_RANK_BM25_PASSAGES and importlib.util.find_spec("rank_bm25"):
        rows["rank_bm25"] = run_step("rank_bm25", corpus, 100)[0]
    print(f"{'engine':12}{'queries':>9}{'queries/s':>12}{'ratio':>9}{'GiB':>7}")
    for name, row in rows.items():
        ratio = rows["tantivy"]["rate"] / row["rate"]
        print(f"{name:12}{row['queries']:>9,}{row['rate']:>12,.0f}{ratio:>8.1f}x{row['gib']:>7.2f}")
    peak = max(built["gib"], rows["tantivy"]["gib"])
    if passages in TARGETS:
        print_verdict("queries/s", rows["tantivy"]["rate"], TARGETS[passages], is_floor=True)
    name = f"seconds from start to first answer, {computing:.2f} of them computing, fastest of {STARTS}"
    print_verdict(name, first, MAX_FIRST_SECONDS, is_floor=False)
    print_verdict("GiB at most, building and searching", peak, MAX_GIB, is_floor=False)


def print_verdict(name: str, value: float, target: float, *, is_floor: bool) -> None:
    """Print a figure beside its target."""
    is_met = value >= target if is_floor else value <= target
    print(f"  {name}: {value:,.2f} (target {target:,g}: {'met' if is_met else 'MISSED'})", flush=True)


def run_step(step: str, corpus: Path, queries: int) -> tuple[dict[str, Any], float]:
    """Run a step in a process of its own; return its figures, and its seconds from start to end."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.evaluator.retrieval", "--step", step, str(corpus), str(queries)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds = time.perf_counter() - started
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures, seconds


def write_corpus(file: Path, passages: int) -> Path:
    """Write a corpus, a thousand passages at a time."""
    random, words, shares = np.random.default_rng(0), make_words(), zipf_shares()
    with file.open("w") as stream:
        for start in range(0, passages, 1000):
            count = min(1000, passages - start)
            drawn = random.choice(VOCABULARY, size=(count, PASSAGE_WORDS), p=shares)
            for number, row in enumerate(drawn, start):
                text = " ".join(words[word] for word in row)
                stream.write(json.dumps({"id": f"p{number}", "title": f"Page {number}", "text": text}) + "\n")
    return file


def make_words() -> list[str]:
    """Make words of letters, the commonest first."""
    return [f"w{np.base_repr(number + 10_000, 26).lower()}" for number in range(VOCABULARY)]


def zipf_shares() -> np.ndarray[Any, np.dtype[np.float64]]:
    """The share of each word in a text."""
    weights = 1 / np.arange(1, VOCABULARY + 1)
    shares: np.ndarray[Any, np.dtype[np.float64]] = weights / weights.sum()
    return shares


def make_queries(count: int) -> list[str]:
    """Make queries of words as texts have them, without the commonest."""
    random, words, shares = np.random.default_rng(1), make_words(), zipf_shares()
    shares[:COMMONEST] = 0
    drawn = random.choice(VOCABULARY, size=(count, QUERY_WORDS), p=shares / shares.sum())
    return [" ".join(words[word] for word in row) for row in drawn]


def queries_file(corpus: Path) -> Path:
    """The file of a corpus's queries."""
    return corpus.with_name("queries.json")


def read_queries(corpus: Path, count: int) -> list[str]:
    """Read the first queries."""
    queries: list[str] = json.loads(queries_file(corpus).read_text())
    return queries[:count]


def build_index(corpus: Path, _queries: int) -> dict[str, Any]:
    """Build the embedded index."""
    started = time.perf_counter()
    open_retriever(RetrieverSettings(), RetrieverSource(corpus)).close()
    seconds = time.perf_counter() - started
    folder = corpus.with_name(f"{corpus.name}.tantivy")
    stored = sum(file.stat().st_size for file in folder.iterdir() if file.suffix not in (".jsonl", ".npy"))
    return {"seconds": seconds, "index_mib": stored / 2**20, "gib": read_peak_gib()}


def search_once(corpus: Path, queries: int) -> dict[str, Any]:
    """Open the saved index and answer one query."""
    retriever = open_retriever(RetrieverSettings(), RetrieverSource(corpus))
    (hits,) = retriever.search(read_queries(corpus, queries), K)
    return {"hits": len(hits), "cpu": time.process_time()}


def search_embedded(corpus: Path, queries: int) -> dict[str, Any]:
    """Search the saved index."""
    retriever = open_retriever(RetrieverSettings(), RetrieverSource(corpus))
    texts = read_queries(corpus, queries)
    return measure_rate(texts, lambda: retriever.search(texts, K))


def search_bm25s(corpus: Path, queries: int) -> dict[str, Any]:
    """Search with bm25s as its users do: in batches, on numpy; threads only slow it down."""
    bm25s = importlib.import_module("bm25s")
    ranker = bm25s.BM25(method="lucene", k1=1.2, b=0.75, backend="numpy")
    ranker.index([split_words(passage.indexed_text) for passage in read_passages(corpus)], show_progress=False)
    texts = read_queries(corpus, queries)
    terms = [split_words(text) for text in texts]
    return measure_rate(texts, lambda: ranker.retrieve(terms, k=K, show_progress=False))


def search_rank_bm25(corpus: Path, queries: int) -> dict[str, Any]:
    """Search with rank_bm25 as its users do: all scores, then the best."""
    rank_bm25 = importlib.import_module("rank_bm25")
    passages = list(read_passages(corpus))
    ranker = rank_bm25.BM25Okapi([split_words(passage.indexed_text) for passage in passages])
    texts = read_queries(corpus, queries)
    return measure_rate(texts, lambda: [ranker.get_top_n(split_words(text), passages, n=K) for text in texts])


def measure_rate(texts: Sequence[str], search: Callable[[], object]) -> dict[str, Any]:
    """Time a search of all queries, the second time: files are then in memory, as they are in a long run."""
    search()
    started = time.perf_counter()
    search()
    return {
        "queries": len(texts),
        "rate": len(texts) / (time.perf_counter() - started),
        "gib": read_peak_gib(),
    }


def read_peak_gib() -> float:
    """This process's largest memory so far, in GiB, with the pages of mapped files."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


STEPS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "build": build_index,
    "first": search_once,
    "tantivy": search_embedded,
    "bm25s": search_bm25s,
    "rank_bm25": search_rank_bm25,
}
"""Steps, each run in a process of its own."""


if __name__ == "__main__":
    main(sys.argv[1:])
