"""The rule that *Less like this* offers: things like this one have no sound any more."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from bot.domain.rules import PERCENT, Matter, Measure, Mode, Rule, Threshold, Topic
from bot.domain.spoken_rules import CURRENCIES
from bot.policy.ruling import measured

LEAST_PERCENT = Decimal("0.1")
"""Nobody minds to hear of a tenth of a percent, and not of less."""

CONFIDENCE_STEP = 5
MOST_CONFIDENCE = 100

_ROUND = (Decimal(1), Decimal("1.5"), Decimal(2), Decimal(3), Decimal(5), Decimal(10))


def less_like(matter: Matter, rule: Rule) -> Rule:
    """What is of the kind and of the bot of this, and less than a round figure above it, is silent;
    all of it, where there is nothing to measure.

    It is tried before the rule that holds so far: it names what that one names, and kind and bot.

    Args:
        rule: by which it has a sound.
    """
    threshold = next(_above(matter, rule), None)
    return replace(
        rule,
        id="less like this",
        topic=matter.topic,
        bot=matter.bot,
        mode=rule.mode if threshold else Mode.SILENT,
        threshold=threshold,
        covers_critical=False,
    )


def _above(matter: Matter, rule: Rule) -> Iterator[Threshold]:
    """Thresholds that it does not reach, the best one first."""
    match matter.topic:
        case Topic.EXIT:
            yield from _above_result(matter, rule)
        case Topic.SIGNAL if matter.confidence is not None:
            steps = matter.confidence // CONFIDENCE_STEP + 1
            if 0 < (least := steps * CONFIDENCE_STEP) <= MOST_CONFIDENCE:
                yield Threshold(measure=Measure.CONFIDENCE, least=least)


def _above_result(matter: Matter, rule: Rule) -> Iterator[Threshold]:
    """Of losses only where gains have no sound anyway; in what the rule measures, if it does."""
    is_loss = (matter.ratio or matter.result or 0) < 0
    measure = Measure.LOSS if is_loss and rule.mode is Mode.AUTO else Measure.RESULT
    used = rule.threshold.unit if rule.threshold is not None else PERCENT
    for unit in dict.fromkeys((used, PERCENT, matter.currency)):
        if unit != PERCENT and unit not in CURRENCIES:
            continue
        least = LEAST_PERCENT if unit == PERCENT else Decimal(0)
        value = measured(matter, Threshold(measure=Measure.RESULT, least=least, unit=unit))
        if value is not None and (figure := max(least, _round_above(value))):
            yield Threshold(measure=measure, least=figure, unit=unit)


def _round_above(value: Decimal) -> Decimal:
    """The next of 1, 1.5, 2, 3, 5, 10, 15 ...; nothing above nothing."""
    if not value:
        return value
    tens = Decimal(1).scaleb(value.adjusted())
    return next(step * tens for step in _ROUND if step * tens > value)
