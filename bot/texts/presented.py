"""What is said of an alert when it goes out: late, repeated, after a gap, answered."""

from datetime import datetime

from bot.domain.cards import LATE_AFTER, Card, answered, seen, with_note
from bot.domain.deliveries import Delivery, Restored
from bot.texts.answered import answer, seen_at
from bot.texts.language import _, ngettext
from bot.texts.times import spoken


def presented(delivery: Delivery, marked: bool, now: datetime, restored: Restored | None) -> Card:
    """The card as it goes out at this moment: late, repeated or with a gap before it, it says so,
    and it offers nothing that is answered already.

    Args:
        marked: whether a repeat of an attempt may show twice on this platform.
    """
    card = with_lateness(delivery.card, now)
    is_forgotten = restored is not None and restored.may_repeat(delivery, now)
    if (delivery.unclear and marked) or is_forgotten:
        card = with_note(card, _("possible repeat of {reference}", reference=delivery.reference))
    if delivery.doubtful:
        card = with_note(
            card,
            ngettext(
                "{count} message may be missing: /missed",
                "{count} messages may be missing: /missed",
                delivery.doubtful,
            ),
        )
    if delivery.seen:
        card = seen(card, seen_at(delivery.seen))
    if delivery.answer is not None:
        card = answered(card, answer(delivery.answer))
    return card


def with_lateness(card: Card, now: datetime) -> Card:
    """Say how late the card is, if it is late enough to mislead (G6)."""
    if card.at is None or now - card.at < LATE_AFTER:
        return card
    return with_note(card, _("delayed {span}", span=spoken(now - card.at)))
