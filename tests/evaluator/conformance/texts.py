"""The texts of the conformance cases, all made here: many scripts, and whatever a metric may stumble over."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

Pair = tuple[str, str]
"""A prediction and its reference."""

WORDS = {
    "en": "a an the cat sat on mat and dog ran far Paris not yes no answer is of to The A An positive".split(),
    "code": "x=1 f(x) a_b __init__ 3.14 1,000 2-3 v2.0 C++ C# a/b #tag @me $5 50% [0] {k} <p> a|b `q` ~x ^2".split(),
    "vi": "ủy ban sẽ họp lại vào thứ ba lúc chín giờ mười lăm phút không đúng".split(),
    "de": "Straße groß Äpfel über die der das Maß Größe nicht wahr ẞ".split(),
    "tr": "İstanbul ılık IĞDIR iyi güzel değil şehir ağaç İ I ı i".split(),
    "ru": "комитет снова соберётся во вторник в четверть десятого да нет".split(),
    "el": "Ο ΟΔΟΣ λόγος ΣΑΣ σοφός η απάντηση είναι ναι όχι Σ".split(),
    "ar": "ستجتمع اللجنة مرة أخرى يوم الثلاثاء نعم لا ، ؟ ٣ ١٢".split(),
    "he": "הוועדה תיפגש שוב ביום שלישי כן לא".split(),
    "hi": "समिति मंगलवार को सवा नौ बजे फिर से बैठक करेगी ।".split(),
    "zh": "委员会 将于 星期二 九点 再次 开会 。 ， 是 不是 答案 １２ Ａ".split(),
    "ja": "委員会 は 火曜日 の 九時 に 再び 開かれ ます 。 はい いいえ ｶﾅ".split(),
    "ko": "위원회는 화요일 아홉 시 십오 분에 다시 열릴 예정입니다 예 아니오".split(),
    "th": "คณะกรรมการ จะ ประชุม อีกครั้ง ใน วันอังคาร ใช่ ไม่ใช่".split(),
    "emoji": "🙂 👍🏽 👨‍👩‍👧 🇫🇷 ok 100% ❤️ ①② ½ Ⅳ ² ™".split(),
}
LABELS = "A B C D E a b j Z 0 1 2 3 7 10 11 21 42 100 007 ² ① ٣ １ true false True FALSE yes no Yes. positive".split()
LABELS += [
    "neutral",
    "not positive",
    "entailment",
    "non-entailment",
    "very  good",
    "New York",
    "the end",
    "(B)",
    "ﬆ",
    "ſ",
]
SIGNS = (
    ". , ! ? ; : ) ] } ( [ { ' \" ` ´ ‘ ’ “ ” « » 。 ， ！ ？ ； ： 、 ） 】 【 … — - _ * ** / & % · । ؟ # @ ~".split()
)
BLANKS = (" ", "  ", "\n", "\n\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2028", "\u200b", "\x0b", "\x1c", "\x00", " \n ")
ODD = (
    "<skipped>",
    "&quot;",
    "&amp;",
    "&lt;b&gt;",
    "&amp;lt;",
    "-\n",
    "e\u0301",
    "a\u0301",
    "\u0301a",
    "ﬁ",
    "ﬀ",
    "\u212a",
    "Å",
)
ODD += (
    "1.5",
    ".5",
    "5.",
    "1,5",
    ",5",
    "1-2",
    "-1",
    "a.b",
    "a,b",
    "...",
    ".,",
    "’s",
    "can't",
    "“a”",
    "‘the’",
    "\ufeff",
    "\u200f",
)
SAYINGS = ("The answer is {}", "{} is not it", "So it is {}.", "**{}**", "Answer: {}", "it is true, so {}", "false: {}")
SAYINGS += (
    "not {}",
    "non-{}",
    "x{}",
    "{}{}",
    "{} {}",
    "({})",
    "{})",
    "{}]】。",
    "{}!?",
    "{} .",
    "“{}”",
    "Think.\n{}",
    "{}\nDone",
)

TRUTHS = tuple(
    saying.format(truth)
    for truth in ("true", "False", "FALSE", "not true")
    for saying in ("{}", "({}).", "It is {} here", "{}\nalarm", "quite {}ly so", "**{}**", "{}!】")
)


def pairs(seed: int = 1) -> list[Pair]:
    """All pairs, each once, in an order that the seed settles."""
    chance = random.Random(seed)
    made: dict[Pair, None] = {}
    for pair in [*_grid(), *_long(chance)]:
        made[pair] = None
    for kind, wanted in KINDS.items():
        before = len(made)
        while len(made) < before + wanted:
            made[kind(chance)] = None
    return list(made)


def lists(seed: int = 2) -> list[list[Pair]]:
    """Small corpora: of one pair, of short and empty answers, of one script, of all; empty on one side or on both."""
    chance = random.Random(seed)
    kinds = list(KINDS)
    made = [
        [(said, gold)] * times for said in ("", " ", "a", "。") for gold in ("", "a", "A b.", "。") for times in (1, 3)
    ]
    for _ in range(240):
        kind = chance.choice([*kinds, None])
        corpus = [(kind or chance.choice(kinds))(chance) for _ in range(chance.choice((1, 2, 3, 5, 9, 14)))]
        made.append([("" if chance.random() < 0.1 else said, gold) for said, gold in corpus])
    made += [[_edited(chance) for _ in range(60)] for _ in range(10)]
    return made


def _grid() -> Iterator[Pair]:
    """Every truth value beside every small label: the digit rules."""
    for said in ("", "1", "0", "yes", "11", "truly", "TRUE 7", "untrue.", "false, not true", "true or false?", *TRUTHS):
        for gold in ("", "0", "1", "2", "11", "true", "false", "A", "²", "10", "１"):
            yield said, gold
    for sign in SIGNS:
        yield from (
            (f"Paris{sign}", "Paris"),
            ("Paris", f"Paris{sign}"),
            (sign, sign),
            (sign, ""),
            (f"Paris {sign} ", "paris"),
        )
    for blank in BLANKS:
        yield from (
            (f"in New{blank}York", "New York"),
            ("New York", f"New{blank}York"),
            (blank, blank),
            (f"a-{blank}b", "a-b"),
        )
    for odd in ODD:
        yield from ((odd, odd), (f"the {odd} end", f"{odd} end"), (f"x{odd}y", "x y"), (f"3{odd}4", f"3 {odd} 4"))


def _long(chance: random.Random) -> Iterator[Pair]:
    """Answers as long as the longest that a model may give, and answers that repeat themselves to the end."""
    for language in ("en", "vi", "ru", "code"):
        words = chance.choices(WORDS[language], k=700)
        yield " ".join(words), " ".join(chance.sample(words, 650))
        yield " ".join(words), chance.choice(words)
    for unit in ("the ", "a b ", "no, ", "哈", "1.", "A\n", "_"):
        yield unit * 900, unit * 30
        yield unit * 40, unit * 41


def _sentence(chance: random.Random, language: str = "") -> str:
    words = WORDS[language or chance.choice(list(WORDS))]
    joints = chance.choice(((" ",), (" ",), (" ", ", ", ". "), ("", " "), BLANKS))
    return "".join(f"{chance.choice(words)}{chance.choice(joints)}" for _ in range(chance.randint(1, 14)))


def _edited(chance: random.Random) -> Pair:
    """A reference, and the same with words lost, doubled, swapped or replaced."""
    language = chance.choice(list(WORDS))
    gold = chance.choices(WORDS[language], k=chance.randint(1, 20))
    said = list(gold)
    for _ in range(chance.randint(0, 6)):
        place = chance.randrange(len(said) + 1)
        change = chance.randrange(4)
        if change == 0:
            said.insert(place, chance.choice(WORDS[language]))
        elif change == 1:
            del said[place : place + 1]
        elif change == 2:
            said[place:place] = said[place : place + 3]
        else:
            said[place : place + 2] = reversed(said[place : place + 2])
    return " ".join(said) + chance.choice(("", ".", "。", "!")), " ".join(gold) + chance.choice(("", "", "."))


def _labelled(chance: random.Random) -> Pair:
    """A label, said in a sentence, alone, or as another."""
    gold = chance.choice(LABELS)
    said = chance.choice((gold, gold, gold.upper(), chance.choice(LABELS)))
    saying = chance.choice(("{}", *SAYINGS))
    return saying.replace("{}", said), chance.choice((gold, gold, gold.lower(), f"{gold}.", f" {gold} "))


def _ending(chance: random.Random) -> Pair:
    """An answer that ends with the reference, or nearly."""
    gold = _sentence(chance).strip()
    tail = chance.choice(
        (gold, gold[1:], gold[:-1], gold.swapcase(), f"x{gold}", chance.choice(BLANKS).join(gold.split()))
    )
    return f"{_sentence(chance)}{tail}{''.join(chance.choices(SIGNS, k=chance.randrange(4)))}", gold


def _signs(chance: random.Random) -> Pair:
    """Signs, blanks, quotes and odd pieces between a few words and articles."""

    def soup() -> str:
        few = (*WORDS["en"][:6], *WORDS["code"][:6], "Σ", "数", "1", "2")
        pieces = [chance.choice(chance.choice((SIGNS, BLANKS, ODD, few))) for _ in range(chance.randrange(9))]
        return "".join(pieces)

    one = soup()
    return one, chance.choice((one, one[::-1], soup(), f"{one} {soup()}"))


def _lines(chance: random.Random) -> Pair:
    """Answers of several lines, the reference one of them or all."""
    lines = [_sentence(chance).strip() for _ in range(chance.randint(2, 4))]
    return "\n".join(lines), chance.choice((chance.choice(lines), "\n".join(lines[::-1]), " ".join(lines)))


def _strangers(chance: random.Random) -> Pair:
    return _sentence(chance), _sentence(chance)


KINDS: dict[Callable[[random.Random], Pair], int] = {
    _edited: 650,
    _labelled: 500,
    _ending: 400,
    _signs: 400,
    _lines: 150,
    _strangers: 200,
}
"""How many pairs of each kind."""
