"""Embedded full-text index on disk: tantivy's BM25 over our own terms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import tantivy

from evaluator.retrieval.analyzer import Analyzer
from evaluator.retrieval.engines.engine import Parameters, ScoredRow, WrittenIndex
from evaluator.retrieval.retriever import Passage

K1, B = 1.2, 0.75
"""Fixed in tantivy, which also keeps the length of long passages in one byte."""
WRITER_BYTES = 128 << 20
"""Memory of the writer."""
_TERMS, _ROW = "terms", "row"
_ANALYZED = "analyzed"
_FREQUENCIES = "freq"


class TantivyEngine:
    """Writes and opens tantivy indexes."""

    name = "tantivy"

    def __init__(self, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        self.version = version("tantivy")
        self.parameters: Parameters = {"k1": K1, "b": B}

    def write_index(self, passages: Iterable[Passage], folder: Path) -> WrittenIndex:
        """Write the index with one thread, so that its segments are the same every time."""
        total = 0
        index = tantivy.Index(_build_schema(), path=str(folder), reuse=False)
        _register_terms(index)
        writer = index.writer(heap_size=WRITER_BYTES, num_threads=1)
        try:
            for row, passage in enumerate(passages):
                terms = self.analyzer.list_terms(passage.indexed_text)
                total += len(terms)
                document = tantivy.Document()
                document.add_text(_TERMS, " ".join(terms))
                document.add_unsigned(_ROW, row)
                writer.add_document(document)
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()  # which also ends its thread
        return WrittenIndex(terms=total)

    def open_index(self, folder: Path, card_parameters: Parameters) -> TantivySearcher:  # noqa: ARG002
        """Open the index; its files are mapped into memory."""
        index = tantivy.Index.open(str(folder))
        _register_terms(index)
        return TantivySearcher(index, self.analyzer)


class TantivySearcher:
    """An open tantivy index. Searches release Python's lock."""

    def __init__(self, index: tantivy.Index, analyzer: Analyzer) -> None:
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = analyzer

    @property
    def documents(self) -> int:
        """Number of passages."""
        return self._searcher.num_docs

    def prepare_queries(self, queries: Sequence[str]) -> Sequence[tantivy.Query | None]:
        """Build each query as the OR of its terms, past tantivy's query parser."""
        return [self._build_query(self._analyzer.select_query_terms(query)) for query in queries]

    def find_rows(self, query: tantivy.Query, limit: int) -> Sequence[ScoredRow]:
        """Find the best rows."""
        hits = self._searcher.search(query, limit, count=False).hits
        rows = self._searcher.fast_field_values(_ROW, [address for _, address in hits])
        return [ScoredRow(int(row or 0), float(score)) for row, (score, _) in zip(rows, hits, strict=True)]

    def close(self) -> None:
        """Nothing: the files are closed with the last reference."""

    def _build_query(self, terms: Sequence[str]) -> tantivy.Query | None:
        if not terms:
            return None
        queries = (tantivy.Query.term_query(self._schema, _TERMS, term, index_option=_FREQUENCIES) for term in terms)
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_TERMS, tokenizer_name=_ANALYZED, index_option=_FREQUENCIES)
    builder.add_unsigned_field(_ROW, fast=True)
    return builder.build()


def _register_terms(index: tantivy.Index) -> None:
    """Have tantivy split terms at blanks and change none of them."""
    index.register_tokenizer(_ANALYZED, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
