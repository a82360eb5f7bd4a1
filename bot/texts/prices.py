"""The price of a pair."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.amounts import quantity
from bot.domain.cards import Card, Option, PickList
from bot.domain.ids import ActionId
from bot.domain.pairs import quote_of
from bot.domain.text import clean
from bot.texts.cards import meant, plain
from bot.texts.language import _


def current(symbol: str, last: Decimal, at: datetime) -> Card:
    shown = clean(symbol, 30)
    quote = quote_of(symbol)
    return Card(title=f"{shown}: {quantity(last)} {quote}".strip(), at=at)


def no_price(wanted: str, near: Sequence[str], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        near: pairs whose prices do come.
        actions: one for each of them.
    """
    title = _("No price for {wanted} came by", wanted=clean(wanted, 30))
    if not near:
        return plain(
            title,
            _(
                "I only hear prices of exchanges that your bots are connected to. "
                "Is the pair spelled like BTC/USDT?"
            ),
        )
    options = _pairs(near, actions)
    heard = _("I do hear {pairs}.", pairs=", ".join(option.label for option in options))
    return Card(title=title, lines=(heard,), pick=meant(options))


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


def which_pair() -> Card:
    return plain(_("Which pair?"), _("For example: /price BTC/USDT"))
