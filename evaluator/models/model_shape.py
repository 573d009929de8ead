"""Shape of a base model, for memory estimates without loading it."""

from __future__ import annotations

import json
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

from evaluator.models.base_model import split_model_id
from evaluator.models.families import choose_family
from submissions.errors import CorruptRecord, NotFound
from submissions.records.base import Record


class ModelShape(Record):
    """Sizes of a model, as in its config.json."""

    layers: int
    hidden: int
    ffn: int
    """Width of the feed-forward layers."""
    heads: int
    kv_heads: int
    """Heads of keys and values; several query heads share one."""
    head: int
    """Width of a head."""
    vocab: int
    tied: bool = False
    """True if the output layer reuses the embedding."""
    biases: int = 0
    """Bias weights of a layer's attention."""
    has_head_norms: bool = False
    """True if each head's queries and keys are normalised."""

    @property
    def queries(self) -> int:
        """Width of all query heads; in some models wider than the hidden state."""
        return self.heads * self.head

    @property
    def keys(self) -> int:
        """Width of all key heads, and of all value heads."""
        return self.kv_heads * self.head

    @property
    def parameters(self) -> int:
        """Number of weights: embeddings, per layer attention, feed-forward and norms, and the last norm."""
        attention = 2 * self.hidden * (self.queries + self.keys) + self.biases
        norms = 2 * self.hidden + (2 * self.head if self.has_head_norms else 0)
        layer = attention + 3 * self.hidden * self.ffn + norms
        return self.vocab * self.hidden * (1 if self.tied else 2) + self.layers * layer + self.hidden


SHAPES = {
    "meta-llama/Llama-3.1-8B": ModelShape(
        layers=32, hidden=4096, ffn=14336, heads=32, kv_heads=8, head=128, vocab=128256
    ),
    "tiny-llama@1": ModelShape(layers=2, hidden=128, ffn=256, heads=4, kv_heads=2, head=32, vocab=4096),
    "tiny-qwen2.5@1": ModelShape(
        layers=2, hidden=128, ffn=256, heads=4, kv_heads=2, head=32, vocab=4160, biases=256
    ),
    "tiny-qwen3@1": ModelShape(
        layers=2, hidden=96, ffn=192, heads=4, kv_heads=2, head=32, vocab=4160, tied=True, has_head_norms=True
    ),
}  # fmt: skip
"""Shapes of the protocols' base models, so that a plan needs no download."""


def read_model_shape(folder: Path) -> ModelShape:
    """Read the shape of the model in a folder.

    Raises EvaluatorError for a model of no known family, CorruptRecord for a config.json that describes none.
    """
    try:
        config = json.loads((folder / "config.json").read_bytes())
        family = choose_family(config)
        heads, hidden = config["num_attention_heads"], config["hidden_size"]
        kv_heads = config.get("num_key_value_heads") or heads
        head = config.get("head_dim") or family.default_head or hidden // heads
        return ModelShape(
            layers=config["num_hidden_layers"],
            hidden=hidden,
            ffn=config["intermediate_size"],
            heads=heads,
            kv_heads=kv_heads,
            head=head,
            vocab=config["vocab_size"],
            tied=config.get("tie_word_embeddings") or False,
            biases=family.count_biases(config, heads * head, kv_heads * head),
            has_head_norms=family.has_head_norms,
        )
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise CorruptRecord(f"{folder / 'config.json'} does not describe a model ({error!r}).") from error


def lookup_model_shape(model: str) -> ModelShape:
    """Look up the shape of a base model by its Hub id, or of any downloaded model. Raises NotFound."""
    if model in SHAPES:
        return SHAPES[model]
    repo, commit = split_model_id(model)
    if repo in SHAPES:
        return SHAPES[repo]
    found = try_to_load_from_cache(repo, "config.json", revision=commit)
    if not isinstance(found, str):
        raise NotFound(f"The shape of {model[:80]!r} is not known: download it, or take one of {', '.join(SHAPES)}.")
    return read_model_shape(Path(found).parent)
