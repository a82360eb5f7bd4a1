"""What commands are about, where a platform lists them under that."""

from bot.domain.commands import Family
from bot.texts.language import later

ALERTS = Family(name="alerts", summary=later("What you are told, how loudly and when, and why"))

BOT = Family(
    name="bot", summary=later("Your strategies, and what else can be done with bots and with them")
)

RESULTS = Family(
    name="results", summary=later("What your trades have earned and cost, and which are open")
)
