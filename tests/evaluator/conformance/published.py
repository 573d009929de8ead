"""Run the published code on our texts and write down what it gives; README.md says in which environment.

Run `python -m tests.evaluator.conformance.published CHECKOUT`, with a checkout of GAIR-NLP/DatasetResearch. Nothing
of that code is kept here: its functions are imported from the checkout and called.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.evaluator.conformance import scores, texts

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Write pairs.jsonl, lists.jsonl and boards.jsonl beside this file."""
    checkout = Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(checkout))
    os.chdir(checkout)  # the published code loads its metrics by relative paths
    with tempfile.TemporaryDirectory() as scratch:
        published = Published(Path(scratch))
        write("pairs", published.of_pairs(texts.pairs()))
        write("lists", (published.of_list(corpus) for corpus in texts.lists()))
        write("boards", (published.of_board(board) for board in scores.boards()))


def write(name: str, records: Iterable[dict[str, Any]]) -> None:
    """One JSON object a line."""
    lines = [json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records]
    (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{name}: {len(lines)} cases")


class Published:
    """The published functions."""

    def __init__(self, scratch: Path):
        from evaluation.evaluators.classification import ClassificationEvaluator
        from evaluation.evaluators.question_answering import QuestionAnsweringEvaluator
        from evaluation.evaluators.summarization import SummarizationEvaluator
        from evaluation.evaluators.translation import TranslationEvaluator

        self.scratch = scratch
        self.classification = ClassificationEvaluator(scratch, scratch)
        self.answering = QuestionAnsweringEvaluator(scratch, scratch)
        self.summarization = SummarizationEvaluator(scratch, scratch)
        self.translation = TranslationEvaluator(scratch, scratch)

    def of_pairs(self, pairs: list[texts.Pair]) -> Iterable[dict[str, Any]]:
        """Every metric of each pair alone, blanks off as the published loader does; None where a metric fails."""
        import evaluate

        bleu, sacrebleu, rouge = (evaluate.load(f"metrics/{name}") for name in ("bleu", "sacrebleu", "rouge"))
        said, gold = [one.strip() for one, _ in pairs], [two.strip() for _, two in pairs]
        found = rouge.compute(predictions=said, references=gold, rouge_types=["rougeL"], use_aggregator=False)
        for pair, one, two, rouge_l in zip(pairs, said, gold, found["rougeL"], strict=True):
            precision = None
            with contextlib.suppress(ZeroDivisionError):
                precision = bleu.compute(predictions=[one], references=[two])["precisions"][0]
            yield {
                "prediction": pair[0],
                "reference": pair[1],
                "accuracy": self.classification._accuracy_score(one, two),
                "token_f1": self.answering._f1_score(one, two),
                "rouge_l": rouge_l,
                "unigram_precision": precision,
                "sacrebleu": sacrebleu.compute(predictions=[one], references=[two])["score"] / 100,
            }

    def of_list(self, corpus: list[texts.Pair]) -> dict[str, Any]:
        """Every metric of a whole corpus, through files as the published pipeline passes them."""
        predictions, references = self.scratch / "predictions.jsonl", self.scratch / "references.json"
        predictions.write_text("".join(f"{json.dumps({'predict': one})}\n" for one, _ in corpus))
        references.write_text(json.dumps([{"output": two} for _, two in corpus]))
        files = str(predictions), str(references)
        with contextlib.redirect_stdout(io.StringIO()):
            mixed = self.translation.evaluation(*files)
            rouge = self.summarization.evaluation(*files)["rouge"]
            return {
                "predictions": [one for one, _ in corpus],
                "references": [two for _, two in corpus],
                "accuracy": self.classification.evaluation(*files)["accuracy"],
                "token_f1": self.answering.evaluation(*files, metrics=["f1"])["f1"],
                "rouge_l_median": rouge["rougeL"],
                "unigram_precision": mixed["bleu"] and mixed["bleu"]["precisions"][0],
                "sacrebleu": mixed["sacrebleu"] and mixed["sacrebleu"]["score"] / 100,
            }

    def of_board(self, tasks: list[dict[str, Any]]) -> dict[str, Any]:
        """Each task's normalised score and the means of both kinds, from results files as the published code reads."""
        from evaluation.process_eval_results import process_evaluation_data

        files = {
            "test": [as_published(task, "reference") for task in tasks if task["reference"] is not None],
            "baseline": [as_published({**task, "none": {}}, "none") for task in tasks],
            "eval": [as_published(task, "system") for task in tasks if task["system"] is not None],
            "domain": [{"task_id": task["task"], "original_metadata": {"domain": task["kind"]}} for task in tasks],
        }
        for name, content in files.items():
            (self.scratch / name).write_text(json.dumps(content))
        with contextlib.redirect_stdout(io.StringIO()):
            detail, groups = process_evaluation_data(*(str(self.scratch / name) for name in files))
        means = groups[(groups["group"] == "domain") & (groups["metric"] == "eval_weighted_score")]
        return {
            "tasks": tasks,
            "scores": dict(zip(detail["task_id"], detail["eval_weighted_score"].astype(float), strict=True)),
            "means": dict(zip(means["domain"], means["mean"].astype(float), strict=True)),
        }


def as_published(task: dict[str, Any], whose: str) -> dict[str, Any]:
    """One task's entry in a results file of theirs."""
    metrics = {
        "accuracy": ("accuracy", lambda value: value),
        "token_f1": ("f1", lambda value: value),
        "rouge_l": ("rouge", lambda value: {"rouge1": 0.5, "rougeL": value}),
        "unigram_precision": ("bleu", lambda value: {"bleu": 0.5, "precisions": [value, 0.5, 0.5, 0.5]}),
        "sacrebleu": ("sacrebleu", lambda value: {"score": 100 * value, "bp": 0.5}),
    }
    results = {}
    for metric, value in task[whose].items():
        name, wrapped = metrics[metric]
        results[name] = None if value is None else wrapped(value)
    theirs = {ours: name for name, ours in scores.TYPES.items()}
    return {"task_id": task["task"], "task_type": theirs[task["category"]], "results": results}


if __name__ == "__main__":
    main()
