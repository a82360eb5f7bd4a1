"""Who may not ask, and why."""

from bot.domain.cards import Card
from bot.domain.commands import Spec
from bot.domain.marks import command
from bot.texts.cards import plain
from bot.texts.language import _


def only_the_owner_shows() -> str:
    return _("Only who linked this chat can show it to everybody.")


def not_linked(answers_privately: bool = True) -> Card:
    if not answers_privately:
        return plain(
            _("I show no account here"),
            _(
                "This chat is not linked. An administrator can link a group with /link; for your"
                " own alerts, open a private chat with me and send /link there."
            ),
        )
    return plain(_("This chat is not linked yet"), _("Send /link to connect your trading account."))


def only_in_private(spec: Spec) -> Card:
    return plain(
        _("{command} works in a private chat only", command=command(spec.name)),
        _("Others read along here. Open a private chat with me and send it there."),
    )


def only_the_owner(number: str = "") -> Card:
    """
    Args:
        number: of who asked, where a role could be theirs.
    """
    return plain(
        _("Only the person who linked this chat can do that"),
        _("For your own bots, write to me directly and send /link there."),
        _("They can let just you look here: /members viewer {number}", number=number)
        if number
        else "",
    )


def role_too_low(spec: Spec) -> Card:
    return plain(
        _("You may look but not use {command} here", command=command(spec.name)),
        _("Who linked this chat can allow it, with /members."),
    )


def followers_read() -> Card:
    return plain(
        _("Followers read here"),
        _("Ask me in our private chat. What they see: /members."),
    )


def others_may_not_look() -> Card:
    return plain(
        _("Others would read that here"),
        _("Ask me in a private chat, or let others here look: /members viewer."),
    )


def masked() -> Card:
    return plain(
        _("Telegram does not tell me who you are here"),
        _(
            "You write as the group: in its administrators' rights, turn off “Remain anonymous” for"
            " a moment. Or write to me in a private chat."
        ),
    )


def owner_absent() -> Card:
    return plain(
        _("This chat rests"),
        _("I cannot see the person who linked it here, so I show nothing of their account."),
    )


def too_fast() -> Card:
    return plain(_("One moment, please"), _("That was a lot at once. Try again in a few seconds."))
