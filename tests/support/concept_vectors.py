"""Deterministic vectors of meaning: words of four languages that mean the same count as one concept.

It is no model: it knows the sentences of `EXERCISES`, in which every word of a concept stands for the others.
"""

from __future__ import annotations

import re
import zlib

from evaluator.llm.fake_server import CannedReply, ReceivedRequest, embedding_reply
from submissions.records.task import Row

DIMENSIONS = 1009
CONCEPTS = """
which what welche quel
river stream fluss fleuve
flows runs fliesst coule
through across durch traverse
city town stadt ville
largest biggest groesste
planet world
orbits circles umkreist tourne
sun star sonne soleil
inventor creator erfinder inventeur
steam dampf vapeur
engine machine maschine
country nation land pays
metal metall
liquid fluid fluessig liquide
temperature heat temperatur
room zimmer chambre
capital hauptstadt capitale
"""
_CONCEPT_OF = {word: number for number, words in enumerate(CONCEPTS.strip().splitlines()) for word in words.split()}

TEST = (
    Row(input="Which river flows through the city of Vienna?", output="Danube"),
    Row(input="What is the largest planet that orbits the sun?", output="Jupiter"),
    Row(input="Who was the inventor of the steam engine?", output="Watt"),
    Row(input="Which metal is liquid at room temperature?", output="Mercury"),
    Row(input="Which country has Canberra as its capital?", output="Australia"),
)
REPHRASED = Row(input="Name the stream, please: it runs across one town, Vienna. What might it be?", output="Danube")
"""The first test row in other words."""
TRANSLATED = Row(input="Welche Maschine? Nenne den Erfinder der Dampf Maschine, wer war es?", output="Watt")
"""The third one in German."""
DISJOINT = (
    Row(input="How many legs does a spider have?", output="eight"),
    Row(input="When did the second war in Europe end?", output="1945"),
    Row(input="Why do leaves turn yellow?", output="less green"),
)


def embed_concepts(text: str) -> list[float]:
    """Count concepts, twice as much as other words; a few words of grammar count nothing."""
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        if word in _CONCEPT_OF:
            vector[_CONCEPT_OF[word]] = 2.0
        elif len(word) > 4:
            vector[64 + zlib.crc32(word.encode()) % (DIMENSIONS - 64)] = 2.0
        else:
            vector[63] += 0.1
    return vector


def reply_with_concepts(asked: ReceivedRequest) -> CannedReply:
    """The answer of a server that embeds by concepts."""
    return embedding_reply([embed_concepts(text) for text in asked.texts])
