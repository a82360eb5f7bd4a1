"""A crowd of lines of one kind fills no disk, and hides nothing else."""

from __future__ import annotations

import io
import json
import logging

import pytest

from adapters.logs.limits import KINDS, LINES, WINDOW, LineLimit
from adapters.logs.output import log_to
from adapters.logs.settings import LogFormat, LogLevel, LogSettings


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def record(message: str, level: int = logging.INFO, name: str = "web") -> logging.LogRecord:
    return logging.LogRecord(name, level, __file__, 1, message, (), None)


def test_so_many_lines_of_one_kind_are_written_and_then_none_until_a_minute_is_over(clock):
    limit = LineLimit(clock)

    written = [limit.filter(record("refused")) for _ in range(LINES + 5000)]
    clock.at = WINDOW
    later = record("refused")

    assert written == [True] * LINES + [False] * 5000
    assert limit.filter(later)
    assert later.__dict__["left_out"] == 5000


def test_the_last_line_says_that_more_are_left_out(clock):
    limit = LineLimit(clock)

    lines = [record("refused") for _ in range(LINES)]
    for line in lines:
        limit.filter(line)

    assert [line.__dict__.get("more") for line in lines[-2:]] == [None, "left out for a minute"]


@pytest.mark.parametrize(
    "other",
    [record("linked"), record("refused", logging.ERROR), record("refused", name="telegram")],
)
def test_lines_of_another_kind_are_written_all_the_same(clock, other):
    limit = LineLimit(clock)

    for _ in range(LINES + 1):
        limit.filter(record("refused"))

    assert limit.filter(other)


def test_values_make_no_kinds_of_their_own(clock):
    limit = LineLimit(clock)
    made = [record("refused %s") for _ in range(LINES + 1)]
    for number, one in enumerate(made):
        one.args, one.__dict__["port"] = (number,), number

    assert [limit.filter(one) for one in made][-1] is False


def test_what_an_operator_asked_for_with_debug_comes_whole(clock):
    limit = LineLimit(clock)

    assert all(limit.filter(record("frame", logging.DEBUG)) for _ in range(LINES * 3))


def test_messages_that_are_all_different_are_one_kind_once_there_are_too_many(clock):
    limit = LineLimit(clock)

    written = sum(limit.filter(record(f"line {number}")) for number in range(KINDS * 5))

    assert written == KINDS + LINES
    clock.at = WINDOW
    assert limit.filter(record("line 0"))


def test_the_process_s_log_is_limited(clock):
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = tuple(root.handlers), root.level
    try:
        log_to(stream, LogSettings(format=LogFormat.JSON, level=LogLevel.INFO), clock=clock)
        for _ in range(10_000):
            logging.getLogger("asyncio").error("socket.accept() out of system resource")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)

    lines = stream.getvalue().splitlines()
    assert len(lines) == LINES
    assert json.loads(lines[-1])["more"] == "left out for a minute"
