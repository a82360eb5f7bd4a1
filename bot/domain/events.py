"""Facts from the platform, decoded: what happened to an account, when, and how we tell two apart.

Every field but the origin is optional, since the platform documents examples only; what is
`None` was missing or unreadable. Texts are as the platform sent them: `text.clean` them to show.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bot.domain.actions import Target
from bot.domain.cards import Button
from bot.domain.drills import Drill
from bot.domain.guards import Guard, Standing
from bot.domain.ids import EndpointId, LinkId, StrategyId, TraderId
from bot.domain.incidents import Cause
from bot.domain.price_alerts import PriceAlert, Rung
from bot.domain.silences import Silence


class Stream(StrEnum):
    """A service of the platform whose stored records are events, read again by `find`.

    The value is the service's path.
    """

    TRADES = "trades"
    SIGNALS = "models/signals"
    POD_EVENTS = "traders/pods/events"
    MESSAGES = "messages"
    SYSTEM_EVENTS = "events"


class Listing(StrEnum):
    """A service whose records are things that change, read whole at each look.

    Its position is when the last look was, with `LOOKED` as the record; without it, the first
    look since the link is still to come. The value is the service's path.
    """

    TRADERS = "traders"
    STRATEGIES = "strategies"


LOOKED = "looked"

WHOLE = "whole"


class Sweep(StrEnum):
    """A reading of what is there already; its position is when it was last done, or how far."""

    DAILY = "daily sweep"
    LEDGER = "ledger"
    """Of the trades from before the link; its record is `WHOLE` once they are all there."""


AHEAD = timedelta(minutes=1)
"""How far ahead of the platform's clock a record's date is believed.

Less than the overlap of each reading: a cursor that stands so far ahead misses nothing.
"""


SOMEBODY = ""
"""The owner of a record that names one who cannot be read: never oneself."""


class Kind(StrEnum):
    """What sort of fact it is: part of the key by which it is told once."""

    TRADE = "trade"
    SIGNAL = "signal"
    POD_EVENT = "pod_event"
    TRADER = "trader"
    STRATEGY = "strategy"
    MESSAGE = "message"
    SYSTEM_EVENT = "system_event"
    FEED = "feed"
    ACTION = "action"
    TEST = "test"
    IDLE = "idle"
    """A bot that runs and does nothing, unlike it."""
    GUARD = "guard"
    """A day that a person has set a limit for, and that has reached it."""
    ESCALATION = "escalation"
    """Something critical that nobody has seen yet."""
    DRILL = "drill"
    """A rehearsal of a critical alert, what came of it, or a word that none was for long."""
    NIGHT = "night"
    """What a night has come to."""
    PRICE = "price"
    """A price that a person wants to be rung for."""
    SUMMARY = "summary"
    """What a day or a week has come to, as somebody wants to be told."""
    FAREWELL = "farewell"
    """That a partner is shown an account no more: the last word of a link that has ended."""
    DIGEST = "digest"
    """Several cards in one message, because too many waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which record said so.

    `record` is the platform's `_id`, or a digest of the content where there is none.
    `at` is the platform's time (`createdAt`; for a change `updatedAt`), or, if it gave none,
    the time of receipt: then `dated` is false and the event moves no cursor.
    `owner` is the `userId` the record carries; `None` if it carries none, `SOMEBODY` if it is none.
    """

    kind: Kind
    record: str
    at: datetime
    revision: str = ""
    dated: bool = True
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """An executed trade. `profit` is in the quote currency, `profit_ratio` 0.05 for 5 %."""

    origin: Origin
    side: str | None = None
    symbol: str | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    profit: Decimal | None = None
    profit_ratio: Decimal | None = None
    reason: str | None = None
    trader: TraderId | None = None
    type: str | None = None
    """Of order or event, as sent."""
    order_type: str | None = field(default=None, repr=False)
    """What is said of the order besides that, as sent."""
    words: str | None = field(default=None, repr=False)
    """A sentence that came with it."""
    paper: bool | None = field(default=None, repr=False)
    """Whether it says itself that no real money moved."""
    order: str | None = None
    """Where nothing was filled, what became of the order: 'placed', 'cancelled', 'rejected' ..."""
    asked: Decimal | None = None
    """Of which `amount` is the part that was filled so far."""
    amount_sent: str | None = None
    """What was sent for an amount that cannot be read as one; as `price_sent`, `profit_sent`."""
    price_sent: str | None = None
    profit_sent: str | None = None
    rest: str | None = None
    """Where a part was filled and no more will be, what became of the order."""
    final: bool = False
    """Nothing more comes of it: the trade was closed, or the order has ended."""
    opened_at: datetime | None = field(default=None, repr=False)
    closed_at: datetime | None = None
    number: str | None = field(default=None, repr=False)
    """What the platform calls the trade, besides its record's id."""
    fee: Decimal | None = field(default=None, repr=False)
    fee_currency: str | None = field(default=None, repr=False)
    changed_at: datetime | None = None
    """When the record was changed, if that was after it was made."""
    changed: bool = False
    """It came as a change of a record: news only if the trade has come further by it."""
    trade_id: str | None = field(default=None, repr=False)
    """What its bot calls the trade that it is a part of; as `order_id` that order."""
    order_id: str | None = field(default=None, repr=False)
    parent: str | None = field(default=None, repr=False)
    """The record of another trade that it goes on with."""
    signal: str | None = field(default=None, repr=False)
    """The record of the signal that it was made for."""

    @property
    def at(self) -> datetime:
        """When what it says came to be."""
        return self.closed_at or self.changed_at or self.origin.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A model's signal. `confidence` is as sent: its scale (0-1 or 0-100) is not documented."""

    origin: Origin
    type: str | None = None
    pair: str | None = None
    confidence: Decimal | None = None
    model: str | None = None
    confidence_sent: str | None = field(default=None, repr=False)
    """What was sent for one that cannot be read as a number."""
    prices: tuple[tuple[str, Decimal], ...] = field(default=(), repr=False)
    words: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PodEvent:
    """Something a bot's container reported. `level` is the grade it gave itself, as sent.

    `trade` is what it told in fields, perhaps besides a message. `unread` names the fields of one
    that says nothing in any way that we know, as of a message.
    """

    origin: Origin
    type: str | None = None
    unread: tuple[str, ...] = field(default=(), repr=False)
    level: str | None = None
    message: str | None = None
    trade: Trade | None = None
    pod: str | None = None
    trader: TraderId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification that the platform itself addressed to the person."""

    origin: Origin
    title: str | None = None
    text: str | None = None
    level: str | None = None
    type: str | None = None
    unread: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemEvent:
    """A system event of the platform."""

    origin: Origin
    title: str | None = None
    text: str | None = None
    level: str | None = None
    type: str | None = None
    unread: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """A bot, with the only fields of it that may be shown, stored or logged.

    The platform's object carries passwords and keys besides (`platform.md` 2.5): an allow-list.
    `owner` is the `userId` of one that was read by itself, until it is known to be the account's
    own; in an event the origin says whose it is. `apart` is what tells it from another one of the
    same name, as a person reads it (`names.told_apart`); never stored.
    """

    id: TraderId
    name: str | None = None
    running: bool | None = None
    status: str | None = None
    dry_run: bool | None = None
    open_trades: int | None = None
    exchange: str | None = None
    strategy: StrategyId | None = None
    stake_currency: str | None = None
    pod: str | None = None
    updated_at: datetime | None = None
    owner: str | None = None
    apart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A trading strategy, with the fields of it that may be shown.

    `owner` and `apart` are as a `Trader`'s.
    """

    id: StrategyId
    name: str | None = None
    type: str | None = None
    pair: str | None = None
    interval: str | None = None
    configured: bool | None = None
    updated_at: datetime | None = None
    owner: str | None = None
    apart: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraderSeen:
    """A bot as it is now; whether that is news shows only against its last known state."""

    origin: Origin
    trader: Trader
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySeen:
    """A strategy as it is now; see `TraderSeen`."""

    origin: Origin
    strategy: Strategy
    removed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A price. Never stored, never told unasked."""

    symbol: str
    last: Decimal
    at: datetime


class NoticeText:
    """A title, and lines below it."""

    def __init__(self, title: str, *lines: str) -> None:
        self.title = title
        self.lines = lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A fact about Tradebell itself that the person must hear: a feed that is down, a test."""

    origin: Origin
    say: Callable[[], NoticeText]
    """Makes the text in the language of who will read it: each chat has its own."""
    bad: bool = False
    urgent: bool = False
    rings: bool = False
    """With a sound, though it is no bad news."""
    without: EndpointId | None = None
    """The endpoint that need not hear it: the one that it is about."""
    only: EndpointId | None = None
    """The one that alone hears it."""
    buttons: tuple[tuple[Button, ...], ...] = ()
    """Kept on the server already, for the person whose they are."""
    personal: bool = False
    """About the person's chats: those that others read hear it only if there is no other."""
    log_in: bool = False
    """A new login helps: a button leads to it."""
    resumes: tuple[Target, ...] = ()
    """Bots that a button offers to start again."""
    incident: Cause | None = None
    """As what it must be seen by somebody."""
    solves: Cause | None = None
    """What is over by it."""
    drill: Drill | None = None
    """How it is held, if it is one."""
    on_lock_screen: Callable[[], str] | None = None
    """What a phone shows instead, whatever it may show otherwise."""
    goes_on: bool = False
    """Of something that takes a while: told again under the same record, it is what the message
    shows from then on."""
    only_if_told: bool = False
    """Nothing where it has not been told before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardCrossed:
    """A day has gone as badly as a person at one link wants to be woken for.

    `running` are the bots that it is about and that run; `whole` says whether no trade of the day
    can be missing.
    """

    origin: Origin
    link: LinkId
    guard: Guard
    stands: Standing
    running: tuple[Trader, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceCrossed:
    """A price alert has to ring; `alert` is as it is from then on.

    The record is the alert, the revision how often it has rung: each crossing is told once.
    """

    origin: Origin
    alert: PriceAlert
    rung: Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class BotQuiet:
    """A bot says that it runs, and has done nothing for far longer than it usually does."""

    origin: Origin
    trader: Trader
    silence: Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A frame or record that could not be understood, with what may be kept of it."""

    service: str
    reason: str
    fields: tuple[str, ...] = ()
    """Names of the fields it had, cleaned and bounded; never their values."""
    size: int = 0
    """Bytes of the frame, 0 if it came inside a page."""


def on_paper(trade: Trade, trader: Trader | None) -> bool | None:
    """What the trade says itself, else what its bot is known for."""
    return trade.paper if trade.paper is not None else trader.dry_run if trader else None


Event = (
    Trade
    | Signal
    | PodEvent
    | Message
    | SystemEvent
    | TraderSeen
    | StrategySeen
    | Notice
    | GuardCrossed
    | PriceCrossed
    | BotQuiet
)
"""What ingest takes. Ticks and unreadable frames never get that far."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Position:
    """How far a stream has been read: everything up to this record is in the inbox."""

    at: datetime
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A stream's position, and where its reading began: nothing older was promised."""

    position: Position
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Records of one stream, oldest first, from a position on.

    `last` is the position of the last record on the page, readable or not, and `None` only if the
    page is empty. `more` is false once the platform has no younger record. `as_of` is the
    platform's time when it was read.
    """

    as_of: datetime

    events: tuple[Event, ...] = ()
    unreadable: tuple[Unreadable, ...] = field(default=())
    last: Position | None = None
    more: bool = False
