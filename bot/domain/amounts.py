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
    """Like `quantity`, with the sign there unless it is nothing: '+12.5', '-3'."""
    return _written(value, "+")


def percent(ratio: Decimal) -> str:
    """0.0512 as '+5.12 %'; small ones keep as many digits as make them true: '-0.001 %'."""
    if is_extreme(ratio):
        return "extreme"
    return f"{_rounded(ratio * 100, 2, '+')} %"


def money(value: Decimal, currency: str) -> str:
    """'501.97 USDT', '4,240 USDT', '-3.20 EUR': with the digits that are usual in the currency.

    One that nobody knows keeps its significant digits, and so does an amount below one of any.
    """
    return _money(value, currency, "")


def gained(value: Decimal, currency: str) -> str:
    """Like `money`, with the sign there unless it is nothing: '+12.43 USDT'."""
    return _money(value, currency, "+")


_USUAL_PLACES = {
    places: frozenset(currencies.split())
    for places, currencies in {
        0: "JPY KRW VND CLP ISK IDR",
        2: "USD EUR GBP CHF AUD CAD NZD SEK NOK DKK PLN CZK HUF TRY BRL MXN ZAR INR CNY HKD SGD "
        "ARS UAH RUB THB USDT USDC BUSD FDUSD TUSD USDP USDE USDD PYUSD GUSD DAI EURT EURC EURI",
        3: "KWD BHD OMR JOD TND",
        8: "BTC XBT ETH BNB LTC BCH",
    }.items()
}
"""Source: ISO 4217, and for coins what exchanges show."""


def _money(value: Decimal, currency: str, sign: str) -> str:
    known = (places for places, them in _USUAL_PLACES.items() if currency.upper() in them)
    places = next(known, None)
    if places is None or is_extreme(value):
        amount = _written(value, sign)
    else:
        amount = _rounded(value, places, sign)
        if places > 3:
            amount = _tidy(amount)
        elif value == value.to_integral_value():
            amount = amount.partition(".")[0]
    return f"{amount} {currency}".strip()


def _rounded(value: Decimal, places: int, sign: str) -> str:
    """To so many decimals; more for what is below one, so that it keeps two digits."""
    if value == 0:
        return f"{Decimal(0):.{places}f}"
    enough = 1 - value.adjusted() if abs(value) < 1 else 0
    if enough <= places:
        return f"{value:{sign},.{places}f}"
    exact = _tidy(f"{value:{sign},.{enough}f}")
    shown = len(exact.partition(".")[2])
    return exact if shown >= places else f"{Decimal(exact):{sign},.{places}f}"


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
    if value == 0:
        return "0"
    whole_digits = max(0, value.adjusted() + 1)
    if whole_digits:
        places = max(2, _SIGNIFICANT - whole_digits)
    else:
        places = _SIGNIFICANT - 1 - value.adjusted()
    text = f"{value:{sign},.{places}f}"
    return _tidy(text)


def _tidy(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_extreme(value: Decimal) -> bool:
    """Whether it is no number that anybody could read."""
    return not value.is_finite() or (value != 0 and abs(value.adjusted()) > _EXTREME)
