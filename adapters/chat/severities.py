"""How severe a card is, as every chat platform shows it."""

from bot.domain.cards import Severity
from bot.texts.severities import word


def mark(severity: Severity) -> str:
    """What a title begins with: what must be acted on is also said in a word."""
    match severity:
        case Severity.INFO:
            return ""
        case Severity.GOOD:
            return "🟢 "
        case Severity.WARNING:
            return f"🟠 {word(severity)} · "
        case Severity.CRITICAL:
            return f"🔴 {word(severity)} · "
