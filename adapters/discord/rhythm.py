"""How long our bot on Discord waits for what, and how much it does at a time."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.backoff import Backoff

RECONNECT = Backoff(first=timedelta(seconds=1), ceiling=timedelta(seconds=120), jitter=(0.8, 1.2))
"""Fewer than 1,000 times a day, which are allowed.

Source: https://docs.discord.com/developers/events/gateway#rate-limiting
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordRhythm:
    """What only tests have otherwise: they are in a hurry."""

    answer_within: timedelta = timedelta(seconds=1)
    """A reply that comes so fast is the first answer; else "thinking..." is, long before the three
    seconds that Discord waits for one.
    """
    register_again: timedelta = timedelta(seconds=30)
    look_again: timedelta = timedelta(minutes=5)
    """Whether Discord still posts interactions to us: it stops where it is not answered well."""
    at_once: int = 1000
    """Above so many answers under way the next ones are not begun: the person sees that they
    failed.
    """
    pages: int = 20
    """So much of a chat's history is read at most."""
    fresh: timedelta = timedelta(seconds=60)
    """How long it is believed that somebody is in a server (`guarantees.md` 3.7)."""
    reconnect: Backoff = RECONNECT
    """Between two connections to the gateway of which none lasts."""


USUAL = DiscordRhythm()
