"""When the next message may leave: per chat, per bot, with pauses that the platform asked for."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.deliveries import Priority, outage_wait
from bot.domain.links import Address

Seconds = float

URGENT_SHARE = 0.2
"""Part of a bot's rate that only urgent items may use (`guarantees.md` 2.7: about 5/s of 30)."""

FORGET_AFTER: Seconds = 600.0
"""A chat that was quiet for so long is as good as new."""

PROBE_LOOK: Seconds = 1.0
"""While one tries whether the platform is back: how often the others look what it found."""

PROBE_LIMIT: Seconds = 30.0
"""After this nobody waits for it any more: longer than any attempt takes to connect."""


@dataclass(slots=True)
class _Bucket:
    """A virtual schedule of places, `interval` apart, of which `burst` may be taken at once."""

    interval: Seconds
    burst: int = 1
    free_at: Seconds = 0.0

    def wait(self, at: Seconds) -> Seconds:
        return max(0.0, self.free_at - (self.burst - 1) * self.interval - at)

    def take(self, at: Seconds) -> Seconds:
        wait = self.wait(at)
        self.free_at = max(self.free_at, at) + self.interval
        return wait


def _bucket(rate: float, burst: int) -> _Bucket:
    return _Bucket(interval=1 / rate if rate else 0.0, burst=max(1, burst))


@dataclass(slots=True)
class Pace:
    """The rates of one bot of one platform. It never sleeps: it tells how long to wait.

    A lane first waits for its chat (`chat_wait`), then takes a place in the bot's own schedule
    (`take_place`): places are given in the order of asking, so a crowd of lanes neither starves
    one nor wakes all for each place.

    While the platform is away (`unreachable`) all rest, longer each time; after each rest the
    first to ask for a place tries for all, until something was `reached`.

    Args:
        rate: messages a second over the whole bot; 0 = no limit.
        chat_rate: the same for one address.
        clock: monotonic seconds.
    """

    rate: float
    chat_rate: Callable[[Address], float]
    clock: Callable[[], Seconds]
    _general: _Bucket = field(init=False)
    _urgent: _Bucket = field(init=False)
    _chats: dict[Address, _Bucket] = field(init=False, default_factory=dict)
    _pauses: dict[Address, Seconds] = field(init=False, default_factory=dict)
    _paused_until: Seconds = field(init=False, default=0.0)
    _failures: int = field(init=False, default=0)
    """How many looks in a row found the platform away."""
    _away_until: Seconds = field(init=False, default=0.0)
    _probe: _Bucket = field(init=False)
    _probing_until: Seconds = field(init=False, default=0.0)
    _pruned_at: Seconds = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        general, urgent = self.rate * (1 - URGENT_SHARE), self.rate * URGENT_SHARE
        # A quarter of a second's worth at once keeps every one-second window within the rate.
        self._general = _bucket(general, int(general / 4))
        self._urgent = _bucket(urgent, int(urgent / 4))
        self._probe = _bucket(0, 1)

    def chat_wait(self, address: Address) -> Seconds:
        """How long this chat must rest: its own rate, pauses that the platform asked for, and
        those in which it is away.
        """
        at = self.clock()
        paused_until = max(self._paused_until, self._pauses.get(address, 0.0), self._away_until)
        probing = min(self._probing_until - at, PROBE_LOOK)
        return max(0.0, paused_until - at, probing, self._chat(address, at).wait(at))

    def may_leave(self, address: Address) -> bool:
        """Whether a place that was taken a while ago is still good."""
        return self.chat_wait(address) == 0 and not self._failures

    def is_free(self, address: Address) -> bool:
        """Whether a message could leave for this chat at this moment."""
        return self.may_leave(address) and self._general.wait(self.clock()) == 0

    def take_place(self, priority: Priority) -> tuple[Seconds, "Place"]:
        """Reserve the next place in the bot's schedule; gives how long until it comes.

        Who asks after a rest of a platform that is away goes at once, and others wait for it.
        """
        at = self.clock()
        if self._failures:
            self._probing_until = at + PROBE_LIMIT
            return 0.0, self._probe
        if priority is Priority.URGENT and self._urgent.wait(at) < self._general.wait(at):
            return self._urgent.take(at), self._urgent
        return self._general.take(at), self._general

    def give_back(self, place: "Place") -> None:
        """There was nothing to send after all."""
        if place is self._probe:
            self._probing_until = 0.0
        elif place is not None:
            place.free_at -= place.interval

    def sent_to(self, address: Address) -> None:
        """A message leaves for this chat now: the next one must keep its distance."""
        at = self.clock()
        self._chat(address, at).take(at)

    def pause(self, address: Address | None, seconds: Seconds) -> None:
        """Send nothing to this chat, or with `None` nothing at all, for so long."""
        until = self.clock() + seconds
        if address is None:
            self._paused_until = max(self._paused_until, until)
            # Those who wait must not all leave in the moment when the pause ends.
            self._general.free_at = max(self._general.free_at, until)
            self._urgent.free_at = max(self._urgent.free_at, until)
        else:
            self._pauses[address] = max(self._pauses.get(address, 0.0), until)

    def unreachable(self, chance: random.Random, least: Seconds = 0.0) -> None:
        """The platform is away, or refuses our bot: send nothing for a while.

        Args:
            least: what the rest must at least be.
        """
        at = self.clock()
        if at < self._away_until:
            return  # it left before this rest began, so it has nothing new to say
        self._failures += 1
        self._probing_until = 0.0
        self._away_until = at + max(least, outage_wait(self._failures, chance).total_seconds())

    def reached(self) -> None:
        """The platform has answered: it is not away, or not any more."""
        self._failures = 0
        self._away_until = self._probing_until = 0.0

    def _chat(self, address: Address, at: Seconds) -> _Bucket:
        if at - self._pruned_at > FORGET_AFTER:
            self._prune(at)
        bucket = self._chats.get(address)
        if bucket is None:
            bucket = self._chats[address] = _bucket(self.chat_rate(address), 1)
        return bucket

    def _prune(self, at: Seconds) -> None:
        self._pruned_at = at
        since = at - FORGET_AFTER
        self._chats = {key: kept for key, kept in self._chats.items() if kept.free_at > since}
        self._pauses = {key: until for key, until in self._pauses.items() if until > at}


Place = _Bucket | None
"""Where a place was taken; opaque to callers. `None`: none was."""
