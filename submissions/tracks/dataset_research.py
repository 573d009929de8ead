"""DatasetResearch: for each demand one data set of input and output texts (arXiv 2508.06960)."""

from __future__ import annotations

from submissions.checking.limits import MAX_FILE_BYTES
from submissions.checking.payloads.row_limits import RowLimits
from submissions.checking.payloads.rows_payload import RowsPayload
from submissions.tracks.dataset_research_scales import GAIN, PROTOCOL_NOTES, SHARE
from submissions.tracks.dataset_research_workload import estimate_stages
from submissions.tracks.track import Labelled, MethodSpec, ProtocolSpec, Track

ROW_LIMITS = RowLimits(
    min_rows=10, max_rows=1000, row_limit=100_000, max_characters=200_000, max_file_bytes=MAX_FILE_BYTES
)

TRACK = Track(
    name="dataset_research",
    title="DatasetResearch",
    methods=(
        MethodSpec("few_shot_1", "1 shot", is_preview=True),
        MethodSpec("few_shot_3", "3 shots", is_preview=True),
        MethodSpec("few_shot_5", "5 shots", is_preview=True),
        MethodSpec("fine_tune", "fine-tune", phrase="fine-tuning"),
    ),
    headline="fine_tune",
    stages=("check", "screen", "metadata", "few_shot", "fine_tune", "total", "publish"),
    default_protocol="arena@1",
    demo_protocol="demo@1",
    groups=(Labelled("knowledge", "Knowledge"), Labelled("reasoning", "Reasoning")),
    system_types=(
        Labelled("search", "search"),
        Labelled("synthesis", "synthesis"),
        Labelled("deep_research", "deep research"),
        Labelled("hybrid", "hybrid"),
    ),
    subsets=("full", "pro"),
    subset_labels={"full": "all tasks", "pro": "hard subset (pro)"},
    categories={
        "multiple_choice": "accuracy",
        "text_classification": "accuracy",
        "question_answering": "token_f1",
        "text_summarization": "rouge_l",
        "language_translation": "chrf_pp",
        "text_generation": "chrf_pp",
    },
    payloads={"rows": RowsPayload(ROW_LIMITS)},
    module=__name__,
    workload=estimate_stages,
    has_descriptions=True,
    scale=GAIN,
    protocols=(
        ProtocolSpec("arena@1", GAIN, order=0, note=PROTOCOL_NOTES["arena@1"]),
        ProtocolSpec("demo@1", GAIN, order=2, note=PROTOCOL_NOTES["demo@1"]),
        ProtocolSpec("paper@1", SHARE, note=PROTOCOL_NOTES["paper@1"]),
    ),
)
