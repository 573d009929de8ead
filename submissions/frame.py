"""How a protocol shows a row to the model, for whoever wants to see it without the evaluator."""

from __future__ import annotations

from pydantic import Field

from submissions.record import Record


class Frame(Record):
    """What stands around a row's input and output in training, tokens that frame them written out as text."""

    protocol: str
    before: str
    """Before the input."""
    between: str
    """Between input and output."""
    after: str
    """After the output."""
    max_tokens: int = Field(ge=1)
    """A longer row is cut to this many tokens."""
    bytes_per_token: float = Field(gt=0)
    """How many bytes of UTF-8 one token holds on average, measured on the public demands."""
    epochs: float = Field(gt=0)
    max_rows: int = Field(ge=1)
    """Rows that are trained on."""
