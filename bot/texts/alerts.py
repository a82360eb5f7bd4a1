"""How an event is told: the same on every platform, in the language of who will read it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from bot.domain import grading
from bot.domain.actions import Target
from bot.domain.cards import Card, Field, Severity, with_note
from bot.domain.changes import Change, condition
from bot.domain.conversion import PLAIN, Rates
from bot.domain.deliveries import Priority
from bot.domain.events import (
    BotQuiet,
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
from bot.domain.names import NAME_LIMIT
from bot.domain.pairs import quote_of, settled_in
from bot.domain.text import abridged, clean, paragraphs
from bot.domain.weights import change_weight, ends_a_trade, is_order, trade_weight, worse
from bot.texts.currencies import worth
from bot.texts.language import _, later, ngettext
from bot.texts.names import strategy_name, trader_name
from bot.texts.numbers import money, percent, quantity
from bot.texts.times import lasted, moment
from bot.texts.trade_context import open_for, reason_in_words


class Ask(NamedTuple):
    """A button under an alert that asks a command of its own."""

    label: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A card with its priority.

    `about` is the bot that a button under it may act on, `stops` are several that one may stop;
    `resumes` are several that one may start again; with `log_in` one leads to a new login,
    and each of `asks` is one. `step` is what it says of a trade, short enough for a line among
    others of that trade; empty if it is about none. It is `guessed` if nothing says how bad it is.
    """

    card: Card
    priority: Priority
    about: Trader | None = None
    stops: tuple[Trader, ...] = ()
    resumes: tuple[Target, ...] = ()
    asks: tuple[Ask, ...] = ()
    log_in: bool = False
    step: str = ""
    guessed: bool = False


# --- trades -------------------------------------------------------------------------------

_FILLED = {
    "buy": later("Bought {what}"),
    "long": later("Bought {what}"),
    "sell": later("Sold {what}"),
    "short": later("Sold short {what}"),
    "entry": later("Entered {what}"),
    "entry long": later("Bought {what}"),
    "entry short": later("Sold short {what}"),
    "exit": later("Closed {what}"),
    "exit long": later("Closed long {what}"),
    "exit short": later("Closed short {what}"),
}

_ORDERED = {
    "buy": later("buy {what}"),
    "long": later("long {what}"),
    "sell": later("sell {what}"),
    "short": later("short {what}"),
    "entry": later("entry {what}"),
    "entry long": later("entry long {what}"),
    "entry short": later("entry short {what}"),
    "exit": later("exit {what}"),
    "exit long": later("exit long {what}"),
    "exit short": later("exit short {what}"),
}

_ORDERS = {
    "placed": later("Order placed: {order}"),
    "cancelled": later("Order cancelled: {order}"),
    "cancelling": later("Order cancelling: {order}"),
    "expired": later("Order expired: {order}"),
    "rejected": later("Order rejected: {order}"),
    "triggered": later("Order triggered: {order}"),
    "untriggered": later("Order untriggered: {order}"),
}
"""What may have become of an order; any other word is shown as it came."""

_RESTS = {
    "cancelled": later("The rest was cancelled."),
    "expired": later("The rest was expired."),
    "rejected": later("The rest was rejected."),
}

_SENT = 40
"""Characters shown of what is no number, where one is due."""

_WHY = 120


def trade_alert(trade: Trade, traders: Mapping[str, Trader]) -> Alert:
    trader = traders.get(trade.trader) if trade.trader else None
    quote = quote_of(trade.symbol)
    fields = [Field(_("Bot"), trader_name(trader, trade.trader))] if trade.trader else []
    if trade.amount and trade.price and trade.order is None and settled_in(trade.symbol) == quote:
        fields.append(Field(_("Value"), money(trade.amount * trade.price, quote)))
    result = result_of(trade)
    if result is not None:
        fields.append(result)
    took = open_for(trade)
    if took is not None:
        fields.append(took)
    why = reason_in_words(_why(trade) or "")
    long = why if len(why) > _WHY or "\n" in why else ""
    if why and not long:
        fields.append(Field(_("Why"), clean(why, _WHY)))
    severity, priority = trade_weight(trade)
    (words, more), (reason, more_of_it) = abridged(trade.words or ""), abridged(long)
    title, step = _title_and_step(trade)
    card = Card(
        title=title,
        severity=severity,
        lines=(*words, *reason, *_rest(trade), *_paper(trade, trader)),
        fields=tuple(fields),
        details=(*more, *more_of_it),
        at=trade.at,
    )
    return Alert(card=card, priority=priority, about=trader, step=step)


def _why(trade: Trade) -> str | None:
    """The reason, and the type of the order where that is one."""
    said = trade.reason or ""
    for kind in (trade.type, trade.order_type):
        if kind and ends_a_trade(kind) and not ends_a_trade(said) and not is_order(trade):
            return f"{kind}: {said}" if said else kind
    return trade.reason


def _rest(trade: Trade) -> tuple[str, ...]:
    """Of an order that ended before all of it was filled."""
    if not trade.rest:
        return ()
    if trade.rest in _RESTS:
        return (_(_RESTS[trade.rest]),)
    return (_("The rest was {ended}.", ended=clean(trade.rest, 20)),)


def trade_title(trade: Trade) -> str:
    """'Sold 0.5 BTC/USDT at 42,400 USDT'."""
    return _title_and_step(trade)[0]


def _title_and_step(trade: Trade) -> tuple[str, str]:
    """The title, and 'Sold 0.5 at 42,400': the pair stands above a step. Each number is written
    once.
    """
    amount = quantity(trade.amount) if trade.amount else clean(trade.amount_sent or "", _SENT)
    if trade.asked is not None:
        amount = _("{filled} of {asked}", filled=amount, asked=quantity(trade.asked))
    price = quantity(trade.price) if trade.price else clean(trade.price_sent or "", _SENT)
    pair = clean(trade.symbol or "", 30)
    priced = f"{price} {quote_of(trade.symbol)}".strip() if trade.price else price
    return _done(trade, f"{amount} {pair}".strip(), priced), _done(trade, amount, price)


def _done(trade: Trade, what: str, price: str) -> str:
    if price:
        what = _("{what} at {price}", what=what, price=price).strip()
    side = clean(trade.side or "", 20)
    if trade.order is None:
        return _sided(_FILLED, side, what)
    # Nothing has changed hands: only what was filled is bought or sold.
    word = side.lower()
    order = _(_ORDERED[word], what=what).strip() if word in _ORDERED else f"{side} {what}".strip()
    if trade.order in _ORDERS:
        return _(_ORDERS[trade.order], order=order).strip()
    return _("Order {state}: {order}", state=clean(trade.order, 20), order=order).strip()


def _sided(sides: Mapping[str, str], side: str, what: str) -> str:
    if side.lower() in sides:
        return _(sides[side.lower()], what=what).strip()
    if side:
        return _("Trade ({side}) {what}", side=side, what=what).strip()
    return _("Trade {what}", what=what).strip()


def result_of(trade: Trade, rates: Rates = PLAIN) -> Field | None:
    """What it earned, if that is told."""
    if trade.profit is None and trade.profit_ratio is None:
        return Field(_("Result"), clean(trade.profit_sent, _SENT)) if trade.profit_sent else None
    amount = trade.profit if trade.profit is not None else trade.profit_ratio
    parts = []
    if trade.profit is not None:
        parts.append(worth(trade.profit, settled_in(trade.symbol), rates))
    if trade.profit_ratio is not None:
        parts.append(percent(trade.profit_ratio))
    label = _("Loss") if amount is not None and amount < 0 else _("Profit")
    return Field(label, " · ".join(parts))


def _price(value: Decimal, currency: str) -> str:
    return f"{quantity(value)} {currency}".strip()


def _paper(trade: Trade, trader: Trader | None) -> tuple[str, ...]:
    if not on_paper(trade, trader):
        return ()
    return (_("Paper trade (dry run): no real money moved."),)


# --- signals, pod events, messages ----------------------------------------------------------


def signal_alert(signal: Signal) -> Alert:
    fields = []
    if signal.confidence is not None or signal.confidence_sent:
        fields.append(Field(_("Confidence"), confidence(signal)))
    quote = quote_of(signal.pair)
    fields += [Field(label, _price(value, quote)) for label, value in signal.prices]
    if signal.model:
        fields.append(Field(_("Model"), clean(signal.model, NAME_LIMIT)))
    card = Card(
        title=_("Signal: {signal}", signal=signal_in_words(signal)),
        lines=(*paragraphs(signal.words or ""), _("A model's opinion, not a trade.")),
        fields=tuple(fields),
        at=signal.origin.at,
    )
    step = _("Signal: {signal}", signal=signal_in_words(replace(signal, pair=None)))
    return Alert(card=card, priority=Priority.NORMAL, step=step)


def signal_in_words(signal: Signal) -> str:
    """'buy ETH/USDT'."""
    word = clean(signal.type or "", 20) or _("new")
    return f"{word} {clean(signal.pair or '', 30)}".strip()


def confidence(signal: Signal) -> str:
    """Up to 1 it is read as a ratio, up to 100 as percent, else shown raw (`platform.md` 6.9)."""
    value = signal.confidence
    if value is None:
        return clean(signal.confidence_sent or "", _SENT)
    if 0 <= value <= 1:
        return f"{quantity(value * 100)} %"
    return f"{quantity(value)} %" if 1 < value <= 100 else quantity(value)


def report_alert(event: PodEvent, traders: Mapping[str, Trader]) -> Alert:
    trader = trader_of_pod(event, traders)
    kind = own_word(event.type or _("report"))
    grade = grading.grade(level=event.level, kind=event.type, texts=_texts(event, event.message))
    name = trader_name(trader, event.trader or event.pod)
    said, details = abridged(event.message or "")
    card = Card(
        title=f"{name}: {kind}",
        severity=grade.severity,
        lines=(*_whole(event.type, NAME_LIMIT), *said, *_unread(event)),
        details=details,
        at=event.origin.at,
    )
    if event.trade is None:
        return Alert(card=card, priority=grade.priority, about=trader, guessed=grade.guessed)
    # Its words are the report's, and whose money it is the bot knows too.
    told = trade_alert(replace(event.trade, trader=None, words=None, paper=False), {})
    return Alert(
        card=replace(
            card,
            title=f"{name}: {told.card.title}",
            severity=worse(grade.severity, told.card.severity),
            lines=(*card.lines, *told.card.lines, *_paper(event.trade, trader)),
            fields=told.card.fields,
            details=(*card.details, *told.card.details),
        ),
        priority=min(grade.priority, told.priority),
        about=trader,
        step=told.step,
        guessed=grade.guessed and told.card.severity is not grade.severity,
    )


def own_word(type: str) -> str:
    """What bots and the platform call it themselves."""
    return clean(type.replace("_", " "), NAME_LIMIT)


def _texts(event: PodEvent | Message | SystemEvent, *texts: str | None) -> tuple[str, ...]:
    """What is weighed; what cannot be read is something all the same."""
    return (*(text or "" for text in texts), "?" if event.unread else "")


def _unread(event: PodEvent | Message | SystemEvent) -> tuple[str, ...]:
    if not event.unread:
        return ()
    names = ", ".join(event.unread)
    return (_("It says nothing that I can read. Its fields: {names}.", names=names),)


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


def message_alert(event: Message | SystemEvent) -> Alert:
    texts = _texts(event, event.title, event.text)
    grade = grading.grade(level=event.level, kind=event.type, texts=texts)
    title = clean(event.title or "", _TITLE)
    if not title:
        system = isinstance(event, SystemEvent)
        title = _("System event") if system else _("Message from the platform")
    said, details = abridged(event.text or "")
    card = Card(
        title=title,
        severity=grade.severity,
        lines=(*_whole(event.title, _TITLE), *said, *_unread(event)),
        details=details,
        at=event.origin.at,
    )
    return Alert(card=card, priority=grade.priority, guessed=grade.guessed)


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

_BOT_CHANGES = {
    Change.CREATED: later("{bot} was added ({state})"),
    Change.REMOVED: later("{bot} was deleted"),
    Change.STARTED: later("{bot} is running"),
    Change.STOPPED: later("{bot} was stopped"),
    Change.FAILED: later("{bot} stopped with an error"),
    Change.WENT_LIVE: later("{bot} now trades real money"),
    Change.WENT_DRY: later("{bot} now trades paper money"),
    Change.RENAMED: later("{bot} has a new name (was {before})"),
    Change.RESTRATEGISED: later("{bot} has another strategy"),
    Change.LOST: later("{bot} no longer says that it runs: {state}"),
    Change.PASSING: later("{bot} is {state}"),
    Change.OTHER_STATUS: later("{bot} is now: {state}"),
    Change.CONFIGURED: later("{bot} is configured"),
    Change.EDITED: later("{bot} was edited"),
}

_ALSO = {
    Change.CREATED: later("Was added ({state})."),
    Change.REMOVED: later("Was deleted."),
    Change.STARTED: later("Is running."),
    Change.STOPPED: later("Was stopped."),
    Change.FAILED: later("Stopped with an error."),
    Change.WENT_LIVE: later("Now trades real money."),
    Change.WENT_DRY: later("Now trades paper money."),
    Change.RENAMED: later("Has a new name (was {before})."),
    Change.RESTRATEGISED: later("Has another strategy."),
    Change.LOST: later("No longer says that it runs: {state}."),
    Change.PASSING: later("Is {state}."),
    Change.OTHER_STATUS: later("Is now: {state}."),
    Change.CONFIGURED: later("Is configured."),
    Change.EDITED: later("Was edited."),
}
"""The same below a title that tells of another change."""


def bot_alert(
    before: Trader | None, now: Trader, changes: tuple[Change, ...], at: datetime
) -> Alert:
    """One card for all that changed at once, led by the most important."""
    first, *others = changes
    severity, priority = change_weight(first, now)
    facts = {
        "bot": trader_name(now),
        "before": trader_name(before),
        "state": clean(condition(now).word, 30),
    }
    fields = []
    if now.dry_run is not None:
        fields.append(Field(_("Money"), _("paper (dry run)") if now.dry_run else _("real")))
    if before is not None and first in _STATE_CHANGES:
        fields.append(Field(_("State"), f"{condition(before).word} → {condition(now).word}"))
    card = Card(
        title=_(_BOT_CHANGES[first], **facts),
        severity=severity,
        lines=tuple(_(_ALSO[change], **facts) for change in others),
        fields=tuple(fields),
        at=at,
    )
    return Alert(card=card, priority=priority, about=now)


_STRATEGY_CHANGES = {
    Change.CREATED: later("Strategy {strategy} was added"),
    Change.REMOVED: later("Strategy {strategy} was deleted"),
    Change.CONFIGURED: later("Strategy {strategy} is configured and ready"),
    Change.RENAMED: later("Strategy {strategy} has a new name (was {before})"),
    Change.EDITED: later("Strategy {strategy} was edited"),
}


def strategy_alert(
    before: Strategy | None, now: Strategy, changes: tuple[Change, ...], at: datetime
) -> Alert:
    first = changes[0]
    words = _STRATEGY_CHANGES.get(first, later("Strategy {strategy} changed"))
    if first is Change.RENAMED and before is None:
        words = later("Strategy {strategy} was renamed")
    facts = [(_("Type"), now.type), (_("Pair"), now.pair), (_("Interval"), now.interval)]
    fields = tuple(Field(label, clean(value, NAME_LIMIT)) for label, value in facts if value)
    severity = Severity.WARNING if first is Change.REMOVED else Severity.INFO
    former = strategy_name(before) if before else ""
    card = Card(
        title=_(words, strategy=strategy_name(now), before=former),
        severity=severity,
        fields=fields,
        at=at,
    )
    return Alert(card=card, priority=Priority.INFO)


def quiet_alert(event: BotQuiet, bot: Trader) -> Alert:
    """
    Args:
        bot: as it is called.
    """
    silence, name = event.silence, trader_name(bot)
    overdue, a_day = max(1, round(silence.overdue)), max(1, round(silence.a_day))
    card = Card(
        title=_("{bot} is unusually quiet", bot=name),
        severity=Severity.WARNING,
        lines=(
            _(
                "It says that it runs, and has traded nothing for {time}.",
                time=lasted(event.origin.at - silence.last),
            ),
            ngettext(
                "By its rhythm of the last two weeks {count} trade is overdue.",
                "By its rhythm of the last two weeks {count} trades are overdue.",
                overdue,
            ),
        ),
        fields=(
            Field(_("Last trade"), moment(silence.last)),
            Field(
                _("Usual"),
                ngettext("about {count} trade a day", "about {count} trades a day", a_day),
            ),
        ),
        notes=(_("Told once until it trades again."),),
        at=event.origin.at,
    )
    return Alert(card=card, priority=Priority.NORMAL, about=bot)


def notice_alert(notice: Notice) -> Alert:
    if notice.bad:
        severity = Severity.CRITICAL if notice.urgent else Severity.WARNING
    else:
        severity = Severity.INFO
    text = notice.say()
    card = Card(
        title=text.title,
        severity=severity,
        lines=text.lines,
        buttons=notice.buttons,
        at=notice.origin.at,
        on_lock_screen=notice.on_lock_screen() if notice.on_lock_screen else "",
        sound=True if notice.rings else None,
    )
    priority = Priority.URGENT if notice.urgent else Priority.NORMAL
    return Alert(card=card, priority=priority, resumes=notice.resumes, log_in=notice.log_in)


def quietly(alert: Alert, note: str | None) -> Alert:
    """The same, without a sound: the person has just asked for it, and the note says where."""
    card = replace(alert.card, severity=Severity.INFO)
    if note is not None:
        card = with_note(card, note)
    return replace(alert, card=card, priority=Priority.INFO)
