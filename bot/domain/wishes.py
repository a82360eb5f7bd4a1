"""What a person's wishes are once one of them has changed. Pure."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.domain.chats import Preferences
from bot.domain.guards import Guard
from bot.domain.rules import Mute, Rule

MOST_RULES = 60
MOST_MUTES = 60
MOST_GUARDS = 20
"""More than anybody can keep in mind; what a chat wants is read with every alert."""


def with_rule(wants: Preferences, rule: Rule) -> Preferences:
    """It takes the place of one that is equal in scope."""
    others = (one for one in wants.rules if _scope(one) != _scope(rule))
    return replace(wants, rules=(*others, rule))


def rule_in_place_of(wants: Preferences, rule: Rule) -> Rule | None:
    """The one that another is equal to in scope."""
    return next((one for one in wants.rules if _scope(one) == _scope(rule)), None)


def _scope(rule: Rule) -> tuple[object, ...]:
    return rule.topic, rule.bot, rule.pair, rule.signal, rule.paper


def without_rule(wants: Preferences, id: str) -> Preferences:
    return replace(wants, rules=tuple(one for one in wants.rules if one.id != id))


def covering_critical(wants: Preferences, id: str) -> Preferences:
    """With that rule for what is critical too; it may be gone meanwhile."""
    rules = (
        replace(one, covers_critical=one.covers_critical or one.id == id) for one in wants.rules
    )
    return replace(wants, rules=tuple(rules))


def rule_called(wants: Preferences, id: str) -> Rule | None:
    return next((one for one in wants.rules if one.id == id), None)


def with_mute(wants: Preferences, mute: Mute) -> Preferences:
    """It takes the place of one that is equal in scope."""
    named = (mute.topic, mute.bot, mute.pair)
    others = (one for one in wants.mutes if (one.topic, one.bot, one.pair) != named)
    return replace(wants, mutes=(*others, mute))


def without_mutes(wants: Preferences, ids: Collection[str]) -> Preferences:
    return replace(wants, mutes=tuple(one for one in wants.mutes if one.id not in ids))


def with_guard(wants: Preferences, guard: Guard) -> Preferences:
    """It takes the place of one that watches the same, from another amount on."""
    others = (one for one in wants.guards if _watched(one) != _watched(guard))
    return replace(wants, guards=(*others, guard))


def guard_in_place_of(wants: Preferences, guard: Guard) -> Guard | None:
    return next((one for one in wants.guards if _watched(one) == _watched(guard)), None)


def _watched(guard: Guard) -> tuple[object, ...]:
    return guard.fall, guard.currency, frozenset(guard.bots), guard.paper


def without_guard(wants: Preferences, id: str) -> Preferences:
    return replace(wants, guards=tuple(one for one in wants.guards if one.id != id))


def without_ended(wants: Preferences, now: datetime) -> Preferences:
    """Mutes that have ended mean nothing any more."""
    return replace(wants, mutes=tuple(one for one in wants.mutes if now < one.until))
