"""What an evaluation will take, foretold from ledgers whose rates are known."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from submissions.estimation.estimate import (
    MIN_PAST_RUNS,
    Estimate,
    _fit_rates,
    count_row_tokens,
    count_trained_tokens,
    estimate_cost,
    estimate_start,
    fit_cost_model,
    select_history,
)
from submissions.records.ledger import Cost, Ledger
from submissions.records.prompt_frame import PromptFrame
from submissions.records.status import Status
from submissions.records.task import Row
from tests.support.cost_records import GENERATED, NOW, PAST, START, TRAINED, make_ledger

FRAME = PromptFrame(
    protocol="demo@1", before="<user>", between="<bot>", after="<end>", max_tokens=20, bytes_per_token=2.0, epochs=3,
    max_rows=2,
)  # fmt: skip


def foretold(past: list[Ledger], tokens: dict[str, int]) -> Estimate:
    judge = fit_cost_model(select_history(past, "demo@1"))
    assert judge is not None
    return estimate_cost(judge, tokens)


def test_rates_are_found_again() -> None:
    rates = _fit_rates([cost for one in PAST for cost in one.costs])
    assert rates.per_trained == pytest.approx(TRAINED, rel=1e-3)
    assert rates.per_generated == pytest.approx(GENERATED, rel=1e-3)
    assert rates.fixed["fine_tune"] == pytest.approx(START, rel=1e-3)
    assert rates.fixed["few_shot"] == pytest.approx(5, rel=1e-2)


def test_one_run_on_a_busy_machine_moves_no_rate() -> None:
    rates = _fit_rates([cost for one in [*PAST, make_ledger(5, 30_000, 400, factor=9)] for cost in one.costs])
    assert rates.per_trained == pytest.approx(TRAINED, rel=0.02)


def test_no_rate_is_below_zero() -> None:
    backwards = [
        Cost(task="a", stage="fine_tune", seconds=seconds, tokens_trained=trained)
        for seconds, trained in ((90, 1000), (50, 50_000), (20, 90_000))
    ]
    rates = _fit_rates(backwards)
    assert rates.per_trained == 0
    assert rates.fixed["fine_tune"] == pytest.approx(50, rel=1e-3)


def test_an_estimate_is_what_the_rates_say_of_the_delivery() -> None:
    found = foretold(PAST, {"a": 40_000})
    generated = (500 + 900) / 2
    expected = START + TRAINED * 40_000 + GENERATED * generated + 5 + GENERATED * 300
    assert found.seconds.middle == pytest.approx(expected, rel=1e-3)
    assert found.seconds.low <= found.seconds.middle <= found.seconds.high
    assert (found.evaluations, found.tokens_trained, found.price) == (4, 40_000, None)


def test_the_range_spans_what_past_evaluations_missed_by() -> None:
    uneven = [make_ledger(day, 30_000 + 5000 * day, 400, factor=1.5 if day % 3 == 0 else 1.0) for day in range(1, 10)]
    found = foretold(uneven, {"a": 40_000})
    assert found.seconds.high > 1.3 * found.seconds.middle


def test_devices_and_their_price_count() -> None:
    past = [
        make_ledger(day, 1000 * day, 100 * day * day, devices=8, profile="8xh100", hour_price=2.5) for day in (1, 2, 3)
    ]
    found = foretold(past, {"a": 2000})
    assert found.price is not None
    assert found.device_hours.middle == pytest.approx(found.seconds.middle * 8 / 3600)
    assert found.price.middle == pytest.approx(found.device_hours.middle * 2.5)


def test_too_few_evaluations_foretell_nothing() -> None:
    assert fit_cost_model(PAST[: MIN_PAST_RUNS - 1]) is None
    assert fit_cost_model(select_history(PAST, "paper@1")) is None


def test_only_the_profile_used_last_is_judged_by() -> None:
    old = [make_ledger(-day, 10_000, 10, factor=100, profile="slow") for day in (1, 2, 3)]
    assert select_history([*PAST, *old], "demo@1") == PAST


def test_tokens_are_counted_in_their_frame_and_cut() -> None:
    short = Row(input="ab", output="ü")
    assert count_row_tokens(short, FRAME) == round(len("<user>ab<bot>ü<end>".encode()) / 2)
    long = Row(input="x" * 500, output="y")
    assert count_trained_tokens([short, long, short], FRAME) == 3 * (count_row_tokens(short, FRAME) + 20)


def test_a_control_token_is_one_token_however_long_it_is_written() -> None:
    frame = FRAME.model_copy(update={"before": "<|begin_of_text|><|user|>\n\n", "between": "<|bot|>", "after": ""})
    assert count_row_tokens(Row(input="abcd", output="ef"), frame) == 3 + (2 + 4 + 2) / 2


def standing(state: str, starts: datetime | None = None) -> Status:
    return Status.model_validate({"state": state, "message": "", "time": NOW, "expected_start": starts})


def test_the_next_turn_comes_after_the_last_in_the_queue() -> None:
    last = NOW + timedelta(hours=5)
    queue = [
        standing("evaluating"), standing("queued", NOW + timedelta(hours=2)), standing("queued", last),
        standing("published", NOW + timedelta(days=9)),
    ]  # fmt: skip
    typical = sorted(one.seconds for one in PAST)
    wait = timedelta(seconds=(typical[1] + typical[2]) / 2)
    assert estimate_start(queue, PAST) == last + wait
    late = standing("retrying", last + timedelta(hours=3))
    unseen = [standing("received"), standing("received")]
    assert estimate_start([*queue, late], PAST) == last + timedelta(hours=3) + wait
    assert estimate_start([*queue, late, *unseen], PAST) == last + timedelta(hours=3) + 3 * wait
    assert estimate_start(unseen, PAST) is None
    assert estimate_start([standing("evaluating")], PAST) is None
    assert estimate_start(queue, []) is None
