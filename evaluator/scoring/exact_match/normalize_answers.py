"""Normalization of short answers before they are compared, as five published evaluations do it.

Where each is from: `ci` is the text of the InnovatorBench task, `squad` is SQuAD's as in Search-R1 and FlashRAG,
`triviaqa` is TriviaQA's as in R1-Searcher, `deepresearcher` is DeepResearcher's. Pure ASCII text takes a path that is
several times as fast and gives the same result.
"""

from __future__ import annotations

import re
import string

_BLANK = str.maketrans(dict.fromkeys(string.punctuation, " "))
_BLANK_WITH_QUOTES = str.maketrans(dict.fromkeys(string.punctuation + "‘’´`", " "))
_DELETED = str.maketrans(dict.fromkeys(string.punctuation))
_ASCII_LOWER = bytes(range(256)).lower()
_ASCII_BLANK = bytes(ord(chr(code).lower().translate(_BLANK)) for code in range(128)).ljust(256)
_ASCII_SIGNS = string.punctuation.encode()
_ARTICLES = frozenset(("a", "an", "the"))
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_BOOLEANS = {"True": "yes", "False": "no"}


def fold_case(text: str) -> str:
    """Strip outer blanks and lower the case."""
    return text.strip().lower()


def normalize_squad(text: str) -> str:
    """Lower the case, delete ASCII signs, drop English articles, collapse blanks."""
    if text.isascii():
        return _drop_articles(text.encode().translate(_ASCII_LOWER, _ASCII_SIGNS).decode())
    return _drop_articles(text.lower().translate(_DELETED))


def normalize_squad_booleans(text: str) -> str:
    """Read a whole `True` as yes and `False` as no, then normalize as SQuAD does."""
    return normalize_squad(_BOOLEANS.get(text, text))


def normalize_triviaqa(text: str) -> str:
    """Read booleans, lower the case, turn signs and quote marks into blanks, drop English articles."""
    text = _BOOLEANS.get(text, text)
    if text.isascii():
        return _drop_articles(text.encode().translate(_ASCII_BLANK).decode())
    return _drop_articles(text.lower().translate(_BLANK_WITH_QUOTES))


def normalize_deepresearcher(text: str) -> str:
    """Lower the case, turn ASCII signs into blanks, collapse blanks. Articles stay."""
    if text.isascii():
        return " ".join(text.encode().translate(_ASCII_BLANK).decode().split())
    return " ".join(text.lower().translate(_BLANK).split())


def _drop_articles(text: str) -> str:
    words = text.split()
    if "".join(words).isalnum():
        return " ".join([word for word in words if word not in _ARTICLES])
    # Control characters, marks and other scripts' signs bound words too: in `the—end` the article goes, the dash stays.
    return " ".join(_ARTICLE.sub(" ", text).split())
