"""Turns: what lanes report is settled, what they ask for is claimed, for all of them at once."""

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.domain.cards import Card
from bot.domain.decisions import Course
from bot.domain.deliveries import PENDING, Delivery, Priority, Settlement, State
from bot.domain.digests import crowd as digest_crowd
from bot.domain.events import Kind
from bot.domain.ids import AccountId, DeliveryId, EndpointId, LinkId
from bot.domain.lanes import LaneRequest, LaneResult
from bot.domain.reasons import Reason
from bot.errors import OutcomeUnknown, TryLater
from bot.policy.whether_sent import Item, may_leave
from storage import topics
from storage.engine.database import Database
from storage.outbox import digests, endpoints
from storage.outbox.folding import refreshed, show_parts
from storage.outbox.statements import (
    CANCEL,
    CLAIM,
    EXPIRE,
    FETCH,
    HOLD_IF_CLOSED,
    INTERRUPTED,
    MENTION,
    SETTLE,
)
from storage.schema.codec import decode_card
from storage.schema.preferences import language_of, zone_of
from storage.schema.rows import AnyRow, address_of
from storage.schema.states import LinkState

log = logging.getLogger(__name__)


def serve_lanes(
    connection: Connection, requests: Sequence[tuple[LaneRequest, datetime]]
) -> Sequence[LaneResult]:
    """Settle first, then claim: a lane's next item is free once its last has come to an end."""
    _settle(connection, [(*request.settled, now) for request, now in requests if request.settled])
    now = max(now for _, now in requests)
    asked = {request.endpoint for request, _ in requests}
    claiming = {request.endpoint for request, _ in requests if request.claim}
    under_pressure = {request.endpoint for request, _ in requests if request.under_pressure}
    claimed, due = _claim(connection, asked, claiming, under_pressure, now)
    return [
        LaneResult(
            # Whoever of one endpoint asked first has it; the others find it in flight.
            delivery=claimed.pop(request.endpoint, None) if request.claim else None,
            due=due.get(request.endpoint),
        )
        for request, _ in requests
    ]


async def hand_back(database: Database, claimed: Iterable[Delivery], now: datetime) -> None:
    """Undo claims that nobody waits for any more: these have not been tried.

    It raises nothing, since whoever is cancelled has to end. What it cannot undo, a start settles.
    """
    untried = Settlement(state=State.READY, reason=Reason.NOT_TRIED, not_before=now, counts=False)
    for each in claimed:
        request = LaneRequest(endpoint=each.endpoint, settled=(each, untried))
        try:
            await database.write(serve_lanes, (request, now))
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("a claim stays until the next start", extra={"reason": str(outage)})


def _settle(
    connection: Connection, settled: Sequence[tuple[Delivery, Settlement, datetime]]
) -> None:
    plain = [each for each in settled if not _concerns_endpoint(*each)]
    SETTLE.run(connection, *(_settling(*each) for each in plain))
    for claimed, settlement, now in settled:
        if _concerns_endpoint(claimed, settlement, now) and SETTLE.run(
            connection, _settling(claimed, settlement, now)
        ):
            _change_endpoint(connection, claimed, settlement, now)
    for claimed, settlement, now in settled:
        if settlement.state is State.SENT and claimed.carries:
            show_parts(connection, claimed.id, now)
        elif settlement.state not in (*PENDING, State.SENT):
            digests.follow(connection, now)
    again = [
        {"id": claimed.id, "now": now}
        for claimed, settlement, now in settled
        if settlement.state in (State.READY, State.UNKNOWN)
    ]
    HOLD_IF_CLOSED.run(connection, *again)


def _settling(claimed: Delivery, settlement: Settlement, now: datetime) -> dict[str, Any]:
    return {
        "id": claimed.id,
        "claimed_attempts": claimed.attempts,
        "claimed_unclear": claimed.unclear,
        "state": settlement.state,
        "reason": settlement.reason,
        "message": settlement.message,
        "uncounted": 0 if settlement.counts else 1,
        "doubts": 1 if settlement.unclear else 0,
        "not_before": settlement.not_before,
        "ended_at": None if settlement.state in PENDING else now,
    }


def _concerns_endpoint(claimed: Delivery, settlement: Settlement, _now: datetime) -> bool:
    """Whether an outcome says something about more than the one item."""
    return bool(
        settlement.endpoint_gone
        or settlement.topic_gone
        or settlement.moved_to
        or _leaves_doubt(settlement)
        or _tells_doubt(claimed, settlement)
    )


def _leaves_doubt(settlement: Settlement) -> bool:
    return settlement.unclear and settlement.state is State.DEAD


def _tells_doubt(claimed: Delivery, settlement: Settlement) -> bool:
    return bool(claimed.doubtful) and settlement.state is State.SENT


def _change_endpoint(
    connection: Connection, claimed: Delivery, settlement: Settlement, now: datetime
) -> None:
    if settlement.endpoint_gone:
        endpoints.close(connection, claimed.endpoint, settlement.reason, now)
    if settlement.topic_gone:
        topics.lose(connection, claimed)
    if settlement.moved_to:
        endpoints.move(connection, claimed.endpoint, settlement.moved_to, now)
    if _leaves_doubt(settlement):
        endpoints.doubt(connection, claimed.endpoint, 1)
    if _tells_doubt(claimed, settlement):
        endpoints.doubt(connection, claimed.endpoint, -claimed.doubtful)
        MENTION.run(connection, {"id": claimed.id, "doubts": claimed.doubtful})


def _claim(
    connection: Connection,
    asked: Set[EndpointId],
    claiming: Set[EndpointId],
    under_pressure: Set[EndpointId],
    now: datetime,
) -> tuple[dict[EndpointId, Delivery], dict[EndpointId, datetime]]:
    """What is now in flight where a claim was wanted, and elsewhere when the next item is due."""
    heads: dict[int, AnyRow] = {}
    due: dict[EndpointId, datetime] = {}
    open_to: Set[EndpointId] = asked
    crowd = digest_crowd(bool(under_pressure))
    while open_to:
        rows = FETCH.rows(connection, {"endpoints": list(open_to), "crowd": crowd})
        dropping = set()
        coalesced = set()
        for row in rows:
            decision = may_leave(_item(row, now))
            if decision.course is Course.HOLD:
                due[row.endpoint] = row.not_before
            elif row.endpoint not in claiming:
                due[row.endpoint] = now
            elif decision.course is Course.DROP:
                dropping.add(row.endpoint)
            elif _may_be_told_together(row) and digests.coalesce(
                connection, row, row.endpoint in under_pressure, now
            ):
                coalesced.add(row.endpoint)
            else:
                heads[row.id] = row
        if dropping:
            EXPIRE.run(connection, {"endpoints": list(dropping), "now": now})
            CANCEL.run(connection, {"endpoints": list(dropping), "now": now})
            digests.follow(connection, now)
        open_to = dropping | coalesced
    cards = {}
    for id, head in heads.items():
        if head.untold is not None:
            cards[id] = refreshed(connection, head)
    started_ones = _start(connection, heads, now)
    places = topics.place(connection, [head for head, _ in started_ones if head.topics])
    claimed = {
        head.endpoint: replace(
            _claimed(head, head.attempts + 1, started, cards.get(head.id)),
            topic=places.get(head.id, ""),
            replies_to=head.replies_to,
            carries=head.untold is not None,
        )
        for head, started in started_ones
    }
    return claimed, due


def _item(head: AnyRow, now: datetime) -> Item:
    return Item(
        now=now,
        not_before=head.not_before,
        started_at=head.started_at,
        expires_at=head.expires_at,
        linked=(head.link_state is LinkState.ACTIVE or head.kind is Kind.FAREWELL)
        and head.link_epoch == head.current_epoch
        and head.endpoint == head.current_endpoint,
    )


def _may_be_told_together(head: AnyRow) -> bool:
    """Whether it is worth looking: most of the time nothing else waits."""
    if head.reason == Reason.REOPENED:
        return True
    # A digest that has just been made is not made anew with what waits behind it.
    waits = head.crowd is not None or head.urgent_crowd is not None
    return waits and head.kind is not Kind.DIGEST


def _start(
    connection: Connection, heads: Mapping[int, AnyRow], now: datetime
) -> list[tuple[AnyRow, AnyRow]]:
    """Those that are now in flight, each with its `answer` and whether it was `seen`; another
    process may have been quicker with some.
    """
    if not heads:
        return []
    started = CLAIM.rows(connection, {"these": list(heads), "now": now})
    return [(heads[row.id], row) for row in started]


def select_interrupted(connection: Connection) -> Sequence[Delivery]:
    """What is in flight, by the last claim of each: at a start, what a crash left so."""
    rows = INTERRUPTED.rows(connection, {})
    return [_claimed(row, row.attempts, row) for row in rows]


def _claimed(head: AnyRow, attempts: int, started: AnyRow, card: Card | None = None) -> Delivery:
    """
    Args:
        started: with its `answer`, and whether it was `seen`.
        card: with what is told within it; `None`: nothing is.
    """
    return Delivery(
        id=DeliveryId(head.id),
        reference=head.reference,
        account=AccountId(head.account),
        link=LinkId(head.link),
        endpoint=EndpointId(head.endpoint),
        address=address_of(head),
        topic=head.topic or "",
        kind=head.kind,
        priority=Priority(head.priority),
        state=State.SENDING,
        attempts=attempts,
        unclear=head.unclear,
        card=card or decode_card(head.card, head.reference),
        occurred_at=head.occurred_at,
        created_at=head.created_at,
        expires_at=head.expires_at,
        doubtful=head.doubtful,
        answer=started.answer,
        seen=started.seen,
        host=None if head.private else head.person,
        language=language_of(head.preferences),
        zone=zone_of(head.preferences),
    )
