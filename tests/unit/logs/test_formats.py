"""What a record looks like to machines and to eyes."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.logs.formats import ConsoleFormatter, JsonFormatter
from adapters.logs.output import log_to
from adapters.logs.settings import LogFormat, LogLevel, LogSettings, parse_format, parse_level
from bot.domain.redaction import REDACTED, Redaction

AT = datetime(2026, 11, 22, 12, 4, 5, 120_000, UTC)

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.datetimes()),
    lambda inner: st.one_of(
        st.lists(inner), st.tuples(inner), st.dictionaries(st.text() | st.integers(), inner)
    ),
)


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    one = logging.LogRecord("bot.services.feeds", logging.WARNING, __file__, 1, message, args, None)
    one.created = AT.timestamp()
    one.__dict__.update(extra)
    return one


@pytest.fixture
def logging_to() -> Iterator[Callable[[LogSettings, io.StringIO], None]]:
    """Sets up the process's own logging, and sets it back afterwards."""
    root = logging.getLogger()
    handlers, level = tuple(root.handlers), root.level
    yield lambda settings, stream: log_to(stream, settings)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_has_the_fields_of_the_record_and_those_of_its_extra():
    facts = {"account": "a1", "wait": timedelta(seconds=90), "price": Decimal("0.10")}

    line = JsonFormatter(Redaction()).format(record("gone for %s", "good", **facts))

    assert json.loads(line) == {
        "time": "2026-11-22T12:04:05.120Z",
        "level": "warning",
        "logger": "bot.services.feeds",
        "message": "gone for good",
        "account": "a1",
        "wait": 90.0,
        "price": "0.10",
    }


def test_an_extra_never_takes_the_place_of_a_field_of_the_record():
    line = JsonFormatter(Redaction()).format(record("it", level="none", time=1))

    assert json.loads(line)["level"] == "warning"
    assert json.loads(line)["level_"] == "none"


@given(message=st.text(), name=st.text(), value=values)
def test_any_record_is_one_line_of_json(message, name, value):
    one = record("%s", message, **{f"x{name}": value})

    line = JsonFormatter(Redaction()).format(one)

    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert isinstance(json.loads(line, parse_constant=pytest.fail), dict)


@given(message=st.text(), value=values)
def test_any_record_is_one_line_on_the_console_and_moves_no_cursor(message, value):
    line = ConsoleFormatter(Redaction(), coloured=False).format(record("%s", message, fact=value))

    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


def test_a_value_that_contains_itself_is_written_all_the_same():
    endless: list[object] = []
    endless.append(endless)

    line = JsonFormatter(Redaction()).format(record("it", fact=endless))

    assert "fact" in json.loads(line)


def test_the_console_line_is_short():
    line = ConsoleFormatter(Redaction(), coloured=False).format(
        record("connection lost", account="a1", reason="no answer", count=2)
    )

    stamp = AT.astimezone().strftime("%H:%M:%S")
    assert (
        line == f'{stamp} warning  feeds      connection lost account=a1 reason="no answer" count=2'
    )


def test_what_was_raised_follows_indented_below_the_console_line():
    one = record("the feed failed")
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        one.exc_info = (ValueError, error, error.__traceback__)

    first, *rest = ConsoleFormatter(Redaction(), coloured=False).format(one).splitlines()

    assert first.endswith("the feed failed")
    assert rest[0] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in rest)


@pytest.mark.parametrize(("stream", "begins"), [(io.StringIO(), "{"), (Terminal(), "")])
def test_without_a_setting_a_terminal_gets_the_console_format(logging_to, stream, begins):
    logging_to(LogSettings(), stream)

    logging.getLogger("bot").warning("it")

    written = stream.getvalue()
    assert written.startswith("{") is (begins == "{")
    assert ("\x1b[33m" in written) is (begins == "")


def test_a_file_gets_no_colours(logging_to):
    stream = io.StringIO()
    logging_to(LogSettings(format=LogFormat.CONSOLE), stream)

    logging.getLogger("bot").warning("it")

    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    "talkative",
    ["httpx", "httpcore.http11", "aiohttp.access", "socketio", "engineio", "telegram.Bot"],
)
def test_libraries_that_tell_secrets_are_heard_from_warning_on(logging_to, talkative):
    stream = io.StringIO()
    logging_to(LogSettings(format=LogFormat.JSON, level=LogLevel.DEBUG), stream)

    logging.getLogger(talkative).info("HTTP Request: POST https://example.org/bot1:A/sendMessage")
    logging.getLogger(talkative).warning("refused")

    assert "HTTP Request" not in stream.getvalue()
    assert "refused" in stream.getvalue()


def test_a_record_that_cannot_be_written_names_its_place_and_none_of_its_values(logging_to, capsys):
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("token=hunter22222")

    stream = io.StringIO()
    logging_to(LogSettings(format=LogFormat.JSON), stream)

    logging.getLogger("bot").warning("it", extra={"fact": Broken(), "other": "hunter22222"})

    assert __file__ in stream.getvalue()
    assert "hunter22222" not in stream.getvalue() + "".join(capsys.readouterr())


def test_a_letter_that_the_stream_does_not_know_does_not_lose_the_record(logging_to):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    logging_to(LogSettings(format=LogFormat.CONSOLE), stream)

    logging.getLogger("bot").warning("naïve \ud800")

    stream.flush()
    assert rb"na\xefve \ud800" in stream.buffer.getvalue()


def test_warnings_of_the_interpreter_are_redacted_too(logging_to):
    stream = io.StringIO()
    logging_to(LogSettings(format=LogFormat.JSON), stream)

    logging.getLogger("py.warnings").warning("%s", "unclosed: Bearer abcdefgh12345678")

    assert REDACTED in stream.getvalue()
    assert "abcdefgh12345678" not in stream.getvalue()


def test_settings_are_read_in_any_case_and_refused_with_the_cure():
    assert parse_format(" JSON ") is LogFormat.JSON
    assert parse_level("Debug") is LogLevel.DEBUG

    with pytest.raises(ValueError, match="TRADEBELL_LOG_FORMAT must be console or json"):
        parse_format("xml")
    with pytest.raises(ValueError, match="TRADEBELL_LOG_LEVEL must be"):
        parse_level("loud")
