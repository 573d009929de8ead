"""The same template, cut and written as by LLaMA-Factory and the published few-shot script.

See SCORING.md, "paper@1". One difference is intended: their code turns a control token typed by a submitter into the
real one, and drops it from few-shot prompts; here it stays text, as everywhere. tests/evaluator/golden has vectors
made by their code.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from evaluator.models.chat_template.llama3 import BOS, EOT, IGNORED, REMEMBERED, ChatTemplate, Example

Pair = tuple[str, str]
"""A question and its gold answer."""
CLEANED_UP = (" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's", " 've", " 're")
"""Strings whose outer blanks the published model's tokenizer strips on decoding, one after the other."""
TURN_NUMBER = "{{idx}}"
"""Placeholder that LLaMA-Factory fills in at its first occurrence in a question; every question here is turn 0."""


class LlamaFactoryTemplate(ChatTemplate):
    """Chat template that cuts prompt and answer together, from the end; shots are plain text."""

    def __init__(self, model: Path) -> None:
        super().__init__(model)
        self._cached_pairs = lru_cache(REMEMBERED)(self._cut_pairs)
        self._cached_plain = lru_cache(REMEMBERED)(self._encode_plain)

    def build_prompts(
        self,
        questions: tuple[str, ...],
        shots: Sequence[tuple[str, str]] = (),
        limit: int | None = None,
        gold: Sequence[str] = (),
    ) -> list[list[int]]:
        """Build prompts of at most `limit` tokens, cut at the end; a question's length depends on its answer's.

        With shots a prompt is plain text after BOS. Raises ValueError unless there is one gold answer to each question.
        """
        if len(gold) != len(questions):
            raise ValueError(f"{len(gold)} gold answers came with {len(questions)} questions: this template needs both")
        pairs = tuple(zip(questions, gold, strict=True))
        if not shots:
            return [list(source) for source, _ in self._cached_pairs(pairs, limit)]
        # A word begins at the blank before "user", so the text before it is the same tokens in every prompt.
        head = [self._special[BOS], *self.encode_text(self._build_introduction(shots, limit))]
        return [(head + ids)[:limit] for ids in self._cached_plain(pairs, limit)]

    def build_examples(self, pairs: Sequence[tuple[str, str]], cutoff: int) -> list[Example]:
        """Build training examples of at most `cutoff` tokens, cut by `infer_seqlen`."""
        return [
            Example(source + target, [IGNORED] * len(source) + target)
            for source, target in self._cut_pairs(pairs, cutoff)
        ]

    def _cut_pairs(self, pairs: Sequence[Pair], limit: int | None) -> list[tuple[list[int], list[int]]]:
        """Return prompt and answer of each pair, cut together."""
        cut = []
        numbered = [(question.replace(TURN_NUMBER, "0", 1), output) for question, output in pairs]
        for question, output in self._encode_pairs(numbered):
            source, target = [self._special[BOS], *self._user_turn(question)], [*output, self._special[EOT]]
            if limit is not None:
                kept, answered = infer_seqlen(len(source), len(target), limit)
                source, target = source[:kept], target[:answered]
            cut.append((source, target))
        return cut

    def _build_introduction(self, shots: Sequence[Pair], limit: int | None) -> str:
        """Build the shots and the text before a question, without the blank before it."""
        cut = self._cut_pairs(shots, limit)
        sources, targets = (self._decode_batch([pair[side] for pair in cut]) for side in (0, 1))
        examples = "".join(
            f"Example{number}: \nQuestion: {question.strip()}\nAnswer: {answer.strip()}\n\n"
            for number, (question, answer) in enumerate(zip(sources, targets, strict=True), 1)
        )
        return f"Please refer to the following example: \n\n{examples} Now answer the following question:"

    def _encode_plain(self, pairs: tuple[Pair, ...], limit: int | None) -> list[list[int]]:
        """Encode each question as plain text, with the words "user" and "assistant" that its headers leave behind."""
        texts = self._decode_batch([source for source, _ in self._cached_pairs(pairs, limit)])
        return self._encode_batch([" " + text for text in texts])

    def _decode_batch(self, ids: Sequence[list[int]]) -> list[str]:
        return [clean_text(text) for text in self._tokenizer.decode_batch(list(ids), skip_special_tokens=True)]


def infer_seqlen(source: int, target: int, cutoff: int) -> tuple[int, int]:
    """Lengths of a prompt and its answer after truncation, by LLaMA-Factory's function of this name (0.9.3).

    An answer of less than half the cutoff stays whole and the prompt gives way; else a prompt of less than half stays;
    else both shrink in proportion, in floating point as there.
    """
    answered = target
    if 2 * target >= cutoff:
        room = cutoff - source if 2 * source < cutoff else int(cutoff * (target / (source + target)))
        answered = min(target, room)
    return min(source, cutoff - answered), answered


def clean_text(text: str) -> str:
    """Clean up a text as transformers 4 decodes it for Llama 3.1, whose files set `clean_up_tokenization_spaces`."""
    for artefact in CLEANED_UP:
        text = text.replace(artefact, artefact.strip())
    return text
