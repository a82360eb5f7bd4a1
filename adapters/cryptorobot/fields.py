"""Fields of a record that may be spelled, typed and nested in any way."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache, partial
from itertools import islice
from typing import TypeVar

from adapters.cryptorobot.payload import LONGEST_NUMBER
from bot.domain.text import EXCERPT, clean, excerpt

Read = TypeVar("Read")

NAME = 120
"""Characters kept of a name, a symbol, a type or a state."""

LONGEST_ID = 128

_MOST_FIELDS = 1000
_MOST_NAMED = 8
_LONGEST_FIELD = 40
_LONGEST_INSTANT = 64

_LARGEST_EXPONENT = 30
"""No price or amount has more digits than this before or after its point."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_FIRST_IN_MILLISECONDS = 10**11
"""As seconds this number would be in the year 5138; so it counts milliseconds, or still less."""


class Fields:
    """One record, read without ever failing: what is missing or of the wrong kind is `None`.

    Each reader takes the names under which the platform may send one thing, the likeliest first,
    and gives the first that can be read. Case and underscores do not matter: `dry_run` is `dryRun`.
    """

    __slots__ = ("_record", "_values")

    def __init__(self, record: Mapping[str, object]) -> None:
        self._record = record
        self._values: dict[str, object] = {}
        for name, value in islice(record.items(), _MOST_FIELDS):
            if value is not None and len(name) <= _LONGEST_FIELD:
                self._values.setdefault(_plain(name), value)

    def id(self) -> str | None:
        """The record's own id: `_id` of the platform, or `id`."""
        ids = (self._record.get("_id"), self._record.get("id"))
        plain = filter(None, map(identifier, ids))
        return next(plain, None) or next(filter(None, (_wrapped_id(id) for id in ids)), None)

    def text(self, *names: str, limit: int = NAME) -> str | None:
        return self._first(names, text if limit == NAME else partial(text, limit=limit))

    def prose(self, *names: str) -> str | None:
        """A text of any length: of a very long one the head and the tail."""
        return self._first(names, prose)

    def words(self, *names: str) -> str | None:
        """Like `prose`, of an object or a list too: what these say in words, and their code."""
        return self._first(names, words)

    def number(self, *names: str, unit: str = "") -> Decimal | None:
        return self._first(names, partial(number, unit=unit) if unit else number)

    def numbers(self, *names: str, unit: str = "") -> list[Decimal]:
        """All that can be read of these, in their order."""
        read = partial(number, unit=unit)
        there = (self._values.get(name) for name in _plain_names(names))
        found = [_read(value, read) for value in there if value is not None]
        return [one for one in found if one is not None]

    def ratio(self, *names: str) -> Decimal | None:
        """0.012 where '1.2 %' was sent; `None` for what names no percent."""
        return self._first(names, ratio)

    def unread(self, *names: str, unit: str = "") -> str | None:
        """The text in place of a number that cannot be read: to be shown, not to be guessed at."""
        return self._first(names, partial(unread, unit=unit))

    def count(self, *names: str) -> int | None:
        """A whole number that is not negative."""
        whole = self.number(*names)
        return int(whole) if whole is not None and whole >= 0 and whole == int(whole) else None

    def flag(self, *names: str) -> bool | None:
        return self._first(names, flag)

    def instant(self, *names: str) -> datetime | None:
        return self._first(names, instant)

    def reference_id(self, *names: str) -> str | None:
        """The id of another record, given as such or as the record itself."""
        return self._first(names, reference_id)

    def label(self, *names: str) -> str | None:
        """What to call another record: its name if it is given whole, else the text or id."""
        return self._first(names, label)

    def symbol(self, *names: str) -> str | None:
        """A trading pair, given as text or in two halves."""
        return self._first(names, symbol)

    def said(self, *names: str, read: Callable[[object], str | None], otherwise: str) -> str | None:
        """What the first of these that is there says, `otherwise` if that cannot be read."""
        for name in names:
            value = self._values.get(_plain(name))
            if value is not None:
                return read(value) or otherwise
        return None

    def part(self, name: str) -> "Fields | None":
        """The fields of an object inside this one."""
        inner = self._values.get(_plain(name))
        return Fields(inner) if isinstance(inner, dict) else None

    def parts(self, name: str) -> tuple["Fields", ...]:
        """The fields of each object of a list inside this one."""
        inner = self._values.get(_plain(name))
        listed = inner if isinstance(inner, list) else []
        return tuple(Fields(one) for one in listed if isinstance(one, dict))

    def names(self, besides: Collection[str]) -> tuple[str, ...]:
        """What fields there are, of those that hold anything.

        Args:
            besides: those to leave out, plain.
        """
        empty: tuple[object, ...] = ("", [], {})
        there = (
            name
            for name, value in self._values.items()
            if value is not False
            and (value.strip() if isinstance(value, str) else value not in empty)
        )
        return tuple(clean(name, NAME) for name in there if name not in besides)[:_MOST_NAMED]

    def with_parts(self, *names: str) -> "Fields":
        """The same, with what the objects under these names have where it has no such field."""
        parts = [part for name in names if (part := self.part(name)) is not None]
        if not parts:
            return self
        together: dict[str, object] = {}
        for one in reversed((self, *parts)):
            together.update(one._values)
        return Fields(together)

    def with_default(self, name: str, value: object) -> "Fields":
        """The same, with this where it has no field of that name."""
        return Fields({**self._record, name: value}) if self._lacks(name) else self

    def _lacks(self, name: str) -> bool:
        return _plain(name) not in self._values

    def _first(self, names: tuple[str, ...], read: Callable[[object], Read | None]) -> Read | None:
        values, plain = self._values, _plain_names(names)
        if values.keys().isdisjoint(plain):
            return None  # a record has few of the hundreds of fields that it is asked for
        for name in plain:
            value = values.get(name)
            if value is not None and (found := _read(value, read)) is not None:
                return found
        return None


@cache
def _plain_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that the code asks for: a record is asked for hundreds."""
    return tuple(map(_plain, names))


def _read(value: object, read: Callable[[object], Read | None]) -> Read | None:
    found = read(value)
    if found is None and (inner := unwrapped(value)) is not value:
        found = read(inner)
    return found


_WRAPPINGS = (
    *("value", "$oid", "$date", "$numberDecimal", "$numberDouble", "$numberInt", "$numberLong"),
)
_UNITS = ("currency", "unit", "asset")


def unwrapped(value: object) -> object:
    """What an object holds that stands for one value, or a list of one; else the value itself.

    A currency that is named inside goes with its amount.

    Source: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
    """
    inner = value
    for _ in range(_DEEPEST_WRAPPING):
        if isinstance(inner, dict):
            held = next((inner[name] for name in _WRAPPINGS if inner.get(name) is not None), None)
            unit = next(filter(None, (text(inner.get(name)) for name in _UNITS)), None)
            if unit and isinstance(held, (str, int, Decimal)):
                held = f"{held} {unit}"
        else:
            held = inner[0] if isinstance(inner, list) and len(inner) == 1 else None
        if held is None:
            break
        inner = held
    return inner


_DEEPEST_WRAPPING = 3


def text(value: object, limit: int = NAME) -> str | None:
    """A text as the platform sent it, but for what no database can store; or a number's."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        return str(value)[:limit]
    if not isinstance(value, str):
        return None
    cut = value[:limit]
    if not cut.isascii() or "\x00" in cut:
        # Half a surrogate pair has no encoding, and PostgreSQL's text no NUL.
        cut = cut.encode("utf-8", "replace").decode().replace("\x00", "")
    return cut.strip() or None


def prose(value: object) -> str | None:
    return text(excerpt(value) if isinstance(value, str) else value, limit=EXCERPT + 3)


def identifier(value: object) -> str | None:
    """An id as an opaque text. One that is too long is none, since half of it names nothing."""
    spelled = text(value, LONGEST_ID + 1)
    return spelled if spelled is not None and len(spelled) <= LONGEST_ID else None


def _wrapped_id(value: object) -> str | None:
    return identifier(value.get("$oid")) if isinstance(value, dict) else None


_SAYING = (
    *("message", "msg", "text", "error", "reason", "description", "detail", "title"),
    *("body", "content", "errorMessage", "retMsg", "err", "en"),
)
_MOST_SAID = 5
"""Of a list of errors."""


def words(value: object, depth: int = 3) -> str | None:
    if isinstance(value, dict):
        found = _first_said(value, depth) if depth else None
        code = text(value.get("code"))
        if found and code and code not in found:
            return f"{found} (code {code})"
        return found or (_as_words(code) if code and depth else None)
    if isinstance(value, list):
        said = (words(one, depth - 1) for one in value[:_MOST_SAID]) if depth else ()
        return prose("\n".join(filter(None, said)))
    return prose(value)


def _as_words(code: str) -> str:
    return code if code.strip("-0123456789") else f"code {code}"


def _first_said(value: Mapping[str, object], depth: int) -> str | None:
    inner = Fields(value)
    return next(
        filter(None, (inner._first((name,), partial(words, depth=depth - 1)) for name in _SAYING)),
        None,
    )


def number(value: object, unit: str = "") -> Decimal | None:
    """An exact number, however it is grouped; `None` where that may be read in two ways.

    Args:
        unit: the currency that may stand beside it. Any other would make it another number.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return _spelled_number(value, unit)
    if isinstance(value, (int, Decimal)):
        return _sane(Decimal(value))
    return None


def ratio(value: object) -> Decimal | None:
    if not isinstance(value, str) or not value.rstrip().endswith("%"):
        return None
    percent = number(value.rstrip()[:-1])
    return None if percent is None else percent / 100


def unread(value: object, unit: str = "") -> str | None:
    sent = text(value) if isinstance(value, str) else None
    if sent is None or sent.lower() in _ABSENT or number(sent, unit) is not None:
        return None
    return sent


_ABSENT = frozenset({"n/a", "na", "none", "null", "nan", "undefined", "unknown", "-", "--", "?"})


def flag(value: object) -> bool | None:
    """Yes or no, in the spellings of JSON, SQL and people."""
    word = str(value).strip().lower() if isinstance(value, (str, int, Decimal)) else ""
    return _FLAGS.get(word)


_FLAGS = {
    **dict.fromkeys(("true", "t", "1", "1.0", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "f", "0", "0.0", "no", "n", "off"), False),
}


def instant(value: object) -> datetime | None:
    """An instant from ISO 8601 (UTC where no zone is given), from epoch seconds or thousandths,
    millionths ... of them, or as e-mail (RFC 5322) and JavaScript write it.

    Source: `platform.md` 6, item 10.
    """
    try:
        found = _spelled_instant(value) if isinstance(value, str) else None
        if found is None:
            count = number(value)
            if count is None:
                return None
            found = _from_epoch(count)
        if found.tzinfo is not UTC:
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _EARLIEST <= found < _LATEST else None


def reference_id(value: object) -> str | None:
    if isinstance(value, dict):
        return identifier(value.get("_id")) or identifier(value.get("id"))
    return identifier(value)


def label(value: object) -> str | None:
    if isinstance(value, dict):
        return text(value.get("name")) or text(value.get("which")) or reference_id(value)
    return text(value)


def symbol(value: object) -> str | None:
    if isinstance(value, dict):
        halves = Fields(value)
        left, right = halves.text("left", "base"), halves.text("right", "quote")
        return f"{left}/{right}" if left and right else left or halves.text("symbol", "pair")
    return text(value) if isinstance(value, str) else None


def _spelled_number(value: str, unit: str) -> Decimal | None:
    spelled = value.strip()
    if len(spelled) > LONGEST_NUMBER:
        return None
    spelled = spelled.translate(_ALIKE)
    if unit:
        spelled = _without(spelled, unit)
    try:
        return _sane(Decimal(spelled))
    except InvalidOperation:
        return _grouped_number(spelled)


_ALIKE = {0x2212: "-", 0xA0: " ", 0x2009: " ", 0x202F: " ", 0x2019: "'"}
"""A minus, blanks and an apostrophe as a keyboard has them."""


def _without(spelled: str, unit: str) -> str:
    lower, beside = spelled.lower(), unit.lower()
    if lower.endswith(beside):
        return spelled[: -len(unit)].rstrip()
    return spelled[len(unit) :].lstrip() if lower.startswith(beside) else spelled


_GROUPED = (
    # What groups the digits and what parts the decimals, wherever only one reading is possible.
    (re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}\.\d+"), ",", "."),
    (re.compile(r"\d{1,3}(?:,\d{3}){2,}|\d{1,2}(?:,\d{2})+,\d{3}"), ",", "."),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}"), ".", ","),
    (re.compile(r"\d{1,3}(?: \d{3})+(?:[.,]\d+)?"), " ", ","),
    (re.compile(r"\d{1,3}(?:'\d{3})+(?:[.,]\d+)?"), "'", ","),
    (re.compile(r"(?![1-9]\d{0,2},\d{3}$)\d+,\d+"), "", ","),
)


def _grouped_number(spelled: str) -> Decimal | None:
    sign = spelled[:1] if spelled[:1] in ("+", "-") else ""
    digits = spelled[len(sign) :].strip()
    for pattern, group, point in _GROUPED:
        if digits.isascii() and pattern.fullmatch(digits):
            plain = digits.replace(group, "") if group else digits
            return _sane(Decimal(sign + plain.replace(point, ".")))
    return None


def _sane(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    if value.is_zero():
        return Decimal(0)
    return value if abs(value.adjusted()) <= _LARGEST_EXPONENT else None


def _spelled_instant(value: str) -> datetime | None:
    """ISO 8601; `None` for what may be a number, which has neither of its marks."""
    spelled = value.strip() if len(value) <= _LONGEST_INSTANT else ""
    spelled = spelled.partition("(")[0].strip().removesuffix(" UTC")
    if spelled[4:5] == "-" or spelled[8:9] == "T":
        return datetime.fromisoformat(spelled)
    if found := _OF_JAVASCRIPT.fullmatch(spelled):
        return datetime.strptime(f"{found[1]} {found[2] or '+0000'}", "%b %d %Y %H:%M:%S %z")
    return parsedate_to_datetime(spelled) if spelled[:1].isalpha() else None


_OF_JAVASCRIPT = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2} \d\d \d{4} [\d:]{8})(?: GMT([+-]\d{4})?)?"
)
"""'Mon Jan 05 2026 12:00:00 GMT+0000', as a date's `toString` gives it."""


def _from_epoch(value: Decimal) -> datetime:
    seconds = value
    for _ in range(3):
        if seconds >= _FIRST_IN_MILLISECONDS:
            seconds /= 1000
    return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return name.replace("_", "").lower()
