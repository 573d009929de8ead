"""Train the tokenizer committed beside this file: `python -m evaluator.models.tiny_llama.build`.

Byte-level BPE, so it can encode every text of every script; trained on CLDR names of many languages (through
Babel) and on the English prose of Python's own help topics. Needs tests/requirements.txt for Babel.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics

from babel import Locale
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from evaluator.models.chat_template import SPECIAL_TOKENS

VOCABULARY = 4096
LOCALES = (
    "ar bn cs da de el en es fa fi fr he hi hu id it ja ko nl pl pt ro ru sv sw ta th tr uk vi zh zh_Hant"
).split()
# Llama 3's way of cutting text: words with their leading blank, digits by threes, runs of signs.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def iter_corpus() -> Iterator[str]:
    """Yield names of territories, languages, currencies, months and units in each locale, then English prose."""
    for name in LOCALES:
        locale = Locale.parse(name)
        yield " ".join(locale.territories.values())
        yield " ".join(locale.languages.values())
        yield " ".join(locale.currencies.values())
        yield (
            " ".join(locale.months["format"]["wide"].values()) + " " + " ".join(locale.days["format"]["wide"].values())
        )
        yield " ".join(unit for forms in locale._data["unit_patterns"].values() for unit in _iter_texts(forms))
    for name in sorted(topics):
        yield topics[name]


def train_tokenizer(vocabulary: int = VOCABULARY) -> Tokenizer:
    """Train the tokenizer, with special tokens last."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(iter_corpus(), trainer)
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return tokenizer


def _iter_texts(forms: object) -> Iterator[str]:
    if isinstance(forms, str):
        yield forms
    elif isinstance(forms, dict):
        for form in forms.values():
            yield from _iter_texts(form)


if __name__ == "__main__":
    train_tokenizer().save(str(Path(__file__).with_name("tokenizer.json")), pretty=False)
