"""Topics of a chat that are a bot's each: Telegram's forum topics, Discord's threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.chats import Link
from bot.domain.events import Trader
from bot.domain.ids import TraderId

MOST_TOPICS = 50
"""In one chat."""

NAME_LIMIT = 100
"""Characters: Discord's limit, the smaller one.

Source: https://docs.discord.com/developers/resources/channel#start-thread-without-message
"""


class TopicState(StrEnum):
    OPEN = "open"
    GONE = "gone"
    """Deleted or closed by somebody: its bot is told of in the chat itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotTopic:
    """
    Attributes:
        thread: its id on the chat platform.
        name: as it was called last, by us.
    """

    trader: TraderId
    thread: str
    name: str
    state: TopicState = TopicState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTopics:
    """A chat where each bot is to have a topic, with the bots that are known."""

    link: Link
    bots: Sequence[Trader]
    topics: Mapping[TraderId, BotTopic]
