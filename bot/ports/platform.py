"""What the core needs of the trading platform."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from bot.domain.accounts import Credential, Grant, Login
from bot.domain.events import (
    Event,
    Page,
    Position,
    Signal,
    Strategy,
    Stream,
    Tick,
    Trade,
    Trader,
    Unreadable,
)
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pods import BotCommand
from bot.ports.pods import Pods

SOME = 10
"""Records among which the youngest is, whatever the platform makes of equal times."""


class Platform(Protocol):
    """The trading platform."""

    async def log_in(self, login: Login) -> Grant:
        """Log in once, over REST, and prove the credential with an authenticated call.

        Raises:
            NeedsLogin: wrong e-mail, password, key or token; the text is the platform's. Or nothing
                certain says whose key or token it is.
            TryLater: not reachable, or over its limit.
        """

    def session(self, credential: Credential, plan: str | None = None) -> "Session":
        """A session for one account; nothing is opened yet.

        Args:
            plan: the account's, for the request budget; unknown counts as the smallest.
        """

    @property
    def bot_commands(self) -> frozenset[BotCommand]:
        """For which of these it is known how a bot itself is told; the others are Refused, as are
        `stop_entries` and `opens_trades` without `STOP_ENTRY`.
        """

    @property
    def pod_templates(self) -> str:
        """A fingerprint of how that is done: another one, and what was denied says nothing."""

    async def reachable(self) -> str:
        """A short sentence on what answers there; for `tradebell check`.

        Raises:
            TryLater: nothing does.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What the socket brought, in order of arrival."""

    events: tuple[Event, ...]
    unreadable: tuple[Unreadable, ...] = ()


class Session(Protocol):
    """One account's way to the platform: a socket when there is one, REST otherwise.

    Reads and writes work with and without the socket. Every call has a time limit.
    All raise `NeedsLogin` on a refused credential, `NotOffered` when the service is closed to the
    account, `NoSuchRecord` for what is not there, `TryLater` when the platform is away or over its
    limit, `Refused` on any other no.

    What is read may be another user's, should the platform give it: it says so by its owner.
    """

    @property
    def connected(self) -> bool:
        """Whether the socket is open and logged in."""

    async def connect(self) -> None:
        """Open the socket, log in and prove it with one authenticated call.

        From its return on, live events are kept until `receive` takes them.

        Raises:
            SocketRefused: the platform is up but gives no socket.
        """

    async def receive(self) -> Live:
        """Wait for live events and take what has come, or a good part of it.

        Raises:
            ConnectionLost: the socket is gone, for whatever reason; all that came was given.
        """

    async def close(self) -> None:
        """Close the socket, if open. The session can connect again."""

    async def renew(self) -> Credential | None:
        """Ask for a credential with a later expiry; `None` if the platform gives the same again."""

    async def page(self, stream: Stream, since: Position, limit: int = 100) -> Page:
        """The oldest records of a stream created at or after `since.at`, in (createdAt, id) order,
        leaving out those up to and including `since` itself when `since.record` is set.

        What is dated further ahead of the platform's clock than `AHEAD` is given as undated: it
        moves no position.
        """

    async def latest(self, stream: Stream, limit: int = SOME) -> Page:
        """The youngest records of a stream, at most so many; `more` if there may be older ones.

        `last` is `None` if none of them is dated.
        """

    async def traders(self) -> tuple[Trader, ...]:
        """All bots of the account."""

    async def trader(self, trader: TraderId) -> Trader:
        """One bot, read afresh."""

    async def strategies(self, type: str | None = None) -> tuple[Strategy, ...]:
        """All of them, or those of one type."""

    async def trades(self, limit: int) -> tuple[Trade, ...]:
        """The latest trades, youngest first."""

    async def signals(self, limit: int) -> tuple[Signal, ...]:
        """The latest signals, youngest first."""

    @property
    def pairs(self) -> Collection[str]:
        """The pairs whose prices have passed on the socket so far."""

    async def price(self, wanted: str, within: timedelta) -> Tick | None:
        """The next price of the pair that a person means (`pairs_meant`) that passes on the socket;
        `None` if none does in time.
        """

    def follow(self, pairs: Collection[str]) -> None:
        """Have `ticks` give the prices of these pairs from now on, however the platform spells
        them, and of no others; it returns at once where it is waited for. What was heard of them
        before is given, too.
        """

    async def ticks(self) -> Sequence[Tick]:
        """Wait for prices of the pairs that are followed; of each the newest, a few times a second.

        Without a socket none come: it waits on.
        """

    @property
    def pods(self) -> Pods:
        """What else bots themselves are asked and told, in the same way."""

    async def stop_entries(self, bot: Trader) -> None:
        """Let a running bot open no more trades; it goes on managing those it has. Never repeated.

        Raises:
            OutcomeUnknown, Refused: as of `set_running`; Refused also if it does not run.
        """

    async def opens_trades(self, bot: Trader) -> bool | None:
        """Whether a bot opens new trades, asked of itself; `None` if it does not say."""

    async def set_running(self, trader: TraderId, running: bool) -> Trader:
        """Start or pause a bot. Never repeated, whatever happens.

        Raises:
            OutcomeUnknown: sent, but no answer came: read back before saying anything.
            Refused: the platform said no; the text is its reason.
        """

    async def rename_bot(self, trader: TraderId, name: str) -> Trader:
        """As `set_running`, and so are all that follow."""

    async def rename_strategy(self, strategy: StrategyId, name: str) -> Strategy: ...

    async def create_strategy(self, name: str, type: str, pair: str) -> Strategy: ...

    async def remove_strategy(self, strategy: StrategyId) -> None: ...
