"""`/settings`: all at a glance, down to each choice and back, by the code of the commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.incoming import Press
from bot.domain.rules import Mode
from tests.harness.world import CHAT, actions_under
from tests.services.test_wishes import NIGHT, ask, wants


def shown(card, label):
    return next(field.value for field in card.fields if field.label == label)


async def test_all_that_holds_is_shown_at_a_glance(world):
    await world.links()
    for said in ("/timezone berlin", "/quiet weekdays 22-7", "/digest 9:00", "/mute exits 2h"):
        await ask(world, said)
    await ask(world, "/rules exits silent under 1 %")

    card = await ask(world, "/settings")

    assert card.title == "Settings of this chat"
    assert shown(card, "Quiet hours") == "Monday to Friday 22:00-07:00"
    assert shown(card, "Time zone") == "Europe/Berlin: it is 13:00 there"
    assert shown(card, "Daily digest") == "at 09:00"
    assert shown(card, "Muted") == "Exits: until 05 Jan 15:00"
    assert shown(card, "Rule 1") == (
        "Exits: from a result of 1 % on with a sound if it is bad, below that without a sound"
    )
    assert shown(card, "Else") == "Everything with paper money: without a sound"
    assert shown(card, "Language") == "English"
    assert "What others here may do" not in [field.label for field in card.fields]


async def test_a_choice_leads_down_and_back_in_one_message(world):
    await world.links()
    [settings] = await world.says("/settings")

    [quiet] = await world.presses(settings, "Quiet hours")
    [set_] = await world.presses(quiet, "22:00-07:00")
    kept = await wants(world)
    [undone] = await world.presses(set_, "Undo")
    [back] = await world.presses(undone, "Back")
    [closed] = await world.presses(back, "Close")

    assert all(reply.replaces for reply in (quiet, set_, undone, back, closed))
    assert kept.quiet is not None
    assert kept.quiet.weekdays == kept.quiet.weekend == NIGHT
    assert any("In the last 7 days" in line for line in set_.card.lines)
    assert (await wants(world)).quiet is None
    assert back.card.title == "Settings of this chat"
    assert (closed.card.title, closed.card.buttons) == ("Settings closed", ())


@pytest.mark.parametrize(
    ("choice", "title"),
    [
        ("How loudly what is told", "No rules yet"),
        ("Quiet hours", "No quiet hours"),
        ("Mute for a while", "Nothing is muted"),
        ("Time zone", "I do not know your time zone"),
        ("Daily digest", "Nothing waits for a digest"),
        ("When a day goes badly", "Nothing is watched yet"),
    ],
)
async def test_every_choice_is_a_press_away_and_has_a_way_back(world, choice, title):
    await world.links()
    [settings] = await world.says("/settings")

    [reply] = await world.presses(settings, choice)

    assert reply.card.title == title
    assert {"Back", "Close"} <= {*actions_under(reply.card)}


async def test_in_words_it_is_what_the_command_says_with_a_way_back(world):
    await world.links()

    card = await ask(world, "/settings quiet 22-7")
    same = await ask(world, "/quiet 22-7")
    rule = await ask(world, "/settings rule entries off")

    assert card.title == same.title == "Every day 22:00-07:00"
    assert {*actions_under(card)} - {*actions_under(same)} == {"Back", "Close"}
    assert rule.title == "Entries: not told"
    assert [one.mode for one in (await wants(world)).rules] == [Mode.OFF]


async def test_what_is_no_setting_is_said_and_all_are_shown(world):
    await world.links()

    card = await ask(world, "/settings status")

    assert card.lines == ("I know no setting called status. These there are:",)
    assert card.title == "Settings of this chat"


async def test_what_was_set_is_taken_back_by_its_button(world):
    await world.links()
    before = await wants(world)

    for said in ("/timezone berlin", "/digest 9:00", "/quiet weekends 0-10"):
        [reply] = await world.says(said)
        assert await wants(world) != before
        await world.presses(reply, "Undo")
        assert await wants(world) == before


async def test_a_mute_that_was_ended_too_early_is_taken_up_to_its_very_end(world):
    await world.goes_live()
    await ask(world, "/mute Night Owl 2h")
    [before] = (await wants(world)).mutes
    [ended] = await world.says("/unmute")
    await world.quiet(90)

    await world.presses(ended, "Undo")

    [again] = (await wants(world)).mutes
    assert replace(again, id=before.id) == before


async def test_a_rule_that_was_removed_comes_back(world):
    await world.goes_live()
    await ask(world, "/rules exits of Night Owl off")
    [before] = (await wants(world)).rules
    [removed] = await world.says("/rules remove 1")

    await world.presses(removed, "Undo")

    [again] = (await wants(world)).rules
    assert replace(again, id=before.id) == before


async def test_what_is_typed_in_a_form_follows_the_words_of_its_button(world):
    await world.links()
    [settings] = await world.says("/settings")
    [quiet] = await world.presses(settings, "Quiet hours")
    question = quiet.card.question

    press = Press(
        place=world.place(), person=world.person(CHAT), action=question.action, words="22 to 7"
    )
    [reply] = [reply async for reply in world.router.hear(press)]
    stranger = replace(press, person=world.person("4711"))
    [refused] = [reply async for reply in world.router.hear(stranger)]

    assert question.what == "quiet"
    assert reply.card.title == "Every day 22:00-07:00"
    assert {"Undo", "Back", "Close"} <= {*actions_under(reply.card)}
    assert refused.card is None


async def test_a_rule_is_made_by_presses_alone(world):
    await world.links()
    [card] = await world.says("/settings")

    for label in ("How loudly what is told", "New rule", "Exits", "silent"):
        [card] = await world.presses(card, label)

    assert card.card.title == "Exits: without a sound"
    assert {"Undo", "Back", "Close"} <= {*actions_under(card.card)}
    assert [one.mode for one in (await wants(world)).rules] == [Mode.SILENT]
