"""Prices that a person wants to be rung for: the alert; set, listed, removed, not understood."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.cards import Button, Card, Option, PickList, Severity
from bot.domain.deliveries import Priority
from bot.domain.events import PriceCrossed
from bot.domain.ids import ActionId
from bot.domain.pairs import quote_of
from bot.domain.price_alerts import GAP, LEVELS, MOST_ALERTS, Crossing, PriceAlert
from bot.domain.spoken_alerts import AlertProblem, alert_written
from bot.domain.text import clean
from bot.texts.alerts import Alert, Ask
from bot.texts.cards import plain
from bot.texts.language import _, later
from bot.texts.numbers import percent, quantity
from bot.texts.times import clock, lasted

_PAIR = 30


def price_alert(crossed: PriceCrossed) -> Alert:
    alert, rung = crossed.alert, crossed.rung
    pair, now = clean(alert.pair, _PAIR), _price(rung.now.price, alert.pair)
    lines = []
    if rung.since is None:
        level = quantity(alert.amount)
        if alert.what is Crossing.ABOVE:
            title = _("{pair} above {level}: {now}", pair=pair, level=level, now=now)
        else:
            title = _("{pair} below {level}: {now}", pair=pair, level=level, now=now)
    else:
        change = percent(rung.now.price / rung.since.price - 1)
        span = lasted(rung.now.at - rung.since.at)
        title = _("{pair} {change} in {span}: {now}", pair=pair, change=change, span=span, now=now)
        before = _price(rung.since.price, alert.pair)
        lines.append(_("From {price} at {clock}.", price=before, clock=clock(rung.since.at)))
    if rung.gap is not None:
        lines.append(
            _("No price came for {gap} before this one, so this may be late.", gap=lasted(rung.gap))
        )
    words = alert_written(alert, alert.amount)
    if alert.repeats:
        note = _again(alert)
        ask = Ask(_("Ring no more"), f"alert remove {alert.id}")
    else:
        note = _("You asked for it once.")
        ask = Ask(_("Set it again"), f"alert {words}")
    card = Card(
        title=title,
        severity=Severity.WARNING,
        lines=tuple(lines),
        notes=(note,),
        at=rung.now.at,
    )
    return Alert(card=card, priority=Priority.NORMAL, asks=(ask,))


def _again(alert: PriceAlert) -> str:
    if alert.what is Crossing.ABOVE:
        back = quantity(alert.back_at)
        return _("It rings again once the price has been at {back} or below.", back=back)
    if alert.what is Crossing.BELOW:
        back = quantity(alert.back_at)
        return _("It rings again once the price has been at {back} or above.", back=back)
    return _("The next move counts from here.")


def _price(value: Decimal, pair: str) -> str:
    return f"{quantity(value)} {quote_of(pair)}".strip()


# --- listed, set, removed -------------------------------------------------------------------------

MOST_BUTTONS = 5


def alert_in_words(alert: PriceAlert) -> str:
    """'BTC/USDT above 50,000, every time'."""
    pair = clean(alert.pair, _PAIR)
    if alert.what in LEVELS:
        shown = quantity(alert.amount)
        words = (
            _("{pair} above {level}", pair=pair, level=shown)
            if alert.what is Crossing.ABOVE
            else _("{pair} below {level}", pair=pair, level=shown)
        )
    else:
        assert alert.within is not None
        facts = {"pair": pair, "share": quantity(alert.amount), "span": lasted(alert.within)}
        words = _(_MOVES[alert.what], **facts)
    return _("{alert}, every time", alert=words) if alert.repeats else words


_MOVES = {
    Crossing.MOVES: later("{pair} moves {share} % in {span}"),
    Crossing.RISES: later("{pair} rises {share} % in {span}"),
    Crossing.FALLS: later("{pair} falls {share} % in {span}"),
}


def examples() -> str:
    return _(
        "/alert BTC/USDT above 50000, /alert ETH/USDT below 2,400 every time,"
        " /alert BTC/USDT moves 3% in 15m"
    )


def listed(
    alerts: Sequence[PriceAlert],
    now: datetime,
    deaf: bool = False,
    buttons: Sequence[Button] = (),
    pick: Sequence[Option] = (),
) -> Card:
    """
    Args:
        deaf: no prices come at the moment.
        buttons: that remove each, or
        pick: the same of many.
    """
    rows = [
        _(
            "{number}. {alert}. {price}",
            number=number,
            alert=alert_in_words(one),
            price=_last(one, now),
        )
        for number, one in enumerate(alerts, 1)
    ]
    if not rows:
        rows = [_("I can ring when a price is crossed, or moves within a time.")]
    return Card(
        title=_("Your price alerts") if alerts else _("No price alerts yet"),
        lines=(*rows, *([_deaf()] if deaf else ())),
        buttons=(tuple(buttons),) if buttons else (),
        pick=PickList(prompt=_("Remove an alert"), options=tuple(pick)) if pick else None,
        notes=(_for_example(),),
    )


def _last(alert: PriceAlert, now: datetime) -> str:
    if alert.seen is None:
        return _("No price has come yet.")
    price, age = _price(alert.seen.price, alert.pair), now - alert.seen.at
    if age > GAP:
        return _("No price for {age}; the last was {price}.", age=lasted(age), price=price)
    return _("Now {price}.", price=price)


def _deaf() -> str:
    return _(
        "Prices only come over the realtime connection, which is not open at the moment (/status):"
        " until it is, no price alert can ring. What was crossed meanwhile rings late."
    )


def remove(number: int) -> str:
    """On the button of an alert that is one of a few."""
    return _("Remove {number}", number=number)


def option_label(number: int, alert: PriceAlert) -> str:
    """Of an alert in a list to choose from."""
    return clean(f"{number}. {alert_in_words(alert)}", 90)


def made(alert: PriceAlert, deaf: bool, buttons: Sequence[Button] = ()) -> Card:
    lines = []
    if deaf:
        lines.append(_deaf())
    elif alert.seen is None:
        lines.append(_("No price has come yet: it looks at the first that does."))
    elif alert.what in LEVELS:
        price = _price(alert.seen.price, alert.pair)
        if alert.armed:
            way = percent(alert.amount / alert.seen.price - 1)
            lines.append(_("Now {price}: {way} to go.", price=price, way=way))
        else:
            lines.append(_("It is there already: {price}.", price=price))
            lines.append(_again(alert))
    else:
        lines.append(_("Now {price}.", price=_price(alert.seen.price, alert.pair)))
    lines.append(
        _("It rings each time, everywhere you are told.")
        if alert.repeats
        else _("It rings once, everywhere you are told.")
    )
    return Card(
        title=alert_in_words(alert),
        lines=tuple(lines),
        buttons=(tuple(buttons),) if buttons else (),
        notes=(_("/alert lists all of them."),),
    )


def there_already(alert: PriceAlert) -> Card:
    return plain(_("That is set already"), alert_in_words(alert), _("/alert lists all of them."))


def removed(alert: PriceAlert) -> Card:
    return plain(_("It rings no more"), alert_in_words(alert))


def gone() -> Card:
    return plain(_("That alert is not there any more"), _("/alert lists those that are."))


def too_many() -> Card:
    return plain(
        _("That is one alert too many"),
        _(
            "An account may have {most}. Nothing was changed; /alert removes some.",
            most=MOST_ALERTS,
        ),
    )


# --- not understood -------------------------------------------------------------------------------

_PROBLEMS = {
    AlertProblem.PAIR: later("Say which pair, one at a time."),
    AlertProblem.SIDE: later("Say above or below, one at a time."),
    AlertProblem.AMOUNT: later(
        "I cannot read the number. Write a price like 50000 or 50k, or a move like 3%."
    ),
    AlertProblem.WITHIN: later("Say in which time it moves so far, such as 3% in 15m."),
    AlertProblem.TIME: later(
        "A move has a time, from 1 minute to 1 day; a price above or below has none."
    ),
    AlertProblem.PERCENT: later(
        "Above and below take a price. A move is said like moves 3% in 15m."
    ),
    AlertProblem.CURRENCY: later("The prices of that pair are in another currency."),
    AlertProblem.OFTEN: later("Say once or every time, not both."),
}


def unclear(problem: AlertProblem) -> Card:
    return plain(
        _("I do not quite understand"),
        _(_PROBLEMS[problem]),
        _("Nothing was changed."),
        _for_example(),
    )


def which_amount(amounts: Sequence[Decimal], actions: Sequence[ActionId]) -> Card:
    """Of a number that may be two."""
    options = [
        Option(label=quantity(amount), action=action)
        for amount, action in zip(amounts, actions, strict=True)
    ]
    return Card(
        title=_("Which price?"),
        lines=(_("It is written differently in different places."),),
        pick=PickList(prompt=_("I meant"), options=tuple(options)),
    )


def _for_example() -> str:
    return _("For example: {examples}", examples=examples())
