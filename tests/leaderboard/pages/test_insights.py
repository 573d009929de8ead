"""Each insight: the right systems, the right figures, a sentence that follows from them, and honest empty states."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from starlette.testclient import TestClient

from leaderboard.data.snapshot.snapshot_reader import SnapshotReader
from submissions.arena.arena import Arena, commit_with_retry, to_json
from submissions.storage.repo import Change
from tests.support.arena_fixture import ARABIC, EMOJI, LONG, OVERRIDE, SYSTEMS, ledger
from tests.support.site_client import Open
from tests.support.varied_systems import add, overall

pytestmark = pytest.mark.integration

NAMES = ("metadata", "preview", "rows", "tokens", "cost", "kinds")
METERED = ("tokens", "cost")
"""Those that one system is not in, whose evaluation nobody metered."""


def findings(page: str) -> dict[str, str]:
    """The computed sentence of each section."""
    found = re.findall(
        r'<section id="(\w+)" class="insight">.*?<p class="finding">(.*?)</p>', unescape(page), re.DOTALL
    )
    return dict(found)


def test_only_the_latest_unflagged_and_scored_result_of_a_system_counts(arena: Arena, site: TestClient) -> None:
    add(arena, "Twice", 0.9)
    last = add(arena, "Twice", 0.3, day=61)
    add(arena, "Twice", 0.8, day=62, flagged="copies")
    for name in NAMES[1:]:
        rows = site.get(f"/insights/{name}.json").json()
        systems = [row["system"] for row in rows]
        assert systems.count("Twice") == 1
        assert next(row for row in rows if row["system"] == "Twice")["submission"] == last.submission
        assert EMOJI not in systems, "set apart"
        assert ARABIC not in systems, "unscored"
        assert (OVERRIDE in systems) == (name not in METERED)
        assert len(systems) == len(SYSTEMS) - 2 + 1 - (name in METERED)
        assert systems == sorted(systems, key=str.casefold)


def test_the_tables_hold_the_results_own_figures(arena: Arena, site: TestClient) -> None:
    whole = add(arena, "Varied", 0.6, rows=480, judged=True)
    rows = {
        name: next(row for row in site.get(f"/insights/{name}.json").json() if row["system"] == "Varied")
        for name in NAMES
    }
    assert whole.metadata
    assert rows["metadata"]["metadata"] == pytest.approx(whole.metadata.average.value)
    assert rows["metadata"]["judge"] == "o3-2025-04-16 (judge@1, describe@1)"
    for method in ("few_shot_1", "few_shot_3", "few_shot_5", "fine_tune"):
        assert rows["preview"][method] == pytest.approx(overall(whole, method).gain.value)
    low, high = overall(whole).gain.interval or (None, None)
    assert (rows["rows"]["fine_tune_low"], rows["rows"]["fine_tune_high"]) == (pytest.approx(low), pytest.approx(high))
    assert rows["rows"]["rows"] == pytest.approx(480 * 11 / 12), "a task without data counts as none"
    assert rows["kinds"]["knowledge"] == pytest.approx(overall(whole, group="knowledge").gain.value)
    assert len({row["number"] for row in rows.values()}) == 1


def test_every_chart_has_the_dots_of_its_table(arena: Arena, site: TestClient) -> None:
    add(arena, "Varied", 0.6, rows=480, judged=True)
    page = unescape(site.get("/insights").text)
    for name, charts in zip(NAMES, (1, 3, 1, 1, 2, 1), strict=True):
        section = page.partition(f'<section id="{name}"')[2].partition("</section>")[0]
        rows = site.get(f"/insights/{name}.json").json()
        assert section.count('<svg class="plot"') == charts
        for chart in section.split('<svg class="plot"')[1:]:
            titles = re.findall(r"<title>(\d+)\. ", chart.partition("</svg>")[0])
            drawn = [row for row in rows if row["price"]] if "US dollars" in chart else rows
            assert [int(number) for number in titles] == [row["number"] for row in drawn]
        for row in rows:
            told = f"{row.get('fine_tune', row.get('knowledge')):.3f}".replace("-", "−")
            assert f'<span class="number">{told}</span>' in section
            assert f"{told} (" in section


def test_the_sentences_are_computed_from_the_tables(arena: Arena, site: TestClient) -> None:
    for number in range(9):
        add(arena, f"Rising {number}", 0.1 + 0.1 * number, day=70 + number, rows=10 * 2**number, judged=True)
    told = findings(site.get("/insights").text)
    rows = site.get("/insights/rows.json").json()
    rho = spearmanr([row["rows"] for row in rows], [row["fine_tune"] for row in rows]).statistic
    assert told["rows"].startswith(f"Spearman's rho is {rho:.2f} over {len(rows)} systems")
    rows = site.get("/insights/metadata.json").json()
    rho = spearmanr([row["metadata"] for row in rows], [row["fine_tune"] for row in rows]).statistic
    assert told["metadata"].startswith(f"Spearman's rho is {rho:.2f} over {len(rows)} systems")
    assert told["metadata"].endswith("systems with a higher average also gain more.")
    rows = site.get("/insights/preview.json").json()
    for shots, name in ((1, "1 shot"), (3, "3 shots"), (5, "5 shots")):
        rho = spearmanr([row[f"few_shot_{shots}"] for row in rows], [row["fine_tune"] for row in rows]).statistic
        assert f"{rho:.2f} by {name}" in told["preview"]
    rows = site.get("/insights/kinds.json").json()
    knowledge = np.sum([row["knowledge"] > row["reasoning"] for row in rows])
    assert told["kinds"].startswith(f"{knowledge} of {len(rows)} systems do better on knowledge")


def test_too_few_systems_are_told_and_how_many_are_needed(arena: Arena, site: TestClient, visit: Open) -> None:
    assert (
        "3 systems are too few for a rank correlation; it needs at least 5."
        in findings(site.get("/insights").text)["metadata"]
    )
    assert arena.read_tasks()
    empty = visit("empty").get("/insights").text
    assert empty.count("Too few systems for a chart") == 6
    assert empty.count("It needs at least 2 systems with both figures under demo@1; there are none.") == 6
    assert '<svg class="plot"' not in empty
    assert all(visit("empty").get(f"/insights/{name}.json").json() == [] for name in NAMES)


def test_the_paper_s_figures_stand_apart_under_its_own_protocol_alone(site: TestClient) -> None:
    rows = site.get("/insights/metadata.json?protocol=paper@1").json()
    assert {(row["badge"], row["unit"], row["judge"]) for row in rows} == {
        ("published", "% of the reference score", "o3")
    }
    with_ref = next(row for row in rows if row["system"] == "OpenAI o3 w/ ref")
    assert with_ref["metadata"] == 8.69
    assert with_ref["fine_tune"] == pytest.approx((51 * 38.98 + 157 * 72.70) / 208)
    page = site.get("/insights?protocol=paper@1").text
    assert page.count('stroke-dasharray="3 2"') == 4 * (1 + 3 + 1)
    assert findings(page)["metadata"].startswith("Published, judged by o3: 4 systems are too few")
    assert not any(row["badge"] == "published" for row in site.get("/insights/metadata.json").json())
    assert "OpenAI o3 w/ ref" not in site.get("/insights").text


def test_a_section_s_address_leads_to_it_and_an_unknown_one_names_the_known(site: TestClient) -> None:
    answer = site.get("/insights/kinds?protocol=paper@1")
    assert answer.headers["location"] == "/insights?protocol=paper@1#kinds"
    for path in ("/insights/none", "/insights/none.json", "/insights?protocol=none", "/insights.csv"):
        assert site.get(path).status_code == 404, path
    assert "metadata, preview, rows, tokens, cost, kinds" in site.get("/insights/none").text
    assert site.get("/insights?track=none").status_code == 404


def test_tokens_and_cost_are_the_ledger_s_own(arena: Arena, site: TestClient) -> None:
    whole = add(arena, "Varied", 0.6, rows=480)
    spent = ledger(whole)
    tokens, cost = (
        next(row for row in site.get(f"/insights/{name}.json").json() if row["system"] == "Varied") for name in METERED
    )
    assert tokens["tokens"] == spent.tokens_trained == 170 * 480 * 11
    assert cost["device_hours"] == pytest.approx(spent.device_hours)
    assert (cost["machine"], cost["price"], cost["price_frontier"]) == ("cpu", None, None)
    dear = next(row for row in site.get("/insights/cost.json").json() if row["system"] == LONG)
    assert dear["machine"] == "8xh100"
    assert dear["price"] == pytest.approx(dear["device_hours"] * 2.5)


def beaten(row: dict[str, Any], rows: list[dict[str, Any]], x: str) -> bool:
    """Whether another gains at least as much for no more, and is better in one of them."""
    mine = (row[x], -row["fine_tune"])
    theirs = [(other[x], -other["fine_tune"]) for other in rows if other[x]]
    return any(one <= mine[0] and two <= mine[1] and (one, two) != mine for one, two in theirs)


@pytest.mark.parametrize(
    ("name", "x", "mark"),
    [
        ("rows", "rows", "frontier"),
        ("tokens", "tokens", "frontier"),
        ("cost", "device_hours", "frontier"),
        ("cost", "price", "price_frontier"),
    ],
)
def test_the_frontier_is_of_those_whom_nobody_beats(
    arena: Arena, site: TestClient, name: str, x: str, mark: str
) -> None:
    for number, level in enumerate((0.8, 0.2, 0.7, 0.4, 0.95)):
        system = f"{'A machine that is dear ' * (number % 2)}{number}"
        add(arena, system, level, day=70 + number, rows=10 + 40 * (number * 3 % 5))
    rows = site.get(f"/insights/{name}.json").json()
    for row in rows:
        rivals = [other for other in rows if x != "device_hours" or other["machine"] == row["machine"]]
        assert row[mark] == (not beaten(row, rivals, x) if row[x] else None)
    marks = [row[mark] for row in rows if row[x]]
    assert 0 < sum(marks) < len(marks)
    page = unescape(site.get("/insights").text)
    section = page.partition(f'<section id="{name}"')[2].partition("</section>")[0]
    assert section.count('class="frontier"') == (3 if name == "cost" else 1)
    if name != "cost":
        best = [str(row["number"]) for row in rows if row[mark]]
        assert len(best) > 1
        assert findings(page)[name].endswith(f": numbers {', '.join(best[:-1])} and {best[-1]}.")


def test_without_prices_there_is_no_money(arena: Arena, site: TestClient, visit: Open) -> None:
    assert "US dollars" in site.get("/insights").text
    for ulid, found in SnapshotReader(arena).snapshot().ledgers.items():
        cheap = found["demo@1"].model_copy(update={"hour_price": None})
        commit_with_retry(arena.results, [Change(f"costs/{ulid}/demo@1.json", to_json(cheap))])
    page = visit().get("/insights").text
    assert "US dollars" not in page
    assert "price frontier" not in page
    assert findings(page)["cost"].startswith("Under ")


def test_the_navigation_leads_there(site: TestClient) -> None:
    assert '<a href="/insights">Insights</a>' in site.get("/").text
    page = site.get("/insights").text
    assert '<a href="/insights" aria-current="page">' in page
