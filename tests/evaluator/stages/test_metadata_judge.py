"""The metadata stage through the real client; the judge is a double on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evaluator.config.judge_settings import JudgeSettings
from evaluator.errors import BudgetSpent, ChatFailed
from evaluator.llm.fake_server import CannedReply, ReceivedRequest, completion_reply, error_reply
from evaluator.llm.prompts import Prompt, PromptFile
from evaluator.runtime.cost_log import CostLog
from evaluator.runtime.stage_cache import StageCache
from evaluator.stages.judge_factory import open_judge
from evaluator.stages.metadata.aggregate import aggregate_verdicts, unreadable_verdicts
from evaluator.stages.metadata.judge import DescribedDataset, Judge, judge_metadata
from evaluator.stages.metadata.verdict import (
    AVERAGED,
    DIMENSIONS,
    Comparison,
    MetadataVerdict,
    missing_verdict,
    read_verdict,
    unread_verdict,
)
from submissions.errors import NotFound
from submissions.records.findings import JudgeScores
from submissions.records.task import Metadata, Row
from tests.support.injected_judge import UNBLOCKED, gullible
from tests.support.judges import (
    ENVIRON,
    REFERENCE,
    ROWS,
    SETTINGS,
    SUBMITTED,
    a_connection,
    description,
    discovered,
    is_comparison,
    judging,
    no_ambient_settings,
    says_seven,
    verdict,
)

__all__ = ["no_ambient_settings"]  # a fixture of this module, too

NOTHING = Metadata(introduction="", task=" ", question="", input="", output="", source="", samples_count=0)


def compared(text: str) -> Comparison:
    return Comparison.model_validate_json(text)


def values(verdict: MetadataVerdict) -> dict[str, float | None]:
    return {score.name: score.value for score in verdict.scores}


def judge(
    judging: Judge, found: list[DescribedDataset], folder: Path, provenance: str = "a field trip"
) -> tuple[MetadataVerdict, ...]:
    return judge_metadata(judging, found, provenance, StageCache(folder), lambda *_: None)


# The rules of one task


def test_each_dimension_has_the_judge_s_score_and_its_reason() -> None:
    found = read_verdict("t", REFERENCE, SUBMITTED, "submitted", [compared(verdict(7, input=0, output=10))])
    assert values(found) == dict.fromkeys(DIMENSIONS, 7.0) | {"input": 0.0, "output": 10.0}
    assert found.reasons["input"] == ("because of input",)
    assert [score.n for score in found.scores] == [1] * 9


def test_null_is_zero_where_the_reference_has_a_value() -> None:
    found = read_verdict("t", REFERENCE, SUBMITTED, "submitted", [compared(verdict(7, task=None))])
    assert values(found)["task"] == 0.0


def test_a_value_that_was_not_submitted_is_zero_whatever_the_judge_says() -> None:
    found = read_verdict("t", REFERENCE, NOTHING, "submitted", [compared(verdict(9))])
    assert set(values(found).values()) == {0.0}


def test_what_the_reference_does_not_say_is_unscored() -> None:
    silent = REFERENCE.model_copy(update={"question": " ", "example": None, "samples_count": 0})
    found = read_verdict("t", silent, SUBMITTED, "submitted", [compared(verdict(9, question=None))])
    assert values(found) == dict.fromkeys(DIMENSIONS, 9.0) | dict.fromkeys(("question", "example", "samples_count"))
    assert found.scores[DIMENSIONS.index("example")].why == "the reference does not say its example"


SAYS_NOTHING = ("unknown", "Unknown.", " N/A ", "n.a.", "None", "not  specified", "UNSPECIFIED.", "-", "—", "...")


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_a_text_that_says_nothing_is_no_value(text: str) -> None:
    vague = {"source": text, "input": text}
    found = read_verdict("t", REFERENCE, SUBMITTED.model_copy(update=vague), "submitted", [compared(verdict(9))])
    assert (values(found)["source"], values(found)["input"], values(found)["output"]) == (0.0, 0.0, 9.0)
    silent = REFERENCE.model_copy(update=vague)
    found = read_verdict("t", silent, SUBMITTED, "submitted", [compared(verdict(9, source=None))])
    assert (values(found)["source"], values(found)["input"], values(found)["output"]) == (None, None, 9.0)


@pytest.mark.parametrize("text", ["none of the above", "n", "未知数", "a/b", "ไม่", "Unknown authors, from the web"])
def test_a_text_that_holds_such_a_word_says_something(text: str) -> None:
    said = SUBMITTED.model_copy(update={"source": text})
    found = read_verdict("t", REFERENCE, said, "submitted", [compared(verdict(9))])
    assert values(found)["source"] == 9.0


def test_repeats_are_averaged() -> None:
    found = read_verdict("t", REFERENCE, SUBMITTED, "submitted", [compared(verdict(score)) for score in (3, None, 6)])
    assert values(found)["task"] == 3.0
    assert len(found.reasons["task"]) == 3


@pytest.mark.parametrize("score", [True, 11, -1, "7", 6.5, [7]])
def test_only_whole_numbers_from_0_to_10_are_scores(score: Any) -> None:
    with pytest.raises(ValidationError, match=r"task\.score"):
        compared(verdict(7, task=score))


# The means over tasks


def test_the_average_is_the_mean_of_the_six_dimension_means() -> None:
    one = read_verdict(
        "a", REFERENCE, SUBMITTED, "submitted", [compared(verdict(4, domain=0, source=0, samples_count=0))]
    )
    two = read_verdict("b", REFERENCE, SUBMITTED, "generated", [compared(verdict(8, input=2))])
    total = aggregate_verdicts([one, two], SETTINGS)
    means = {score.name: score.value for score in total.dimensions}
    assert means == dict.fromkeys(DIMENSIONS, 6.0) | {"input": 3.0} | dict.fromkeys(
        ("domain", "source", "samples_count"), 4.0
    )
    assert total.average.value == pytest.approx((5 * 6.0 + 3.0) / 6)
    assert (total.average.n, total.origins) == (2, {"generated": 1, "submitted": 1})


def test_dimension_means_reproduce_a_published_average() -> None:
    """DatasetResearch, Table 2, GPT-4o-search: six means and their average; domain, source and count stay out of it."""
    published = {"introduction": 576, "task": 663, "question": 536, "input": 577, "output": 532, "example": 541}
    tens = {name: [10 * (number < points // 10) for number in range(100)] for name, points in published.items()}
    ones = {name: points - 10 * (points // 10) for name, points in published.items()}
    verdicts = []
    for number in range(100):
        points = {name: column[number] for name, column in tens.items()}
        points |= {name: ones[name] for name in published if number == 99}
        verdicts.append(read_verdict(f"t{number}", REFERENCE, SUBMITTED, "submitted", [compared(verdict(0, **points))]))
    total = aggregate_verdicts(verdicts, SETTINGS)
    assert [score.value for score in total.dimensions if score.name in AVERAGED] == [5.76, 6.63, 5.36, 5.77, 5.32, 5.41]
    assert total.average.value == pytest.approx(5.7083, abs=5e-5)


def test_a_missing_task_is_zero_or_left_out_as_the_protocol_says() -> None:
    verdicts = [
        read_verdict("a", REFERENCE, SUBMITTED, "submitted", [compared(verdict(8))]),
        missing_verdict("b", REFERENCE.model_copy(update={"domain": ""})),
    ]
    arena = aggregate_verdicts(verdicts, SETTINGS)
    paper = aggregate_verdicts(verdicts, SETTINGS.model_copy(update={"missing": "left_out"}))
    assert (arena.average.value, arena.average.n) == (4.0, 2)
    assert (paper.average.value, paper.average.n) == (8.0, 1)
    assert arena.dimensions[DIMENSIONS.index("domain")].value == 8.0  # the second reference does not say it
    assert arena.origins == paper.origins == {"missing": 1, "submitted": 1}


def test_one_unread_verdict_leaves_nothing_to_average() -> None:
    verdicts = [
        read_verdict("a", REFERENCE, SUBMITTED, "submitted", [compared(verdict(8))]),
        unread_verdict("b", "submitted", "no verdict: the model refused to answer"),
    ]
    total = aggregate_verdicts(verdicts, SETTINGS)
    assert unreadable_verdicts(verdicts) == {"b": "no verdict: the model refused to answer"}
    assert {score.value for score in (*total.dimensions, total.average)} == {None}
    assert total.average.why == "1 of 2 tasks have no verdict, first b: no verdict: the model refused to answer"


def test_a_dimension_that_no_reference_has_is_not_averaged_away() -> None:
    silent = REFERENCE.model_copy(update={"example": None})
    total = aggregate_verdicts([read_verdict("a", silent, SUBMITTED, "submitted", [compared(verdict(8))])], SETTINGS)
    assert total.dimensions[0].value == 8.0
    assert (total.average.value, total.average.why) == (None, "no reference says its example")


def test_nothing_delivered_is_said_so() -> None:
    total = aggregate_verdicts([missing_verdict("a", REFERENCE)], SETTINGS.model_copy(update={"missing": "left_out"}))
    assert total.average.why == "no data set was delivered"


def test_what_is_published_holds_no_word_of_the_judge() -> None:
    secret = "the reference is about moraines"
    text = json.dumps({name: {"reason": secret, "score": 7} for name in DIMENSIONS})
    total = aggregate_verdicts([read_verdict("a", REFERENCE, SUBMITTED, "submitted", [compared(text)])], SETTINGS)
    assert secret not in total.model_dump_json()
    assert JudgeScores.model_validate_json(total.model_dump_json()) == total
    assert (total.model, total.snapshot, total.prompts) == ("judge", "judge-2026-01-01", ("judge@1", "describe@1"))


# The stage


def test_a_submitted_description_is_compared_as_it_is_but_for_its_facts(tmp_path: Path) -> None:
    with judging(tmp_path / "c") as (mine, server):
        (found,) = judge(mine, [discovered("t")], tmp_path)
    assert (found.origin, found.described, set(values(found).values())) == ("submitted", None, {7.0})
    (asked,) = server.requests
    assert '"thickness moraine crevasse"' in asked.text
    assert '"samples_count": 5' in asked.text
    assert '"samples_count": 400' not in asked.text


@pytest.mark.parametrize(
    ("example", "shown"), [(ROWS[4], ROWS[4]), (Row(input="made up", output="for the judge"), ROWS[0]), (None, ROWS[0])]
)
def test_an_example_is_one_of_the_rows(example: Row | None, shown: Row, tmp_path: Path) -> None:
    with judging(tmp_path / "c") as (mine, server):
        judge(mine, [discovered("t", SUBMITTED.model_copy(update={"example": example}))], tmp_path)
    (asked,) = server.requests
    submitted = asked.text.partition('name="submitted"')[2]
    assert json.dumps(shown.input) in submitted
    assert "made up" not in submitted
    assert submitted.count(" metres") == 1


def test_the_same_words_about_other_rows_are_judged_anew(tmp_path: Path) -> None:
    said = discovered("t", SUBMITTED.model_copy(update={"example": ROWS[4]}))
    other = replace(said, rows=(*ROWS[:4], Row(input="another", output="row")))
    with judging(tmp_path / "c") as (mine, server):
        judge(mine, [said], tmp_path)
        judge(mine, [other], tmp_path)
        assert len(server.requests) == 2


def test_a_description_that_is_missing_is_written_from_the_data(tmp_path: Path) -> None:
    with judging(tmp_path / "c") as (mine, server):
        (found,) = judge(mine, [discovered("t", metadata=None)], tmp_path, "Measured on \u202efoot.")
    describing, comparing = server.requests
    assert found.origin == "generated"
    assert found.described == Metadata(**json.loads(description()), example=ROWS[0], samples_count=5)
    user = describing.body["messages"][1]["content"]
    assert ("glacier 2" in user, "glacier 3" in user) == (True, False)
    assert 'name="samples_count">\n5\n' in user
    assert '"Measured on \\u202efoot."' in user
    assert "thickness moraine crevasse" not in describing.text  # the reference is not told
    assert '"introduction": "some glaciers"' in comparing.text


def test_what_cannot_be_told_of_the_data_counts_as_not_said(tmp_path: Path) -> None:
    answer = lambda asked: completion_reply(verdict(9) if is_comparison(asked) else description(None))  # noqa: E731
    with judging(tmp_path / "c", answer) as (mine, _):
        (found,) = judge(mine, [discovered("t", metadata=None)], tmp_path)
    assert values(found) == dict.fromkeys(DIMENSIONS, 0.0) | {"example": 9.0, "samples_count": 9.0}


def test_a_missing_data_set_is_not_asked_about(tmp_path: Path) -> None:
    with judging(tmp_path / "c") as (mine, server):
        found = judge(mine, [discovered("t", SUBMITTED, rows=()), discovered("u", None, rows=())], tmp_path)
        assert server.requests == []
    assert [one.origin for one in found] == ["missing", "missing"]
    assert set(values(found[0]).values()) == {0.0}


def test_long_texts_are_cut_on_both_sides(tmp_path: Path) -> None:
    long = "x" * 50
    settings = SETTINGS.model_copy(update={"shown_characters": 20})
    metadata = SUBMITTED.model_copy(update={"introduction": long, "example": Row(input=long, output=long)})
    reference = REFERENCE.model_copy(update={"source": long})
    rows = (Row(input=long, output="short"),)
    with judging(tmp_path / "c", settings=settings) as (mine, server):
        own = (Row(input=long, output=long), *ROWS)
        judge(
            mine,
            [DescribedDataset("t", reference, own, metadata), DescribedDataset("u", reference, rows)],
            tmp_path,
            long,
        )
    texts = [asked.text for asked in server.requests]
    assert all("x" * 21 not in text for text in texts)
    submitted, described = (next(text for text in texts if name in text) for name in ('"answering"', 'name="rows"'))
    assert submitted.count("x" * 20 + " [30 of 50 characters cut off]") == 4
    assert described.count("x" * 20 + " [30 of 50 characters cut off]") == 2


def test_repeats_are_asked_with_seeds_of_their_own(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"repeats": 3})
    scores = {42: 1, 43: 2, 44: 6}
    with judging(tmp_path / "c", lambda asked: completion_reply(verdict(scores[asked.body["seed"]])), settings) as (
        mine,
        _,
    ):
        (found,) = judge(mine, [discovered("t")], tmp_path)
    assert values(found)["task"] == 3.0


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (completion_reply("10 out of 10"), "the answer is not JSON"),
        (completion_reply(verdict(7)[:-1]), "the answer is not JSON"),
        (completion_reply(verdict(11)), "does not fit the schema, first at introduction"),
        (completion_reply(verdict(7), finish="length"), "cut off"),
        (completion_reply(None, refusal="no"), "the model refused to answer"),
    ],
)
def test_an_unread_verdict_is_unscored_and_asked_again_by_the_next_run(
    bad: CannedReply, why: str, tmp_path: Path
) -> None:
    tasks = [discovered("a"), DescribedDataset("b", REFERENCE.model_copy(update={"domain": "ice"}), ROWS, SUBMITTED)]
    ill = lambda asked: bad if '"ice"' in asked.text else completion_reply(verdict(7))  # noqa: E731
    with judging(tmp_path / "c", ill) as (mine, server):
        found = judge(mine, tasks, tmp_path)
        assert [bool(one.unread) for one in found] == [False, True]
        assert found[1].unread
        assert why in found[1].unread
        assert set(values(found[1]).values()) == {None}
        assert aggregate_verdicts(found, SETTINGS).average.value is None
        server.answer = says_seven
        mended = judge(mine, tasks, tmp_path)
        assert aggregate_verdicts(mended, SETTINGS).average.value == 7.0
        assert len(server.requests) == 3  # the good verdict was not asked for again


def test_a_description_that_cannot_be_read_leaves_the_task_unread(tmp_path: Path) -> None:
    with judging(tmp_path / "c", lambda _: completion_reply("Glaciers!")) as (mine, _):
        (found,) = judge(mine, [discovered("t", None)], tmp_path)
    assert found.unread == "no description of the data: the answer is not JSON"


def test_finished_verdicts_are_found_again_without_a_server(tmp_path: Path) -> None:
    with judging(tmp_path / "one") as (mine, _):
        first = judge(mine, [discovered("a"), discovered("b", None)], tmp_path)
    with judging(tmp_path / "another", lambda _: error_reply(500), retries=0) as (mine, server):
        assert judge(mine, [discovered("a"), discovered("b", None)], tmp_path) == first
        assert server.requests == []


@pytest.mark.parametrize("change", ["settings", "prompt", "reference", "metadata", "rows", "provenance"])
def test_another_input_is_judged_anew(change: str, tmp_path: Path) -> None:
    tasks, provenance = [discovered("a", None)], "a field trip"
    with judging(tmp_path / "c") as (mine, server):
        judge(mine, tasks, tmp_path, provenance)
        settings, comparing = mine.settings, mine.comparing
        if change == "settings":
            settings = settings.model_copy(update={"shown_rows": 2})
        elif change == "prompt":
            comparing = comparing.model_copy(update={"sha256": "1" * 64})
        elif change == "provenance":
            provenance = "a web page"
        else:
            reference = REFERENCE.model_copy(update={"domain": "ice"}) if change == "reference" else REFERENCE
            tasks = [
                DescribedDataset(
                    "a", reference, ROWS[:1] if change == "rows" else ROWS, SUBMITTED if change == "metadata" else None
                )
            ]
        asked = len(server.requests)
        judge(Judge(settings, mine.chat, comparing, mine.describing, 2), tasks, tmp_path, provenance)
        assert len(server.requests) > asked


def test_equal_questions_about_two_submissions_are_asked_once(tmp_path: Path) -> None:
    for run in ("one", "two"):
        with judging(tmp_path / "c") as (mine, server):
            judge(mine, [discovered("t")], tmp_path / run)
            assert len(server.requests) == (1 if run == "one" else 0)


def test_a_spent_budget_stops_the_stage_and_keeps_what_was_answered(tmp_path: Path) -> None:
    tasks = [
        DescribedDataset(f"t{number}", REFERENCE, ROWS, SUBMITTED.model_copy(update={"domain": f"ice {number}"}))
        for number in range(6)
    ]
    dear = lambda _: completion_reply(verdict(7), usage={"prompt_tokens": 4000, "completion_tokens": 0})  # noqa: E731
    with judging(tmp_path / "c", dear, budget_tokens=18_000, at_once=1) as (mine, server):
        with pytest.raises(BudgetSpent, match="an entry has spent") as caught:
            judge(mine, tasks, tmp_path)
        assert caught.value.public.startswith("The metadata stage is incomplete: the chat model's budget is used up.")
        before = len(server.requests)
        assert 0 < before < 6
    with judging(tmp_path / "c") as (mine, server):
        assert not unreadable_verdicts(judge(mine, tasks, tmp_path))
        assert len(server.requests) == 6 - before


def test_a_server_that_fails_stops_the_stage(tmp_path: Path) -> None:
    with judging(tmp_path / "c", lambda _: error_reply(401)) as (mine, _), pytest.raises(ChatFailed, match="JUDGE_KEY"):
        judge(mine, [discovered("t")], tmp_path)


def test_progress_counts_tasks_those_of_an_earlier_run_too(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    tasks = [discovered("a"), discovered("b", None), discovered("c", None, rows=())]
    with judging(tmp_path / "c") as (mine, _):
        judge(mine, tasks[:1], tmp_path)
        judge_metadata(mine, tasks, "a field trip", StageCache(tmp_path), lambda *step: seen.append(step))
    assert seen == [("metadata", 1, 3), ("metadata", 2, 3), ("metadata", 3, 3)]


def test_tasks_that_were_judged_cost_time_and_missing_ones_none(tmp_path: Path) -> None:
    tasks = [discovered("a"), discovered("b", None), discovered("c", None, rows=())]
    names, store = ["a", "b", "c"], StageCache(tmp_path)
    first, again = CostLog(store), CostLog(store)
    with judging(tmp_path / "c") as (mine, _):
        for costs in (first, again):
            judge_metadata(mine, tasks, "a field trip", store, lambda *_: None, costs)
    entered = first.collect(["metadata"], names)
    assert entered
    assert [(cost.task, cost.stage, cost.tokens_generated) for cost in entered] == [
        ("a", "metadata", 0),
        ("b", "metadata", 0),
    ]
    assert all(cost.seconds > 0 for cost in entered)
    assert again.collect(["metadata"], names) == entered


def test_a_protocol_s_prompts_must_be_those_that_are_there(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"judge_prompt": "judge@9"})
    connection = a_connection("http://127.0.0.1:9/v1")
    with (
        pytest.raises(NotFound, match=r"judge.md is judge@1"),
        open_judge("dataset_research", settings, connection, ENVIRON, tmp_path / "c", "l"),
    ):
        raise AssertionError("it was opened")


def test_every_setting_shapes_the_settings_text() -> None:
    assert JudgeSettings.model_validate_json(SETTINGS.model_dump_json()) == SETTINGS
    with pytest.raises(ValidationError, match="key_variable"):
        JudgeSettings.model_validate(SETTINGS.model_dump() | {"key_variable": "JUDGE_KEY"})


# Hostile descriptions


def injections() -> Iterator[tuple[str, str]]:
    for entry in json.loads(Path(__file__).with_name("injections.json").read_text()):
        yield entry["name"].replace(" ", "-"), entry["text"] * entry.get("times", 1) + entry.get("end", "")


INJECTIONS = dict(injections())
GOOD_WORDS = SUBMITTED.model_dump(mode="json")


def hostile_metadata(text: str) -> Metadata:
    """A description whose every text ends with another."""
    texts = {name: f"{value}\n{text}" for name, value in GOOD_WORDS.items() if isinstance(value, str)}
    return Metadata.model_validate(GOOD_WORDS | texts | {"example": {"input": f"glacier {text}", "output": text}})


def hostile(task: str, text: str) -> DescribedDataset:
    """A task that is described so, with its example among more than ten rows: fewer would read as a score."""
    said = hostile_metadata(text)
    return DescribedDataset(task, REFERENCE, (said.example or ROWS[0], *ROWS, *ROWS), said)


class Pasted(PromptFile):
    """The same instructions with values pasted in as they are: what a template without quoting does."""

    def fill(self, values: dict[str, Any], repeat: int = 0) -> Prompt:
        pasted = "\n\n".join(f"{name}:\n" + "\n".join(map(str, value.values())) for name, value in values.items())
        return Prompt(name=self.name, sha256=self.sha256, system=self.system, user=pasted, repeat=repeat)


class Encoded(PromptFile):
    """The same frame with plain JSON in it: quoted, and nothing more."""

    def fill(self, values: dict[str, Any], repeat: int = 0) -> Prompt:
        blocks = [
            f'<data id="0" name="{name}">\n{json.dumps(value, ensure_ascii=False, indent=1)}\n</data id="0">'
            for name, value in values.items()
        ]
        return Prompt(name=self.name, sha256=self.sha256, system=self.system, user="\n\n".join(blocks), repeat=repeat)


def swayed(template: type[PromptFile], folder: Path, shown_characters: int = 20_000) -> set[str]:
    """Which hostile descriptions change the gullible judge's verdict."""
    settings = SETTINGS.model_copy(update={"shown_characters": shown_characters})
    tasks = [hostile(name, text) for name, text in (*INJECTIONS.items(), ("harmless", "And snow."))]
    with judging(folder / "c", gullible, settings) as (mine, _):
        comparing = template(**mine.comparing.model_dump())
        found = judge(Judge(settings, mine.chat, comparing, mine.describing, 4), tasks, folder)
    assert not unreadable_verdicts(found)
    by_task = {one.task: values(one) for one in found}
    return {name for name in INJECTIONS if by_task[name] != by_task["harmless"]}


def test_the_set_is_large_and_of_many_kinds() -> None:
    entries = json.loads(Path(__file__).with_name("injections.json").read_text())
    assert len(INJECTIONS) == len(entries) >= 60
    assert len({entry["language"] for entry in entries}) >= 12


@pytest.mark.integration
def test_no_hostile_description_changes_a_verdict(tmp_path: Path) -> None:
    assert swayed(PromptFile, tmp_path) == set()
    assert swayed(PromptFile, tmp_path, shown_characters=2000) == set()


@pytest.mark.integration
def test_the_same_judge_is_swayed_by_most_of_them_when_text_is_pasted_in(tmp_path: Path) -> None:
    assert len(swayed(Pasted, tmp_path)) > 0.9 * len(INJECTIONS)


@pytest.mark.integration
def test_json_alone_does_not_hold_tokens_and_hidden_characters(tmp_path: Path) -> None:
    found = swayed(Encoded, tmp_path)
    assert {"llama-turn", "mistral-turn", "code-fence", "tag-characters", "line-separator", "fake-closing-tag"} <= found
    assert "fake-verdict" not in found


@pytest.mark.integration
def test_hostile_rows_and_notes_change_no_description(tmp_path: Path) -> None:
    rows = {name: (Row(input=f"glacier\n{text}", output=text), *ROWS) for name, text in INJECTIONS.items()}
    with judging(tmp_path / "c", gullible) as (mine, server):
        for name, text in list(INJECTIONS.items())[::6]:
            (found,) = judge(mine, [DescribedDataset(name, REFERENCE, rows[name])], tmp_path, provenance=text)
            assert found.described
            assert found.described.introduction == "a glacier survey"
        assert len(server.requests) == 22


def test_the_gullible_judge_is_honest_where_nobody_orders() -> None:
    schema = {"properties": dict.fromkeys(DIMENSIONS)}
    ask = {"response_format": {"json_schema": {"schema": schema}}, "messages": [{"role": "user", "content": "Ice."}]}
    assert f'"score": {UNBLOCKED}' in str(gullible(ReceivedRequest(ask, {}, 0)).body)
