"""When the next message may leave: per chat, per bot, with pauses that the platform asked for."""

import logging
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.backoff import Backoff
from bot.domain.chats import Address
from bot.domain.deliveries import OUTAGE_WAITS, Attempt, Halted, Postponed, Priority, Scope
from bot.services.steady import Seconds

log = logging.getLogger(__name__)

URGENT_SHARE = 0.2
"""Part of a bot's rate that only urgent items may use (`guarantees.md` 2.7: about 5/s of 30)."""

STRANGERS_SHARE = 0.25
"""Part of a bot's rate that answers to people who are not linked may use, at most."""

STRANGERS_BURST: Seconds = 5.0
"""So much of their share they may use at once: who is linked waits for a quarter of it, no more."""

FORGET_AFTER: Seconds = 600.0
"""A chat that was quiet for so long is as good as new."""

PROBE_LOOK: Seconds = 1.0
"""While one tries whether the platform is back: how often the others look what it found."""

PROBE_LIMIT: Seconds = 30.0
"""After this nobody waits for it any more: longer than any attempt takes to connect."""

SLOW_CHATS = 3
SLOW_CHATS_WINDOW: Seconds = 2.0
"""So many chats told to slow down within this time mean the whole bot (`guarantees.md` 2.6)."""

SLOWER = 0.7
"""What a bot keeps of its rate when the platform has told the whole bot to slow down (as above)."""

CLEAN_SPELL: Seconds = 60.0
FASTER = 1.0
"""Messages a second that each clean spell gives back (as above)."""

SLOWEST = 1.0
"""Messages a second: no lesson makes a bot slower than this."""

LOOK_BACK: Seconds = 1.0
"""From what left in this time a bot without a limit learns its rate."""


@dataclass(slots=True)
class _Bucket:
    """A virtual schedule of places, `interval` apart, of which `burst` may be taken at once."""

    interval: Seconds = 0.0
    burst: int = 1
    free_at: Seconds = 0.0

    def share(self, rate: float) -> None:
        """Give so many places a second from now on, a quarter of a second's worth at once; 0 for
        no limit.
        """
        self.interval = _interval(rate)
        # With a quarter of a second's worth every one-second window keeps within the rate.
        self.burst = max(1, int(rate / 4))

    def wait(self, at: Seconds) -> Seconds:
        return max(0.0, self.free_at - (self.burst - 1) * self.interval - at)

    def take(self, at: Seconds) -> Seconds:
        wait = self.wait(at)
        self.free_at = max(self.free_at, at) + self.interval
        return wait


def _interval(rate: float) -> Seconds:
    return 1 / rate if rate else 0.0


@dataclass(slots=True)
class _Learned:
    """The rate that a bot may have: refusals make it slower, clean spells faster.

    It never exceeds what was set. Where no limit was set, the first refusal sets one: the rate at
    which it came. Once that much is earned back there is none again.

    Args:
        set_to: messages a second; 0 = no limit.
    """

    set_to: float
    rate: float = field(init=False)
    _most: float = field(init=False)
    _clean_since: Seconds = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self.rate = self._most = self.set_to

    def refuse(self, reached: float, until: Seconds) -> None:
        """The platform wants the bot slower.

        Args:
            reached: messages a second that it sent just now.
            until: the end of the rest that it wants.
        """
        if not self.rate:
            self.rate = self._most = max(reached, SLOWEST)
        self.rate = max(self.rate * SLOWER, min(self._most, SLOWEST))
        self._clean_since = until

    def earn(self, at: Seconds) -> None:
        """Give back what the clean spells up to now are worth."""
        spells = (at - self._clean_since) // CLEAN_SPELL
        if self.rate >= self._most or spells < 1:
            return
        self._clean_since += spells * CLEAN_SPELL
        self.rate += spells * FASTER
        if self.rate >= self._most:
            self.rate = self._most = self.set_to


@dataclass(slots=True)
class Pace:
    """The rates of one bot of one platform. It never sleeps: it tells how long to wait.

    A lane first waits for its chat (`chat_wait`), then takes a place in the bot's own schedule
    (`take_place`): places are given in the order of asking, so a crowd of lanes neither starves
    one nor wakes all for each place.

    While the platform is away (`unreachable`) all rest, longer each time; after each rest the
    first to ask for a place tries for all, until something was `reached`.

    Each time that the whole bot is told to `slow_down` it also learns to go slower for a while.

    Args:
        rate: messages a second over the whole bot; 0 = no limit.
        chat_rate: the same for one address.
        clock: monotonic seconds.
        outage_waits: between looks at a platform that is away.
    """

    rate: float
    chat_rate: Callable[[Address], float]
    clock: Callable[[], Seconds]
    outage_waits: Backoff = OUTAGE_WAITS
    _learned: _Learned = field(init=False)
    _general: _Bucket = field(init=False, default_factory=_Bucket)
    _urgent: _Bucket = field(init=False, default_factory=_Bucket)
    _strangers: _Bucket = field(init=False, default_factory=_Bucket)
    _chats: dict[Address, _Bucket] = field(init=False, default_factory=dict)
    _pauses: dict[Address, Seconds] = field(init=False, default_factory=dict)
    _paused_until: Seconds = field(init=False, default=0.0)
    _slowed: dict[Address, Seconds] = field(init=False, default_factory=dict)
    """Chats that were lately told to slow down, and when."""
    _left: deque[Seconds] = field(init=False, default_factory=deque)
    """When the latest messages left; kept only where no limit is set."""
    _failures: int = field(init=False, default=0)
    """How many looks in a row found the platform away."""
    _away_until: Seconds = field(init=False, default=0.0)
    _probe: _Bucket = field(init=False, default_factory=_Bucket)
    _probing_until: Seconds = field(init=False, default=0.0)
    _pruned_at: Seconds = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._learned = _Learned(self.rate)
        self._share()

    @property
    def allowed(self) -> float:
        """Messages a second over the whole bot, as far as it has learned; 0 = no limit."""
        self._earn(self.clock())
        return self._learned.rate

    @property
    def is_away(self) -> bool:
        """Whether the platform could not be reached, or refused our bot, when last tried."""
        return self._failures > 0

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
        self._earn(at)
        if self._failures:
            self._probing_until = at + PROBE_LIMIT
            return 0.0, self._probe
        if priority is Priority.URGENT and self._urgent.wait(at) < self._general.wait(at):
            return self._urgent.take(at), self._urgent
        return self._general.take(at), self._general

    def may_answer_stranger(self) -> bool:
        """Whether somebody who is not linked is answered now; if so, it counts.

        Those answers take places like any other. But they are never so many that others wait
        behind them, and none is kept for later: who asked would have asked again by then.
        """
        at = self.clock()
        self._earn(at)
        if self._strangers.wait(at) > 0:
            return False
        self._strangers.take(at)
        return True

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
        if not self.rate:
            self._left.append(at)
            self._forget_what_left_before(at - LOOK_BACK)

    def record_outcome(
        self, address: Address, attempt: Attempt, wait: Seconds, chance: random.Random
    ) -> None:
        """Learn from what came of an attempt at this chat.

        Args:
            wait: until it may be repeated.
        """
        if isinstance(attempt, Postponed) and not attempt.tried:
            # Nothing was sent: it says nothing of our rate, nor that the platform is there.
            if attempt.scope is Scope.CHANNEL:
                self.unreachable(chance)
            else:
                self.pause(address, wait)
            return
        match attempt:
            case Postponed(scope=Scope.CHANNEL, retry_after=None):
                self.unreachable(chance)
            case Halted():
                self.unreachable(chance, least=wait)
            case _:
                self.reached()
        match attempt:
            case Postponed(scope=scope, retry_after=timedelta()):
                if self.slow_down(address if scope is Scope.ENDPOINT else None, wait):
                    facts = {"seconds": round(wait), "rate": round(self.allowed, 1)}
                    log.warning("the platform wants the whole bot slower", extra=facts)
            case Postponed(scope=Scope.ENDPOINT):
                self.pause(address, wait)

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

    def slow_down(self, address: Address | None, seconds: Seconds) -> bool:
        """The platform refused a message as one too many: pause the chat, and with `None`, or if
        many chats are told so at once, the whole bot, which then learns.

        Gives whether the whole bot pauses for it. What left before such a pause began, and is
        refused during it, only makes it longer.
        """
        at = self.clock()
        if address is not None:
            self.pause(address, seconds)
            self._slowed[address] = at
            self._slowed = {
                one: told for one, told in self._slowed.items() if at - told <= SLOW_CHATS_WINDOW
            }
            if len(self._slowed) < SLOW_CHATS:
                return False
            seconds = max(self._pauses[one] for one in self._slowed) - at
        was_paused = at < self._paused_until
        self.pause(None, seconds)
        if not was_paused:
            self._forget_what_left_before(at - LOOK_BACK)
            self._learned.refuse(len(self._left) / LOOK_BACK, self._paused_until)
            self._share()
        return True

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
        rest = self.outage_waits.wait(self._failures, chance, timedelta(seconds=least))
        self._away_until = at + rest.total_seconds()

    def reached(self) -> None:
        """The platform has answered: it is not away, or not any more."""
        self._failures = 0
        self._away_until = self._probing_until = 0.0

    def _earn(self, at: Seconds) -> None:
        before = self._learned.rate
        self._learned.earn(at)
        if self._learned.rate != before:
            self._share()

    def _share(self) -> None:
        """Split the rate, so that urgent items have a part of it for themselves."""
        self._general.share(self._learned.rate * (1 - URGENT_SHARE))
        self._urgent.share(self._learned.rate * URGENT_SHARE)
        strangers = self._learned.rate * STRANGERS_SHARE
        self._strangers.interval = _interval(strangers)
        self._strangers.burst = max(1, int(strangers * STRANGERS_BURST))

    def _forget_what_left_before(self, at: Seconds) -> None:
        while self._left and self._left[0] < at:
            self._left.popleft()

    def _chat(self, address: Address, at: Seconds) -> _Bucket:
        if at - self._pruned_at > FORGET_AFTER:
            self._prune(at)
        bucket = self._chats.get(address)
        if bucket is None:
            bucket = self._chats[address] = _Bucket(_interval(self.chat_rate(address)))
        return bucket

    def _prune(self, at: Seconds) -> None:
        self._pruned_at = at
        since = at - FORGET_AFTER
        self._chats = {key: kept for key, kept in self._chats.items() if kept.free_at > since}
        self._pauses = {key: until for key, until in self._pauses.items() if until > at}


Place = _Bucket | None
"""Where a place was taken; opaque to callers. `None`: none was."""
