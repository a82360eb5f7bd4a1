"""Strategies, and the bots that trade by them."""

from collections.abc import Sequence

from bot.domain.cards import Button, Card, Field, Option, PickList, Severity
from bot.domain.commands import Spec
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.text import clean
from bot.texts import bots
from bot.texts.cards import MOST_CHOICES, for_you_once, others, plain, unfit
from bot.texts.getting_started import as_in
from bot.texts.language import _, ngettext
from bot.texts.names import strategy_name, trader_name


def listed(strategies: Sequence[Strategy]) -> Card:
    if not strategies:
        return plain(_("No strategies yet"), _("Create one on the platform, and it appears here."))
    rows = [Field(strategy_name(one), _strategy_line(one)) for one in strategies]
    return Card(
        title=ngettext("{count} strategy", "{count} strategies", len(strategies)),
        fields=tuple(rows),
    )


def _strategy_line(strategy: Strategy) -> str:
    facts = [strategy.type, strategy.pair, strategy.interval]
    parts = [clean(fact, 30) for fact in facts if fact]
    if strategy.configured is False:
        parts.append(_("not configured yet"))
    return " · ".join(parts) or _("ready")


def one(shown: Strategy, traders: Sequence[Trader]) -> Card:
    """One strategy, and those of the bots that trade by it."""
    using = [trader for trader in traders if trader.strategy == shown.id]
    return Card(
        title=strategy_name(shown),
        lines=(_strategy_line(shown),) if using else (_strategy_line(shown), _("No bot uses it.")),
        fields=tuple(Field(trader_name(one), bots.state_line(one)) for one in using),
    )


def no_such_strategy(
    wanted: str, spec: Spec, near: Sequence[Option], everyone: Sequence[Strategy]
) -> Card:
    """
    Args:
        spec: the command that was asked about it.
        near: those that are called alike.
    """
    title = _("No strategy is called {wanted}", wanted=clean(wanted, 40))
    them = others(_("Your strategies"), map(strategy_name, everyone), command("strategies"))
    return unfit(title, near, "" if near else them, as_in(spec))


# --- one more, one less ---------------------------------------------------------------------------


def how_to_create(types: Sequence[str]) -> Card:
    """
    Args:
        types: of the strategies that there are.
    """
    shown = ", ".join(clean(one, 30) for one in types[:MOST_CHOICES])
    return plain(
        _("Say its name, its type and its pair"),
        _("As in {example}.", example=f"{command('newstrategy')} Dip Buyer momentum BTC/USDT"),
        _("Types that you have: {types}.", types=shown) if types else "",
    )


def no_pair(given: str, near: Sequence[str], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        near: pairs that look like it, an action for each.
    """
    title = _("{given} is no pair", given=clean(given, 30))
    options = [
        Option(label=clean(pair, 40), action=action)
        for pair, action in zip(near, actions, strict=True)
    ]
    example = _("It is written like BTC/USDT, behind the name and the type.")
    return unfit(title, options, example)


def taken(name: str) -> Card:
    return plain(
        _("There is a strategy called {name} already", name=name),
        _("Choose another name, so that they can be told apart."),
    )


def create_it() -> str:
    """On the button."""
    return _("Create it")


def confirm_new(
    name: str,
    type: str,
    pair: str,
    types: Sequence[str],
    near: Sequence[str],
    buttons: tuple[tuple[Button, ...], ...],
) -> Card:
    """
    Args:
        types: those of the other strategies, if none of them is of this one.
        near: the pairs that look like this one, if it is none that is known.
    """
    lines = [_("I ask the platform to create it. No bot uses it until you give it to one there.")]
    if types:
        shown = ", ".join(clean(one, 30) for one in types[:MOST_CHOICES])
        lines.append(_("None of yours is of that type so far: they are {types}.", types=shown))
    if near:
        lines.append(
            _("I do not know that pair. Those that look like it: {pairs}.", pairs=", ".join(near))
        )
    return Card(
        title=_("Create {name}?", name=name),
        lines=tuple(lines),
        fields=(Field(_("Type"), clean(type, 60)), Field(_("Pair"), clean(pair, 60))),
        buttons=buttons,
        notes=(for_you_once(),),
    )


def choose_to_remove(strategies: Sequence[Strategy], actions: Sequence[ActionId]) -> Card:
    """
    Args:
        actions: one for each of the first ones.
    """
    if not strategies:
        return listed(strategies)
    options = [
        Option(label=strategy_name(one), action=action, hint=_strategy_line(one))
        for one, action in zip(strategies, actions, strict=False)
    ]
    return Card(
        title=_("Delete which strategy?"),
        pick=PickList(prompt=_("Choose a strategy"), options=tuple(options)),
        notes=(_("Or name one: {command} NAME", command=command("removestrategy")),),
    )


def gone() -> Card:
    return plain(
        _("That strategy is not there any more"),
        _("{strategies} lists those that are.", strategies=command("strategies")),
    )


def remove_it() -> str:
    """On the button."""
    return _("Delete it")


def confirm_removal(
    strategy: Strategy, traders: Sequence[Trader], buttons: tuple[tuple[Button, ...], ...]
) -> Card:
    using = [trader for trader in traders if trader.strategy == strategy.id]
    lines = [_("I ask the platform to delete it. That cannot be undone.")]
    if using:
        lines.append(
            ngettext(
                "This bot uses it, and cannot trade by it then:",
                "These bots use it, and cannot trade by it then:",
                len(using),
            )
        )
    return Card(
        title=_("Delete {name}?", name=strategy_name(strategy)),
        severity=Severity.WARNING,
        lines=tuple(lines),
        fields=tuple(Field(trader_name(one), bots.state_line(one)) for one in using),
        buttons=buttons,
        notes=(for_you_once(),),
    )
