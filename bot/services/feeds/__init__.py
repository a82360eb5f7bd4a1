"""Every account's realtime session kept alive: connect, catch up, listen, sweep, renew, tell."""

from bot.services.feeds.feeds import Feeds
from bot.services.feeds.status import FeedStatus, Rhythm

__all__ = ["FeedStatus", "Feeds", "Rhythm"]
