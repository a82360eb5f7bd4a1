"""The settings page: opened once from the chat, changed by the commands, told in the chat."""

from __future__ import annotations

import asyncio

from bot.domain.rules import Mode, Quiet, Topic
from bot.domain.visits import Visit, VisitProblem
from tests.harness.world import CHAT, OWL, World
from tests.services.test_wishes import NIGHT, ask, wants


async def code(world: World, chat: str = CHAT) -> str:
    [settings] = await world.says("/settings", chat)
    [card] = await world.presses(settings, "As a page", chat)
    assert card.card is not None
    address = card.card.buttons[0][0].url
    assert address is not None
    assert address.startswith("https://bell.example/settings/open/")
    return address.rpartition("/")[2]


async def visiting(world: World, chat: str = CHAT) -> str:
    entered = await world.settings_page.enter(await code(world, chat))
    assert not isinstance(entered, VisitProblem)
    return entered[0]


# --- who may open it --------------------------------------------------------------------------


async def test_looking_uses_nothing_up_and_it_opens_once(world):
    await world.links()
    once = await code(world)

    looked = [await world.settings_page.look(once) for _ in range(3)]
    both = [await world.settings_page.enter(once) for _ in range(2)]

    assert all(isinstance(one, Visit) for one in looked)
    assert both[1] is VisitProblem.USED
    assert await world.settings_page.look(once) is VisitProblem.USED
    assert (await world.settings_page.view(both[0][0])) is not None
    assert (await world.settings_page.view(once)) is None


async def test_of_two_browsers_at_the_same_instant_one_gets_in(world):
    await world.links()
    once = await code(world)

    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(world.settings_page.enter(once)) for _ in range(2)]

    assert [one.result() for one in tries].count(VisitProblem.USED) == 1


async def test_an_address_is_good_for_ten_minutes_and_a_visit_for_thirty(world):
    await world.links()
    late = await code(world)
    await world.quiet(10 * 60 + 1)
    assert await world.settings_page.look(late) is VisitProblem.EXPIRED
    assert await world.settings_page.enter(late) is VisitProblem.EXPIRED

    secret = await visiting(world)
    await world.quiet(30 * 60 - 1)
    before = await world.settings_page.view(secret)
    await world.quiet(2)

    assert before is not None
    assert await world.settings_page.view(secret) is None
    assert await world.settings_page.change(secret, "quiet", "22-7") is None


async def test_a_newer_address_ends_the_older_one_that_nobody_has_used(world):
    await world.links()
    old = await code(world)
    new = await code(world)

    assert await world.settings_page.look(old) is VisitProblem.UNKNOWN
    assert isinstance(await world.settings_page.look(new), Visit)


async def test_a_visit_ends_with_its_link_and_when_it_is_left(world):
    await world.links()
    left, over = await visiting(world), await visiting(world)
    unused = await code(world)
    await world.settings_page.leave(left)
    after = [await world.settings_page.view(one) for one in (left, over)]
    await world.linking.end(await world.link())

    assert after[0] is None
    assert after[1] is not None
    assert await world.settings_page.view(over) is None
    assert await world.settings_page.look(unused) is VisitProblem.UNKNOWN


async def test_nothing_of_it_is_kept_in_clear_nor_once_it_is_over(world, store):
    await world.links()
    once = await code(world)
    _, secret = once, await visiting(world)

    exported = str(await store.database.read(_everything))
    await world.quiet(31 * 60)
    await store.prune(world.now())

    assert once not in exported
    assert secret not in exported
    assert await store.database.read(_visits) == 0


def _everything(connection):
    from storage.schema.tables import metadata

    return [connection.execute(table.select()).all() for table in metadata.sorted_tables]


def _visits(connection):
    from sqlalchemy import func, select

    from storage.schema.tables import visit

    return connection.execute(select(func.count()).select_from(visit)).scalar_one()


# --- what it shows ----------------------------------------------------------------------------


async def test_each_cell_says_which_rule_decides(world):
    await world.goes_live()
    for rule in ("exits off", "exits of Night Owl on", "everything on BTC/USDT silent"):
        await ask(world, f"/rules {rule}")

    view = await world.settings_page.view(await visiting(world))

    bots = [None, *(one.id for one in view.traders)]
    exits = next(row for row in view.cells if row[0].topic is Topic.EXIT)
    any_bot, owls = exits[0], exits[bots.index(OWL.id)]
    assert [cell.bot for cell in exits] == bots
    assert (any_bot.rule.mode, any_bot.number) == (Mode.OFF, 3)
    assert (owls.rule.mode, owls.number) == (Mode.ON, 1)
    assert any_bot.narrower == 1


async def test_other_chats_are_shown_if_the_same_person_has_linked_them(world):
    await world.links()
    secret = await visiting(world)
    await world.links("555")

    view = await world.settings_page.view(secret)

    assert view.others == (), "another person of Telegram has linked that one"


# --- what it changes --------------------------------------------------------------------------


async def test_a_change_is_the_commands_and_is_told_in_the_chat_quietly_with_undo(world, chat):
    await world.goes_live()
    secret = await visiting(world)
    before = len(chat.shown)

    changed = await world.settings_page.change(
        secret, "quiet", "weekdays 22:00-07:00, weekends off"
    )
    await world.quiet(2)
    [told] = chat.shown[before:]
    kept = await wants(world)
    [undone] = await world.presses(told, "Undo")

    assert changed.stored
    assert changed.card.title == told.card.title == "Monday to Friday 22:00-07:00"
    assert told.card.silent
    assert "Changed on the settings page." in told.card.lines
    assert any("In the last 7 days" in line for line in told.card.lines)
    assert kept.quiet == Quiet(weekdays=NIGHT)
    assert undone.replaces
    assert (await wants(world)).quiet is None


async def test_another_chat_of_the_account_neither_hears_of_it_nor_changes(world, chat):
    await world.goes_live()
    await world.links("555")
    secret = await visiting(world)
    await world.quiet(2)
    before = chat.titles("555")

    await world.settings_page.change(secret, "digest", "9:00")
    await world.quiet(2)

    assert chat.titles("555") == before
    assert (await world.link("555")).preferences.digest_at != (await wants(world)).digest_at


async def test_what_is_only_tried_or_not_understood_is_told_nowhere(world, chat):
    await world.goes_live()
    secret = await visiting(world)
    before = len(chat.shown)

    tried = await world.settings_page.change(secret, "rules", "try exits off")
    wrong = await world.settings_page.change(secret, "quiet", "sometimes")
    await world.quiet(2)

    assert not tried.stored
    assert not wrong.stored
    assert "Nothing was changed" in wrong.card.lines[0]
    assert len(chat.shown) == before
    assert (await wants(world)).rules == ()


async def test_a_rule_of_a_bot_names_it_and_of_one_that_is_gone_changes_nothing(world):
    await world.goes_live()
    secret = await visiting(world)

    await world.settings_page.change(secret, "rules", "exits off", OWL.id)
    gone = await world.settings_page.change(secret, "rules", "exits off", "nobody")

    assert [(one.bot, one.mode) for one in (await wants(world)).rules] == [(OWL.id, Mode.OFF)]
    assert (gone.card.title, gone.stored) == ("That bot is not there any more", False)


async def test_who_changes_a_lot_is_told_to_slow_down(world):
    await world.links()
    secret = await visiting(world)

    answers = [await world.settings_page.change(secret, "digest", "9:00") for _ in range(40)]

    assert answers[-1].card.title == "One moment, please"
    assert not answers[-1].stored
