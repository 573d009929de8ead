"""Language of an answer where it is evidently not the task's: by the words that name, link and deny options.

A task's tag is that of its outputs, and outputs such as `A` belong to no language: a model may answer a Vietnamese
question in Vietnamese though the task says English.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from evaluator.scoring.metrics.reading.answer_words import ANSWER_WORDS, LINKS
from evaluator.scoring.metrics.reading.denial_words import DENIALS_BEFORE, DENIALS_BEHIND, WRONGS
from evaluator.scoring.metrics.reading.mentions import split_units
from evaluator.scoring.metrics.reading.sentence_words import FOLLOWING
from submissions.records.language_tags import primary_language

_MAX_LETTERS = 4000
"""Letters of an answer that are looked at, the first ones."""
_ENGLISH_LOOKING = frozenset(
    "alternativ alternative class exact item letter opci option respond trio val variant".split()
)
"""Words for an answer elsewhere that an English text may have, too."""
_EVIDENCE, _SHORT = 2, 4
"""Words of a language that are needed; one if it is not in plain Latin letters, or if the answer has a few units."""
_LONGEST = 16
"""Letters of the longest unit of a table."""
_Phrase = tuple[str, tuple[str, ...], bool]
"""Language, units, and whether the last one is a stem."""


def find_answer_language(answer: str, tag: str) -> str:
    """Return the task's tag, or the language of which an answer has more words than of the tag's and of English.

    A word for `answer` or `wrong` must be among them, or a denial in another script. An unknown tag stays.
    """
    primary = primary_language(tag) if tag else ""
    if primary not in ANSWER_WORDS:
        return tag
    units = split_units(answer[:_MAX_LETTERS], tag).texts
    core, others = (_find_words(units, index) for index in _build_indices())
    words = {name: core.get(name, set()) | others.get(name, set()) for name in {**core, **others}}
    own = max((len(words.get(name, ())) for name in (primary, "en")), default=0)
    telling = {name for name, places in words.items() if any(not units[at].isascii() for at in places)}
    needed = 1 if len(units) <= _SHORT else _EVIDENCE
    evident = [
        name
        for name in words
        if (name in core or _is_foreign_script(units, words[name])) and (name in telling or len(words[name]) >= needed)
    ]
    best = max(evident, key=lambda name: (len(words[name]), len(core.get(name, ()))), default=primary)
    return best if len(words.get(best, ())) > own else tag


def _find_words(units: Sequence[str], index: Mapping[str, list[_Phrase]]) -> dict[str, set[int]]:
    """Find the places at which a phrase of each language begins."""
    places: dict[str, set[int]] = defaultdict(set)
    for start, unit in enumerate(units):
        for end in range(1, min(len(unit), _LONGEST) + 1):
            for name, phrase, is_stem in index.get(unit[:end], ()):
                if _fits(units[start : start + len(phrase)], phrase, is_stem=is_stem):
                    places[name].add(start)
    return places


def _fits(units: Sequence[str], phrase: tuple[str, ...], *, is_stem: bool) -> bool:
    if len(units) < len(phrase) or tuple(units[:-1]) != phrase[:-1]:
        return False
    return units[-1].startswith(phrase[-1]) if is_stem else units[-1] == phrase[-1]


def _is_foreign_script(units: Sequence[str], places: set[int]) -> bool:
    return any(units[at][0] > "\u024f" for at in places)  # behind the blocks of Latin letters


@cache
def _build_indices() -> tuple[Mapping[str, list[_Phrase]], Mapping[str, list[_Phrase]]]:
    """Build the index of words for `answer` and `wrong`, and that of words around them."""
    return _index_words((ANSWER_WORDS, WRONGS)), _index_words((LINKS, FOLLOWING, DENIALS_BEFORE, DENIALS_BEHIND))


def _index_words(tables: Sequence[Mapping[str, str]]) -> Mapping[str, list[_Phrase]]:
    """Index the phrases of all languages by their first unit, or the beginning of a stem."""
    index: dict[str, list[_Phrase]] = defaultdict(list)
    for name, words in ((name, words) for table in tables for name, words in table.items()):
        for word in words.replace("|", " ").split():
            if name == "en" or word.rstrip("*") not in _ENGLISH_LOOKING:
                phrase = split_units(word.rstrip("*").replace("_", " "), name).texts
                index[phrase[0]].append((name, phrase, word.endswith("*")))
    return index
