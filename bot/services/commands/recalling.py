"""What the platform has told lately, read again; or what was heard of it, where that cannot be."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.events import Event, Kind, Message, PodEvent, Stream, SystemEvent, Trader
from bot.domain.ids import TraderId
from bot.errors import NeedsLogin, NotOffered, Refused, TryLater
from bot.services.commands.desk import READ_LIMIT, AccountRequest
from bot.texts.alerts import trader_of_pod
from bot.texts.events import ROWS, Row, Unread, row, row_of_told

log = logging.getLogger(__name__)

LOOKED_THROUGH = 100
"""Records of each service: the most that the platform gives at once (`platform.md` 2.2)."""

KEPT = timedelta(days=30)
"""As long as texts are (`docs/data.md`)."""

HEARD = 500
"""Alerts among which is looked for what was heard."""

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
        unread: what could not be read, so that what was heard of it stands there.
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
    unread: list[Unread] = []
    cut = False
    for stream in streams:
        try:
            async with asyncio.timeout(READ_LIMIT.total_seconds() / len(streams)):
                session = await request.desk.session(request.account)
                page = await session.latest(stream, LOOKED_THROUGH)
        except (NotOffered, TryLater, Refused, NeedsLogin, TimeoutError) as failure:
            log.warning("showing what was heard", extra={"reason": str(failure)})
            unread.append(Unread(stream, denied=isinstance(failure, NotOffered)))
            rows += await _heard(request, _KINDS[stream], about)
        else:
            rows += _told(page.events, bots, about)
            cut = cut or page.more
    return Recalled(rows=sorted(rows, key=lambda one: one.at, reverse=True), unread=unread, cut=cut)


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
