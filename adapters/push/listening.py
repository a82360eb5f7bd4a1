"""What people have seen on their phones, as Pushover's receipts tell, and its callbacks hint."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import parse_qs

from adapters.chat.exchange import NoAnswer, parsed
from adapters.push.api import PushoverApi
from adapters.push.render import EXPIRE
from bot.domain.chats import Channel, Person
from bot.domain.ids import Now
from bot.domain.incoming import HookAnswer, Place, Reaction
from bot.domain.phones import OpenReceipt, Service
from bot.errors import OutcomeUnknown, TryLater
from bot.ports import Hear, Phones
from bot.services.steady import steady

log = logging.getLogger(__name__)

ASK_EVERY = 5.0
"""Seconds between two looks at one receipt. Source: https://pushover.net/api/receipts"""

ASK_BESIDE_CALLBACKS = 15.0
"""The same where Pushover can tell us by itself: for those of its calls that are lost."""

LOOK_APART = 1.0
"""Seconds between two looks for what was called, whoever calls."""

MOST_CALLED = 100
"""Receipts that wait to be looked at. What does not fit is found by asking, as what is lost."""

RECEIPT = re.compile(r"[A-Za-z0-9]{30}")
"""Source: as `ASK_EVERY`."""

_FIELDS = 20


class PushoverReceipts:
    """Asks what became of all that rings until it is seen. Implements `bot.ports.Webhook`.

    A callback is not believed: it only has the receipt looked at sooner, if it is an open one of
    ours, and never more often than Pushover allows. So a forged one costs a request at most.

    Args:
        called_back: whether Pushover knows where to reach us.
    """

    def __init__(self, api: PushoverApi, phones: Phones, now: Now, *, called_back: bool) -> None:
        self._api = api
        self._phones = phones
        self._now = now
        self._every = ASK_BESIDE_CALLBACKS if called_back else ASK_EVERY
        self._over: set[str] = set()
        """Receipts that tell nothing new any more."""
        self._asked: dict[str, float] = {}
        """When each was asked for last."""
        self._called: set[str] = set()
        self._rung = asyncio.Event()
        self._looked_at = float("-inf")
        self._round_at = 0.0

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        """Of all that Pushover tells, the receipt's number is enough."""
        try:
            fields = parse_qs(body.decode("ascii"), max_num_fields=_FIELDS)
        except ValueError:
            return HookAnswer(status=HTTPStatus.BAD_REQUEST)
        [receipt, *others] = fields.get("receipt", [""])
        if others or not RECEIPT.fullmatch(receipt):
            return HookAnswer(status=HTTPStatus.BAD_REQUEST)
        if fields.get("acknowledged") == ["1"] and len(self._called) < MOST_CALLED:
            self._called.add(receipt)
            self._rung.set()
        return HookAnswer(status=HTTPStatus.OK)

    async def listen(self, hear: Hear) -> NoReturn:
        """Tell of what was seen as of a reaction in the chat, until cancelled."""
        self._round_at = steady() + self._every
        while True:
            self._rung.clear()
            wait = self._next_at() - steady()
            if wait <= 0:
                await self._look(hear)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._rung.wait()

    def _next_at(self) -> float:
        due = [self._may_ask_at(one) for one in self._called]
        return min([self._round_at, *(max(at, self._looked_at + LOOK_APART) for at in due)])

    def _may_ask_at(self, receipt: str) -> float:
        return self._asked.get(receipt, -ASK_EVERY) + ASK_EVERY

    async def _look(self, hear: Hear) -> None:
        """At all, or between two such rounds at what was called."""
        at = self._looked_at = steady()
        whole = at >= self._round_at
        if whole:
            self._round_at = at + self._every
        called = {one for one in self._called if self._may_ask_at(one) <= at}
        self._called -= called
        try:
            since = self._now() - timedelta(seconds=EXPIRE + 60)
            found = await self._phones.open_receipts(Service.PUSHOVER, since)
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("receipts must wait", extra={"reason": str(outage)})
            return
        open_ones = {one.message for one in found}
        self._over &= open_ones
        self._asked = {one: at for one, at in self._asked.items() if one in open_ones}
        wanted = [
            each
            for each in found
            if each.message not in self._over
            and (each.message in called or (whole and self._may_ask_at(each.message) <= at))
        ]
        async for one in self._seen(wanted):
            place = Place(address=one.address, private=True)
            person = Person(channel=Channel.PUSH, id=one.person)
            said = Reaction(place=place, person=person, message=one.message)
            async for _ in hear(said):
                pass  # nothing is answered there

    async def _seen(self, receipts: Sequence[OpenReceipt]) -> AsyncIterator[OpenReceipt]:
        for one in receipts:
            self._asked[one.message] = steady()
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
