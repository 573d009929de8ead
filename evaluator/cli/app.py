"""The organiser's command line: one module for each command.

A command imports what it needs when it runs, so that `--help` loads neither numpy nor Ray.
"""

from __future__ import annotations

import typer

from evaluator.cli.anchors_command import write_anchors
from evaluator.cli.compact_command import compact_arena
from evaluator.cli.plan_command import plan_delivery
from evaluator.cli.probe_command import probe_answers
from evaluator.cli.requeue_command import requeue_outdated
from evaluator.cli.rescore_command import rescore_folder
from evaluator.cli.retriever_command import index_corpus, serve_retriever
from evaluator.cli.score_command import score_delivery
from evaluator.cli.screen_model_command import screen_with_models
from evaluator.cli.shard_command import precompute_shard
from evaluator.cli.work_command import evaluate_arena

app = typer.Typer(
    help="Fine-tune on submitted data sets, score them, and publish the results.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("score")(score_delivery)
app.command("work")(evaluate_arena)
app.command("plan")(plan_delivery)
app.command("shard")(precompute_shard)
app.command("share", hidden=True)(precompute_shard)  # its name in version 0.1
app.command("anchors")(write_anchors)
app.command("rescore")(rescore_folder)
app.command("probe")(probe_answers)
app.command("screen-model")(screen_with_models)
app.command("requeue")(requeue_outdated)
app.command("compact")(compact_arena)
app.command("index")(index_corpus)
app.command("retriever")(serve_retriever)
