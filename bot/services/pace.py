"""When the next message may leave: per chat, per bot, with pauses that the platform asked for."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.deliveries import Priority
from bot.domain.links import Address

Seconds = float

URGENT_SHARE = 0.2
"""Part of a bot's rate that only urgent items may use (`guarantees.md` 2.7: about 5/s of 30)."""

FORGET_AFTER: Seconds = 600.0
"""A chat that was quiet for so long is as good as new."""


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
    _pruned_at: Seconds = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        general, urgent = self.rate * (1 - URGENT_SHARE), self.rate * URGENT_SHARE
        # A quarter of a second's worth at once keeps every one-second window within the rate.
        self._general = _bucket(general, int(general / 4))
        self._urgent = _bucket(urgent, int(urgent / 4))

    def chat_wait(self, address: Address) -> Seconds:
        """How long this chat must rest: its own rate, and pauses that the platform asked for."""
        at = self.clock()
        paused_until = max(self._paused_until, self._pauses.get(address, 0.0))
        return max(0.0, paused_until - at, self._chat(address, at).wait(at))

    def is_free(self, address: Address) -> bool:
        """Whether a message could leave for this chat at this moment."""
        return self.chat_wait(address) == 0 and self._general.wait(self.clock()) == 0

    def take_place(self, priority: Priority) -> tuple[Seconds, "Place"]:
        """Reserve the next place in the bot's schedule; gives how long until it comes."""
        at = self.clock()
        if priority is Priority.URGENT and self._urgent.wait(at) < self._general.wait(at):
            return self._urgent.take(at), self._urgent
        return self._general.take(at), self._general

    def give_back(self, place: "Place") -> None:
        """There was nothing to send after all."""
        if place is not None:
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
