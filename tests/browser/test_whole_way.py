"""The whole way with nothing stood in for: a form in Chromium, ZeRO-3, vLLM, and the number on the board."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from submissions.arena.arena import open_arena
from submissions.storage.codec import to_jsonl
from tests.support.factories import UNLIKE, make_benchmark, make_rows, make_task
from tests.support.live_server import served
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow


def evaluator(*arguments: object) -> None:
    command = [sys.executable, "-m", "evaluator", *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def test_a_submission_by_the_form_is_evaluated_and_seen_on_the_board(browser: Browser, tmp_path: Path) -> None:
    arena = tmp_path / "arena"
    make_benchmark(
        arena / "benchmark", [make_task("count"), make_task("left-out")], train=32, test=8, more_train=UNLIKE
    )
    evaluator("anchors", "--benchmark", arena / "benchmark", "--work", arena / "work")
    evaluator("work", "--arena", arena, "--once")  # nothing is pending: it publishes the demands
    mine = tmp_path / "mine.zip"
    with zipfile.ZipFile(mine, "w") as archive:
        archive.writestr("mine/count.jsonl", to_jsonl(make_rows("count", 32, start=200)))

    with served(arena) as address:
        page = browser.new_page(base_url=address)
        page.goto("/submit")
        page.set_input_files("#files", mine)
        page.fill("#system", "Counter")
        page.select_option("#system_type", "synthesis")
        page.fill("#team", "Team")
        page.fill("#submitter", "Ada")
        page.get_by_label("Publish it as soon as it is evaluated").check()
        page.get_by_role("button", name="Submit").click()
        page.wait_for_url("**/submissions/*")
        expect(page.locator(".standing .state")).to_have_text("received")

        evaluator("work", "--arena", arena, "--once")
        expect(page.locator(".standing .state")).to_have_text("published", timeout=20_000)
        page.reload()
        expect(page.get_by_role("heading", name="Result under demo@1")).to_be_visible()
        page.goto("/board/dataset_research")
        expect(page.get_by_role("link", name="Counter", exact=True)).to_be_visible()
        table = pd.read_csv(io.BytesIO(page.request.get("/board/dataset_research.csv").body()))
        page.close()

    repositories = open_arena(str(arena))
    (ulid,) = repositories.result_ids()
    result = repositories.read_result(ulid)
    gains = {(task.task, score.method): score.gain.value for task in result.tasks for score in task.methods}
    assert (gains["count", "fine_tune"] or 0.0) > 0.5
    assert gains["left-out", "fine_tune"] == 0.0
    assert table["system"].tolist() == ["Counter", "Best trivial baseline"]
    assert table["overall"].tolist()[:1] == pytest.approx([(gains["count", "fine_tune"] or 0.0) / 2])
