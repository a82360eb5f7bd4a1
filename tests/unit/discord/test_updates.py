"""What is read from the gateway's frames, with literals as Discord sends them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.render import FORM
from adapters.discord.updates import (
    WORDLESS,
    CommandAsked,
    Handle,
    Pressed,
    Reacted,
    Typing,
    Wanted,
    Written,
    heard,
)
from bot.domain.cards import Question
from bot.domain.chats import Address, Channel, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Place, Press, Reaction, Shared, Wordless, Words

BOT = "42"
ANN = Person(channel=Channel.DISCORD, id="7", language="de")
DM = Place(address=Address(channel=Channel.DISCORD, bot=BOT, chat="100"), private=True)
USUAL = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 38
HANDLE = Handle(id="900", token="tok", application="43")

IN_DM = {
    "channel_id": "100",
    "channel": {"id": "100", "type": 1},
    "context": 1,
    "user": {"id": "7", "username": "ann"},
}


def frame(type: int, data: dict[str, Any], **where: Any) -> dict[str, Any]:
    body = {
        "id": "900",
        "token": "tok",
        "application_id": "43",
        "type": type,
        "locale": "de",
        "data": data,
        **(where or IN_DM),
    }
    return {"t": "INTERACTION_CREATE", "op": 0, "s": 1, "d": body}


def bell(command: str, *options: dict[str, Any]) -> dict[str, Any]:
    part = {"name": command, "type": 1, "options": list(options)}
    return {"id": "1", "name": "bell", "type": 1, "options": [part]}


def of(family: str, command: str, *options: dict[str, Any]) -> dict[str, Any]:
    return {**bell(command, *options), "name": family}


def test_a_command_of_a_family_is_asked_by_its_own_name():
    option = {"name": "what", "type": 3, "value": "exits"}

    found = heard(frame(2, of("alerts", "mute", option)), BOT)
    typing = heard(frame(4, of("alerts", "mute", {**option, "focused": True})), BOT)

    assert isinstance(found, CommandAsked)
    assert found.said == Command(
        place=DM, person=ANN, name="mute", arguments="exits", options={"what": "exits"}
    )
    assert isinstance(typing, Typing)
    assert (typing.command, typing.argument, typing.typed) == ("mute", "what", "exits")


def test_a_slash_command_is_a_command_with_its_option_as_argument():
    option = {"name": "bot", "type": 3, "value": " Night Owl "}

    found = heard(frame(2, bell("pause", option)), BOT)

    said = Command(
        place=DM, person=ANN, name="pause", arguments="Night Owl", options={"bot": "Night Owl"}
    )
    assert found == CommandAsked(said=said, handle=HANDLE)


def test_a_number_is_an_argument_too():
    found = heard(frame(2, bell("missed", {"name": "page", "type": 4, "value": 2})), BOT)

    assert isinstance(found, CommandAsked)
    assert isinstance(found.said, Command)
    assert found.said.arguments == "2"


def test_on_a_server_the_place_is_not_private_and_the_person_a_member():
    where = {
        "guild_id": "5",
        "context": 0,
        "channel_id": "200",
        "channel": {"id": "200", "type": 0, "name": "desk"},
        "member": {"user": {"id": "7"}, "permissions": "8"},
        "app_permissions": str(USUAL),
    }

    found = heard(frame(2, bell("status"), **where), BOT)

    assert isinstance(found, CommandAsked)
    address = Address(channel=Channel.DISCORD, bot=BOT, chat="200")
    shared = Shared(name="#desk", can_manage=True)
    assert found.said.place == Place(address=address, private=False, shared=shared)
    assert found.said.place.answers_privately


@pytest.mark.parametrize(
    ("permissions", "can_manage"),
    [("8", True), ("16", True), ("32", True), ("2048", False), (None, False), ("much", False)],
    ids=["administrator", "manages channels", "manages the server", "writes", "untold", "nonsense"],
)
def test_who_manages_channels_has_a_say_in_what_one_shows(
    permissions: str | None, can_manage: bool
):
    where = {
        "guild_id": "5",
        "channel_id": "200",
        "member": {"user": {"id": "7"}, "permissions": permissions},
    }

    found = heard(frame(2, bell("link"), **where), BOT)

    assert isinstance(found, CommandAsked)
    assert found.said.place.shared is not None
    assert found.said.place.shared.can_manage is can_manage


@pytest.mark.parametrize(
    ("kind", "granted", "missing_permissions"),
    [
        (0, USUAL, ()),
        (0, 8, ()),
        (0, USUAL & ~(1 << 11), ("Send Messages",)),
        (0, USUAL & ~(1 << 14 | 1 << 16), ("Embed Links", "Read Message History")),
        (11, USUAL & ~(1 << 11), ()),
        (11, USUAL & ~(1 << 38), ("Send Messages in Threads",)),
        (0, None, ("View Channel", "Send Messages", "Embed Links", "Read Message History")),
    ],
)
def test_the_rights_that_we_lack_in_a_channel_are_named(
    kind: int, granted: int | None, missing_permissions: tuple[str, ...]
):
    where = {
        "guild_id": "5",
        "channel_id": "200",
        "channel": {"id": "200", "type": kind, "parent_id": "100", "name": "desk"},
        "member": {"user": {"id": "7"}},
        "app_permissions": None if granted is None else str(granted),
    }

    found = heard(frame(2, bell("link"), **where), BOT)

    assert isinstance(found, CommandAsked)
    assert found.said.place.shared is not None
    assert found.said.place.shared.missing_permissions == missing_permissions


@pytest.mark.parametrize(
    ("owners", "invited"),
    [
        ({"0": "5", "1": "7"}, True),
        ({"0": "5"}, True),
        ({"1": "7"}, False),
        ({}, True),
        (None, True),
    ],
)
def test_whether_the_server_has_our_bot_or_only_the_person(
    owners: dict[str, str] | None, invited: bool
):
    where = {
        "guild_id": "5",
        "channel_id": "200",
        "member": {"user": {"id": "7"}},
        "authorizing_integration_owners": owners,
    }

    found = heard(frame(2, bell("link"), **where), BOT)

    assert isinstance(found, CommandAsked)
    assert found.said.place.shared is not None
    assert found.said.place.shared.invited is invited


def test_an_answer_for_everybody_is_asked_for_by_an_option():
    public = {"name": "public", "type": 5, "value": True}
    pair = {"name": "pair", "type": 3, "value": "BTC/USDT"}

    found = heard(frame(2, bell("price", public, pair)), BOT)
    alone = heard(frame(2, bell("price", pair, {**public, "value": False})), BOT)

    assert isinstance(found, CommandAsked)
    assert isinstance(found.said, Command)
    assert (found.said.arguments, found.said.public) == ("BTC/USDT", True)
    assert isinstance(alone, CommandAsked)
    assert isinstance(alone.said, Command)
    assert (alone.said.arguments, alone.said.public) == ("BTC/USDT", False)


def test_a_thread_is_a_chat_inside_its_channel():
    where = {
        "guild_id": "5",
        "channel_id": "300",
        "channel": {"id": "300", "type": 11, "parent_id": "200"},
        "member": {"user": {"id": "7"}},
    }

    found = heard(frame(2, bell("status"), **where), BOT)

    assert isinstance(found, CommandAsked)
    address = found.said.place.address
    assert (address.chat, address.thread) == ("200", "300")


@pytest.mark.parametrize("context", [{"context": 2}, {}], ids=["said so", "not said"])
def test_a_direct_chat_of_other_people_is_not_private(context: dict[str, int]):
    where = {"channel_id": "9", "channel": {"id": "9", "type": 3}, "user": {"id": "7"}, **context}

    found = heard(frame(2, bell("status"), **where), BOT)

    assert isinstance(found, CommandAsked)
    assert not found.said.place.private


def test_a_pressed_button_is_its_action():
    found = heard(frame(3, {"custom_id": "Ab_c-1", "component_type": 2}), BOT)

    said = Press(place=DM, person=ANN, action=ActionId("Ab_c-1"))
    assert found == Pressed(said=said, handle=HANDLE, ephemeral=False)


@pytest.mark.parametrize(
    ("flags", "ephemeral"), [(1 << 6 | 1 << 2, True), (1 << 2, False), ("64", False)]
)
def test_it_is_known_whether_others_see_the_message_too(flags: object, ephemeral: bool):
    data = {"custom_id": "Ab_c-1", "component_type": 2}

    found = heard(frame(3, data, **IN_DM, message={"id": "5", "flags": flags}), BOT)

    assert isinstance(found, Pressed)
    assert found.ephemeral is ephemeral


def chosen(*values: object, id: object = "pick 1", type: object = 3) -> dict[str, Any]:
    return {"custom_id": id, "component_type": type, "values": list(values)}


def test_what_is_chosen_from_a_list_is_its_action():
    found = heard(frame(3, chosen("Ab_c-1", id="pick 12")), BOT)

    said = Press(place=DM, person=ANN, action=ActionId("Ab_c-1"))
    assert found == Pressed(said=said, handle=HANDLE, ephemeral=False)


@pytest.mark.parametrize(
    "data",
    [
        chosen(),
        chosen("a1", "a2"),
        chosen("a 1"),
        chosen("a" * 65),
        chosen(""),
        chosen(7),
        chosen("a1", id="a1"),
        chosen("a1", id="pick"),
        chosen("a1", id="pick 1 "),
        chosen("a1", id=FORM),
        chosen("a1", type=5),
        chosen("a1", type="3"),
        {"custom_id": "a1", "component_type": 3},
        {"custom_id": "pick 1", "component_type": 3, "values": "a"},
        {"custom_id": "pick 1", "component_type": 2},
    ],
)
def test_what_none_of_our_lists_offers_says_nothing(data: dict[str, Any]):
    assert heard(frame(3, data), BOT) is None


def test_the_button_for_the_digits_opens_their_form():
    assert heard(frame(3, {"custom_id": FORM}), BOT) == Wanted(person=ANN, handle=HANDLE)


@pytest.mark.parametrize(
    "component",
    [
        {"type": 18, "component": {"type": 4, "custom_id": FORM, "value": "482913"}},
        {"type": 1, "components": [{"type": 4, "custom_id": FORM, "value": "482913"}]},
    ],
    ids=["label", "row"],
)
def test_a_form_is_the_words_in_it(component: dict[str, Any]):
    found = heard(frame(5, {"custom_id": FORM, "components": [component]}), BOT)

    assert found == CommandAsked(said=Words(place=DM, person=ANN, text="482913"), handle=HANDLE)


def test_a_question_opens_its_form_and_what_is_typed_there_is_a_press_with_words():
    id = "question quiet a1"
    text = {"type": 18, "component": {"type": 4, "custom_id": "typed", "value": "22-7"}}

    pressed = heard(frame(3, {"component_type": 2, "custom_id": id}), BOT)
    sent = heard(frame(5, {"custom_id": id, "components": [text]}), BOT)
    other = heard(frame(5, {"custom_id": "question a1", "components": [text]}), BOT)

    question = Question(what="quiet", action=ActionId("a1"))
    assert pressed == Wanted(person=ANN, handle=HANDLE, question=question)
    press = Press(place=DM, person=ANN, action=ActionId("a1"), words="22-7")
    assert sent == Pressed(said=press, handle=HANDLE, ephemeral=False)
    assert other is None


def test_what_is_typed_so_far_is_told_with_its_command():
    option = {"name": "bot", "type": 3, "value": "ni", "focused": True}

    found = heard(frame(4, bell("pause", option)), BOT)

    assert found == Typing(
        place=DM, person=ANN, command="pause", argument="bot", typed="ni", handle=HANDLE
    )


def message(text: str, **more: Any) -> dict[str, Any]:
    body = {"id": "1", "channel_id": "100", "author": {"id": "7"}, "content": text, **more}
    return {"t": "MESSAGE_CREATE", "op": 0, "s": 2, "d": body}


@pytest.mark.parametrize("text", ["/status", "words"])
def test_what_is_written_tells_when(text: str):
    found = heard(message(text, timestamp="2026-11-22T12:03:00.123000+00:00"), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Command | Words)
    assert found.said.at == datetime(2026, 11, 22, 12, 3, 0, 123000, tzinfo=UTC)


@pytest.mark.parametrize("timestamp", [None, 7, "yesterday", "2026-11-22T12:03:00"])
def test_what_is_written_without_a_time_is_heard_all_the_same(timestamp: object):
    found = heard(message("/status", timestamp=timestamp), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Command)
    assert found.said.at is None


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ("/status", "status", ""),
        ("/bell pause Night Owl", "pause", "Night Owl"),
        ("/Pause all", "pause", "all"),
        ("/bell\u00a0pause\u00a0Night Owl", "pause", "Night Owl"),
        ("/status.", "status", ""),
        ("/alerts mute 2h", "mute", "2h"),
        ("/bell alerts mute 2h", "mute", "2h"),
        ("/bell mute 2h", "mute", "2h"),
        ("/bell alerts", "alerts", ""),
    ],
)
def test_a_command_typed_as_text_in_a_direct_chat_is_one(text: str, name: str, arguments: str):
    found = heard(message(text), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Command)
    assert (found.said.name, found.said.arguments) == (name, arguments)
    assert found.said.place == DM


@pytest.mark.parametrize("kind", sorted(WORDLESS))
def test_what_has_no_words_is_noticed_in_a_direct_chat(kind: str):
    assert heard(message("", **{kind: [{"id": "9"}]}), BOT) == Written(
        said=Wordless(place=DM, person=Person(channel=Channel.DISCORD, id="7"))
    )


def test_other_words_in_a_direct_chat_are_words():
    found = heard(message("482 913"), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Words)
    assert found.said.text == "482 913"


@pytest.mark.parametrize(
    "more",
    [
        {"guild_id": "5"},
        {"author": {"id": "8", "bot": True}},
        {"author": {"id": BOT}},
        {"webhook_id": "3"},
        {"content": " "},
    ],
    ids=["on a server", "a bot's", "our own", "a webhook's", "nothing"],
)
def test_what_is_not_said_to_us_by_a_person_is_nothing(more: dict[str, Any]):
    assert heard(message("hello", **more), BOT) is None


@pytest.mark.parametrize(
    "data",
    [
        {"name": "other", "options": [{"name": "status", "type": 1}]},
        {"name": "bell"},
        {"name": "alerts"},
        {"custom_id": "no action!"},
        {},
    ],
)
@pytest.mark.parametrize("type", [1, 2, 3, 4, 5, 6])
def test_what_is_not_ours_is_nothing(type: int, data: dict[str, Any]):
    assert heard(frame(type, data), BOT) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@given(type=st.integers(1, 6), key=st.sampled_from([*IN_DM, "data", "member"]), value=values)
def test_a_frame_of_any_shape_is_read_or_nothing(type: int, key: str, value: Any):
    odd = frame(type, bell("status"))
    odd["d"][key] = value

    heard(odd, BOT)
    heard({"t": "MESSAGE_CREATE", "d": {**message("x")["d"], key: value}}, BOT)
    heard(frame(2, bell("pause", {"name": value, "value": value})), BOT)


@pytest.mark.parametrize("text", ["/why", "why?"])
@pytest.mark.parametrize("type", [{}, {"type": 0}])
def test_what_is_written_in_reply_says_to_which_message(text: str, type: dict[str, int]):
    found = heard(message(text, message_reference={"message_id": "77", **type}), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Command | Words)
    assert found.said.replied_to == "77"


@pytest.mark.parametrize(
    "reference", [None, {}, {"message_id": 77}, {"message_id": "7", "type": 1}]
)
def test_what_is_forwarded_replies_to_nothing(reference: object):
    found = heard(message("/why", message_reference=reference), BOT)

    assert isinstance(found, Written)
    assert isinstance(found.said, Command)
    assert found.said.replied_to is None


def reacted(**more: Any) -> dict[str, Any]:
    where = {"user_id": "7", "channel_id": "100", "message_id": "77"}
    body = {**where, "emoji": {"id": None, "name": "\U0001f44d"}, "type": 0, "burst": False}
    return {"t": "MESSAGE_REACTION_ADD", "op": 0, "s": 1, "d": {**body, **more}}


ON_SERVER = {"guild_id": "1", "member": {"user": {"id": "7"}}}


@pytest.mark.parametrize("more", [{}, ON_SERVER, {"message_author_id": BOT}])
def test_a_reaction_says_who_put_one_on_which_message(more: dict[str, Any]):
    found = heard(reacted(**more), BOT)

    place = replace(DM, private="guild_id" not in more)
    person = Person(channel=Channel.DISCORD, id="7")
    assert found == Reacted(said=Reaction(place=place, person=person, message="77"))


@pytest.mark.parametrize(
    "more",
    [
        {"user_id": BOT},
        {"member": {"user": {"id": "7", "bot": True}}},
        {"message_author_id": "8"},
        {"message_id": None},
    ],
    ids=["our own", "another bot", "on what others wrote", "no message"],
)
def test_reactions_of_bots_and_on_what_is_not_ours_say_nothing(more: dict[str, Any]):
    assert heard(reacted(**more), BOT) is None


def test_one_that_is_taken_away_says_nothing():
    assert heard(reacted() | {"t": "MESSAGE_REACTION_REMOVE"}, BOT) is None
