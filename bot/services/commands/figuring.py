"""What the commands about results share: of which bots, since when, and by whom it is known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.cards import Button, Card
from bot.domain.commands import Argument, ArgumentType
from bot.domain.conversion import Rates
from bot.domain.events import Trader
from bot.domain.figures import Fee, Record, Span, began
from bot.domain.ids import TraderId
from bot.domain.names import Found, Nothing, Several, pick
from bot.domain.pairs import pairs_meant
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


async def record(request: AccountRequest, since: datetime, scope: Asked) -> Record:
    return await earned(request.desk.ledger, request.account.id, since, scope.about)


async def span_of(
    request: AccountRequest, scope: Asked, otherwise: Span
) -> tuple[Span, Record, texts.Trust]:
    """The span that is asked for, what is known of it, and how far that can be trusted."""
    span = Span(request.arguments.text(SPAN.name) or otherwise)
    since = began(span, scope.now, scope.clock)
    found = await record(request, since, scope)
    return span, found, trust(request, found)


async def rates(request: AccountRequest, found: Record) -> Rates:
    """By which its amounts are shown in the currency that the chat wants."""
    wanted = request.link.preferences.currency
    converting = request.desk.converting
    return await converting.rates(request.account.id, wanted, earnings.currencies_in(found))


def trust(request: AccountRequest, found: Record) -> texts.Trust:
    return texts.Trust(record=found, until=away_since(request))


def away_since(request: AccountRequest) -> datetime | None:
    return earnings.away_since(request.desk.feeds, request.account.id)


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
