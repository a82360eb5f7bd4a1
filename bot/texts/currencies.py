"""Amounts in a currency of the person's choice too, with the rate and how old it is."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from bot.domain.cards import Button, Card, Option, PickList
from bot.domain.conversion import Rates
from bot.domain.text import clean
from bot.texts.cards import unfit
from bot.texts.language import _
from bot.texts.numbers import gained, quantity
from bot.texts.times import spoken

_DIGITS = 6
"""Of a rate that are shown: what they leave out no amount shows."""

# --- amounts ------------------------------------------------------------------------------


def worth(
    value: Decimal,
    currency: str,
    rates: Rates,
    write: Callable[[Decimal, str], str] = gained,
) -> str:
    """'+12.43 USDT (≈ +11.46 EUR)'."""
    told, rate = write(value, currency), rates.of.get(currency)
    if rate is None or not value:
        return told
    return f"{told} (≈ {write(value * rate.value, rates.into)})"


def rates_in_words(rates: Rates) -> tuple[str, ...]:
    """By what was converted, and why something was not."""
    notes = []
    for currency, rate in rates.of.items():
        assert rates.now is not None, "rates were asked for"
        notes.append(
            _(
                "In {into} by the platform's {pair}, {span} ago: 1 {currency} = {rate} {into}.",
                into=rates.into,
                pair=clean(rate.pair, 30),
                span=spoken(rates.now - rate.at),
                currency=currency,
                rate=quantity(round(rate.value, _DIGITS - 1 - rate.value.adjusted())),
            )
        )
    for currency, pair in rates.missing.items():
        if pair is None:
            untold = _(
                "I hear no price between {currency} and {into}, so amounts in {currency} are not "
                "converted.",
                currency=currency,
                into=rates.into,
            )
        else:
            untold = _(
                "No price of {pair} came just now, so amounts in {currency} are not converted.",
                pair=clean(pair, 30),
                currency=currency,
            )
        notes.append(untold)
    return tuple(notes)


# --- the choice ---------------------------------------------------------------------------


def which(now: str, options: Sequence[Option]) -> Card:
    """
    Args:
        now: the one that was chosen; empty if none was.
        options: those that prices are heard of, and none.
    """
    title = _("Amounts are shown in {currency} too", currency=now) if now else _as_they_are()
    return Card(
        title=title,
        lines=(_("For example: /currency EUR, or /currency off"),),
        pick=PickList(prompt=_("Choose a currency"), options=tuple(options)) if options else None,
    )


def _as_they_are() -> str:
    return _("Amounts are shown as the platform tells them")


def none_of_them() -> str:
    """On an option."""
    return _("None")


def chosen(currency: str, buttons: Sequence[Button], *, heard: bool) -> Card:
    """
    Args:
        currency: empty for none.
        heard: prices of it come.
    """
    if not currency:
        return Card(title=_as_they_are(), buttons=(tuple(buttons),))
    lines = [
        _("In figures, trades and reports, by the platform's own prices; not in pictures."),
        ""
        if heard
        else _("I hear no price of {currency} yet: amounts stay as they are.", currency=currency),
    ]
    return Card(
        title=_("Amounts are shown in {currency} too", currency=currency),
        lines=tuple(filter(None, lines)),
        buttons=(tuple(buttons),),
    )


def not_a_currency(given: str, near: Sequence[Option]) -> Card:
    """
    Args:
        near: what looks like it.
    """
    return unfit(
        _("I know no currency called {given}", given=clean(given, 40)),
        near,
        _("Nothing was changed."),
        _("For example: /currency EUR, or /currency off"),
    )


def is_known_to_all(code: str) -> bool:
    """Whether a code in capital letters is that of a country's money."""
    from babel.numbers import is_currency  # it takes long to load

    return is_currency(code)
