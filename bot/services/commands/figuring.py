"""What the commands about results share: of which bots, since when, and by whom it is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.cards import Button, Card
from bot.domain.commands import Argument, ArgumentType
from bot.domain.conversion import Rates
from bot.domain.events import Trade, Trader
from bot.domain.figures import Detail, Fee, Record, Span, began
from bot.domain.ids import TraderId
from bot.domain.names import Found, Nothing, Several, pick
from bot.domain.pairs import pairs_meant, settled_in
from bot.domain.timetables import zone
from bot.services import earnings
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountRequest
from bot.services.commands.nearest import near
from bot.services.earnings import earned
from bot.texts import bots as bots_texts
from bot.texts import figures as texts
from bot.texts import prices as prices_texts
from bot.texts.cards import MOST_CHOICES
from bot.texts.cards import older as older_label
from bot.texts.language import later
from bot.texts.names import trader_name

BOT = Argument(name="bot", type=ArgumentType.BOT, description=later("a bot's name"))

PAGE = Argument(
    name="page", type=ArgumentType.PAGE, description=later("2 for the older ones, and so on")
)

PAIR = Argument(name="pair", type=ArgumentType.PAIR, description=later("such as BTC/USDT"))

SPAN = Argument(
    name="span",
    type=ArgumentType.CHOICE,
    description=later("today, this week, this month, this year, or all"),
    choices=tuple(Span),
    synonyms={
        "today": Span.DAY,
        "this week": Span.WEEK,
        "this month": Span.MONTH,
        "this year": Span.YEAR,
        "total": Span.ALL,
        "ever": Span.ALL,
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    Attributes:
        bots: all of the account.
        about: those that it is about; `None` for all, those that are gone too.
        clock: of the person.
    """

    bots: Sequence[Trader]
    about: frozenset[TraderId] | None
    clock: ZoneInfo
    now: datetime

    @property
    def of(self) -> texts.Scope:
        """What the answer says that it is of."""
        names = [] if self.about is None else [one for one in self.bots if one.id in self.about]
        return texts.Scope(
            bots=tuple(names), called={one.id: trader_name(one) for one in self.bots}
        )


async def asked(request: AccountRequest) -> Asked | Card:
    """What is asked about; or the card that asks which bot."""
    desk = request.desk
    bots = await desk.known_bots(request.account.id)
    scope = Asked(bots=bots, about=None, clock=zone(request.link.preferences.zone), now=desk.now())
    if request.about:
        return replace(scope, about=frozenset(map(TraderId, request.about)))
    wanted = request.arguments.text(BOT.name)
    if not wanted:
        return scope
    match pick(wanted, bots):
        case Found(meant=found):
            whole = len(found) == len(bots) > 1
            return scope if whole else replace(scope, about=frozenset(one.id for one in found))
        case Several(fitting=several):
            shown = several[:MOST_CHOICES]
            words = request.arguments.words(**{BOT.name: ""})
            actions = await request.asking(words, *(targets_of((one,)) for one in shown))
            return bots_texts.which_one(wanted, shown, actions)
        case Nothing():
            options = await near(request, BOT.name, wanted, bots)
            return bots_texts.no_such_bot(wanted, request.spec, options, bots)


async def older(request: AccountRequest, scope: Asked, page: int, words: str = "") -> Button:
    """Leads to the next page of the same.

    Args:
        words: what else was asked.
    """
    about = () if scope.about is None else (targets_of(scope.of.bots),)
    [action] = await request.asking(f"{words} page {page + 1}".strip(), *about)
    return Button(label=older_label(), action=action)


async def record(
    request: AccountRequest, since: datetime, scope: Asked, *details: Detail
) -> Record:
    """
    Args:
        details: that the answer needs of each trade.
    """
    ledger, account = request.desk.ledger, request.account.id
    return await earned(ledger, account, since, scope.about, details=details)


async def span_of(request: AccountRequest, scope: Asked, *details: Detail) -> tuple[Span, Record]:
    """The span that is asked for, all if none is, and what is known of it."""
    span = Span(request.arguments.text(SPAN.name) or Span.ALL)
    return span, await record(request, began(span, scope.now, scope.clock), scope, *details)


async def basis(
    request: AccountRequest, found: Record, currencies: Iterable[str] | None = None
) -> texts.Basis:
    """
    Args:
        currencies: of the amounts that are shown, if they are not the results of the record.
    """
    shown = earnings.currencies_in(found) if currencies is None else currencies
    converted = await rates(request, shown)
    return texts.Basis(record=found, until=await away_since(request), rates=converted)


async def rates(request: AccountRequest, currencies: Iterable[str]) -> Rates:
    """By which amounts are shown in the currency that the chat wants."""
    wanted = request.link.preferences.currency
    return await request.desk.converting.rates(request.account.id, wanted, currencies)


async def rates_of(request: AccountRequest, trades: Iterable[Trade]) -> Rates:
    """By which their results are."""
    told = [settled_in(one.symbol) for one in trades if one.profit is not None]
    return await rates(request, told)


async def away_since(request: AccountRequest) -> datetime | None:
    return await earnings.away_since(request.desk.feeds, request.desk.inbox, request.account.id)


async def fees(request: AccountRequest, since: datetime, scope: Asked) -> Sequence[Fee]:
    found = await request.desk.ledger.fees(request.account.id, since)
    return [one for one in found if scope.about is None or one.trader in scope.about]


async def pair_meant(request: AccountRequest, scope: Asked) -> str | Card:
    """The pair that is meant, as the platform writes it; as it was typed if that is none; or the
    card that asks which.
    """
    wanted = request.arguments.text(PAIR.name)
    if not wanted:
        return ""
    meant = pairs_meant(wanted, await request.desk.pairs(request.account.id))
    if len(meant) > 1:
        about = () if scope.about is None else (targets_of(scope.of.bots),)
        given = request.arguments
        words = [given.words(**{BOT.name: "", PAIR.name: one}) for one in meant[:MOST_CHOICES]]
        actions = [action for one in words for action in await request.asking(one, *about)]
        return prices_texts.which_of_pairs(meant, actions)
    return meant[0] if meant else wanted.upper()
