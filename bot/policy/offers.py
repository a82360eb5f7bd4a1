"""Which buttons stand under an alert: few, each with a use of its own. Pure but for ids.

- Where a standing order has stopped bots, *Resume*.
- Where only a new login helps, *Log in again*.
- What is critical about bots that run: *Stop*. To hear less of it is no help.
- What is critical: *Seen* too, for everybody who may look.
- What has a sound and is not critical: *Mute 1 h*, of its bot and kind, and *Less like this*, which
  shows the rule that it would write.
- That a bot is unusually quiet: *Not of this bot*.
- Of a price alert, *Set it again* or *Ring no more*.
- What else has no sound: none, so that a phone is not full of buttons.

Each but *Seen* asks a command, as if the person had typed it, and changes nothing by itself. Where
who linked the chat may not ask that, it is not offered.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.actions import Action, Target, Verb, life_of, offer_to_pause
from bot.domain.amendments import LESS, LOG_IN
from bot.domain.cards import Button, Card, Severity
from bot.domain.changes import condition
from bot.domain.chats import Link, Role
from bot.domain.events import Trader
from bot.domain.ids import ActionId, NewId, TraderId
from bot.domain.rules import Matter, Topic
from bot.domain.spoken_rules import KINDS, as_spoken, rule_written
from bot.policy.less_like import less_like
from bot.policy.ruling import ruling
from bot.texts.alerts import Alert
from bot.texts.guards import stop_several
from bot.texts.language import _
from bot.texts.names import trader_name
from bot.texts.standing_orders import resume


class Offered(NamedTuple):
    """A card with its buttons, and what these mean; when `about` is answered, they are closed."""

    card: Card
    actions: tuple[Action, ...] = ()
    about: TraderId | None = None


class _Offer(NamedTuple):
    label: str
    command: str
    about: tuple[Target, ...] = ()
    verb: Verb = Verb.ASK


def offered(
    alert: Alert, link: Link, matter: Matter | None, now: datetime, new_id: NewId
) -> Offered:
    """
    Args:
        alert: as loud as it arrives there.
    """
    about, offers = _offers(alert, link, matter)
    if not offers:
        return Offered(alert.card)
    together = new_id()
    actions = tuple(
        Action(
            id=ActionId(new_id()),
            card=together,
            account=link.account,
            link=link.id,
            endpoint=link.endpoint.id,
            person=None,
            verb=offer.verb,
            targets=offer.about,
            arguments=offer.command,
            repeatable=True,
            expires_at=now + life_of(offer.verb),
        )
        for offer in offers
    )
    buttons = tuple(
        Button(label=offer.label, action=action.id, until_seen=offer.verb is Verb.SEEN)
        for offer, action in zip(offers, actions, strict=True)
    )
    return Offered(replace(alert.card, buttons=(buttons,)), actions, about)


def _offers(alert: Alert, link: Link, matter: Matter | None) -> tuple[TraderId, Sequence[_Offer]]:
    """What answers them, and each."""
    bot, card = alert.about, alert.card
    critical = card.severity is Severity.CRITICAL
    seen = [_Offer(_("Seen"), "", verb=Verb.SEEN)] if critical else []
    if alert.log_in:
        return LOG_IN, [_Offer(_("Log in again"), "link"), *seen]
    if not link.role.covers(Role.OPERATOR):
        return LESS, seen
    if alert.stops:
        targets = tuple(Target(id=one.id, name=trader_name(one)) for one in alert.stops)
        return LESS, [_Offer(stop_several(len(targets)), "pause", targets), *seen]
    if alert.resumes:
        return LESS, [_Offer(resume(alert.resumes), "resume", alert.resumes), *seen]
    if critical:
        if bot is None or condition(bot).running is False:
            return LESS, seen
        stop = _Offer(_("Stop {who}", who=trader_name(bot)), offer_to_pause(bot.id))
        return bot.id, [stop, *seen]
    if alert.asks:
        return LESS, [_Offer(one.label, one.command) for one in alert.asks]
    if matter is not None and matter.topic is Topic.IDLE and bot is not None:
        of_it = (Target(id=bot.id, name=trader_name(bot)),)
        return LESS, [_Offer(_("Not of this bot"), f"rules {KINDS[Topic.IDLE]} off", of_it)]
    if card.silent or matter is None or matter.critical or (matter.bot and bot is None):
        return LESS, ()
    return LESS, _to_hear_less(matter, link, bot)


def _to_hear_less(matter: Matter, link: Link, bot: Trader | None) -> Sequence[_Offer]:
    about = () if bot is None else (Target(id=bot.id, name=trader_name(bot)),)
    rule = less_like(matter, ruling(matter, link.preferences.rules).rule)
    return (
        _Offer(_("Mute 1 h"), f"mute {KINDS[matter.topic]} 1h", about),
        _Offer(_("Less like this"), f"rules try {rule_written(as_spoken(rule))}", about),
    )
