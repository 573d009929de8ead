"""Settings of a search agent, and what it leaves of each question."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from submissions.records.base import Record

EndReason = Literal["answered", "no_answer", "round_limit", "token_limit", "bad_format", "retriever_error"]
"""Why an agent stopped: it answered; it ended its turn, or its answer was blank; it still searched in the last round;
its text was full or a step too long; a query or answer could not be read; the retriever failed (our fault)."""


class SearchAgentSettings(Record):
    """Everything of an agent that shapes its answers, beside model, sampling and retriever."""

    prompt: str
    """Prompt by name and version, for example `search-r1@1`; its name is also that of the tag set."""
    max_rounds: int = Field(default=4, ge=1)
    """Generated steps of a question; in the last one a query ends it."""
    k: int = Field(default=3, ge=1)
    """Passages of each query."""
    max_queries: int = Field(default=5, ge=1)
    """Queries of one step, where the tag set allows several; further ones are ignored."""
    max_step_tokens: int = Field(default=512, ge=1)
    """Tokens of one generated step."""
    max_passage_tokens: int = Field(default=512, ge=1)
    """Tokens of all passages of one step, without their tags; what is longer is cut."""
    max_tokens: int = Field(default=4096, ge=1)
    """Tokens of a question's whole text, prompt included."""

    @property
    def tag_set(self) -> str:
        """Name of the tag set."""
        return self.prompt.partition("@")[0]


class AgentQuestion(Record):
    """One question of a benchmark."""

    id: str
    text: str


class ShownPassage(Record):
    """One passage as the model saw it."""

    query: int
    """Number of its query in the step, from 0."""
    id: str
    title: str
    score: float | None
    text: str
    """Formatted, escaped and perhaps cut; empty if there was no room left."""
    is_cut: bool = False


class AgentStep(Record):
    """One generated step, and what came back for its queries."""

    text: str
    """Generated text, up to the end of its stop string."""
    tokens: int
    queries: tuple[str, ...] = ()
    passages: tuple[ShownPassage, ...] = ()
    retrieved: str = ""
    """Text that was appended after the step, tags included."""
    retrieved_tokens: int = 0


class AgentTrajectory(Record):
    """Everything about one question. The question's gold answers are not part of it."""

    id: str
    question: str
    prompt: str
    prompt_tokens: int
    opening: str
    """Text that the prompt wrote at the start of the answer."""
    steps: tuple[AgentStep, ...]
    end: EndReason
    answer: str | None = None
    """Answer without outer blanks; None unless answered."""
    detail: str = ""
    """Message of the retriever's error."""

    @property
    def predicted_answer(self) -> str:
        """Answer to score; empty without one, which is wrong under every rule."""
        return self.answer or ""

    @property
    def text(self) -> str:
        """Text of the answer with everything that was retrieved, as a trajectory's parser reads it."""
        return self.opening + "".join(step.text + step.retrieved for step in self.steps)

    @property
    def searches(self) -> int:
        """Steps whose queries were answered."""
        return sum(bool(step.retrieved) for step in self.steps)

    @property
    def tokens_generated(self) -> int:
        """Generated tokens of all steps."""
        return sum(step.tokens for step in self.steps)

    @property
    def passages_cut(self) -> int:
        """Passages that were cut or had no room at all."""
        return sum(passage.is_cut for step in self.steps for passage in step.passages)


class AgentRun(Record):
    """Trajectories of all questions, in their order."""

    settings: SearchAgentSettings
    prompt_sha256: str
    index_id: str
    """Id of the retriever's index: runs of two indexes are never compared."""
    trajectories: tuple[AgentTrajectory, ...]

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the questions that a retriever's error ended: only these need another run."""
        return tuple(one.id for one in self.trajectories if one.end == "retriever_error")
