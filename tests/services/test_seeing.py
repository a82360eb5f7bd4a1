"""Alerts that somebody has seen, by a button or a reaction: it shows wherever they were told."""

from __future__ import annotations

import pytest

from bot.domain.chats import Channel
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.incoming import Reply
from bot.domain.lifetimes import OFFER_LIFE
from tests.fakes.messenger import FakeMessenger
from tests.fakes.readership import FakeReadership
from tests.harness.world import OWL, World, running

STOP, SEEN = "Stop Night Owl", "Seen"
BOB = "200"


@pytest.fixture
def discord(now):
    return FakeMessenger(now=now, channel=Channel.DISCORD, bot="2")


@pytest.fixture
async def both(store, platform, chat, discord, now):
    """One account in a Telegram chat and in a Discord chat."""
    async with running(
        store, platform, chat, now, others=[discord], readership=FakeReadership()
    ) as world:
        await world.goes_live()
        await world.on(discord).links()
        await world.quiet()
        for one in (chat, discord):
            one.shown.clear()
        yield world


async def alarm(world: World, platform, number: int = 1) -> None:
    """Something goes wrong with the owl, which is critical."""
    origin = Origin(kind=Kind.POD_EVENT, record=f"alarm-{number}", at=world.now())
    platform.store(
        Stream.POD_EVENTS,
        PodEvent(origin=origin, type="error", message=f"Balance too low: {number}", trader=OWL.id),
    )
    await world.quiet()


def buttons(card) -> list[str]:
    return [button.label for row in card.buttons for button in row]


async def why(world: World, card) -> dict[str, list[str]]:
    [reply] = await world.says(f"/why {card.reference}")
    assert reply.card is not None
    fields: dict[str, list[str]] = {}
    for field in reply.card.fields:
        fields.setdefault(field.label, []).append(field.value)
    return fields


async def test_what_is_seen_in_one_chat_is_seen_in_all_and_can_be_stopped_still(
    both, platform, chat, discord
):
    await alarm(both, platform)
    alert = discord.screen("100")[0]

    [answer] = await both.on(discord).presses(Reply(card=alert), SEEN)
    at = both.now()
    await both.quiet()

    assert buttons(alert) == [STOP, SEEN]
    assert answer.toast == "Noted. Everybody who was told of it sees that."
    assert answer.passing
    for one in (chat, discord):
        card = one.screen("100")[0]
        assert buttons(card) == [STOP]
        assert card.notes == (f"Seen in Discord · {at:%d %b %H:%M} UTC",)
    assert len(chat.shown) == len(discord.shown) == 1, "nobody is rung for it"


async def test_a_reaction_counts_as_the_button_does_and_answers_nothing(
    both, platform, chat, discord
):
    await alarm(both, platform)

    answers = await both.reacts(chat.shown[0].message)
    await both.quiet()

    assert answers == []
    for one in (chat, discord):
        assert buttons(one.screen("100")[0]) == [STOP]
        assert one.screen("100")[0].notes[0].startswith("Seen in Telegram · ")


async def test_the_first_who_saw_it_is_told_and_why_knows_them_all(both, platform, chat, discord):
    await alarm(both, platform)
    await both.reacts(chat.shown[0].message)
    first = both.now()
    await both.quiet(90)
    await both.on(discord).reacts(discord.shown[0].message)
    second = both.now()
    await both.quiet()
    changes = len(chat.changed)
    await both.reacts(chat.shown[0].message)
    await both.quiet()

    told = await why(both, chat.screen("100")[0])

    assert chat.screen("100")[0].notes == (f"Seen in Telegram · {first:%d %b %H:%M} UTC",)
    assert told["Seen"] == [
        f"{first:%d %b %H:%M:%S} UTC · you on Telegram",
        f"{second:%d %b %H:%M:%S} UTC · somebody else on Discord",
    ]
    assert len(chat.changed) == changes == 1, "what is seen twice is seen"
    [trail] = await both.says("/audit")
    assert str(trail.card).count("pressed seen") == 2


async def test_a_message_that_was_not_sent_yet_goes_out_as_seen(both, platform, chat, discord):
    chat.away = True
    await alarm(both, platform)
    await both.on(discord).reacts(discord.shown[0].message)
    chat.away = False
    await both.quiet(120)

    [card] = chat.screen("100")
    assert buttons(card) == [STOP]
    assert card.notes[0].startswith("Seen in Discord · ")


async def test_a_routine_alert_has_no_button_and_is_not_changed_but_why_tells_who_saw_it(
    both, platform, chat
):
    platform.store(Stream.TRADES, both.trade(1))
    await both.quiet()
    shown = chat.shown[0]

    await both.reacts(shown.message)
    await both.quiet()

    assert SEEN not in buttons(shown.card)
    assert chat.changed == []
    assert len((await why(both, shown.card))["Seen"]) == 1


async def test_what_is_told_within_a_digest_is_seen_with_it(both, platform, chat, discord):
    chat.away = True
    for number in range(15):
        platform.store(Stream.TRADES, both.trade(number))
    await both.quiet(120)
    chat.away = False
    await both.quiet(120)
    [digest] = chat.shown
    by_itself = discord.shown[0].card

    await both.reacts(digest.message)

    assert len((await why(both.on(discord), by_itself))["Seen"]) == 1


async def test_reactions_on_what_is_no_alert_and_by_strangers_are_ignored(both, platform, chat):
    await alarm(both, platform)

    for message, person in (("4711", "100"), (chat.shown[0].message, BOB)):
        assert await both.reacts(message, person=person) == []
    await both.quiet()

    assert chat.changed == []
    assert "Seen" not in await why(both, chat.screen("100")[0])


async def test_a_flood_of_reactions_costs_next_to_nothing(both, platform, chat, store):
    await alarm(both, platform)
    asked = []
    find = store.sightings.shown_by

    async def counted(*given):
        asked.append(given)
        return await find(*given)

    store.sightings.shown_by = counted
    for _ in range(500):
        await both.reacts(chat.shown[0].message)

    assert len(asked) == 10
    [status] = await both.says("/status")
    assert status.card.title != "Too fast", "and commands are answered all the same"


async def test_a_seen_button_alone_is_not_told_to_have_expired(both, platform, chat):
    origin = Origin(kind=Kind.POD_EVENT, record="alarm", at=both.now())
    alarm = PodEvent(origin=origin, type="error", message="No balance", trader=None)
    platform.store(Stream.POD_EVENTS, alarm)
    await both.quiet()
    assert buttons(chat.screen("100")[0]) == [SEEN, "I have it …"]

    await both.presses(Reply(card=chat.screen("100")[0]), SEEN)
    await both.quiet(OFFER_LIFE.total_seconds() + 7200)

    [card] = chat.screen("100")
    assert buttons(card) == []
    assert [note.split(" · ")[0] for note in card.notes] == ["Seen in Telegram"]
