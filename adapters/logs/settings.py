"""The log's slice of the settings, and how its texts are read."""

import logging
from dataclasses import dataclass
from enum import StrEnum


class LogFormat(StrEnum):
    """How a record is written."""

    CONSOLE = "console"
    """For eyes: one short line."""
    JSON = "json"
    """For machines: one object a line."""


class LogLevel(StrEnum):
    """The least that is written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def number(self) -> int:
        return logging.getLevelNamesMapping()[self.name]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is written. `format` is `None` where the stream decides: a terminal gets `console`."""

    format: LogFormat | None = None
    level: LogLevel = LogLevel.INFO


def parse_format(text: str) -> LogFormat:
    """Read TRADEBELL_LOG_FORMAT.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    try:
        return LogFormat(text.strip().lower())
    except ValueError:
        raise ValueError("TRADEBELL_LOG_FORMAT must be console or json.") from None


def parse_level(text: str) -> LogLevel:
    """Read TRADEBELL_LOG_LEVEL.

    Raises:
        ValueError: a sentence that names the setting and the cure.
    """
    try:
        return LogLevel(text.strip().lower())
    except ValueError:
        raise ValueError("TRADEBELL_LOG_LEVEL must be debug, info, warning or error.") from None
