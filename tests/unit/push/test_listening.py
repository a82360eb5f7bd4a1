"""Receipts are asked for until something was seen, never faster than Pushover allows."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any

from adapters.chat.exchange import ApiAnswer
from adapters.push.listening import ASK_EVERY, PushoverReceipts
from bot.domain.incoming import Reaction
from bot.domain.phones import OpenReceipt, Service, address_of
from tests.harness.virtual_time import virtual_now

PHONE = address_of(Service.PUSHOVER, "phone")


class Api:
    """What Pushover says of each receipt, and when it was asked."""

    def __init__(self, **said: object) -> None:
        self.said = said
        self.asked: list[datetime] = []

    async def receipt(self, receipt: str) -> ApiAnswer:
        self.asked.append(virtual_now())
        return ApiAnswer(200, {}, json.dumps({"status": 1, **self.said}).encode())


class Phones:
    async def open_receipts(self, service: Service, since: datetime) -> list[OpenReceipt]:
        return [OpenReceipt(address=PHONE, person="7", message="r" * 30)]


async def listened(api: Any, seconds: float) -> list[Reaction]:
    heard: list[Reaction] = []

    async def hear(said):
        heard.append(said)
        return
        yield

    phones: Any = Phones()
    receipts = PushoverReceipts(api, phones, virtual_now)
    try:
        async with asyncio.timeout(seconds):
            await receipts.listen(hear)
    except TimeoutError:
        return heard


async def test_what_is_acknowledged_is_seen_by_whose_phone_it_is():
    [seen, *_] = await listened(Api(acknowledged=1), 6)

    assert (seen.place.address, seen.message) == (PHONE, "r" * 30)
    assert seen.person.id == "7"


async def test_what_still_rings_is_asked_for_again_and_not_too_often():
    api = Api(acknowledged=0, expired=0)

    assert await listened(api, 21) == []
    gaps = [
        (later - earlier).total_seconds()
        for earlier, later in zip(api.asked, api.asked[1:], strict=False)
    ]
    assert len(api.asked) == 4
    assert min(gaps) >= ASK_EVERY


async def test_what_rings_no_more_is_asked_for_once():
    api = Api(acknowledged=0, expired=1)

    await listened(api, 21)

    assert len(api.asked) == 1
