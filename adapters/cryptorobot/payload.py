"""JSON from outside, decoded within bounds and without rounding."""

import json
from decimal import Decimal, InvalidOperation

LONGEST_NUMBER = 40
"""Digits and signs of one number; whatever is longer is no price and is read as nothing."""


class Garbled(ValueError):
    """The text is not JSON, or nested deeper than can be read."""


def loads(text: str | bytes) -> object:
    """Decode JSON: fractions as `Decimal`; NaN, infinities and endless numbers as `None`.

    Raises:
        Garbled: it cannot be decoded. Nothing else is raised, whatever the text.
    """
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError) as error:
        raise Garbled(_reason(error)) from error


def _reason(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else "not JSON"


def _fraction(text: str) -> Decimal | None:
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= LONGEST_NUMBER else None


def _nothing(_: str) -> None:
    """Stand for NaN and the infinities, which JSON does not have but JavaScript libraries send."""


_DECODER = json.JSONDecoder(parse_float=_fraction, parse_int=_integer, parse_constant=_nothing)
