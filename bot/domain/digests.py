"""Many cards told in one message, because too many wait for the same chat."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.cards import Card, Severity
from bot.domain.events import Kind
from bot.domain.text import clean, counted

CROWD = 20
"""More items than this that wait at one endpoint are told together: one by one, at the pace of a
chat, they would take long to come and be too many to read."""

CROWD_UNDER_PRESSURE = 5
"""The same while messages are held up for long: by the chat, or by all that our bot has to send."""

URGENT_CROWD = 4
"""More urgent items than this of one bot that wait at one endpoint are told together: another
bot's must not come behind all of them, one a second."""

URGENT_CROWD_OF_BOTS = 10
"""The same of all bots together, once a crowd waits: when an exchange fails, all fail at once."""

SHOWN = 10
"""Events that a digest shows one by one; /missed has all of them."""

TITLE_LIMIT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An item that a digest tells of."""

    kind: Kind
    title: str
    severity: Severity
    occurred_at: datetime
    detail: str = ""
    """What its card says first below the title."""


def crowd(pressed: bool) -> int:
    """How many may wait before they are told together."""
    return CROWD_UNDER_PRESSURE if pressed else CROWD


def digest(parts: Sequence[Part]) -> Card:
    """Tell of at least one item: how many, since when, and the newest first."""
    newest_first = sorted(parts, key=lambda part: part.occurred_at, reverse=True)
    first, last = newest_first[-1].occurred_at, newest_first[0].occurred_at
    dated = first.astimezone(UTC).date() != last.astimezone(UTC).date()
    shown = newest_first[:SHOWN]
    hidden = len(parts) - len(shown)
    return Card(
        title=f"{counted(len(parts), 'event')}, {_moment(first, dated)} to {_moment(last, dated)}",
        severity=Severity.WARNING if _has_bad_news(parts) else Severity.INFO,
        lines=(_sorts(parts), *(_line(part, dated) for part in shown)),
        notes=(f"{hidden} more: /missed",) if hidden else (),
    )


def urgent_digest(parts: Sequence[Part]) -> Card:
    """Tell of at least one urgent item of one bot: what was said, how often, the newest first."""
    newest_first = sorted(parts, key=lambda part: part.occurred_at, reverse=True)
    first, last = newest_first[-1].occurred_at, newest_first[0].occurred_at
    dated = first.astimezone(UTC).date() != last.astimezone(UTC).date()
    said = Counter((part.title, part.detail) for part in newest_first)
    shown = list(said.items())[:SHOWN]
    return Card(
        title=f"{counted(len(parts), 'urgent alert')},"
        f" {_moment(first, dated)} to {_moment(last, dated)}",
        severity=Severity.CRITICAL,
        lines=tuple(_repeated(*what, times) for what, times in shown),
        notes=(f"{len(said) - len(shown)} more kinds: /missed",) if len(said) > len(shown) else (),
    )


def _repeated(title: str, detail: str, times: int) -> str:
    text = clean(" · ".join(filter(None, (title, detail))), 2 * TITLE_LIMIT)
    return f"{times}x {text}" if times > 1 else text


def _sorts(parts: Sequence[Part]) -> str:
    """'30 trades, 7 signals, 2 of them warnings'."""
    sorts = Counter(part.kind for part in parts)
    told = ", ".join(counted(count, *_NAMES[kind]) for kind, count in sorts.most_common())
    bad = sum(part.severity in _BAD for part in parts)
    return f"{told}, {counted(bad, 'warning')} among them" if bad else told


def _line(part: Part, dated: bool) -> str:
    mark = "Warning · " if part.severity in _BAD else ""
    return f"{_moment(part.occurred_at, dated)} {mark}{clean(part.title, TITLE_LIMIT)}"


def _moment(at: datetime, dated: bool) -> str:
    shown = at.astimezone(UTC)
    return f"{shown:%d %b %H:%M} UTC" if dated else f"{shown:%H:%M} UTC"


def _has_bad_news(parts: Sequence[Part]) -> bool:
    return any(part.severity in _BAD for part in parts)


_BAD = frozenset({Severity.WARNING, Severity.CRITICAL})

_NAMES = {
    Kind.TRADE: ("trade",),
    Kind.SIGNAL: ("signal",),
    Kind.POD_EVENT: ("bot event",),
    Kind.TRADER: ("bot change",),
    Kind.STRATEGY: ("strategy change",),
    Kind.MESSAGE: ("message",),
    Kind.SYSTEM_EVENT: ("platform event",),
    Kind.FEED: ("notice about the connection", "notices about the connection"),
    Kind.ACTION: ("outcome of an action", "outcomes of actions"),
    Kind.TEST: ("test alert",),
    Kind.DIGEST: ("digest",),
}
