"""Who may not ask, and why."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.texts.cards import plain

ONLY_OWNER_SHOWS = "Only who linked this chat can show it to everybody."


def not_linked(discreet: bool = True) -> Card:
    if not discreet:
        return plain(
            "I show no account here",
            "Others read along, so this chat cannot be linked. Open a private chat with me and "
            "send /link there.",
        )
    return plain("This chat is not linked yet", "Send /link to connect your trading account.")


def only_in_private(spec: Spec) -> Card:
    return plain(
        f"/{spec.name} works in a private chat only",
        "Others read along here. Open a private chat with me and send it there.",
    )


def only_the_owner() -> Card:
    return plain(
        "Only the person who linked this chat can do that",
        "For your own bots, write to me directly and send /link there.",
    )


def role_too_low(spec: Spec) -> Card:
    return plain(
        f"You may look but not use /{spec.name} here",
        "Who linked this chat can allow it, with /members.",
    )


def deserted() -> Card:
    return plain(
        "This chat rests",
        "I cannot see the person who linked it here, so I show nothing of their account.",
    )


def too_fast() -> Card:
    return plain("One moment, please", "That was a lot at once. Try again in a few seconds.")
