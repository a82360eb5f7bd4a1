"""Guards of a day: the alert when one is crossed; set, listed, removed, not understood."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.domain.cards import Button, Card, Field, Option, PickList, Severity
from bot.domain.deliveries import Priority
from bot.domain.events import GuardCrossed, Trader
from bot.domain.guards import Fall, Guard, Standing
from bot.domain.ids import TraderId
from bot.domain.spoken_guards import GuardProblem
from bot.domain.text import clean
from bot.texts.alerts import Alert
from bot.texts.cards import MOST_CHOICES, others, plain
from bot.texts.language import _, later, ngettext
from bot.texts.names import trader_name
from bot.texts.numbers import gained, money, quantity

MOST_STOPPED = MOST_CHOICES
"""Bots that one button stops: as many as the card names."""

_WORST = 5
"""Bots whose part of a loss is shown."""


# --- crossed --------------------------------------------------------------------------------------


def guard_alert(crossed: GuardCrossed, traders: Mapping[str, Trader]) -> Alert:
    guard, stands = crossed.guard, crossed.stands
    running = sorted((traders.get(one.id, one) for one in crossed.running), key=trader_name)
    facts = {
        "fallen": money(stands.fallen(guard.fall), guard.currency),
        "limit": money(guard.amount, guard.currency),
    }
    if guard.fall is Fall.LOSS:
        title = _("The day has lost {fallen}: your limit is {limit}", **facts)
    else:
        title = _("{fallen} below the day's best: your limit is {limit}", **facts)
    if guard.bots:
        whose = others(_("Watched"), [_called(one, traders) for one in guard.bots], "/guard")
    else:
        whose = _("Watched: all bots.")
    nobody = _("None of them says that it runs.")
    would = others(_("Running now"), map(trader_name, running), "/traders") if running else nobody
    lines = [
        whose,
        _("Paper money: no real money moved.") if guard.paper else "",
        "" if crossed.whole else _may_be_missing(),
        would,
    ]
    worst = stands.by_bot[:_WORST] if len(stands.by_bot) > 1 else ()
    fields = [
        Field(_("Day"), day_in_words(stands, guard.currency)),
        *(
            [Field(_("Day's best"), gained(stands.best, guard.currency))]
            if guard.fall is Fall.DRAWDOWN
            else []
        ),
        *(
            Field(_called(bot, traders), gained(value, guard.currency))
            for bot, value in worst
            if bot is not None and value < 0
        ),
    ]
    card = Card(
        title=title,
        severity=Severity.CRITICAL,
        lines=tuple(filter(None, lines)),
        fields=tuple(fields),
        notes=(_("Told once a day. /guard lists what is watched."),),
        at=crossed.origin.at,
    )
    one = running[0] if len(running) == 1 else None
    several = tuple(running) if 1 < len(running) <= MOST_STOPPED else ()
    return Alert(card=card, priority=Priority.URGENT, about=one, stops=several)


def stop_several(count: int) -> str:
    """On a button."""
    return ngettext("Stop {count} bot", "Stop these {count} bots", count)


def day_in_words(stands: Standing, currency: str) -> str:
    """'-52.30 USDT in 7 trades'."""
    return ngettext(
        "{total} in {count} trade",
        "{total} in {count} trades",
        stands.trades,
        total=gained(stands.total, currency),
    )


def _called(bot: TraderId, traders: Mapping[str, Trader]) -> str:
    return trader_name(traders.get(bot), bot)


# --- listed, set, removed -------------------------------------------------------------------------

ROWS = 15
MOST_BUTTONS = 5


def guard_in_words(guard: Guard, traders: Mapping[str, Trader]) -> str:
    """'A loss of 50 USDT in a day, of Night Owl, Heron'."""
    amount = money(guard.amount, guard.currency)
    if guard.fall is Fall.LOSS:
        what = _("A loss of {amount} in a day", amount=amount)
    else:
        what = _("A fall of {amount} from the day's best", amount=amount)
    bots = ", ".join(_called(one, traders) for one in guard.bots) or _("all bots")
    said = _("{what}, {bots}", what=what, bots=clean(bots, 200))
    return _("{guard}, on paper", guard=said) if guard.paper else said


def examples() -> str:
    return _(
        "/guard day loss 50 USDT, /guard day drawdown 30 USDT of Night Owl,"
        " /guard day loss 3 % of 2000 USDT"
    )


def listed(
    guards: Sequence[Guard],
    days: Sequence[Standing],
    traders: Mapping[str, Trader],
    buttons: Sequence[Button] = (),
    pick: Sequence[Option] = (),
) -> Card:
    """
    Args:
        days: how today stands for each.
        buttons: that remove each, or
        pick: the same of many.
    """
    rows = [
        _(
            "{number}. {guard}. Today so far: {day}",
            number=number,
            guard=guard_in_words(guard, traders),
            day=day_in_words(stands, guard.currency),
        )
        for number, (guard, stands) in enumerate(zip(guards, days, strict=True), 1)
    ]
    if not rows:
        rows = [_("When a day goes badly I can wake you, also in quiet hours, with a stop button.")]
    return Card(
        title=_("What is watched") if guards else _("Nothing is watched yet"),
        lines=tuple(rows),
        buttons=(tuple(buttons),) if buttons else (),
        pick=PickList(prompt=_("Remove a guard"), options=tuple(pick)) if pick else None,
        notes=(_for_example(),),
    )


def remove(number: int) -> str:
    """On the button of a guard that is one of a few."""
    return _("Remove {number}", number=number)


def option_label(number: int, guard: Guard, traders: Mapping[str, Trader]) -> str:
    """Of a guard in a list to choose from."""
    return clean(f"{number}. {guard_in_words(guard, traders)}", 90)


def made(
    guard: Guard,
    traders: Mapping[str, Trader],
    today: Standing,
    before: int | None,
    days: int,
    percent: tuple[Decimal, Decimal] | None = None,
    buttons: Sequence[Button] = (),
) -> Card:
    """
    Args:
        before: on how many of the last days it would have rung; `None` if trades may be missing.
        days: how many those are.
        percent: of what the amount is how much, if it was given so.
    """
    lines = [
        _("Crossed once, it rings: also in quiet hours, once a day."),
        _("Today so far: {day}.", day=day_in_words(today, guard.currency)),
        _may_be_missing() if before is None else _tried(before, days),
    ]
    if percent is not None:
        share, base = f"{quantity(percent[0])} %", money(percent[1], guard.currency)
        lines.insert(0, _("That is {share} of {base}.", share=share, base=base))
    return Card(
        title=guard_in_words(guard, traders),
        lines=tuple(lines),
        buttons=(tuple(buttons),) if buttons else (),
        notes=(_("/guard lists all of them."),),
    )


def _tried(before: int, days: int) -> str:
    return ngettext(
        "In the last {days} days it would have rung on {count} day.",
        "In the last {days} days it would have rung on {count} days.",
        before,
        days=days,
    )


def _may_be_missing() -> str:
    return _("Trades from before the link may be missing in it.")


def undo() -> str:
    """On a button."""
    return _("Undo")


def removed(guard: Guard, traders: Mapping[str, Trader]) -> Card:
    return plain(_("Not watched any more"), guard_in_words(guard, traders))


def gone() -> Card:
    return plain(_("That is not watched any more"), _("/guard lists what is."))


def too_many(most: int) -> Card:
    return plain(
        _("That is one guard too many"),
        _("A chat may have {most}. Nothing was changed; /guard removes some.", most=most),
    )


# --- not understood -------------------------------------------------------------------------------

_PROBLEMS = {
    GuardProblem.NO_FALL: later("Say loss, or drawdown: a fall from the day's best."),
    GuardProblem.BOTH_FALLS: later("Say loss or drawdown, one at a time."),
    GuardProblem.AMOUNT: later(
        "I cannot read the amount. Write it like 50 USDT or 1000 USDT: 1.000 may be two."
    ),
    GuardProblem.CURRENCY: later("Say in which currency, such as 50 USDT."),
    GuardProblem.PERCENT: later(
        "The platform does not tell me your balance, so I do not know what a percent of it is."
        " Say an amount, or of what: 3 % of 2000 USDT."
    ),
    GuardProblem.PERIOD: later("I watch days only."),
    GuardProblem.MONEY: later("Paper and real money are watched apart: one guard for each."),
}


def unclear(problem: GuardProblem) -> Card:
    return plain(
        _("I do not quite understand"),
        _(_PROBLEMS[problem]),
        _("Nothing was changed."),
        _for_example(),
    )


def _for_example() -> str:
    return _("For example: {examples}", examples=examples())
