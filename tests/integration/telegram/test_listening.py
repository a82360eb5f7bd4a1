"""What Telegram alone has of hearing and answering, over HTTP: see the contract for the rest."""

import asyncio
import json
import logging
import traceback
from contextlib import suppress

import pytest

from bot.domain.cards import Button, Card, Picture, Severity
from bot.domain.chats import Address
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Left, Press, Reply, Returned, Words
from bot.domain.marks import shown
from bot.errors import Refused, TryLater
from bot.services.commands.registry import SPECS
from bot.texts.getting_started import about
from bot.texts.language import Language, languages, offering, speaking
from tests.fakes.conversation import Conversation, MemoryJournal
from tests.fakes.meter import FakeMeter
from tests.harness.pseudo import PSEUDO, Pseudo
from tests.harness.waiting import until
from tests.integration.telegram.bots import address, listening, our_bot, says
from tests.standins.bot_api import BotApi, Person
from tests.standins.bot_api import Button as TelegramButton
from tests.standins.bot_api.faults import refused
from tests.standins.faults import Drop, Fault, bad_gateway, captive_portal

CARD = Card(title="Bought BTC", severity=Severity.WARNING)
CHART = Picture(png=b"\x89PNG...", alt="Profit of 3 trades: +1 %", width=640, height=320)
PICTURED = Card(title="Latest trades", picture=CHART)


# --- starting -----------------------------------------------------------------------------


async def test_the_menu_is_registered_only_when_it_changed(api: BotApi):
    for _ in range(2):
        async with our_bot(api) as bot, listening(bot, Conversation(), MemoryJournal()):
            api.world.person("Ann").types("hello")
            await api.world.until(lambda: not api.world.updates)

    groups, private = (menu for (_, code), menu in api.world.commands.items() if not code)
    tried = 1  # whether each can be answered alone
    assert len(api.world.calls_of("setMyCommands")) == 2 * len(languages()) + tried
    listed = [spec.name for spec in SPECS if spec.menu and not spec.pods]
    assert [c["command"] for c in private] == listed
    assert [c["command"] for c in groups] == ["help", "link", "settings"]


async def test_a_chat_is_given_a_menu_of_its_own_in_its_language_and_loses_it_again(api: BotApi):
    ann = api.world.person("Ann")
    async with our_bot(api) as bot:
        with speaking("de"):
            await bot.show_menu(address(ann), SPECS)
        [(scope, menu)] = api.world.commands.items()
        await bot.show_menu(address(ann), None)

    assert json.loads(scope[0]) == {"type": "chat", "chat_id": ann.id}
    assert [one["command"] for one in menu] == [spec.name for spec in SPECS if spec.menu]
    assert menu[0]["description"] != shown(SPECS[0].summary)
    assert not api.world.commands


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (refused(400, "Bad Request: chat not found"), Refused),
        (refused(403, "Forbidden: bot was blocked by the user"), Refused),
        (refused(429, "Too Many Requests: retry after 3"), TryLater),
        (bad_gateway(), TryLater),
        (Drop(), TryLater),
    ],
)
async def test_a_menu_that_is_not_shown_is_said_with_whether_to_try_again(
    api: BotApi, fault: Fault, error: type[Exception]
):
    api.fail(fault, method="setMyCommands")
    async with our_bot(api) as bot:
        with pytest.raises(error):
            await bot.show_menu(address(api.world.person("Ann")), SPECS)


async def test_the_menu_is_in_every_language_that_telegram_has_a_code_for(api: BotApi):
    with offering(Language("xx", Pseudo())), offering(PSEUDO):
        async with our_bot(api) as bot, listening(bot, Conversation(), MemoryJournal()):
            api.world.person("Ann").types("hello")
            await api.world.until(lambda: not api.world.updates)

    menus = {(scope, code): menu for (scope, code), menu in api.world.commands.items()}
    assert {code for _, code in menus} == {"", "de", "es", "ru", "xx", "zh"}
    for (scope, code), menu in menus.items():
        english = [one["description"] for one in menus[scope, ""]]
        told = [one["description"] for one in menu]
        assert told != english or not code
        assert code != "xx" or told == [f"«{one.upper()}»" for one in english]


async def test_what_we_are_is_said_where_nobody_has_begun_and_an_operators_words_stay(api: BotApi):
    api.world.described["short_description", ""] = "The desk's own bell"

    for _ in range(2):
        async with our_bot(api) as bot, listening(bot, Conversation(), MemoryJournal()):
            api.world.person("Ann").types("hello")
            await api.world.until(lambda: not api.world.updates)

    described = api.world.described
    assert {code for name, code in described} == {"", "de", "es", "ru", "zh"}
    assert described["description", ""] == shown(about())
    assert described["short_description", ""] == "The desk's own bell"
    assert len({*described.values()}) == 6, "in the words of each"
    assert len(api.world.calls_of("setMyDescription")) == 5


# --- answering ----------------------------------------------------------------------------


async def test_an_answer_has_its_picture_too_at_the_same_pace(api: BotApi):
    ann = api.world.person("Ann")
    asked: list[Address] = []
    hear = Conversation(lambda said: [Reply(card=PICTURED)])

    async with our_bot(api, asked=asked) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/trades")
        await api.world.message_where(lambda one: one.photo)

    assert [message.text for message in ann.chat.shown][1:] == ["Latest trades", CHART.alt]
    assert len(asked) == 2


async def test_a_command_is_answered_in_its_chat_and_topic(api: BotApi):
    ann = api.world.person("Ann")
    group = api.world.group("Desk", ann)
    thread = api.world.topic(group, "Alerts")
    asked: list[Address] = []
    hear = Conversation(says("All is well", "Really"))

    async with our_bot(api, asked=asked) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/status@tradebell_bot now", group, thread)
        await api.world.message_where(lambda m: m.text == "Really")

    (said,) = hear.heard
    assert isinstance(said, Command)
    assert (said.name, said.arguments, said.person.id) == ("status", "now", str(ann.id))
    assert [(m.text, m.thread) for m in api.world.messages] == [
        ("All is well", thread),
        ("Really", thread),
    ]
    assert asked == [address(group, thread)] * 2


async def test_who_waits_for_an_answer_sees_that_it_is_being_written(api: BotApi):
    ann = api.world.person("Ann")
    group = api.world.group("Desk", ann)
    thread = api.world.topic(group, "Alerts")
    hear = Conversation(says("All is well"))
    hear.may_answer.clear()

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/status@tradebell_bot", group, thread)
        await api.world.until(lambda: bool(api.world.calls_of("sendChatAction")))
        hear.may_answer.set()
        await api.world.message_where(lambda m: m.text == "All is well")

    (typing,) = api.world.calls_of("sendChatAction")
    assert typing.parameters["action"] == "typing"
    assert typing.parameters["message_thread_id"] == str(thread)


def answers_to(person: Person) -> list[str]:
    return [message.text for message in person.chat.shown if message.sender != person.id]


async def test_an_update_is_stored_before_telegram_may_forget_it(api: BotApi):
    ann = api.world.person("Ann")
    hear, journal = Conversation(says("Welcome")), MemoryJournal(fails=1)

    async def live() -> None:
        async with our_bot(api) as bot, listening(bot, hear, journal):
            ann.types("/start")
            await asyncio.Event().wait()

    # The first process dies of its full disk, with nothing stored ...
    with pytest.raises(ExceptionGroup):
        await live()
    waiting = len(api.world.updates)
    # ... and the next one gets the update again.
    async with our_bot(api) as bot, listening(bot, hear, journal):
        await api.world.message_where(lambda m: m.text == "Welcome")

    assert waiting == 1
    assert len(journal.kept) == 1
    assert len(api.world.messages) == 1


async def test_a_database_that_is_away_for_a_moment_costs_no_update(api: BotApi):
    ann = api.world.person("Ann")
    away = TryLater("the database cannot do it now")
    hear, journal = Conversation(says("Welcome")), MemoryJournal(fails=1, failure=away)

    async with our_bot(api) as bot, listening(bot, hear, journal):
        ann.types("/start")
        await api.world.message_where(lambda m: m.text == "Welcome")

    assert len(api.world.messages) == 1


async def test_what_a_crash_left_unanswered_is_answered_once_by_the_next_start(api: BotApi):
    ann = api.world.person("Ann")
    journal = MemoryJournal()
    silent = Conversation(says("never"))
    silent.may_answer.clear()

    async with our_bot(api) as bot, listening(bot, silent, journal):
        ann.types("/status")
        await until(lambda: bool(silent.heard))  # stored, confirmed, not answered
    for _ in range(2):
        hear = Conversation(says("All is well"))
        async with our_bot(api) as bot, listening(bot, hear, journal):
            ann.types("/help")
            await until(
                lambda: not api.world.updates and not any(map(journal.is_open, journal.kept))
            )

    assert [message.text for message in api.world.messages] == ["All is well"] * 3
    assert len(journal.kept) == 3


async def test_an_update_that_telegram_repeats_is_answered_once(api: BotApi):
    ann = api.world.person("Ann")
    journal = MemoryJournal()
    hear = Conversation(says("All is well"))
    ann.types("/status")
    repeated = list(api.world.updates)

    for _ in range(2):
        api.world.updates = list(repeated)
        async with our_bot(api) as bot, listening(bot, hear, journal):
            await until(lambda: not api.world.updates and journal.finished == [*journal.kept])

    assert len(api.world.messages) == 1


async def test_blocking_and_coming_back_are_heard(api: BotApi):
    ann = api.world.person("Ann")
    hear = Conversation()

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.blocks()
        ann.unblocks()
        await until(lambda: len(hear.heard) == 2)

    left, returned = hear.heard
    assert isinstance(left, Left)
    assert left.reason == "blocked"
    assert isinstance(returned, Returned)
    assert returned.place.address == address(ann)


# --- presses ------------------------------------------------------------------------------


def asks(said: Incoming) -> list[Reply]:
    """A card with a button; pressing it changes the card."""
    if isinstance(said, Press):
        return [Reply(card=Card(title="Pausing"), replaces=True), Reply(card=PAUSED, replaces=True)]
    button = Button(label="Pause", action=ActionId("a1"))
    return [Reply(card=Card(title="Pause?", buttons=((button,),)))]


PAUSED = Card(title="Paused")


async def test_a_press_is_answered_at_once_and_changes_its_card_in_place(api: BotApi):
    ann = api.world.person("Ann")
    hear = Conversation(asks)

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: m.text == "Pause?")
        hear.may_answer.clear()  # the work takes long
        press = ann.presses(card, "Pause")
        answer = await press.answered(within=2)
        hear.may_answer.set()
        await api.world.until(lambda: card.text == "Paused")

    assert (answer.text, answer.alert) == ("", False)
    assert isinstance(hear.heard[1], Press)
    assert hear.heard[1].action == "a1"
    assert card.earlier == ["Pause?", "Pausing"]
    assert card.labels == ()
    assert len(api.world.messages) == 1


async def test_what_telegram_s_cards_add_is_in_the_language_of_the_answer(api: BotApi):
    ann = api.world.person("Ann")
    card = Card(title="X", severity=Severity.CRITICAL)
    hear = Conversation(lambda said: [Reply(card=card, language="qps")])

    with offering(PSEUDO):
        async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
            ann.types("/status")
            shown = await api.world.message_where(lambda m: True)

    assert shown.text == "🔴 «CRITICAL» · X"


async def test_a_sentence_that_comes_at_once_is_shown_as_a_toast(api: BotApi):
    ann = api.world.person("Ann")
    hear = Conversation(refuses)

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/pause")
        press = ann.presses(await api.world.message_where(lambda m: True), "Pause")
        answer = await press.answered()

    assert answer.text == "Only Bob may press this"
    assert len(api.world.messages) == 1


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_sentence_that_comes_late_is_said_to_its_card(api: BotApi, deleted: bool):
    ann = api.world.person("Ann")
    hear = Conversation(refuses, seconds=0.5)

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        press = ann.presses(card, "Pause")
        answer = await press.answered()
        card.deleted = deleted
        late = await api.world.message_where(lambda m: m.text == "Only Bob may press this")

    assert answer.text == ""
    assert late.chat is ann.chat
    assert late.reply_to == (None if deleted else card.id)
    assert len(api.world.calls_of("sendMessage")) == 2


async def test_a_sentence_that_telegram_does_not_take_any_more_is_said_to_its_card(api: BotApi):
    ann = api.world.person("Ann")
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    api.fail(refused(400, too_old), method="answerCallbackQuery")

    async with (
        our_bot(api) as bot,
        listening(bot, Conversation(refuses), MemoryJournal()),
    ):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        ann.presses(card, "Pause")
        late = await api.world.message_where(lambda m: m.text == "Only Bob may press this")

    assert late.reply_to == card.id


@pytest.mark.parametrize("fault", [None, refused(400, "Bad Request: query is too old")])
async def test_a_passing_sentence_costs_no_message_whatever_becomes_of_it(
    api: BotApi, fault: Fault | None
):
    ann = api.world.person("Ann")
    journal = MemoryJournal()
    if fault is not None:
        api.fail(fault, method="answerCallbackQuery", times=4)
    again = Reply(toast="Already on it", passing=True)
    hear = Conversation(lambda said: [again] if isinstance(said, Press) else asks(said))

    async with our_bot(api) as bot, listening(bot, hear, journal):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        presses = [ann.presses(card, "Pause") for _ in range(4)]
        await until(lambda: len(journal.finished) == 5)

    told = [press.answer.text for press in presses if press.answer is not None]
    assert told == ([] if fault else ["Already on it"] * 4)
    assert len(api.world.messages) == 1


def refuses(said: Incoming) -> list[Reply]:
    return [Reply(toast="Only Bob may press this")] if isinstance(said, Press) else asks(said)


async def test_a_press_that_means_nothing_to_us_is_still_answered(api: BotApi):
    ann = api.world.person("Ann")
    hear = Conversation()

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        await bot.messenger.send(address(ann), Card(title="x"))
        (message,) = ann.chat.shown
        press = ann.presses_button(message, TelegramButton("Old", "no:action of ours"))
        await press.answered()

    assert hear.heard == []


async def test_an_edit_is_repeated_until_it_shows(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(Drop(), method="editMessageText")
    api.fail(Drop(executes=True), method="editMessageText", skip=1)
    hear = Conversation(asks)

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        ann.presses(card, "Pause")
        await api.world.until(lambda: card.text == "Paused", within=10)

    assert card.earlier == ["Pause?", "Pausing"]


async def test_an_edit_that_changes_nothing_is_fine(api: BotApi, caplog: pytest.LogCaptureFixture):
    ann = api.world.person("Ann")
    same = Reply(card=PAUSED, replaces=True)
    hear = Conversation(lambda said: [same, same] if isinstance(said, Press) else asks(said))
    journal = MemoryJournal()

    async with our_bot(api) as bot, listening(bot, hear, journal):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        await ann.presses(card, "Pause").answered()
        await until(lambda: len(journal.finished) == 2)

    assert card.earlier == ["Pause?"]
    assert len(api.world.calls_of("editMessageText")) == 2
    assert len(api.world.messages) == 1
    assert "a reply was not shown" not in caplog.messages


async def test_a_card_that_was_deleted_meanwhile_is_answered_by_a_new_message(api: BotApi):
    ann = api.world.person("Ann")
    hear = Conversation(asks)

    async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
        ann.types("/pause")
        card = await api.world.message_where(lambda m: True)
        press = ann.presses(card, "Pause")
        card.deleted = True
        await api.world.message_where(lambda m: m.text == "Paused")
        await press.answered()

    assert [message.text for message in ann.chat.shown[1:]] == ["Pausing", "Paused"]


# --- trouble with listening ---------------------------------------------------------------


async def test_another_poller_is_an_alarm(api: BotApi):
    meter = FakeMeter()

    async with our_bot(api, meter) as bot, listening(bot, Conversation(), MemoryJournal()):
        await api.world.call_where(lambda call: call.method == "getUpdates")
        api.fail(refused(409, "Conflict: terminated by other getUpdates request"), times=None)
        api.world.person("Ann").types("hello")  # ends the poll under way
        await until(lambda: bot.listener.trouble is not None)

    assert bot.listener.trouble == "another program listens with the bot's token"
    assert meter.alarms == {"telegram_not_listening": 1}


async def test_a_token_revoked_while_running_stops_the_polling(api: BotApi):
    meter = FakeMeter()

    async with our_bot(api, meter) as bot, listening(bot, Conversation(), MemoryJournal()):
        await api.world.call_where(lambda call: call.method == "getUpdates")
        api.revoked = True
        api.world.person("Ann").types("hello")
        await until(lambda: bot.listener.trouble is not None)
        polls = len(api.world.calls_of("getUpdates"))

    assert bot.listener.trouble == "Telegram refuses the bot's token"
    assert meter.alarms == {"telegram_not_listening": 1}
    assert polls == 2


# --- secrets ------------------------------------------------------------------------------


async def test_the_token_and_what_people_say_are_in_no_log_and_no_error(
    api: BotApi, caplog: pytest.LogCaptureFixture
):
    ann = api.world.person("Ann")
    hear = Conversation(says("Balance 60,000"))
    caplog.set_level(logging.DEBUG)
    for name in logging.root.manager.loggerDict:
        if name.partition(".")[0] in ("telegram", "adapters", "aiohttp", "asyncio"):
            caplog.set_level(logging.DEBUG, logger=name)

    with suppress(ExceptionGroup):
        async with our_bot(api) as bot, listening(bot, hear, MemoryJournal()):
            ann.types("my secret words")
            await api.world.message_where(lambda m: True)
            for fault in (Drop(), bad_gateway(), refused(400, "Bad Request: x"), captive_portal()):
                api.fail(fault, method="sendMessage")
                await bot.messenger.send(address(ann), CARD)
            async with api.down():
                await bot.messenger.send(address(ann), CARD)
            raise RuntimeError("boom")

    told = caplog.text + "".join(
        "".join(traceback.format_exception(*record.exc_info))
        for record in caplog.records
        if record.exc_info
    )
    told += "".join(str(vars(record)) for record in caplog.records)
    assert caplog.records
    for secret in (api.token.partition(":")[2], "my secret words", "Balance 60,000"):
        assert secret not in told
    assert api.token not in repr(bot.listener._api)


def text_of(said: Incoming) -> str:
    assert isinstance(said, Words)
    return said.text
