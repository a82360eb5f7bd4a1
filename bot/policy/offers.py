"""Which buttons stand under an alert: few, each with a use of its own. Pure but for ids.

- Where a standing order has stopped bots, *Resume*.
- Where only a new login helps, *Log in again*.
- What is critical about bots that run: *Stop*. To hear less of it is no help.
- What is critical: *Seen* too, for everybody who may look; and *I have it*, if it is an incident.
- What has a sound and is not critical: *Mute 1 h*, of its bot and kind, and *Less like this*, which
  shows the rule that it would write.
- That a bot is unusually quiet: *Not of this bot*.
- Of a price alert, *Set it again* or *Ring no more*.
- What else has no sound: none, so that a phone is not full of buttons.

Each but these two asks a command, as if the person had typed it, and changes nothing by itself.
Where who linked the chat may not ask that, it is not offered.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from bot.domain.actions import Action, Target, Verb, life_of, offer_to_pause
from bot.domain.amendments import LESS, LOG_IN
from bot.domain.cards import Button, Card, Severity
from bot.domain.changes import condition
from bot.domain.chats import Channel, Link, Role
from bot.domain.events import Trader
from bot.domain.ids import ActionId, NewId, TraderId
from bot.domain.incidents import HOLD_FOR
from bot.domain.rules import Matter, Topic
from bot.domain.spoken_rules import KINDS, as_spoken, rule_written
from bot.policy.less_like import less_like
from bot.policy.ruling import ruling
from bot.texts.alerts import Alert
from bot.texts.escalation import have_it, seen
from bot.texts.guards import stop_several
from bot.texts.language import _
from bot.texts.names import trader_name
from bot.texts.standing_orders import resume

MOST_IN_A_ROW = 2


class Offered(NamedTuple):
    """A card with its buttons, and what these mean; when `about` is answered, they are closed."""

    card: Card
    actions: tuple[Action, ...] = ()
    about: TraderId | None = None


class Offer(NamedTuple):
    """`command` is what else `verb` takes, if it asks none."""

    label: str
    command: str
    about: tuple[Target, ...] = ()
    verb: Verb = Verb.ASK


def to_answer(link: Link, *, may_hold: bool) -> list[Offer]:
    """What says that it was seen, or that somebody has it. On a phone nothing can be asked back."""
    offers = [Offer(seen(), "", verb=Verb.SEEN)]
    if may_hold:
        on_phone = link.endpoint.address.channel is Channel.PUSH
        said = HOLD_FOR if on_phone else ""
        offers.append(Offer(have_it(said), said, verb=Verb.HOLD))
    return offers


def offered(
    alert: Alert,
    link: Link,
    matter: Matter | None,
    now: datetime,
    new_id: NewId,
    *,
    may_hold: bool = False,
) -> Offered:
    """
    Args:
        alert: as loud as it arrives there.
        may_hold: somebody may have in hand what it tells.
    """
    about, offers = _offers(alert, link, matter, may_hold=may_hold)
    if not offers:
        return Offered(alert.card)
    buttons, actions = made(offers, link, now, new_id)
    # Three beside each other leave no room for a bot's name on a phone: what is to be done stands
    # above what only answers.
    whole = (buttons[:1], buttons[1:]) if len(buttons) > MOST_IN_A_ROW else (buttons,)
    return Offered(replace(alert.card, buttons=whole), actions, about)


def made(
    offers: Sequence[Offer], link: Link, now: datetime, new_id: NewId, reference: str = ""
) -> tuple[tuple[Button, ...], tuple[Action, ...]]:
    """The buttons of a card, and what they mean.

    Args:
        reference: of the item, where it is known already.
    """
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
            arguments=f"{reference} {offer.command}".strip(),
            repeatable=True,
            expires_at=now + life_of(offer.verb),
        )
        for offer in offers
    )
    buttons = tuple(
        Button(label=offer.label, action=action.id, until_seen=offer.verb is not Verb.ASK)
        for offer, action in zip(offers, actions, strict=True)
    )
    return buttons, actions


def _offers(
    alert: Alert, link: Link, matter: Matter | None, *, may_hold: bool
) -> tuple[TraderId, Sequence[Offer]]:
    """What answers them, and each."""
    bot, card = alert.about, alert.card
    critical = card.severity is Severity.CRITICAL
    answers = to_answer(link, may_hold=may_hold) if critical else []
    if alert.log_in:
        return LOG_IN, [Offer(_("Log in again"), "link"), *answers]
    if not link.role.covers(Role.OPERATOR):
        return LESS, answers
    if alert.stops:
        targets = tuple(Target(id=one.id, name=trader_name(one)) for one in alert.stops)
        return LESS, [Offer(stop_several(len(targets)), "pause", targets), *answers]
    if alert.resumes:
        return LESS, [Offer(resume(alert.resumes), "resume", alert.resumes), *answers]
    if critical:
        if bot is None or condition(bot).running is False:
            return LESS, answers
        stop = Offer(_("Stop {who}", who=trader_name(bot)), offer_to_pause(bot.id))
        return bot.id, [stop, *answers]
    if alert.asks:
        return LESS, [Offer(one.label, one.command) for one in alert.asks]
    if matter is not None and matter.topic is Topic.IDLE and bot is not None:
        of_it = (Target(id=bot.id, name=trader_name(bot)),)
        return LESS, [Offer(_("Not of this bot"), f"rules {KINDS[Topic.IDLE]} off", of_it)]
    if card.silent or matter is None or matter.critical or (matter.bot and bot is None):
        return LESS, ()
    return LESS, _to_hear_less(matter, link, bot)


def _to_hear_less(matter: Matter, link: Link, bot: Trader | None) -> Sequence[Offer]:
    about = () if bot is None else (Target(id=bot.id, name=trader_name(bot)),)
    rule = less_like(matter, ruling(matter, link.preferences.rules).rule)
    return (
        Offer(_("Mute 1 h"), f"mute {KINDS[matter.topic]} 1h", about),
        Offer(_("Less like this"), f"rules try {rule_written(as_spoken(rule))}", about),
    )
