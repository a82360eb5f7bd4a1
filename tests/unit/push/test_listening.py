"""Receipts are asked for until something was seen, never faster than Pushover allows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import pytest

from adapters.chat.exchange import ApiAnswer
from adapters.push.listening import (
    ASK_BESIDE_CALLBACKS,
    ASK_EVERY,
    MOST_CALLED,
    PushoverReceipts,
)
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


async def listened(
    api: Any,
    seconds: float,
    happens: Callable[[PushoverReceipts], Coroutine[Any, Any, None]] | None = None,
) -> list[Reaction]:
    """
    Args:
        happens: meanwhile, where Pushover knows where to reach us.
    """
    heard: list[Reaction] = []

    async def hear(said):
        heard.append(said)
        return
        yield

    phones: Any = Phones()
    called_back = happens is not None
    receipts = PushoverReceipts(api, phones, virtual_now, called_back=called_back)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(receipts.listen(hear))
        if happens is not None:
            group.create_task(happens(receipts))
        await asyncio.sleep(seconds)
        listening.cancel()
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


OURS = b"receipt=" + b"r" * 30 + b"&acknowledged=1"


async def test_a_callback_has_the_receipt_looked_at_at_once():
    api = Api(acknowledged=0)

    async def acknowledges(receipts: PushoverReceipts) -> None:
        await asyncio.sleep(2)
        api.said["acknowledged"] = 1
        assert (
            await receipts.receive({}, OURS + b"&acknowledged_by=someone&sound=x")
        ).status == 200

    [seen] = await listened(api, 3, acknowledges)

    assert seen.message == "r" * 30
    assert len(api.asked) == 1


async def test_a_callback_that_is_lost_costs_some_seconds_only():
    api = Api(acknowledged=1)

    async def loses(receipts: PushoverReceipts) -> None: ...

    assert await listened(api, ASK_BESIDE_CALLBACKS - 1, loses) == []
    assert len(await listened(api, ASK_BESIDE_CALLBACKS + 1, loses)) == 1


async def test_forged_callbacks_make_nobody_see_and_cost_a_request_in_five_seconds_at_most():
    api = Api(acknowledged=0, expired=0)

    async def forges(receipts: PushoverReceipts) -> None:
        for _ in range(200):
            assert (await receipts.receive({}, OURS)).status == 200
            await asyncio.sleep(0.1)

    assert await listened(api, 21, forges) == []
    gaps = [
        (later - earlier).total_seconds()
        for earlier, later in zip(api.asked, api.asked[1:], strict=False)
    ]
    assert 3 <= len(api.asked) <= 5
    assert min(gaps) >= ASK_EVERY


async def test_receipts_that_are_not_ours_are_never_asked_for(monkeypatch):
    api, looks = Api(acknowledged=1), []

    async def open_receipts(self, service: Service, since: datetime) -> list[OpenReceipt]:
        looks.append(virtual_now())
        return []

    monkeypatch.setattr(Phones, "open_receipts", open_receipts)

    async def guesses(receipts: PushoverReceipts) -> None:
        for number in range(MOST_CALLED * 3):
            await receipts.receive({}, b"receipt=%030d&acknowledged=1" % number)
            await asyncio.sleep(0.03)

    assert await listened(api, 10, guesses) == []
    assert api.asked == []
    assert len(looks) <= 11, "once a second"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"receipt=short&acknowledged=1",
        b"receipt=" + b"r" * 31,
        b"receipt=" + b"r" * 29 + b"%2F",
        OURS + b"&" + OURS,
        b"\xff" + OURS,
        b"&".join(b"a%d=1" % number for number in range(30)) + b"&" + OURS,
        b'{"receipt": "' + b"r" * 30 + b'"}',
    ],
)
async def test_what_is_no_callback_is_refused(body):
    api = Api(acknowledged=1)

    async def tries(receipts: PushoverReceipts) -> None:
        assert (await receipts.receive({}, body)).status == 400

    assert await listened(api, 3, tries) == []
    assert api.asked == []


async def test_of_what_is_not_acknowledged_nothing_is_asked():
    api = Api(acknowledged=0)

    async def tells(receipts: PushoverReceipts) -> None:
        assert (await receipts.receive({}, OURS.replace(b"=1", b"=0"))).status == 200

    assert await listened(api, 3, tells) == []
    assert api.asked == []
