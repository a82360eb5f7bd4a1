"""What the platform has told lately, read again; or what was heard of it, where that cannot be."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.domain.events import Event, Kind, Message, PodEvent, Stream, SystemEvent, Trader
from bot.domain.ids import TraderId
from bot.errors import NotOffered, Refused, TryLater
from bot.ports import Session
from bot.services.commands.desk import AccountRequest
from bot.services.steady import side_by_side
from bot.texts.alerts import trader_of_pod
from bot.texts.events import ROWS, Row, Unread, row, row_of_told

log = logging.getLogger(__name__)

LOOKED_THROUGH = 100
"""Records of each service: the most that the platform gives at once (`platform.md` 2.2)."""

KEPT = timedelta(days=30)
"""As long as texts are (`docs/data.md`)."""

HEARD = 500
"""Alerts among which is looked for what was heard."""

_VALUES: Mapping[Stream, Any] = {
    Stream.POD_EVENTS: tuple[PodEvent, ...],
    Stream.MESSAGES: tuple[Message, ...],
    Stream.SYSTEM_EVENTS: tuple[SystemEvent, ...],
}

_KINDS = {
    Stream.POD_EVENTS: Kind.POD_EVENT,
    Stream.MESSAGES: Kind.MESSAGE,
    Stream.SYSTEM_EVENTS: Kind.SYSTEM_EVENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """
    Attributes:
        rows: the youngest first.
        unread: what could not be read, so that what was read last, or what was heard of it,
            stands there.
        cut: the platform has older ones, which are not looked through.
    """

    rows: Sequence[Row]
    unread: Sequence[Unread]
    cut: bool


async def recalled(
    request: AccountRequest, streams: Sequence[Stream], about: frozenset[TraderId] | None = None
) -> Recalled:
    """
    Args:
        about: bots; without, it is of all.
    """
    bots = await request.desk.known_bots(request.account.id)
    rows: list[Row] = []
    unread: dict[Stream, Unread] = {}
    cut = False

    async def read(stream: Stream) -> None:
        nonlocal cut

        async def ask(session: Session) -> tuple[Event, ...]:
            nonlocal cut
            page = await session.latest(stream, LOOKED_THROUGH)
            cut = cut or page.more
            return page.events

        as_of: datetime | None = None
        try:
            answer = await request.read(f"latest {stream}", _VALUES[stream], ask)
        except (TryLater, Refused) as failure:
            log.warning("showing what was heard", extra={"reason": str(failure)})
            unread[stream] = Unread(stream, denied=isinstance(failure, NotOffered))
        else:
            rows.extend(_told(answer.value, bots, about))
            if answer.as_of is None:
                return
            as_of = answer.as_of
            unread[stream] = Unread(stream, denied=False, as_of=as_of)
        heard = await _heard(request, _KINDS[stream], about)
        rows.extend(one for one in heard if as_of is None or one.at > as_of)

    await side_by_side([partial(read, stream) for stream in streams], len(streams))
    return Recalled(
        rows=sorted(rows, key=lambda one: one.at, reverse=True),
        unread=[unread[stream] for stream in streams if stream in unread],
        cut=cut,
    )


def _told(
    events: Sequence[Event], bots: Sequence[Trader], about: frozenset[TraderId] | None
) -> Iterator[Row]:
    known: dict[str, Trader] = {bot.id: bot for bot in bots}
    for event in events:
        if isinstance(event, PodEvent):
            bot = trader_of_pod(event, known)
            if about is None or (bot is not None and bot.id in about):
                yield row(event, known)
        elif isinstance(event, Message | SystemEvent):
            yield row(event, known)


async def _heard(
    request: AccountRequest, kind: Kind, about: frozenset[TraderId] | None
) -> list[Row]:
    desk = request.desk
    alerts = await desk.outbox.lately(request.link.id, desk.now() - KEPT, HEARD)
    return [
        row_of_told(one)
        for one in alerts
        if one.kind is kind
        and (about is None or (one.matter is not None and one.matter.bot in about))
    ]


def on_page(found: Recalled, page: int) -> tuple[Sequence[Row], bool]:
    """What a page shows, and whether another one follows."""
    return found.rows[(page - 1) * ROWS : page * ROWS], len(found.rows) > page * ROWS
