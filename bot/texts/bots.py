"""Bots: listed, chosen, stopped and started."""

from collections.abc import Sequence

from bot.domain.actions import Verb
from bot.domain.cards import Button, Card, Field, Option, PickList, Severity
from bot.domain.changes import condition
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId
from bot.domain.telling import strategy_name, trader_name
from bot.domain.text import clean, counted
from bot.texts.cards import FOR_YOU_ONCE, MOST_CHOICES, guess, meant, others, plain


def state_line(trader: Trader) -> str:
    how = condition(trader)
    parts = ["ERROR" if how.failed else clean(how.word, 30)]
    if trader.dry_run is not None:
        parts.append("paper" if trader.dry_run else "real money")
    if trader.open_trades is not None:
        parts.append(counted(trader.open_trades, "open trade"))
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
        title=counted(len(traders), "bot"),
        fields=tuple(rows),
        notes=("/pause and /resume take a bot's name, or all.",),
    )


def no_bots() -> Card:
    return plain("No bots yet", "Create one on the platform, and it appears here by itself.")


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
        options.append(Option(label=f"All {len(traders)}", action=all_of_them))
    more = len(traders) > MOST_CHOICES
    listed = f"These are the first {MOST_CHOICES} of {len(traders)}. " if more else ""
    return Card(
        title=f"{'Resume' if running else 'Stop'} which bot?",
        fields=_the_rest(traders),
        pick=PickList(prompt="Choose a bot", options=tuple(options)),
        notes=(f"{listed}Or name one: /{'resume' if running else 'pause'} NAME",),
    )


def no_such_bot(
    wanted: str, near: Sequence[Trader], actions: Sequence[ActionId], everyone: Sequence[Trader]
) -> Card:
    """
    Args:
        actions: one for each of those near.
    """
    title = f"No bot is called {clean(wanted, 40)}"
    if near:
        options = [
            Option(label=trader_name(one), action=action, hint=state_line(one))
            for one, action in zip(near, actions, strict=True)
        ]
        return Card(title=title, lines=(guess(options),), pick=meant(options))
    return plain(title, others("Your bots", map(trader_name, everyone), "/traders"))


def nothing_to_do(traders: Sequence[Trader], running: bool) -> Card:
    state = "running" if running else "stopped"
    if len(traders) == 1:
        return plain(f"{trader_name(traders[0])} is {state} already", "Nothing to do.")
    return plain(f"All of them are {state} already", "Nothing to do.")


def deed(verb: Verb, traders: Sequence[Trader]) -> str:
    """What stands on the button that does it."""
    who = _all_of(traders)
    match verb:
        case Verb.RESUME:
            return f"Resume {who}"
        case Verb.NO_ENTRIES:
            return f"No new trades: {who}"
        case _:
            return f"Stop {who}"


def _all_of(traders: Sequence[Trader]) -> str:
    return trader_name(traders[0]) if len(traders) == 1 else counted(len(traders), "bot")


def confirm(
    traders: Sequence[Trader],
    running: bool,
    can_end_entries: bool,
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """What exactly pressing each button does, before it is pressed."""
    one = len(traders) == 1
    who = _all_of(traders)
    it, its = ("it", "its") if one else ("them", "their")
    they = "it" if one else "they"
    if running:
        effects = [f"I ask the platform to start {it}. From then on {they} may open trades alone."]
    else:
        effects = [
            f"I ask the platform to stop {it}: no new trades, and {its} open trades are not "
            f"managed until you resume {it}. They stay open, and no stop loss of {its} own works."
        ]
    if can_end_entries:
        effects = [
            f"No new trades: {they} go on managing the open ones until those are closed.".replace(
                "it go", "it goes"
            ),
            f"Stop: {its} open trades are not managed. They stay open, and no stop loss of {its} "
            f"own works until you resume {it}.",
        ]
    if running:
        title = f"Resume {who}?"
    elif can_end_entries:
        title = f"Stop {who}, or only new trades?"
    else:
        title = f"Stop {who}?"
    return Card(
        title=title,
        severity=Severity.WARNING,
        lines=tuple(effects),
        fields=_all_rows(traders),
        buttons=buttons,
        notes=(FOR_YOU_ONCE,),
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
    return (Field(f"and {len(rest)} more", clean(names, 1500)),)
