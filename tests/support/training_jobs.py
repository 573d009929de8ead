"""Training jobs on generated rows of varied length."""

from __future__ import annotations

import json
from pathlib import Path

from evaluator.models.chat_template import ChatTemplate
from evaluator.training import TrainJob
from tests.support.factories import make_rows


def a_job(folder: Path, name: str, count: int, template: ChatTemplate) -> TrainJob:
    """A job whose rows have prompts and answers of different lengths."""
    examples = [
        template.build_example("please " * (number % 7) + row.input, f"{row.output} " * (1 + number % 3), 256)
        for number, row in enumerate(make_rows(name, count))
    ]
    folder.mkdir(parents=True, exist_ok=True)
    rows = folder / f"{name}.jsonl"
    rows.write_text(
        "".join(json.dumps({"input_ids": example.input_ids, "labels": example.labels}) + "\n" for example in examples)
    )
    return TrainJob(name, rows, folder / name, seed=42)
