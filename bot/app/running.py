"""The product: opened in the order of dependency, run, and closed in the other one."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import Any, NoReturn

from adapters.cryptorobot.client import open_platform
from adapters.pictures.drawing import drawing
from adapters.push.encryption import PushKey, new_private_key
from adapters.push.faults import REASONS as PUSH_REASONS
from adapters.watch.ping import pinging
from adapters.web.chat import Chat
from adapters.web.connections import MOST_CONNECTIONS
from adapters.web.health import Backlog, Metrics
from adapters.web.inbox import InboxPages, inbox_talk
from adapters.web.server import metrics_app, serving, web_app
from adapters.web.talk import Talk
from bot.app.chat_platforms import push_services, set_up
from bot.app.composition import Services, compose
from bot.app.keys import keys_of
from bot.app.process import raise_descriptor_limit
from bot.app.sources import new_digits, new_id, now
from bot.domain.chats import Channel
from bot.domain.hosts import is_exposed
from bot.domain.ids import Now
from bot.domain.reasons import STORED
from bot.errors import OutcomeUnknown, TryLater
from bot.services.chat_platforms import Around, ChatBot, ChatPlatform, pace
from bot.services.dead_man import DeadMan
from bot.services.delivery import REASONS as DELIVERY_REASONS
from bot.services.delivery import Outlet
from bot.services.inboxes import inbox_messages
from bot.services.leadership import Leadership
from bot.services.lock_screen import SignedAddresses
from bot.services.readiness import Readiness
from bot.services.retrying import retry_until_available
from bot.settings import CHATS, Settings, token_setting
from storage import Store, open_store
from storage.heartbeat import EVERY, Heartbeat

log = logging.getLogger(__name__)

DRAIN = timedelta(seconds=4)
"""For messages in flight when we stop. Then the feeds may take two seconds to close, and the web
server three: together less than the ten that are promised."""

PRUNE_EVERY = timedelta(hours=1)

WATCH_EVERY = timedelta(seconds=2)
"""How often it is looked whether the database is still where it was, with room beside it."""

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
    now: Now = now,
) -> None:
    """Serve until `stop` is set; then end within ten seconds, with nothing half done.

    Args:
        chat: a chat page, if there is to be one.
        ready: called once the pages can be opened.
        new: the database may begin anew, whatever key is kept.
        now: what the clock says; it may be set while this runs.

    Raises:
        Misconfigured: a setting must be changed first.
        Superseded: another process with the same database does the work now.
    """
    chats = set_up(settings)
    keys = await keys_of(settings, new=new)
    async with (
        open_store(settings.database_url, keys, now, new_id) as store,
        open_platform(settings.platform, now) as platform,
        AsyncExitStack() as stack,
    ):
        meter = Metrics(partial(_backlog, store, now), _reasons(chats), STORED | DELIVERY_REASONS)
        around = Around(
            meter=meter,
            public_url=settings.web.public_url,
            now=now,
            chance=random.Random(),
        )
        messages = partial(inbox_messages, store.links, store.outbox)
        inbox = inbox_talk(messages, settings.web, now, new_id)
        talks = [inbox, *([] if chat is None else [chat.talk])]
        bots = list(map(_page, talks))
        for each in chats.values():
            opened = each.open(around, store.journal, store.handles)
            bots.append(await stack.enter_async_context(opened))
        addresses = SignedAddresses(store.vault, settings.web.public_url)
        push_key = PushKey(await retry_until_available(partial(store.push_key, new_private_key())))
        for opened in push_services(settings.push, around, store.phones, addresses, push_key):
            bots.append(await stack.enter_async_context(opened))
        one_of_many = store.database.dialect == "postgresql"  # an SQLite file has its own lock
        duty = Leadership(store.leases if one_of_many else None, owner=new_id())
        heartbeat = Heartbeat(store.leases, settings.data_dir, now)
        services = compose(
            store=store,
            platform=platform,
            outlets=_outlets(bots),
            may_send=duty.is_sure,
            meter=meter,
            public_url=settings.web.public_url,
            cut_off=settings.cut_off,
            draw=await stack.enter_async_context(drawing(meter)),
            now=now,
            new_id=new_id,
            new_digits=new_digits,
            chance=random.Random(),
            asks_to_step_up=settings.step_up,
            private_hosts=settings.push.private_hosts,
            apprise=settings.push.apprise,
        )
        for talk in talks:
            talk.list_commands(services.listing.listed_in)
        readiness = _readiness(services, store, bots, duty, now)
        signs = await _signs_of_life(settings, readiness, stack)
        pages = web_app(
            sign_in=services.linking,
            settings_desk=services.settings_page,
            inbox=InboxPages(
                inbox,
                services.inboxes,
                settings.web,
                new_id,
                push_key=push_key.public,
                plain_push=settings.push.private_hosts,
            ),
            lock_screen=services.lock_screen,
            health=readiness.problems,
            chat=chat,
            webhooks={path: hook for bot in bots for path, hook in bot.webhooks.items()},
            settings=settings.web,
            now=now,
            new_id=new_id,
        )
        most = min(MOST_CONNECTIONS, raise_descriptor_limit() // SHARE)
        await stack.enter_async_context(serving(pages, settings.web.listen, most))
        if settings.web.metrics is not None:
            figures = serving(metrics_app(meter), settings.web.metrics, SCRAPERS)
            await stack.enter_async_context(figures)
        ready()
        _announce(settings, store, chats)
        begun = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            beginning = group.create_task(_begin(bots, begun), name="introductions")
            if await duty.begin(stop):
                try:
                    await _live(
                        services, store, bots, duty, heartbeat, signs, meter, begun, stop, now
                    )
                finally:
                    # Also after a failure: then nothing is in flight, and who starts need not wait.
                    await duty.end()
            beginning.cancel()
    log.info("stopped")


def _reasons(
    chats: Mapping[Channel, ChatPlatform],
) -> Mapping[Channel, frozenset[str]]:
    """What an attempt can come to, by the channels that there are."""
    reasons = {Channel.WEB: frozenset[str]()}
    reasons |= {channel: platform.reasons for channel, platform in chats.items()}
    reasons[Channel.PUSH] = PUSH_REASONS
    return {channel: named | DELIVERY_REASONS for channel, named in reasons.items()}


def _outlets(bots: Sequence[ChatBot]) -> Mapping[tuple[Channel, str], Outlet]:
    return {
        (bot.messenger.channel, bot.messenger.bot): Outlet(
            messenger=bot.messenger,
            pace=bot.pace,
            readership=bot.readership,
            show_menu=bot.show_menu,
            topics=bot.topics,
            trouble=bot.trouble or _untold,
        )
        for bot in bots
    }


def _readiness(
    services: Services, store: Store, bots: Sequence[ChatBot], duty: Leadership, now: Now
) -> Readiness:
    def troubles() -> Sequence[str]:
        if duty.trouble is not None:
            return [duty.trouble]
        stored = store.database.trouble()
        return [] if stored is None else [stored.words]

    return Readiness(
        probe=partial(store.leases.acquire, "probe", "probe", timedelta(0)),
        outbox=store.outbox,
        feeds=services.feeds.states,
        troubles=troubles,
        # Who stands by does not listen.
        chats=lambda: [] if duty.trouble else _troubles(bots),
        now=now,
    )


def _troubles(bots: Sequence[ChatBot]) -> list[str | None]:
    """Of those that can tell, if there are any: a page or a phone service that nobody has asked
    must not pass for a chat that works.
    """
    return [bot.trouble() for bot in bots if bot.trouble is not None] or [None]


def _untold() -> None:
    return None


async def _signs_of_life(
    settings: Settings, readiness: Readiness, stack: AsyncExitStack
) -> Callable[[], Coroutine[Any, Any, object]]:
    """What gives them, until cancelled; nothing, if nobody wants any."""
    if settings.heartbeat_url is None:
        return _nobody_to_ask
    ping = await stack.enter_async_context(pinging(settings.heartbeat_url))
    return DeadMan(ping, readiness.works).run


async def _begin(bots: Sequence[ChatBot], begun: asyncio.Event) -> None:
    """Introduce the bots, side by side; one that is refused ends it all."""
    async with asyncio.TaskGroup() as group:
        for bot in bots:
            group.create_task(bot.begin(), name=f"{bot.messenger.channel} introduction")
    begun.set()


async def _once(
    begun: Sequence[asyncio.Event], work: Callable[[], Coroutine[Any, Any, object]]
) -> None:
    for event in begun:
        await event.wait()
    await work()


async def _live(
    services: Services,
    store: Store,
    bots: Sequence[ChatBot],
    duty: Leadership,
    heartbeat: Heartbeat,
    signs: Callable[[], Coroutine[Any, Any, object]],
    meter: Metrics,
    begun: asyncio.Event,
    stop: asyncio.Event,
    now: Now,
) -> None:
    """All that goes on side by side, and its end: hear nothing new, then send what is in flight.

    What sends and what hears waits until the bots have begun; meanwhile the feeds connect. What
    sends and what reads waits also until it is known whether a backup was put back, and how long
    nobody worked.
    """
    compared = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        working = [
            group.create_task(duty.keep(), name="duty"),
            group.create_task(_once([begun, compared], services.delivering.run), name="delivery"),
            group.create_task(_once([begun, compared], services.amending.run), name="amending"),
            group.create_task(_once([begun, compared], services.gathering.run), name="gathering"),
            group.create_task(_once([begun, compared], services.escalating.run), name="escalating"),
            group.create_task(_once([begun, compared], services.drilling.run), name="drilling"),
            group.create_task(_once([begun, compared], services.telling_nights.run), name="nights"),
            group.create_task(
                _once([begun, compared], services.telling_reports.run), name="reports"
            ),
            group.create_task(_once([begun], services.listing.run), name="menus"),
            group.create_task(_once([begun, compared], services.standing.run), name="standing"),
            group.create_task(_once([begun], services.bot_topics.run), name="topics of bots"),
            group.create_task(_once([compared], services.feeds.run), name="feeds"),
            group.create_task(services.router.recover(), name="recovery"),
            group.create_task(services.linking.run(), name="news of links"),
            group.create_task(_beat(heartbeat, services, compared), name="heartbeat"),
            group.create_task(_once([begun, compared], signs), name="signs of life"),
            group.create_task(_prune(store, now), name="pruning"),
            group.create_task(_watch(store, meter), name="watch of the database"),
        ]
        listening = [
            group.create_task(
                _once(
                    [begun],
                    partial(bot.listen, services.router.hear, services.router.suggest),
                ),
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


async def _beat(heartbeat: Heartbeat, services: Services, compared: asyncio.Event) -> NoReturn:
    restored = await retry_until_available(heartbeat.begin)
    services.delivering.restored = services.amending.restored = restored
    services.feeds.outage = heartbeat.outage
    compared.set()
    while True:
        await asyncio.sleep(EVERY.total_seconds())
        with suppress(
            TryLater, OutcomeUnknown
        ):  # the watch and the feeds tell when the database is away
            await heartbeat.beat()


async def _prune(store: Store, now: Now) -> NoReturn:
    while True:
        try:
            await store.prune(now())
        except (TryLater, OutcomeUnknown) as failure:
            log.warning("old records were not erased", extra={"reason": str(failure)})
        await asyncio.sleep(PRUNE_EVERY.total_seconds())


async def _watch(store: Store, meter: Metrics) -> NoReturn:
    """Say it loudly, once for each, when what is stored goes nowhere, or finds no room."""
    before = None
    while True:
        trouble = store.database.trouble()
        if trouble is not None and trouble != before:
            meter.alarm(trouble.alarm)
            log.error(trouble.words)
        before = trouble
        await asyncio.sleep(WATCH_EVERY.total_seconds())


def _page(chat: Talk) -> ChatBot:
    return ChatBot(
        messenger=chat,
        pace=pace(0, lambda _: 0),
        begin=_nobody_to_ask,
        listen=chat.listen,
        show_menu=chat.show_menu,
    )


async def _nobody_to_ask() -> None: ...


async def _backlog(store: Store, now: Now) -> Backlog:
    oldest = await store.outbox.oldest_pending()
    age = None if oldest is None else now() - oldest
    return Backlog(
        oldest=age,
        items=await store.outbox.counts(),
        missed=await store.outbox.missed_by_reason(),
    )


def _announce(settings: Settings, store: Store, chats: Mapping[Channel, ChatPlatform]) -> None:
    facts = {"database": store.database.dialect, "platform": settings.platform.url}
    log.info("serving", extra={"version": version("tradebell"), **facts})
    if not chats:
        log.warning(f"no chat platform is set up: set {' or '.join(map(token_setting, CHATS))}")
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
    if settings.heartbeat_url is not None and is_exposed(settings.heartbeat_url):
        log.warning("signs of life travel unencrypted: use https in TRADEBELL_HEARTBEAT_URL")
    if settings.platform.exposed:
        log.warning(
            "logins go to the platform unencrypted: use https in TRADEBELL_PLATFORM_URL",
            extra={"platform": settings.platform.url},
        )
    for platform in chats.values():
        if platform.exposed is not None:
            log.warning(platform.exposed)
