"""The stand-in Bot API, driven by python-telegram-bot as it comes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from telegram import (
    Bot,
    BotCommand,
    ChatMemberAdministrator,
    ChatMemberMember,
    ChatMemberRestricted,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.standins.bot_api import Access, BotApi, Person
from tests.standins.bot_api.faults import internal_error, too_many_requests, too_many_requests_html
from tests.standins.bot_api.server import OTHER_POLLER, SECRET_HEADER, WEBHOOK_ACTIVE
from tests.standins.faults import Drop, Hold, Slow, bad_gateway, captive_portal, html

PAUSE = InlineKeyboardMarkup([[InlineKeyboardButton("Pause", callback_data="a1")]])


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


def library(api: BotApi, token: str | None = None) -> Bot:
    return Bot(
        token or api.token,
        base_url=f"{api.url}/bot",
        request=HTTPXRequest(read_timeout=0.5),
        get_updates_request=HTTPXRequest(),
    )


@pytest.fixture
async def bot(api: BotApi) -> AsyncIterator[Bot]:
    async with library(api) as bot:
        yield bot


# --- what people see ----------------------------------------------------------------------


async def test_a_message_shows_on_the_device_as_it_was_meant(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    sent = await bot.send_message(
        ann.id,
        "🔔 Bought BTC & ETH",
        entities=[MessageEntity("bold", 3, 6)],
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_markup=PAUSE,
    )

    (message,) = ann.chat.shown
    assert (message.id, message.text) == (sent.message_id, "🔔 Bought BTC & ETH")
    assert message.parts("bold") == ["Bought"]
    assert message.labels == ("Pause",)
    assert message.silent
    assert not message.preview
    assert not message.edited
    assert sent.parse_entity(sent.entities[0]) == "Bought"
    assert sent.reply_markup == PAUSE


async def test_message_numbers_begin_anew_in_every_chat(api: BotApi, bot: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")

    numbers = [(await bot.send_message(p.id, "hello")).message_id for p in (ann, bob, ann)]

    assert numbers == [1, 1, 2]
    assert [m.chat.id for m in api.world.messages] == [ann.id, bob.id, ann.id]


async def test_an_edit_keeps_what_was_there_and_takes_the_buttons_away(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    sent = await bot.send_message(ann.id, "Pausing", reply_markup=PAUSE)

    await bot.edit_message_text("Paused", ann.id, sent.message_id)

    (message,) = ann.chat.shown
    assert (message.text, message.earlier, message.labels) == ("Paused", ["Pausing"], ())
    assert message.edited


async def test_an_edit_that_changes_nothing_is_refused(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    sent = await bot.send_message(ann.id, "Paused", reply_markup=PAUSE)

    with pytest.raises(
        BadRequest, match=r"^Message is not modified: specified new message content"
    ):
        await bot.edit_message_text("Paused", ann.id, sent.message_id, reply_markup=PAUSE)
    with pytest.raises(BadRequest, match=r"^Message is not modified"):
        await bot.edit_message_reply_markup(ann.id, sent.message_id, reply_markup=PAUSE)

    assert not ann.chat.shown[0].edited


async def test_buttons_can_be_taken_away_alone(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    sent = await bot.send_message(ann.id, "Pause?", reply_markup=PAUSE)

    await bot.edit_message_reply_markup(ann.id, sent.message_id)

    assert ann.chat.shown[0].labels == ()


async def test_a_deleted_message_is_gone_from_the_device(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    sent = await bot.send_message(ann.id, "oops")

    assert await bot.delete_message(ann.id, sent.message_id)

    assert ann.chat.shown == []
    with pytest.raises(BadRequest, match=r"^Message to delete not found"):
        await bot.delete_message(ann.id, sent.message_id)
    with pytest.raises(BadRequest, match=r"^Message to edit not found"):
        await bot.edit_message_text("well", ann.id, sent.message_id)


async def test_nobody_else_s_message_can_be_edited(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    hers = ann.types("hello")

    with pytest.raises(BadRequest, match=r"^Message can't be edited"):
        await bot.edit_message_text("mine", ann.id, hers.id)


async def test_a_photo_shows_with_its_caption(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    await bot.send_photo(ann.id, InputFile(b"\x89PNG...", "chart.png"), caption="Day")

    assert ann.chat.shown[0].photo == b"\x89PNG..."
    assert ann.chat.shown[0].text == "Day"


async def test_a_reply_may_outlive_what_it_answers(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    question = ann.types("/status")

    await bot.send_message(ann.id, "fine", reply_to_message_id=question.id)
    await bot.send_message(
        ann.id, "fine", reply_parameters=ReplyParameters(99, allow_sending_without_reply=True)
    )

    assert [m.reply_to for m in api.world.messages] == [question.id, None]
    with pytest.raises(BadRequest, match=r"^Message to be replied not found"):
        await bot.send_message(ann.id, "fine", reply_to_message_id=99)


# --- what Telegram does to a text ---------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text", "type_", "parts"),
    [
        ("<b>B</b> a", "B a", "bold", ["B"]),
        ("<strong>B</strong>&lt;i&gt;", "B<i>", "bold", ["B"]),
        ("😀<i>x</i>", "😀x", "italic", ["x"]),
        ("<b>1<u>2</u></b>", "12", "underline", ["2"]),
        ('<a href="https://a.io/?a=1&amp;b=2">go</a>', "go", "text_link", ["go"]),
        ("<a href='http://localhost/x'>go</a>", "go", "text_link", []),
        ("<tg-spoiler>x</tg-spoiler>", "x", "spoiler", ["x"]),
        ('<span class="tg-spoiler">x</span>', "x", "spoiler", ["x"]),
        ("<blockquote expandable>x</blockquote>", "x", "expandable_blockquote", ["x"]),
        ("&#65;&#x42; &nbsp; &amp", "AB &nbsp; &", "bold", []),
        ("<B>x</b>", "x", "bold", ["x"]),
        ("<code>a</code>\n<pre>b</pre>", "a\nb", "pre", ["b"]),
    ],
)
async def test_html_becomes_entities(
    api: BotApi, bot: Bot, html: str, text: str, type_: str, parts: list[str]
):
    ann = api.world.person("Ann")

    await bot.send_message(ann.id, html, parse_mode="HTML")

    (message,) = ann.chat.shown
    assert message.text == text
    assert message.parts(type_) == parts


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ("<x>", 'unsupported start tag "x" at byte offset 0'),
        ("é<3", "unclosed start tag at byte offset 2"),
        ("<b>x", 'can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "unexpected end tag at byte offset 1"),
        ("<b><i>x</b></i>", 'unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b =x>y</b>", 'empty attribute name in the tag "b" at byte offset 0'),
        ("<a href=a/b>y</a>", "unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'tag "span" must have class "tg-spoiler" at byte offset 0'),
    ],
)
async def test_broken_html_is_refused(api: BotApi, bot: Bot, html: str, problem: str):
    ann = api.world.person("Ann")

    with pytest.raises(BadRequest) as refused:
        await bot.send_message(ann.id, html, parse_mode="HTML")

    assert str(refused.value).lower() == f"can't parse entities: {problem}"
    assert api.world.messages == []


@pytest.mark.parametrize(
    ("offset", "length", "problem"),
    [
        (0, 99, "ends after the end of the text at UTF-16 offset 99"),
        (9, 1, "begins after the end of the text at UTF-16 offset 9"),
        (1, 1, "begins in a middle of a UTF-16 symbol at byte offset 4"),
        (0, 1, "ends in a middle of a UTF-16 symbol at byte offset 4"),
        (-1, 1, "with incorrect offset -1"),
    ],
)
async def test_entities_must_lie_on_whole_characters(
    api: BotApi, bot: Bot, offset: int, length: int, problem: str
):
    ann = api.world.person("Ann")

    with pytest.raises(BadRequest) as refused:
        await bot.send_message(ann.id, "😀ab", entities=[MessageEntity("bold", offset, length)])

    assert problem.lower() in str(refused.value).lower()


async def test_white_space_around_and_control_characters_go(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    await bot.send_message(ann.id, "  \n a\tb\r\u202ec \n", entities=[MessageEntity("bold", 7, 3)])

    (message,) = ann.chat.shown
    assert message.text == "a bc"
    assert message.parts("bold") == ["c"]


async def test_a_text_has_at_most_4096_units_after_parsing(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    await bot.send_message(ann.id, "<b>" + "😀" * 2048 + "</b>", parse_mode="HTML")

    with pytest.raises(BadRequest, match=r"^Message is too long"):
        await bot.send_message(ann.id, "😀" * 2048 + "x")
    with pytest.raises(BadRequest, match=r"^Message text is empty"):
        await bot.send_message(ann.id, "")
    with pytest.raises(BadRequest, match=r"^Text must be non-empty"):
        await bot.send_message(ann.id, " \n ")
    with pytest.raises(BadRequest, match=r"^Message caption is too long"):
        await bot.send_photo(ann.id, b"png", caption="x" * 1025)


@pytest.mark.parametrize(
    ("button", "problem"),
    [
        ({"text": "x", "callback_data": "é" * 33}, "Button_data_invalid"),
        ({"text": "x"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "callback_data": ""}, "Text buttons are unallowed"),
        ({"callback_data": "x"}, 'Can\'t find field "text"'),
        ({"text": "x", "url": "http://localhost:8080/link"}, "is invalid: Wrong HTTP URL"),
        ({"text": "x", "url": "javascript:alert(1)"}, "Unsupported URL protocol"),
        ("x", "InlineKeyboardButton must be an Object"),
    ],
)
async def test_bad_buttons_are_refused(api: BotApi, button: object, problem: str):
    ann = api.world.person("Ann")
    async with ClientSession(api.url) as session:
        response = await session.post(
            f"/bot{api.token}/sendMessage",
            json={
                "chat_id": ann.id,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[button]]},
            },
        )
        answer = await response.json()

    assert (response.status, answer["ok"], answer["error_code"]) == (400, False, 400)
    assert problem.lower() in answer["description"].lower()


async def test_data_of_64_bytes_and_links_to_an_ip_address_are_fine(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    rows = [
        [InlineKeyboardButton("x", callback_data="é" * 32)],
        [InlineKeyboardButton("y", url="http://127.0.0.1:8080/link/abc")],
    ]

    await bot.send_message(ann.id, "x", reply_markup=InlineKeyboardMarkup(rows))

    assert ann.chat.shown[0].button("y").url == "http://127.0.0.1:8080/link/abc"


# --- who may be written to ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "error", "wording"),
    [
        (Access.NEVER_STARTED, BadRequest, "Chat not found"),
        (Access.BLOCKED, Forbidden, "Forbidden: bot was blocked by the user"),
        (Access.DEACTIVATED, Forbidden, "Forbidden: user is deactivated"),
    ],
)
async def test_a_closed_chat_is_refused(
    api: BotApi, bot: Bot, access: Access, error: type[TelegramError], wording: str
):
    ann = api.world.person("Ann")
    ann.chat.access = access

    with pytest.raises(error) as refused:
        await bot.send_message(ann.id, "hello")

    assert str(refused.value) == wording
    assert ann.chat.shown == []


async def test_a_stranger_is_written_to_only_after_they_wrote(api: BotApi, bot: Bot):
    ann = api.world.person("Ann", started=False)
    with pytest.raises(BadRequest, match=r"^Chat not found"):
        await bot.get_chat(ann.id)

    ann.types("/start")

    assert (await bot.get_chat(ann.id)).first_name == "Ann"
    assert await bot.send_message(ann.id, "welcome")


async def test_a_group_that_became_a_supergroup_tells_its_new_id(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    group = api.world.group("Desk", ann, basic=True)
    new = api.world.upgrade(group)

    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "hello")

    assert moved.value.new_chat_id == new.id
    assert await bot.send_message(new.id, "hello")
    left, came = await bot.get_updates()
    assert left.message is not None
    assert came.message is not None
    assert left.message.migrate_to_chat_id == new.id
    assert came.message.migrate_from_chat_id == group.id


async def test_topics_can_be_missing_or_closed(api: BotApi, bot: Bot):
    group = api.world.group("Desk", api.world.person("Ann"))
    thread = api.world.topic(group, "Alerts")

    sent = await bot.send_message(group.id, "hello", message_thread_id=thread)
    group.topics[thread].closed = True

    assert sent.message_thread_id == thread
    with pytest.raises(BadRequest, match=r"^Topic_closed"):
        await bot.send_message(group.id, "hello", message_thread_id=thread)
    with pytest.raises(BadRequest, match=r"^Message thread not found"):
        await bot.send_message(group.id, "hello", message_thread_id=999)


@pytest.mark.parametrize("token", ["1234567890:wrong", "nonsense", "0123:x"])
async def test_another_token_is_refused(api: BotApi, token: str):
    bot = library(api, token)

    with pytest.raises(InvalidToken):
        await bot.initialize()

    await bot.shutdown()


async def test_a_revoked_token_is_refused_from_then_on(api: BotApi, bot: Bot):
    api.revoked = True

    with pytest.raises(InvalidToken, match=r"^Unauthorized$"):
        await bot.get_chat(1)


async def test_a_method_that_does_not_exist_is_not_found(api: BotApi, bot: Bot):
    with pytest.raises(TelegramError, match="not found"):
        await bot.do_api_request("playTheBanjo")


# --- what people do -----------------------------------------------------------------------


async def test_what_a_person_types_arrives_and_stays_until_it_is_confirmed(api: BotApi, bot: Bot):
    ann = api.world.person("Ann", started=False)
    typed = ann.types("/start abc")

    (update,) = await bot.get_updates()
    (again,) = await bot.get_updates()
    confirmed = await bot.get_updates(offset=update.update_id + 1)

    assert update == again
    assert confirmed == ()
    assert update.message is not None
    assert update.message.message_id == typed.id
    assert update.message.text == "/start abc"
    assert update.message.entities[0].type == "bot_command"
    assert update.message.from_user is not None
    assert update.message.from_user.first_name == "Ann"


async def test_a_long_poll_ends_with_the_first_update(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    async with asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(bot.get_updates(timeout=30))
        await api.world.call_where(lambda call: call.method == "getUpdates")
        ann.types("hello")

    assert [update.message.text for update in polling.result() if update.message] == ["hello"]


async def test_a_second_poller_ends_the_first(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(refusal(bot.get_updates(timeout=30)))
        await api.world.call_where(lambda call: call.method == "getUpdates")
        second = tasks.create_task(bot.get_updates(timeout=30))
        await first
        ann.types("hello")

    assert isinstance(first.result(), Conflict)
    assert str(first.result()) == OTHER_POLLER
    assert len(second.result()) == 1


async def test_only_the_kinds_asked_for_arrive(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    await bot.get_updates(allowed_updates=["callback_query"])

    ann.types("hello")

    assert await bot.get_updates() == ()


async def test_a_press_carries_the_button_s_data_and_can_be_answered_once(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    await bot.send_message(ann.id, "Pause?", reply_markup=PAUSE)
    message = await api.world.message_where(lambda m: "Pause" in m.text)

    press = ann.presses(message, "Pause")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    await bot.answer_callback_query(query.id, "Only Bob may", show_alert=True)

    answer = await press.answered()
    assert (query.data, query.from_user.id) == ("a1", ann.id)
    assert query.message is not None
    assert query.message.message_id == message.id
    assert (answer.text, answer.alert) == ("Only Bob may", True)
    with pytest.raises(BadRequest, match=r"^Query is too old and response timeout expired"):
        await bot.answer_callback_query(query.id)


async def test_blocking_is_told_and_typing_opens_the_chat_again(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    ann.blocks()
    with pytest.raises(Forbidden):
        await bot.send_message(ann.id, "hello")

    ann.unblocks()
    await bot.send_message(ann.id, "hello")

    blocked, unblocked = await bot.get_updates()
    assert blocked.my_chat_member is not None
    assert unblocked.my_chat_member is not None
    assert blocked.my_chat_member.new_chat_member.status == "kicked"
    assert unblocked.my_chat_member.new_chat_member.status == "member"


async def test_what_the_bot_may_do_in_a_group_is_told(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    group = api.world.group("Traders", ann)

    ann.ranks_bot(group, administrator=True, topics=True)
    ann.ranks_bot(group, administrator=False)
    ann.mutes_bot(group)

    told = [update.my_chat_member for update in await bot.get_updates()]
    promoted, demoted, muted = (one.new_chat_member for one in told if one is not None)
    assert isinstance(promoted, ChatMemberAdministrator)
    assert promoted.can_manage_topics
    assert isinstance(demoted, ChatMemberMember)
    assert isinstance(muted, ChatMemberRestricted)
    assert not muted.can_send_messages


@pytest.mark.parametrize("knows", [True, False])
async def test_what_one_person_asks_alone_is_answered_alone_within_15_seconds(
    api: BotApi, bot: Bot, knows: bool
):
    """What clients and servers of 10.3 do; the library has no names for it yet."""
    api.world.knows_asides = knows
    ann, ben = api.world.person("Ann"), api.world.person("Ben")
    group = api.world.group("Traders", ann, ben)
    listed = [BotCommand("status", "How it is", api_kwargs={"is_ephemeral": True})]
    await bot.set_my_commands(listed)
    [kept] = await bot.get_my_commands()
    assert kept.api_kwargs == ({"is_ephemeral": True} if knows else {})
    if not knows:
        return
    asked = ann.asks_alone("/status", group)
    [update] = await bot.get_updates()
    assert update.message is not None
    number = update.message.api_kwargs["ephemeral_message_id"]

    async def tell(person: Person) -> Message:
        to = {"ephemeral_message_parameters": json.dumps({"receiver_user_id": person.id})}
        reply = {"reply_parameters": json.dumps({"ephemeral_message_id": number})}
        return await bot.send_message(group.id, "For you", api_kwargs={**to, **reply})

    told = await tell(ann)
    with pytest.raises(BadRequest):
        await tell(ben)
    asked.at -= 16
    with pytest.raises(BadRequest):
        await tell(ann)
    group.bot_is_admin = True
    await tell(ben)

    assert told.message_id == 0
    assert group.shown == []
    assert [one.reader for one in api.world.messages] == [ann.id, ben.id]


async def test_privacy_mode_lets_through_only_what_is_meant_for_the_bot(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    group = api.world.group("Desk", ann)
    sent = await bot.send_message(group.id, "Bought")
    ours = await api.world.message_where(lambda m: m.id == sent.message_id)

    ann.types("hello all", group)
    ann.types("/status", group)
    ann.types("/status@tradebell_bot now", group)
    ann.types("/status@other_bot", group)
    ann.replies(ours, "well done")

    updates = await bot.get_updates()
    heard = [update.message.text for update in updates if update.message]
    assert heard == ["/status", "/status@tradebell_bot now", "well done"]


async def test_an_anonymous_admin_has_the_group_as_sender(api: BotApi, bot: Bot):
    group = api.world.group("Desk", api.world.person("Ann"))

    api.world.types_anonymously(group, "/pause all")

    (update,) = await bot.get_updates()
    assert update.message is not None
    assert update.message.sender_chat is not None
    assert update.message.from_user is not None
    assert update.message.sender_chat.id == group.id
    assert update.message.from_user.id == 1087968824


async def test_commands_are_kept_for_each_language(api: BotApi, bot: Bot):
    await bot.set_my_commands([BotCommand("status", "Your bots")])
    await bot.set_my_commands([BotCommand("status", "Deine Bots")], language_code="de")

    assert (await bot.get_my_commands())[0].description == "Your bots"
    assert (await bot.get_my_commands(language_code="de"))[0].description == "Deine Bots"
    assert await bot.get_my_commands(language_code="fr") == ()
    with pytest.raises(BadRequest, match=r"^Bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Status", "Your bots")])


# --- the webhook --------------------------------------------------------------------------


async def test_a_webhook_gets_every_update_with_the_secret_until_it_accepts(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    heard: list[tuple[str | None, str]] = []
    three = asyncio.Event()

    async def hear(request: web.Request) -> web.Response:
        update = json.loads(await request.read())
        heard.append((request.headers.get(SECRET_HEADER), update["message"]["text"]))
        if len(heard) == 3:
            three.set()
        return web.Response(status=500 if len(heard) == 1 else 200)

    app = web.Application()
    app.router.add_post("/hook", hear)
    async with TestServer(app) as server:
        await bot.set_webhook(str(server.make_url("/hook")), secret_token="s3cret")
        ann.types("one")
        ann.types("two")
        async with asyncio.timeout(5):
            await three.wait()
        with pytest.raises(Conflict) as refused:
            await bot.get_updates()
        info = await bot.get_webhook_info()
        await bot.delete_webhook()

    assert heard == [("s3cret", "one"), ("s3cret", "one"), ("s3cret", "two")]
    assert str(refused.value) == WEBHOOK_ACTIVE
    assert info.url.endswith("/hook")
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert await bot.get_updates() == ()


# --- faults -------------------------------------------------------------------------------


OWN_WARNING = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
"""The library warns of itself in every `RetryAfter`."""


@OWN_WARNING
@pytest.mark.parametrize(
    ("fault", "error", "shown"),
    [
        (Drop(), NetworkError, 0),
        (Drop(executes=True), NetworkError, 1),
        (Drop(executes=True, midway=True), NetworkError, 1),
        (Slow(seconds=0.6), TimedOut, 1),
        (bad_gateway(), NetworkError, 0),
        (bad_gateway(executes=True), NetworkError, 1),
        (internal_error(), NetworkError, 0),
        (captive_portal(), TelegramError, 0),
        (html(403, "Forbidden"), Forbidden, 0),
        (too_many_requests(7), RetryAfter, 0),
        (too_many_requests_html(), NetworkError, 0),
    ],
)
async def test_a_fault_meets_one_request_and_the_next_one_passes(
    api: BotApi, bot: Bot, fault: object, error: type[TelegramError], shown: int
):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendMessage")  # type: ignore[arg-type]

    with pytest.raises(error):
        await bot.send_message(ann.id, "hello")

    assert len(ann.chat.shown) == shown
    await bot.send_message(ann.id, "again")
    assert len(ann.chat.shown) == shown + 1
    assert len(api.world.calls_of("sendMessage")) == 2


async def test_a_held_request_is_answered_when_it_is_released(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")
    hold = Hold()
    api.fail(hold, method="sendMessage")

    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(bot.send_message(ann.id, "hello"))
        await hold.reached()
        held = list(ann.chat.shown), sending.done()
        hold.release()

    assert held == ([api.world.messages[0]], False)
    assert sending.result().message_id == 1


@OWN_WARNING
async def test_faults_choose_their_requests(api: BotApi, bot: Bot):
    ann, bob = api.world.person("Ann"), api.world.person("Bob")
    api.fail(too_many_requests(1), chat=ann, skip=1)
    api.fail(bad_gateway(), where=lambda call: call.parameters.get("text") == "poison")

    answers = [
        await refusal(bot.send_message(person.id, text))
        for person, text in [(ann, "1"), (bob, "2"), (ann, "3"), (ann, "4"), (bob, "poison")]
    ]

    assert [type(answer) for answer in answers] == [
        type(None),
        type(None),
        RetryAfter,
        type(None),
        NetworkError,
    ]


async def test_an_outage_refuses_connections_and_ends_at_the_same_address(api: BotApi, bot: Bot):
    ann = api.world.person("Ann")

    async with api.down():
        with pytest.raises(NetworkError, match="ConnectError"):
            await bot.send_message(ann.id, "hello")
    await bot.send_message(ann.id, "hello")

    assert len(ann.chat.shown) == 1


# --- as a process -------------------------------------------------------------------------


async def test_it_runs_as_a_process_and_shows_its_ledger():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.standins.bot_api", "--token", "42:abc"),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        async with ClientSession(url) as control, Bot("42:abc", f"{url}/bot") as bot:
            response = await control.post("/control/people", json={"names": ["Ann"]})
            (ann,) = await response.json()
            await bot.send_message(ann, "Pause?", reply_markup=PAUSE)
            press = {"person": ann, "message_id": 1, "label": "Pause"}
            await control.post("/control/presses", json=press)
            (update,) = await bot.get_updates()
            ledger = await (await control.get("/control/ledger")).json()
    finally:
        process.terminate()
        await process.wait()

    assert update.callback_query is not None
    assert update.callback_query.data == "a1"
    (message,) = ledger["messages"]
    assert (message["chat"], message["text"], message["buttons"]) == (ann, "Pause?", [["Pause"]])
    assert [call["method"] for call in ledger["calls"]] == ["getMe", "sendMessage", "getUpdates"]
    assert ledger["calls"][1]["at"] <= message["at"]


async def refusal(call: object) -> TelegramError | None:
    try:
        await call  # type: ignore[misc]
    except TelegramError as error:
        return error
    return None
