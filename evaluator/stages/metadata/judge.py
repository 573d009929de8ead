"""Metadata stage: a chat model compares each task's description with the reference's, many tasks at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evaluator.config.judge_settings import JudgeSettings
from evaluator.errors import BudgetSpent
from evaluator.llm.client import ChatClient
from evaluator.llm.pool import map_concurrently
from evaluator.llm.prompts import PromptFile
from evaluator.llm.schema import schema_text
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.resource_usage import ResourceUsage
from evaluator.runtime.stage_cache import StageCache, cache_key
from evaluator.stages.metadata.descriptions import (
    DatasetFacts,
    GeneratedDescription,
    as_prompt_text,
    collect_facts,
    correct_facts,
    prompt_values,
    to_metadata,
)
from evaluator.stages.metadata.verdict import Comparison, MetadataVerdict, missing_verdict, read_verdict, unread_verdict
from evaluator.training.trainer import Progress
from submissions.records.findings import Origin
from submissions.records.task import Metadata, Row

STAGE = "metadata"
_INCOMPLETE = "The metadata stage is incomplete: the chat model's budget is used up. Answers so far are stored."


@dataclass(frozen=True)
class Judge:
    """Judge: settings, their prompts, and a chat client."""

    settings: JudgeSettings
    chat: ChatClient
    comparing: PromptFile
    describing: PromptFile
    at_once: int
    """Maximum number of tasks judged concurrently."""


@dataclass(frozen=True)
class DescribedDataset:
    """One task's data set beside its reference."""

    task: str
    reference: Metadata
    rows: Sequence[Row]
    """All delivered rows that count; none if the task is missing."""
    metadata: Metadata | None = None
    """Submitter's description; None generates one from the rows. Its facts are checked against the rows."""


def judge_metadata(
    judge: Judge,
    found: Sequence[DescribedDataset],
    provenance: str,
    store: StageCache,
    progress: Progress,
    costs: CostLog | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> tuple[MetadataVerdict, ...]:
    """Judge each task and return the verdicts in order; those of an earlier run come from the store.

    An unreadable verdict is not stored: the next run asks again. Raises ChatFailed and BudgetSpent; earlier answers
    stay stored. With `costs` each task is recorded with its share of the time: concurrent requests divide their time
    equally.
    Calls `check_cancelled` after each task, which may raise to end here.
    """
    found = [_correct_facts(one) for one in found]
    facts = {one.task: _collect_facts(judge, one, provenance) for one in found}
    keys = {one.task: _verdict_key(judge, one, facts[one.task]) for one in found}
    known = {task: verdict for task, key in keys.items() if (verdict := store.get(STAGE, key, MetadataVerdict))}
    todo = [one for one in found if one.task not in known]
    check_cancelled()
    progress(STAGE, len(known), len(found))

    at_once = max(1, min(judge.at_once, len(todo)))

    def judge_one(one: DescribedDataset) -> MetadataVerdict:
        started = time.perf_counter()
        verdict = _judge_dataset(judge, one, facts[one.task])
        if verdict.unread:
            return verdict
        if costs:
            costs.record(keys[one.task], ResourceUsage(seconds=(time.perf_counter() - started) / at_once))
        return store.put(STAGE, keys[one.task], verdict)

    def report_done(done: int) -> None:
        check_cancelled()
        progress(STAGE, len(known) + done, len(found))

    try:
        new = map_concurrently(judge_one, todo, judge.at_once, report_done)
    except BudgetSpent as spent:
        raise BudgetSpent(_INCOMPLETE, spent.detail) from spent
    verdicts = known | {verdict.task: verdict for verdict in new}
    if costs:
        for one in found:
            if one.rows and not verdicts[one.task].unread:
                costs.attribute(one.task, STAGE, keys[one.task])
    return tuple(verdicts[one.task] for one in found)


def _correct_facts(one: DescribedDataset) -> DescribedDataset:
    return one if one.metadata is None else replace(one, metadata=correct_facts(one.metadata, one.rows))


def _collect_facts(judge: Judge, one: DescribedDataset, provenance: str) -> DatasetFacts:
    return collect_facts(one.rows, provenance, judge.settings.shown_rows, judge.settings.shown_characters)


def _verdict_key(judge: Judge, one: DescribedDataset, facts: DatasetFacts) -> str:
    """Hash of all inputs of a verdict."""
    prompts = [
        judge.comparing.sha256,
        judge.describing.sha256,
        schema_text(Comparison),
        schema_text(GeneratedDescription),
    ]
    submitted = one.metadata if one.metadata else "described by us"
    return cache_key(STAGE, judge.settings, prompts, one.task, one.reference, submitted, facts)


def _judge_dataset(judge: Judge, one: DescribedDataset, facts: DatasetFacts) -> MetadataVerdict:
    if not one.rows:
        return missing_verdict(one.task, one.reference)
    if one.metadata is not None:
        return _compare_descriptions(judge, one, one.metadata, "submitted")
    answer = judge.chat.request(judge.describing.fill(prompt_values(facts)), GeneratedDescription)
    if answer.record is None:
        return unread_verdict(one.task, "generated", f"no description of the data: {answer.why}")
    return _compare_descriptions(judge, one, to_metadata(answer.record, facts), "generated")


def _compare_descriptions(judge: Judge, one: DescribedDataset, submitted: Metadata, origin: Origin) -> MetadataVerdict:
    most = judge.settings.shown_characters
    values = {"reference": as_prompt_text(one.reference, most), "submitted": as_prompt_text(submitted, most)}
    comparisons = []
    for repeat in range(judge.settings.repeats):
        answer = judge.chat.request(judge.comparing.fill(values, repeat), Comparison)
        if answer.record is None:
            return unread_verdict(one.task, origin, f"no verdict: {answer.why}")
        comparisons.append(answer.record)
    return read_verdict(one.task, one.reference, submitted, origin, comparisons)
