"""Scripted model and retriever for a search agent: deterministic, with a real tokenizer and chat template."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evaluator.errors import RetrieverError
from evaluator.generation import GeneratedStep
from evaluator.retrieval.retriever import DEFAULT_K, Hit, Passage
from evaluator.search_agent import AgentFrame, AgentQuestion, SearchAgent, SearchAgentSettings

END_ID = 0
"""Token that stands for the end of a turn, after which nothing is generated."""


@dataclass
class ScriptedModel:
    """Writes the next reply of each question, up to a stop string, and ends its turn where there is none."""

    template: AgentFrame
    replies: Mapping[str, Sequence[str]]
    """Replies of each question, one a round."""
    turn_end: str = "<|eot_id|>"
    surplus: str = ""
    """Text that the last token has behind a stop string."""
    calls: list[list[list[int]]] = field(default_factory=list)
    """Prompts of each call."""
    limits: list[list[int]] = field(default_factory=list)
    generated: list[list[GeneratedStep]] = field(default_factory=list)

    def generate_steps(
        self, prompts: Sequence[Sequence[int]], limits: Sequence[int], stop: Sequence[str], *, follows_last: bool
    ) -> list[GeneratedStep]:
        assert follows_last == bool(self.calls)
        self.calls.append([list(prompt) for prompt in prompts])
        self.limits.append(list(limits))
        steps = [self._continue(prompt, limit, stop) for prompt, limit in zip(prompts, limits, strict=True)]
        self.generated.append(steps)
        return steps

    def _continue(self, prompt: Sequence[int], limit: int, stop: Sequence[str]) -> GeneratedStep:
        text = self.template.decode(prompt)
        (replies,) = (
            replies for question, replies in self.replies.items() if f"Question:\n{question}{self.turn_end}" in text
        )
        reply = replies[len(self.calls) - 1]
        ends = [reply.find(mark) + len(mark) for mark in stop if mark in reply]
        shown = reply[: min(ends)] if ends else reply
        ids = self.template.encode_text(shown + (self.surplus if ends else ""))
        if len(ids) > limit:
            return GeneratedStep(ids=tuple(ids[:limit]), text=self.template.decode(ids[:limit]), end="length")
        if ends:
            return GeneratedStep(ids=tuple(ids), text=shown, surplus=self.surplus, end="stop_string")
        return GeneratedStep(ids=(*ids, END_ID), text=shown, end="end_of_turn")


@dataclass
class ScriptedRetriever:
    """Finds two pages about every query, or what a function returns."""

    find: Callable[[str], list[Hit]] = lambda query: [
        Hit(Passage(f"{query}-{number}", f"Page {number}", f"About {query}."), 2.0 / number) for number in (1, 2)
    ]
    failures: int = 0
    """Calls that fail at first."""
    calls: list[list[str]] = field(default_factory=list)

    index_id: str = "scripted@1"
    documents: int | None = None

    def search(self, queries: Sequence[str], k: int = DEFAULT_K) -> list[tuple[Hit, ...]]:
        assert k >= 1
        self.calls.append(list(queries))
        if len(self.calls) <= self.failures:
            raise RetrieverError("The retriever's server does not answer.")
        return [tuple(self.find(query)) for query in queries]

    def close(self) -> None:
        pass


@dataclass
class AgentWorld:
    """An agent with scripted tools."""

    model: ScriptedModel
    retriever: ScriptedRetriever
    agent: SearchAgent
    sleeps: list[float]


def make_agent(
    template: AgentFrame,
    replies: Mapping[str, Sequence[str]],
    retriever: ScriptedRetriever | None = None,
    surplus: str = "",
    turn_end: str = "<|eot_id|>",
    **settings: object,
) -> AgentWorld:
    """Make an agent; `settings` change those of search-r1@1."""
    model = ScriptedModel(template, replies, turn_end, surplus)
    found = retriever or ScriptedRetriever()
    chosen = SearchAgentSettings.model_validate({"prompt": "search-r1@1", **settings})
    sleeps: list[float] = []
    return AgentWorld(model, found, SearchAgent(chosen, model, found, template, sleeps.append), sleeps)


def make_questions(texts: Sequence[str]) -> list[AgentQuestion]:
    """Make questions whose ids are their texts."""
    return [AgentQuestion(id=text, text=text) for text in texts]
