"""Why a message came, or did not, and what a rule would have changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.domain.chats import Preferences
from bot.domain.decisions import Course, Why
from bot.domain.events import Stream
from bot.domain.rules import Mode, Rule, Topic
from bot.services.commands.previews import preview
from tests.harness.world import World

SILENT_EXITS = Rule(id="1", mode=Mode.SILENT, topic=Topic.EXIT)


def with_rule(rule: Rule):
    def change(wants: Preferences) -> Preferences:
        return replace(wants, rules=(*wants.rules, rule))

    return change


async def closes(world: World, platform, number: int, result: str) -> None:
    """A trade of real money ends with a result of that many percent."""
    trade = replace(
        world.trade(number), side="sell", profit_ratio=Decimal(result) / 100, paper=False
    )
    platform.store(Stream.TRADES, trade)
    await world.quiet()


async def test_a_preview_tells_what_a_rule_would_have_made_of_what_came(world, platform):
    await world.goes_live()
    for number, result in enumerate(("-4", "-3", "-0.2", "5"), 1):
        await closes(world, platform, number, result)
    link = await world.link()

    said = await preview(world.router._desk, link, with_rule(SILENT_EXITS))

    assert said.startswith("In the last 7 days: 0 rings instead of 2. Without a sound now: ")
    assert "more" not in said


async def test_a_preview_says_if_it_did_not_look_at_all(world, platform):
    await world.goes_live()
    for number in (1, 2):
        await closes(world, platform, number, "-4")
    link = await world.link()

    said = await preview(world.router._desk, link, with_rule(SILENT_EXITS), most=1)

    assert "0 rings instead of 1." in said
    assert said.endswith("Only the latest 1 alert was looked at.")


async def test_what_is_decided_is_counted(world, platform):
    await world.goes_live()
    before = world.meter.decisions.copy()

    for number, result in enumerate(("-4", "-0.2", "5"), 1):
        await closes(world, platform, number, result)

    assert world.meter.decisions - before == {
        (Course.SEND, Why.LOUDNESS): 1,
        (Course.SILENT, Why.BELOW_THRESHOLD): 2,
    }
