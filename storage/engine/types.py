"""Column types that mean the same on SQLite and on PostgreSQL."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

KEY_LIMIT = 200
"""Characters of a foreign text in an index; PostgreSQL takes about 2,700 bytes a row.

Source: https://www.postgresql.org/docs/current/btree.html#BTREE-LIMITS
"""

Word = TypeVar("Word", bound=StrEnum)
Given = TypeVar("Given", str, str | None)

# The types convert by `bind_processor` and `result_processor` themselves: `process_bind_param` and
# its twin would be called through two functions more, for each of a row's twenty values.
Process = Callable[[Any], Any]


class Instant(TypeDecorator[datetime]):
    """An aware instant with microseconds, ordered by the database.

    SQLite has no such type and compares texts: there it is a whole number of
    microseconds since 1970.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Process | None:
        return _microseconds if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Process | None:
        if dialect.name == "sqlite":
            return _instant
        return super().result_processor(dialect, coltype)


def _microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _instant(value: int | None) -> datetime | None:
    # By its place: naming the argument would take longer than all of the rest.
    return None if value is None else _EPOCH + timedelta(0, 0, value)


class Exact(TypeDecorator[Decimal]):
    """An exact number, of as many digits as it has.

    SQLite would keep it as a binary fraction: there it is a text, and not added up.
    """

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(Numeric())

    def bind_processor(self, dialect: Dialect) -> Process | None:
        return _digits if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Process | None:
        if dialect.name == "sqlite":
            return _number
        return super().result_processor(dialect, coltype)


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


class OneOf(TypeDecorator[Word]):
    """A word out of an enumeration, kept as its text."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[Word]) -> None:
        super().__init__()
        self.words = words

    def bind_processor(self, dialect: Dialect) -> Process:
        return _text

    def result_processor(self, dialect: Dialect, coltype: object) -> Process:
        words = {word.value: word for word in self.words}
        return lambda value: None if value is None else words[value]


def _text(value: StrEnum | None) -> str | None:
    return None if value is None else str(value)


class Foreign(TypeDecorator[str]):
    """Text that came from outside, in any shape that Python can hold."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Process:
        return storable


def storable(text: Given) -> Given:
    """The text without what a database refuses: the zero character and half a surrogate pair."""
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def key(text: str) -> str:
    """A foreign text as part of an index: whole if it is short, else its digest."""
    if len(text) <= KEY_LIMIT:
        return text if text.isascii() and "\0" not in text else storable(text)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
