"""Rules of exact match, by the id that every number carries.

Five functions go by one name in public code and differ by up to 3.2 points on the same predictions, so a score without
its rule says little. Each is equal to the published function, with one intended difference: an empty prediction is
wrong, also where the gold answer is a lone article.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from evaluator.scoring.exact_match.normalize_answers import (
    fold_case,
    normalize_deepresearcher,
    normalize_squad,
    normalize_squad_booleans,
    normalize_triviaqa,
)
from submissions.errors import NotFound

ANSWER_SEPARATOR = "<|answer_split|>"
"""String between the gold answers of a question in DeepResearcher's files."""


@dataclass(frozen=True)
class ExactMatchRule:
    """One way to compare a prediction with gold answers."""

    id: str
    normalize: Callable[[str], str]
    separator: str = ""
    """String at which one gold answer is split into several; empty if none is."""

    def normalize_golds(self, golds: Iterable[str]) -> frozenset[str]:
        """Return the normalized texts that count as right."""
        whole = tuple(golds)
        parts = [part for gold in whole for part in gold.split(self.separator)] if self.separator else whole
        return frozenset(map(self.normalize, parts))

    def is_match(self, prediction: str, accepted: frozenset[str]) -> bool:
        """Return whether a prediction equals one of the normalized gold answers; an empty one never does."""
        return not is_empty(prediction) and self.normalize(prediction) in accepted


def is_empty(prediction: str) -> bool:
    """Return whether a prediction has nothing but blanks."""
    return not prediction or prediction.isspace()


EXACT_MATCH_RULES: Mapping[str, ExactMatchRule] = {
    rule.id: rule
    for rule in (
        ExactMatchRule("em/ci@1", fold_case),
        ExactMatchRule("em/squad@1", normalize_squad),
        ExactMatchRule("em/squad-bool@1", normalize_squad_booleans),
        ExactMatchRule("em/triviaqa@1", normalize_triviaqa),
        ExactMatchRule("em/deepresearcher@1", normalize_deepresearcher, ANSWER_SEPARATOR),
    )
}
"""Rules by id: the text of InnovatorBench's task; Search-R1 and FlashRAG; ASearcher; R1-Searcher; DeepResearcher."""


def get_exact_match_rule(rule: str) -> ExactMatchRule:
    """Return a rule by id. Raises NotFound with the ids that exist."""
    if rule not in EXACT_MATCH_RULES:
        raise NotFound(f"No rule {rule[:80]!r} of exact match; there are: {', '.join(EXACT_MATCH_RULES)}.")
    return EXACT_MATCH_RULES[rule]
