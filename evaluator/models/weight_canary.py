"""Weight canary: the trainer's log-probabilities of one sequence, to verify an engine's weights.

An engine that did not replace its old weights, or woke without any, answers fluently or with garbage, but without an
error. The trainer therefore stores the log-probabilities of one training example beside each model, and no answer of
an engine is used before the engine reproduced them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from evaluator.errors import WrongWeights
from submissions.records.base import Record

FILE = "canary.json"
"""File in the folder of a trained model, created with the model."""

TOLERANCES: Mapping[Literal["float32", "bfloat16"], float] = {"float32": 2e-5, "bfloat16": 0.1}
"""Tolerance between two correct programs, in nats per token (mean absolute difference).

float32: trainer and engine add up in another order, which makes 1.2e-7 between transformers and vLLM on the tiny model
(108 tokens, 2 layers, a CPU). The error grows with the square root of the number of layers and with the size of the
logits: four and about ten times as much for 32 layers of a trained model, of which the tolerance is four times.

bfloat16 rounds to 8 bits, a relative error of at most 2^-9 and about half of that on average. Two roundings that
matter: the logits themselves, which lie between 8 and 32, so that one is off by about 0.02 and the other program's as
much; and the hidden state, rounded about twice in each of 32 layers, sqrt(64) x 2^-10 = 0.8% of logits that
spread over about 3 nats, which is 0.025 each. Together about 0.04; the tolerance is two and a half times that. A model
that trained at all moves the targets of its training example by several times more.
"""


_MAX_SIDE_TOKENS = 128
"""Maximum tokens of a canary before the first target, and from it on."""


class Canary(Record):
    """One sequence and the log-probabilities of its target tokens (natural)."""

    ids: tuple[int, ...] = Field(min_length=2)
    """Token ids of prompt and target."""
    start: int = Field(ge=1)
    """Index in `ids` of the first target token."""
    logprobs: tuple[float, ...]
    """Trainer's log-probability of each target token, from `ids[start]` on, under the trained weights."""
    base_logprobs: tuple[float, ...]
    """The same under the base weights."""

    def max_distance(self, dtype: Literal["float32", "bfloat16"]) -> float:
        """Maximum distance between an engine and the trainer, in nats per token.

        Always less than half the distance to the base weights, so that an engine which still has those is refused. If
        training moved the canary by less than the tolerance it cannot distinguish the two, and only the tolerance
        applies.
        """
        tolerance, moved = TOLERANCES[dtype], mean_distance(self.logprobs, self.base_logprobs)
        return min(tolerance, moved / 2) if moved > tolerance else tolerance

    def check(self, said: Sequence[float], dtype: Literal["float32", "bfloat16"]) -> None:
        """Compare with an engine's log-probabilities of `ids[1:]`. Raises WrongWeights."""
        check_logprobs(self.logprobs, said[self.start - 1 :], self.max_distance(dtype))

    def as_base_canary(self) -> Canary:
        """Return the canary of the base weights, to verify that an engine has them again."""
        return self.model_copy(update={"logprobs": self.base_logprobs, "base_logprobs": self.logprobs})


def cut_canary_row(row: dict[str, list[int]]) -> tuple[dict[str, list[int]], int]:
    """Cut a training row to the length of a canary; also return the index of its first target.

    Its targets follow each other: the cut ends where the first run of targets does.
    """
    ids, labels = row["input_ids"], row["labels"]
    start = next((index for index, label in enumerate(labels) if index and label != -100), len(labels))
    end = next((index for index in range(start, len(labels)) if labels[index] == -100), len(labels))
    first, last = max(0, start - _MAX_SIDE_TOKENS), min(end, start + _MAX_SIDE_TOKENS)
    return {"input_ids": ids[first:last], "labels": labels[first:last]}, start - first


def check_logprobs(expected: Sequence[float], said: Sequence[float], limit: float) -> None:
    """Raise WrongWeights if log-probabilities are this far apart, in nats per token."""
    far = mean_distance(expected, said)
    if not far < limit:
        raise WrongWeights(
            "The engine does not answer with the weights that it received.",
            f"Its log-probabilities of the canary are {far:.2g} nats per token off; the limit is"
            f" {limit:.2g}. Its answers were not used; run again.",
        )


def mean_distance(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Mean absolute difference; infinite for no tokens, unequal lengths, or a value that is no number."""
    if not ours or len(ours) != len(theirs):
        return math.inf
    mean = math.fsum(abs(one - other) for one, other in zip(ours, theirs, strict=True)) / len(ours)
    return mean if math.isfinite(mean) else math.inf


def load_canary(model: Path) -> Canary:
    """Load the canary of a trained model. Raises WrongWeights if it has none, as its weights could not be verified."""
    file = model / FILE
    try:
        return Canary.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise WrongWeights(
            f"A trained model has no {FILE}.", f"{model} cannot be distinguished from others; train it again."
        ) from None
    except ValidationError as error:
        raise WrongWeights(f"A trained model's {FILE} cannot be read.", f"{file}: {error}") from error
