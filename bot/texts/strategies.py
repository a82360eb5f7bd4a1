"""Strategies, and the bots that trade by them."""

from collections.abc import Sequence

from bot.domain.cards import Card, Field, Option
from bot.domain.events import Strategy, Trader
from bot.domain.ids import ActionId
from bot.domain.marks import command
from bot.domain.text import clean
from bot.texts import bots
from bot.texts.cards import guess, meant, others, plain
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
    wanted: str,
    near: Sequence[Strategy],
    actions: Sequence[ActionId],
    everyone: Sequence[Strategy],
) -> Card:
    """
    Args:
        actions: one for each of those near.
    """
    title = _("No strategy is called {wanted}", wanted=clean(wanted, 40))
    if near:
        options = [
            Option(label=strategy_name(one), action=action, hint=_strategy_line(one))
            for one, action in zip(near, actions, strict=True)
        ]
        return Card(title=title, lines=(guess(options),), pick=meant(options))
    return plain(
        title, others(_("Your strategies"), map(strategy_name, everyone), command("strategies"))
    )
