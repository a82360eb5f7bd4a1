"""Which rule decides of each kind of event and each bot, as a table."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.events import Trader
from bot.domain.rules import Matter, Rule, Topic
from bot.domain.visits import Cell
from bot.policy.ruling import in_order, names, ruling

OF_BOTS = frozenset(Topic) - {
    Topic.SIGNAL,
    Topic.STRATEGY,
    Topic.MESSAGE,
    Topic.SYSTEM,
    Topic.PRICE,
}
"""Kinds whose events are a bot's."""


def rule_table(traders: Sequence[Trader], rules: Sequence[Rule]) -> tuple[tuple[Cell, ...], ...]:
    """A row for each kind; in it any bot with real money first, then each bot.

    What reaches the threshold of a rule is told as the cell says, and what is critical rings.
    """
    return tuple(
        tuple(_cell(topic, bot, rules) for bot in (None, *(traders if topic in OF_BOTS else ())))
        for topic in Topic
    )


def _cell(topic: Topic, bot: Trader | None, rules: Sequence[Rule]) -> Cell:
    if bot is None:
        matter = Matter(topic=topic, paper=False)
    else:
        matter = Matter(topic=topic, bot=bot.id, paper=bot.dry_run)
    rule, ordered = ruling(matter, rules).rule, in_order(rules)
    narrower = (
        one
        for one in ordered
        if (one.pair or one.signal)
        and names(one, replace(matter, pair=one.pair, signal=one.signal))
    )
    return Cell(
        topic=topic,
        bot=matter.bot,
        rule=rule,
        number=ordered.index(rule) + 1 if rule in ordered else None,
        narrower=sum(1 for _ in narrower),
    )
