"""Figures: how they are condensed, written and put into a table."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one benchmark says: a line by itself, or a row of the table."""

    line: str
    what: str
    """What was measured, for the table."""
    tradebell: str
    others: str
    """The same of what it is compared with, each named."""


def percentile(values: Sequence[float], part: float) -> float:
    """The value that so many percent do not exceed: one that was measured, not one in between."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * part // 100) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def table(reports: Sequence[Report]) -> str:
    """The same as Markdown."""
    rows = [
        ("figure", "Tradebell", "in the same run"),
        ("---", "---", "---"),
        *((report.what, report.tradebell, report.others) for report in reports),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
