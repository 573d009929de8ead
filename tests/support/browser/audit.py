"""What must hold on every page, asked of a page that is open."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""The levels A and AA of WCAG 2.2, by axe-core's names."""
_AXE = Axe()
_SHIFTS = """
() => new Promise(done => {
  let sum = 0;
  const observer = new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; });
  observer.observe({type: "layout-shift", buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})
"""
_TABBABLE = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
  .filter(one => one.tabIndex >= 0 && !one.disabled && one.type !== "hidden")
  .filter(one => one.checkVisibility({visibilityProperty: true}))
  .filter(one => one.type !== "radio" || one.checked || !document.querySelector(`[name="${one.name}"]:checked`))
  .length
"""
_FOCUSED = """
() => {
  const one = document.activeElement, style = getComputedStyle(one);
  if (one === document.body) return null;
  const seen = style.outlineStyle !== "none" || style.boxShadow !== "none" || one.matches("iframe");
  return [one.tagName + "#" + one.id + " " + (one.textContent || one.name || "").trim().slice(0, 40), seen];
}
"""


def violations(page: Page) -> list[str]:
    """What axe-core finds against WCAG: the rule, and the elements that break it."""
    found = _AXE.run(page, options={"runOnly": {"type": "tag", "values": list(WCAG)}, "resultTypes": ["violations"]})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def shift(page: Page) -> float:
    """How far what was already painted has moved since the page was opened (cumulative layout shift)."""
    moved: float = page.evaluate(_SHIFTS)
    return moved


def tabbed(page: Page) -> tuple[list[str], list[str], int]:
    """Press Tab until the page is left: what had the focus, which of that did not show it, and how many should have."""
    expected: int = page.evaluate(_TABBABLE)
    reached, unseen = [], []
    for _ in range(expected + 5):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if focused is None:
            break
        reached.append(focused[0])
        if not focused[1]:
            unseen.append(focused[0])
    return reached, unseen, expected
