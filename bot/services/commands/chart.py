"""`/chart`: what trades have earned, as a picture; or at what prices a pair was traded."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.cards import Button, Card, Look
from bot.domain.charts import Chart, on_prices, prices
from bot.domain.chats import Preferences, Role
from bot.domain.commands import Argument, ArgumentType, Spec
from bot.domain.figures import Record, Span
from bot.services.actions import targets_of
from bot.services.commands.desk import AccountCommand, AccountRequest
from bot.services.commands.families import RESULTS
from bot.services.commands.figuring import (
    BOT,
    PAIR,
    SPAN,
    Asked,
    asked,
    away_since,
    pair_meant,
    span_of,
)
from bot.services.commands.periods import by_period
from bot.services.commands.wishes import wish
from bot.services.picturing import pictured
from bot.texts import charts as texts
from bot.texts.charts import What
from bot.texts.figures import DETAIL_OF, Basis, By
from bot.texts.language import later

_WHAT = Argument(
    name="what",
    type=ArgumentType.CHOICE,
    description=later("curve, daily, weekly, monthly, pairs, bots or reasons"),
    choices=tuple(What),
    synonyms={"equity": What.CURVE, "profit": What.CURVE, "pair": What.PAIRS, "bot": What.BOTS},
)
_LOOK = Argument(
    name="look",
    type=ArgumentType.CHOICE,
    description=later("light or dark, also from now on"),
    choices=tuple(Look),
)

_PERIODS = {
    What.DAILY: (Span.DAY, 12),
    What.WEEKLY: (Span.WEEK, 12),
    What.MONTHLY: (Span.MONTH, 12),
}
_RANKINGS = {What.PAIRS: By.PAIR, What.BOTS: By.BOT, What.REASONS: By.REASON}

_MOST_TRADES = 60
"""Of a pair, that are drawn: a phone does not show more so that they can be told apart."""


async def _answer(request: AccountRequest) -> Card:
    scope = await asked(request)
    if isinstance(scope, Card):
        return scope
    pair = await pair_meant(request, scope)
    if isinstance(pair, Card):
        return pair
    look = await _look(request)
    if pair:
        what, found, chart = pair, None, await _trades_of(request, scope, pair)
    else:
        what = What(request.arguments.text(_WHAT.name) or What.CURVE)
        found, chart = await _results(request, scope, what)
    picture = await pictured(chart, look, request.desk.draw)
    buttons = await _others(request, scope, what, look)
    away = await away_since(request)
    told = None if found is None else Basis(record=found, until=away)
    return texts.charted(chart, picture, scope.of, told, away, buttons)


async def _look(request: AccountRequest) -> Look:
    """What is asked for holds from now on, if the person may choose that for the chat."""
    link, person = request.link, request.command.person
    chosen = Look(request.arguments.text(_LOOK.name) or link.preferences.look)
    role = link.role_of(person.id)
    if chosen is not link.preferences.look and role is not None and role.covers(Role.OPERATOR):

        def change(wants: Preferences) -> Preferences:
            return replace(wants, look=chosen)

        await wish(request.desk, link, person, change, "look", chosen)
    return chosen


async def _results(
    request: AccountRequest, scope: Asked, what: What
) -> tuple[Record, Chart | None]:
    if what in _PERIODS:
        span, count = _PERIODS[what]
        _, found, bars = await by_period(request, scope, span, count)
        return found, bars
    if what in _RANKINGS:
        by = _RANKINGS[what]
        _, found = await span_of(request, scope, DETAIL_OF[by])
        return found, texts.ranking_of(by, found, scope.of)
    _, found = await span_of(request, scope)
    return found, texts.curve_of(found)


async def _trades_of(request: AccountRequest, scope: Asked, pair: str) -> Chart | None:
    entries = await request.desk.ledger.latest(
        request.account.id, _MOST_TRADES, traders=scope.about, pair=pair
    )
    if not request.arguments.has(SPAN.name):
        heard = request.desk.feeds.heard(request.account.id, pair)
        watched = on_prices(heard, entries)
        if watched is not None:
            return texts.prices_of(pair, watched, len(heard))
    points = prices(entries)
    return None if points is None else texts.pair_of(pair, points)


async def _others(
    request: AccountRequest, scope: Asked, what: str, look: Look
) -> Sequence[Sequence[Button]]:
    """Other pictures of the same bots, and the same one as it looks otherwise. A card for everybody
    has none.
    """
    if request.command.public:
        return ()
    span = request.arguments.text(SPAN.name)
    other = Look.DARK if look is Look.LIGHT else Look.LIGHT
    about = () if scope.about is None else (targets_of(scope.of.bots),)

    async def button(label: str, *words: str) -> Button:
        [action] = await request.asking(" ".join(filter(None, words)), *about)
        return Button(label=label, action=action)

    shown = (What.CURVE, What.DAILY, What.PAIRS, What.BOTS)
    first = [await button(texts.what_label(one), one, span) for one in shown if one != what]
    last = [await button(texts.look_label(other), what, span, other)]
    if what not in tuple(What) and not span:
        last.insert(0, await button(texts.all_trades(), what, Span.ALL))
    return first, last


COMMAND = AccountCommand(
    spec=Spec(
        name="chart",
        summary=later("What your trades have earned, as a picture"),
        example="daily month",
        arguments=(_WHAT, SPAN, PAIR, BOT, _LOOK),
        showable=True,
        family=RESULTS,
    ),
    answer=_answer,
)
