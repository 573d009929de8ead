"""Reading of a label: the label equal to a line, else the one label that it names and does not deny."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import regex

from evaluator.scoring.metrics.reading.mentions import Mentions, split_units, strip_signs
from evaluator.scoring.metrics.reading.select_line import read_answer
from evaluator.scoring.metrics.reading.sentence import Sentence
from evaluator.scoring.metrics.reading.verdicts import UNREAD, Reading

_BETWEEN = regex.compile(r"\s*[,;|、،；，/]\s*")
_LETTERS = regex.compile(r"[A-J]{1,6}")


class LabelReader:
    """Reads answers to a task with these labels.

    Labels such as `joy, anger` whose parts are labels elsewhere are sets: order and separators do not count.
    """

    def __init__(self, labels: Iterable[str], language: str = "") -> None:
        self._language = language
        labels = list(dict.fromkeys(labels))
        self._has_letters = _are_letter_sets(labels)
        self._parts = {part for label in labels for part in self._split(label)} if self._are_sets(labels) else None
        self._known = {strip_signs(label, language): label for label in labels}
        texts = self._parts if self._parts is not None else labels
        self._mentions = Mentions({strip_signs(text, language): text for text in texts if text.strip()}, language)

    def read_gold(self, label: str) -> frozenset[str]:
        """Return the label, or the parts of one that is a set."""
        if self._parts is None:
            return frozenset({strip_signs(label, self._language)})
        return frozenset(strip_signs(part, self._language) for part in self._split(label))

    def read(self, answer: str) -> Reading:
        """Read an answer; an empty one names the empty label where there is one."""
        if not answer.strip():
            return Reading(frozenset({""}), "label") if "" in self._known else UNREAD
        whole = strip_signs(answer, self._language)
        if whole in self._known:
            return self._name_whole(whole)
        return read_answer(answer, self._read_line, self._language)

    def _name_whole(self, text: str) -> Reading:
        return Reading(self.read_gold(self._known[text]), "label")

    def _read_line(self, line: str) -> Reading:
        whole = strip_signs(line, self._language)
        if whole in self._known:
            return self._name_whole(whole)
        if self._has_letters and _LETTERS.fullmatch(line.strip(" .*()[]")):
            return Reading(frozenset(strip_signs(part) for part in self._split(line.strip(" .*()[]"))), "label")
        units = split_units(line, self._language)
        mentions = self._mentions.locate(units)
        if not mentions:
            return UNREAD
        sentence = Sentence(units, [(mention.start, mention.end) for mention in mentions], self._language)
        affirmed = [mention for mention in mentions if not sentence.is_denied(mention.start, mention.end)]
        named = frozenset(key for mention in affirmed for key in mention.keys)
        return Reading(
            named,
            "label",
            is_denied=not named,
            is_hedged=len(named) > 1 and sentence.has_alternative(0, affirmed[-1].start),
            is_announced=bool(affirmed) and sentence.is_announced(affirmed[0].start, "answers"),
        )

    def _split(self, label: str) -> list[str]:
        if self._has_letters and _LETTERS.fullmatch(label.strip()):
            return list(label.strip())
        return [part for part in _BETWEEN.split(label) if part.strip()]

    def _are_sets(self, labels: Sequence[str]) -> bool:
        """Whether some labels are lists, and every part of a list is a label or part of another one."""
        if self._has_letters:
            return True
        lists = [parts for label in labels if len(parts := self._split(label)) > 1]
        counts = Counter(part for label in labels for part in set(self._split(label)))
        return bool(lists) and all(counts[part] > 1 for parts in lists for part in parts)


def _are_letter_sets(labels: Sequence[str]) -> bool:
    """Whether the labels are option letters and sets of these, as `ABD`."""
    sizes = {len(label.strip()) for label in labels}
    return (
        len(labels) > 1
        and max(sizes) > 1
        and all(
            _LETTERS.fullmatch(label.strip()) and list(label.strip()) == sorted(set(label.strip())) for label in labels
        )
    )
