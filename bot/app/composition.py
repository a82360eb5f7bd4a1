"""The core, put together: the services of one process over its store and the outside."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.chats import Channel
from bot.domain.ids import NewId, Now
from bot.ports import Draw, Meter, Platform
from bot.services.actions import READ_BACKS, Acting
from bot.services.amending import Amending
from bot.services.chat_closed import ChatClosed
from bot.services.commands.access import Access
from bot.services.commands.desk import Desk
from bot.services.commands.registry import SPECS
from bot.services.commands.router import Router
from bot.services.commands.settings_page import SettingsPage
from bot.services.converting import Converting
from bot.services.delivery import Delivering, Outlet
from bot.services.feeds import FeedRhythm, Feeds
from bot.services.gathering import Gathering
from bot.services.inboxes import Inboxes
from bot.services.ingest import Ingest
from bot.services.linking import Linking
from bot.services.live_cards import LiveCards
from bot.services.lock_screen import LockScreen, SignedAddresses
from bot.services.menus import ListingCommands
from bot.services.offered import Offered
from bot.services.phoning import Phoning
from bot.services.reporting import Reporting
from bot.services.seeing import Seeing
from bot.services.standing import Standing
from bot.services.steady import Seconds
from bot.services.step_up import StepUp
from bot.services.topics import BotTopics
from bot.services.visiting import Visiting
from storage import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What a process does, once it is run."""

    delivering: Delivering
    amending: Amending
    gathering: Gathering
    escalating: Gathering
    drilling: Gathering
    telling_nights: Gathering
    telling_reports: Gathering
    standing: Standing
    bot_topics: BotTopics
    listing: ListingCommands
    ingest: Ingest
    feeds: Feeds
    linking: Linking
    router: Router
    settings_page: SettingsPage
    inboxes: Inboxes
    lock_screen: LockScreen


def compose(
    *,
    store: Store,
    platform: Platform,
    outlets: Mapping[tuple[Channel, str], Outlet],
    may_send: Callable[[], bool],
    meter: Meter,
    public_url: str,
    cut_off: Collection[Channel],
    draw: Draw,
    now: Now,
    new_id: NewId,
    new_digits: Callable[[], str],
    chance: random.Random,
    asks_to_step_up: bool = True,
    private_hosts: bool = False,
    apprise: frozenset[str] = frozenset(),
    rhythm: FeedRhythm | None = None,
    read_backs: Sequence[Seconds] = READ_BACKS,
) -> Services:
    """
    Args:
        outlets: by channel and our bot's id there.
        may_send: whether this process surely has the right to (`Leadership.is_sure`).
        public_url: where people reach the link page.
        cut_off: chats whose people cannot open that address.
        new_digits: gives six random decimal digits.
        asks_to_step_up: whether what cannot be undone takes a fresh login.
        private_hosts: whether phones may be rung by servers of a private network.
        apprise: schemes of addresses by which phones may be rung with that library.
        read_backs: the waits before each look at what a write has come to.
    """
    rhythm = rhythm or FeedRhythm()
    delivering = Delivering(
        outbox=store.outbox,
        outlets=outlets,
        meter=meter,
        now=now,
        chance=chance,
        may_send=may_send,
        look_every=rhythm.look_every,
    )
    live = LiveCards(links=store.links)
    amending = Amending(
        outbox=store.outbox,
        shown_cards=store.shown_cards,
        outlets=outlets,
        delivering=delivering,
        live=live,
        now=now,
        chance=chance,
        look_every=rhythm.look_every * 10,  # a button that ended late is no late alert
    )
    gathering = Gathering(store.outbox.gather, delivering, now)
    escalating = Gathering(store.incidents.escalate, delivering, now)
    drilling = Gathering(store.drills.tell, delivering, now, amending)
    telling_nights = Gathering(store.nights.tell, delivering, now)
    ingest = Ingest(store.inbox, meter, delivering, amending, gathering, escalating, now, new_id)
    offered = Offered(store.permits, platform, now)
    feeds = Feeds(
        platform,
        store.accounts,
        store.inbox,
        store.ledger,
        store.price_alerts,
        offered,
        ingest,
        meter,
        now,
        chance,
        rhythm,
    )
    live.when_watched(feeds.watch)
    converting = Converting(feeds, now)
    reporting = Reporting(
        store.reports, store.nights, store.ledger, store.inbox, feeds, converting, draw, now
    )
    telling_reports = Gathering(reporting.tell, delivering, now)
    linking = Linking(
        codes=store.codes,
        accounts=store.accounts,
        links=store.links,
        platform=platform,
        feeds=feeds,
        ingest=ingest,
        audit=store.audit,
        public_url=public_url,
        cut_off=cut_off,
        now=now,
        new_id=new_id,
        new_digits=new_digits,
    )
    chat_closed = ChatClosed(
        accounts=store.accounts,
        links=store.links,
        phones=store.phones,
        audit=store.audit,
        ingest=ingest,
        now=now,
    )
    bot_topics = BotTopics(
        topics=store.topics,
        accounts=store.accounts,
        outlets=outlets,
        ingest=ingest,
        now=now,
        look_every=rhythm.look_every,
    )
    delivering.when_gone(chat_closed.gone, bot_topics.gone)
    readerships = {
        key: outlet.readership for key, outlet in outlets.items() if outlet.readership is not None
    }
    access = Access(readerships)
    seeing = Seeing(store.sightings, store.links, access, amending, drilling, store.audit, now)
    listing = ListingCommands(store.menus, store.links, offered, outlets, SPECS, rhythm.look_every)
    offered.when_changed(listing.wake)
    step_up = StepUp(codes=store.codes, now=now, asked_for=asks_to_step_up)
    acting = Acting(
        store.actions,
        store.accounts,
        feeds,
        ingest,
        store.audit,
        offered,
        step_up,
        now,
        new_id,
        read_backs,
    )
    standing = Standing(
        store.standing_orders,
        store.accounts,
        store.links,
        feeds,
        acting,
        ingest,
        store.audit,
        now,
    )
    ingest.when_opened(standing.wake)
    desk = Desk(
        access=access,
        accounts=store.accounts,
        acting=acting,
        amending=amending,
        answers=store.answers,
        audit=store.audit,
        bot_topics=bot_topics,
        delivering=delivering,
        draw=draw,
        offered=offered,
        feeds=feeds,
        gathering=gathering,
        drilling=drilling,
        drills=store.drills,
        telling_nights=telling_nights,
        telling_reports=telling_reports,
        reporting=reporting,
        converting=converting,
        nights=store.nights,
        price_alerts=store.price_alerts,
        escalating=escalating,
        inbox=store.inbox,
        incidents=store.incidents,
        ingest=ingest,
        ledger=store.ledger,
        linking=linking,
        live=live,
        links=store.links,
        outbox=store.outbox,
        phoning=Phoning(
            store.phones,
            store.links,
            outlets,
            delivering,
            store.audit,
            now,
            new_id,
            new_digits,
            private_hosts,
            apprise,
        ),
        seeing=seeing,
        shown_cards=store.shown_cards,
        sightings=store.sightings,
        standing=standing,
        standing_orders=store.standing_orders,
        step_up=step_up,
        visiting=Visiting(visits=store.visits, public_url=public_url, now=now, new_id=new_id),
        specs=SPECS,
        now=now,
        new_id=new_id,
    )
    router = Router(desk, chat_closed)
    return Services(
        delivering=delivering,
        amending=amending,
        gathering=gathering,
        escalating=escalating,
        drilling=drilling,
        telling_nights=telling_nights,
        telling_reports=telling_reports,
        standing=standing,
        bot_topics=bot_topics,
        listing=listing,
        ingest=ingest,
        feeds=feeds,
        linking=linking,
        router=router,
        settings_page=SettingsPage(desk=desk),
        inboxes=Inboxes(
            visiting=desk.visiting,
            links=store.links,
            linking=linking,
            audit=store.audit,
            desk=desk,
            hear=router.hear,
        ),
        lock_screen=LockScreen(
            addresses=SignedAddresses(store.vault, public_url),
            actions=store.actions,
            links=store.links,
            seeing=seeing,
            audit=store.audit,
            now=now,
        ),
    )
