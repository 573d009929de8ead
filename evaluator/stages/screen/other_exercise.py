"""Detects another exercise by its numbers and signs, where the words are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import regex
from rapidfuzz.distance import Indel

_NUMBER = regex.compile(r"\d+")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{N}]")
_PLAIN = " ."
"""Signs between numbers that a copy without punctuation lacks."""
_WORDY = 12.0
"""Letters for each number or sign from which a text is prose with numbers in it, and no formula."""
_PROSE_CHANGE, _FORMULA_CHANGE = 0.34, 0.07
"""Share of the numbers and signs that may differ in a copy."""
_LONG = 200
"""Letters of a text that no other has by chance."""
_FEW = 6
"""Numbers and signs below which their order makes an exercise."""
_FORMULA_SIGNS = 3
"""Number of signs from which a text without any is one whose punctuation was removed."""


def strip_signs(skeleton: str) -> str:
    """Return the letters and digits of a skeleton."""
    return skeleton if skeleton.isalnum() else _SIGN.sub("", skeleton) or skeleton


def have_equal_signs(given: str, test: str, is_same_answer: bool) -> bool:
    """Return whether two skeletons with the same letters and digits are one exercise.

    A blank in place of a sign between two numbers is punctuation removed; so is the absence of all signs. In prose
    some signs may be absent from one side if the answer is the same.
    """
    if given == test:
        return True
    mine, theirs = _locate_signs(given), _locate_signs(test)
    both = mine.keys() & theirs.keys()
    if any(mine[place] not in (theirs[place], " ") for place in both):
        return False
    lacking = mine.keys() ^ theirs.keys()
    if not lacking or _is_stripped(mine, theirs):
        return True
    letters = sum(map(str.isalpha, test))
    if letters <= _LONG and _NUMBER.findall(given) != _NUMBER.findall(test):
        return False
    return is_same_answer and letters > min(_WORDY * (len(_NUMBER.findall(test)) + len(theirs)), _LONG)


def _is_stripped(mine: dict[int, str], theirs: dict[int, str]) -> bool:
    """Return whether all signs of some kinds were removed: an exercise has its own signs."""
    kept = set("".join(mine.values())) - {" "}
    lacking = [sign for place, sign in theirs.items() if place not in mine]
    return len(theirs) >= _FORMULA_SIGNS and mine.keys() <= theirs.keys() and not kept & set("".join(lacking))


def is_other_exercise(given: str, test: str, letters: float, is_padded: bool, is_same_answer: bool) -> bool:
    """Return whether a text asks for another number, though its words are those of the test text.

    `letters` is the weight of the test text without its template. In a padded text, its own numbers do not count.
    `is_same_answer` is for answers that are no labels.
    """
    wanted, found = _NUMBER.findall(test), _NUMBER.findall(given)
    signs, own_signs = ([sign for sign in _SIGN.findall(text) if sign not in _PLAIN] for text in (test, given))
    if own_signs or len(signs) < _FORMULA_SIGNS:
        wanted, found = wanted + signs, found + own_signs
    if not wanted:
        return False
    if is_padded:
        changed = _share_missing(found, wanted)
    elif len(wanted) < _FEW:
        changed = Indel.normalized_distance(found, wanted)
    else:  # in any order, as of answer options
        changed = max(_share_missing(found, wanted), _share_missing(wanted, found))
    is_prose = letters > _WORDY * len(wanted) or (is_same_answer and letters > _LONG)
    return changed > (_PROSE_CHANGE if is_prose else _FORMULA_CHANGE)


def _locate_signs(skeleton: str) -> dict[int, str]:
    """Map the number of letters and digits before each sign, and its rank among those there, to the sign."""
    found: dict[int, str] = {}
    before = 0
    for char in skeleton:
        if _SIGN.match(char):
            found[before] = found.get(before, "") + char
        else:
            before += 1
    return found


def _share_missing(found: Sequence[str], wanted: Sequence[str]) -> float:
    return (Counter(wanted) - Counter(found)).total() / max(len(wanted), 1)
