"""What is said when something does not work."""

from bot.domain.cards import Card, Severity
from bot.domain.marks import command
from bot.texts.cards import plain
from bot.texts.errors import told
from bot.texts.language import _


def needs_login() -> Card:
    return plain(
        _("I need you to log in again"),
        _("The platform no longer accepts the login that I have. Send /link."),
        severity=Severity.WARNING,
    )


def platform_away(reason: str) -> Card:
    return plain(
        _("I could not get that just now"),
        told(reason),
        _("Try again in a minute; /status shows what I last knew."),
        severity=Severity.WARNING,
    )


def not_offered(reason: str, name: str) -> Card:
    return plain(
        _("The platform does not let me read that"),
        _("It says: {reason}", reason=told(reason)),
        _("If you linked with an API key, it may lack the scope for this."),
        _(
            "{help} leaves {command} out until it works again.",
            help=command("help"),
            command=command(name),
        ),
    )


def went_wrong() -> Card:
    return plain(
        _("Something went wrong on my side"),
        _("It has been logged. /status shows how things are."),
        severity=Severity.WARNING,
    )
