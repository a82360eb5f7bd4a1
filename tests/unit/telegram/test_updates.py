"""What a person said, read from updates as Telegram sends them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.updates import ANONYMOUS_ADMIN, WORDLESS, BotIdentity, TelegramUpdate, heard
from bot.domain.chats import Address, Channel, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import (
    Command,
    Forwarded,
    Incoming,
    Left,
    Masked,
    Migrated,
    Place,
    Press,
    Ranked,
    Reaction,
    Returned,
    Wordless,
    Words,
)

US = BotIdentity(id="42", username="tradebell_bot")
ANN = {"id": 5000000001, "is_bot": False, "first_name": "Ann", "language_code": "de"}
PERSON = Person(channel=Channel.TELEGRAM, id="5000000001", language="de")


def place(chat: int, *, private: bool = False, thread: str = "") -> Place:
    address = Address(channel=Channel.TELEGRAM, bot="42", chat=str(chat), thread=thread)
    return Place(address=address, private=private)


PRIVATE = place(5000000001, private=True)
GROUP = place(-1001)


SENT = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


def message(text: str | None, chat_id: int = 5000000001, **more: Any) -> dict[str, Any]:
    type_ = "private" if chat_id > 0 else "supergroup"
    found = {
        "message_id": 7,
        "date": 1790000000,
        "from": ANN,
        "chat": {"id": chat_id, "type": type_},
        **more,
    }
    return {"update_id": 1, "message": found if text is None else {**found, "text": text}}


def said(update: dict[str, Any]) -> Incoming | None:
    return heard(update, US).said


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("/status", "status", ""),
        ("/Status", "status", ""),
        ("/pause Momentum BTC", "pause", "Momentum BTC"),
        ("/start abc_DEF-1", "start", "abc_DEF-1"),
        ("/pause@tradebell_bot all", "pause", "all"),
        ("/pause@Tradebell_Bot", "pause", ""),
        ("  /pause   all  \n", "pause", "all"),
        ("/nonsense", "nonsense", ""),
        ("/pause\u00a0Alpha", "pause", "Alpha"),
        ("/status, please", "status", "please"),
    ],
)
def test_a_command_is_read_with_its_arguments(text: str, name: str, arguments: str):
    assert said(message(text)) == Command(
        place=PRIVATE, person=PERSON, name=name, arguments=arguments, at=SENT
    )


@pytest.mark.parametrize("date", [None, 0, -1, "yesterday", 1 << 80])
def test_a_message_without_a_time_is_a_message(date: object):
    assert said(message("/status", date=date)) == Command(
        place=PRIVATE, person=PERSON, name="status"
    )


@pytest.mark.parametrize("text", ["123456", "hello", "/", "// x", "/é", "status"])
def test_anything_else_in_a_private_chat_is_words(text: str):
    assert said(message(text)) == Words(place=PRIVATE, person=PERSON, text=text, at=SENT)


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("/status", True),
        ("/status@tradebell_bot", True),
        ("/nonsense@tradebell_bot", True),
        ("/status@other_bot", False),
        ("/nonsense", False),
        ("hello", False),
    ],
)
def test_in_a_group_only_what_is_meant_for_us_is_heard(text: str, answered: bool):
    found = said(message(text, -1001))

    assert (found is not None) is answered
    assert found is None or found.place == GROUP


@pytest.mark.parametrize("kind", ["photo", "video", "document", "animation"])
def test_a_caption_is_read_like_a_text(kind: str):
    content: dict[str, Any] = {kind: {"file_id": "x"}, "caption": "/status."}
    update = message(None, **content)

    assert said(update) == Command(place=PRIVATE, person=PERSON, name="status", at=SENT)


@pytest.mark.parametrize("kind", sorted(WORDLESS))
def test_what_has_no_words_is_noticed_where_nobody_else_is(kind: str):
    content: dict[str, Any] = {kind: {"file_id": "x"}}

    assert said(message(None, **content)) == Wordless(place=PRIVATE, person=PERSON)
    assert said(message(None, -1001, **content)) is None


@pytest.mark.parametrize("kind", ["pinned_message", "new_chat_title", "forum_topic_created"])
def test_what_a_chat_tells_of_itself_says_nothing(kind: str):
    content: dict[str, Any] = {kind: {}}

    assert said(message(None, **content)) is None


def test_a_command_for_somebody_else_is_theirs_in_private_too():
    assert said(message("/status@other_bot")) is None


def test_a_group_that_became_a_supergroup_says_its_new_number():
    by_ann = message("", -4001, migrate_to_chat_id=-1002)
    anonymous = message("", -4001, migrate_to_chat_id=-1002, sender_chat={"id": -4001})

    assert said(by_ann) == said(anonymous) == Migrated(place=place(-4001), chat="-1002")


def test_a_topic_is_part_of_the_address_and_a_plain_reply_s_thread_is_not():
    topic = said(message("/status", -1001, message_thread_id=9, is_topic_message=True))
    reply = said(message("/status", -1001, message_thread_id=9))

    assert topic is not None
    assert reply is not None
    assert topic.place == place(-1001, thread="9")
    assert reply.place == GROUP


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/pause all", Masked(place=GROUP)),
        ("/pause@tradebell_bot", Masked(place=GROUP)),
        ("/pause@other_bot", None),
        ("/dance", None),
        ("stop it", None),
    ],
)
def test_who_writes_as_the_group_is_nobody_who_could_be_answered(text: str, told: Masked | None):
    anonymous = {"from": {"id": ANONYMOUS_ADMIN, "is_bot": True}, "sender_chat": {"id": -1001}}

    assert said(message(text, -1001, **anonymous)) == told


@pytest.mark.parametrize(
    "more",
    [
        {"from": {"id": ANONYMOUS_ADMIN, "is_bot": False}},
        {"sender_chat": {"id": -1002, "type": "channel"}},
        {"from": {"id": 7, "is_bot": True}},
        {"from": None},
    ],
)
def test_who_is_nobody_in_particular_controls_nothing(more: dict[str, Any]):
    assert said(message("/pause all", -1001, **more)) is None


def test_a_missing_language_is_english():
    update = message("hello")
    update["message"]["from"] = {"id": 5, "is_bot": False}

    found = said(update)

    person = Person(channel=Channel.TELEGRAM, id="5", language="en")
    assert found == Words(place=PRIVATE, person=person, text="hello", at=SENT)


def press(data: object, **more: Any) -> dict[str, Any]:
    under = message("Pause?")["message"]
    query = {"id": "99", "from": ANN, "message": under, "data": data, **more}
    return {"update_id": 2, "callback_query": query}


def test_a_press_carries_the_action_and_where_to_answer():
    assert heard(press("abc_DEF-123"), US) == TelegramUpdate(
        chat="5000000001",
        said=Press(place=PRIVATE, person=PERSON, action=ActionId("abc_DEF-123")),
        query="99",
        message=7,
    )


def test_a_press_on_a_message_too_old_to_be_shown_is_still_a_press():
    old = {"chat": {"id": 5000000001, "type": "private"}, "message_id": 7, "date": 0}

    assert heard(press("a", message=old), US).message == 7


@pytest.mark.parametrize("data", [None, "", "x" * 65, "a b", "pause:all;drop", 5])
def test_a_press_that_none_of_our_buttons_makes_is_only_acknowledged(data: object):
    assert heard(press(data), US) == TelegramUpdate(query="99")


def membership(old: Any, new: Any, chat: int = 5000000001) -> dict[str, Any]:
    type_ = "private" if chat > 0 else "supergroup"
    return {
        "update_id": 3,
        "my_chat_member": {
            "chat": {"id": chat, "type": type_},
            "from": ANN,
            "date": 1790000000,
            "old_chat_member": old,
            "new_chat_member": new,
        },
    }


MEMBER = {"status": "member"}
KICKED = {"status": "kicked"}


@pytest.mark.parametrize("private", [True, False])
def test_a_post_of_a_channel_is_told_as_such_in_private_only(private: bool):
    origin = {"type": "channel", "chat": {"id": -1007, "type": "channel", "title": "Owl"}}
    chat = {"id": 5000000001, "type": "private"} if private else {"id": -1001, "type": "supergroup"}
    update = {
        "message": {
            "message_id": 1,
            "from": ANN,
            "chat": chat,
            "text": "Hi",
            "forward_origin": origin,
        }
    }
    said = heard(update, US).said
    assert (isinstance(said, Forwarded) and said.source.chat == "-1007") is private


MUTED = {"status": "restricted", "can_send_messages": False}
ADMIN = {"status": "administrator", "can_manage_topics": False}
TOPICS = {"status": "administrator", "can_manage_topics": True}


def in_forum(old: Any, new: Any) -> dict[str, Any]:
    update = membership(old, new, -1001)
    update["my_chat_member"]["chat"]["is_forum"] = True
    return update


@pytest.mark.parametrize(
    ("update", "administrator", "makes_topics"),
    [
        (membership(MEMBER, ADMIN, -1001), True, None),
        (membership(TOPICS, MEMBER, -1001), False, None),
        (in_forum(MEMBER, ADMIN), True, False),
        (in_forum(ADMIN, TOPICS), True, True),
        (in_forum(TOPICS, ADMIN), True, False),
        (in_forum(TOPICS, MEMBER), False, False),
    ],
)
def test_what_our_bot_may_do_in_a_group_is_told_when_it_changes(
    update: dict[str, Any], administrator: bool, makes_topics: bool | None
):
    expected = Ranked(place=GROUP, administrator=administrator, makes_topics=makes_topics)
    assert heard(update, US).said == expected


@pytest.mark.parametrize(
    "update",
    [
        membership(ADMIN, TOPICS, -1001),  # a group without topics
        in_forum(TOPICS, TOPICS),
        membership(MEMBER, MEMBER, -1001),
        membership(MEMBER, ADMIN),
    ],
)
def test_nothing_is_said_where_what_matters_here_stays(update: dict[str, Any]):
    assert heard(update, US).said is None


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (membership(MEMBER, KICKED), Left(place=PRIVATE, reason="blocked")),
        (membership(KICKED, MEMBER), Returned(place=PRIVATE)),
        (membership(MEMBER, KICKED, -1001), Left(place=GROUP, reason="removed_from_group")),
        (
            membership(MEMBER, {"status": "left"}, -1001),
            Left(place=GROUP, reason="removed_from_group"),
        ),
        (
            membership(MEMBER, MUTED, -1001),
            Left(place=GROUP, reason="no_right"),
        ),
        (membership(MUTED, MEMBER, -1001), Returned(place=GROUP)),
        (
            membership({"status": "left"}, {"status": "administrator"}, -1001),
            Returned(place=GROUP, added=True),
        ),
        (membership(KICKED, MEMBER, -1001), Returned(place=GROUP, added=True)),
    ],
)
def test_a_chat_that_closes_or_opens_to_us_is_noticed(
    update: dict[str, Any], expected: Incoming | None
):
    assert said(update) == expected


THUMB = {"type": "emoji", "emoji": "\U0001f44d"}
HEART = {"type": "custom_emoji", "custom_emoji_id": "5"}


def reaction(new: Any, chat: int = 5000000001, **more: Any) -> dict[str, Any]:
    where = {"id": chat, "type": "private" if chat > 0 else "supergroup"}
    who = more or {"user": ANN}
    change = {"chat": where, "message_id": 77, "date": 1790000000, "old_reaction": [], **who}
    return {"update_id": 5, "message_reaction": {**change, "new_reaction": new}}


@pytest.mark.parametrize("new", [[THUMB], [HEART], [{"type": "paid"}], [THUMB, HEART]])
@pytest.mark.parametrize(("chat", "place"), [(5000000001, PRIVATE), (-1001, GROUP)])
def test_a_reaction_says_who_put_one_on_which_message(new: Any, chat: int, place: Place):
    assert said(reaction(new, chat)) == Reaction(place=place, person=PERSON, message="77")


@pytest.mark.parametrize(
    "update",
    [
        reaction([]),
        reaction([THUMB], -1001, actor_chat={"id": -1001, "type": "supergroup"}),
        reaction([THUMB], user={"id": 42, "is_bot": True}),
        reaction([THUMB], -1001, user={"id": ANONYMOUS_ADMIN, "is_bot": False}),
        {"update_id": 5, "message_reaction_count": reaction([THUMB])["message_reaction"]},
    ],
)
def test_one_that_is_taken_away_or_of_nobody_in_particular_says_nothing(update: dict[str, Any]):
    assert said(update) is None


@pytest.mark.parametrize(
    "update",
    [
        {},
        {"update_id": 4},
        {"update_id": 4, "message": None},
        {"update_id": 4, "message": {"chat": {}}},
        {"update_id": 4, "edited_message": message("/pause all")["message"]},
        {"update_id": 4, "channel_post": message("/pause all")["message"]},
        message(None, -1001, photo=[{"file_id": "x"}], caption="look at this"),
        message(None, -4001, migrate_from_chat_id=-1001),
        membership(None, None),
    ],
)
def test_what_is_not_for_us_says_nothing(update: dict[str, Any]):
    assert said(update) is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("message", "callback_query", "my_chat_member", "chat", "from", "id", "text"),
                    *("data", "type", "is_bot", "status", "old_chat_member", "new_chat_member"),
                    *("message_id", "language_code", "message_thread_id", "is_topic_message"),
                    *("sender_chat", "user", "new_reaction"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(
    update=st.dictionaries(
        st.sampled_from(["message", "callback_query", "my_chat_member", "message_reaction"]),
        anything,
    )
)
def test_no_update_however_odd_makes_it_fail(update: dict[str, Any]):
    heard(update, US)


REPLIED = {"message_id": 77, "from": {"id": 42, "is_bot": True}, "text": "Night Owl: error"}


@pytest.mark.parametrize("text", ["/why", "why?"])
def test_what_is_said_in_reply_says_to_which_message(text: str):
    found = said(message(text, reply_to_message=REPLIED))

    assert isinstance(found, Command | Words)
    assert found.replied_to == "77"


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"reply_to_message": {"message_id": "77"}},
        {"reply_to_message": {"message_id": 77, "forum_topic_created": {"name": "bots"}}},
    ],
)
def test_what_opened_a_topic_is_nothing_to_reply_to(more: dict[str, Any]):
    found = said(message("/why", **more))

    assert isinstance(found, Command)
    assert found.replied_to is None
