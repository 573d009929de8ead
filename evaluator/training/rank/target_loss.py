"""Causal language model that returns the loss of target tokens of rows packed into one sequence."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import cross_entropy, linear
from torch.utils.checkpoint import checkpoint

IGNORED = -100
"""Label of a token that is no target."""


class TargetLoss(torch.nn.Module):
    """Decoder, then the language-model head on the positions before target tokens alone."""

    def __init__(self, causal: torch.nn.Module, chunk: int | None) -> None:
        super().__init__()
        self.causal = causal
        self.head = TargetHead(causal.get_output_embeddings(), chunk)

    def forward(self, labels: torch.Tensor, **rows: Any) -> torch.Tensor:
        """Negative log-likelihood of each target token, (targets,), float32, in sequence order.

        `labels` is (1, tokens) with IGNORED at untrained tokens, including each row's first token.
        """
        hidden = self.causal.get_decoder()(**rows, use_cache=False).last_hidden_state[0]
        following = labels[0, 1:]
        positions = (following != IGNORED).nonzero().squeeze(-1)
        loss: torch.Tensor = self.head(hidden[positions], following[positions])
        return loss


class TargetHead(torch.nn.Module):
    """Cross entropy of target tokens, with logits of at most `chunk` positions at once, recomputed for gradients.

    All chunks are one call of this module: ZeRO-3 gathers a module's weights before each call, and ranks with
    different numbers of target tokens would otherwise gather different numbers of times and deadlock.
    """

    def __init__(self, unembedding: torch.nn.Linear, chunk: int | None) -> None:
        super().__init__()
        self._model_head = (unembedding,)  # in a tuple: not registered as a submodule, as it belongs to the model
        self._chunk = chunk

    @property
    def weight(self) -> torch.nn.Parameter:
        return self._model_head[0].weight

    def forward(self, hidden: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Map (targets, width) and (targets,) to negative log-likelihoods (targets,)."""
        if self._chunk is None or len(targets) <= self._chunk:
            return _target_nll(hidden, self.weight, targets)
        parts = [
            checkpoint(_target_nll, some, self.weight, theirs, use_reentrant=False)
            for some, theirs in zip(hidden.split(self._chunk), targets.split(self._chunk), strict=True)
        ]
        return torch.cat(parts)


def _target_nll(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return cross_entropy(linear(hidden, weight).float(), targets, reduction="none")
