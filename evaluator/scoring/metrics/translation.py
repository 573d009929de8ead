"""chrF++ and BLEU of sacrebleu on text in NFKC, over the whole corpus, in [0, 1]. Case-sensitive.

An empty text adds no n-grams of its own: beside an empty reference it is not counted, and alone it is worth 0.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

import regex
from sacrebleu.metrics import BLEU

from evaluator.scoring.metrics.bleu import measure_bleu
from evaluator.scoring.metrics.chrf import chrf_pp_metric, measure_chrf
from evaluator.scoring.metrics.metric_result import MetricResult
from submissions.records.language_tags import primary_language

BLEU_TOKENIZERS = {
    "zh": "zh",
    "ja": "ja-mecab",
    "ko": "ko-mecab",
    "th": "char",
    "lo": "char",
    "km": "char",
    "my": "char",
}
"""sacrebleu's tokenizer by language; 13a for all others."""

_SURROGATE = regex.compile(r"\p{Cs}")


def normalize_nfkc(texts: Sequence[str]) -> list[str]:
    """Normalize texts to Unicode's compatibility form: full-width letters become letters.

    MeCab stops reading at a null and accepts no half of a surrogate pair, so a blank and U+FFFD replace them.
    """
    return [
        _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", unicodedata.normalize("NFKC", text)).replace("\0", " ")
        for text in texts
    ]


def chrf_pp(predictions: Sequence[str], references: Sequence[str]) -> MetricResult:
    """Corpus chrF++ (character 6-grams, word 2-grams, beta 2; Popovic 2017)."""
    return measure_chrf("chrf_pp", normalize_nfkc(predictions), normalize_nfkc(references))


def bleu(predictions: Sequence[str], references: Sequence[str], language: str) -> MetricResult:
    """Corpus BLEU with the language's tokenizer and effective order; its name carries the signature.

    Effective order matters only where no prediction has four tokens: such a corpus beside itself is 1, not 0.
    """
    return measure_bleu(
        f"bleu {bleu_signature(language)}",
        normalize_nfkc(predictions),
        normalize_nfkc(references),
        _bleu_metric(language),
    )


def bleu_signature(language: str) -> str:
    """Return sacrebleu's signature of BLEU: references, case, order, tokenizer, smoothing, version."""
    metric = _bleu_metric(language)
    metric.num_refs = 1
    return str(metric.get_signature())


def chrf_signature() -> str:
    """Return sacrebleu's signature of chrF++: references, case, order, characters, words, blanks, version."""
    metric = chrf_pp_metric()
    metric.num_refs = 1
    return str(metric.get_signature())


def _bleu_metric(language: str) -> BLEU:
    return _cached_bleu_metric(BLEU_TOKENIZERS.get(primary_language(language), "13a"))


@cache  # sacrebleu keeps every tokenizer alive that was ever used, with MeCab's dictionary
def _cached_bleu_metric(tokenizer: str) -> BLEU:
    return BLEU(tokenize=tokenizer, effective_order=True, force=True)  # force only leaves out a warning
