"""A fresh login before what cannot be undone: asked for in the chat, made on a page."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.cards import Button, ButtonStyle, Card, Severity
from bot.domain.ids import ActionId
from bot.domain.lifetimes import CODE_LIFE, COOL_OFF, PROOF_LIFE
from bot.texts.cards import plain
from bot.texts.language import _, later
from bot.texts.linking import only_there
from bot.texts.pages import SIGN_IN, Told
from bot.texts.times import clock, spoken

PAGE: Mapping[str, str] = {
    **SIGN_IN,
    "title": later("Log in once more"),
    "title_of_error": later("Error: Log in once more"),
    "heading": later("Log in to {platform} once more"),
    "deed": later("To be confirmed"),
    "else_close": later(
        "If somebody else gave you this address, close the page: with your login they could do it."
    ),
    "not_yet_linked": later("Nothing is done until it is confirmed in the chat."),
    "disconnect": later(
        "The login counts for ten minutes, for the person who asked for this page in that chat."
    ),
}


def cools_off(deed: str, until: datetime) -> Card:
    return plain(
        _("This chat is too new for that"),
        deed,
        _(
            "What cannot be undone waits {span} after a chat was linked, in case it was not you"
            " who linked it.",
            span=spoken(COOL_OFF),
        ),
        _("From {time} on it works here.", time=clock(until)),
        severity=Severity.WARNING,
    )


def log_in_first(
    deed: str, url: str, go_on: ActionId, *, owns: bool, cut_off: bool = False
) -> Card:
    """
    Args:
        deed: what is to be confirmed.
        owns: the person has linked the chat, so has the account's login.
        cut_off: only a browser on the machine that runs us can open the address.
    """
    return Card(
        title=_("Log in first"),
        severity=Severity.WARNING,
        lines=(
            deed,
            _("That cannot be undone. So log in once more on this page: {url}", url=url),
            *([only_there()] if cut_off else []),
            _("Then press {button} here: I ask once more before I do it.", button=_go_on()),
            *_lines_for(owns),
        ),
        buttons=(
            (Button(label=_("Open the page"), url=url, style=ButtonStyle.PRIMARY),),
            (Button(label=_go_on(), action=go_on),),
        ),
        notes=(_good_for_you(),),
    )


def log_in_in_private(deed: str, url: str, go_on: ActionId, *, owns: bool) -> Card:
    """For everybody's eyes, in a group.

    Args:
        url: what opens the private chat of who asked.
    """
    return Card(
        title=_("Log in first"),
        severity=Severity.WARNING,
        lines=(
            deed,
            _("That cannot be undone. So log in once more: in our private chat is the address."),
            _("Then press {button} here: I ask once more before I do it.", button=_go_on()),
            *_lines_for(owns),
        ),
        buttons=(
            (Button(label=_("Open our chat"), url=url, style=ButtonStyle.PRIMARY),),
            (Button(label=_go_on(), action=go_on),),
        ),
        notes=(
            _(
                "Good for {minutes} minutes, only for who asked.",
                minutes=int(CODE_LIFE.total_seconds() // 60),
            ),
        ),
    )


def page_for_group(deed: str, url: str, *, cut_off: bool = False) -> Card:
    """In the private chat of who asked in a group."""
    return Card(
        title=_("Log in first"),
        severity=Severity.WARNING,
        lines=(
            deed,
            _("That cannot be undone. So log in once more on this page: {url}", url=url),
            *([only_there()] if cut_off else []),
            _("Then press {button} in the group.", button=_go_on()),
        ),
        buttons=((Button(label=_("Open the page"), url=url, style=ButtonStyle.PRIMARY),),),
        notes=(_good_for_you(),),
    )


def proven(deed: str) -> Told:
    """On the page, once somebody has logged in."""
    return Told(
        _("You are logged in: go back to your chat"),
        (
            deed,
            _("Press {button} there. It counts for {span}.", button=_go_on(), span=_life()),
            _("Then you can close this page."),
        ),
    )


def _go_on() -> str:
    return _("Go on")


def _life() -> str:
    return spoken(PROOF_LIFE)


def _lines_for(owns: bool) -> tuple[str, ...]:
    if owns:
        return ()
    return (
        _("It takes the login of the account. If you have none, who linked this chat can do it."),
    )


def _good_for_you() -> str:
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return _("Good for {minutes} minutes, for you only. Do not forward it.", minutes=minutes)
