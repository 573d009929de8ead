from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import Field, ValidationError

from submissions.index.result_details import BY_TASK, extract_details
from submissions.index.result_summary import summarize_result
from submissions.index.result_tables import task_table
from submissions.records.anchors import Setup
from submissions.records.base import Score
from submissions.records.findings import TrackDetails
from submissions.records.result import MethodScore, Result, TaskResult
from submissions.storage.codec import parse_record, to_json

SUM = Score(name="sum", value=0.5, n=3)


class GateDetails(TrackDetails):
    track: str = "gates"
    passed: tuple[int, ...] = Field(default=())


@pytest.fixture(autouse=True)
def types() -> Iterator[None]:
    before = dict(TrackDetails.types)
    yield
    TrackDetails.types.clear()
    TrackDetails.types.update(before)


def make_result(**fields: object) -> Result:
    method = MethodScore(method="sum", score=SUM, gain=SUM.model_copy(update={"name": "gain"}))
    task = {"task": "one", "state": "scored", "rows": 3, "removed": 0, "methods": (method,)}
    setup = Setup(model="none", model_sha256="a" * 64, packages={}, hardware="CPU", seed=1)
    return Result(
        submission="0" * 26, track="gates", system="s", system_type="search", team="t", protocol="gates@1",
        protocol_sha256="b" * 64, setup=setup, tasks=(TaskResult.model_validate(task | fields),), totals=(),
    )  # fmt: skip


def test_a_result_without_anchors_and_details_stores_neither() -> None:
    content = to_json(make_result())
    assert not any(name in content for name in (b'"base"', b'"reference"', b'"details"'))
    assert parse_record("result.json", content, Result) == make_result()


def test_details_are_read_back_as_their_tracks_record() -> None:
    result = make_result(details=GateDetails(passed=(1, 2)))
    again = parse_record("result.json", to_json(result), Result)
    assert again.tasks[0].details == GateDetails(passed=(1, 2))
    assert to_json(again) == to_json(result)


def test_details_of_a_track_that_has_none_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match=r"no track 'hats' has details of a task; those that have: .*gates"):
        make_result(details={"track": "hats"})


def test_unknown_fields_of_details_are_refused() -> None:
    with pytest.raises(ValidationError, match="hats"):
        make_result(details={"track": "gates", "hats": 3})


def test_two_records_for_one_track_are_refused() -> None:
    with pytest.raises(TypeError, match="OtherGateDetails: `track` needs the name of a track without details"):

        class OtherGateDetails(TrackDetails):
            track: str = "gates"


def test_tables_leave_missing_anchors_empty() -> None:
    result = make_result()
    (row,) = task_table(result).to_dict("records")
    assert all(row[name] != row[name] for name in ("base", "base_low", "reference", "reference_high"))
    details = extract_details(result, summarize_result(result).layout)
    anchors = dict(zip(BY_TASK, details.numbers[0].tolist(), strict=False))
    assert all(anchors[name] != anchors[name] for name in ("base", "base_n", "reference", "reference_n"))
    assert details.missing_reasons == ""
