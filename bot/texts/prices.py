"""The price of a pair."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from bot.domain.cards import Button, Card, Field, Option, PickList
from bot.domain.commands import Spec
from bot.domain.ids import ActionId
from bot.domain.live_prices import MOST_LIVE, LiveEnd, LivePrice
from bot.domain.pairs import quote_of
from bot.domain.price_alerts import GAP
from bot.domain.text import clean
from bot.texts.cards import plain, unfit
from bot.texts.getting_started import as_in
from bot.texts.language import _, later, ngettext
from bot.texts.numbers import percent, quantity
from bot.texts.times import clock, instant, lasted


def current(symbol: str, last: Decimal, at: datetime) -> Card:
    shown = clean(symbol, 30)
    quote = quote_of(symbol)
    return Card(title=f"{shown}: {quantity(last)} {quote}".strip(), at=at)


def no_price(wanted: str, spec: Spec, near: Sequence[str], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        spec: the command that was asked about it.
        near: pairs whose prices do come.
        actions: one for each of them.
    """
    title = _("No price for {wanted} came by", wanted=clean(wanted, 30))
    hint = _(
        "I only hear prices of exchanges that your bots are connected to. "
        "Is the pair spelled like BTC/USDT?"
    )
    options = _pairs(near, actions)
    heard = _("I do hear {pairs}.", pairs=", ".join(option.label for option in options))
    return unfit(title, options, heard if near else hint, as_in(spec))


def which_of_pairs(pairs: Sequence[str], actions: Sequence[ActionId]) -> Card:
    options = tuple(_pairs(pairs, actions))
    return Card(title=_("Which pair?"), pick=PickList(prompt=_("Choose a pair"), options=options))


def _pairs(pairs: Sequence[str], actions: Sequence[ActionId]) -> Sequence[Option]:
    return [
        Option(label=clean(pair, 30), action=action)
        for pair, action in zip(pairs, actions, strict=False)
    ]


def no_prices_now() -> Card:
    return plain(
        _("I hear no prices right now"),
        _("They only come over the realtime connection, which is not open at the moment: /status"),
    )


def live(price: LivePrice, until: datetime, stop: ActionId, now: datetime) -> Card:
    """A price as it moves; `stop` is the button that ends that."""
    notes = [_("Live until {clock}, every few seconds.", clock=clock(until))]
    silent = now - price.at
    if silent > GAP:
        notes.insert(0, _("No price for {age}.", age=lasted(silent)))
    return Card(
        title=_priced(price),
        fields=_since_then(price),
        buttons=((Button(label=_("Stop"), action=stop),),),
        notes=tuple(notes),
    )


def live_ended(price: LivePrice, why: LiveEnd) -> Card:
    return Card(title=_priced(price), fields=_since_then(price), notes=(_(_ENDS[why]),))


_ENDS = {
    LiveEnd.STOPPED: later("Stopped. /watch shows it anew."),
    LiveEnd.OVER: later("Not live any more. /watch shows it anew."),
    LiveEnd.BELOW: later("It goes on in a message below."),
}


def _priced(price: LivePrice) -> str:
    return f"{clean(price.pair, 30)}: {quantity(price.last)} {quote_of(price.pair)}".strip()


def _since_then(price: LivePrice) -> tuple[Field, ...]:
    began = f"{quantity(price.first)} {quote_of(price.pair)}".strip()
    change = percent(price.last / price.first - 1)
    return (
        Field(_("Since {clock}", clock=clock(price.since)), f"{change} ({began})"),
        Field(_("Low"), quantity(price.low)),
        Field(_("High"), quantity(price.high)),
        Field(_("Last"), instant(price.at)),
    )


def too_many_live() -> Card:
    return plain(
        _("That is one live price too many"),
        _("An account may have {most} at a time. /watch stop ends those here.", most=MOST_LIVE),
    )


def stopped_live(count: int) -> Card:
    if not count:
        return plain(_("No price is live here"), _("For example: /watch BTC/USDT"))
    return plain(ngettext("{count} live price ends", "{count} live prices end", count))


def which_pair(spec: Spec, pairs: Sequence[str], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        spec: the command that takes one.
        pairs: to choose from, an action for each.
    """
    card = which_of_pairs(pairs, actions) if pairs else plain(_("Which pair?"))
    return replace(card, lines=(as_in(spec),))
