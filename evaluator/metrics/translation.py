"""chrF++ and BLEU of sacrebleu on text in NFKC, in [0, 1]. Case counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF

from evaluator.metrics.bleu import measured_bleu
from evaluator.metrics.measured import Measured

BLEU_TOKENIZERS = {"zh": "zh", "ja": "char", "th": "char", "lo": "char", "km": "char", "my": "char"}
"""sacrebleu's tokenizer by language; 13a elsewhere."""


def nfkc(texts: Sequence[str]) -> list[str]:
    """Texts in Unicode's compatibility form: full-width letters are letters."""
    return [unicodedata.normalize("NFKC", text) for text in texts]


def chrf_pp(predictions: Sequence[str], references: Sequence[str]) -> list[float]:
    """Sentence chrF++ (character 6-grams, word 2-grams, beta 2; Popovic 2017) of each item."""
    metric = CHRF(word_order=2)
    return [
        metric.sentence_score(one, [two]).score / 100
        for one, two in zip(nfkc(predictions), nfkc(references), strict=True)
    ]


def bleu(predictions: Sequence[str], references: Sequence[str], language: str) -> Measured:
    """Corpus BLEU with the language's tokenizer; its name carries the signature."""
    tokenizer = BLEU_TOKENIZERS.get(language.split("-")[0].lower(), "13a")
    name = f"bleu {bleu_signature(language)}"
    return measured_bleu(name, nfkc(predictions), nfkc(references), BLEU(tokenize=tokenizer))


def bleu_signature(language: str) -> str:
    """sacrebleu's signature of the settings: references, case, tokenizer, smoothing, version."""
    metric = BLEU(tokenize=BLEU_TOKENIZERS.get(language.split("-")[0].lower(), "13a"))
    metric.corpus_score(["a"], [["a"]])
    return str(metric.get_signature())
