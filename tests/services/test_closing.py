"""Buttons that have ended go from the chat: at their end, after a restart, and on /cancel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.accounts import PasswordLogin
from bot.domain.deliveries import Declined, Postponed, Scope, Sent
from bot.domain.events import Kind, Origin, PodEvent, Stream
from bot.domain.incoming import Reply
from bot.domain.lifetimes import CODE_LIFE, CONFIRM_LIFE, OFFER_LIFE
from bot.domain.marks import shown
from bot.domain.shown import Ending
from bot.texts.answered import ending as ending_note
from storage.schema.tables import shown_card
from tests.fakes.messenger import FakeMessenger
from tests.harness.world import OWL, World, code_in, running

pytestmark = pytest.mark.both_databases

STOP = "Stop Night Owl"
EXPIRED, _, WITHDRAWN, PRESSED, _, USED = (shown(ending_note(ending)) for ending in Ending)


async def shows(world: World, chat: FakeMessenger, reply: Reply) -> Reply:
    """What an adapter does with a reply: show its card, and say by which message."""
    assert reply.card is not None
    sent = await chat.send(world.place().address, reply.card)
    assert isinstance(sent, Sent)
    if reply.shown is not None:
        await reply.shown(sent.message)
    return reply


async def asks(world: World, chat: FakeMessenger, text: str) -> Any:
    [reply] = await world.says(text)
    return await shows(world, chat, reply)


def last(chat: FakeMessenger) -> tuple[list[str], tuple[str, ...]]:
    """Buttons and notes of the chat's last message."""
    card = chat.screen("100")[-1]
    options = [option.label for option in card.pick.options] if card.pick else []
    return [button.label for row in card.buttons for button in row] + options, card.notes


@pytest.fixture
async def live(world, chat):
    await world.goes_live()
    await world.quiet()
    return world


async def test_a_card_loses_its_buttons_when_they_expire(live, chat):
    await asks(live, chat, "/pause night owl")
    await live.quiet(CONFIRM_LIFE.total_seconds() - 5)
    before = last(chat)

    await live.quiet(10)

    assert before[0] == [STOP, "Cancel"]
    assert last(chat) == ([], (EXPIRED,))
    assert chat.change_calls == 1


async def test_what_expired_while_nobody_ran_is_closed_at_the_start(store, platform, chat, now):
    async with running(store, platform, chat, now) as world:
        await world.goes_live()
        await asks(world, chat, "/pause night owl")
    async with running(store, platform, chat, now) as world:
        await world.quiet(CONFIRM_LIFE.total_seconds() + 5)

        assert last(chat) == ([], (EXPIRED,))


async def test_a_card_that_was_answered_in_its_place_is_left_alone(live, chat):
    asked = await asks(live, chat, "/pause night owl")
    [*_, done] = await live.presses(asked, STOP)
    await done.shown(chat.shown[-1].message)

    await live.quiet(CONFIRM_LIFE.total_seconds() + 5)

    assert chat.change_calls == 0


async def test_a_press_whose_answer_never_showed_is_not_called_expired(live, chat):
    asked = await asks(live, chat, "/pause night owl")
    await live.presses(asked, STOP)

    await live.quiet(CONFIRM_LIFE.total_seconds() + 5)

    assert last(chat) == ([], (PRESSED,))


@pytest.mark.parametrize(
    ("outcome", "tries"),
    [
        (Postponed(reason="slow down", retry_after=timedelta(seconds=30)), 2),
        (Postponed(reason="no_connection", scope=Scope.CHANNEL), 2),
        (Declined(reason="message is gone"), 1),
    ],
)
async def test_a_change_is_tried_again_until_it_is_made_or_cannot_be(live, chat, outcome, tries):
    chat.script_change("100", outcome)
    await asks(live, chat, "/pause night owl")

    await live.quiet(300)

    assert chat.change_calls == tries
    assert last(chat)[0] == ([] if tries == 2 else [STOP, "Cancel"])


# --- /cancel ------------------------------------------------------------------------------


async def test_cancel_ends_what_is_open_and_says_which(live, chat):
    confirm = await asks(live, chat, "/pause night owl")
    await asks(live, chat, "/pause ow")
    await asks(live, chat, "/link")

    [reply] = await live.says("/cancel")
    [late] = await live.presses(confirm, STOP)
    await live.quiet()

    assert reply.card.title == "Cancelled"
    assert reply.card.lines == (
        "The question: stop Night Owl.",
        "The address to log in: ask for a new one with /link.",
        "Nothing was changed.",
    )
    assert late.toast == "Too late: this card has ended, nothing was changed. Ask again."
    assert [one.notes for one in chat.screen("100")[-3:]] == [
        (WITHDRAWN,),
        (WITHDRAWN,),
        (WITHDRAWN,),
    ]
    assert last(chat)[0] == []
    assert live.platform.bots["owl"].running
    again = await live.says("/cancel")
    assert again[0].card.title == "Nothing to cancel"


async def test_cancel_leaves_what_others_have_open(live, chat, store):
    asked = await asks(live, chat, "/pause night owl")

    await live.says("/cancel", person="200")
    done = await live.presses(asked, STOP)

    assert done[-1].card.title == "Night Owl is stopped"


# --- one-time addresses -------------------------------------------------------------------


async def test_an_address_loses_its_button_when_it_expires(live, chat):
    await asks(live, chat, "/link")
    before = last(chat)[0]

    await live.quiet(CODE_LIFE.total_seconds() + 5)

    assert before == ["Open the page"]
    assert last(chat) == ([], (EXPIRED,))


async def test_an_address_that_was_used_loses_its_button_once_the_chat_is_linked(live, chat):
    invited = await asks(live, chat, "/link")
    login = PasswordLogin(email="alice@example.com", password="right")

    signed_in = await live.linking.sign_in(code_in(invited), login, "127.0.0.1")
    await live.says(signed_in.digits)
    await live.quiet()

    assert last(chat) == ([], (USED,))


async def test_nobody_finds_an_address_in_the_database(live, chat, store):
    invited = await asks(live, chat, "/link")

    kept = await store.database.read(
        lambda connection: connection.execute(select(shown_card.c.card)).scalars().all()
    )

    assert kept
    assert code_in(invited) not in str(kept)


# --- under alerts -------------------------------------------------------------------------


async def test_an_alert_loses_its_button_when_that_expires(live, chat, platform, store):
    origin = Origin(kind=Kind.POD_EVENT, record="alarm", at=live.now())
    alarm = PodEvent(origin=origin, type="error", message="No balance", trader=OWL.id)
    platform.store(Stream.POD_EVENTS, alarm)
    await live.quiet()
    before = last(chat)[0]

    await store.prune(live.now() + OFFER_LIFE)
    await live.quiet(3600)

    assert before == [STOP, "Seen"]
    [alert] = [one for one in chat.screen("100") if "No balance" in " ".join(one.lines)]
    assert not alert.buttons
    assert "expired" in alert.notes[-1]


async def test_a_new_login_closes_the_button_that_asked_for_it(live, chat, platform):
    platform.accepts.clear()
    platform.cut()
    await live.until(lambda: "I need you to log in again" in chat.titles())
    before = last(chat)[0]

    platform.accepts.add(platform.token)
    await live.links()
    await live.quiet(30)

    [notice] = [one for one in chat.screen("100") if one.title == "I need you to log in again"]
    assert before == ["Log in again", "Seen", "I have it …"]
    assert not notice.buttons
    assert notice.notes[-1].startswith("Logged in again")
