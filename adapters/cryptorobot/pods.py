"""What running bots are asked and told, and what they answer, of allowed fields.

Source: freqtrade's rpc/api_server/api_schemas.py and api_trading.py (`platform.md` 4.2, 4.3)
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from decimal import Decimal

from adapters.cryptorobot.calls import Call
from adapters.cryptorobot.faults import tidy
from adapters.cryptorobot.fields import Fields
from adapters.cryptorobot.settings import READS
from bot.domain.events import Trader
from bot.domain.pods import Balance, BotCommand, Health, Holding, Lock, LogLine, OpenTrade
from bot.domain.redaction import Redaction
from bot.domain.text import clean
from bot.errors import Refused, TryLater
from bot.texts.errors import Sentence

READ = Call(method="get", service="traders/pods")
CHANGE = Call(method="create", service="traders/pods")
"""What a pod's command is to us, wherever its template sends it: a read, or a write."""

LOG_LINES = 60

_MOST = 500
_KEYLIKE = re.compile(r"(?<![\w+/=-])(?:(?=[\w+/=-]*\d)[\w+/=-]{20,}|[A-Za-z]{32,})")
"""Longer than any word: a key, a signature, an address of a wallet."""

_redacted = Redaction()

Tell = Callable[[Trader, Call, str, Mapping[str, object]], Awaitable[object]]


class CryptorobotPods:
    """`ports.Pods` on the platform."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    async def probe(self, bot: Trader, command: BotCommand) -> None:
        await self._ask(bot, READS[command], {"limit": 1} if command is BotCommand.LOGS else {})

    async def open_trades(self, bot: Trader) -> tuple[OpenTrade, ...]:
        return tuple(filter(None, map(_open_trade, await self._list(bot, "status"))))

    async def balance(self, bot: Trader) -> Balance:
        said = await self._ask(bot, "balance")
        return Balance(
            holdings=tuple(filter(None, map(_holding, _each(said, "currencies")))),
            worth=_fields(said, "total").number("total"),
            currency=_fields(said, "total").text("stake"),
        )

    async def whitelist(self, bot: Trader) -> tuple[str, ...]:
        return _texts(await self._ask(bot, "whitelist"), "whitelist")

    async def blacklist(self, bot: Trader) -> tuple[str, ...]:
        return _texts(await self._ask(bot, "blacklist"), "blacklist")

    async def locks(self, bot: Trader) -> tuple[Lock, ...]:
        said = await self._ask(bot, "locks")
        return tuple(
            Lock(
                pair=one.symbol("pair") or "*",
                until=one.instant("lock_end_timestamp", "lock_end_time"),
                reason=tidy(one.text("reason") or "") or None,
            )
            for one in _each(said, "locks")
            if one.flag("active") is not False
        )

    async def logs(self, bot: Trader) -> tuple[LogLine, ...]:
        said = await self._ask(bot, "logs", {"limit": LOG_LINES})
        found = _found(said, "logs")
        lines = found if isinstance(found, list) else []
        read = (_log_line(one) for one in lines[-LOG_LINES:] if isinstance(one, list))
        return tuple(filter(None, read))

    async def health(self, bot: Trader) -> Health:
        said = _fields(await self._ask(bot, "health"), "last_process_ts", "last_process")
        return Health(
            last_at=said.instant("last_process_ts", "last_process"),
            started_at=said.instant("bot_start_ts", "bot_start"),
        )

    async def force_exit(self, bot: Trader, trade: str, amount: Decimal | None) -> None:
        some = {} if amount is None else {"amount": float(amount)}
        await self._change(bot, "forceexit", {"tradeid": trade, **some})

    async def reload(self, bot: Trader) -> None:
        await self._change(bot, "reload_config", {})

    async def _list(self, bot: Trader, command: str) -> Iterator[Fields]:
        return _each(await self._ask(bot, command), "data")

    async def _ask(
        self, bot: Trader, command: str, params: Mapping[str, object] | None = None
    ) -> object:
        return await self._tell(running(bot), READ, command, params or {})

    async def _change(self, bot: Trader, command: str, params: Mapping[str, object]) -> None:
        await self._tell(running(bot), CHANGE, command, params)


def has_pod(bot: Trader) -> bool:
    return bool(bot.running) or bot.status == "running"


def running(bot: Trader) -> Trader:
    if not has_pod(bot):
        # There is no pod; and freqtrade's `pause` would start one.
        raise Refused(Sentence.NOT_RUNNING)
    return bot


def _open_trade(one: Fields) -> OpenTrade | None:
    number, pair = one.text("trade_id"), one.symbol("pair")
    if number is None or pair is None:
        return None
    return OpenTrade(
        id=number,
        pair=pair,
        amount=one.number("amount"),
        profit_ratio=one.number("profit_ratio"),
        exiting=any(map(_is_open_exit, one.parts("orders"))),
    )


def _is_open_exit(order: Fields) -> bool:
    """Not an entry, nor the stop loss that waits at the exchange.

    Source: freqtrade's persistence/trade_model.py, `Order.to_json`
    """
    exits = order.flag("ft_is_entry") is False and order.text("ft_order_side") != "stoploss"
    return order.flag("is_open") is True and exits


def _holding(one: Fields) -> Holding | None:
    currency, amount = one.text("currency"), one.number("balance", "free")
    if currency is None or amount == 0:
        return None
    return Holding(currency=currency, amount=amount, free=one.number("free"))


def _log_line(parts: list[object]) -> LogLine | None:
    """`[date, epoch ms, logger, level, message]`."""
    if len(parts) < 5:
        return None
    line = Fields({"at": parts[1], "level": parts[3], "message": parts[4]})
    words = without_keys(line.text("message", limit=2000) or "")
    if not words:
        return None
    return LogLine(at=line.instant("at"), level=clean(line.text("level") or "", 10), words=words)


def without_keys(text: str) -> str:
    """Foreign text as one short line, what looks like a key taken out."""
    return tidy(_KEYLIKE.sub("…", _redacted(text)))


# --- answers, bare or wrapped ---------------------------------------------------------------------


def _wrappings(said: object) -> Iterator[object]:
    yield said
    if isinstance(said, Mapping):
        yield from (said[name] for name in ("data", "result", "response") if name in said)


def _found(said: object, name: str) -> object:
    """What stands under a name, or a bare list.

    Raises:
        TryLater: the answer has nothing of the kind.
    """
    for one in _wrappings(said):
        if isinstance(one, Mapping) and isinstance(one.get(name), list):
            return one[name]
        if isinstance(one, list):
            return one
    raise TryLater(Sentence.NOT_READABLE)


def _each(said: object, name: str) -> Iterator[Fields]:
    found = _found(said, name)
    for one in found[:_MOST] if isinstance(found, list) else ():
        if isinstance(one, dict):
            yield Fields(one)


def _texts(said: object, name: str) -> tuple[str, ...]:
    found = _found(said, name)
    return tuple(
        clean(one, 40)
        for one in (found[:_MOST] if isinstance(found, list) else ())
        if isinstance(one, str)
    )


def _fields(said: object, *names: str) -> Fields:
    """
    Raises:
        TryLater: none of these is there.
    """
    for one in _wrappings(said):
        if isinstance(one, dict) and any(name in one for name in names):
            return Fields(one)
    raise TryLater(Sentence.NOT_READABLE)
