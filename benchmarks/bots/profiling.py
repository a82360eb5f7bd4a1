"""Where a process's time goes, thread by thread."""

import cProfile
import pstats
import sys
import threading
from types import FrameType
from typing import TextIO

LINES = 45
"""Functions shown of each thread, those that take the most time themselves first."""


class Profiling:
    """A profile of the main thread from `begin` on, and of every thread that starts later whole.

    A profiled call costs several times as much as one that is not: the shares count, not the sums.
    """

    def __init__(self) -> None:
        self._main = cProfile.Profile()
        self._others: list[tuple[str, cProfile.Profile]] = []
        if sys.version_info < (3, 12):
            # Later, one profile sees all threads, and there can be only one.
            threading.setprofile(self._enter)

    def begin(self) -> None:
        """Call it on the main thread."""
        self._main.enable()

    def end(self, out: TextIO) -> None:
        """Say what was found; the other threads must have ended."""
        self._main.disable()
        for name, profile in [("main thread", self._main), *self._others]:
            print(f"--- {name}", file=out)
            pstats.Stats(profile, stream=out).sort_stats("tottime").print_stats(LINES)

    def _enter(self, _frame: FrameType, _event: str, _arg: object) -> None:
        """What a new thread does first; the profile takes the place of this."""
        profile = cProfile.Profile()
        self._others.append((threading.current_thread().name, profile))
        profile.enable()
