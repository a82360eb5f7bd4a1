"""How many wrong logins are borne, and how long whoever has made too many waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.backoff import Backoff
from bot.domain.clocks import was_set_back

# guarantees.md 3.2
WINDOW = timedelta(minutes=15)
PER_PAIR = 5
WRONG_LOGIN_WAITS = Backoff(first=timedelta(seconds=1), ceiling=timedelta(minutes=1))


class Counted(StrEnum):
    """What wrong logins are counted for."""

    PAIR = "pair"
    """One account, guessed from one source."""
    ACCOUNT = "account"
    """One account, from wherever."""
    SOURCE = "source"
    """One source, whichever accounts it guesses."""
    ALL = "all"


BORNE: Mapping[Counted, int] = {Counted.ACCOUNT: 10, Counted.SOURCE: 20, Counted.ALL: 600}
"""Wrong logins within `WINDOW` that slow nobody down."""


@dataclass(frozen=True, slots=True)
class Failures:
    """Wrong logins of late: how many, since when, and when the last was.

    Of a pair that was told to wait before its first try there are none, and `at` is when that was.
    """

    count: int
    since: datetime
    at: datetime


def one_more(before: Failures | None, now: datetime) -> Failures:
    return Failures(count=1 + (before.count if before else 0), since=_since(before, now), at=now)


def first_wait(now: datetime) -> Failures:
    return Failures(count=0, since=now, at=now)


def still_counts(sort: Counted, failures: Failures, now: datetime) -> bool:
    """Whether they are recent. A pair that guesses on is not new before it has rested."""
    begun = failures.at if sort is Counted.PAIR else failures.since
    return now - begun < WINDOW and not was_set_back(failures.at, now)


def wait_for_login(lately: Mapping[Counted, Failures], now: datetime) -> timedelta:
    """How long this pair has to wait for its next try; nothing if it may go on.

    Only the pair itself is ever stopped: a stranger's guesses must not keep an account's owner
    out. So what many sources do to an account makes each pair wait for a moment from its own last
    try, or from when it first asked, whatever the others do meanwhile. What one source does to
    many accounts makes that source wait, from its last try.

    Args:
        lately: those that still count.
    """
    pair, source = lately.get(Counted.PAIR), lately.get(Counted.SOURCE)
    until = [now]
    if pair is not None and pair.count >= PER_PAIR:
        until.append(pair.at + WINDOW)
    if source is not None:
        until.append(source.at + _slowed(Counted.SOURCE, lately))
    asked = now if pair is None else pair.at
    until += [asked + _slowed(sort, lately) for sort in (Counted.ACCOUNT, Counted.ALL)]
    return max(until) - now


def _slowed(sort: Counted, lately: Mapping[Counted, Failures]) -> timedelta:
    """Twice as long with each wrong login too many, but never long."""
    over = (lately[sort].count if sort in lately else 0) - BORNE[sort]
    if over < 0:
        return timedelta(0)
    return WRONG_LOGIN_WAITS.step(over + 1)


def _since(before: Failures | None, now: datetime) -> datetime:
    return now if before is None else before.since
