"""Turns: what lanes report is settled, what they ask for is claimed, for all of them at once."""

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    literal_column,
    null,
    select,
    update,
)

from bot.domain.chats import EndpointState
from bot.domain.deliveries import PENDING, Delivery, Priority, Settlement, State
from bot.domain.digests import URGENT_CROWD
from bot.domain.digests import crowd as digest_crowd
from bot.domain.events import Kind
from bot.domain.ids import AccountId, DeliveryId, EndpointId, LinkId
from bot.domain.lanes import LaneRequest, LaneResult
from bot.domain.reasons import Reason
from bot.errors import OutcomeUnknown, TryLater
from bot.policy.stages import Course, Item, may_leave
from storage.engine.database import Database
from storage.engine.statements import Statement, among
from storage.outbox import digests, endpoints
from storage.schema.codec import decode_card, language_of
from storage.schema.rows import AnyRow, address_of
from storage.schema.states import LinkState
from storage.schema.tables import (
    DELIVERY_IS_SENDING,
    DELIVERY_IS_WAITING,
    LINK_IS_ACTIVE,
    delivery,
    endpoint,
    is_one_of,
    link,
)

log = logging.getLogger(__name__)


def take_turns(
    connection: Connection, requests: Sequence[tuple[LaneRequest, datetime]]
) -> Sequence[LaneResult]:
    """Settle first, then claim: a lane's next item is free once its last has come to an end."""
    _settle(connection, [(*turn.settled, now) for turn, now in requests if turn.settled])
    now = max(now for _, now in requests)
    asked = {turn.endpoint for turn, _ in requests}
    claiming = {turn.endpoint for turn, _ in requests if turn.claim}
    under_pressure = {turn.endpoint for turn, _ in requests if turn.under_pressure}
    claimed, due = _claim(connection, asked, claiming, under_pressure, now)
    return [
        LaneResult(
            # Whoever of one endpoint asked first has it; the others find it in flight.
            delivery=claimed.pop(turn.endpoint, None) if turn.claim else None,
            due=due.get(turn.endpoint),
        )
        for turn, _ in requests
    ]


async def hand_back(database: Database, claimed: Iterable[Delivery], now: datetime) -> None:
    """Undo claims that nobody waits for any more: these have not been tried.

    It raises nothing, since whoever is cancelled has to end. What it cannot undo, a start settles.
    """
    untried = Settlement(state=State.READY, reason=Reason.NOT_TRIED, not_before=now, counts=False)
    for each in claimed:
        turn = LaneRequest(endpoint=each.endpoint, settled=(each, untried))
        try:
            await database.write(take_turns, (turn, now))
        except (TryLater, OutcomeUnknown) as outage:
            log.warning("a claim stays until the next start", extra={"reason": str(outage)})


_SETTLE = Statement(
    lambda _: (
        update(delivery)
        .where(
            delivery.c.id == bindparam("this"),
            DELIVERY_IS_SENDING,
            # The very attempt that was claimed: one that was taken over since says no more.
            delivery.c.attempts == bindparam("claimed_attempts"),
            delivery.c.unclear == bindparam("claimed_unclear"),
        )
        .values(
            state=bindparam("to"),
            reason=bindparam("because"),
            message=bindparam("as_message"),
            attempts=delivery.c.attempts - bindparam("uncounted"),
            unclear=delivery.c.unclear + bindparam("doubts"),
            not_before=bindparam("again_at"),
            ended_at=bindparam("ended"),
        )
    )
)

_MENTION = (
    update(delivery).where(delivery.c.id == bindparam("this")).values(mentioned=bindparam("doubts"))
)

_HOLD_IF_CLOSED = (
    update(delivery)
    .where(
        delivery.c.id == bindparam("this"),
        DELIVERY_IS_WAITING,
        select(endpoint.c.id)
        .where(
            endpoint.c.id == delivery.c.endpoint,
            endpoint.c.state == EndpointState.DISABLED,
        )
        .exists(),
    )
    .values(state=State.HELD, reason=Reason.CLOSED, not_before=null(), ended_at=bindparam("ended"))
)

_CLAIMED = (
    delivery.c.id,
    delivery.c.reference,
    delivery.c.account,
    delivery.c.link,
    delivery.c.endpoint,
    delivery.c.kind,
    delivery.c.priority,
    delivery.c.attempts,
    delivery.c.unclear,
    delivery.c.card,
    delivery.c.occurred_at,
    delivery.c.created_at,
    delivery.c.expires_at,
    endpoint.c.channel,
    endpoint.c.bot,
    endpoint.c.chat,
    endpoint.c.thread,
    endpoint.c.doubtful,
    endpoint.c.private,
    link.c.person,
    link.c.preferences,
)
"""What a `Delivery` is made of."""

_INTERRUPTED = (
    select(*_CLAIMED, delivery.c.answer)
    .join_from(delivery, endpoint, endpoint.c.id == delivery.c.endpoint)
    .join(link, link.c.id == delivery.c.link)
    .where(DELIVERY_IS_SENDING)
    .order_by(delivery.c.id)
)

_first = delivery.alias("first")
_rival = delivery.alias("rival")
_other = delivery.alias("other")


def _select_heads(dialect: str) -> Select[*tuple[Any, ...]]:
    first = (
        select(_first.c.id)
        .where(_first.c.endpoint == endpoint.c.id, is_one_of(_first.c.state, *PENDING))
        .order_by(_first.c.rank, _first.c.occurred_at, _first.c.id)
        .limit(literal_column("1"))
        .scalar_subquery()
    )
    crowd = (
        select(_other.c.id)
        .where(_other.c.endpoint == endpoint.c.id, is_one_of(_other.c.state, *PENDING))
        .limit(literal_column("1"))
        .offset(bindparam("crowd", type_=Integer()))
        .scalar_subquery()
    )
    urgent_crowd = (
        select(_other.c.id)
        .where(
            _other.c.endpoint == endpoint.c.id,
            is_one_of(_other.c.state, *PENDING),
            _other.c.rank == delivery.c.rank,
            _other.c.priority == delivery.c.priority,
            _other.c.kind == delivery.c.kind,
            _other.c.subject == delivery.c.subject,
            delivery.c.subject != literal_column("''"),
            delivery.c.priority == literal_column(str(int(Priority.URGENT))),
        )
        .limit(literal_column("1"))
        .offset(literal_column(str(URGENT_CROWD)))
        .scalar_subquery()
    )
    in_flight = select(_rival.c.id).where(
        _rival.c.endpoint == endpoint.c.id, is_one_of(_rival.c.state, State.SENDING)
    )
    return (
        select(
            *_CLAIMED,
            delivery.c.link_epoch,
            delivery.c.not_before,
            delivery.c.started_at,
            delivery.c.reason,
            delivery.c.subject,
            crowd.label("crowd"),
            urgent_crowd.label("urgent_crowd"),
            link.c.state.label("link_state"),
            link.c.epoch.label("current_epoch"),
            link.c.endpoint.label("current_endpoint"),
        )
        .select_from(endpoint)
        .join(delivery, delivery.c.id == first)
        .join(link, link.c.id == delivery.c.link)
        .where(
            among(endpoint.c.id, "endpoints", Text(), dialect),
            endpoint.c.state == literal_column(f"'{EndpointState.ACTIVE}'"),
            ~in_flight.exists(),
        )
    )


_HEADS = Statement(_select_heads)
"""For each endpoint that can be sent to, the item that its order puts first, due or not.

An item that is not due holds back all that follow: order survives a retry (G6). One that is more
urgent comes before it, and so goes ahead.
"""

_START = Statement(
    lambda dialect: (
        update(delivery)
        .where(among(delivery.c.id, "these", BigInteger(), dialect), DELIVERY_IS_WAITING)
        .values(
            state=State.SENDING,
            attempts=delivery.c.attempts + 1,
            started_at=bindparam("started"),
            # It goes out with its answer: only an earlier attempt may have shown it without.
            amend_at=case((delivery.c.unclear > 0, delivery.c.amend_at)),
        )
        # An answer may have been noted since the head was looked at.
        .returning(delivery.c.id, delivery.c.answer)
    )
)

_EXPIRE = (
    update(delivery)
    .where(
        delivery.c.endpoint.in_(bindparam("endpoints", expanding=True)),
        DELIVERY_IS_WAITING,
        delivery.c.expires_at <= bindparam("now"),
    )
    .values(
        state=State.EXPIRED,
        reason=case(
            (delivery.c.unclear > 0, Reason.LATE_TO_REPEAT.value),
            else_=Reason.LATE.value,
        ),
        not_before=null(),
        ended_at=bindparam("now"),
    )
)

_CANCEL = (
    update(delivery)
    .where(
        delivery.c.endpoint.in_(bindparam("endpoints", expanding=True)),
        DELIVERY_IS_WAITING,
        ~select(link.c.id)
        .where(
            link.c.id == delivery.c.link,
            LINK_IS_ACTIVE,
            link.c.epoch == delivery.c.link_epoch,
            link.c.endpoint == delivery.c.endpoint,
        )
        .exists(),
    )
    .values(
        state=State.CANCELLED,
        reason=Reason.NOT_LINKED,
        not_before=null(),
        ended_at=bindparam("now"),
    )
)


def _settle(
    connection: Connection, settled: Sequence[tuple[Delivery, Settlement, datetime]]
) -> None:
    plain = [each for each in settled if not _concerns_endpoint(*each)]
    _SETTLE.run(connection, *(_settling(*each) for each in plain))
    for claimed, settlement, now in settled:
        if _concerns_endpoint(claimed, settlement, now) and _SETTLE.run(
            connection, _settling(claimed, settlement, now)
        ):
            _change_endpoint(connection, claimed, settlement, now)
    for claimed, settlement, now in settled:
        if claimed.kind is Kind.DIGEST and settlement.state not in (*PENDING, State.SENT):
            digests.follow(connection, now)
    again = [
        {"this": claimed.id, "ended": now}
        for claimed, settlement, now in settled
        if settlement.state in (State.READY, State.UNKNOWN)
    ]
    if again:
        connection.execute(_HOLD_IF_CLOSED, again)


def _settling(claimed: Delivery, settlement: Settlement, now: datetime) -> dict[str, Any]:
    return {
        "this": claimed.id,
        "claimed_attempts": claimed.attempts,
        "claimed_unclear": claimed.unclear,
        "to": settlement.state,
        "because": settlement.reason,
        "as_message": settlement.message,
        "uncounted": 0 if settlement.counts else 1,
        "doubts": 1 if settlement.unclear else 0,
        "again_at": settlement.not_before,
        "ended": None if settlement.state in PENDING else now,
    }


def _concerns_endpoint(claimed: Delivery, settlement: Settlement, _now: datetime) -> bool:
    """Whether an outcome says something about more than the one item."""
    return bool(
        settlement.endpoint_gone
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
    if settlement.moved_to:
        endpoints.move(connection, claimed.endpoint, settlement.moved_to, now)
    if _leaves_doubt(settlement):
        endpoints.doubt(connection, claimed.endpoint, 1)
    if _tells_doubt(claimed, settlement):
        endpoints.doubt(connection, claimed.endpoint, -claimed.doubtful)
        connection.execute(_MENTION, {"this": claimed.id, "doubts": claimed.doubtful})


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
        rows = _HEADS.rows(connection, {"endpoints": list(open_to), "crowd": crowd})
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
            connection.execute(_EXPIRE, {"endpoints": list(dropping), "now": now})
            connection.execute(_CANCEL, {"endpoints": list(dropping), "now": now})
            digests.follow(connection, now)
        open_to = dropping | coalesced
    claimed = {
        head.endpoint: _claimed(head, head.attempts + 1, answer)
        for head, answer in _start(connection, heads, now)
    }
    return claimed, due


def _item(head: AnyRow, now: datetime) -> Item:
    return Item(
        now=now,
        not_before=head.not_before,
        started_at=head.started_at,
        expires_at=head.expires_at,
        linked=head.link_state is LinkState.ACTIVE
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
) -> list[tuple[AnyRow, str | None]]:
    """Those that are now in flight, and what became of what they offer; another process may have
    been quicker with some.
    """
    if not heads:
        return []
    started = _START.rows(connection, {"these": list(heads), "started": now})
    return [(heads[row.id], row.answer) for row in started]


def select_interrupted(connection: Connection) -> Sequence[Delivery]:
    """What is in flight, by the last claim of each: at a start, what a crash left so."""
    rows = connection.execute(_INTERRUPTED)
    return [_claimed(row, row.attempts, row.answer) for row in rows]


def _claimed(head: AnyRow, attempts: int, answer: str | None) -> Delivery:
    return Delivery(
        id=DeliveryId(head.id),
        reference=head.reference,
        account=AccountId(head.account),
        link=LinkId(head.link),
        endpoint=EndpointId(head.endpoint),
        address=address_of(head),
        kind=head.kind,
        priority=Priority(head.priority),
        state=State.SENDING,
        attempts=attempts,
        unclear=head.unclear,
        card=decode_card(head.card, head.reference),
        occurred_at=head.occurred_at,
        created_at=head.created_at,
        expires_at=head.expires_at,
        doubtful=head.doubtful,
        answer=answer,
        host=None if head.private else head.person,
        language=language_of(head.preferences),
    )
