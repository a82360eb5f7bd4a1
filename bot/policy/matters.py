"""What an event is about, as rules see it."""

from dataclasses import replace
from decimal import Decimal

from bot.domain.amounts import is_extreme
from bot.domain.cards import Severity
from bot.domain.deliveries import Priority
from bot.domain.events import (
    BotQuiet,
    Event,
    GuardCrossed,
    Message,
    Notice,
    PodEvent,
    PriceCrossed,
    Signal,
    StrategySeen,
    SystemEvent,
    Trade,
    Trader,
    TraderSeen,
    on_paper,
)
from bot.domain.names import trader_name
from bot.domain.pairs import quote_of, settled_in
from bot.domain.rules import Matter, Topic
from bot.domain.text import clean
from bot.domain.weights import is_forced
from bot.texts.alerts import Alert

_PAIR = 40
_SIGNAL = 30


def matter_of(
    event: Event, alert: Alert, *, recovers: bool = False, stops: bool = False
) -> Matter | None:
    """What rules look at; `None` for what Tradebell says of itself.

    Args:
        alert: how it is told.
        recovers: a bot that was in trouble is well again.
        stops: a bot was stopped, and nobody has asked for it here.
    """
    severity = alert.card.severity
    about = alert.about
    critical = severity is Severity.CRITICAL or alert.priority is Priority.URGENT
    bad = critical or severity is Severity.WARNING
    match event:
        case Trade():
            matter = _of_trade(event, about)
        case PodEvent(trade=Trade() as trade) if not critical:
            matter = _of_trade(trade, about)
        case PodEvent():
            topic = Topic.ERROR if critical else Topic.WARNING if bad else Topic.REPORT
            matter = Matter(topic=topic, paper=about.dry_run if about else None)
        case Signal():
            matter = _of_signal(event)
        case TraderSeen():
            # As it is known: a change may not say whose money it is, and then it may be real.
            paper = (about or event.trader).dry_run
            matter = Matter(topic=Topic.STATE, paper=paper)
            critical = critical or (stops and paper is not True)
            bad = bad or critical
        case BotQuiet():
            matter = Matter(topic=Topic.IDLE, paper=event.trader.dry_run)
        case StrategySeen() | PriceCrossed():
            matter = _of_pair(event)
        case Message() | SystemEvent():
            of_system = isinstance(event, SystemEvent)
            matter = Matter(topic=Topic.SYSTEM if of_system else Topic.MESSAGE)
        case Notice() | GuardCrossed():
            return None
    named = about.id if about else getattr(event, "trader", None)
    bot = named.id if isinstance(named, Trader) else named
    called = trader_name(about, bot or getattr(event, "pod", None)) or None
    return replace(matter, bot=bot, called=called, critical=critical, bad=bad, recovers=recovers)


def _of_trade(trade: Trade, about: Trader | None) -> Matter:
    quote = quote_of(trade.symbol)
    size = None
    if trade.amount and trade.price and settled_in(trade.symbol) == quote:
        size = abs(trade.amount * trade.price)
    ratio = trade.profit_ratio
    if ratio is None and trade.profit is not None and size:
        ratio = trade.profit / size
    return Matter(
        topic=Topic.EXIT if _is_exit(trade) else Topic.ENTRY,
        pair=_pair(trade.symbol),
        paper=on_paper(trade, about),
        result=_plain(trade.profit),
        currency=settled_in(trade.symbol),
        ratio=_plain(ratio),
        size=_plain(size),
    )


def _is_exit(trade: Trade) -> bool:
    """Whether it ends something; what does not say which it is may, and is the worse of the two."""
    side = (trade.side or "").lower()
    ends = trade.closed_at is not None or trade.profit is not None or trade.profit_ratio is not None
    return ends or is_forced(trade) or not side.startswith(("buy", "long", "short", "entry"))


def _of_signal(signal: Signal) -> Matter:
    confidence = signal.confidence
    if confidence is not None and abs(confidence) <= 1:
        confidence = 100 * confidence  # its scale is not documented (`platform.md`): both are met
    return Matter(
        topic=Topic.SIGNAL,
        pair=_pair(signal.pair),
        signal=clean(signal.type, _SIGNAL).lower() if signal.type else None,
        confidence=_plain(confidence),
    )


def _of_pair(event: StrategySeen | PriceCrossed) -> Matter:
    if isinstance(event, PriceCrossed):
        return Matter(topic=Topic.PRICE, pair=_pair(event.alert.pair))
    return Matter(topic=Topic.STRATEGY, pair=_pair(event.strategy.pair))


def _pair(symbol: str | None) -> str | None:
    return clean(symbol, _PAIR).upper() if symbol else None


def _plain(value: Decimal | None) -> Decimal | None:
    """What can be compared and kept; nothing that would take a screen to write."""
    return None if value is None or not value.is_finite() or is_extreme(value) else value
