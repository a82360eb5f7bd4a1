"""The pages in the browser: linking a chat, and what is said of requests that lead nowhere.

Sentences with a `{name}` in them are filled in by the templates, which know what is set in what
type. Commands in them are marked as in all sentences of ours.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from bot.domain.lifetimes import CODE_LIFE
from bot.domain.linking import LinkProblem
from bot.domain.text import LINE_LIMIT
from bot.texts.errors import told
from bot.texts.language import _, later, ngettext
from bot.texts.times import spoken


class Told(NamedTuple):
    title: str
    lines: tuple[str, ...]


HOME = {
    "title": later("Trading alerts in your chat"),
    "running": later("Tradebell is running"),
    "nothing_here": later(
        "There is nothing to do on this page: Tradebell lives in your chat. Open it there and send"
        " /start."
    ),
}

SIGN_IN = {
    "title": later("Link your chat"),
    "title_of_error": later("Error: Link your chat"),
    "heading": later("Link your chat to {platform}"),
    "platform": later("Platform"),
    "chat": later("Chat"),
    "seen_by": later("Seen by"),
    "good_for": later("Good for"),
    "until": later("until {time}"),
    "only_if_asked": later("Go on only if you have just asked for this address yourself."),
    "else_close": later("If somebody else gave you this address, close the page."),
    "agreement": later(
        "I agree that my alerts (bots, trades, amounts, errors) are seen by {readers}."
    ),
    "by_password": later("Sign in with your password"),
    "email": later("E-mail"),
    "password": later("Password"),
    "sign_in": later("Sign in"),
    "use_key": later("Use an API key instead"),
    "by_key": later("Sign in with an API key"),
    "key": later("API key"),
    "key_help": later(
        "Make one in the settings of {platform}, with the narrowest rights that suit you. An access"
        " token works here too."
    ),
    "sign_in_by_key": later("Sign in with the key"),
    "other_device": later("Go on with another device"),
    "scan": later(
        "Point its camera at this code: it opens this very page there. It is for you only, as the"
        " address is."
    ),
    "qr_code": later("QR code with the address of this page"),
    "not_stored": later("Your password goes to {platform} once and is never stored."),
    "not_yet_linked": later("Nothing is linked until you type six digits back in the chat."),
    "disconnect": later("You can disconnect at any time with /unlink (on Discord /bell unlink)."),
}

DIGITS = {
    "title": later("Type these digits in your chat"),
    "heading": later("Almost there: type these digits in your chat"),
    "good_for": later(
        "Good for {left}, until {time}. Keep this page open until you have typed them."
    ),
    "go_back": later("Go back to your chat: {chat}."),
    "press_or_send": later(
        "Press {button} there, or send /link (on Discord /bell link) with the digits."
    ),
    "type_there": later("Type the six digits there and send them."),
    "then_close": later("Tradebell answers that you are linked. Then you can close this page."),
    "tell_nobody": later("Never read these digits to anybody."),
    "only_in_chat": later(
        "They belong in the chat where you asked for the address, and nowhere else."
    ),
    "signed_in": later("Signed in to {platform} as {label}"),
    "lasts": later(
        "This login lasts {lasts}. Where {platform} does not let Tradebell renew it, your chat"
        " tells you a day before it ends."
    ),
}


def said(sentences: Mapping[str, str]) -> Mapping[str, str]:
    """The sentences of a page in the language of who reads it, still to be filled in."""
    return {name: _(sentence) for name, sentence in sentences.items()}


def left(span: timedelta) -> str:
    """What is left in whole minutes, rounded up: '2 min' rather than '1 min' at 1:58."""
    minute = timedelta(minutes=1)
    return spoken(-(-span // minute) * minute if span > minute else span)


# --- the form is shown again -------------------------------------------------------------------


def stale() -> Told:
    return Told(
        _("Please send the form once more"),
        (_("This page had been open twice or for too long. It is fresh again now."),),
    )


def not_agreed() -> Told:
    return Told(
        _("Others will read along: do you agree?"),
        (_("Tick the box if you do. If not, close this page: nothing is linked."),),
    )


def missing(fields: Sequence[str]) -> Told:
    """
    Args:
        fields: of the form, that were left empty.
    """
    match fields:
        case ["api_key"]:
            line = _("Please enter your API key.")
        case ["password"]:
            line = _("Please enter your password.")
        case ["email"]:
            line = _("Please enter your e-mail address.")
        case _:
            line = _("Please enter your e-mail address and your password.")
    return Told(_("Something is missing"), (line,))


def too_soon(wait: timedelta, life: timedelta) -> Told:
    """Whoever guesses is slowed down, and with them whoever else is there.

    Args:
        life: what is left of that of the address.
    """
    second = timedelta(seconds=1)
    span = left(-(-wait // second) * second)
    lines = (
        (_("Wait {span}, then sign in here again.", span=span),)
        if wait < life
        else (_("Wait {span}; this address has ended by then.", span=span), ask_again())
    )
    return Told(
        _("Too many wrong sign-ins lately"),
        (_("This one was not tried."), *lines),
    )


def refused(reason: str, tries_left: int) -> Told:
    """The login did not work, and may be tried again.

    Args:
        reason: of foreign origin.
    """
    shown = told(reason, LINE_LIMIT).rstrip(".")
    tries = ngettext("{count} try left.", "{count} tries left.", tries_left)
    return Told(_("You are not signed in yet"), (f"{shown[:1].upper()}{shown[1:]}.", tries))


# --- pages without a form ----------------------------------------------------------------------


def ask_for_settings() -> str:
    return _("Send /settings in your chat (on Discord /bell settings) to get a new address.")


def ask_for_inbox() -> str:
    return _("Send /inbox in your chat (on Discord /alerts inbox) to get a new address.")


def ask_again() -> str:
    return _("Send /link in your chat (on Discord /bell link) to get a new address.")


def foreign_form() -> Told:
    return Told(
        _("This form was not sent from our page"),
        (
            _(
                "Nothing was signed in. Open the address from your chat again, and use the form"
                " there."
            ),
        ),
    )


def leads_nowhere(problem: LinkProblem) -> Told:
    """Of an address, or of what was typed there."""
    unchanged = _("Nothing was linked or changed.")
    match problem:
        case LinkProblem.UNKNOWN:
            return Told(
                _("This address does not work"),
                (_("Perhaps a part of it was lost on the way."), ask_again()),
            )
        case LinkProblem.EXPIRED:
            return Told(
                _("This address has expired"),
                (
                    _(
                        "For your safety it is good for {span} at most; /cancel and newer"
                        " addresses end it sooner.",
                        span=spoken(CODE_LIFE),
                    ),
                    ask_again(),
                ),
            )
        case LinkProblem.USED:
            return Told(
                _("This address has been used"),
                (
                    _(
                        "If it was you who signed in, type the six digits in your chat while they"
                        " are good."
                    ),
                    _("If it was not you: nothing is linked without those digits."),
                    ask_again(),
                ),
            )
        case LinkProblem.TOO_MANY_TRIES:
            closed = _("This address is closed. Nothing was linked or changed.")
            return Told(_("Too many tries"), (closed, ask_again()))
        case LinkProblem.WRONG_DIGITS:
            return Told(_("The six digits did not match"), (_("Nothing was linked."), ask_again()))
        case LinkProblem.TAKEN:
            line = _("Nothing was linked or changed. Only they can unlink it.")
            return Told(_("Somebody else has linked this chat"), (line,))
        case LinkProblem.NOT_CERTAIN:
            return Told(
                _("That login may be somebody else's"),
                (unchanged, ask_again(), _("Use your e-mail and password.")),
            )
        case LinkProblem.PROVEN | LinkProblem.NOT_PROVEN:
            return _proof_leads_nowhere(problem)
        case LinkProblem.NO_CONSENT:
            return Told(
                _("You have not agreed to be read by others"),
                (unchanged, ask_again()),
            )


def _proof_leads_nowhere(problem: LinkProblem) -> Told:
    """Of an address that was for a login only."""
    if problem is LinkProblem.PROVEN:
        return Told(
            _("This address has been used"),
            (
                _("If it was you who logged in, go back to your chat and press Go on there."),
                _("If it was not you, change your password."),
            ),
        )
    return Told(
        _("This address has ended"),
        (
            _("It is good for {span} at most. Nothing was done.", span=spoken(CODE_LIFE)),
            _("Ask in your chat once more for what you wanted: you get a new address."),
        ),
    )


def nothing_there() -> Told:
    return Told(
        _("There is nothing at this address"),
        (_("Check that you have opened the whole address."),),
    )


def too_much_text() -> Told:
    return Told(
        _("That was too much text"),
        (_("Go back, and enter only what the form asks for."),),
    )


def not_like_that() -> Told:
    return Told(
        _("This address cannot be used like that"),
        (_("Open it as a page in your browser."),),
    )


def our_fault() -> Told:
    return Told(
        _("Something went wrong on our side"),
        (_("It has been noted. Please try again in a minute."),),
    )


def not_understood() -> Told:
    return Told(
        _("That request could not be understood"),
        (_("Go back, reload the page and try again."),),
    )
