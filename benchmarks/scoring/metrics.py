"""Metric cost: seconds for the same pairs beside the implementation that a user would choose.

Run `python -m benchmarks.scoring.metrics [--scale N]`. Both sides of a row are timed in turn, in this process, and the
values are compared where they must be the same. A row is one function that returns a `Contest`; CONTESTS lists them.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import string
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]
from sacrebleu.metrics import BLEU, CHRF

from evaluator.scoring.metrics import overlap, translation
from evaluator.scoring.metrics.paper import rouge_l, token_f1

ROUNDS = 5
Scorer = Callable[[Sequence[str], Sequence[str]], list[float]]


@dataclass(frozen=True)
class Contest:
    """Two implementations on the same pairs."""

    name: str
    target: float
    """Target ratio: how many times as fast as the other ours should be."""
    ours: Scorer
    other: Scorer
    predictions: list[str]
    references: list[str]
    same: bool = True
    """Require the same values of both; False where ours is another metric on purpose."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="times as many pairs")
    scale = parser.parse_args().scale
    print(f"{os.cpu_count()} cores, one used; median of {ROUNDS} rounds, both sides in turn")
    print(f"{'':46}{'pairs':>7}{'ours s':>9}{'other s':>9}{'ratio':>8}{'target':>8}  values")
    for contest in CONTESTS:
        print(format_row(contest(scale)), flush=True)


def format_row(contest: Contest) -> str:
    """Format one row of the table. Raises SystemExit if values differ that must not."""
    said, gold = contest.predictions, contest.references
    values = "another metric"
    if contest.same:
        if contest.ours(said, gold) != contest.other(said, gold):
            raise SystemExit(f"{contest.name}: the values differ, so the times cannot be compared")
        values = "the same"
    times = [(time_scorer(contest.ours, said, gold), time_scorer(contest.other, said, gold)) for _ in range(ROUNDS)]
    ours, other = median(one for one, _ in times), median(two for _, two in times)
    figures = f"{len(said):7}{ours:9.3f}{other:9.3f}{other / ours:7.2f}x{contest.target:7.2f}x"
    return f"{contest.name:46}{figures}  {values}"


def time_scorer(scorer: Scorer, predictions: Sequence[str], references: Sequence[str]) -> float:
    """Return the seconds of one call."""
    started = time.perf_counter()
    scorer(predictions, references)
    return time.perf_counter() - started


def paper_rouge_l(scale: float) -> Contest:
    """Compare ROUGE-L of paper@1 with rouge_score, on summaries of 100 words."""
    scorer = RougeScorer(["rougeL"])

    def other(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        found = zip(predictions, references, strict=True)
        return [float(scorer.score(gold, said)["rougeL"].fmeasure) for said, gold in found]

    said, gold = make_texts(int(1000 * scale), 100)
    return Contest("ROUGE-L of paper@1 : rouge_score", 30, rouge_l.rouge_l, other, said, gold)


def paper_f1(scale: float) -> Contest:
    """Compare token F1 of paper@1 with SQuAD's; on texts with punctuation at word ends, both agree."""
    said, gold = make_texts(int(20_000 * scale), 6)
    return Contest("token F1 of paper@1 : SQuAD's way", 1.5, token_f1.token_f1, squad_f1, said, gold)


def arena_f1(scale: float) -> Contest:
    """Compare token F1 of arena@1 with SQuAD's; ours reads every script and keeps numbers whole."""

    def ours(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        return overlap.token_f1(predictions, references, "en")

    said, gold = make_texts(int(20_000 * scale), 6)
    return Contest("token F1 of arena@1 : SQuAD's way", 1.5, ours, squad_f1, said, gold, same=False)


def corpus_scores(scale: float) -> Contest:
    """Compare BLEU and chrF++ with 1,000 resamples of both to one sacrebleu call each without any resample."""
    theirs = (BLEU(), CHRF(word_order=2))  # reused, like ours: sacrebleu caches tokenized texts

    def ours(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        measured = (translation.bleu(predictions, references, "en"), translation.chrf_pp(predictions, references))
        items = len(predictions)
        drawn = np.random.default_rng(0).integers(items, size=(1000, items)) + items * np.arange(1000)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(np.float64)
        for metric in measured:
            assert np.isfinite(metric.pool(counts @ metric.statistics)).all()
        return [round(float(metric.pool(metric.statistics.sum(axis=0))), 9) for metric in measured]

    def other(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
        return [round(metric.corpus_score(predictions, [references]).score / 100, 9) for metric in theirs]

    said, gold = make_texts(int(2000 * scale), 25)
    return Contest("BLEU, chrF++, 1000 resamples : sacrebleu once", 1 / 1.5, ours, other, said, gold)


CONTESTS: tuple[Callable[[float], Contest], ...] = (paper_rouge_l, paper_f1, arena_f1, corpus_scores)
"""One function for each row."""


def make_texts(count: int, length: int) -> tuple[list[str], list[str]]:
    """Make pairs of about `length` words that share about two thirds of them, with punctuation and articles."""
    chance = random.Random(0)
    letters = string.ascii_lowercase
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(3000)] + ["the", "a", "an"] * 100
    gold = [chance.choices(words, k=max(1, length + chance.randint(-length // 5, length // 5))) for _ in range(count)]
    said = [[word if chance.random() < 0.67 else chance.choice(words) for word in sentence] for sentence in gold]
    return [join_words(sentence, chance) for sentence in said], [join_words(sentence, chance) for sentence in gold]


def join_words(words: list[str], chance: random.Random) -> str:
    """Join words to a text: some with a capital, some followed by a punctuation mark."""
    return " ".join(
        (word.capitalize() if chance.random() < 0.1 else word) + chance.choices(("", ",", "."), (8, 1, 1))[0]
        for word in words
    )


def squad_f1(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """Compute F1 as SQuAD's evaluation does (Rajpurkar et al. 2016, section 6.1), one step after the other."""
    return [_squad_f1(said, gold) for said, gold in zip(predictions, references, strict=True)]


def _squad_f1(prediction: str, reference: str) -> float:
    said, gold = _squad_words(prediction), _squad_words(reference)
    shared = sum((Counter(said) & Counter(gold)).values())
    if shared == 0:
        return 0.0
    precision, recall = shared / len(said), shared / len(gold)
    return 2 * precision * recall / (precision + recall)


def _squad_words(text: str) -> list[str]:
    signs = set(string.punctuation)
    unsigned = "".join(letter for letter in text.lower() if letter not in signs)
    return re.sub(r"\b(a|an|the)\b", " ", unsigned).split()


if __name__ == "__main__":
    main()
