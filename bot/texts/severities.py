"""How severe a card is, in a word."""

from bot.domain.cards import Severity
from bot.texts.language import _


def word(severity: Severity) -> str:
    """What a colour says, for those who do not see it."""
    match severity:
        case Severity.INFO:
            return _("Info")
        case Severity.GOOD:
            return _("Good")
        case Severity.WARNING:
            return _("Warning")
        case Severity.CRITICAL:
            return _("Critical")
