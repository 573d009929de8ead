"""Submitting in a real browser, and watching what becomes of it."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from submissions.arena.arena import Arena, commit_with_retry
from submissions.check_process.delivery_check import DeliveryCheck
from submissions.check_process.read_progress import Tell
from submissions.records.check_report import Problem, Report
from submissions.records.prompt_frame import PromptFrame
from submissions.records.status import History
from submissions.storage.codec import to_json, to_jsonl
from submissions.storage.repo import Change
from tests.support.arena_fixture import now
from tests.support.browser.audit import overflow, violations
from tests.support.browser.visits import Open

pytestmark = pytest.mark.slow


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "mc-en-science.jsonl"
    file.write_text("".join(json.dumps({"input": f"q {n}", "output": f"a {n}"}) + "\n" for n in range(12)))
    return file


def fill_in(page: Page, file: Path, system: str) -> None:
    page.set_input_files("#files", file)
    fill_in_words(page, system)


def fill_in_words(page: Page, system: str) -> None:
    page.fill("#system", system)
    page.select_option("#system_type", "hybrid")
    # Each visitor has a key of its own, and a team's name belongs to one of them.
    page.fill("#team", f"Team of {system}")
    page.fill("#submitter", "Ada")
    page.fill("#description", "نص عربي")


def test_a_submission_is_stored_and_then_followed_live(visit: Open, good: Path, arena_of_base: Arena) -> None:
    page = visit("/submit")
    fill_in(page, good, "Browser <b>bold</b>")
    expect(page.locator("[data-files]")).to_contain_text("1 file,")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submissions/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Browser <b>bold</b>")
    expect(page.locator(".standing .state")).to_have_text("received")
    ulid = page.url.rpartition("/")[2]
    history = History(submission=ulid, entries=(now("refused", "No row is left.", fault="submission"),))
    commit_with_retry(arena_of_base.results, [Change(f"status/{ulid}.json", to_json(history))])
    expect(page.locator(".standing .state")).to_have_text("refused", timeout=20_000)
    expect(page.locator("#live")).not_to_have_attribute("data-poll", "")
    assert SnapshotReader(arena_of_base).snapshot().submissions[ulid].team == "Team of Browser <b>bold</b>"


@pytest.mark.parametrize("scripted", [True, False])
def test_a_refusal_is_reported_with_line_and_fix(visit: Open, tmp_path: Path, good: Path, *, scripted: bool) -> None:
    bad = tmp_path / "bad" / good.name
    bad.parent.mkdir()
    bad.write_text(good.read_text() + '{"input": "<img src=x>"}\n')
    page = visit("/submit", java_script_enabled=scripted)
    fill_in(page, bad, "Careless")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#report h2")).to_contain_text("Refused")
    expect(page.locator(".problem .where").first).to_have_text("mc-en-science.jsonl:13")
    expect(page.locator("#system")).to_have_value("Careless")
    assert page.locator("#report img").count() == 0


ROWS = [{"input": f"q {n}", "output": f"a {n}"} for n in range(12)]
TEXT = "".join(json.dumps(row) + "\n" for row in ROWS)

DROP = """
(zone, [name, content]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([content], name, { type: "application/jsonl" }));
  zone.dispatchEvent(new DragEvent("dragover", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  const over = zone.classList.contains("over");
  zone.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
  return over;
}
"""


def test_dropped_files_are_sent_and_checked(visit: Open) -> None:
    page = visit("/submit")
    assert page.locator("[data-drop]").evaluate(DROP, ["mc-en-science.jsonl", TEXT])
    expect(page.locator("[data-chosen] li")).to_have_text("mc-en-science.jsonl")
    expect(page.locator("[data-drop]")).not_to_contain_class("over")
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted h2")).to_have_text("The data passes the check")
    expect(page).to_have_url(re.compile("/checks/[A-Za-z0-9_-]{32}$"))
    expect(page.locator("#report")).to_be_focused()
    # What was dropped is still there: it can be sent in without being dropped again.
    fill_in_words(page, "Dropped")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submissions/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dropped")


def test_a_folder_is_read_with_what_lies_in_it(visit: Open, tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    for name in ("mc-en-science.jsonl", "cls-en-bank.jsonl"):
        (folder / name).write_text(TEXT)
    page = visit("/submit")
    page.set_input_files("#folder", folder)
    expect(page.locator("[data-files]")).to_contain_text("2 files,")
    expect(page.locator("[data-chosen] li").filter(has_text="delivery/cls-en-bank.jsonl")).to_have_count(1)
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted")).to_contain_text("2 files passed, with 24 rows")


def test_a_dropped_folder_is_walked(visit: Open) -> None:
    """Chromium hands out no entry of a folder that a script made, so the walk itself is asked."""
    page = visit("/submit")
    names = page.evaluate("""async () => {
      const file = (name) => ({ isFile: true, file: (done) => done(new File(["x"], name)) });
      const folder = (name, batches) => ({ name, isFile: false, createReader: () => ({
        readEntries: (done) => done(batches.shift() || []),
      }) });
      const inner = folder("inner", [[file("c.jsonl")]]);
      return (await filesIn(folder("data", [[file("a.jsonl")], [file("b.jsonl"), inner]]))).map(({ path }) => path);
    }""")
    assert names == ["data/a.jsonl", "data/b.jsonl", "data/inner/c.jsonl"]


def test_a_zip_is_sent_with_progress(visit: Open, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("mc-en-science.jsonl", TEXT)
    page = visit("/submit")
    page.evaluate("""() => {
      window.seen = [];
      const bar = document.querySelector("[data-sending] progress");
      new MutationObserver(() => seen.push([bar.value, bar.checkVisibility()])).observe(bar, { attributes: true });
    }""")
    page.set_input_files("#files", tmp_path / "all.zip")
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted")).to_be_visible()
    assert page.evaluate("seen.at(-1)") == [1, True]
    expect(page.locator("[data-sent]")).to_contain_text("sent")
    expect(page.locator("[data-sending]")).to_be_hidden()


@pytest.mark.parametrize("scripted", [True, False])
def test_a_corrected_file_passes_when_it_is_sent_again(visit: Open, tmp_path: Path, *, scripted: bool) -> None:
    bad = tmp_path / "mc-en-science.jsonl"
    bad.write_text("\ufeff" + TEXT.replace("input", "Input"))
    page = visit("/submit", java_script_enabled=scripted)
    page.set_input_files("#files", bad)
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report h2")).to_have_text("Refused: 12 errors")
    expect(page.locator(".mended")).to_contain_text("The byte order mark was removed.")
    expect(page.locator(".mended")).to_contain_text("The corrected files pass the check")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download mc-en-science.jsonl").click()
    download.value.save_as(tmp_path / "new" / "mc-en-science.jsonl")
    page.set_input_files("#files", tmp_path / "new" / "mc-en-science.jsonl")
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted h2")).to_have_text("The data passes the check")


def test_the_report_grows_while_the_check_runs(visit: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gate = threading.Event()
    real = DeliveryCheck.check_sources

    def slow(check: DeliveryCheck, *args: Any, tell: Tell | None = None, **kwargs: Any) -> Report:
        def told(problems: Sequence[Problem]) -> None:
            if tell:
                tell(problems)
            if tell and problems:
                gate.wait(60)

        return real(check, *args, tell=told, **kwargs)

    monkeypatch.setattr(DeliveryCheck, "check_sources", slow)
    for name, text in (("cls-en-bank.jsonl", "bad\n"), ("mc-en-science.jsonl", TEXT)):
        (tmp_path / name).write_text(text)
    page = visit("/submit")
    page.set_input_files("#files", [tmp_path / "cls-en-bank.jsonl", tmp_path / "mc-en-science.jsonl"])
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.running h2")).to_have_text("Checking")
    expect(page.locator(".problem .where")).to_have_text("cls-en-bank.jsonl:1")
    expect(page.locator("form.submit")).to_have_attribute("aria-busy", "true")
    gate.set()
    expect(page.locator("#report.refused h2")).to_have_text("Refused: 1 error")
    expect(page.locator("form.submit")).not_to_have_attribute("aria-busy", "true")


def test_rows_are_previewed_in_the_frame(visit: Open, good: Path, arena_of_base: Arena) -> None:
    frame = PromptFrame(
        protocol="demo@1", before="<|user|>\n", between="<|bot|>\n", after="<|end|>", max_tokens=256,
        bytes_per_token=3, epochs=3, max_rows=600,
    )  # fmt: skip
    commit_with_retry(arena_of_base.results, [Change("frames.jsonl", to_jsonl([frame]))])
    arabic = good.with_name("cls-ar-sarcasm.jsonl")
    arabic.write_text("".join(json.dumps({"input": f"سؤال {n}", "output": "ساخر"}) + "\n" for n in range(12)))
    page = visit("/submit")
    page.set_input_files("#files", [good, arabic])
    page.get_by_role("button", name="Check only").click()
    expect(page.locator(".framed").first.locator("> div")).to_have_text(
        ["<|user|>", "q 0", "<|bot|>", "a 0", "<|end|>"]
    )
    page.locator("#preview select[name=task]").select_option("cls-ar-sarcasm")
    page.get_by_role("button", name="Show").click()
    row = page.locator(".framed").first.locator(".row-text").first
    expect(row).to_have_text("سؤال 0")
    assert row.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
    colours = [
        page.locator(f".framed .{name}").first.evaluate("(node) => getComputedStyle(node).color")
        for name in ("frame-text", "row-text")
    ]
    assert colours[0] != colours[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_check_is_fit_for_everybody(visit: Open, tmp_path: Path, good: Path, scheme: str) -> None:
    bad = tmp_path / "cls-ar-sarcasm.jsonl"
    bad.write_text("\ufeff" + TEXT.replace("input", "Input") + "bad\n")
    page = visit("/submit", color_scheme=scheme)
    page.set_input_files("#files", [good, bad])
    page.get_by_role("button", name="Check only").click()
    expect(page.locator(".mended")).to_be_visible()
    for width in (360, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) == 0
        assert violations(page) == []


def test_the_form_is_sent_by_keyboard_alone(visit: Open, good: Path) -> None:
    page = visit("/submit")
    page.locator("#track").focus()
    for place in ("files", "folder", "hub_data"):
        page.keyboard.press("Tab")
        expect(page.locator(f"#{place}")).to_be_focused()
    page.set_input_files("#files", good)
    page.locator("#hub_data").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#report.accepted")).to_be_visible()


def test_ones_own_submissions_are_listed(visit: Open, good: Path) -> None:
    page = visit("/submit")
    expect(page.locator("#mine")).to_contain_text("No submissions from this browser yet")
    fill_in(page, good, "All mine")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**/submissions/*")
    page.goto("/submissions?mine=1")
    expect(page.locator("tbody th.system > a")).to_have_text(["All mine"])
    page.goto("/submit")
    expect(page.locator(".mine li")).to_contain_text("All mine")


def test_no_file_is_said_before_anything_is_sent(visit: Open) -> None:
    page = visit("/submit")
    page.get_by_role("button", name="Check only").click()
    assert page.locator("#files").evaluate("(input) => input.validationMessage") == "Choose at least one file."
    expect(page).to_have_url(re.compile("/submit$"))


def test_a_check_alone_says_that_nothing_was_stored(visit: Open, good: Path) -> None:
    page = visit("/submit")
    page.set_input_files("#files", good)
    page.get_by_role("button", name="Check only").click()
    expect(page.locator("#report.accepted h2")).to_have_text("The data passes the check")
