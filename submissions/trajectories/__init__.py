"""Trajectories of search agents: rows, tag sets, grammar, and the text that carries the loss."""

from submissions.trajectories.chat_rows import ChatTurn, InvalidChatRow, TurnRole, read_chat_row
from submissions.trajectories.grammar import parse_trajectory
from submissions.trajectories.loss_spans import TextSpan, TurnLoss, find_loss_spans, find_retrieved_spans
from submissions.trajectories.scan_tags import TagMark, escape_tags, scan_tags
from submissions.trajectories.split_blocks import split_queries
from submissions.trajectories.tag_sets import TAG_SETS, TagPair, TagSet, get_tag_set
from submissions.trajectories.trajectory import GrammarFault, TextBlock, Trajectory, TrajectorySearch

__all__ = [
    "TAG_SETS",
    "ChatTurn",
    "GrammarFault",
    "InvalidChatRow",
    "TagMark",
    "TagPair",
    "TagSet",
    "TextBlock",
    "TextSpan",
    "Trajectory",
    "TrajectorySearch",
    "TurnLoss",
    "TurnRole",
    "escape_tags",
    "find_loss_spans",
    "find_retrieved_spans",
    "get_tag_set",
    "parse_trajectory",
    "read_chat_row",
    "scan_tags",
    "split_queries",
]
