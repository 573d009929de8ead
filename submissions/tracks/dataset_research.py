"""DatasetResearch: for each demand one data set of input and output texts (arXiv 2508.06960)."""

from __future__ import annotations

from submissions.checking.limits import MAX_FILE_BYTES
from submissions.tracks.track import Track

TRACK = Track(
    name="dataset_research",
    title="DatasetResearch",
    subsets=("full", "pro"),
    categories={
        "multiple_choice": "accuracy",
        "text_classification": "accuracy",
        "question_answering": "token_f1",
        "text_summarization": "rouge_l",
        "language_translation": "chrf_pp",
        "text_generation": "chrf_pp",
    },
    min_rows=10,
    max_rows=1000,
    row_limit=100_000,
    max_characters=200_000,
    max_file_bytes=MAX_FILE_BYTES,
)
