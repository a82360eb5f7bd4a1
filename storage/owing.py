"""What a fact is owed to whom, and what of it can leave at once."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Text, insert, or_, select

from bot.domain.deliveries import Delivery, Draft, State
from bot.domain.ids import AccountId, DeliveryId, EndpointId
from bot.domain.links import EndpointState, Link
from storage.actions import action_row
from storage.codec import encode_card
from storage.facts import Fact, FactKey
from storage.memory import Memory
from storage.statements import Statement, among
from storage.tables import DELIVERY_IS_PENDING, action, delivery, endpoint

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters that are not mistaken for each other when read aloud."""


def reference(fact_key: FactKey, endpoint: EndpointId) -> str:
    """The short name of a delivery: six characters, the same whenever it is worked out."""
    text = "\0".join((*fact_key, endpoint))
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
    return "".join([_ALPHABET[number >> 5 * place & 31] for place in range(6)])


def owe(
    connection: Connection, facts: Sequence[Fact], memories: Mapping[AccountId, Memory]
) -> None:
    """Store the deliveries and buttons of new facts; what can leave at once is in flight then."""
    free = _free(connection, facts)
    waiting = []
    actions = []
    for fact in facts:
        links = {link.id: link for link in memories[AccountId(fact.key.account)].links}
        for draft in fact.drafts:
            link = links[draft.link]
            row = _row(fact, draft, link)
            fact.tally.told += 1
            if draft.endpoint in free and _may_leave(fact, draft, link):
                fact.tally.started.append(_start(connection, fact, draft, link, row))
                continue
            waiting.append(row)
            if row["state"] is State.READY:
                place = link.endpoint
                _, urgent = fact.tally.owed.get(place.id, (None, draft.priority))
                fact.tally.owed[place.id] = (place.address, min(urgent, draft.priority))
        heard = {draft.endpoint for draft in fact.drafts}
        actions += [
            action_row(offered) for offered in fact.verdict.actions if offered.endpoint in heard
        ]
    _OWE.run(connection, *waiting)
    if actions:
        connection.execute(insert(action), actions)


def _row(fact: Fact, draft: Draft, link: Link) -> dict[str, Any]:
    held = link.endpoint.state is EndpointState.DISABLED
    return {
        **fact.key._asdict(),
        "reference": reference(fact.key, draft.endpoint),
        "link": draft.link,
        "link_epoch": draft.link_epoch,
        "endpoint": draft.endpoint,
        "priority": int(draft.priority),
        "state": State.HELD if held else State.READY,
        "reason": "the chat is closed" if held else "new",
        "attempts": 0,
        "unclear": 0,
        "card": encode_card(draft.card),
        "occurred_at": fact.at,
        "created_at": fact.now,
        "expires_at": draft.expires_at,
        "started_at": None,
        "ended_at": fact.now if held else None,
    }


_BUSY = Statement(
    lambda dialect: select(endpoint.c.id).where(
        among(endpoint.c.id, "endpoints", Text(), dialect),
        or_(
            # The next item has to mention what may be missing: a turn's work.
            endpoint.c.doubtful > 0,
            select(delivery.c.id)
            .where(delivery.c.endpoint == endpoint.c.id, DELIVERY_IS_PENDING)
            .exists(),
        ),
    )
)


def _free(connection: Connection, facts: Sequence[Fact]) -> Set[str]:
    """Endpoints where a new item is the only pending one."""
    idle: set[str] = set().union(*(fact.idle for fact in facts))
    if not idle:
        return idle
    drafts = Counter(draft.endpoint for fact in facts for draft in fact.drafts)
    wanted = [place for place, count in drafts.items() if count == 1 and place in idle]
    busy = _BUSY.rows(connection, {"endpoints": wanted})
    return set(wanted) - {place for (place,) in busy}


def _may_leave(fact: Fact, draft: Draft, link: Link) -> bool:
    """Whether a turn would not drop or hold it (G7, G8)."""
    return (
        draft.endpoint in fact.idle
        and link.endpoint.id == draft.endpoint
        and link.endpoint.state is EndpointState.ACTIVE
        and link.epoch == draft.link_epoch
        and (draft.expires_at is None or draft.expires_at > fact.now)
    )


_COLUMNS = tuple(set(delivery.c.keys()) - {"id", "message", "not_before"})

_OWE = Statement(lambda _: insert(delivery), *_COLUMNS)

_START = Statement(lambda _: insert(delivery).returning(delivery.c.id), *_COLUMNS)


def _start(
    connection: Connection, fact: Fact, draft: Draft, link: Link, row: dict[str, Any]
) -> Delivery:
    """Store it as claimed: what a turn would do next, with one commit for both."""
    in_flight = {"state": State.SENDING, "attempts": 1, "started_at": fact.now}
    (stored,) = _START.rows(connection, row | in_flight)
    return Delivery(
        id=DeliveryId(stored.id),
        reference=row["reference"],
        account=AccountId(fact.key.account),
        link=draft.link,
        endpoint=draft.endpoint,
        address=link.endpoint.address,
        kind=fact.key.kind,
        priority=draft.priority,
        state=State.SENDING,
        attempts=1,
        unclear=0,
        card=replace(draft.card, reference=row["reference"]),
        occurred_at=fact.at,
        created_at=fact.now,
        expires_at=draft.expires_at,
    )
