"""Articles by language, which count neither for nor against an answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from submissions.records.language_tags import primary_language

ARTICLES: dict[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "en": "a an the",
        "de": "der die das den dem des ein eine einen einem einer eines",
        "nl": "de het een",
        "af": "die",
        "sv": "en ett den det de",
        "da": "en et den det de",
        "no": "en ei et den det de",
        "fr": "le la les l un une des",
        "es": "el la los las un una unos unas",
        "ca": "el la els les l un una uns unes",
        "gl": "o a os as un unha uns unhas",
        "it": "il lo la i gli le l un uno una",
        "pt": "o a os as um uma uns umas",
        "ro": "un o niște",
        "el": "ο η το οι τα τον την του της των τους τις ένας μία μια ένα έναν ενός μιας",
        "hu": "a az egy",
        "ga": "an na",
        "cy": "y yr",
        "eo": "la",
        "sq": "një",
    }.items()
}
_AL = "ال"
"""The Arabic article, written as part of the word."""
_SHORTEST = 3
"""Letters that are left of an Arabic word without its article."""


def select_article_dropper(language: str) -> Callable[[list[str]], list[str]]:
    """Return the function that drops a language's articles from tokens.

    An article at the end is none, but a name, as in `vitamin A`.
    """
    primary = primary_language(language)
    if primary == "ar":
        return lambda tokens: [_drop_al(token) for token in tokens]
    if primary not in ARTICLES:
        return lambda tokens: tokens
    return partial(_drop_articles, ARTICLES[primary])


def _drop_articles(articles: frozenset[str], tokens: list[str]) -> list[str]:
    if articles.isdisjoint(tokens):
        return tokens
    *before, last = tokens
    return [token for token in before if token not in articles] + [last]


def _drop_al(token: str) -> str:
    return token[len(_AL) :] if token.startswith(_AL) and len(token) >= len(_AL) + _SHORTEST else token
