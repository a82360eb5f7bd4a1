"""Tables as lines of fixed-width text, for platforms that have no tables."""

import re
import unicodedata

from bot.domain.cards import Table

_NUMBER = re.compile(r"[-+\u2212]?[\d.,'\s]*\d(?:\s?[%A-Za-z$€₿]{1,6})?|[-\u2013\u2014]|")


def in_columns(table: Table, most: int) -> list[str] | None:
    """The heading and each row as a line, numbers to the right.

    Args:
        most: columns that a line may have; `None` is given if one would need more.
    """
    rows = (table.columns, *table.rows)
    widths = [max(map(columns_of, cells)) for cells in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > most:
        return None
    right = [
        all(_NUMBER.fullmatch(cell) for cell in cells) for cells in zip(*table.rows, strict=True)
    ] or [False] * len(widths)
    return [
        "  ".join(
            _padded(cell, width, to_right)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in rows
    ]


def columns_of(text: str) -> int:
    """Columns of fixed-width text that it takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(cell: str, width: int, to_right: bool) -> str:
    space = " " * (width - columns_of(cell))
    return space + cell if to_right else cell + space
