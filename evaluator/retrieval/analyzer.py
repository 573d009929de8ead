"""Analyzers: how passages and queries alike become terms.

An index stores the definition of its analyzer, and is refused where the analyzer of that name is another one. No
query parser is involved: a query is the set of its terms, so that no character of it can mean an operator.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import regex
import snowballstemmer  # type: ignore[import-untyped]

from evaluator.retrieval.retriever import hash_text
from submissions.errors import NotFound

MAX_QUERY_TERMS = 64
"""Distinct terms of a query that are searched; further ones are ignored."""
MAX_TERM_CHARACTERS = 64
"""Longer terms are cut: keys, encoded files, and words without end."""
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
"""Scripts that put no space between words: indexed by pairs of letters."""
_WORD = regex.compile(r"[\p{L}\p{N}_][\p{L}\p{N}\p{M}_]*")
_ASCII_WORD = re.compile(r"[a-z0-9_]+")
"""The same, of ASCII text in lower case."""
_RUN_START = regex.compile(rf"[{_UNSPACED}]")
_RUN = regex.compile(rf"[{_UNSPACED}][{_UNSPACED}\p{{M}}]*|[^{_UNSPACED}]+")
_STEMMER_VERSION = "Snowball English, snowballstemmer 3"


@dataclass(frozen=True)
class Analyzer:
    """Turns text into terms."""

    name: str
    definition: str
    """All that shapes its terms, in words."""
    list_terms: Callable[[str], list[str]]
    """All terms of a text, in order, with repeats."""

    @property
    def sha256(self) -> str:
        """Hash of the definition."""
        return hash_text(self.definition)

    def select_query_terms(self, text: str) -> list[str]:
        """The first distinct terms of a query, at most MAX_QUERY_TERMS."""
        return list(dict.fromkeys(self.list_terms(text)))[:MAX_QUERY_TERMS]


def split_words(text: str) -> list[str]:
    """Split into runs of letters, digits and underscores, case folded; pairs of letters where no spaces are written."""
    words: Iterable[str] = (
        _ASCII_WORD.findall(text.lower())
        if text.isascii()
        else _split_unspaced(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
    )
    return [word[:MAX_TERM_CHARACTERS] for word in words]


def _split_unspaced(words: list[str]) -> Iterator[str]:
    for word in words:
        if word.isascii():
            yield word
            continue
        for run in _RUN.findall(word):
            is_unspaced = len(run) > 1 and _RUN_START.match(run)
            yield from map("".join, pairwise(run)) if is_unspaced else (run,)


def stem_english(text: str) -> list[str]:
    """Split into words, and remove English endings."""
    return list(map(_stem_word, split_words(text)))


@lru_cache(maxsize=200_000)
def _stem_word(word: str) -> str:
    # A stemmer keeps the word that it works on, so threads must not share one; the cache makes them rare.
    stem: str = snowballstemmer.stemmer("english").stemWord(word) if word.isascii() else word
    return stem


def find_analyzer(name: str) -> Analyzer:
    """The analyzer of this name. Raises NotFound, which names those that exist."""
    if name not in ANALYZERS:
        raise NotFound(f"No analyzer {name!r}; there are: {', '.join(ANALYZERS)}.")
    return ANALYZERS[name]


_WORDS = (
    f"NFKC of Unicode {unicodedata.unidata_version}, case folding, runs by {_WORD.pattern}, pairs of letters in "
    f"unspaced scripts ({_UNSPACED}), at most {MAX_TERM_CHARACTERS} characters"
)
ANALYZERS: Mapping[str, Analyzer] = {
    "words@1": Analyzer("words@1", _WORDS, split_words),
    "english@1": Analyzer("english@1", f"{_WORDS}; {_STEMMER_VERSION}", stem_english),
}
"""By name and version: one that changes its terms is a new version."""
