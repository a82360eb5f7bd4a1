"""What people have seen on their phones, as Pushover's receipts tell."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NoReturn

from adapters.chat.exchange import NoAnswer, parsed
from adapters.push.api import PushoverApi
from adapters.push.render import EXPIRE
from bot.domain.chats import Channel, Person
from bot.domain.ids import Now
from bot.domain.incoming import Place, Reaction
from bot.domain.phones import OpenReceipt, Service
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Hear, Phones

log = logging.getLogger(__name__)

ASK_EVERY = 5.0
"""Seconds between two looks at one receipt. Source: https://pushover.net/api/receipts"""


class PushoverReceipts:
    """Asks what became of all that rings until it is seen."""

    def __init__(self, api: PushoverApi, phones: Phones, now: Now) -> None:
        self._api = api
        self._phones = phones
        self._now = now
        self._over: set[str] = set()
        """Receipts that tell nothing new any more."""

    async def listen(self, hear: Hear) -> NoReturn:
        """Tell of what was seen as of a reaction in the chat, until cancelled."""
        while True:
            await asyncio.sleep(ASK_EVERY)
            try:
                since = self._now() - timedelta(seconds=EXPIRE + 60)
                found = await self._phones.open_receipts(Service.PUSHOVER, since)
            except (TryLater, OutcomeUnknown) as outage:
                log.warning("receipts must wait", extra={"reason": str(outage)})
                continue
            self._over &= {one.message for one in found}
            async for one in self._seen([each for each in found if each.message not in self._over]):
                place = Place(address=one.address, private=True)
                person = Person(channel=Channel.PUSH, id=one.person)
                said = Reaction(place=place, person=person, message=one.message)
                async for _ in hear(said):
                    pass  # nothing is answered there

    async def _seen(self, receipts: list[OpenReceipt]) -> AsyncIterator[OpenReceipt]:
        for one in receipts:
            try:
                answer = await self._api.receipt(one.message)
            except NoAnswer as lost:
                log.warning("a receipt could not be read", extra={"reason": str(lost)})
                return  # it is the same for the others
            said = parsed(answer.body)
            if not isinstance(said, dict) or answer.status >= 500 or answer.status == 429:
                return
            if said.get("acknowledged") == 1:
                yield one
            elif said.get("status") != 1 or said.get("expired") == 1:
                self._over.add(one.message)
