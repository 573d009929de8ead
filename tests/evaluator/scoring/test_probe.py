"""`probe`: how pasted answers are read."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from evaluator.cli.app import app
from evaluator.cli.probe_command import format_markdown
from evaluator.scoring.probe import InvalidProbe, parse_probe, read_probe
from tests.support.paths import ROOT

EXAMPLES = ROOT / "demo" / "answers.jsonl"


def test_the_docs_show_what_the_probe_prints() -> None:
    readings = list(read_probe(parse_probe(EXAMPLES.read_text())))
    assert "\n".join(format_markdown(readings)) in (ROOT / "docs" / "scoring.md").read_text()


def test_pasted_answers_are_read_with_their_reason() -> None:
    lines = [
        {"category": "multiple_choice", "question": "?\nA) x\nB) y", "prediction": "A là đúng", "gold": "A"},
        {"category": "text_classification", "labels": ["good", "bad"], "answer": "not good", "gold": "good"},
        {"category": "question_answering", "language": "de", "answer": "3,14", "gold": "3.14"},
    ]  # fmt: skip
    done = CliRunner().invoke(app, ["probe", "-", "--json"], input="\n".join(map(json.dumps, lines)))
    answers = json.loads(done.stdout)["answers"]
    assert [(one["read_as"], one["verdict"], one["score"]) for one in answers] == [
        ("A", "right_letter", 1.0),
        ("", "denied", 0.0),
        ("3.14", "exact", 1.0),
    ]


def test_a_short_answer_is_read_under_every_rule() -> None:
    line = {"category": "exact_match", "prediction": "New York.", "golden_answers": ["New-York", "NYC"]}
    (case,) = parse_probe(json.dumps(line))
    readings = {one.metric: one for one in read_probe([case])}
    assert {metric: one.score for metric, one in readings.items()} == {
        "em/ci@1": 0.0,
        "em/squad@1": 0.0,
        "em/squad-bool@1": 0.0,
        "em/triviaqa@1": 1.0,
        "em/deepresearcher@1": 1.0,
        "f1/hotpotqa@1": 0.0,
    }
    squad, triviaqa = readings["em/squad@1"], readings["em/triviaqa@1"]
    assert (squad.gold, squad.gold_read_as, squad.read_as) == ("New-York | NYC", "newyork | nyc", "new york")
    assert (triviaqa.read_as, triviaqa.verdict, squad.verdict) == ("new york", "exact", "different")


def test_the_table_shows_each_answer() -> None:
    done = CliRunner().invoke(app, ["probe", str(EXAMPLES)])
    assert done.exit_code == 0
    assert {"denied", "ambiguous", "right_text"} <= set(done.stdout.split())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no line"),
        ("{}", "Line 1: category"),
        ('\n{"category": "question_answering", "answer": "x"}', "Line 2: gold"),
        ("not json", "Line 1"),
        ('{"category": "exact_match", "answer": "x", "gold": []}', "has no gold answer"),
        ('{"category": "exact_match", "answer": "x", "gold": ["a|b"]}', "looks like a regular expression"),
        ('{"category": "question_answering", "answer": "x", "gold": ["a", "b"]}', "write one text"),
        ('{"category": "poetry", "answer": "x", "gold": "y"}', "Line 1: category"),
    ],
)
def test_a_line_that_is_no_answer_is_named(text: str, fault: str) -> None:
    with pytest.raises(InvalidProbe, match=fault):
        parse_probe(text)
