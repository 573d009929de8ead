"""Tiny model that searches: trained for a minute to write trajectories of none to three searches, answers aside.

Questions are of four kinds, by the number of their searches. The model learns the form and the count, which is all that
the agent's rounds need; its answers are right by chance only.
"""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from evaluator.models import tiny_llama
from evaluator.models.chat_template import ChatTemplate
from evaluator.search_agent.agent_prompt import fill_agent_prompt, load_agent_prompt
from submissions.trajectories import TAG_SETS, ChatTurn, find_loss_spans

PROMPT = "search-r1@1"
NAMES = "river city king book song film game star ship tree".split()
PLACES = "north south east west hill lake coast island valley desert".split()
STEPS, BATCH, LEARNING_RATE = 240, 4, 3e-3


def make_question(number: int) -> str:
    """Make a question that is searched `number % 4` times."""
    chance = random.Random(number)
    return f"Kind {number % 4}: which {chance.choice(NAMES)} of the {chance.choice(PLACES)} is number {number}?"


def make_page(query: str, rank: int) -> tuple[str, str]:
    """Make the title and text of a page about a query."""
    chance = random.Random(f"{query} {rank}")
    return f"{chance.choice(NAMES)} {rank}", f"The {chance.choice(PLACES)} has a {chance.choice(NAMES)}."


def make_trajectory(number: int) -> str:
    """Make the text of an answer, passages included."""
    chance = random.Random(-number)
    searches = number % 4
    text = ""
    for search in range(1, searches + 1):
        query = f"{chance.choice(NAMES)} {search}"
        pages = (make_page(query, rank) for rank in (1, 2))
        shown = "".join(f"Doc {rank}(Title: {title}) {page}\n" for rank, (title, page) in enumerate(pages, 1))
        text += f"<think>Search {search} of {searches}.</think>\n<search> {query} </search>"
        text += f"\n\n<information>{shown}</information>\n\n"
    return f"{text}<think>Enough.</think>\n<answer> {chance.choice(PLACES)} </answer>"


def encode_trajectory(template: ChatTemplate, number: int) -> tuple[list[int], list[bool]]:
    """Encode a training row; the flags are true for tokens that are learned."""
    tags, text = TAG_SETS[PROMPT.partition("@")[0]], make_trajectory(number)
    ids = template.build_prompt(fill_agent_prompt(load_agent_prompt(PROMPT), make_question(number)))
    flags = [False] * len(ids)
    spans = find_loss_spans([ChatTurn("assistant", text)], tags)[0].spans
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    for start, end in pairwise(edges):
        part = template.encode_text(text[start:end])
        ids += part
        flags += [(start, end) in spans] * len(part)
    return [*ids, template.stop_ids[0]], [*flags, True]


def train_model(folder: Path, seed: int = 0) -> None:
    """Write a trained model with its tokenizer into a new folder."""
    tiny_llama.build_model(folder, seed)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    template = ChatTemplate(folder)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
    for step in range(STEPS):
        rows = [encode_trajectory(template, 100_000 + step * BATCH + row) for row in range(BATCH)]
        width = max(len(ids) for ids, _ in rows)
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row, _ in rows])
        learned = torch.tensor([[*flags, *[False] * (width - len(flags))] for _, flags in rows])[:, 1:]
        hidden = model.model(input_ids=ids[:, :-1]).last_hidden_state[learned]  # padding comes after: causal
        loss = torch.nn.functional.cross_entropy(model.lm_head(hidden), ids[:, 1:][learned])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.save_pretrained(folder)
