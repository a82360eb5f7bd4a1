"""How often a feed does what, and how much at once."""

import random
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.backoff import Backoff

RECONNECT = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=60))
SOCKET_RETRY = Backoff(first=timedelta(minutes=2), ceiling=timedelta(minutes=15))
REREAD = Backoff(first=timedelta(seconds=10), ceiling=timedelta(minutes=10))


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRhythm:
    """How often a feed does what, and how much at once (`guarantees.md` 2.4)."""

    overlap: timedelta = timedelta(seconds=120)
    """A record may become visible after a younger one."""
    sweep_every: timedelta = timedelta(minutes=10)
    sweep_overlap: timedelta = timedelta(hours=1)
    long_sweep_every: timedelta = timedelta(hours=24)
    long_sweep_overlap: timedelta = timedelta(hours=24)
    sweep_spacing: timedelta = timedelta(seconds=2)
    """Between the requests of a sweep: the Free plan earns one in 1.54 s, so that a connection that
    breaks meanwhile finds its requests unused.
    """
    sweep_rest: timedelta = timedelta(seconds=15)
    """After connecting no sweep begins for so long: the requests that it took are earned back."""
    poll_every: timedelta = timedelta(seconds=45)
    """Without a socket: about ten requests a minute, a sixth of the Free plan's budget."""
    reconnect: Backoff = RECONNECT
    socket_retry: Backoff = SOCKET_RETRY
    reread: Backoff = REREAD
    """Of services that could not be read; at the latest the next sweep reads them."""
    notice_after: timedelta = timedelta(seconds=60)
    """Trouble that is over sooner is not worth a message, and it is over once the connection has
    lasted so long.
    """
    alarm_after: timedelta = timedelta(minutes=10)
    """A platform that cannot be reached for so long, with trades open, is worth waking for."""
    connects_a_second: float = 20.0
    """Over the whole process: a platform that comes back must not be trampled."""
    look_every: timedelta = timedelta(seconds=30)
    """How often the store is asked for what another process has brought about: links, and what is
    owed.
    """
    most_held: int = 5000
    """Live events that may wait for what is older; more are left with the session."""
    portion: int = 200
    """Held events that are handed over at once, in one transaction."""


def jittered(span: timedelta, chance: random.Random) -> timedelta:
    """Never longer: others count on it (`guarantees.md` 2.9, row 5)."""
    return span * chance.uniform(0.8, 0.95)
