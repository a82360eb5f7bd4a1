"""An inbox in the browser: its address, and what its pages say."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.cards import Button, ButtonStyle, Card, Field
from bot.domain.lifetimes import CODE_LIFE, INBOX_LIFE
from bot.domain.text import clean
from bot.domain.visits import Browser
from bot.texts.cards import NAME_LIMIT, plain
from bot.texts.language import _, later
from bot.texts.linking import only_there
from bot.texts.pages import Told, ask_for_inbox
from bot.texts.times import spoken

OPEN = {
    "title": later("Your inbox"),
    "only_if_asked": later("Go on only if you have just asked for this address yourself."),
    "what": later(
        "This browser then shows your alerts and takes your commands, as the chat does where you"
        " asked for it."
    ),
    "how_long": later(
        "It stays signed in until you sign out, or do not open it for a month. Send /inbox in the"
        " chat to end it from there."
    ),
    "open": later("Sign this browser in"),
}

OFFLINE = {
    "title": later("No connection"),
    "waits": later("Your inbox opens as soon as there is one. Nothing that rings is lost."),
    "again": later("Try again"),
}


def what_the_app_is() -> str:
    return _("Alerts of your trading bots, with the buttons to answer them")


def address(
    url: str,
    browsers: Sequence[Browser],
    sign_out: Sequence[Button],
    now: datetime,
    *,
    cut_off: bool = False,
) -> Card:
    """
    Args:
        browsers: that are signed in from this chat, and what signs each out.
        cut_off: only a browser on the machine that runs us can open the address.
    """
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return Card(
        title=_("Your inbox, in a browser"),
        lines=(
            _("Open this on the phone or computer that shall have it: {url}", url=url),
            *([only_there()] if cut_off else []),
            _("It shows all alerts with their buttons, and can be installed as an app."),
        ),
        fields=tuple(
            Field(label=_browser(one.link.endpoint.name), value=_last_used(one, now))
            for one in browsers
        ),
        buttons=(
            (Button(label=_("Open the inbox"), url=url, style=ButtonStyle.PRIMARY),),
            *((button,) for button in sign_out),
        ),
        notes=(
            _(
                "Good for {minutes} minutes, once, for you only. Do not forward it.",
                minutes=minutes,
            ),
        ),
    )


def _last_used(browser: Browser, now: datetime) -> str:
    unused = now - (browser.until - INBOX_LIFE)
    return _("signed in, last opened {span} ago", span=spoken(unused))


def _browser(name: str) -> str:
    return clean(name, NAME_LIMIT) or _("A browser")


def too_many(count: int, sign_out: Sequence[Button]) -> Card:
    return Card(
        title=_("{count} browsers are signed in already", count=count),
        lines=(_("Sign one of them out first, then send /inbox again."),),
        buttons=tuple((button,) for button in sign_out),
    )


def this_one(sign_out: Button) -> Card:
    return Card(
        title=_("This is your inbox"),
        lines=(_("For another browser, send /inbox in the chat where you asked for this one."),),
        buttons=((sign_out,),),
    )


def sign_out(browser: str) -> str:
    """On a button."""
    return _("Sign out: {browser}", browser=_browser(browser))


def sign_out_here() -> str:
    """On a button."""
    return _("Sign out here")


def signed_out() -> Card:
    return plain(_("Signed out"), _("Nothing is shown there any more."))


def not_signed_in() -> Told:
    return Told(
        _("This browser is not signed in"),
        (ask_for_inbox(),),
    )
