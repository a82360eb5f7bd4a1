"""Push services, as the product opens them and looks at them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NoReturn

from adapters.chat.connections import Connections, Limits
from adapters.chat.exchange import NoAnswer, parsed
from adapters.push.api import NtfyApi, PushoverApi, WebPushApi
from adapters.push.encryption import PushKey
from adapters.push.listening import PushoverReceipts
from adapters.push.messenger import BrowserMessenger, NtfyMessenger, PushoverMessenger
from adapters.push.settings import PushSettings
from bot.domain.hosts import is_here, is_public
from bot.errors import Misconfigured, Refused
from bot.ports import ButtonAddresses, Phones
from bot.services.chat_platforms import Around, ChatBot, pace

LIMITS = Limits(connect=5.0, answer=10.0)

CALLBACK = "/pushover"
"""Where Pushover tells that something was seen."""

NTFY_RATE = 1.0
"""Messages a second to one topic; ntfy.sh lets 60 through at once, then one in 5 s, and says so.

Source: https://docs.ntfy.sh/publish/#limitations
"""

APPRISE_RATE = 0.5
"""Messages a second to one address: the slowest of those services are not asked to hurry."""

BROWSER_RATE = 1.0
"""Messages a second to one browser; no push service names a limit."""

PUSHOVER_RATE = 2.0
"""Requests at a time that Pushover wants at most. Source: https://pushover.net/api#friendly"""


@asynccontextmanager
async def open_ntfy(
    settings: PushSettings, around: Around, phones: Phones, addresses: ButtonAddresses
) -> AsyncIterator[ChatBot]:
    """What rings phones through any ntfy server."""
    allows = None if settings.private_hosts else is_public
    async with Connections(limits=LIMITS, allows=allows) as connections:
        yield ChatBot(
            messenger=NtfyMessenger(NtfyApi(connections), phones, around.now, addresses),
            pace=pace(0, lambda _: NTFY_RATE),
            begin=_nobody_to_ask,
            listen=lambda *_: _for_ever(),
        )


@asynccontextmanager
async def open_browsers(
    settings: PushSettings, around: Around, phones: Phones, key: PushKey
) -> AsyncIterator[ChatBot]:
    """What rings browsers through the push services that they name."""
    allows = None if settings.private_hosts else is_public
    # Services want an address to turn to, and take none but of mail or https.
    contact = f"https://{around.public_url.partition('://')[2]}"
    async with Connections(limits=LIMITS, allows=allows) as connections:
        api = WebPushApi(connections, key, contact, around.now)
        yield ChatBot(
            messenger=BrowserMessenger(api, phones, around.meter, around.now),
            pace=pace(0, lambda _: BROWSER_RATE),
            begin=_nobody_to_ask,
            listen=lambda *_: _for_ever(),
        )


@asynccontextmanager
async def open_apprise(
    settings: PushSettings, around: Around, phones: Phones, addresses: ButtonAddresses
) -> AsyncIterator[ChatBot]:
    """What rings phones through whatever Apprise speaks to, of what the operator allows."""
    from adapters.push.apprise import AppriseMessenger

    allows = None if settings.private_hosts else is_public
    messenger = AppriseMessenger(settings.apprise, allows, phones, around.now, addresses)
    yield ChatBot(
        messenger=messenger,
        pace=pace(0, lambda _: APPRISE_RATE),
        begin=_nobody_to_ask,
        listen=lambda *_: _for_ever(),
    )


@asynccontextmanager
async def open_pushover(
    settings: PushSettings, around: Around, phones: Phones, addresses: ButtonAddresses
) -> AsyncIterator[ChatBot]:
    """What rings phones through Pushover."""
    async with Connections(most=2, limits=LIMITS) as connections:
        api = PushoverApi(connections, settings.pushover_api_url, settings.pushover_token)
        called = not is_here(around.public_url)
        callback = f"{around.public_url}{CALLBACK}" if called else ""
        receipts = PushoverReceipts(api, phones, around.now, called_back=called)
        yield ChatBot(
            messenger=PushoverMessenger(api, phones, around.now, addresses, callback),
            pace=pace(PUSHOVER_RATE, lambda _: 1.0),
            begin=partial(_begin, api),
            listen=lambda hear, _: receipts.listen(hear),
            webhooks={CALLBACK: receipts} if called else {},
        )


async def look(settings: PushSettings) -> str:
    """See whether Pushover can be used now; gives what there is to be told.

    Raises:
        Misconfigured: the token is refused.
        Refused: it cannot; the text says why, and what to do.
    """
    async with Connections(most=1, limits=LIMITS) as connections:
        api = PushoverApi(connections, settings.pushover_api_url, settings.pushover_token)
        return await _introduce(api)


async def _begin(api: PushoverApi) -> None:
    with suppress(Refused):  # what is owed waits for it
        await _introduce(api)


async def _introduce(api: PushoverApi) -> str:
    try:
        answer = await api.limits()
    except NoAnswer as lost:
        raise Refused(
            f"Pushover cannot be used now ({lost}): see whether this machine has a way there."
        ) from lost
    said = parsed(answer.body)
    known = said if isinstance(said, dict) else {}
    if 400 <= answer.status < 500 and "token" in known:
        raise Misconfigured(
            "TRADEBELL_PUSHOVER_TOKEN is refused by Pushover: make an application at"
            " https://pushover.net/apps/build and set its API token, or leave it out."
        )
    if not answer.is_good or "remaining" not in known:
        raise Refused(f"Pushover cannot be used now (HTTP {answer.status}): try again later.")
    return f"Pushover takes the token: {known['remaining']} messages are left this month"


async def _nobody_to_ask() -> None: ...


async def _for_ever() -> NoReturn:
    await asyncio.Event().wait()
    raise AssertionError("nothing sets it")
