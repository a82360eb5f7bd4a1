"""A log record as text: JSON for machines, one short line for eyes, neither with a secret."""

import json
import logging
import math
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.redaction import REDACTED, names_secret

Redact = Callable[[str], str]

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {
    *("message", "asctime", "taskName"),
}
"""What every record carries; anything else came with `extra`."""

_FIELDS = ("time", "level", "logger", "message", "exception", "stack")

_DEEPEST = 6
"""Levels of a nested value that are written as such; what lies deeper becomes its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record without its secrets."""

    at: datetime
    level: str
    logger: str
    message: str
    facts: Mapping[str, Any]
    exception: str | None
    stack: str | None


def entry(record: logging.LogRecord, redact: Redact) -> Entry:
    extra = {key: value for key, value in record.__dict__.items() if key not in _OWN}
    return Entry(
        at=datetime.fromtimestamp(record.created, UTC),
        level=record.levelname.lower(),
        logger=record.name,
        message=redact(_message(record)),
        facts=_plain_mapping(extra, redact, 0),
        exception=_exception(record, redact),
        stack=redact(record.stack_info) if record.stack_info else None,
    )


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII: no payload can begin a line of its own."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        one = entry(record, self._redact)
        fields: dict[str, Any] = {
            "time": _stamp(one.at),
            "level": one.level,
            "logger": one.logger,
            "message": one.message,
        }
        for name, value in one.facts.items():
            fields[f"{name}_" if name in _FIELDS else name] = value
        if one.exception is not None:
            fields["exception"] = one.exception
        if one.stack is not None:
            fields["stack"] = one.stack
        return json.dumps(fields)


class ConsoleFormatter(logging.Formatter):
    """`12:04:05 warning  feeds  connection lost  account=a1`, and below it what was raised."""

    def __init__(self, redact: Redact, *, coloured: bool) -> None:
        super().__init__()
        self._redact = redact
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        one = entry(record, self._redact)
        level = f"{one.level:<8}"
        if self._coloured:
            level = f"{_COLOURS.get(record.levelno, '')}{level}{_PLAIN}"
        parts = [
            f"{one.at.astimezone():%H:%M:%S}",
            level,
            f"{one.logger.rpartition('.')[2]:<10}",
            _on_one_line(one.message),
            *(f"{name}={_short(value)}" for name, value in one.facts.items()),
        ]
        lines = [" ".join(parts)]
        for block in (one.exception, one.stack):
            if block:
                lines += [f"    {_on_one_line(line)}" for line in block.splitlines()]
        return "\n".join(lines)


_PLAIN = "\x1b[0m"
_COLOURS = {
    logging.DEBUG: "\x1b[2m",
    logging.INFO: "\x1b[36m",
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}
"""ECMA-48, select graphic rendition: dim, cyan, yellow, red, bold red."""

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What would move the cursor, end the line or turn the direction of what follows."""


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # The words and the values do not fit together; a record is not worth an exception.
        return f"{record.msg} {record.args!r}"


def _exception(record: logging.LogRecord, redact: Redact) -> str | None:
    if not record.exc_info or record.exc_info[1] is None:
        return None
    # Not kept on the record: the next handler would write it as it stands.
    return redact(logging.Formatter().formatException(record.exc_info))


def _plain_mapping(values: Mapping[Any, Any], redact: Redact, depth: int) -> dict[str, Any]:
    plain = {}
    for key, value in values.items():
        name = str(key)
        hidden = names_secret(name) and value is not None
        plain[redact(name)] = REDACTED if hidden else _plain(value, redact, depth + 1)
    return plain


def _plain(value: object, redact: Redact, depth: int) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case datetime():
            return redact(value.isoformat())
        case timedelta():
            return value.total_seconds()
        case Mapping() if depth < _DEEPEST:
            return _plain_mapping(value, redact, depth)
        case list() | tuple() | Set() if depth < _DEEPEST:
            return [_plain(one, redact, depth + 1) for one in value]
        case _:
            return redact(str(value))


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _short(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\w.:/@+-]+", value):
        return value
    return _on_one_line(json.dumps(value, ensure_ascii=False))


def _on_one_line(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
