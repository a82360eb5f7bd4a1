"""Records of the platform, which may be anything, as facts of ours.

Only fields named here get through: the platform's objects carry passwords and keys besides
(`platform.md` 2.5).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from adapters.cryptorobot.calls import Oversized
from adapters.cryptorobot.fields import Fields, prose, reference_id
from adapters.cryptorobot.frames import TICKER_SERVICE, Frame, Heading
from adapters.cryptorobot.orders import LIQUIDATED, Order, is_under_way, order_of, order_type
from bot.domain.changes import first_to_believe
from bot.domain.events import (
    AHEAD,
    SOMEBODY,
    Event,
    Kind,
    Message,
    Origin,
    PodEvent,
    Signal,
    Strategy,
    StrategySeen,
    Stream,
    SystemEvent,
    Tick,
    Trade,
    Trader,
    TraderSeen,
    Unreadable,
)
from bot.domain.grading import URGENT, loudest, of_words
from bot.domain.ids import StrategyId, TraderId
from bot.domain.pairs import settled_in
from bot.domain.text import clean

TRADERS = "traders"
STRATEGIES = "strategies"

SAME_FACT = timedelta(seconds=10)
"""Within it, two events without id or time that say the same are one, sent in both spellings."""

_NAMES_KEPT = 20
_NAME_KEPT = 40
_PERCENT = Decimal(100)

_CHANGES = frozenset({"created", "patched", "updated", "removed"})


def wanted(heading: Heading) -> bool:
    """Whether `event` makes something of such events."""
    if heading.service in (TRADERS, STRATEGIES):
        return heading.happening in _CHANGES
    if heading.service == Stream.TRADES:
        return heading.happening in _CHANGES - {"removed"}
    # What else is stored is told once, when it is made: its later changes are none of a new fact.
    return heading.service in _STREAMS and heading.happening == "created"


def event(frame: Frame, received: datetime) -> Event | Unreadable:
    """Read a live event that is `wanted`."""
    service, happening, record = frame.heading.service, frame.heading.happening, frame.record
    if record is None:
        return Unreadable(service=service, reason=f"{happening} without a record", size=frame.size)
    read: Event | Unreadable
    if service == TRADERS:
        read = _trader_seen(record, happening, received)
    elif service == STRATEGIES:
        read = _strategy_seen(record, happening, received)
    elif happening == "created":
        read = stored(_STREAMS[service], record, received)
    else:
        read = _trade_changed(record, received)
    return replace(read, size=frame.size) if isinstance(read, Unreadable) else read


def stored(stream: Stream, record: object, received: datetime) -> Event | Unreadable:
    """Read a record of a stream, live or found again: both give the same event."""
    if isinstance(record, Oversized):
        return Unreadable(service=stream.value, reason="too large")
    if not isinstance(record, dict):
        return Unreadable(service=stream.value, reason="not an object")
    fields = Fields(record)
    kind, build = _BUILDERS[stream]
    at = fields.instant("createdAt")
    read = _recognisable(build(fields, _origin(kind, fields, at, received)), at)
    return _without_future(read, received) if isinstance(read, Trade) else read


def _without_future(trade: Trade, received: datetime) -> Trade:
    def believed(at: datetime | None) -> datetime | None:
        return at if at is not None and at <= received + AHEAD else None

    closed_at, changed_at = believed(trade.closed_at), believed(trade.changed_at)
    if closed_at is trade.closed_at and changed_at is trade.changed_at:
        return trade
    return replace(trade, closed_at=closed_at, changed_at=changed_at)


def _trade_changed(record: object, received: datetime) -> Event | Unreadable:
    fields = _identified(Stream.TRADES, record)
    if isinstance(fields, Unreadable):
        return fields  # of which one it is a change cannot be known
    read = stored(Stream.TRADES, record, received)
    if isinstance(read, Trade):
        changed_at = read.changed_at or (received if read.origin.dated else None)
        return replace(read, changed=True, changed_at=changed_at)
    return read


def tick(record: object, received: datetime) -> Tick | None:
    if not isinstance(record, dict):
        return None
    fields = Fields(record)
    pair, last = fields.symbol("symbol", "pair"), fields.number("last", "price", "close")
    if pair is None or last is None:
        return None
    at = fields.instant("timestamp", "updatedAt", "datetime")
    return Tick(symbol=pair, last=last, at=at or received)


def is_ticker(heading: Heading) -> bool:
    return heading.service == TICKER_SERVICE


def trader(record: object) -> Trader | Unreadable:
    """Read a bot; without an id it could not be told from another."""
    fields = _identified(TRADERS, record)
    if isinstance(fields, Unreadable):
        return fields
    return replace(_trader(fields), owner=_owner(fields))


def strategy(record: object) -> Strategy | Unreadable:
    fields = _identified(STRATEGIES, record)
    if isinstance(fields, Unreadable):
        return fields
    return replace(_strategy(fields), owner=_owner(fields))


# --- bots and strategies ------------------------------------------------------------------


def _trader_seen(record: object, happening: str, received: datetime) -> TraderSeen | Unreadable:
    fields = _identified(TRADERS, record)
    if isinstance(fields, Unreadable):
        return fields
    seen = _trader(fields)
    origin = _change(Kind.TRADER, fields, seen, happening, received)
    return TraderSeen(origin=origin, trader=seen, removed=happening == "removed")


def _strategy_seen(record: object, happening: str, received: datetime) -> StrategySeen | Unreadable:
    fields = _identified(STRATEGIES, record)
    if isinstance(fields, Unreadable):
        return fields
    seen = _strategy(fields)
    origin = _change(Kind.STRATEGY, fields, seen, happening, received)
    return StrategySeen(origin=origin, strategy=seen, removed=happening == "removed")


def _trader(fields: Fields) -> Trader:
    strategy = fields.reference_id("strategyId", "strategy")
    return Trader(
        id=TraderId(fields.id() or ""),
        name=fields.text("name"),
        running=_running(fields),
        status=_status(fields),
        dry_run=fields.flag("dry_run"),
        open_trades=fields.count("open_trades", "open_trade_count"),
        exchange=fields.label("exchange", "exchangeId"),
        strategy=None if strategy is None else StrategyId(strategy),
        stake_currency=fields.text("stake_currency"),
        pod=fields.reference_id("podId", "pod"),
        updated_at=fields.instant("updatedAt"),
    )


_RUNNING = ("running", "isRunning", "isActive", "active", "enabled", "online", "alive")
_ENDED = ("stopped", "isStopped", "paused", "isPaused", "disabled")

_STATES = ("status", "state")
_RARE_STATES = ("podStatus", "botStatus", "traderStatus", "podState", "botState", "phase")
_NESTED_STATES = (*_STATES, "phase", "name", "current", "label", "reason", "message")


def _running(fields: Fields) -> bool | None:
    """Yes or no; that it was not stopped does not say that it runs."""
    running = fields.flag(*_RUNNING)
    return False if running is None and fields.flag(*_ENDED) else running


def _status(fields: Fields) -> str | None:
    """The word for how a bot is doing; also where it is nested, or stands for yes or no."""
    said = [word for name in _STATES if (word := _state(fields, name))]
    pod = fields.part("pod")
    if pod is not None and _running(fields) is not False:
        said += [word for name in _STATES if (word := _state(pod, name))]
    rare = (word for name in _RARE_STATES if (word := _state(fields, name)))
    word = first_to_believe(said) or next(rare, None)
    if word is None and _running(fields) is None:
        return fields.text("running")
    return word


def _state(fields: Fields, name: str) -> str | None:
    if word := fields.text(name):
        return word
    part, stated = fields.part(name), fields.flag(name)
    if part is not None:
        if word := part.text(*_NESTED_STATES):
            return word
        stated = _running(part)
    return None if stated is None else "running" if stated else "stopped"


def _strategy(fields: Fields) -> Strategy:
    return Strategy(
        id=StrategyId(fields.id() or ""),
        name=fields.text("name"),
        type=fields.text("type"),
        pair=fields.symbol("pair", "symbol"),
        interval=fields.text("interval", "timeframe"),
        configured=fields.flag("configured"),
        updated_at=fields.instant("updatedAt"),
    )


def _identified(service: str, record: object) -> Fields | Unreadable:
    if not isinstance(record, dict):
        return Unreadable(service=service, reason="not an object")
    fields = Fields(record)
    if fields.id() is not None:
        return fields
    names = tuple(clean(name, _NAME_KEPT) for name in list(record)[:_NAMES_KEPT])
    return Unreadable(service=service, reason="no id", fields=names)


# --- who and when -------------------------------------------------------------------------


def _owner(fields: Fields) -> str | None:
    return fields.said("userId", "user", "ownerId", "owner", read=reference_id, otherwise=SOMEBODY)


def _origin(kind: Kind, fields: Fields, at: datetime | None, received: datetime) -> Origin:
    # One from the future is not believed: it would carry a cursor past what is to come.
    dated = at is not None and at <= received + AHEAD
    return Origin(
        kind=kind,
        record=fields.id() or "",
        at=at if at is not None and dated else received,
        dated=dated,
        owner=_owner(fields),
    )


def _change(
    kind: Kind,
    fields: Fields,
    seen: Trader | Strategy,
    happening: str,
    received: datetime,
) -> Origin:
    removed = happening == "removed"
    # What was removed still carries the time of its last change.
    at = None if removed else fields.instant("updatedAt", "createdAt")
    origin = _origin(kind, fields, at, received)
    return replace(origin, revision="removed" if removed else _revision(seen))


def _revision(seen: Trader | Strategy) -> str:
    """Two changes in one millisecond differ, and one change told twice does not."""
    changed = "" if seen.updated_at is None else seen.updated_at.isoformat()
    return f"{changed}/{_digest(replace(seen, updated_at=None))[:16]}"


def _recognisable(event: "_Stored", claimed: datetime | None) -> "_Stored":
    """Name an event without id after its content.

    Args:
        claimed: its own date, whether it is believed or not.
    """
    origin = event.origin
    if origin.record:
        return event
    at = claimed
    if at is None:
        at = origin.at - timedelta(seconds=origin.at.timestamp() % SAME_FACT.total_seconds())
    named = replace(origin, at=at, dated=claimed is not None)
    digest = _digest(replace(event, origin=named))[:32]
    return replace(event, origin=replace(origin, record=digest))


def _digest(content: object) -> str:
    return sha256(repr(content).encode()).hexdigest()


# --- streams ------------------------------------------------------------------------------


def _trade(sent: Fields, origin: Origin) -> Trade:
    fields = sent.with_parts("trade", "order", *_WITHIN)
    pair = fields.symbol(*_PAIRS) or _pair_in_halves(fields)
    quote = settled_in(pair)
    profit, ratio = fields.number(*_PROFIT, unit=quote), _ratio(fields)
    if profit is None and ratio is None and (result := fields.part("profit")) is not None:
        profit = result.number("abs", "amount", "absolute", unit=quote)
        ratio = result.number("ratio", *_RATIOS)
    order = order_of(fields, pair, earned=bool(profit or ratio))
    unread = fields.unread(*_PROFIT, unit=quote) if profit is None and ratio is None else None
    if is_under_way(fields, order):
        profit = ratio = unread = None
    fee, fee_currency = _fee(fields)
    return Trade(
        origin=origin,
        side=order.side,
        type=fields.text("type", "event", "eventType", "tradeType"),
        order_type=order_type(fields),
        symbol=pair,
        amount=order.amount,
        price=order.price,
        asked=order.asked,
        order=order.ended,
        amount_sent=order.amount_sent,
        price_sent=order.price_sent,
        profit=profit,
        profit_ratio=ratio,
        profit_sent=unread,
        rest=order.rest,
        final=order.final,
        opened_at=fields.instant("open_fill_date", "open_date", "openedAt", "entryTime"),
        closed_at=fields.instant("close_date", "closedAt", "closed_at") if order.final else None,
        number=fields.text("trade_id", "tradeId"),
        fee=fee,
        fee_currency=fee_currency,
        changed_at=_changed_at(fields, origin),
        reason=_reason(fields, order),
        words=fields.words("message", "msg", "text", "note", "comment", "description"),
        paper=fields.flag("dry_run", "paper", "isPaper", "paperTrading", "simulated"),
        trader=_trader_of(fields) or _called(fields),
        trade_id=fields.reference_id("tradeId", "trade_id"),
        order_id=fields.reference_id("orderId", "order_id"),
        parent=fields.reference_id("parentId", "parent", "parentTradeId", "parentTrade"),
        signal=fields.reference_id("signalId", "signal_id"),
    )


def _fee(fields: Fields) -> tuple[Decimal | None, str | None]:
    """What it cost, of which both ends may be told apart; and in which currency, if that is said.

    Source: freqtrade's rpc/api_server/api_schemas.py, CCXT's fee structure, Binance's trade object.
    """
    ends = [
        (fields.number(f"fee_{end}_cost"), fields.text(f"fee_{end}_currency"))
        for end in ("open", "close")
    ]
    paid = [(cost, currency) for cost, currency in ends if cost is not None]
    if paid and len({currency for _, currency in paid}) == 1:
        return sum((cost for cost, _ in paid), Decimal()), paid[0][1]
    if (part := fields.part("fee")) is not None:
        return part.number("cost", "amount"), part.text("currency")
    return fields.number("fee", "commission"), fields.text("feeCurrency", "commissionAsset")


_PAIRS = ("symbol", "pair", "market", "instrument", "ticker", "instId")


def _pair_in_halves(fields: Fields) -> str | None:
    base = fields.text("baseAsset", "baseCurrency", "base", "coin")
    quote = fields.text("quoteAsset", "quoteCurrency", "quote")
    return f"{base}/{quote}" if base and quote else base


def _reason(fields: Fields, order: Order) -> str | None:
    """Why, in the words that came; a forced end is one, wherever it is said."""
    reason = fields.words(*_REASONS)
    if reason is None and order.says_more:
        reason = order.says_more
    forced = fields.flag(*LIQUIDATED)
    info = fields.part("info")
    if forced or (info is not None and info.flag("liquidation", "isLiquidation")):
        return f"liquidation: {reason}" if reason else "liquidation"
    return prose(reason)


_REASONS = (
    *("exit_reason", "sell_reason", "close_reason", "reason", "reject_reason", "cancel_reason"),
    *("error", "errorMessage"),
)


def _called(fields: Fields) -> TraderId | None:
    """The name of a bot of which no id is told, to be shown."""
    name = fields.label("trader", "traderName", "bot", "botName")
    return None if name is None else TraderId(name)


def _changed_at(fields: Fields, origin: Origin) -> datetime | None:
    changed = fields.instant("updatedAt")
    return changed if changed and origin.dated and changed > origin.at + _AS_MADE else None


_AS_MADE = timedelta(seconds=1)
"""A record changed within it is as it was made."""


_PROFIT = (
    *("profit_abs", "close_profit_abs", "profit_amount", "profit", "realizedPnl", "realisedPnl"),
    *("realizedProfit", "closedPnl", "netProfit", "profitLoss", "pnl"),
)
_RATIOS = ("profit_ratio", "close_profit")
_PERCENTAGES = (
    *("profit_pct", "profit_percent", "close_profit_pct", "profitPercentage", "pnlPercent"),
    *("pnlPct", "roi", "roe"),
)


def _ratio(fields: Fields) -> Decimal | None:
    ratio = fields.number(*_RATIOS)
    if ratio is not None:
        return ratio
    ratio = fields.ratio(*_RATIOS, *_PERCENTAGES, *_PROFIT)
    if ratio is not None:
        return ratio
    percent = fields.number(*_PERCENTAGES)
    return None if percent is None else percent / _PERCENT


def _signal(fields: Fields, origin: Origin) -> Signal:
    confidence = fields.number(*_CONFIDENCE)
    if confidence is None:
        confidence = fields.ratio(*_CONFIDENCE)
    return Signal(
        origin=origin,
        type=fields.text(*_SIGNALS),
        pair=fields.symbol(*_PAIRS) or _pair_in_halves(fields),
        confidence=confidence,
        confidence_sent=fields.unread(*_CONFIDENCE) if confidence is None else None,
        model=fields.label("model", "modelName", "modelId"),
        prices=tuple(
            (label, price)
            for label, names in _SIGNAL_PRICES.items()
            if (price := fields.number(*names))
        ),
        words=fields.words(*_SAID, "reason", "description"),
    )


_SIGNALS = ("type", "signal", "side", "action", "direction", "prediction", "recommendation")
_CONFIDENCE = ("confidence", "probability", "score")
_SIGNAL_PRICES = {
    "Price": ("price", "entry", "entryPrice"),
    "Target": ("target", "targetPrice", "takeProfit"),
    "Stop": ("stopLoss", "stop", "stopPrice"),
}


def _pod_event(fields: Fields, origin: Origin) -> PodEvent:
    kind = _type(fields)
    trade = _trade_within(fields, origin, kind)
    if trade is None:
        message = _words(fields, "title") or _state(fields, "status") or _state(fields, "state")
        message = prose("\n".join(filter(None, (message, _about(fields, message or "")))))
    else:
        # Its reason and its status are told of the trade.
        message = fields.words(*_SAID) or fields.words("error", "errors", "description", "detail")
    return PodEvent(
        origin=origin,
        type=kind,
        level=_level(fields),
        message=message,
        trade=trade,
        unread=() if message or trade else fields.names(besides=_ABOUT_A_REPORT),
        pod=fields.reference_id("podId", "pod"),
        trader=_trader_of(fields),
    )


_TYPES = ("type", "event", "eventType", "kind", "category")


def _type(fields: Fields) -> str | None:
    given = fields.text(*_TYPES)
    if given is None and (part := fields.part("type")) is not None:
        given = part.text("name", "type")
    return given


_SAID = ("message", "text", "msg", "body", "content", "markdown", "html", "summary", "note")
_BESIDES = (
    *("error", "errors", "err", "errorMessage", "exception", "reason", "reasons", "lockReason"),
    *("rejectReason", "description", "detail", "details", "cause", "traceback", "stackTrace"),
    *("stack", "output", "logs", "log", "lines", "result", "info"),
)
_WITHIN = ("data", "payload")
_PLACES = (*_WITHIN, "event", "notification", "meta", "context", "details", "result")

_ABOUT_A_REPORT = frozenset(
    {
        *("id", "userid", "user", "ownerid", "owner", "createdat", "updatedat", "timestamp", "v"),
        *("traderid", "trader", "botid", "bot", "podid", "pod", "read", "seen", "date", "time"),
        *(name.lower() for name in _TYPES),
        *("level", "severity", "levelname", "loglevel", "lvl", "levelno", "priority"),
    }
)
"""Of which nothing need be told; plain names."""


def _words(fields: Fields, *before: str) -> str | None:
    """All that a report says in words, each thing once, wherever it says it."""
    found: list[str] = []
    nested = (part.words(*_SAID, *_BESIDES) for part in _parts(fields))
    first = (fields.words(*before), *(fields.words(name) for name in (*_SAID, *_BESIDES)))
    ended = fields.number("exitCode", "exitStatus")
    last = (None if ended is None else f"exit code {ended}", _code(fields))
    for said in (*first, *nested, *last):
        if said and not any(said in one for one in found):
            found.append(said)
    return prose("\n".join(found))


def _parts(fields: Fields) -> Iterator[Fields]:
    for name in _PLACES:
        if (part := fields.part(name)) is not None:
            yield part
            yield from (one for inner in _WITHIN if (one := part.part(inner)) is not None)


def _code(fields: Fields) -> str | None:
    code = fields.text("code", "errorCode")
    return code if code is None or code.strip("-0123456789") else f"code {code}"


def _about(fields: Fields, said: str) -> str | None:
    """The facts of a report in fields, as far as its words leave them out."""
    pair = fields.text(*_PAIRS) or ""
    facts = [pair] if pair and not _stands_in(said, pair.partition("/")[0]) else []
    for name in ("amount", "price", "stopPrice"):
        value = fields.number(name)
        if pair and value is not None and not _stands_in(said, str(value)):
            facts.append(f"{name} {value}")
    return ", ".join(facts) or None


def _stands_in(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


def _trade_within(fields: Fields, origin: Origin, kind: str | None) -> Trade | None:
    """The trade that a report tells in fields, whatever it says in words besides."""
    names = ("trade", "order", *_PLACES, "message")
    parts = (part for name in names if (part := fields.part(name)))
    inner = (part for outer in _parts(fields) for part in (outer.part("trade"),) if part)
    for place in (fields, *parts, *inner):
        trade = _trade(place.with_default("type", kind), origin)
        numbers = (trade.amount, trade.price, trade.profit, trade.profit_ratio)
        known = trade.symbol and any(one is not None for one in numbers)
        if known and _is_of_a_trade(kind or "", trade):
            return trade
    return None


_TRADING = re.compile(
    r"entry|enter|exit|buy|bought|sell|sold|fill|clos|open|trade|order|position|cover|short|long",
    re.IGNORECASE,
)


def _is_of_a_trade(kind: str, trade: Trade) -> bool:
    """Whether a report of this kind, with a pair and numbers, says that something was traded."""
    if "liquidat" in kind.lower():
        return True
    if of_words(kind.replace("_", " ")) is URGENT:
        return False  # of what did not come to be
    return bool(trade.side or trade.order) or _TRADING.search(kind) is not None


def _message(fields: Fields, origin: Origin) -> Message:
    return Message(origin=origin, unread=_unread(fields), **_told(fields))


def _system_event(fields: Fields, origin: Origin) -> SystemEvent:
    return SystemEvent(origin=origin, unread=_unread(fields), **_told(fields))


_TITLES = ("title", "subject", "heading", "headline")


def _told(fields: Fields) -> dict[str, str | None]:
    """What a message says; none of its fields is documented (`platform.md` 7, item 6)."""
    title = fields.words(*_TITLES)
    inner = (part.words(*_TITLES) for part in _parts(fields))
    return {
        "title": title or next(filter(None, inner), None),
        "text": _words(fields),
        "level": _level(fields),
        "type": _type(fields),
    }


def _unread(fields: Fields) -> tuple[str, ...]:
    told = _told(fields)
    return () if told["title"] or told["text"] else fields.names(besides=_ABOUT_A_REPORT)


_LEVELS = ("level", "severity", "levelname", "loglevel", "lvl", "levelno", "sev")
_SCALES = ("importance", "urgency", "priority")
"""Of these only words say how bad it is: numbers go up in one place and down in another."""


def _level(fields: Fields) -> str | None:
    """How bad a report says that it is, by the names that loggers use; at its worst."""
    said = [word for name in _LEVELS if (word := fields.label(name))]
    scaled = (word for name in _SCALES if (word := fields.label(name)))
    return loudest([*said, *(word for word in scaled if not word.strip("-").isdecimal())])


def _trader_of(fields: Fields) -> TraderId | None:
    id = fields.reference_id("traderId", "trader", "botId", "bot")
    return None if id is None else TraderId(id)


_Stored = Trade | Signal | PodEvent | Message | SystemEvent

_STREAMS: Mapping[str, Stream] = {stream.value: stream for stream in Stream}

_BUILDERS: Mapping[Stream, tuple[Kind, Callable[[Fields, Origin], _Stored]]] = {
    Stream.TRADES: (Kind.TRADE, _trade),
    Stream.SIGNALS: (Kind.SIGNAL, _signal),
    Stream.POD_EVENTS: (Kind.POD_EVENT, _pod_event),
    Stream.MESSAGES: (Kind.MESSAGE, _message),
    Stream.SYSTEM_EVENTS: (Kind.SYSTEM_EVENT, _system_event),
}
