"""Card of an index: everything that shapes its rankings, and the id that runs carry."""

from __future__ import annotations

import hashlib
import json

from pydantic import AwareDatetime, Field

from submissions.records.base import Record, Sha256

FORMAT = 1
"""Format of index folders; others are refused."""


class IndexCard(Record):
    """An index on disk, in its file `index.json`."""

    format: int = FORMAT
    engine: str
    """Backend that made it."""
    engine_version: str
    analyzer: str = ""
    """Empty for a dense index."""
    analyzer_sha256: str = ""
    """Hash of the analyzer's definition."""
    parameters: dict[str, str | int | float]
    """Of BM25, or of the embedding model and the search of vectors."""
    corpus_sha256: Sha256
    documents: int = Field(ge=1)
    mean_terms: float = Field(ge=0)
    """Mean number of terms of a passage; 0 for a dense index."""
    built_at: AwareDatetime

    @property
    def index_id(self) -> str:
        """Engine and hash of the card but for the time: the same corpus and settings give the same id."""
        shaping = self.model_dump(mode="json", exclude={"built_at"})
        digest = hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()
        return f"{self.engine}-{digest[:16]}"
