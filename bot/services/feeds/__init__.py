"""Every account's realtime session kept alive: connect, catch up, listen, sweep, renew, tell."""

from bot.services.feeds.feeds import Feeds
from bot.services.feeds.rhythm import Rhythm

__all__ = ["Feeds", "Rhythm"]
