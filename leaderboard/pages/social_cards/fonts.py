"""Typeface selection for images: Gradio's bundled one, else the Noto family on this machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import gradio
from PIL import ImageFont

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
OWN = "IBMPlexSans"
"""Bundled typeface with all of accented Latin, Greek and Cyrillic (SIL Open Font License)."""
HOME = Path(gradio.__file__).parent / "templates/frontend/static/fonts" / OWN
CJK = "NotoSansCJK"
SCRIPTS = {"CJK": CJK, "HIRAGANA": CJK, "KATAKANA": CJK, "HANGUL": CJK, "FULLWIDTH": CJK, "IDEOGRAPHIC": CJK}
"""Font families whose name differs from the script's."""
DROPPED = {"Cc", "Cf", "Cn", "Co", "Cs", "Sk", "So"}
"""Unicode categories of symbols, emoji, direction marks and non-characters; names stay distinct without them."""
JOINING = {"Mn", "Mc", "Me", "Zs"}
"""Unicode categories drawn with the preceding letter."""
FORMS = str.maketrans("", "", "".join(map(chr, range(0xFE00, 0xFE10))))
"""Variation selectors, removed because emoji are left out."""
PROBE = 24
"""Font size for comparing glyphs."""
NOBODY_S = "\U0010ffff"
"""Character missing from every typeface, so each draws its missing-glyph box."""

Run = tuple[str, ImageFont.FreeTypeFont]


def split_runs(text: str, size: int, *, bold: bool = False) -> list[Run] | None:
    """Split text into runs, each with a typeface that has all its characters; None if a character has none."""
    shown = strip_unreadable(text)
    faces: list[str] = []
    for char in shown:
        joins = faces and unicodedata.category(char) in JOINING and _has_glyph(faces[-1], char)
        known = faces[-1] if joins else _face_of(char)
        if known is None:
            return None
        faces.append(known)
    pairs = groupby(zip(faces, shown, strict=True), key=lambda pair: pair[0])
    return [("".join(char for _, char in part), load_font(name, size, bold)) for name, part in pairs] or None


def strip_unreadable(text: str) -> str:
    """Normalize text to a single line without characters that no text typeface has."""
    kept = (
        " " if char.isspace() else char for char in text if char.isspace() or unicodedata.category(char) not in DROPPED
    )
    return " ".join("".join(kept).translate(FORMS).split())


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is right-to-left."""
    found = (unicodedata.bidirectional(char) for char in text)
    return next((kind in {"R", "AL"} for kind in found if kind in {"L", "R", "AL"}), False)


@lru_cache(maxsize=256)
def load_font(name: str, size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Load a typeface at a size in pixels, in bold only for the bundled one."""
    if name != OWN:
        return ImageFont.truetype(str(_installed_fonts()[name]), size)
    return ImageFont.truetype(str(HOME / f"{OWN}-{'Bold' if bold else 'Regular'}.woff2"), size)


@lru_cache(maxsize=20_000)
def _face_of(char: str) -> str | None:
    """Return the first typeface that has a character."""
    return next((name for name in _candidate_fonts(char) if _has_glyph(name, char)), None)


def _candidate_fonts(char: str) -> Iterator[str]:
    yield OWN
    script = unicodedata.name(char, "").split(" ")[0].split("-")[0]
    for name in (SCRIPTS.get(script, f"NotoSans{script.title()}"), "NotoSans"):
        if name in _installed_fonts():
            yield name


def _has_glyph(name: str, char: str) -> bool:
    return char.isspace() or _glyph_bitmap(name, char) != _glyph_bitmap(name, NOBODY_S)


def _glyph_bitmap(name: str, char: str) -> tuple[tuple[int, int], bytes]:
    mask = load_font(name, PROBE).getmask(char)
    return mask.size, bytes(mask)


@lru_cache
def _installed_fonts() -> dict[str, Path]:
    """List the machine's Noto text typefaces, by family."""
    files = (file for folder in FOLDERS for file in sorted(folder.rglob("NotoSans*-Regular.*")))
    return {file.name.partition("-")[0]: file for file in files if file.suffix in {".ttf", ".ttc", ".otf"}}
