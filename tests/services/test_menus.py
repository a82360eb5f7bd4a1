"""What each chat lists where a person begins to type."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bot.domain.chats import Address
from bot.domain.commands import Spec
from bot.domain.pods import BotCommand
from bot.errors import NotOffered, Refused, TryLater
from bot.services.commands.registry import SPECS
from bot.texts.language import _
from tests.harness.world import actions_under, running

EVERYBODYS = [spec.name for spec in SPECS if not spec.pods]

ALL = [spec.name for spec in SPECS]


@dataclass(eq=False)
class Listing:
    """A platform whose chats have menus; `ports.ShowMenu`."""

    faults: deque[Exception] = field(default_factory=deque)
    calls: list[tuple[str, list[str] | None]] = field(default_factory=list)
    """Chats, and what each was told to list."""
    words: str = ""
    """Of the command that was listed last."""

    async def __call__(self, address: Address, specs: Sequence[Spec] | None) -> None:
        self.calls.append((address.chat, None if specs is None else [one.name for one in specs]))
        if self.faults:
            raise self.faults.popleft()
        self.words = _(specs[-1].summary) if specs else ""


@pytest.fixture
def listing() -> Listing:
    return Listing()


@pytest.fixture
def process(store, platform, chat, now, listing):
    """A process of the product; a second one is a restart."""
    return lambda: running(store, platform, chat, now, show_menu=listing)


async def test_a_chat_lists_what_its_account_may_use_told_once_and_not_at_a_restart(
    process, platform, listing
):
    platform.bot_commands = frozenset(BotCommand)
    platform.denied.add("balance")
    async with process() as world:
        await world.goes_live()
        await world.quiet(600)
    async with process() as again:
        await again.quiet(3600)

    assert listing.calls == [("100", [one for one in ALL if one != "balance"])]


async def test_where_nothing_differs_no_call_is_made_until_something_is_denied(
    process, platform, listing
):
    async with process() as world:
        await world.goes_live()
        await world.quiet(600)
        before = list(listing.calls)
        platform.fail("signals", NotOffered("You may not"))
        await world.says("/signals")
        await world.quiet(600)
        denied = listing.calls[-1]
        await world.says("/signals")
        await world.quiet(600)

    assert before == []
    assert denied == ("100", [one for one in EVERYBODYS if one != "signals"])
    assert listing.calls == [denied, ("100", None)]


async def test_another_language_other_templates_and_the_end_of_a_link_show_in_the_menu(
    process, platform, listing
):
    platform.bot_commands = frozenset(BotCommand)
    async with process() as world:
        await world.goes_live()
        await world.quiet(600)
        english = listing.words
        await world.says("/language de")
        await world.quiet(600)
        german = listing.words
    platform.bot_commands = frozenset({BotCommand.LOGS})
    async with process() as world:
        await world.quiet(600)
        fewer = listing.calls[-1][1]
        [asked] = await world.says("/unlink")
        await world.presses(asked, next(iter(actions_under(asked.card))))
        await world.quiet(600)

    assert german
    assert german != english
    assert fewer == [one for one in ALL if one in (*EVERYBODYS, "logs")]
    assert [names for _, names in listing.calls] == [ALL, ALL, fewer, None]


@pytest.mark.parametrize(
    ("trouble", "calls"), [(TryLater("away"), 2), (Refused("chat not found"), 1)]
)
async def test_what_could_not_be_told_is_told_later_and_what_nobody_sees_is_not(
    process, platform, listing, trouble, calls
):
    platform.bot_commands = frozenset(BotCommand)
    listing.faults.append(trouble)
    async with process() as world:
        await world.goes_live()
        await world.quiet(3600)

    assert len(listing.calls) == calls
