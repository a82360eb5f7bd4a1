"""Alerts that a test wants to see told, chats to tell them in, and a refusal to do so."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from bot.domain.accounts import Account
from bot.domain.deliveries import Postponed, Scope
from bot.domain.events import Kind, Notice, NoticeText, Origin
from bot.domain.ids import EndpointId
from tests.harness.world import World


async def owe(
    world: World,
    account: Account,
    *titles: str,
    urgent: bool = False,
    without: EndpointId | None = None,
) -> None:
    """Owe every chat of an account, but for one, a card for each title, in this order."""
    await world.ingest.take(
        account,
        [
            Notice(
                origin=Origin(kind=Kind.TEST, record=title, at=world.now()),
                say=partial(NoticeText, title),
                bad=True,
                urgent=urgent,
                without=without,
            )
            for title in titles
        ],
    )


def numbered(count: int) -> list[str]:
    """Titles: 'alert 00', 'alert 01' and so on."""
    return [f"alert {number:02}" for number in range(count)]


async def link_all(world: World, *chats: str) -> Account:
    """Link chats to one account, and wait until each has heard of the others."""
    for number, chat in enumerate(chats):
        if number:
            await world.quiet(300)  # one account may not be linked more often
        account = await world.links(chat)
    await world.quiet()
    return account


def slow_down(seconds: float, scope: Scope = Scope.ENDPOINT) -> Postponed:
    """What a 429 comes to."""
    wait = timedelta(seconds=seconds)
    return Postponed(reason="slow_down", retry_after=wait, scope=scope)
