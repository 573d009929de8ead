"""Check of gold answers when a benchmark is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evaluator.scoring.exact_match.em_rules import ANSWER_SEPARATOR, EXACT_MATCH_RULES
from submissions.errors import TheirError

SHOWN_FAULTS = 5
"""Faults that a message lists."""
_EXPRESSION = re.compile(
    r"\\[dDwWsSbB](?![A-Za-z]{2})"  # class of characters, but no command of LaTeX
    r"|\\[.?+*()\[\]{}|^$\\]"  # escaped sign
    r"|\.[*+]"  # anything, repeated
    r"|\w[|]\w|[)][|]|[|][(]"  # alternatives without blanks
    r"|\([^()|]{0,200}[|][^()]{0,200}\)"  # alternatives in parentheses
    r"|\(\?[:=!<]"
    r"|\)[*+{]|\w\(\w{1,20}\)\?"  # repeated or optional group
    r"|\[\^|\][*+?{]|\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]){1,4}\]"  # set of characters
    r"|\w\{\d{1,4},\d{0,4}\}"  # number of repeats; with one number it may be a formula
    r"|^\^.|.\$$"
)


class InvalidGolds(TheirError):
    """Gold answers that no prediction could match, or only by accident; no benchmark was built."""


@dataclass(frozen=True)
class GoldFault:
    """One gold answer that cannot be used."""

    question: str
    """Id of the question."""
    gold: str
    """The answer; empty if the question has none."""
    why: str

    def __str__(self) -> str:
        shown = f"gold {self.gold[:80]!r} " if self.gold else ""
        return f"question {self.question}: {shown}{self.why}"


def check_golds(golds: Mapping[str, Sequence[str]]) -> None:
    """Check the gold answers of all questions, by question id. Raises InvalidGolds with the first faults."""
    faults = list(find_gold_faults(golds))
    if faults:
        more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise InvalidGolds(
            f"{len(faults)} gold answer(s) cannot be used: {'; '.join(map(str, faults[:SHOWN_FAULTS]))}{more}. "
            "Remove or rewrite them, or drop the question where no answer is left."
        )


def find_gold_faults(
    golds: Mapping[str, Sequence[str]], rules: Iterable[str] = EXACT_MATCH_RULES
) -> Iterator[GoldFault]:
    """Find gold answers that cannot be used under one of the rules, and questions without any answer."""
    chosen = [EXACT_MATCH_RULES[rule] for rule in rules]
    for question, answers in golds.items():
        if not answers:
            yield GoldFault(question, "", "has no gold answer")
        for gold in answers:
            if not isinstance(gold, str):
                yield GoldFault(question, str(gold), f"is a {type(gold).__name__}, not a text")
            elif ANSWER_SEPARATOR in gold:
                yield GoldFault(question, gold, f"has the separator {ANSWER_SEPARATOR}: list its answers one by one")
            elif mark := _EXPRESSION.search(gold):
                yield GoldFault(question, gold, f"looks like a regular expression ({mark[0]!r}), and answers are texts")
            elif empty := [rule.id for rule in chosen if not rule.normalize(gold)]:
                yield GoldFault(question, gold, f"has nothing left to compare under {', '.join(empty)}")
