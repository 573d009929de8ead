"""Scales and notes of DatasetResearch's protocols, for arenas without a protocols.jsonl, too."""

from __future__ import annotations

from submissions.tracks.published_protocol import ProtocolScale

GAIN = ProtocolScale(
    unit="gain",
    factor=1.0,
    decimals=3,
    reference=1.0,
    meaning="Gain over the base model, averaged over all tasks.",
    base="0 is the base model, 1 is the same model trained on the real data set.",
    heading="Gain",
    numbers="gains (0 = base model, 1 = trained on the real data)",
    zero="the base model",
    top="the model trained on the real data",
    task="Gain 0 is the base model, gain 1 the same model trained on the real data set.",
    mean="Mean gain over the tasks of a subset; a missing task counts as no gain.",
)
SHARE = ProtocolScale(
    unit="% of the reference score",
    factor=100.0,
    decimals=2,
    reference=100.0,
    meaning="Score in percent of what the model reaches when it is trained on the real data set.",
    base="100 is the model trained on the real data set; the base model has its own row.",
    heading="% of reference",
    zero="the base model",
    top="the model trained on the real data",
    task="The score in percent of what the model reaches after training on the real data set, metric by metric.",
    mean="Mean over the tasks of a subset, in percent of each task's reference score; a missing task counts 0.",
)
PROTOCOL_NOTES = {
    "arena@1": "The protocol for ranking: held-out test rows, greedy decoding, gain between two measured anchors.",
    "demo@1": "arena@1 with a tiny model and tiny limits, for one CPU machine. For demonstration only.",
    "paper@1": "Compatible with the published code of DatasetResearch, so that its figures are comparable with ours.",
}
