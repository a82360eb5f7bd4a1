"""What running bots say of themselves, and what they are told."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Field, Option, PickList, Severity
from bot.domain.events import Trader
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.pods import Balance, Health, Lock, LogLine, OpenTrade
from bot.domain.text import clean
from bot.texts.bots import state_line
from bot.texts.cards import MOST_CHOICES, for_you_once, plain
from bot.texts.language import _, ngettext
from bot.texts.names import trader_name
from bot.texts.numbers import money, percent, quantity
from bot.texts.times import moment, spoken

LINES = 10
"""Of a log, on one page."""

PAIRS = 60

_LOG_LINE = 160


def not_here() -> Card:
    return plain(
        _("Bots cannot be asked that here"),
        _("Whoever runs me has not set how the platform passes commands on to bots."),
    )


def none_runs() -> Card:
    return plain(
        _("No bot is running"),
        _("Only a running bot can be asked that: {resume}.", resume=command("resume")),
    )


def does_not_run(bot: Trader) -> Card:
    return plain(_("{bot} is not running", bot=trader_name(bot)), _("Nothing to do."))


def which_bot(bots: Sequence[Trader], actions: Sequence[ActionId]) -> Card:
    options = [
        Option(label=trader_name(one), action=action, hint=state_line(one))
        for one, action in zip(bots, actions, strict=True)
    ]
    return Card(
        title=_("Which bot?"), pick=PickList(prompt=_("Choose a bot"), options=tuple(options))
    )


def more() -> str:
    """Leads to the next page."""
    return _("More")


# --- what they say --------------------------------------------------------------------------------


def balance(bot: Trader, found: Balance) -> Card:
    rows = [
        Field(clean(one.currency, 12), _amount(one.amount, one.free))
        for one in found.holdings[:MOST_CHOICES]
    ]
    rest = len(found.holdings) - MOST_CHOICES
    worth = found.worth
    return Card(
        title=_("Balance of {bot}", bot=trader_name(bot)),
        lines=()
        if worth is None
        else (_("In all about {money}.", money=money(worth, clean(found.currency or "", 12))),),
        fields=tuple(rows),
        notes=(_("and {count} more", count=rest),) if rest > 0 else (),
    )


def _amount(amount: Decimal | None, free: Decimal | None) -> str:
    if amount is None:
        return "?"
    if free is None or free == amount:
        return quantity(amount)
    return _("{amount}, {free} of it free", amount=quantity(amount), free=quantity(free))


def pairs(
    bot: Trader, found: Sequence[str], page: int, black: bool, more: tuple[Button, ...]
) -> Card:
    who = trader_name(bot)
    shown = found[(page - 1) * PAIRS : page * PAIRS]
    title = (
        ngettext(
            "{bot} never trades {count} pair",
            "{bot} never trades {count} pairs",
            len(found),
            bot=who,
        )
        if black
        else ngettext(
            "{bot} trades {count} pair", "{bot} trades {count} pairs", len(found), bot=who
        )
    )
    return Card(
        title=title,
        lines=(", ".join(shown),) if shown else (),
        buttons=(more,) if more else (),
    )


def locks(bot: Trader, found: Sequence[Lock]) -> Card:
    if not found:
        return plain(
            _("No locks at {bot}", bot=trader_name(bot)), _("It may enter any of its pairs.")
        )
    rows = []
    for one in found[:MOST_CHOICES]:
        until = _("until {time}", time=moment(one.until)) if one.until else ""
        pair = _("all pairs") if one.pair == "*" else clean(one.pair, 30)
        rows.append(Field(pair, " · ".join(filter(None, (until, clean(one.reason or "", 80))))))
    return Card(
        title=ngettext(
            "{count} lock at {bot}", "{count} locks at {bot}", len(found), bot=trader_name(bot)
        ),
        fields=tuple(rows),
    )


def logs(bot: Trader, lines: Sequence[LogLine], page: int, more: tuple[Button, ...]) -> Card:
    """
    Args:
        lines: the youngest first.
    """
    title = _("Log of {bot}", bot=trader_name(bot))
    shown = lines[(page - 1) * LINES : page * LINES]
    if not shown:
        return plain(title, _("Nothing more in it."))
    rows = [
        Field(
            " · ".join(filter(None, (moment(one.at) if one.at else "", one.level))) or "·",
            clean(one.words, _LOG_LINE),
        )
        for one in shown
    ]
    return Card(title=title, fields=tuple(rows), buttons=(more,) if more else ())


def health(bot: Trader, found: Health, now: datetime) -> Card:
    last, began = found.last_at, found.started_at
    rows = []
    if last:
        rows.append(Field(_("Last looked"), _("{span} ago", span=spoken(now - last))))
    if began:
        rows.append(Field(_("Started"), moment(began)))
    if not rows:
        rows.append(Field(_("Last looked"), _("not yet")))
    return Card(title=_("Health of {bot}", bot=trader_name(bot)), fields=tuple(rows))


# --- what they are told ---------------------------------------------------------------------------


def reload_it() -> str:
    """On the button."""
    return _("Reload it")


def confirm(verb: Verb, bot: Trader, buttons: tuple[tuple[Button, ...], ...]) -> Card:
    who = trader_name(bot)
    if verb is Verb.RELOAD:
        title = _("Reload {bot}?", bot=who)
        effect = _("It reads its configuration again, and opens new trades then.")
    else:
        title = _("No new trades of {bot}?", bot=who)
        effect = _("It opens no new trades, and goes on managing those it has.")
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=(effect,),
        fields=(Field(who, state_line(bot)),),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def how_to_exit() -> Card:
    return plain(
        _("Which trade, and how much of it?"),
        _("As in {example}.", example=f"{command('forceexit')} Grid BTC 5 50%"),
        _("How much is 25, 50 or 100 %. Without it you get buttons."),
    )


def which_trade(
    bot: Trader, wanted: str, trades: Sequence[OpenTrade], actions: Sequence[ActionId]
) -> Card:
    who = trader_name(bot)
    if not trades:
        return plain(_("{bot} has no open trade", bot=who), _("Nothing to do."))
    options = [
        Option(label=_trade(one), action=action, hint=_profit(one))
        for one, action in zip(trades, actions, strict=True)
    ]
    title = (
        _("{bot} has no open trade {number}", bot=who, number=clean(wanted, 40)) if wanted else ""
    )
    return Card(
        title=title or _("Which trade of {bot}?", bot=who),
        pick=PickList(prompt=_("Choose a trade"), options=tuple(options)),
    )


def how_much(
    bot: Trader, trade: OpenTrade, shares: Sequence[int], actions: Sequence[ActionId]
) -> Card:
    options = [
        Option(label=f"{share} %", action=action)
        for share, action in zip(shares, actions, strict=True)
    ]
    return Card(
        title=_("How much of {trade}?", trade=_trade(trade)),
        lines=(f"{trader_name(bot)} · {_profit(trade)}",),
        pick=PickList(prompt=_("How much"), options=tuple(options)),
    )


def _trade(one: OpenTrade) -> str:
    amount = f" · {quantity(one.amount)}" if one.amount is not None else ""
    return f"#{clean(one.id, 12)} {clean(one.pair, 24)}{amount}"


def _profit(one: OpenTrade) -> str:
    if one.exiting:
        return _("an order is placed already")
    if one.profit_ratio is None:
        return _("result not known")
    return _("now at {result}", result=percent(one.profit_ratio))


def close_it(share: int) -> str:
    """On the button."""
    return _("Close it") if share == 100 else _("Close {share} %", share=share)


def closing(bot: Trader, trade: OpenTrade, share: int) -> str:
    """What is to be confirmed, where a login comes first."""
    return _(
        "{bot}: close {share} % of {trade}", bot=trader_name(bot), share=share, trade=_trade(trade)
    )


def confirm_exit(
    bot: Trader,
    trade: OpenTrade,
    share: int,
    sold: Decimal | None,
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """
    Args:
        sold: how much of it, `None` for the whole.
    """
    whole = _("The bot places an order now that closes the whole trade. That cannot be undone.")
    effect = (
        whole
        if sold is None
        else _(
            "The bot places an order now over {amount}, {share} % of the trade. That cannot be"
            " undone.",
            amount=quantity(sold),
            share=share,
        )
    )
    return Card(
        title=_("Close {trade}?", trade=_trade(trade)),
        severity=Severity.WARNING,
        lines=(effect,),
        fields=(Field(trader_name(bot), state_line(bot)), Field(_("Result"), _profit(trade))),
        buttons=buttons,
        notes=(for_you_once(),),
    )
