"""Prompt frame of a protocol, from rendering a row with its template."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.config.protocol import SftProtocol
from evaluator.models.chat_template import ChatTemplate
from submissions.records.prompt_frame import PromptFrame

_INPUT, _OUTPUT = "the input", "the output"
_ROOM = 10_000
"""Token limit above any frame, so that nothing is cut."""


def build_frame(protocol: SftProtocol, template: ChatTemplate, demands: Sequence[str]) -> PromptFrame:
    """Build the frame of a protocol; at least one of `demands` is needed to measure the tokenizer's token length."""
    rendered = template.decode(template.build_example(_INPUT, _OUTPUT, _ROOM).input_ids)
    before, _, rest = rendered.partition(_INPUT)
    between, _, after = rest.partition(_OUTPUT)
    return PromptFrame(
        protocol=protocol.name,
        before=before,
        between=between,
        after=after,
        max_tokens=protocol.sft.cutoff_tokens,
        bytes_per_token=sum(len(one.encode()) for one in demands)
        / sum(len(template.encode_text(one)) for one in demands),
        epochs=protocol.sft.epochs,
        max_rows=protocol.sft.max_rows,
    )
