"""Money and quantities as `bot.domain.amounts` writes them, with the signs of the language that is
spoken: '4.240,50 USDT'.
"""

from decimal import Decimal
from functools import cache

from bot.domain import amounts
from bot.texts.language import _, babel_locale, later, spoken_language

_IN_WORDS = {later("extreme"), later("not a number")}


def quantity(value: Decimal) -> str:
    return _spoken(amounts.quantity(value))


def percent(ratio: Decimal) -> str:
    return _spoken(amounts.percent(ratio))


def money(value: Decimal, currency: str) -> str:
    return _spoken(amounts.money(value, currency))


def gained(value: Decimal, currency: str) -> str:
    return _spoken(amounts.gained(value, currency))


def brief(value: Decimal) -> str:
    return _spoken(amounts.brief(value))


def _spoken(text: str) -> str:
    if text in _IN_WORDS:
        return _(text)
    number, space, unit = text.partition(" ")
    return f"{number.translate(_signs(spoken_language()))}{space}{unit}"


@cache
def _signs(language: str) -> dict[int, str]:
    locale = babel_locale(language)
    if locale is None:
        return {}
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return {ord(","): get_group_symbol(locale), ord("."): get_decimal_symbol(locale)}
