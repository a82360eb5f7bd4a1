"""Bots: listed, chosen, stopped and started."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Field, Option, PickList, Severity
from bot.domain.changes import condition
from bot.domain.commands import Spec
from bot.domain.conversion import Rates
from bot.domain.events import Strategy, Trade, Trader
from bot.domain.figures import Record
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.text import clean
from bot.domain.told import Told
from bot.texts.alerts import trade_title
from bot.texts.cards import MOST_CHOICES, for_you_once, meant, others, plain, unfit
from bot.texts.currencies import rates_in_words
from bot.texts.figures import in_all
from bot.texts.getting_started import as_in
from bot.texts.language import _, ngettext
from bot.texts.names import strategy_name, trader_name
from bot.texts.times import lasted, spoken


def state_line(trader: Trader) -> str:
    how = condition(trader)
    parts = [_("ERROR") if how.failed else clean(how.word, 30)]
    if trader.dry_run is not None:
        parts.append(_("paper") if trader.dry_run else _("real money"))
    if trader.open_trades is not None:
        parts.append(ngettext("{count} open trade", "{count} open trades", trader.open_trades))
    return " · ".join(parts)


def listed(traders: Sequence[Trader], strategies: Sequence[Strategy]) -> Card:
    if not traders:
        return no_bots()
    names = {strategy.id: strategy_name(strategy) for strategy in strategies}
    rows = []
    for trader in traders:
        line = state_line(trader)
        if trader.strategy:
            line += f" · {names.get(trader.strategy, clean(trader.strategy, 30))}"
        rows.append(Field(trader_name(trader), line))
    return Card(
        title=_count(len(traders)),
        fields=tuple(rows),
        notes=(_("/pause and /resume take a bot's name, or all."),),
    )


def overview(
    shown: Trader,
    strategies: Sequence[Strategy],
    *,
    positions: Sequence[Trade],
    today: Record,
    rates: Rates,
    last: Trade | None,
    event: Told | None,
    now: datetime,
    buttons: Sequence[Button],
) -> Card:
    """One bot: its state, what it holds, how today goes.

    Args:
        today: what it has closed today; `rates` are of that.
        last: its latest trade.
        event: what was told of it last, besides trades.
    """
    used = next((strategy_name(one) for one in strategies if one.id == shown.strategy), "")
    fields = [Field(_("State"), state_line(shown))]
    if used:
        fields.append(Field(_("Strategy"), used))
    fields.append(Field(_("Today"), in_all(today.trades, rates)))
    fields += [
        Field(
            _("Open for {span}", span=lasted(now - (trade.opened_at or trade.origin.at))),
            trade_title(trade),
        )
        for trade in positions[:MOST_CHOICES]
    ]
    if last is not None:
        ago = _("{span} ago", span=spoken(now - last.origin.at))
        fields.append(Field(_("Last trade"), f"{trade_title(last)} · {ago}"))
    if event is not None:
        ago = _("{span} ago", span=spoken(now - event.occurred_at))
        fields.append(Field(_("Last event"), f"{clean(event.title, 160)} · {ago}"))
    failed = condition(shown).failed
    return Card(
        title=trader_name(shown),
        severity=Severity.CRITICAL if failed else Severity.INFO,
        fields=tuple(fields),
        buttons=(tuple(buttons),) if buttons else (),
        notes=tuple(rates_in_words(rates)),
    )


def gone() -> Card:
    return plain(_("That bot is not there any more"), _("/traders lists those that are."))


def ask_to(*, running: bool) -> str:
    return _("Resume") if running else _("Stop")


def its_trades() -> str:
    return _("Its trades")


def _count(bots: int) -> str:
    return ngettext("{count} bot", "{count} bots", bots)


def no_bots() -> Card:
    return plain(_("No bots yet"), _("Create one on the platform, and it appears here by itself."))


def choose(
    running: bool,
    traders: Sequence[Trader],
    actions: Sequence[ActionId],
    all_of_them: ActionId | None,
) -> Card:
    """
    Args:
        actions: one for each of the first `MOST_CHOICES` bots.
        all_of_them: the one that means every bot, where there are several.
    """
    options = [
        Option(label=trader_name(one), action=action, hint=state_line(one))
        for one, action in zip(traders[:MOST_CHOICES], actions, strict=True)
    ]
    if all_of_them is not None:
        options.append(Option(label=_("All {count}", count=len(traders)), action=all_of_them))
    more = len(traders) > MOST_CHOICES
    listed = _("These are the first {shown} of {count}.", shown=MOST_CHOICES, count=len(traders))
    name_one = _("Or name one: /resume NAME") if running else _("Or name one: /pause NAME")
    return Card(
        title=_("Resume which bot?") if running else _("Stop which bot?"),
        fields=_the_rest(traders),
        pick=PickList(prompt=_("Choose a bot"), options=tuple(options)),
        notes=(f"{listed} {name_one}" if more else name_one,),
    )


def no_such_bot(
    wanted: str, spec: Spec, near: Sequence[Option], everyone: Sequence[Trader]
) -> Card:
    """
    Args:
        spec: the command that was asked about it.
        near: what it looks like, bots or other words.
    """
    title = _("No bot is called {wanted}", wanted=clean(wanted, 40))
    them = others(_("Your bots"), map(trader_name, everyone), command("traders"))
    return unfit(title, near, "" if near else them, as_in(spec))


def which_one(wanted: str, fitting: Sequence[Trader], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        actions: one for each of those that fit.
    """
    options = [
        Option(label=trader_name(one), action=action, hint=state_line(one))
        for one, action in zip(fitting, actions, strict=True)
    ]
    return Card(title=_("Which {wanted}?", wanted=clean(wanted, 40)), pick=meant(options))


def nothing_to_do(traders: Sequence[Trader], running: bool) -> Card:
    if len(traders) == 1:
        bot = trader_name(traders[0])
        already = (
            _("{bot} is running already", bot=bot)
            if running
            else _("{bot} is stopped already", bot=bot)
        )
    elif running:
        already = _("All of them are running already")
    else:
        already = _("All of them are stopped already")
    return plain(already, _("Nothing to do."))


def deed(verb: Verb, traders: Sequence[Trader]) -> str:
    """What stands on the button that does it."""
    who = _all_of(traders)
    match verb:
        case Verb.RESUME:
            return _("Resume {who}", who=who)
        case Verb.NO_ENTRIES:
            return _("No new trades: {who}", who=who)
        case _:
            return _("Stop {who}", who=who)


def _all_of(traders: Sequence[Trader]) -> str:
    return trader_name(traders[0]) if len(traders) == 1 else _count(len(traders))


def confirm(
    traders: Sequence[Trader],
    running: bool,
    can_end_entries: bool,
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """What exactly pressing each button does, before it is pressed."""
    who, count = _all_of(traders), len(traders)
    if running:
        effects = [
            ngettext(
                "I ask the platform to start it. From then on it may open trades alone.",
                "I ask the platform to start them. From then on they may open trades alone.",
                count,
            )
        ]
    elif can_end_entries:
        effects = [
            ngettext(
                "No new trades: it goes on managing the open ones until those are closed.",
                "No new trades: they go on managing the open ones until those are closed.",
                count,
            ),
            ngettext(
                "Stop: its open trades are not managed. They stay open, and no stop loss of its own"
                " works until you resume it.",
                "Stop: their open trades are not managed. They stay open, and no stop loss of their"
                " own works until you resume them.",
                count,
            ),
        ]
    else:
        effects = [
            ngettext(
                "I ask the platform to stop it: no new trades, and its open trades are not managed"
                " until you resume it. They stay open, and no stop loss of its own works.",
                "I ask the platform to stop them: no new trades, and their open trades are not"
                " managed until you resume them. They stay open, and no stop loss of their own"
                " works.",
                count,
            )
        ]
    if running:
        title = _("Resume {who}?", who=who)
    elif can_end_entries:
        title = _("Stop {who}, or only new trades?", who=who)
    else:
        title = _("Stop {who}?", who=who)
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=tuple(effects),
        fields=_all_rows(traders),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def _all_rows(traders: Sequence[Trader]) -> tuple[Field, ...]:
    """A row for each bot; those that do not fit are at least named, since the button means them."""
    rows = [Field(trader_name(one), state_line(one)) for one in traders[:MOST_CHOICES]]
    return (*rows, *_the_rest(traders))


def _the_rest(traders: Sequence[Trader]) -> tuple[Field, ...]:
    rest = traders[MOST_CHOICES:]
    if not rest:
        return ()
    names = ", ".join(clean(trader_name(one), 30) for one in rest)
    return (Field(_("and {count} more", count=len(rest)), clean(names, 1500)),)
