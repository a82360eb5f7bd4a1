"""What a change of preferences would have done in the last days: for the cards that offer it."""

from collections.abc import Callable
from datetime import timedelta

from bot.domain.chats import Link, Preferences
from bot.policy.replay import replayed
from bot.services.commands.desk import Desk
from bot.texts import replay as texts

DAYS = 7

MOST = 2000
"""Alerts that are looked at: a week of a busy account, decided anew while a person waits."""


async def preview(
    desk: Desk, link: Link, change: Callable[[Preferences], Preferences], most: int = MOST
) -> str:
    """A paragraph in the language that is spoken; none where followers read, since it names
    what was told there before they did.

    Args:
        change: as `Links.prefer` takes it.
        most: how many alerts are looked at; if there were more it says so.

    Raises:
        TryLater: the store cannot be read now.
    """
    if link.for_followers:
        return ""
    since = desk.now() - timedelta(days=DAYS)
    alerts = await desk.outbox.lately(link.id, since, most + 1)
    replay = replayed(alerts[:most], link, change(link.preferences))
    return texts.preview(replay, DAYS, whole=len(alerts) <= most)
