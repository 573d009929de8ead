"""How a protocol shows a row to the model, taken from the template itself by letting it render one."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.protocol import Protocol
from evaluator.template import Template
from submissions.frame import Frame

_INPUT, _OUTPUT = "the input", "the output"
_ROOM = 10_000
"""Tokens that no frame fills: nothing is cut."""


def frame_of(protocol: Protocol, template: Template, demands: Sequence[str]) -> Frame:
    """The frame of a protocol; `demands`, at least one of them, say how long the tokenizer's tokens are."""
    rendered = template.shown(template.example(_INPUT, _OUTPUT, _ROOM).input_ids)
    before, _, rest = rendered.partition(_INPUT)
    between, _, after = rest.partition(_OUTPUT)
    return Frame(
        protocol=protocol.name,
        before=before,
        between=between,
        after=after,
        max_tokens=protocol.sft.cutoff_tokens,
        bytes_per_token=sum(len(one.encode()) for one in demands) / sum(len(template.text(one)) for one in demands),
        epochs=protocol.sft.epochs,
        max_rows=protocol.sft.max_rows,
    )
