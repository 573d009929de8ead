"""Names that look alike are one name: keys that are equal for them, after Unicode's UTS #39.

A name has two keys. One compares what the eye sees (`paypaI` and `paypal`), the other what a reader means (`ΝΙΚΗ` and
`νίκη` in two cases). Two names are alike if they share a key. That is not transitive, for a capital Greek nu looks like
N and a small one like v; so `group_names` joins names that are alike directly or by a chain of names that are there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Mapping
from functools import cache, lru_cache
from typing import TypeVar

from submissions.names.invisible import BLANK_SIGNS, strip_ignorable

_MARK = "\u200e"
"""The library's data has this mark around letters that are written from right to left."""
N = TypeVar("N", bound=Hashable)


@lru_cache(maxsize=50_000)
def name_keys(name: str) -> frozenset[str]:
    """Return the keys of a name, without differences of form, case, white space, and look-alike characters."""
    plain = fold_form(name)
    seen = _replace_look_alikes(_fold_case(_replace_look_alikes(plain)))
    meant = _replace_look_alikes(_fold_case(plain))
    return frozenset({fold_form(seen), fold_form(meant)})


def are_alike(name: str, other: str) -> bool:
    """Return whether two names are one name to a reader."""
    return name == other or not name_keys(name).isdisjoint(name_keys(other))


def has_text(name: str, sought: str) -> bool:
    """Return whether a name has a text that a visitor searches for, in any form that looks like it."""
    if _fold_case(fold_form(sought)) in _fold_case(fold_form(name)):
        return True
    if name.isascii() and sought.isascii():
        return False  # else 1 would find every l
    wanted = name_keys(sought)
    return any(one in key for one in wanted for key in name_keys(name))


def group_names(names: Iterable[N], keys: Mapping[N, Iterable[Hashable]] | None = None) -> dict[N, N]:
    """Return for each name the first one that is alike, directly or by a chain of names.

    `keys` replace the keys of `name_keys`, for names that are not texts.
    """
    parents: dict[N, N] = {}
    owners: dict[Hashable, N] = {}
    order = {name: at for at, name in enumerate(dict.fromkeys(names))}
    for name in order:
        parents[name] = name
        for key in keys[name] if keys is not None else name_keys(str(name)):
            first, other = sorted((_find_root(parents, owners.setdefault(key, name)), _find_root(parents, name)),
                                  key=order.__getitem__)  # fmt: skip
            parents[other] = first
    return {name: _find_root(parents, name) for name in order}


def describe_look_alikes(text: str) -> str:
    """Name the characters that are not ASCII with the ASCII text that they look like; empty without any."""
    found = []
    for char in dict.fromkeys(text):
        if char.isascii():
            continue
        name = unicodedata.name(char, "UNNAMED")
        alike = "".join(fold_form(_replace_look_alikes(fold_form(char))).split()) or (
            "a blank" if char.isspace() else ""
        )
        meant = f" for {alike}" if alike.isascii() and alike else ", which shows nothing" if not alike else ""
        found.append(f"U+{ord(char):04X} ({name}){meant}")
    return ", ".join(found[:3]) + (", …" if len(found) > 3 else "")


def _find_root(parents: dict[N, N], name: N) -> N:
    while parents[name] != name:
        parents[name] = parents[parents[name]]
        name = parents[name]
    return name


def fold_form(text: str) -> str:
    """Return a text in NFKC, without characters that show nothing, and with single blanks between words."""
    bare = "".join(
        " " if char in BLANK_SIGNS else char for char in strip_ignorable(unicodedata.normalize("NFKC", text))
    )
    return " ".join(unicodedata.normalize("NFKC", bare).split())


def _fold_case(text: str) -> str:
    # The capital I with a dot, of Turkish, folds to i with a second dot.
    return unicodedata.normalize("NFKC", text.casefold().replace("i\u0307", "i"))


def _replace_look_alikes(text: str) -> str:
    """Return UTS #39's skeleton: each character's prototype."""
    prototypes = load_prototypes()
    return "".join(prototypes.get(char, char) for char in unicodedata.normalize("NFD", text))


@cache
def load_prototypes() -> dict[str, str]:
    """Map each character to one text for all that look like it.

    The library's data is a list for each text of those that look like it; all texts of a kind form a star around its
    prototype, of which only the prototype may have more than one character.
    """
    from confusable_homoglyphs.confusables import confusables_data  # 900 kB of JSON: only where names are compared

    pairs = [
        (text.replace(_MARK, ""), one["c"].replace(_MARK, ""))
        for text, alike in confusables_data.items()
        for one in alike
    ]
    members: dict[str, set[str]] = {}
    for left, right in pairs:
        joined = members.setdefault(left, {left}) | members.setdefault(right, {right})
        for text in joined:
            members[text] = joined
    prototypes: dict[str, str] = {}
    for text, kind in members.items():
        if len(text) == 1 and not text.isspace():
            prototypes[text] = min(kind, key=lambda one: (len(one) == 1, not one.isascii(), one.casefold(), one))
    return {char: _expand(proto, prototypes) for char, proto in prototypes.items()}


def _expand(prototype: str, prototypes: Mapping[str, str]) -> str:
    """Return a prototype of several characters with each character's own prototype."""
    return "".join(prototypes.get(char, char) for char in prototype) if len(prototype) > 1 else prototype
