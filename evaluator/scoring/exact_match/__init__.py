"""Exact match and token F1 of short answers, under every published rule by its own id."""

from evaluator.scoring.exact_match.em_rules import EXACT_MATCH_RULES, ExactMatchRule, get_exact_match_rule
from evaluator.scoring.exact_match.gold_check import GoldFault, InvalidGolds, check_golds, find_gold_faults
from evaluator.scoring.exact_match.hotpot_f1 import HOTPOT_F1, hotpot_f1
from evaluator.scoring.exact_match.measure_answers import SHORT_ANSWER_METRICS, AnswerKey, measure_short_answers

__all__ = [
    "EXACT_MATCH_RULES",
    "HOTPOT_F1",
    "SHORT_ANSWER_METRICS",
    "AnswerKey",
    "ExactMatchRule",
    "GoldFault",
    "InvalidGolds",
    "check_golds",
    "find_gold_faults",
    "get_exact_match_rule",
    "hotpot_f1",
    "measure_short_answers",
]
