"""Why a message came, or did not, and what a rule would have changed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from bot.domain.cards import Card
from bot.domain.chats import Preferences
from bot.domain.decisions import Course, Why
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.rules import Mode, Rule, Topic
from bot.services.commands.previews import preview
from tests.harness.world import CHAT, OWL, World

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


async def test_who_sets_quiet_hours_is_told_what_they_would_have_done(world, platform):
    await world.goes_live()
    await closes(world, platform, 1, "-4")
    await closes(world, platform, 2, "-3")
    hour = world.now().hour

    card = await asks(world, f"/quiet {hour}-{(hour + 2) % 24}")

    assert card.lines[2].startswith("In the last 7 days: 1 ring instead of 2.")
    assert "2 alerts kept for later." in card.lines[2]


async def test_every_card_that_changes_a_rule_says_what_it_would_have_done(world, platform):
    await world.goes_live()
    await closes(world, platform, 1, "-4")
    quieter = "In the last 7 days: 0 rings instead of 1."

    muted = await asks(world, "/mute exits 2h")
    await asks(world, "/unmute all")
    made = await asks(world, "/rules exits silent")
    asked = await asks(world, "/rules critical 1")
    removed = await asks(world, "/rules remove 1")

    assert quieter in " ".join(muted.lines)
    assert quieter in " ".join(made.lines)
    assert "In the last 7 days: 0 rings, as before." in asked.lines
    assert "In the last 7 days: 1 ring instead of 0." in " ".join(removed.lines)


async def test_what_is_decided_is_counted(world, platform):
    await world.goes_live()
    before = world.meter.decisions.copy()

    for number, result in enumerate(("-4", "-0.2", "5"), 1):
        await closes(world, platform, number, result)

    assert world.meter.decisions - before == {
        (Course.SEND, Why.LOUDNESS): 1,
        (Course.SILENT, Why.BELOW_THRESHOLD): 2,
    }


async def asks(world: World, text: str, **where: Any) -> Card:
    [reply] = await world.says(text, **where)
    assert reply.card is not None
    return reply.card


def rows(card: Card) -> dict[str, str]:
    return {field.label: field.value for field in card.fields}


async def prefers(world: World, **wishes: Any) -> None:
    link = await world.link()
    assert link is not None
    await world.store.links.prefer(link.id, partial(replace, **wishes), world.now())


async def test_one_of_those_that_made_no_sound_is_explained_by_choosing_it(world, platform, chat):
    await world.goes_live()
    await closes(world, platform, 1, "-0.2")
    reference = chat.screen(CHAT)[-1].reference
    [listed] = await world.says("/why")
    assert listed.card is not None
    assert listed.card.pick is not None
    [option] = listed.card.pick.options

    [reply] = await world.presses(listed, option.label)

    assert option.label.startswith(f"{reference} · ")
    assert reply.card is not None
    assert reply.card.title == f"About {reference}"


@pytest.mark.parametrize("dress", ["/why {}", "/why #{}", "why {}?", "/WHY {}."])
async def test_an_alert_is_explained_by_its_reference(world, platform, chat, dress):
    await world.goes_live()
    at = world.now()
    await closes(world, platform, 1, "-4")
    reference = chat.screen(CHAT)[-1].reference

    card = await asks(world, dress.format(reference.lower()))

    assert card.title == f"About {reference}"
    assert rows(card)["Decided"] == "with a sound: it is bad news"
    assert rows(card)["Happened"] == f"{at:%d %b %H:%M:%S} UTC"
    assert rows(card)["Tried"] == "1 time"
    assert "Sent" in rows(card)


@pytest.mark.parametrize("text", ["/why", "why?", "why did this not ring"])
async def test_an_alert_is_explained_where_it_is_replied_to(world, platform, chat, text):
    await world.goes_live()
    await prefers(world, rules=(SILENT_EXITS,), zone="Asia/Kolkata")
    await closes(world, platform, 1, "-4")
    shown = chat.shown[-1]

    card = await asks(world, text, replied_to=shown.message)

    assert card.title == f"About {shown.card.reference}"
    assert "by the rule \u201cExits: without a sound\u201d" in rows(card)["Decided"]
    assert "UTC" not in " ".join(rows(card).values())


async def test_what_is_no_alert_of_this_chat_is_not_explained(world, platform, chat):
    await world.goes_live()
    await world.goes_live("200", "bob@example.com")
    await closes(world, platform, 1, "-4")
    [mine] = [one for one in chat.shown if one.chat == CHAT and "sold" in one.card.title.lower()]

    by_name = await asks(world, f"/why {mine.card.reference}", chat="200")
    by_message = await asks(world, "/why", chat="200", replied_to=mine.message)
    by_words = await asks(world, "/why on earth")

    assert by_name.title == by_words.title == "I know no alert by that name here"
    assert by_message.title == "That message is no alert of this chat that I know"


async def test_what_an_earlier_link_was_told_is_not_explained_to_the_next(world, platform, chat):
    await world.goes_live()
    await closes(world, platform, 1, "-0.2")
    shown = chat.shown[-1]
    await world.store.links.end((await world.link()).id, world.now())
    await world.goes_live(email="bob@example.com")
    chats = [await asks(world, f"/why {shown.card.reference}"), await asks(world, "/why")]

    assert chats[0].title == "I know no alert by that name here"
    assert "BTC/USDT" not in str(chats[1])


async def test_the_list_has_all_that_made_no_sound_and_nothing_that_did(world, platform, chat):
    await world.goes_live()
    chat.shown.clear()
    await closes(world, platform, 1, "-4")
    await closes(world, platform, 2, "-0.2")
    await prefers(world, rules=(replace(SILENT_EXITS, mode=Mode.OFF),))
    await closes(world, platform, 3, "-4")
    [loud, quiet] = [one.card.reference for one in chat.shown]

    card = await asks(world, "/why")

    told = " ".join(rows(card))
    assert quiet in told
    assert loud not in told
    why = list(rows(card).values())
    assert "not told: by the rule \u201cExits\u201d" in why[0]
    assert "without a sound: below the threshold of" in why[1]


async def bought_and_reported(world: World, platform) -> None:
    trade = replace(world.trade(1), price=Decimal(100), trader=OWL.id)
    platform.store(Stream.TRADES, trade)
    await world.quiet()
    origin = Origin(kind=Kind.POD_EVENT, record="report-1", at=world.now())
    report = PodEvent(origin=origin, trader=OWL.id, message="Bought 1 BTC @ 100")
    platform.store(Stream.POD_EVENTS, report)
    await world.quiet()


async def test_a_fill_that_a_bot_reports_too_is_listed_as_a_duplicate(world, platform, chat):
    await world.goes_live()
    await bought_and_reported(world, platform)

    card = await asks(world, "/why")

    assert "a bot's report (duplicate of a trade, which was told)" in rows(card).values()


async def test_a_duplicate_of_an_earlier_link_is_not_listed(world, platform, chat):
    await world.goes_live()
    await bought_and_reported(world, platform)
    await world.store.links.end((await world.link()).id, world.now())
    await world.goes_live()

    card = await asks(world, "/why")

    assert "duplicate" not in str(card)


async def test_where_all_came_with_a_sound_it_says_so(world):
    await world.goes_live()

    card = await asks(world, "/why")

    assert card.title == "Nothing was kept from you"
