"""Money and quantities as people read them: always Decimal, grouped, as many digits as help."""

from decimal import Decimal

_SIGNIFICANT = 8
"""Digits kept of a small number: enough for a price in satoshi."""

_EXTREME = 18
"""Beyond this power of ten fixed notation would fill the screen with zeros."""


def quantity(value: Decimal) -> str:
    """'42,400', '0.1', '0.00001234'; at least two decimals are kept where there are any."""
    return _written(value, "")


def signed(value: Decimal) -> str:
    """Like `quantity`, with the sign always there: '+12.5', '-3'."""
    return _written(value, "+")


def percent(ratio: Decimal) -> str:
    """0.0512 as '+5.12 %'."""
    if is_extreme(ratio):
        return "extreme"
    return f"{(ratio * 100).quantize(Decimal('0.01')):+,f} %"


def brief(value: Decimal) -> str:
    """'+1.23', '-12.3', '+123', '+4.57k': three digits, where there is room for no more."""
    if value == 0:
        return "0"
    if value.adjusted() < -2 or value.adjusted() >= 12:
        return f"{value:+.1e}"
    powers = max(0, value.adjusted()) // 3
    shown = value.scaleb(-3 * powers)
    return f"{shown:+.{2 - max(0, shown.adjusted())}f}{'kMB'[powers - 1] if powers else ''}"


def _written(value: Decimal, sign: str) -> str:
    if is_extreme(value):
        return f"{value:{sign}.4e}" if value.is_finite() else "not a number"
    whole_digits = max(0, value.adjusted() + 1)
    if whole_digits:
        places = max(2, _SIGNIFICANT - whole_digits)
    else:
        places = _SIGNIFICANT - 1 - value.adjusted()
    text = f"{value:{sign},.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_extreme(value: Decimal) -> bool:
    """Whether it is no number that anybody could read."""
    return not value.is_finite() or (value != 0 and abs(value.adjusted()) > _EXTREME)
