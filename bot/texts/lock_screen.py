"""Buttons on lock screens, and the pages behind their addresses."""

from bot.domain.actions import Denied, Verb
from bot.domain.incidents import HOLD_FOR
from bot.domain.phones import LockScreenPress
from bot.texts import escalation, outcomes
from bot.texts.language import _, later
from bot.texts.pages import Told

PAGE = {
    "title": later("An alert on your phone"),
    "what": later("Press it, and every chat that was told of the alert shows that."),
    "once": later("It works once."),
    "asks": later("Your inbox asks first which bot, and whether you are sure."),
    "stop": later("Stop a bot"),
    "more": later("This address alone changes no bot."),
    "in_inbox": later("Your inbox shows the alert, with what can be done:"),
    "inbox": later("Open the inbox"),
    "in_chat": later(
        "To stop one, send /pause in your chat, or /inbox there to sign this browser in and do it"
        " from here."
    ),
}


def label(verb: Verb) -> str:
    """On the button."""
    return escalation.have_it(HOLD_FOR) if verb is Verb.HOLD else escalation.seen()


def open_label() -> str:
    """On a button that opens the page."""
    return _("Open")


def pressed(press: LockScreenPress) -> Told:
    if not press.is_new:
        return _known()
    title = _("You have it") if press.until is not None else _("Seen")
    return Told(title, (outcomes.seen(press.until, in_a_drill=press.in_a_drill),))


def _known() -> Told:
    return Told(_("That is known already"), (_("Nothing was changed."),))


def refused(denied: Denied) -> Told:
    match denied:
        case Denied.USED:
            return _known()
        case Denied.UNKNOWN:
            return Told(
                _("This address does not work"),
                (_("Perhaps a part of it was lost on the way."), _say_it_in_the_chat()),
            )
        case Denied.ANSWERED:
            return Told(_("Nothing left to do"), (_("That bot was stopped or deleted meanwhile."),))
        case Denied.UNLINKED:
            return Told(
                _("This phone is not linked any more"), (_("/phone in your chat adds it anew."),)
            )
        case _:
            return Told(_("Too late"), (_("Such a button works for a day."), _say_it_in_the_chat()))


def _say_it_in_the_chat() -> str:
    return _("Press Seen under the alert in your chat instead.")
