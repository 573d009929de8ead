"""Search agent over all questions at once: each round generates one step of every open question with one engine.

A round continues all open texts to the end of a query or answer, sends all queries to the retriever in one call, and
appends what it found as token ids; generated ids stay as they are, so nothing is tokenized twice. The last round's
answers count; a query in it ends its question.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from evaluator.errors import InvalidRetrieverAnswer, RetrieverError
from evaluator.generation import GeneratedStep
from evaluator.llm.prompts import PromptFile
from evaluator.retrieval.retriever import Hit, Retriever
from evaluator.search_agent.agent_prompt import fill_agent_prompt, load_agent_prompt
from evaluator.search_agent.agent_records import (
    AgentQuestion,
    AgentRun,
    AgentStep,
    AgentTrajectory,
    EndReason,
    SearchAgentSettings,
)
from evaluator.search_agent.agent_tools import AgentFrame, StepGenerator
from evaluator.search_agent.passage_block import build_passage_block
from evaluator.search_agent.read_step import read_step
from submissions.trajectories import TagSet, get_tag_set

RETRY_SECONDS = (1.0, 5.0)
"""Waits before a failed search is tried again."""
RoundReport = Callable[[int, int], None]
"""Receives the number of ended questions, and of all, after each round."""
Results = dict[str, Sequence[Hit]]


@dataclass
class _OpenText:
    """One question while its text grows."""

    question: AgentQuestion
    ids: list[int]
    prompt_tokens: int
    steps: list[AgentStep] = field(default_factory=list)
    queries: tuple[str, ...] = ()
    surplus: str = ""
    end: EndReason | None = None
    answer: str | None = None
    detail: str = ""


class SearchAgent:
    """Agent of one prompt, with its tools."""

    def __init__(
        self,
        settings: SearchAgentSettings,
        generator: StepGenerator,
        retriever: Retriever,
        frame: AgentFrame,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Load the prompt and its tag set. Raises NotFound for names that do not exist."""
        self.settings = settings
        self._prompt: PromptFile = load_agent_prompt(settings.prompt)
        self._tags: TagSet = get_tag_set(settings.tag_set)
        self._generator = generator
        self._retriever = retriever
        self._frame = frame
        self._sleep = sleep

    def answer_questions(
        self, questions: Sequence[AgentQuestion], report: RoundReport = lambda _ended, _total: None
    ) -> AgentRun:
        """Answer all questions, in rounds. Raises EvaluatorError of the generator; the retriever's ends its questions.

        Raises ValueError for two questions with one id.
        """
        if len({question.id for question in questions}) != len(questions):
            raise ValueError("two questions have one id")
        texts = [self._open_text(question) for question in questions]
        for number in range(1, self.settings.max_rounds + 1):
            waiting = [text for text in texts if text.end is None]
            if not waiting:
                break
            self._run_round(waiting, number)
            report(sum(text.end is not None for text in texts), len(texts))
        return AgentRun(
            settings=self.settings,
            prompt_sha256=self._prompt.sha256,
            index_id=self._retriever.index_id,
            trajectories=tuple(map(self._close_text, texts)),
        )

    def _open_text(self, question: AgentQuestion) -> _OpenText:
        ids = self._frame.build_prompt(fill_agent_prompt(self._prompt, question.text))
        ids = ids + self._frame.encode_text(self._tags.opening) if self._tags.opening else ids
        is_full = len(ids) >= self.settings.max_tokens
        return _OpenText(question, list(ids), len(ids), end="token_limit" if is_full else None)

    def _run_round(self, texts: Sequence[_OpenText], number: int) -> None:
        limits = [min(self.settings.max_step_tokens, self.settings.max_tokens - len(text.ids)) for text in texts]
        steps = self._generator.generate_steps(
            [text.ids for text in texts], limits, self._tags.stop_strings, follows_last=number > 1
        )
        for text, step in zip(texts, steps, strict=True):
            self._take_step(text, step)
        searching = [text for text in texts if text.end is None]
        if number == self.settings.max_rounds:
            for text in searching:
                text.end = "round_limit"
        elif searching:
            self._search_passages(searching)

    def _take_step(self, text: _OpenText, step: GeneratedStep) -> None:
        reading = read_step(step, self._tags)
        text.ids += step.ids
        text.surplus = step.surplus
        text.queries = reading.queries[: self.settings.max_queries]
        text.end, text.answer = reading.end, reading.answer
        text.steps.append(AgentStep(text=step.text, tokens=len(step.ids), queries=text.queries))

    def _search_passages(self, texts: Sequence[_OpenText]) -> None:
        queries = list(dict.fromkeys(query for text in texts for query in text.queries))
        try:
            results = self._search_with_retries(queries)
        except RetrieverError as error:
            for text in texts:
                text.end, text.detail = "retriever_error", str(error)
            return
        for text in texts:
            self._append_passages(text, results)

    def _search_with_retries(self, queries: list[str]) -> Results:
        for seconds in RETRY_SECONDS:
            try:
                return self._search_once(queries)
            except RetrieverError:
                self._sleep(seconds)
        return self._search_once(queries)

    def _search_once(self, queries: list[str]) -> Results:
        found = self._retriever.search(queries, self.settings.k)
        if len(found) != len(queries):
            raise InvalidRetrieverAnswer(f"The retriever returned {len(found)} results for {len(queries)} queries.")
        return {query: hits[: self.settings.k] for query, hits in zip(queries, found, strict=True)}

    def _append_passages(self, text: _OpenText, results: Results) -> None:
        block = build_passage_block(
            text.queries,
            [results[query] for query in text.queries],
            self._tags,
            self._frame,
            room=self.settings.max_tokens - len(text.ids) - 1,  # at least one token of the next step
            max_passage_tokens=self.settings.max_passage_tokens,
            surplus=text.surplus,
        )
        if block is None:
            text.end = "token_limit"
            return
        text.ids += block.ids
        text.steps[-1] = text.steps[-1].model_copy(
            update={
                "passages": block.passages,
                "retrieved": text.surplus + block.text,
                "retrieved_tokens": len(block.ids),
            }
        )

    def _close_text(self, text: _OpenText) -> AgentTrajectory:
        assert text.end is not None
        return AgentTrajectory(
            id=text.question.id,
            question=text.question.text,
            prompt=self.settings.prompt,
            prompt_tokens=text.prompt_tokens,
            opening=self._tags.opening,
            steps=tuple(text.steps),
            end=text.end,
            answer=text.answer,
            detail=text.detail,
        )
