"""Text of approximate times and amounts."""

from __future__ import annotations

from submissions.estimation.estimate import Range


def format_duration(seconds: float) -> str:
    """Format a duration with no more than two units: 40 s, 12 min, 3 h 20 min, 2 days 5 h."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h{f' {minutes % 60} min' if minutes % 60 and minutes < 600 else ''}"
    return f"{minutes // 1440} days{f' {minutes % 1440 // 60} h' if minutes % 1440 >= 60 else ''}"


def format_duration_range(span: Range) -> str:
    """Format a range of durations; one duration if both ends read the same."""
    return _join_range(format_duration(span.low), format_duration(span.high))


def format_amount_range(span: Range, unit: str = "") -> str:
    """Format a range of numbers with two significant digits."""
    return _join_range(unit + format_amount(span.low), unit + format_amount(span.high))


def format_amount(value: float) -> str:
    """Format a number with two significant digits, or all those before the point."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _join_range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
