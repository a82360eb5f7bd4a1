"""The product: opened in the order of dependency, run, and closed in the other one."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any, NoReturn

from adapters.cryptorobot.client import open_platform
from adapters.discord.client import open_discord
from adapters.discord.faults import REASONS as DISCORD_REASONS
from adapters.discord.settings import DiscordSettings
from adapters.pictures.draw import drawn
from adapters.telegram.client import open_telegram
from adapters.telegram.faults import REASONS as TELEGRAM_REASONS
from adapters.telegram.settings import TelegramSettings
from adapters.web.chat import Chat
from adapters.web.connections import MOST
from adapters.web.health import Backlog, Metrics
from adapters.web.server import Webhook, metrics_app, serving, web_app
from bot.app.keys import keys_of
from bot.app.process import raise_descriptor_limit
from bot.app.sources import new_digits, new_id, now
from bot.domain.deliveries import Priority
from bot.domain.links import Address, Channel
from bot.errors import TryLater, Unclear
from bot.ports import Hear, Messenger, Platform, Readership, Suggest
from bot.services.amending import Amending
from bot.services.closures import Closures
from bot.services.conversation import Conversation
from bot.services.delivery import REASONS as DELIVERY_REASONS
from bot.services.delivery import Delivering, Outlet
from bot.services.duty import Duty
from bot.services.feeds import Feeds
from bot.services.ingest import Ingest
from bot.services.linking import Linking
from bot.services.pace import Pace
from bot.services.readiness import Readiness
from bot.settings import Settings
from storage import REASONS as STORED_REASONS
from storage import Store, open_store

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=4)
"""For messages in flight when we stop. Then the feeds may take two seconds to close, and the web
server three: together less than the ten that are promised."""

PRUNE_EVERY = timedelta(hours=1)

WATCH_EVERY = timedelta(seconds=2)
"""How often it is looked whether the database is still where it was."""

SCRAPERS = 20
"""Connections at a time to the figures."""

SHARE = 4
"""One of so many descriptors may be a connection to the pages; feeds, sends and files have the
rest, whoever knocks there."""


async def run(
    settings: Settings,
    stop: asyncio.Event,
    *,
    chat: Chat | None = None,
    ready: Callable[[], None] = lambda: None,
    new: bool = False,
) -> None:
    """Serve until `stop` is set; then end within ten seconds, with nothing half done.

    Args:
        chat: a chat page, if there is to be one.
        ready: called once the pages can be opened.
        new: the database may begin anew, whatever key is kept.

    Raises:
        Misconfigured: a setting must be changed first.
        Superseded: another process with the same database does the work now.
    """
    keys = await keys_of(settings, new=new)
    async with (
        open_store(settings.database_url, keys, now, new_id) as store,
        open_platform(settings.platform, now) as platform,
        AsyncExitStack() as stack,
    ):
        meter = Metrics(
            partial(_backlog, store), _reasons(settings, chat), STORED_REASONS | DELIVERY_REASONS
        )
        bots = [] if chat is None else [_page(chat)]
        if settings.telegram is not None:
            opened = _telegram(settings.telegram, settings.web.public_url, store, meter)
            bots.append(await stack.enter_async_context(opened))
        if settings.discord is not None:
            bots.append(await stack.enter_async_context(_discord(settings.discord, meter)))
        services = _composed(settings, store, platform, meter, bots)
        one_of_many = store.database.dialect == "postgresql"  # an SQLite file has its own lock
        duty = Duty(store.leases if one_of_many else None, owner=new_id())
        pages = web_app(
            sign_in=services.linking,
            health=_readiness(services, store, bots, duty).problems,
            chat=chat,
            webhooks={path: hook for bot in bots for path, hook in bot.webhooks.items()},
            settings=settings.web,
            now=now,
            new_id=new_id,
        )
        most = min(MOST, raise_descriptor_limit() // SHARE)
        await stack.enter_async_context(serving(pages, settings.web.listen, most))
        if settings.web.metrics is not None:
            figures = serving(metrics_app(meter), settings.web.metrics, SCRAPERS)
            await stack.enter_async_context(figures)
        ready()
        _announce(settings, store)
        if await duty.begin(stop):
            try:
                await _live(services, store, bots, duty, meter, stop)
            finally:
                # Also after a failure: then nothing is in flight, and who starts need not wait.
                await duty.end()
    log.info("stopped")


def _reasons(settings: Settings, chat: Chat | None) -> Mapping[Channel, frozenset[str]]:
    """What an attempt can come to, by the channels that there are."""
    reasons = {}
    if chat is not None:
        reasons[Channel.WEB] = frozenset[str]()
    if settings.telegram is not None:
        reasons[Channel.TELEGRAM] = TELEGRAM_REASONS
    if settings.discord is not None:
        reasons[Channel.DISCORD] = DISCORD_REASONS
    return {channel: named | DELIVERY_REASONS for channel, named in reasons.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChatBot:
    """A bot of a chat platform: what sends, how fast, and what listens."""

    messenger: Messenger
    pace: Pace
    listen: Callable[[Hear, Suggest], Coroutine[Any, Any, NoReturn]]
    readership: Readership | None = None
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    trouble: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Services:
    delivering: Delivering
    amending: Amending
    feeds: Feeds
    linking: Linking
    conversation: Conversation


def _composed(
    settings: Settings, store: Store, platform: Platform, meter: Metrics, bots: Sequence[_ChatBot]
) -> _Services:
    chance = random.Random()
    outlets = {
        (bot.messenger.channel, bot.messenger.bot): Outlet(
            messenger=bot.messenger, pace=bot.pace, readership=bot.readership
        )
        for bot in bots
    }
    delivering = Delivering(
        outbox=store.outbox, outlets=outlets, meter=meter, now=now, chance=chance
    )
    amending = Amending(
        outbox=store.outbox, shown_cards=store.shown_cards, outlets=outlets, now=now, chance=chance
    )
    ingest = Ingest(store.inbox, meter, delivering, amending, now, new_id)
    feeds = Feeds(platform, store.accounts, store.inbox, ingest, meter, now, chance)
    linking = Linking(
        codes=store.codes,
        accounts=store.accounts,
        links=store.links,
        platform=platform,
        feeds=feeds,
        ingest=ingest,
        audit=store.audit,
        public_url=settings.web.public_url,
        cut_off=settings.cut_off,
        now=now,
        new_id=new_id,
        new_digits=new_digits,
    )
    readerships = {
        (bot.messenger.channel, bot.messenger.bot): bot.readership
        for bot in bots
        if bot.readership is not None
    }
    closures = Closures(
        accounts=store.accounts, links=store.links, audit=store.audit, ingest=ingest, now=now
    )
    delivering.when_gone(closures.gone)
    conversation = Conversation(
        links=store.links,
        accounts=store.accounts,
        inbox=store.inbox,
        outbox=store.outbox,
        actions=store.actions,
        shown_cards=store.shown_cards,
        amending=amending,
        feeds=feeds,
        linking=linking,
        ingest=ingest,
        audit=store.audit,
        closures=closures,
        delivering=delivering,
        readerships=readerships,
        draw=drawn,
        now=now,
        new_id=new_id,
    )
    return _Services(
        delivering=delivering,
        amending=amending,
        feeds=feeds,
        linking=linking,
        conversation=conversation,
    )


def _readiness(
    services: _Services, store: Store, bots: Sequence[_ChatBot], duty: Duty
) -> Readiness:
    def troubles() -> Sequence[str]:
        if duty.trouble is not None:
            return [duty.trouble]
        found = [store.database.trouble(), *(bot.trouble() for bot in bots)]
        return [trouble for trouble in found if trouble is not None]

    return Readiness(
        probe=partial(store.leases.acquire, "probe", "probe", timedelta(0)),
        outbox=store.outbox,
        feeds=services.feeds.states,
        troubles=troubles,
        now=now,
    )


async def _live(
    services: _Services,
    store: Store,
    bots: Sequence[_ChatBot],
    duty: Duty,
    meter: Metrics,
    stop: asyncio.Event,
) -> None:
    """All that goes on side by side, and its end: hear nothing new, then send what is in flight."""
    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(duty.keep(), name="duty"),
            group.create_task(services.delivering.run(), name="delivery"),
            group.create_task(services.amending.run(), name="amending"),
            group.create_task(services.feeds.run(), name="feeds"),
            group.create_task(services.conversation.recover(), name="recovery"),
            group.create_task(services.linking.recover(), name="recovery of links"),
            group.create_task(_prune(store), name="pruning"),
            group.create_task(_watch(store, meter), name="watch of the database"),
        ]
        listening = [
            group.create_task(
                bot.listen(services.conversation.hear, services.conversation.suggest),
                name=f"{bot.messenger.channel} listener",
            )
            for bot in bots
        ]
        log.info("running", extra={"chats": [bot.messenger.channel for bot in bots]})
        await stop.wait()
        log.info("stopping")
        await _cancelled(listening)
        if not await services.delivering.drain(DRAIN):
            log.warning("messages were still in flight: nobody knows whether they arrived")
        await _cancelled(working)


async def _cancelled(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


async def _prune(store: Store) -> NoReturn:
    while True:
        try:
            await store.prune(now())
        except (TryLater, Unclear) as failure:
            log.warning("old records were not erased", extra={"reason": str(failure)})
        await asyncio.sleep(PRUNE_EVERY.total_seconds())


async def _watch(store: Store, meter: Metrics) -> NoReturn:
    """Say it loudly, once for each, when what is stored goes nowhere."""
    before = None
    while True:
        trouble = store.database.trouble()
        if trouble is not None and trouble != before:
            meter.alarm("database_lost")
            log.error(trouble)
        before = trouble
        await asyncio.sleep(WATCH_EVERY.total_seconds())


def _page(chat: Chat) -> _ChatBot:
    return _ChatBot(
        messenger=chat, pace=_pace(0, lambda _: 0), listen=lambda hear, _: chat.listen(hear)
    )


@asynccontextmanager
async def _telegram(
    settings: TelegramSettings, public_url: str, store: Store, meter: Metrics
) -> AsyncIterator[_ChatBot]:
    pace = _pace(settings.rate, settings.rate_of)
    opened = open_telegram(
        settings,
        now=now,
        chance=random.Random(),
        meter=meter,
        may_send=partial(_take_turn, pace),
        public_url=public_url,
    )
    async with opened as client:
        yield _ChatBot(
            messenger=client,
            pace=pace,
            listen=lambda hear, _: client.listen(hear, store.journal),
            webhooks={client.webhook_path: client} if settings.webhook else {},
            trouble=lambda: f"Telegram: {client.trouble}." if client.trouble else None,
        )


@asynccontextmanager
async def _discord(settings: DiscordSettings, meter: Metrics) -> AsyncIterator[_ChatBot]:
    # How fast one chat may get messages Discord tells itself, with every answer.
    pace = _pace(settings.rate, lambda _: 0)
    opened = open_discord(
        settings,
        now=now,
        chance=random.Random(),
        meter=meter,
        may_send=partial(_take_turn, pace),
        may_ask=partial(_take_place, pace),
    )
    async with opened as client:
        yield _ChatBot(
            messenger=client,
            pace=pace,
            listen=client.listen,
            readership=client.readership,
            trouble=lambda: f"Discord: {client.trouble}." if client.trouble else None,
        )


def _pace(rate: float, chat_rate: Callable[[Address], float]) -> Pace:
    return Pace(rate=rate, chat_rate=chat_rate, clock=asyncio.get_running_loop().time)


async def _take_turn(pace: Pace, address: Address) -> None:
    """Wait until a reply may leave; who has asked comes before what nobody waits for.

    The platform has just brought what is answered here, so it is not away.
    """
    pace.reached()
    while (wait := pace.chat_wait(address)) > 0:  # noqa: ASYNC110 it is time that we wait for
        await asyncio.sleep(wait)
    pace.sent_to(address)
    await _take_place(pace)


async def _take_place(pace: Pace) -> None:
    """Wait until the bot as a whole may make one more request."""
    wait, _ = pace.take_place(Priority.NORMAL)
    await asyncio.sleep(wait)


async def _backlog(store: Store) -> Backlog:
    oldest = await store.outbox.oldest_pending()
    age = None if oldest is None else now() - oldest
    return Backlog(
        oldest=age,
        items=await store.outbox.counts(),
        missed=await store.outbox.missed_by_reason(),
    )


def _announce(settings: Settings, store: Store) -> None:
    facts = {"database": store.database.dialect, "platform": settings.platform.url}
    log.info("serving", extra={"version": version("tradebell"), **facts})
    if settings.telegram is None and settings.discord is None:
        log.warning(
            "no chat platform is set up: set TRADEBELL_TELEGRAM_TOKEN or TRADEBELL_DISCORD_TOKEN"
        )
    if settings.open_file is not None:
        log.warning(
            "every user of this machine can read the secrets: take the file from them (chmod o=)",
            extra={"file": str(settings.open_file)},
        )
    if settings.cut_off:
        log.warning(
            "no phone can open the link page: set TRADEBELL_PUBLIC_URL, see docs/reaching-it.md",
            extra={"public_url": settings.web.public_url},
        )
    if settings.web.exposed:
        log.warning(
            "people would send their passwords unencrypted: put the pages behind https",
            extra={"public_url": settings.web.public_url},
        )
    if settings.platform.exposed:
        log.warning(
            "logins go to the platform unencrypted: use https in TRADEBELL_PLATFORM_URL",
            extra={"platform": settings.platform.url},
        )
    if settings.telegram is not None and settings.telegram.exposed:
        log.warning("the bot's token travels unencrypted: use https in TRADEBELL_TELEGRAM_API_URL")
    if settings.discord is not None and settings.discord.exposed:
        log.warning(
            "the bot's token travels unencrypted: use https in TRADEBELL_DISCORD_API_URL and wss in"
            " TRADEBELL_DISCORD_GATEWAY_URL"
        )
