"""Short answers for tests, and slow second implementations of the published comparisons."""

from __future__ import annotations

import random
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

PublishedRule = Callable[[str, Sequence[str]], bool]
NAMES = (
    "Paris|New-York|U.S.A.|The Beatles|O'Brien|São Paulo|rock_music|1,000|True|False|yes|no|noanswer|A|an apple"
    "|Ångström|İzmir|the\u2014end|e\u0301t\u00e9 a\u0301 the sea|\x1ca\x00b"
)
QUOTES = "‘’´`"


def compare_plain(prediction: str, golds: Sequence[str]) -> bool:
    """Equality after trimming, without case."""
    return any(prediction.strip().lower() == gold.strip().lower() for gold in golds)


def reduce_text(text: str, *, signs: str, instead: str, with_articles: bool) -> str:
    """Lower-case a text, replace signs, drop articles at word bounds, collapse blanks; one step after the other."""
    for sign in signs:
        text = text.lower().replace(sign, instead)
    if not with_articles:
        text = re.sub(r"\b(a|an|the)\b", " ", text)
    return " ".join(text.split())


def read_boolean(text: str) -> str:
    """Python's truth values as words."""
    return "yes" if text == "True" else "no" if text == "False" else text


def compare_squad(prediction: str, golds: Sequence[str]) -> bool:
    def reduce(text: str) -> str:
        return reduce_text(text, signs=string.punctuation, instead="", with_articles=False)

    return any(reduce(prediction) == reduce(gold) for gold in golds)


def compare_squad_booleans(prediction: str, golds: Sequence[str]) -> bool:
    return compare_squad(read_boolean(prediction), [read_boolean(gold) for gold in golds])


def compare_triviaqa(prediction: str, golds: Sequence[str]) -> bool:
    def reduce(text: str) -> str:
        signs = string.punctuation + QUOTES
        return reduce_text(read_boolean(text).replace("_", " "), signs=signs, instead=" ", with_articles=False)

    return any(reduce(prediction) == reduce(gold) for gold in golds)


def compare_deepresearcher(prediction: str, golds: Sequence[str]) -> bool:
    def reduce(text: str) -> str:
        return reduce_text(text, signs=string.punctuation, instead=" ", with_articles=True)

    parts = [part for gold in golds for part in gold.split("<|answer_split|>")]
    return any(reduce(prediction) == reduce(part) for part in parts)


PUBLISHED_RULES: dict[str, PublishedRule] = {
    "em/ci@1": compare_plain,
    "em/squad@1": compare_squad,
    "em/squad-bool@1": compare_squad_booleans,
    "em/triviaqa@1": compare_triviaqa,
    "em/deepresearcher@1": compare_deepresearcher,
}


def published_f1(prediction: str, golds: Sequence[str]) -> float:
    """Best token F1 over gold answers; yes, no and noanswer share nothing with another answer."""
    best = 0.0
    said = reduce_text(prediction, signs=string.punctuation, instead="", with_articles=False)
    for gold in golds:
        wanted = reduce_text(gold, signs=string.punctuation, instead="", with_articles=False)
        if said != wanted and {said, wanted} & {"yes", "no", "noanswer"}:
            continue
        shared = sum((Counter(said.split()) & Counter(wanted.split())).values())
        if shared:
            precision, recall = shared / len(said.split()), shared / len(wanted.split())
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def make_pairs(count: int, seed: int) -> list[tuple[str, list[str]]]:
    """Make predictions with one to three gold answers; most are a gold answer that was changed a little."""
    chance = random.Random(seed)
    names = [*NAMES.split("|"), "Paris<|answer_split|>Lutetia"]
    pairs = []
    for _ in range(count):
        golds = [" ".join(chance.choices(names, k=chance.randint(1, 3))) for _ in range(chance.randint(1, 3))]
        prediction = change_text(chance.choice(golds), chance)
        pairs.append((prediction if prediction.strip() else "x", golds))
    return pairs


def change_text(text: str, chance: random.Random) -> str:
    """Change a text in up to two of the ways in which answers differ."""
    changes: list[Callable[[str], str]] = [
        str.upper,
        str.lower,
        lambda text: f" {text}\n",
        lambda text: "the " + text,
        lambda text: text + ".",
        lambda text: text.replace("'", "’"),
        lambda text: text.replace("-", " "),
        lambda text: text.replace("_", " "),
        lambda text: text.replace(".", ""),
        lambda text: text.replace("True", "yes"),
        lambda text: text.partition("<|")[0],
        lambda text: text.partition(" ")[2],
        lambda text: text + " city",
    ]
    for change in chance.choices(changes, k=chance.randint(0, 2)):
        text = change(text)
    return text
