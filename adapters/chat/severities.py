"""How severe a card is, in words that every chat platform uses alike."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.cards import Severity

WORDS: Mapping[Severity, str] = MappingProxyType(
    {
        Severity.INFO: "Info",
        Severity.GOOD: "Good",
        Severity.WARNING: "Warning",
        Severity.CRITICAL: "Critical",
    }
)
"""What a colour says, for those who do not see it."""

MARKS: Mapping[Severity, str] = MappingProxyType(
    {
        Severity.INFO: "",
        Severity.GOOD: "🟢 ",
        Severity.WARNING: f"🟠 {WORDS[Severity.WARNING]} · ",
        Severity.CRITICAL: f"🔴 {WORDS[Severity.CRITICAL]} · ",
    }
)
"""What a title begins with: what must be acted on is also said in a word."""
