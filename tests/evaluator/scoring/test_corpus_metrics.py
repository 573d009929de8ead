"""chrF++ and BLEU from kept counts must be sacrebleu's own, for every corpus, subset and resample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import BLEU, CHRF

from evaluator.scoring.metrics import translation
from evaluator.scoring.metrics.bleu import measure_bleu
from evaluator.scoring.metrics.metric_result import MetricResult

LANGUAGES = ["en", "ar", "vi", "zh", "ja", "ko", "th", "ru", "hi", "de"]
PIECES = [
    "the",
    "cat",
    "sat",
    "a",
    ".",
    "%",
    "3.5",
    "-",
    "&amp;",
    "<skipped>",
    "é",
    "\n",
    "\0",
    "猫",
    "高い",
    "고양이",
    "แมว",
    "😀",
]
texts = st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join) | st.text(max_size=12)
corpora = st.lists(st.tuples(texts, texts), min_size=1, max_size=6)
EXACT = {"abs": 1e-9, "rel": 0}


def _bleu_score(pairs: list[tuple[str, str]], **settings: object) -> float:
    predictions, references = zip(*pairs, strict=True)
    theirs = BLEU(force=True, **settings).corpus_score(
        translation.normalize_nfkc(predictions), [translation.normalize_nfkc(references)]
    )
    return float(theirs.score) / 100


def _chrf_score(pairs: list[tuple[str, str]]) -> float:
    predictions, references = zip(*pairs, strict=True)
    theirs = CHRF(word_order=2).corpus_score(
        translation.normalize_nfkc(predictions), [translation.normalize_nfkc(references)]
    )
    return float(theirs.score) / 100


def _both(pairs: list[tuple[str, str]], language: str = "en") -> tuple[MetricResult, MetricResult]:
    predictions, references = zip(*pairs, strict=True)
    return translation.chrf_pp(predictions, references), translation.bleu(predictions, references, language)


@given(corpora)
@example([("", "")])
@example([("", "the cat sat on the mat")])
@example([("the cat", "")])
@example([("the", "the"), ("cat", "cat")])
@example([("a b c d", "e f g h")])
@example([("a b c d", "a x b y")])
@example([("the cat sat", "the cat sat"), ("", "")])
@settings(deadline=None)
def test_corpus_scores_are_sacrebleu_s(pairs: list[tuple[str, str]]) -> None:
    chrf, bleu = _both(pairs)
    assert chrf.score.value == pytest.approx(_chrf_score(pairs), **EXACT)
    assert bleu.score.value == pytest.approx(_bleu_score(pairs, effective_order=True), **EXACT)
    assert all(0 <= value <= 1 for value in (*chrf.items, *bleu.items))


@given(corpora)
@settings(deadline=None)
def test_bleu_keeps_to_the_order_of_the_metric_it_is_given(pairs: list[tuple[str, str]]) -> None:
    predictions, references = zip(*map(translation.normalize_nfkc, pairs), strict=True)
    measured = measure_bleu("bleu", predictions, references, BLEU(force=True))
    assert measured.score.value == pytest.approx(_bleu_score(pairs), **EXACT)


counts = st.integers(0, 50)


@given(st.integers(0, 40), st.integers(0, 40), st.lists(counts, min_size=4, max_size=4), st.booleans())
def test_bleu_from_any_counts_is_sacrebleu_s(length: int, expected: int, hits: list[int], effective: bool) -> None:
    total = [max(length - order, 0) for order in range(4)]
    correct = [min(*pair) for pair in zip(hits, total, strict=True)]
    measured = measure_bleu("bleu", [], [], BLEU(effective_order=effective))
    theirs = BLEU.compute_bleu(correct[:], total[:], length, expected, "exp", None, effective)
    ours = measured.pool(np.array([length, expected, *correct, *total], dtype=float))
    assert float(ours) == pytest.approx(theirs.score / 100, **EXACT)


@pytest.mark.parametrize("language", LANGUAGES)
@given(pairs=corpora, data=st.data())
@settings(max_examples=20, deadline=None)
def test_any_choice_of_items_scores_what_it_scores_alone(
    language: str, pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    places = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1, max_size=8))
    counted = np.bincount(places, minlength=len(pairs)).astype(float)
    alone = _both([pairs[place] for place in places], language)
    for whole, part in zip(_both(pairs, language), alone, strict=True):
        assert part.score.value == float(whole.pool(whole.statistics[places].sum(axis=0)))
        assert part.score.value == pytest.approx(float(whole.pool(counted @ whole.statistics)), **EXACT)
        assert part.items == [whole.items[place] for place in places]


@pytest.mark.parametrize(
    ("language", "tokenizer"),
    [
        ("en", "13a"),
        ("vi", "13a"),
        ("zh", "zh"),
        ("zh-Hant", "zh"),
        ("zh_CN", "zh"),
        ("ja", "ja-mecab"),
        ("ko-KR", "ko-mecab"),
        ("th", "char"),
        ("lo", "char"),
        ("km", "char"),
        ("my", "char"),
    ],
)
def test_a_language_has_its_tokenizer_and_its_signature_says_so(language: str, tokenizer: str) -> None:
    pairs = [
        ("猫が好きです。고양이를 좋아합니다. แมว", "猫は好きです。고양이가 좋아합니다. แมวดำ"),
        ("a b c d e", "a b c d f"),
    ]
    _, bleu = _both(pairs, language)
    assert bleu.score.value == pytest.approx(_bleu_score(pairs, tokenize=tokenizer, effective_order=True), **EXACT)
    metric = BLEU(tokenize=tokenizer, effective_order=True)
    metric.corpus_score(["a"], [["a"]])
    assert bleu.name == f"bleu {metric.get_signature()}"
    assert "eff:yes" in bleu.name


def test_chrf_s_signature_is_sacrebleu_s() -> None:
    metric = CHRF(word_order=2)
    metric.corpus_score(["a"], [["a"]])
    assert translation.chrf_signature() == str(metric.get_signature())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("added", ["\0nonsense", "\0 ", "\ud800", "\nnonsense"])
def test_nothing_hides_behind_a_sign_that_a_tokenizer_stops_at(language: str, added: str) -> None:
    _, same = _both([("猫 cat", "猫 cat")], language)
    chrf, bleu = _both([(f"猫 cat{added}", "猫 cat")], language)
    assert same.score.value == 1
    if added.strip("\0 "):
        assert max(chrf.items[0], bleu.items[0]) < 1


def test_the_best_bleu_is_1_also_in_its_last_digit() -> None:
    _, bleu = _both([("the cat sat on the mat", "the cat sat on the mat")] * 3)
    assert (bleu.score.value, bleu.items) == (1.0, [1.0] * 3)


def test_no_pairs_are_unscored() -> None:
    for measured in (translation.chrf_pp([], []), translation.bleu([], [], "ja")):
        assert (measured.score.value, measured.score.n, measured.items) == (None, 0, [])
