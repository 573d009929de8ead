"""Decides for a row and a test row whether one copies the other: by runs of letters, sentences, answers, numbers."""

from __future__ import annotations

from functools import cache

import regex
from rapidfuzz import fuzz

from evaluator.config.screen_settings import NearDuplicateSettings
from evaluator.stages.screen.normalize import Normalizer
from evaluator.stages.screen.other_exercise import is_other_exercise
from evaluator.stages.screen.text_coverage import RunIndex, TextCoverage, TextPart, find_text_parts

_NOT_DIGIT = regex.compile(r"\P{N}+")
_SAME_WORDING = 70.0
"""Similarity by longest common subsequence, of 100, from which two answers count as equal."""
_LONGER = 2
"""Factor of the length of runs in rows that have more than the test row."""
_PADDED = 1.5
"""Ratio of the rows' lengths from which a row has more than the test row."""
_TINY = 4.0
"""Weight of a sentence that says something of its row."""
_SHORT = 60.0
"""Weight of an input whose words may all be part of another one."""
_UNCOVERED_SHORT = 0.05
"""Share of an input shorter than a long one that may be missing."""
_LONG = 150.0
"""Weight of an input that is its row's own, whatever the answer is."""
_EDITED = 0.12
"""Share of a passage that may be missing where two questions are on the same passage."""
_QUESTION_WITH_LABEL = 0.85
"""The same as the setting `question` where the answer is a label, which cannot show that the questions differ."""
_CUT_OFF = 0.3
"""Share of a sentence up to which it is absent rather than edited."""
_OWN_LETTERS = 8.0
"""Minimum letters of a sentence that is another question."""


class PairCheck:
    """Comparison of candidates, with all texts cut once."""

    def __init__(self, mine: Normalizer, test: Normalizer, labels: frozenset[str], near: NearDuplicateSettings) -> None:
        """Cut the texts; `mine` has only rows for which test rows were proposed."""
        self._mine, self._test, self._near, self._labels = mine, test, near, labels
        texts = [*test.inputs, *test.outputs], [*mine.inputs, *mine.outputs]
        self._runs = RunIndex(*texts, near, len(test.inputs))
        self._cut_long_runs = cache(lambda: RunIndex(*texts, near, len(test.inputs), _LONGER))
        self._sentences = cache(lambda other: find_text_parts(test.rows[other].input))
        self._own_sentences = cache(self._split_row)

    def measure_copy(self, row: int, other: int, similarity: float) -> float:
        """Return the similarity of a row that is a copy of a test row, else 0; `similarity` is that of the shingles."""
        texts = [row, len(self._mine.inputs) + row]
        asked = self._runs.measure_test(other, texts)
        is_padded = self._is_padded(row, other)
        contained = self._measure_contained(row, other, asked, texts)
        if contained and is_padded and asked.size >= _SHORT:  # a long row may have all short runs by chance
            contained = self._measure_contained(row, other, self._cut_long_runs().measure_test(other, texts), texts)
        if not similarity and not contained:
            return 0.0
        if self._is_other_question(row, other, asked, is_padded):
            return 0.0
        given = f"{self._mine.inputs[row]} {self._mine.outputs[row]}" if is_padded else self._mine.inputs[row]
        truth = self._test.outputs[other]
        is_same_answer = truth not in self._labels and truth in self._mine.outputs[row]
        if is_other_exercise(given, self._test.inputs[other], asked.size, is_padded, is_same_answer):
            return 0.0
        return max(similarity, contained)

    def _measure_contained(self, row: int, other: int, asked: TextCoverage, texts: list[int]) -> float:
        """Measure the share of a test row that a row contains; 0 where it is too small, or too much is missing.

        An answer that is no label must be there too, unless the input is long and there word for word. A short input
        must be there in whole sentences: its words may also be part of another.
        """
        allowed = self._near.uncovered if asked.size >= _LONG else _UNCOVERED_SHORT
        if asked.size < _TINY or asked.missing > allowed * asked.size:
            return 0.0
        truth = self._test.outputs[other]
        is_label = truth in self._labels
        if not is_label and (asked.size < _LONG or asked.missing):
            answered = self._runs.measure_test(len(self._test.inputs) + other, texts)
            if answered.missing > self._near.uncovered * answered.size and truth not in self._mine.outputs[row]:
                return 0.0
        if asked.size < (self._near.smallest if is_label else self._near.smallest / 2):
            return 0.0
        if asked.size < _SHORT and not self._has_same_sentences(row, other, asked):
            return 0.0
        return asked.share

    def _has_same_sentences(self, row: int, other: int, asked: TextCoverage) -> bool:
        text = self._test.inputs[other]
        wanted = {
            text[one.start : one.end]
            for one in self._sentences(other)
            if asked.cut_part(one.start, one.end).size >= _TINY
        }
        return wanted <= self._own_sentences(row)

    def _split_row(self, row: int) -> set[str]:
        sides = (
            (self._mine.rows[row].input, self._mine.inputs[row]),
            (self._mine.rows[row].output, self._mine.outputs[row]),
        )
        return {text[one.start : one.end] for raw, text in sides for one in find_text_parts(raw)}

    def _is_padded(self, row: int, other: int) -> bool:
        length = len(self._mine.inputs[row]) + len(self._mine.outputs[row])
        return (
            length > _PADDED * (len(self._test.inputs[other]) + len(self._test.outputs[other]))
            or len(self._mine.inputs[row]) < len(self._test.inputs[other]) / _PADDED
        )

    def _is_other_question(self, row: int, other: int, asked: TextCoverage, is_padded: bool) -> bool:
        """Return whether the two are different questions about one passage.

        They are if a sentence of the test row that may be its question is not there and the row has its own words
        instead, or if both have short answers that disagree. The words of a question come from its passage, so that
        each run counts only as often as it is there. Rows with one long answer are not.
        """
        answer, truth = self._mine.outputs[row], self._test.outputs[other]
        is_label = truth in self._labels
        if not is_label and len(truth) > self._near.answer and answer == truth:
            return False
        sentences = self._sentences(other)
        possible = _possible_questions(sentences, asked)
        least = _QUESTION_WITH_LABEL if is_label else self._near.question
        absent = [one for one in possible if asked.cut_part(one.start, one.end).share < least]
        passage = [one for one in sentences if one not in absent]
        if absent and _is_unedited(passage, asked) and self._has_own_words(row, other):
            return True
        if is_label or answer in self._labels or is_padded:
            return False
        is_short = max(len(answer), len(truth)) <= self._near.answer
        return (is_short or len(possible) > 0) and _answers_differ(answer, truth)

    def _has_own_words(self, row: int, other: int) -> bool:
        own = self._runs.measure_mine(row, [other])
        return own.missing >= _OWN_LETTERS


def _possible_questions(sentences: list[TextPart], asked: TextCoverage) -> list[TextPart]:
    """Find the sentences that may be what a text asks: those with a question mark, else the first and the last.

    Texts of one sentence have none: that is all of the text.
    """
    own = [one for one in sentences if asked.cut_part(one.start, one.end).size >= _OWN_LETTERS]
    if len(own) < 2:
        return []
    return [one for one in own if one.is_question] or [own[0], own[-1]]


def _is_unedited(passage: list[TextPart], asked: TextCoverage) -> bool:
    """Return whether what is there of a passage is there word for word; sentences may be cut off."""
    parts = [asked.cut_part(one.start, one.end) for one in passage]
    there = [part for part in parts if part.share > _CUT_OFF]
    return sum(part.missing for part in there) <= _EDITED * sum(part.size for part in there)


def _answers_differ(answer: str, truth: str) -> bool:
    """Return whether two short answers differ in a number, or by more than their wording."""
    if _NOT_DIGIT.sub("", answer) != _NOT_DIGIT.sub("", truth):
        return True
    return answer not in truth and truth not in answer and fuzz.ratio(answer, truth) < _SAME_WORDING
