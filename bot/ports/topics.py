"""What the core needs to tell of each bot in a topic of its own."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain.chats import Address
from bot.domain.ids import EndpointId, TraderId
from bot.domain.topics import BotTopic, ChatTopics


class Topics(Protocol):
    """Which bots have a topic, and where. What is claimed from then on is shown there."""

    async def wanted(self) -> Sequence[EndpointId]:
        """The chats where each bot is to have one."""

    async def at(self, endpoint: EndpointId) -> ChatTopics | None:
        """`None` if that chat is not linked any more, or wants no topics."""

    async def of(self, endpoint: EndpointId) -> Mapping[TraderId, BotTopic]:
        """Those that there are, also where no more are wanted."""

    async def want(self, endpoint: EndpointId, *, on: bool) -> None:
        """Each bot is to have one, or none is used any more. Those that are gone are forgotten."""

    async def keep(self, endpoint: EndpointId, topic: BotTopic) -> None:
        """It is there, and called so. A chat that wants none (any more) keeps none."""


class MakeTopics(Protocol):
    """Makes topics; adapters of platforms that have them implement it."""

    async def make(self, address: Address, name: str) -> str:
        """Open one in a chat; gives its id.

        Raises:
            TryLater: it was certainly not made.
            OutcomeUnknown: nobody knows.
            Refused: it cannot be made there. The text says why.
        """

    async def rename(self, address: Address, thread: str, name: str) -> None:
        """May be repeated freely.

        Raises:
            TryLater: nobody knows whether it is called so now.
            Refused: it is not, and will not.
        """
