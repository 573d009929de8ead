"""Search agent: 300 questions in rounds with one engine, beside the same questions one by one.

Run `python -m benchmarks.evaluator.search_agent [--questions N] [--alone N]`. A tiny model is trained for a minute to
search none to three times (ways/searching_model.py), then both ways run with the same engine, agent and pages, and must
give the same trajectories. `--alone` measures a sample of the questions one by one and multiplies. Target: 10 times as
fast.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.evaluator.ways.searching_model import PROMPT, make_page, make_question, train_model
from evaluator.config.profile import load_profile
from evaluator.generation import VllmGenerator
from evaluator.models.chat_template import ChatTemplate
from evaluator.retrieval.retriever import DEFAULT_K, Hit, Passage
from evaluator.search_agent import AgentQuestion, AgentTrajectory, ModelSteps, SearchAgent, SearchAgentSettings
from evaluator.stages.anchored_protocol import AnchoredProtocol
from evaluator.tracks.protocols import load_protocol_as

TARGET = 10.0
SETTINGS = SearchAgentSettings(prompt=PROMPT, max_rounds=4, k=2, max_step_tokens=64, max_tokens=1024)


class MadePages:
    """Retriever that makes pages from queries, in no time."""

    index_id = "made@1"
    documents = None

    def search(self, queries: Sequence[str], k: int = DEFAULT_K) -> list[tuple[Hit, ...]]:
        """Make `k` pages for each query."""
        return [tuple(self._make_hit(query, rank) for rank in range(1, k + 1)) for query in queries]

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def _make_hit(self, query: str, rank: int) -> Hit:
        return Hit(Passage(f"{query}-{rank}", *make_page(query, rank)), 1 / rank)


def main() -> None:
    """Print the table. Exits with 1 if the trajectories differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--alone", type=int, help="questions of the sample that is asked one by one; all by default")
    given = parser.parse_args()
    questions = [AgentQuestion(id=str(number), text=make_question(number)) for number in range(given.questions)]
    sample = questions[: given.alone or len(questions)]
    with tempfile.TemporaryDirectory() as where:
        model = Path(where, "model")
        started = time.perf_counter()
        train_model(model)
        print(f"{os.cpu_count()} cores; model trained in {time.perf_counter() - started:.0f} s", flush=True)
        template = ChatTemplate(model)
        with open_generator(model, template, Path(where, "engine.log")) as generator:
            agent = SearchAgent(SETTINGS, ModelSteps(generator, model), MadePages(), template)
            agent.answer_questions(questions[:1])  # boots the engine
            started = time.perf_counter()
            together = agent.answer_questions(questions).trajectories
            middle = time.perf_counter()
            alone = [agent.answer_questions([question]).trajectories[0] for question in sample]
            other = (time.perf_counter() - middle) * len(questions) / len(sample)
    print_comparison(together, alone, middle - started, other)


def open_generator(model: Path, template: ChatTemplate, log: Path) -> VllmGenerator:
    """Return a generator whose engine has room for the agent's texts."""
    protocol = load_protocol_as("demo@1", AnchoredProtocol)
    size = {"max_prompt_tokens": SETTINGS.max_tokens, "max_new_tokens": SETTINGS.max_step_tokens}
    decoding = protocol.decoding.model_copy(update=size)
    return VllmGenerator(
        model, protocol.model_copy(update={"decoding": decoding}), load_profile("cpu"), template.stop_ids, log
    )


def print_comparison(
    together: Sequence[AgentTrajectory], alone: Sequence[AgentTrajectory], ours: float, other: float
) -> None:
    """Print both times and whether both ways wrote the same. Raises SystemExit if they did not."""
    ends = ", ".join(f"{count} {end}" for end, count in Counter(one.end for one in together).most_common())
    searches = Counter(one.searches for one in together)
    tokens = sum(one.tokens_generated for one in together)
    print(f"{len(together)} questions, {tokens} generated tokens; {ends}")
    print(f"searches a question: {', '.join(f'{number}: {searches[number]}' for number in sorted(searches))}")
    print(f"{'in rounds':24}{ours:9.2f} s")
    print(f"{'one by one':24}{other:9.2f} s{' (multiplied)' if len(alone) < len(together) else ''}")
    verdict = "reached" if other >= TARGET * ours else "MISSED"
    print(f"{'ratio':24}{other / ours:9.1f}x  target {TARGET:.0f}x: {verdict}")
    differ = [one.id for one, two in zip(together, alone, strict=False) if one != two]
    answers = sum(one.answer != two.answer for one, two in zip(together, alone, strict=False))
    print(f"trajectories that differ: {len(differ)} of {len(alone)}; answers: {answers}")
    if answers:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
