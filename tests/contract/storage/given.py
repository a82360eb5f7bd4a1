"""What the storage suites begin with: people, chats, links, facts and owed cards."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.domain.accounts import Credential, CredentialKind, Grant
from bot.domain.actions import Action, Verb, offer_to_pause
from bot.domain.amendments import AnsweredBy, OfferAnswer
from bot.domain.cards import Button, Card
from bot.domain.chats import Address, Channel, Link, Role
from bot.domain.deliveries import Delivery, Draft, Priority, Settlement, State
from bot.domain.events import Event, Kind, Origin, Trade
from bot.domain.ids import AccountId, ActionId, EndpointId, TraderId
from bot.domain.ingesting import Decide, IngestResult, Known, NewsDecision
from bot.domain.lanes import LaneRequest
from bot.domain.lifetimes import CODE_LIFE, OFFER_LIFE
from bot.domain.linking import Completed, Invitation, Proof
from storage import Store

NOW = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
DIGITS = "314159"
NOTE = f"asked {NOW.isoformat()} discord"
"""How it is stored that a bot was stopped from Discord."""

ANSWER = partial(OfferAnswer, by=AnsweredBy.ASKED, at=NOW, channel=Channel.DISCORD)

_numbers = itertools.count(1)

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def address(chat: str = "100", thread: str = "") -> Address:
    return Address(channel=Channel.TELEGRAM, bot="1", chat=chat, thread=thread)


def grant(user: str = "alice", secret: str = "token-of-alice") -> Grant:
    return Grant(
        platform_user=user,
        label=f"{user[:1]}***",
        plan="pro",
        credential=Credential(
            kind=CredentialKind.TOKEN, secret=secret, expires_at=NOW + timedelta(days=7)
        ),
    )


async def invited(
    store: Store,
    code: str,
    chat: str = "100",
    person: str | None = None,
    at: datetime = NOW,
    language: str = "en",
    proof: Proof | None = None,
) -> Invitation:
    """An open linking attempt in a chat."""
    place = address(chat)
    invitation = Invitation(
        endpoint=await store.links.endpoint(place, private=True),
        address=place,
        person=person or chat,
        role=Role.OWNER,
        expires_at=at + CODE_LIFE,
        language=language,
        proof=proof,
    )
    await store.codes.invite(code, invitation, at)
    return invitation


async def completed(
    store: Store, chat: str = "100", user: str = "alice", at: datetime = NOW
) -> Completed:
    """A chat linked to somebody's account, with all steps taken."""
    code = f"code {next(_numbers)}"
    invitation = await invited(store, code, chat, at=at)
    await store.codes.sign_in(code, grant(user, f"token-of-{user}"), DIGITS, at)
    done = await store.codes.complete(address(chat), invitation.person, DIGITS, at)
    assert isinstance(done, Completed)
    return done


async def linked(store: Store, chat: str = "100", user: str = "alice") -> Link:
    return (await completed(store, chat, user)).link


def fact(record: str = "r1", kind: Kind = Kind.TRADE, at: datetime = NOW) -> Trade:
    """Something that happened; its sort is in its origin only."""
    return Trade(origin=Origin(kind=kind, record=record, at=at))


def tell_all(
    priority: Priority = Priority.NORMAL,
    expires_at: datetime | None = None,
    fingerprint: str | None = None,
    subject: str = "",
    says_more: bool = False,
) -> Decide:
    """Everything is news for every chat of the account; the card's title is the record's id."""

    def decide(event: Event, known: Known) -> NewsDecision:
        return NewsDecision(
            news=True,
            reason="news",
            record=event.origin.record,
            revision=event.origin.revision,
            drafts=drafts(known.links, event.origin.record, priority, expires_at, subject),
            fingerprint=fingerprint,
            says_more=says_more,
        )

    return decide


def drafts(
    links: Sequence[Link],
    title: str,
    priority: Priority = Priority.NORMAL,
    expires_at: datetime | None = None,
    subject: str = "",
) -> tuple[Draft, ...]:
    return tuple(
        Draft(
            link=link.id,
            link_epoch=link.epoch,
            endpoint=link.endpoint.id,
            priority=priority,
            card=Card(title=title),
            expires_at=expires_at,
            subject=subject,
        )
        for link in links
    )


def alarming(event: Event, known: Known) -> NewsDecision:
    """By the record's id: 'alarm of owl 1' offers to pause the owl, 'end of owl' answers that."""
    what, _, bot, *_ = (*event.origin.record.split(), "", "")
    found = NewsDecision(news=True, reason="news", record=event.origin.record)
    if what == "end":
        return replace(found, answer=ANSWER(about=TraderId(bot)))
    offers = [offer(link, bot, event.origin.record) for link in known.links]
    cards = [alarm(event.origin.record, one) for one in offers]
    return replace(
        found,
        drafts=tuple(
            Draft(
                link=link.id,
                link_epoch=link.epoch,
                endpoint=link.endpoint.id,
                priority=Priority.URGENT,
                card=card,
                about=TraderId(bot),
            )
            for link, card in zip(known.links, cards, strict=True)
        ),
        actions=tuple(offers),
    )


def offer(link: Link, bot: str, record: str) -> Action:
    return Action(
        id=ActionId(f"{record} in {link.endpoint.address.chat}"),
        card=f"{record} {link.id}",
        account=link.account,
        link=link.id,
        endpoint=link.endpoint.id,
        person=None,
        verb=Verb.ASK,
        arguments=offer_to_pause(TraderId(bot)),
        repeatable=True,
        expires_at=NOW + OFFER_LIFE,
    )


def alarm(title: str, offered: Action) -> Card:
    return Card(title=title, buttons=((Button(label="Pause", action=offered.id),),))


async def told(
    store: Store,
    account: AccountId,
    *records: str,
    at: datetime = NOW,
    priority: Priority = Priority.NORMAL,
    expires_at: datetime | None = None,
    subject: str = "",
) -> IngestResult:
    """Owe a card for each record, a second of happening apart."""
    facts = [fact(record, at=at + number * SECOND) for number, record in enumerate(records)]
    decide = tell_all(priority, expires_at, subject=subject)
    return await store.inbox.ingest(account, facts, decide, NOW)


def button(link: Link, name: str = "pause") -> Action:
    """A button that anybody in the chat may press for a minute; all are on one card."""
    return Action(
        id=ActionId(name),
        card="card",
        account=link.account,
        link=link.id,
        endpoint=link.endpoint.id,
        person=None,
        verb=Verb.PAUSE,
        expires_at=NOW + MINUTE,
    )


async def claim(store: Store, endpoint: EndpointId, now: datetime = NOW) -> Delivery | None:
    return (await store.outbox.serve(LaneRequest(endpoint=endpoint, claim=True), now)).delivery


async def claimed(store: Store, endpoint: EndpointId, now: datetime = NOW) -> Delivery:
    delivery = await claim(store, endpoint, now)
    assert delivery is not None
    return delivery


async def settle(
    store: Store, delivery: Delivery, settlement: Settlement, now: datetime = NOW
) -> None:
    turn = LaneRequest(endpoint=delivery.endpoint, settled=(delivery, settlement))
    await store.outbox.serve(turn, now)


SENT = Settlement(state=State.SENT, reason="sent", message="77")


def again(at: datetime, *, counts: bool = True) -> Settlement:
    return Settlement(state=State.READY, reason="busy", not_before=at, counts=counts)


def unclear(at: datetime) -> Settlement:
    return Settlement(state=State.UNKNOWN, reason="no answer", not_before=at, unclear=True)


UNCERTAIN = Settlement(state=State.DEAD, reason="uncertain: no answer", unclear=True)
GONE = Settlement(state=State.HELD, reason="blocked", endpoint_gone=True)


async def titles_sent(store: Store, endpoint: EndpointId, now: datetime = NOW) -> list[str]:
    """Send all that is due there; gives the titles in the order in which they went out."""
    titles = []
    while delivery := await claim(store, endpoint, now):
        titles.append(delivery.card.title)
        await settle(store, delivery, SENT, now)
    return titles
