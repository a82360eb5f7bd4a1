"""What a button changes at the platform: the one write, and how to see afterwards what it did."""

from collections.abc import Sequence
from decimal import Decimal

from bot.domain.actions import Verb
from bot.domain.changes import condition
from bot.domain.events import Strategy, Trader
from bot.domain.ids import StrategyId, TraderId
from bot.domain.names import name_of
from bot.domain.outcomes import Deed, Seen
from bot.domain.pods import OpenTrade
from bot.errors import TryLater
from bot.ports import Session
from bot.texts.errors import Sentence

WHOLE = "all"
"""In place of an amount: all that a trade holds."""

BEFORE = "before"
"""An order was placed already: that there is one proves nothing."""

LEAVE_NO_TRACE = frozenset({Verb.RELOAD})
"""Nothing that can be read tells whether they have happened, where no answer has come."""


async def carry_out(session: Session, deed: Deed) -> Trader | Strategy | None:
    """One write, never repeated; gives what it answers, `None` if only a look can tell.

    Raises:
        OutcomeUnknown, NeedsLogin, Refused, TryLater: as of `Session`.
    """
    bot, strategy = TraderId(deed.target.id), StrategyId(deed.target.id)
    match deed.verb:
        case Verb.NO_ENTRIES:
            await session.stop_entries(await session.trader(bot))
            return None
        case Verb.RENAME_BOT:
            return await session.rename_bot(bot, deed.said)
        case Verb.RENAME_STRATEGY:
            return await session.rename_strategy(strategy, deed.said)
        case Verb.NEW_STRATEGY:
            type, pair = deed.said.split(" ")
            if any(one.name == deed.target.name for one in await session.strategies()):
                # By another card: only the name would tell the two apart afterwards.
                raise TryLater(Sentence.NAME_TAKEN)
            return await session.create_strategy(deed.target.name, type, pair)
        case Verb.REMOVE_STRATEGY:
            await session.remove_strategy(strategy)
            return None
        case Verb.FORCE_EXIT:
            await _exit(session, await session.trader(bot), deed.said)
            return None
        case Verb.RELOAD:
            await session.pods.reload(await session.trader(bot))
            return None
        case _:
            return await session.set_running(bot, deed.verb is Verb.RESUME)


def shows(record: Trader | Strategy, deed: Deed) -> Seen:
    """How a record is that was written or read again."""
    match deed.verb:
        case Verb.RENAME_BOT | Verb.RENAME_STRATEGY:
            return Seen(wanted=record.name == deed.said, called=name_of(record))
        case Verb.NEW_STRATEGY:
            return Seen(wanted=record.name == deed.target.name, there=True)
    assert isinstance(record, Trader)
    how = condition(record)
    return Seen(wanted=how.running is (deed.verb is Verb.RESUME), condition=how)


async def look(session: Session, deed: Deed) -> Seen:
    """Read how it is.

    Raises:
        TryLater, Refused: it cannot be read.
    """
    bot, strategy = TraderId(deed.target.id), StrategyId(deed.target.id)
    match deed.verb:
        case Verb.NO_ENTRIES:
            opens = await session.opens_trades(await session.trader(bot))
            return Seen(wanted=opens is False, opens=opens)
        case Verb.RELOAD:
            opens = await session.opens_trades(await session.trader(bot))
            return Seen(wanted=opens is True, opens=opens)
        case Verb.FORCE_EXIT:
            return _exited(deed.said, await session.pods.open_trades(await session.trader(bot)))
        case Verb.RENAME_STRATEGY | Verb.NEW_STRATEGY | Verb.REMOVE_STRATEGY:
            new = deed.verb is Verb.NEW_STRATEGY
            found = [
                one
                for one in await session.strategies()
                if (one.name == deed.target.name if new else one.id == strategy)
            ]
            if found and deed.verb is Verb.RENAME_STRATEGY:
                return shows(found[0], deed)
            there = bool(found)
            return Seen(wanted=there is new, there=there)
        case _:
            return shows(await session.trader(bot), deed)


def of_exit(trade: OpenTrade, sold: Decimal | None) -> str:
    """What such an action has in its `arguments`: the trade, how much of it is sold, of how much,
    and whether an order was there before.
    """
    amounts = (WHOLE, WHOLE) if sold is None else (f"{sold:f}", f"{trade.amount:f}")
    return " ".join((trade.id, *amounts, *([BEFORE] if trade.exiting else ())))


async def _exit(session: Session, bot: Trader, said: str) -> None:
    number, sold, held, *_ = said.split(" ")
    if sold == WHOLE:
        await session.pods.force_exit(bot, number, None)
        return
    # Of a trade that has become smaller the bot might sell all.
    trades = await session.pods.open_trades(bot)
    if not any(one.id == number and one.amount == Decimal(held) for one in trades):
        raise TryLater(Sentence.TRADE_CHANGED)
    await session.pods.force_exit(bot, number, Decimal(sold))


def _exited(said: str, trades: Sequence[OpenTrade]) -> Seen:
    number, _, held, *before = said.split(" ")
    trade = next((one for one in trades if one.id == number), None)
    if trade is None:
        return Seen(wanted=True, holds=False)
    less = held != WHOLE and trade.amount is not None and trade.amount < Decimal(held)
    exits = less or (trade.exiting and BEFORE not in before)
    return Seen(wanted=exits, holds=True, exiting=exits)
