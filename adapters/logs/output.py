"""The one handler that everything is written through."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TextIO

from adapters.logs.formats import ConsoleFormatter, JsonFormatter
from adapters.logs.limits import LineLimit
from adapters.logs.settings import LogFormat, LogSettings
from bot.domain.redaction import Redaction

TALKATIVE = (
    # Below `warning` they tell what is not for a log: addresses with a bot's token in them,
    # payloads, credentials.
    *("httpx", "httpcore", "aiohttp.access", "engineio", "socketio", "telegram", "discord"),
    # Noise.
    *("alembic", "aiosqlite", "sqlalchemy"),
)


def log_to(
    stream: TextIO,
    settings: LogSettings,
    secrets: Iterable[str] = (),
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Write all records of the process to this stream, and nowhere else.

    Args:
        secrets: values that must not come out, whatever they look like.
        clock: seconds, for what is limited.
    """
    root = logging.getLogger()
    for handler in tuple(root.handlers):
        root.removeHandler(handler)
    output = _Output(stream, settings, Redaction(secrets))
    output.addFilter(LineLimit(clock))
    root.addHandler(output)
    root.setLevel(settings.level.number)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


class _Output(logging.StreamHandler[TextIO]):
    def __init__(self, stream: TextIO, settings: LogSettings, redact: Redaction) -> None:
        super().__init__(stream)
        terminal = stream.isatty()
        chosen = settings.format or (LogFormat.CONSOLE if terminal else LogFormat.JSON)
        match chosen:
            case LogFormat.JSON:
                self.setFormatter(JsonFormatter(redact))
            case LogFormat.CONSOLE:
                self.setFormatter(ConsoleFormatter(redact, coloured=terminal))

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        # Half a surrogate pair, or a letter that an old terminal does not know.
        encoding = self.stream.encoding or "utf-8"
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say where the record came from. The library would print its values as they are."""
        with suppress(OSError, ValueError):  # the stream itself may be what failed
            self.stream.write(f"cannot log what {record.pathname}:{record.lineno} says\n")
