"""How many lines of one kind are written: a crowd of them must not fill a disk."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

LINES = 100
"""Lines of one kind in a window; who wants to see all asks for `debug`, whose lines all come."""

WINDOW = 60.0
"""Seconds."""

KINDS = 1_000
"""Kinds that are told apart; what libraries say may hold anything, and counts as one beyond it."""

Kind = tuple[str, int, str]
"""Logger, level, and the message without its values."""


_ANY: Kind = ("", 0, "")


@dataclass(slots=True)
class _Window:
    began: float
    lines: int = 0
    left_out: int = 0


class LineLimit(logging.Filter):
    """Lets through so many lines of one kind, then none until its window is over.

    The last one says so, and the next one afterwards how many were left out.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[Kind, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno <= logging.DEBUG:
            return True
        at = self._clock()
        kind = record.name, record.levelno, str(record.msg)
        window = self._windows.get(kind)
        if window is None or at - window.began >= WINDOW:
            if window is not None and window.left_out:
                record.__dict__["left_out"] = window.left_out
            window = self._begin(kind, at)
        if window.lines >= LINES:
            window.left_out += 1
            return False
        window.lines += 1
        if window.lines == LINES:
            record.__dict__["more"] = "left out for a minute"
        return True

    def _begin(self, kind: Kind, at: float) -> _Window:
        if kind not in self._windows and len(self._windows) >= KINDS:
            self._windows = {
                one: kept for one, kept in self._windows.items() if at - kept.began < WINDOW
            }
            if len(self._windows) >= KINDS:
                return self._windows.setdefault(_ANY, _Window(at))
        window = self._windows[kind] = _Window(at)
        return window
