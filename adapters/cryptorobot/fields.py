"""Fields of a record that may be spelled, typed and nested in any way."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from adapters.cryptorobot.payload import LONGEST_NUMBER

Read = TypeVar("Read")

NAME = 120
"""Characters kept of a name, a symbol, a type or a state."""

TEXT = 2000
"""Characters kept of a message: half of what the longest chat message holds."""

LONGEST_ID = 128

_MOST_FIELDS = 1000
_LONGEST_INSTANT = 64

_LARGEST_EXPONENT = 30
"""No price or amount has more digits than this before or after its point."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_FIRST_IN_MILLISECONDS = 10**11
"""As seconds this number would be in the year 5138; so it counts milliseconds."""


class Fields:
    """One record, read without ever failing: what is missing or of the wrong kind is `None`.

    Each reader takes the names under which the platform may send one thing, the likeliest first,
    and gives the first that can be read. Case and underscores do not matter: `dry_run` is `dryRun`.
    """

    __slots__ = ("_record", "_values")

    def __init__(self, record: Mapping[str, object]) -> None:
        self._record = record
        self._values: dict[str, object] = {}
        for name in list(record)[:_MOST_FIELDS]:
            if record[name] is not None:
                self._values.setdefault(_plain(name), record[name])

    def id(self) -> str | None:
        """The record's own id: `_id` of the platform, or `id`."""
        return identifier(self._record.get("_id")) or identifier(self._record.get("id"))

    def text(self, *names: str, limit: int = NAME) -> str | None:
        return _first(text(value, limit) for value in self._of(names))

    def number(self, *names: str) -> Decimal | None:
        return _first(number(value) for value in self._of(names))

    def count(self, *names: str) -> int | None:
        """A whole number that is not negative."""
        whole = self.number(*names)
        return int(whole) if whole is not None and whole >= 0 and whole == int(whole) else None

    def flag(self, *names: str) -> bool | None:
        return _first(flag(value) for value in self._of(names))

    def instant(self, *names: str) -> datetime | None:
        return _first(instant(value) for value in self._of(names))

    def link(self, *names: str) -> str | None:
        """The id of another record, given as such or as the record itself."""
        return _first(link(value) for value in self._of(names))

    def label(self, *names: str) -> str | None:
        """What to call another record: its name if it is given whole, else the text or id."""
        return _first(label(value) for value in self._of(names))

    def symbol(self, *names: str) -> str | None:
        """A trading pair, given as text or in two halves."""
        return _first(symbol(value) for value in self._of(names))

    def part(self, name: str) -> "Fields | None":
        """The fields of an object inside this one."""
        inner = _first(value for value in self._of((name,)) if isinstance(value, Mapping))
        return None if inner is None else Fields(inner)

    def _of(self, names: tuple[str, ...]) -> list[object]:
        values = self._values
        return [values[plain] for name in names if (plain := _plain(name)) in values]


def text(value: object, limit: int) -> str | None:
    """A text as the platform sent it, but for what no database can store; or a number's."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return str(value)[:limit]
    if not isinstance(value, str):
        return None
    # Half a surrogate pair has no encoding, and PostgreSQL's text no NUL.
    cut = value[:limit].encode("utf-8", "replace").decode().replace("\x00", "").strip()
    return cut or None


def identifier(value: object) -> str | None:
    """An id as an opaque text. One that is too long is none, since half of it names nothing."""
    spelled = text(value, LONGEST_ID + 1)
    return spelled if spelled is not None and len(spelled) <= LONGEST_ID else None


def number(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _spelled_number(value)
    if isinstance(value, (int, Decimal)):
        return _sane(Decimal(value))
    return None


def flag(value: object) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def instant(value: object) -> datetime | None:
    """An instant from ISO 8601 (UTC where no zone is given), epoch seconds or milliseconds.

    Source: `platform.md` 6, item 10.
    """
    number_of = number(value)
    try:
        if number_of is not None:
            found = _from_epoch(number_of)
        elif isinstance(value, str) and len(value) <= _LONGEST_INSTANT:
            found = datetime.fromisoformat(value.strip())
        else:
            return None
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _EARLIEST <= found < _LATEST else None


def link(value: object) -> str | None:
    if isinstance(value, Mapping):
        return identifier(value.get("_id")) or identifier(value.get("id"))
    return identifier(value)


def label(value: object) -> str | None:
    if isinstance(value, Mapping):
        return _first(text(value.get(name), NAME) for name in ("name", "which")) or link(value)
    return text(value, NAME)


def symbol(value: object) -> str | None:
    if isinstance(value, Mapping):
        halves = Fields(value)
        left, right = halves.text("left", "base"), halves.text("right", "quote")
        return f"{left}/{right}" if left and right else left
    return text(value, NAME) if isinstance(value, str) else None


def _spelled_number(value: str) -> Decimal | None:
    spelled = value.strip()
    if len(spelled) > LONGEST_NUMBER:
        return None
    try:
        return _sane(Decimal(spelled))
    except InvalidOperation:
        return None


def _sane(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    if value.is_zero():
        return Decimal(0)
    return value if abs(value.adjusted()) <= _LARGEST_EXPONENT else None


def _from_epoch(value: Decimal) -> datetime:
    seconds = value / 1000 if value >= _FIRST_IN_MILLISECONDS else value
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _first(candidates: Iterable[Read | None]) -> Read | None:
    return next((candidate for candidate in candidates if candidate is not None), None)
