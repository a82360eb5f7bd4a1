"""Each bot in a topic of its own, in chats that want it: made, renamed, and given up when gone."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn

from bot.domain.accounts import Account
from bot.domain.backoff import Backoff
from bot.domain.chats import Address, Channel, Link
from bot.domain.deliveries import Delivery
from bot.domain.events import Kind, Notice, Origin, Trader
from bot.domain.ids import EndpointId, Now, TraderId
from bot.domain.names import name_of, told_apart
from bot.domain.text import clean
from bot.domain.topics import MOST_TOPICS, NAME_LIMIT, BotTopic, ChatTopics, TopicState
from bot.errors import OutcomeUnknown, Refused, TryLater
from bot.ports import Accounts, MakeTopics, Topics
from bot.services.delivery import Outlet
from bot.services.ingest import Ingest
from bot.services.retrying import retry_until_available
from bot.texts import notices

log = logging.getLogger(__name__)

WAITS = Backoff(first=timedelta(minutes=1), ceiling=timedelta(hours=1))
"""After what could not be made: a topic of which nobody knows may be there, unused, already."""

AT_ONCE = 20
"""Made or renamed in a chat at one look: platforms take few at once."""


@dataclass(slots=True, kw_only=True)
class BotTopics:
    """
    Attributes:
        look_every: how often bots are compared with the topics that there are.
    """

    topics: Topics
    accounts: Accounts
    outlets: Mapping[tuple[Channel, str], Outlet]
    ingest: Ingest
    now: Now
    look_every: timedelta
    _woken: asyncio.Event = field(init=False, default_factory=asyncio.Event)
    _failed: dict[tuple[EndpointId, TraderId], int] = field(init=False, default_factory=dict)
    _not_before: dict[tuple[EndpointId, TraderId], datetime] = field(
        init=False, default_factory=dict
    )

    async def run(self) -> NoReturn:
        """Keep topics as the bots are, until cancelled."""
        while True:
            for endpoint in await retry_until_available(self.topics.wanted):
                try:
                    await self.see_to(endpoint)
                except (TryLater, OutcomeUnknown) as outage:
                    log.warning("topics must wait", extra={"reason": str(outage)})
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.look_every.total_seconds()):
                    await self._woken.wait()

    def possible_in(self, address: Address) -> bool:
        return self._makes(address) is not None

    async def begin(self, link: Link) -> str | None:
        """Each bot is told of in its own topic from now on; gives why the first cannot be made,
        if so: then none is wanted.

        Raises:
            TryLater, OutcomeUnknown: the database or the platform does not answer.
        """
        endpoint = link.endpoint.id
        await self.topics.want(endpoint, on=True)
        for known in [one for one in self._not_before if one[0] == endpoint]:
            del self._not_before[known], self._failed[known]
        chat = await self.topics.at(endpoint)
        if chat is not None:
            try:
                await self._see_to(chat, most=1)
            except Refused as refusal:
                if not any(one.state is TopicState.OPEN for one in chat.topics.values()):
                    await self.topics.want(endpoint, on=False)
                    return str(refusal)
        self._woken.set()
        return None

    async def end(self, link: Link) -> None:
        await self.topics.want(link.endpoint.id, on=False)

    async def see_to(self, endpoint: EndpointId) -> None:
        """Make and rename what is due in a chat."""
        chat = await self.topics.at(endpoint)
        if chat is None:
            return
        try:
            await self._see_to(chat, AT_ONCE)
        except Refused as refusal:
            log.warning("a topic cannot be made", extra={"reason": str(refusal)})

    async def gone(self, delivery: Delivery, reason: str) -> None:
        """An item has found its topic gone: said once, in the chat itself."""
        try:
            found = (await self.topics.of(delivery.endpoint)).values()
            topic = next((one for one in found if one.thread == delivery.topic), None)
            owner = await self.accounts.get(delivery.account)
            if owner is not None and topic is not None and topic.state is TopicState.OPEN:
                await self._tell_gone(owner, delivery, topic)
        except (TryLater, OutcomeUnknown) as outage:
            # The alert itself is shown in the chat all the same.
            log.warning("a topic that is gone was not told of", extra={"reason": str(outage)})

    async def _tell_gone(self, owner: Account, delivery: Delivery, topic: BotTopic) -> None:
        record = f"topic {delivery.endpoint} {topic.thread}"
        notice = Notice(
            origin=Origin(kind=Kind.FEED, record=record, at=self.now()),
            say=partial(notices.topic_gone, topic.name),
            only=delivery.endpoint,
        )
        await self.ingest.take(owner, (notice,))

    async def _see_to(self, chat: ChatTopics, most: int) -> None:
        """
        Raises:
            Refused: one cannot be made or renamed; the others have been seen to.
        """
        makes, refused = self._makes(chat.link.endpoint.address), None
        if makes is None:
            return
        due = [one for one in told_apart(chat.bots)[:MOST_TOPICS] if self._is_due(chat, one)]
        for bot in due[:most]:
            key = chat.link.endpoint.id, bot.id
            try:
                await self._show(chat, bot, makes)
            except (TryLater, OutcomeUnknown, Refused) as failure:
                self._failed[key] = self._failed.get(key, 0) + 1
                self._not_before[key] = self.now() + WAITS.step(self._failed[key])
                if not isinstance(failure, Refused):
                    raise
                refused = failure
                if bot.id not in chat.topics:
                    break  # what is refused once is refused to all
            else:
                self._failed.pop(key, None)
                self._not_before.pop(key, None)
        if refused is not None:
            raise refused

    def _is_due(self, chat: ChatTopics, bot: Trader) -> bool:
        not_before = self._not_before.get((chat.link.endpoint.id, bot.id))
        if not_before is not None and self.now() < not_before:
            return False
        there = chat.topics.get(bot.id)
        return there is None or (there.state is TopicState.OPEN and there.name != _called(bot))

    async def _show(self, chat: ChatTopics, bot: Trader, makes: MakeTopics) -> None:
        address, name, there = chat.link.endpoint.address, _called(bot), chat.topics.get(bot.id)
        if there is None:
            thread = await makes.make(address, name)
        else:
            thread = there.thread
            await makes.rename(address, thread, name)
        kept = BotTopic(trader=bot.id, thread=thread, name=name)
        await self.topics.keep(chat.link.endpoint.id, kept)

    def _makes(self, address: Address) -> MakeTopics | None:
        outlet = self.outlets.get((address.channel, address.bot))
        return None if outlet is None or address.thread else outlet.topics


def _called(bot: Trader) -> str:
    return clean(name_of(bot), NAME_LIMIT)
