"""Marks of options in a sentence, told from words of one letter by what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import regex

from evaluator.scoring.metrics.articles import ARTICLES
from evaluator.scoring.metrics.reading.alphabets import LATIN, LOOK_ALIKES, NAMES_OF_LETTERS, fold_mark
from evaluator.scoring.metrics.reading.answer_words import AFTER_UNSPACED, BEFORE_UNSPACED, LINKS, NAMED_BY_LETTER
from evaluator.scoring.metrics.reading.lines import UNSPACED
from evaluator.scoring.metrics.reading.sentence import compile_phrases
from evaluator.scoring.metrics.reading.sentence_words import FOLLOWING, LETTER_WORDS, WORD_LETTERS
from submissions.records.language_tags import primary_language

TAKEN = "\ufffc"
"""Stands for one letter of an option's text."""

_LETTER = regex.compile(r"[\p{L}\p{M}\p{N}_]")
_GLUING = regex.compile(rf"[{UNSPACED}\p{{Hangul}}]")
_KOREAN_SUBJECT = regex.compile(r"(?:가|이|을|를)\s")
_KOREAN_ANSWER = regex.compile(r"번|입니다|이다|예요|이에요|(?:가|이|을|를)\s+(?:맞|옳|고르|고를|선택|정답|답)")
_ARTICLE_LANGUAGES = frozenset({"hu", "pt", "gl"})
"""Languages whose article may stand as a capital before a mark: `A B válasz`."""
_NEXT_MARK = regex.compile(r"\s+\p{Lu}(?!\p{L})")
_COUNTER = regex.compile(r"\s?(?:번|番|号|號|項|项)")
_CASED_SCRIPT = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}]")
_CASED = regex.compile(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{Armenian}]+")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_NEXT_WORD = regex.compile(r"[\s*_`\"”»]+([\p{L}\p{M}]+)")
_CLAUSE_END = regex.compile(r"[\s*_`\"'”’»)\]}]*(?:$|[.,;:!?،؛。，；！？।<]|\.\s)")
_SUFFIX = regex.compile(r"['’](?:[dt][iıuü]r|[yn]?[iıuü]|[dt][ae]n?|[nd]?[iıuü]n|[yn]?[ae])(?!\p{L})")
"""Turkish endings."""
LINK_WORDS = frozenset(word for words in LINKS.values() for word in words.split())
"""Words directly before an option, in all languages."""
_ARTICLES = frozenset(word for words in ARTICLES.values() for word in words) | {"η", "το", "ο", "la", "el"}
_NAMING = tuple(word.rstrip("*") for word in NAMED_BY_LETTER.split() if word.endswith("*"))
_NAMING_WORDS = frozenset(word for word in NAMED_BY_LETTER.split() if not word.endswith("*"))
_BEFORE = tuple(sorted(BEFORE_UNSPACED, key=len, reverse=True))
_AFTER = tuple(sorted(AFTER_UNSPACED, key=len, reverse=True))
_ALEFS = ("ا", "أ", "إ", "آ", "الف", "ألف")


def _is_small(letter: str) -> bool:
    """Whether a letter is the small one of a pair; Georgian has no capitals in sentences."""
    return letter.islower() and _CASED_SCRIPT.match(letter) is not None


@dataclass(frozen=True)
class FoundMark:
    """A mark in a line: the option's key, and where it stands."""

    key: str
    start: int
    end: int


@lru_cache(1024)
def forms_of_marks(keys: tuple[str, ...]) -> dict[str, str]:
    """Map every way of writing the marks of a question to its key.

    Small and capital letters, forms of Arabic letters, capitals of another script that look the same; Latin letters
    by their position where the script has no capitals.
    """
    forms: dict[str, str] = {}
    for key in keys:
        folded = fold_mark(key)
        alefs = _ALEFS if folded == "ا" else ()
        for form in (key, folded, key.lower(), folded.lower(), *alefs):
            forms.setdefault(form, key)
    if not any(_CASED.fullmatch(key) for key in keys) and not any(key.isdecimal() for key in keys):
        for letter, key in zip(LATIN, keys, strict=False):
            forms.setdefault(letter, key)
            forms.setdefault(letter.lower(), key)
    for foreign, latin in LOOK_ALIKES.items():
        for form, other in ((foreign, latin), (latin, foreign)):
            if other in keys:
                forms.setdefault(form, other)
    names = {name: forms[letter] for name, letter in NAMES_OF_LETTERS.items() if letter in forms}
    return {**names, **forms}


@lru_cache(1024)
def compile_forms(keys: tuple[str, ...]) -> regex.Pattern[str]:
    """Compile a pattern of any way of writing these marks."""
    forms = sorted(forms_of_marks(keys), key=len, reverse=True)
    return regex.compile(r"(?:" + "|".join(map(regex.escape, forms)) + r")(?!\p{M})")


def find_marks(line: str, keys: tuple[str, ...], language: str) -> list[FoundMark]:
    """Find the marks in a line in which options' texts are replaced by TAKEN."""
    forms = forms_of_marks(keys)
    finder = _Finder(line, language)
    return [
        FoundMark(forms[match[0]], match.start(), match.end())
        for match in compile_forms(keys).finditer(line)
        if finder.is_mark(match[0], match.start(), match.end())
    ]


class _Finder:
    def __init__(self, line: str, language: str) -> None:
        self._line = line
        self._language = language
        primary = primary_language(language) if language else "und"
        self._has_word_letters = primary in WORD_LETTERS
        self._has_capital_articles = primary in _ARTICLE_LANGUAGES
        chosen = [primary, "en"] if primary in FOLLOWING and primary != "und" else list(FOLLOWING)
        self._following = _join_words(tuple(chosen))

    def is_mark(self, mark: str, start: int, end: int) -> bool:
        """Return whether a letter or number is an option's mark where it stands."""
        line = self._line
        if not (self._is_free_before(mark, start) and self._is_free_behind(mark, end)):
            return False
        if self._has_capital_articles and mark in ("A", "O") and _NEXT_MARK.match(line, end):
            return False
        before = self._words_before(start)
        if self._is_signed(mark, start, end):
            return True
        is_linked = self._is_linked(start, before)
        if before and not is_linked and (before[-1] in _NAMING_WORDS or before[-1].startswith(_NAMING)):
            return False
        following = _NEXT_WORD.match(line, end)
        follower = following[1] if following else ""
        is_clause_end = _CLAUSE_END.match(line, end) is not None
        can_follow = follower.casefold() in self._following
        if mark.isdecimal():
            if _COUNTER.match(line, end):
                return True
            return (is_linked or is_clause_end) and (self._is_announced(before) or (is_linked and is_clause_end))
        if len(mark) == 1 and _is_small(mark):
            if is_clause_end or not follower:
                return is_linked or self._is_announced(before)
            return is_linked and can_follow
        if mark in LETTER_WORDS:
            return is_linked or is_clause_end or self._is_subject_of_answer(end)
        if not follower or not _is_small(follower[0]) or not _CASED_SCRIPT.match(mark):
            return True
        return can_follow or is_linked or not self._has_word_letters

    def _is_subject_of_answer(self, end: int) -> bool:
        """Whether a Korean letter has an ending of a noun, and a word such as `answer` behind it."""
        if _KOREAN_ANSWER.match(self._line, end):
            return True
        match = _KOREAN_SUBJECT.match(self._line, end)
        return match is not None and any(
            self._is_announcement(word) for word in _WORD.findall(self._line[match.end() :])
        )

    def _is_free_before(self, mark: str, start: int) -> bool:
        line = self._line
        if not start:
            return True
        sign, text = line[start - 1], line[:start]
        if _LETTER.match(sign):
            return _GLUING.match(sign) is not None and text.endswith(_BEFORE)
        if sign == TAKEN:
            return False
        if sign in "'’":
            return not (start > 1 and _LETTER.match(line[start - 2]))
        if sign in "-−–":
            return not mark.isdecimal() and not (start > 1 and _LETTER.match(line[start - 2]))
        if sign in ".,":
            is_inner = start > 1 and _LETTER.match(line[start - 2]) is not None
            return (
                not is_inner
                or (sign == "," and not mark.isdecimal())
                or (
                    sign == "."
                    and not mark.isdecimal()
                    and mark.isupper()
                    and not regex.search(r"(?<!\p{L})\p{L}\.$", text)
                )
            )
        if sign in "([" and start > 1 and _LETTER.match(line[start - 2]) and _is_small(mark):
            return _GLUING.match(line[start - 2]) is not None
        return sign not in "+#^_$€£¥" or sign == "_"

    def _is_free_behind(self, mark: str, end: int) -> bool:
        line = self._line
        if end == len(line):
            return True
        sign = line[end]
        if _LETTER.match(sign):
            return sign == "_" or (_GLUING.match(sign) is not None and line.startswith(_AFTER, end))
        if sign == TAKEN or sign in "+#%°^":
            return False
        if sign in "'’":
            return not regex.match(r"\p{L}", line[end + 1 : end + 2]) or _SUFFIX.match(line, end) is not None
        if sign in "-−–":
            return not _LETTER.match(line[end + 1 : end + 2]) or self._is_announcement(self._word_at(end + 1))
        if sign in ".,":
            behind = line[end + 1 : end + 2]
            return not (mark.isdecimal() and behind.isdecimal()) and not (
                sign == "." and _is_small(mark) and behind.isalpha()
            )
        return True

    def _is_signed(self, mark: str, start: int, end: int) -> bool:
        """Whether a mark has its sign, as in `B)`, `(b)`, `2)`; a point or comma is none of a small letter."""
        line = self._line
        opened = start > 0 and line[start - 1] in "([{【「<"
        sign = line[end : end + 1]
        if sign and sign in ")]}】」":
            return not mark.isdecimal() or opened or not regex.search(r"\p{N}\s*$", line[:start])
        if mark.isdecimal():
            return False
        return (
            bool(sign)
            and (sign in ":、" or (sign == "." and not _is_small(mark)))
            and not line[end + 1 : end + 2].isalpha()
            and (start == 0 or not _is_small(mark))
        )

    def _words_before(self, start: int) -> list[str]:
        cut = max(self._line.rfind(sign, 0, start) for sign in ",;!?。，；،।")
        stop = max((match.end() for match in regex.finditer(r"\.\s", self._line[:start])), default=0)
        return [word.casefold() for word in _WORD.findall(self._line[max(cut + 1, stop) : start])]

    def _is_linked(self, start: int, before: list[str]) -> bool:
        """Whether `is`, `answer`, `option` or a colon after such a word stands directly before, articles apart."""
        line = self._line[:start]
        if line and _GLUING.match(line[-1]) and line.endswith(_BEFORE):
            return True
        bare = line.rstrip(" \t*_`\"'“„«‘([{<")
        if bare.endswith((":", "=", "—", "–", "-")):
            return self._is_announced(before)
        if bare and not _LETTER.match(bare[-1]):
            return False
        words = before
        while words and words[-1] in _ARTICLES and words[-1] not in LINK_WORDS:
            words = words[:-1]
        if not words:
            return bool(before) and (self._has_capital_articles or not before[0].isascii())
        last = words[-1]
        if last in LINK_WORDS or self._is_announcement(last):
            return True
        return bool(bare) and _GLUING.match(bare[-1]) is not None and bare.endswith(_BEFORE)

    def _is_announced(self, before: list[str]) -> bool:
        if any(self._is_announcement(word) for word in before):
            return True
        return any(_GLUING.search(word) and any(each in word for each in _BEFORE) for word in before)

    def _is_announcement(self, word: str) -> bool:
        return bool(word) and bool(compile_phrases("announcements", self._language).find_in([word.casefold()]))

    def _word_at(self, at: int) -> str:
        match = _WORD.match(self._line, at)
        return match[0] if match else ""


@lru_cache(128)
def _join_words(languages: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for language in languages for word in FOLLOWING[language].split())
