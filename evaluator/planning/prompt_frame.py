"""How a protocol shows a row to the model, taken from the template by letting it render one, and how much it asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluator.config.profile import Profile
from evaluator.config.protocol import Protocol
from evaluator.models.chat_template import Template
from evaluator.planning.workload import mean_exam
from submissions.records.prompt_frame import ExamLoad, Frame, Planning

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


def planning_of(protocol: Protocol, profile: Profile, exams: Iterable[ExamLoad]) -> Planning:
    """What one needs to reckon an evaluation's time from, with no more of the exams than their mean."""
    return Planning(
        machine=profile.machine,
        shots=protocol.few_shot.shots,
        draws=protocol.few_shot.draws,
        max_prompt_tokens=protocol.decoding.max_prompt_tokens,
        exam=mean_exam(exams),
    )
