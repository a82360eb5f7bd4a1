"""How an event is told: its card, how loud, how urgent. Pure, and the same on every platform."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from bot.domain import grading
from bot.domain.amounts import gained, money, percent, quantity
from bot.domain.cards import Card, Field, Severity, with_note
from bot.domain.changes import Change, condition, is_about_money, is_in_a_bad_way
from bot.domain.deliveries import Priority
from bot.domain.events import (
    Message,
    Notice,
    PodEvent,
    Signal,
    Strategy,
    SystemEvent,
    Trade,
    Trader,
    on_paper,
)
from bot.domain.pairs import quote_of, settled_in
from bot.domain.text import clean, paragraphs

NAME_LIMIT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A card with its priority.

    `about` is the bot that a button under it may act on; with `log_in` one leads to a new login.
    """

    card: Card
    priority: Priority
    about: Trader | None = None
    log_in: bool = False


def trader_name(trader: Trader | None, fallback: str | None = None) -> str:
    """A bot's name to show: its own, else its id, else 'a bot'."""
    for text in (trader.name if trader else None, trader.id if trader else None, fallback):
        if text and (shown := clean(text, NAME_LIMIT)):
            return _with_difference(shown, trader.apart if trader else None)
    return "a bot"


def strategy_name(strategy: Strategy) -> str:
    shown = clean(strategy.name or strategy.id, NAME_LIMIT) or "a strategy"
    return _with_difference(shown, strategy.apart)


def _with_difference(name: str, apart: str | None) -> str:
    """'Grid (kraken)': the difference shows whole, however long the name is."""
    if apart is None:
        return name
    difference = f" ({apart})"
    return clean(name, NAME_LIMIT - len(difference)) + difference


# --- trades -------------------------------------------------------------------------------

_SIDES = {
    "buy": "Bought",
    "long": "Bought",
    "sell": "Sold",
    "short": "Sold short",
    "entry": "Entered",
    "entry long": "Bought",
    "entry short": "Sold short",
    "exit": "Closed",
    "exit long": "Closed long",
    "exit short": "Closed short",
}
_FORCED = re.compile(
    r"liquidat|emergency|margin ?call|bankrupt|delever|\badl\b|bust ?trade|adl ?trade",
    re.IGNORECASE,
)
_STOPPED_OUT = re.compile(r"stop ?loss|trailing ?stop|stopped ?out|\bsl\b", re.IGNORECASE)
_ENDS_AS_USUAL = ("placed", "cancelled", "expired", "cancelling", "untriggered", "triggered")


def tell_trade(trade: Trade, traders: Mapping[str, Trader]) -> Telling:
    trader = traders.get(trade.trader) if trade.trader else None
    quote = quote_of(trade.symbol)
    fields = [Field("Bot", trader_name(trader, trade.trader))] if trade.trader else []
    if trade.amount and trade.price and trade.order is None and settled_in(trade.symbol) == quote:
        fields.append(Field("Value", money(trade.amount * trade.price, quote)))
    if trade.profit is not None or trade.profit_ratio is not None:
        fields.append(_result(trade, settled_in(trade.symbol)))
    elif trade.profit_sent:
        fields.append(Field("Result", clean(trade.profit_sent, _SENT)))
    why = (_why(trade) or "").replace("_", " ")
    long = why if len(why) > _WHY or "\n" in why else ""
    if why and not long:
        fields.append(Field("Why", clean(why, _WHY)))
    severity, priority = _trade_weight(trade)
    card = Card(
        title=_trade_title(trade, quote),
        severity=severity,
        lines=(
            *paragraphs(trade.words or ""),
            *paragraphs(long),
            *_rest(trade),
            *_paper(trade, trader),
        ),
        fields=tuple(fields),
        at=trade.at,
    )
    return Telling(card=card, priority=priority, about=trader)


_WHY = 120


def _why(trade: Trade) -> str | None:
    """The reason, and the type of the order where that is one."""
    said = trade.reason or ""
    for kind in (trade.type, trade.order_type):
        if kind and _ends_a_trade(kind) and not _ends_a_trade(said) and not _is_order(trade):
            return f"{kind}: {said}" if said else kind
    return trade.reason


def _ends_a_trade(words: str) -> bool:
    plain = _parted(words)
    return bool(_FORCED.search(plain) or _STOPPED_OUT.search(plain))


def _is_order(trade: Trade) -> bool:
    """Nothing has been filled: a stop that waits has not stopped anything."""
    return trade.order is not None


def _parted(words: str) -> str:
    """'stop loss' of 'stop-loss', 'STOP_LOSS' and 'stopLoss'."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", words)


def _rest(trade: Trade) -> tuple[str, ...]:
    """Of an order that ended before all of it was filled."""
    return (f"The rest was {clean(trade.rest, 20)}.",) if trade.rest else ()


def _trade_title(trade: Trade, quote: str) -> str:
    side = clean(trade.side or "", 20)
    verb = _SIDES.get(side.lower(), f"Trade ({side})" if side else "Trade")
    if trade.order is not None:
        # Nothing has changed hands: only what was filled is bought or sold.
        word = side.lower() if side.lower() in _SIDES else side
        verb = f"Order {clean(trade.order, 20)}: {word}".rstrip()
    amount = quantity(trade.amount) if trade.amount else clean(trade.amount_sent or "", _SENT)
    if trade.asked is not None:
        amount = f"{amount} of {quantity(trade.asked)}"
    pair = clean(trade.symbol or "", 30)
    price = _price(trade.price, quote) if trade.price else clean(trade.price_sent or "", _SENT)
    price = f"at {price}" if price else ""
    return " ".join(filter(None, (verb, amount, pair, price)))


_SENT = 40
"""Characters shown of what is no number, where one is due."""


def _result(trade: Trade, quote: str) -> Field:
    amount = trade.profit if trade.profit is not None else trade.profit_ratio
    label = "Loss" if amount is not None and amount < 0 else "Profit"
    parts = []
    if trade.profit is not None:
        parts.append(gained(trade.profit, quote))
    if trade.profit_ratio is not None:
        parts.append(percent(trade.profit_ratio))
    return Field(label, " · ".join(parts))


def is_forced(trade: Trade) -> bool:
    """Whether it was ended by nobody's will: liquidated, deleveraged."""
    return _FORCED.search(_said_of(trade)) is not None


def _said_of(trade: Trade) -> str:
    return _parted(f"{trade.reason or ''} {trade.type or ''} {trade.order_type or ''}")


def _trade_weight(trade: Trade) -> tuple[Severity, Priority]:
    if is_forced(trade):
        return Severity.CRITICAL, Priority.URGENT
    alarming = trade.words is not None and grading.of_words(trade.words) is grading.URGENT
    if alarming and (trade.side or "").lower().startswith(("sell", "exit")):
        return Severity.CRITICAL, Priority.URGENT
    if alarming:
        return Severity.WARNING, Priority.NORMAL
    if trade.order is not None:
        usual = trade.order in _ENDS_AS_USUAL
        return Severity.INFO if usual else Severity.WARNING, Priority.NORMAL
    fails = grading.of_words(_parted(trade.reason or "")) is grading.URGENT
    if fails or _STOPPED_OUT.search(_said_of(trade)) or trade.rest == "rejected":
        return Severity.WARNING, Priority.NORMAL
    earned = trade.profit if trade.profit is not None else trade.profit_ratio
    if earned is None and trade.profit_sent and _MINUS.match(trade.profit_sent):
        return Severity.WARNING, Priority.NORMAL
    if earned is None or earned == 0:
        return Severity.INFO, Priority.NORMAL
    return (Severity.GOOD if earned > 0 else Severity.WARNING), Priority.NORMAL


_MINUS = re.compile(r"\W*[-\u2212(]")
"""How a loss begins that cannot be read as a number."""


def _price(value: Decimal, currency: str) -> str:
    return f"{quantity(value)} {currency}".strip()


def _paper(trade: Trade, trader: Trader | None) -> tuple[str, ...]:
    told = on_paper(trade, trader)
    return ("Paper trade (dry run): no real money moved.",) if told else ()


# --- signals, pod events, messages ----------------------------------------------------------


def tell_signal(signal: Signal) -> Telling:
    word = clean(signal.type or "", 20) or "new"
    pair = clean(signal.pair or "", 30)
    fields = []
    if signal.confidence is not None:
        fields.append(Field("Confidence", _confidence(signal.confidence)))
    elif signal.confidence_sent:
        fields.append(Field("Confidence", clean(signal.confidence_sent, _SENT)))
    quote = quote_of(signal.pair)
    fields += [Field(label, _price(value, quote)) for label, value in signal.prices]
    if signal.model:
        fields.append(Field("Model", clean(signal.model, NAME_LIMIT)))
    card = Card(
        title=f"Signal: {word} {pair}".strip(),
        lines=(*paragraphs(signal.words or ""), "A model's opinion, not a trade."),
        fields=tuple(fields),
        at=signal.origin.at,
    )
    return Telling(card=card, priority=Priority.NORMAL)


def _confidence(value: Decimal) -> str:
    """Up to 1 it is read as a ratio, up to 100 as percent, else shown raw (`platform.md` 6.9)."""
    if 0 <= value <= 1:
        return f"{quantity(value * 100)} %"
    return f"{quantity(value)} %" if 1 < value <= 100 else quantity(value)


def tell_pod_event(event: PodEvent, traders: Mapping[str, Trader]) -> Telling:
    trader = trader_of_pod(event, traders)
    kind = clean((event.type or "report").replace("_", " "), NAME_LIMIT)
    grade = grading.grade(level=event.level, kind=event.type, texts=_texts(event, event.message))
    name = trader_name(trader, event.trader or event.pod)
    card = Card(
        title=f"{name}: {kind}",
        severity=grade.severity,
        lines=(
            *_whole(event.type, NAME_LIMIT),
            *paragraphs(event.message or ""),
            *_unread(event),
        ),
        at=event.origin.at,
    )
    if event.trade is None:
        return Telling(card=card, priority=grade.priority, about=trader)
    # Its words are the report's, and whose money it is the bot knows too.
    told = tell_trade(replace(event.trade, trader=None, words=None, paper=False), {})
    return Telling(
        card=replace(
            card,
            title=f"{name}: {told.card.title}",
            severity=_worse(grade.severity, told.card.severity),
            lines=(*card.lines, *told.card.lines, *_paper(event.trade, trader)),
            fields=told.card.fields,
        ),
        priority=min(grade.priority, told.priority),
        about=trader,
    )


def _texts(event: PodEvent | Message | SystemEvent, *texts: str | None) -> tuple[str, ...]:
    """What is weighed; what cannot be read is something all the same."""
    return (*(text or "" for text in texts), "?" if event.unread else "")


def _unread(event: PodEvent | Message | SystemEvent) -> tuple[str, ...]:
    if not event.unread:
        return ()
    return (f"It says nothing that I can read. Its fields: {', '.join(event.unread)}.",)


def _worse(graded: Severity, told: Severity) -> Severity:
    """What a report is graded as, unless that is only routine or the trade itself is worse."""
    for severity in (Severity.CRITICAL, Severity.WARNING):
        if severity in (graded, told):
            return severity
    return told


def trader_of_pod(event: PodEvent, traders: Mapping[str, Trader]) -> Trader | None:
    """The bot that a pod event is about, by any of the ids it may carry (`platform.md` 7.7)."""
    if event.trader and event.trader in traders:
        return traders[event.trader]
    if event.pod:
        if event.pod in traders:
            return traders[event.pod]
        return next((trader for trader in traders.values() if trader.pod == event.pod), None)
    return None


_TITLE = 120


def _whole(title: str | None, limit: int) -> tuple[str, ...]:
    """What is too long for a title is told below it: what matters may stand at its end."""
    return paragraphs(title) if title and len(title) > limit else ()


def tell_message(event: Message | SystemEvent) -> Telling:
    texts = _texts(event, event.title, event.text)
    grade = grading.grade(level=event.level, kind=event.type, texts=texts)
    system = isinstance(event, SystemEvent)
    title = clean(event.title or "", _TITLE) or (
        "System event" if system else "Message from the platform"
    )
    card = Card(
        title=title,
        severity=grade.severity,
        lines=(*_whole(event.title, _TITLE), *paragraphs(event.text or ""), *_unread(event)),
        at=event.origin.at,
    )
    return Telling(card=card, priority=grade.priority)


# --- changes --------------------------------------------------------------------------------

_STATE_CHANGES = frozenset(
    {
        Change.FAILED,
        Change.LOST,
        Change.STARTED,
        Change.STOPPED,
        Change.PASSING,
        Change.OTHER_STATUS,
    }
)


def tell_trader_changes(
    before: Trader | None, now: Trader, changes: tuple[Change, ...], at: datetime
) -> Telling:
    """One card for all that changed at once, led by the most important."""
    name = trader_name(now)
    first = changes[0]
    severity, priority = _change_weight(first)
    how = condition(now)
    worse = first is Change.OTHER_STATUS and is_about_money(how.word)
    if worse or (first is Change.CREATED and is_in_a_bad_way(how)):
        severity, priority = Severity.CRITICAL, Priority.URGENT
    lines = [_change_line(change, before, now) for change in changes[1:]]
    fields = (
        [Field("Money", "paper (dry run)" if now.dry_run else "real")]
        if now.dry_run is not None
        else []
    )
    if before is not None and first in _STATE_CHANGES:
        fields.append(Field("State", f"{condition(before).word} → {condition(now).word}"))
    card = Card(
        title=f"{name} {_change_words(first, before, now)}",
        severity=severity,
        lines=tuple(lines),
        fields=tuple(fields),
        at=at,
    )
    return Telling(card=card, priority=priority, about=now)


def _change_weight(change: Change) -> tuple[Severity, Priority]:
    match change:
        case Change.FAILED | Change.LOST:
            return Severity.CRITICAL, Priority.URGENT
        case Change.WENT_LIVE:
            return Severity.WARNING, Priority.URGENT
        case Change.STOPPED | Change.REMOVED | Change.OTHER_STATUS:
            return Severity.WARNING, Priority.NORMAL
        case Change.STARTED:
            return Severity.GOOD, Priority.NORMAL
        case _:
            return Severity.INFO, Priority.INFO


def _change_words(change: Change, before: Trader | None, now: Trader) -> str:
    word = clean(condition(now).word, 30)
    return {
        Change.CREATED: f"was added ({word})",
        Change.REMOVED: "was deleted",
        Change.STARTED: "is running",
        Change.STOPPED: "was stopped",
        Change.FAILED: "stopped with an error",
        Change.WENT_LIVE: "now trades real money",
        Change.WENT_DRY: "now trades paper money",
        Change.RENAMED: f"has a new name (was {trader_name(before)})",
        Change.RESTRATEGISED: "has another strategy",
        Change.LOST: f"no longer says that it runs: {word}",
        Change.PASSING: f"is {word}",
        Change.OTHER_STATUS: f"is now: {word}",
        Change.CONFIGURED: "is configured",
        Change.EDITED: "was edited",
    }[change]


def _change_line(change: Change, before: Trader | None, now: Trader) -> str:
    words = _change_words(change, before, now)
    return f"{words[:1].upper()}{words[1:]}."


def tell_strategy_changes(
    before: Strategy | None, now: Strategy, changes: tuple[Change, ...], at: datetime
) -> Telling:
    name = strategy_name(now)
    words = {
        Change.CREATED: "was added",
        Change.REMOVED: "was deleted",
        Change.CONFIGURED: "is configured and ready",
        Change.RENAMED: f"has a new name (was {strategy_name(before)})"
        if before
        else "was renamed",
        Change.EDITED: "was edited",
    }
    facts = [("Type", now.type), ("Pair", now.pair), ("Interval", now.interval)]
    fields = tuple(Field(label, clean(value, NAME_LIMIT)) for label, value in facts if value)
    severity = Severity.WARNING if changes[0] is Change.REMOVED else Severity.INFO
    card = Card(
        title=f"Strategy {name} {words.get(changes[0], 'changed')}",
        severity=severity,
        fields=fields,
        at=at,
    )
    return Telling(card=card, priority=Priority.INFO)


def tell_notice(notice: Notice) -> Telling:
    if notice.bad:
        severity = Severity.CRITICAL if notice.urgent else Severity.WARNING
    else:
        severity = Severity.INFO
    text = notice.say()
    card = Card(title=text.title, severity=severity, lines=text.lines, at=notice.origin.at)
    priority = Priority.URGENT if notice.urgent else Priority.NORMAL
    return Telling(card=card, priority=priority, log_in=notice.log_in)


def quietly(telling: Telling, note: str | None) -> Telling:
    """The same, without a sound: the person has just asked for it, and the note says where."""
    card = replace(telling.card, severity=Severity.INFO)
    if note is not None:
        card = with_note(card, note)
    return replace(telling, card=card, priority=Priority.INFO)
