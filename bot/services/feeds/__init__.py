"""Every account's realtime session kept alive: connect, catch up, listen, sweep, renew, tell."""

from bot.services.feeds.feeds import Feeds
from bot.services.feeds.rhythm import FeedRhythm

__all__ = ["FeedRhythm", "Feeds"]
