"""Draws the preview image of a shared link as PNG, 1200 x 630."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from leaderboard.pages.social_cards.fonts import is_right_to_left, split_runs, strip_unreadable

WIDTH, HEIGHT = 1200, 630
MARGIN = 64
GROUND, TEXT, SOFT, LINE = "#ffffff", "#1c2128", "#57606a", "#d5dbe1"
ACCENT, BAR, TRACK = "#0b5cad", "#9cc3e6", "#edf1f5"
MAX_TEXT_LENGTH = 700
"""Characters of a text that are considered; more would not fit."""
BARS_FROM, BARS_TO = 470, WIDTH - MARGIN - 130
"""Where bars begin and end."""


@dataclass(frozen=True)
class Words:
    """An untrusted text, and a fallback if no installed typeface has its characters."""

    text: str
    otherwise: str = ""

    def choose_text(self, size: int) -> str:
        """Return the text or the fallback, whichever is drawable; empty if neither is."""
        return next((one for one in (self.text[:MAX_TEXT_LENGTH], self.otherwise) if split_runs(one, size)), "")


@dataclass(frozen=True)
class Bar:
    """One bar of a card: a name, the bar's length from 0 to 1, and its figure."""

    name: Words
    share: float
    figure: str


@dataclass(frozen=True)
class SocialCard:
    """Contents of a preview image."""

    kind: str
    """Kind of page, in small type."""
    title: Words
    text: Words = Words("")
    bars: tuple[Bar, ...] = ()
    note: str = ""
    """Explanation of the bars or figures."""


def draw_card(card: SocialCard) -> bytes:
    """Draw the card as PNG, deterministically for the same card and typefaces."""
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    pen = ImageDraw.Draw(image)
    _draw_head(pen, card.kind)
    y = _draw_paragraph(pen, 138, card.title, 54, TEXT, 2 if card.bars or card.text.text else 4, bold=True)
    if card.text.text:
        room = (470 if card.bars else 540) - y
        y = _draw_paragraph(pen, y + 14, card.text, 30, SOFT, max(1, room // 42))
    for number, bar in enumerate(card.bars):
        _draw_bar(pen, y + 26 + 52 * number, bar)
    _draw_line(pen, (MARGIN, HEIGHT - 62), card.note, 24, SOFT, WIDTH - 2 * MARGIN)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_head(pen: ImageDraw.ImageDraw, kind: str) -> None:
    """Draw the site's logo and name on the left, the kind of page on the right."""
    pen.rounded_rectangle((MARGIN, 48, MARGIN + 48, 96), 11, ACCENT)
    for x, top in ((10, 26), (20, 10), (31, 18)):
        pen.rectangle((MARGIN + x, 48 + top, MARGIN + x + 7, 48 + 38), GROUND)
    _draw_line(pen, (MARGIN + 66, 56), "DatasetResearch Arena", 30, TEXT, 500)
    width = _text_width(kind, 26)
    _draw_line(pen, (WIDTH - MARGIN - width, 59), kind, 26, SOFT, 500)
    pen.line((MARGIN, 116, WIDTH - MARGIN, 116), LINE, 2)


def _draw_bar(pen: ImageDraw.ImageDraw, y: int, bar: Bar) -> None:
    name = bar.name.choose_text(28)
    _draw_line(pen, (MARGIN, y), name, 28, TEXT, BARS_FROM - MARGIN - 24)
    pen.rounded_rectangle((BARS_FROM, y + 2, BARS_TO, y + 34), 5, TRACK)
    if bar.share > 0:
        end = BARS_FROM + round(min(bar.share, 1.0) * (BARS_TO - BARS_FROM))
        pen.rounded_rectangle((BARS_FROM, y + 2, max(end, BARS_FROM + 6), y + 34), 5, BAR)
    _draw_line(pen, (WIDTH - MARGIN - _text_width(bar.figure, 28), y), bar.figure, 28, TEXT, 130)


def _draw_paragraph(
    pen: ImageDraw.ImageDraw, y: int, words: Words, size: int, ink: str, most: int, bold: bool = False
) -> int:
    """Draw a text in a limited number of lines; return the y position of the next line."""
    text = words.choose_text(size)
    for line in _wrap_text(text, size, WIDTH - 2 * MARGIN, most, bold):
        x = WIDTH - MARGIN - _text_width(line, size, bold) if is_right_to_left(text) else MARGIN
        _draw_line(pen, (x, y), line, size, ink, WIDTH - 2 * MARGIN, bold=bold)
        y += round(size * 1.35)
    return y


def _wrap_text(text: str, size: int, width: int, most: int, bold: bool) -> list[str]:
    """Wrap text to `width`; the last line is cut if the rest does not fit."""
    lines = [""]
    for word in _split_breakable(strip_unreadable(text), size, width):
        if _text_width((lines[-1] + word).strip(), size, bold) <= width:
            lines[-1] += word
        elif len(lines) == most:
            lines[-1] += word
            break
        else:
            lines.append(word)
    return [_cut_text(line.strip(), size, width, bold) for line in lines]


def _split_breakable(text: str, size: int, width: int) -> Sequence[str]:
    """Split text at line-break opportunities: words, or characters if a word is too wide."""
    parts = [f"{word} " for word in text.split(" ")]
    return [piece for part in parts for piece in ([part] if _text_width(part, size) <= width / 2 else part)]


def _cut_text(text: str, size: int, width: int, bold: bool = False) -> str:
    """Cut a text to `width`, with an ellipsis."""
    if _text_width(text, size, bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _text_width(f"{text[:middle]}…", size, bold) <= width else (low, middle - 1)
    return f"{text[:low].rstrip()}…"


def _draw_line(
    pen: ImageDraw.ImageDraw, at: tuple[float, int], text: str, size: int, ink: str, width: int, bold: bool = False
) -> None:
    x, y = at
    for part, face in _order_runs(_cut_text(strip_unreadable(text), size, width, bold), size, bold):
        # All faces of a line stand on one baseline.
        pen.text((x, y + size), part, ink, face, anchor="ls", stroke_width=int(bold and face.getname()[1] != "Bold"))
        x += face.getlength(part)


def _order_runs(text: str, size: int, bold: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """Order the runs of a text from left to right."""
    parts = split_runs(text, size, bold=bold) or []
    return parts[::-1] if is_right_to_left(text) else parts


def _text_width(text: str, size: int, bold: bool = False) -> float:
    return sum(face.getlength(part) for part, face in split_runs(text, size, bold=bold) or ())
