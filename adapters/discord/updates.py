"""What the gateway tells, turned into what a person said, typed or opened.

Source: https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.discord.render import FORM, GROUP, PICK, PUBLIC, QUESTION
from adapters.discord.settings import EMBED, READ_HISTORY, SEND_IN_THREADS, SEND_MESSAGES, VIEW
from bot.domain.cards import Question
from bot.domain.chats import Address, Channel, Person
from bot.domain.ids import ActionId
from bot.domain.incoming import Command, Incoming, Place, Press, Reaction, Shared, Wordless, Words
from bot.domain.typed import Typed, command_in
from bot.services.commands.registry import FAMILIES
from bot.texts.language import later

Json = Mapping[str, Any]

OURS = FAMILIES | {GROUP}
"""What our slash commands are called."""

BUTTON, SELECT = 2, 3
"""Source: https://docs.discord.com/developers/components/reference#component-object-component-types"""

EPHEMERAL = 1 << 6
"""Source: https://docs.discord.com/developers/resources/message#message-object-message-flags"""

REPLY = 0
"""Source: https://docs.discord.com/developers/resources/message#message-reference-types"""

DM = 1
THREADS = frozenset({10, 11, 12})
"""Source: https://docs.discord.com/developers/resources/channel#channel-object-channel-types"""

ADMINISTRATOR = 1 << 3
GOVERNING = ADMINISTRATOR | 1 << 4 | 1 << 5
"""To manage the channel, or the server: one of these decides what a channel is for."""

BY_A_PERSON = "1"
"""Among those for whom a command was installed: the person who uses it.

Source: https://docs.discord.com/developers/interactions/receiving-and-responding
"""

NEEDED = {
    VIEW: later("View Channel"),
    SEND_MESSAGES: later("Send Messages"),
    EMBED: later("Embed Links"),
    READ_HISTORY: later("Read Message History"),
}
NEEDED_IN_THREADS = {
    SEND_IN_THREADS if bit == SEND_MESSAGES else bit: (
        later("Send Messages in Threads") if bit == SEND_MESSAGES else name
    )
    for bit, name in NEEDED.items()
}
"""Rights without which alerts cannot be shown, as Discord's settings call them.

Source: https://docs.discord.com/developers/topics/permissions
"""

WORDLESS = ("attachments", "sticker_items", "poll")
"""What people send beside text.

Source: https://docs.discord.com/developers/resources/message#message-object
"""

_BITS = re.compile(r"\d{1,30}", re.ASCII)
_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_QUESTION = re.compile(rf"{QUESTION}([a-z]{{1,32}}) ([A-Za-z0-9_-]{{1,64}})")
_PICK = re.compile(rf"{PICK}\d{{1,4}}", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handle:
    """By what an interaction is answered: good for three seconds, and once answered for 15 min."""

    id: str
    token: str
    application: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAsked:
    """A command or a form: to be answered with a message."""

    said: Incoming
    handle: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button under one of our messages, or what was chosen from a list there.

    `ephemeral` says that only this person sees the message.
    """

    said: Press
    handle: Handle
    ephemeral: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The form for the six digits, or for what a question asks."""

    person: Person
    handle: Handle
    question: Question | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """An option of a command that is being typed: `typed` is what there is so far."""

    place: Place
    person: Person
    command: str
    argument: str
    typed: str
    handle: Handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message in a direct chat."""

    said: Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Reacted:
    """A reaction on one of our messages, which is not answered."""

    said: Reaction


DiscordUpdate = CommandAsked | Pressed | Wanted | Typing | Written | Reacted


def heard(frame: Json, bot: str) -> DiscordUpdate | None:
    """Read a frame of the gateway; `None` for what is not for us, or of no shape we know.

    Args:
        bot: our own numeric id.
    """
    match frame:
        case {"t": "INTERACTION_CREATE", "d": Mapping() as interaction}:
            return _interaction(interaction, bot)
        case {"t": "MESSAGE_CREATE", "d": Mapping() as message}:
            return _message(message, bot)
        case {"t": "MESSAGE_REACTION_ADD", "d": Mapping() as reaction}:
            return _reaction(reaction, bot)
        case _:
            return None


def _reaction(reaction: Json, bot: str) -> Reacted | None:
    """In a thread the channel is the thread: which channel that is in is not told.

    Source: https://docs.discord.com/developers/events/gateway-events#message-reaction-add
    """
    match reaction:
        case {"message_author_id": str(author)} if author != bot:
            return None
        case {"member": {"user": {"bot": True}}}:
            return None
        case {
            "user_id": str(user),
            "channel_id": str(chat),
            "message_id": str(message),
        } if user != bot:
            address = Address(channel=Channel.DISCORD, bot=bot, chat=chat)
            place = Place(address=address, private="guild_id" not in reaction)
            person = Person(channel=Channel.DISCORD, id=user)
            return Reacted(said=Reaction(place=place, person=person, message=message))
        case _:
            return None


def _message(message: Json, bot: str) -> Written | None:
    match message:
        case {"guild_id": _} | {"author": {"bot": True}} | {"webhook_id": _}:
            return None
        case {
            "channel_id": str(chat),
            "author": {"id": str(author)},
            "content": str(text),
        } if author != bot:
            address = Address(channel=Channel.DISCORD, bot=bot, chat=chat)
            place = Place(address=address, private=True)
            person = Person(channel=Channel.DISCORD, id=author)
        case _:
            return None
    if not text.strip():
        sent = any(message.get(kind) for kind in WORDLESS)
        return Written(said=Wordless(place=place, person=person)) if sent else None
    typed = _typed(text)
    if typed is None:
        words = Words(
            place=place,
            person=person,
            text=text,
            at=_at(message),
            replied_to=_replied_to(message),
        )
        return Written(said=words)
    said = Command(
        place=place,
        person=person,
        name=typed.name,
        arguments=typed.arguments,
        at=_at(message),
        replied_to=_replied_to(message),
    )
    return Written(said=said)


def _typed(text: str) -> Typed | None:
    """'/alerts mute 2h', or as it once was '/bell alerts mute 2h', is '/mute 2h' elsewhere."""
    typed = command_in(text)
    while typed is not None and typed.name in OURS:
        inner = command_in(f"/{typed.arguments}")
        if inner is None:
            break
        typed = inner
    return typed


def _replied_to(message: Json) -> str | None:
    """A message that is forwarded refers to another one too.

    Source: https://docs.discord.com/developers/resources/message#message-reference-structure
    """
    match message.get("message_reference"):
        case {"type": int(type)} if type != REPLY:
            return None
        case {"message_id": str(number)}:
            return number
        case _:
            return None


def _at(message: Json) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(message.get("timestamp")))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _interaction(interaction: Json, bot: str) -> DiscordUpdate | None:
    place, person = _place(interaction, bot), _person(interaction)
    match interaction:
        case {
            "id": str(id),
            "token": str(token),
            "application_id": str(application),
            "data": Mapping() as data,
        } if place is not None and person is not None:
            handle = Handle(id=id, token=token, application=application)
        case _:
            return None
    match interaction.get("type"):
        case 2:
            return _command(data, place, person, handle)
        case 3:
            return _press(data, interaction.get("message"), place, person, handle)
        case 4:
            return _typing(data, place, person, handle)
        case 5:
            return _form(data, interaction.get("message"), place, person, handle)
        case _:
            return None


def _command(data: Json, place: Place, person: Person, handle: Handle) -> CommandAsked | None:
    called, options = _subcommand(data)
    if not called:
        return None
    given = {str(one.get("name")): one["value"] for one in options if "value" in one}
    public = given.pop(PUBLIC, False) is True
    said = Command(
        place=place,
        person=person,
        name=called,
        arguments=" ".join(map(str, given.values())).strip(),
        options={option: str(value).strip() for option, value in given.items()},
        public=public,
    )
    return CommandAsked(said=said, handle=handle)


def _subcommand(data: Json) -> tuple[str, Sequence[Json]]:
    """What it is called, whatever it is listed under, and its options; '' if it is none of ours."""
    match data:
        case {"name": name, "options": [{"name": str(called), **rest}]} if name in OURS:
            return called.lower(), tuple(_options(rest))
        case _:
            return "", ()


def _press(
    data: Json, message: object, place: Place, person: Person, handle: Handle
) -> Pressed | Wanted | None:
    match data:
        case {"component_type": int(type), "custom_id": str(id), "values": [str(chosen)]} if (
            type == SELECT and _PICK.fullmatch(id)
        ):
            action = chosen
        case {"component_type": int(type)} if type != BUTTON:
            return None
        case {"custom_id": str(id)} if id == FORM:
            return Wanted(person=person, handle=handle)
        case {"custom_id": str(id)} if question := _question(id):
            return Wanted(person=person, handle=handle, question=question)
        case {"custom_id": str(id)}:
            action = id
        case _:
            return None
    if not _ACTION.fullmatch(action):
        return None
    said = Press(place=place, person=person, action=ActionId(action))
    return Pressed(said=said, handle=handle, ephemeral=_is_ephemeral(message))


def _question(id: str) -> Question | None:
    found = _QUESTION.fullmatch(id)
    return found and Question(what=found[1], action=ActionId(found[2]))


def _is_ephemeral(message: object) -> bool:
    flags = message.get("flags") if isinstance(message, Mapping) else None
    return isinstance(flags, int) and bool(flags & EPHEMERAL)


def _typing(data: Json, place: Place, person: Person, handle: Handle) -> Typing | None:
    command, options = _subcommand(data)
    typed = next((one for one in options if one.get("focused")), None)
    if not command or typed is None:
        return None
    return Typing(
        place=place,
        person=person,
        command=command,
        argument=str(typed.get("name", "")),
        typed=str(typed.get("value", "")),
        handle=handle,
    )


def _form(
    data: Json, message: object, place: Place, person: Person, handle: Handle
) -> CommandAsked | Pressed | None:
    texts = [value for part in _parts(data) if isinstance(value := part.get("value"), str)]
    typed, id = " ".join(texts), str(data.get("custom_id"))
    if id == FORM:
        words = Words(place=place, person=person, text=typed)
        return CommandAsked(said=words, handle=handle)
    if question := _question(id):
        said = Press(place=place, person=person, action=question.action, words=typed)
        return Pressed(said=said, handle=handle, ephemeral=_is_ephemeral(message))
    return None


def _parts(part: Json) -> Iterator[Json]:
    """What is inside a form, however deep."""
    inner = part.get("components")
    found = list(inner) if isinstance(inner, Sequence) and not isinstance(inner, str) else []
    for one in (*found, part.get("component")):
        if isinstance(one, Mapping):
            yield one
            yield from _parts(one)


def _options(options: Mapping[Any, Any]) -> Iterator[Json]:
    given = options.get("options")
    if isinstance(given, Sequence) and not isinstance(given, str):
        yield from (one for one in given if isinstance(one, Mapping))


def _person(interaction: Json) -> Person | None:
    match interaction:
        case {"member": {"user": {"id": str(id), **user}}} | {"user": {"id": str(id), **user}}:
            pass
        case _:
            return None
    if user.get("bot"):
        return None
    locale = interaction.get("locale")
    language = locale if isinstance(locale, str) and _LOCALE.fullmatch(locale) else "en"
    return Person(channel=Channel.DISCORD, id=id, language=language)


def _place(interaction: Json, bot: str) -> Place | None:
    """A thread is a chat inside its channel; a direct chat is private only with our own bot."""
    match interaction:
        case {"channel": {"id": str(thread), "type": int(type), "parent_id": str(chat)}} if (
            type in THREADS
        ):
            pass
        case {"channel_id": str(chat)} | {"channel": {"id": str(chat)}}:
            thread = ""
        case _:
            return None
    address = Address(channel=Channel.DISCORD, bot=bot, chat=chat, thread=thread)
    match interaction:
        case {"guild_id": str()}:
            return Place(address=address, private=False, shared=_shared(interaction, thread != ""))
        case {"context": int(context)}:
            private = context == DM
        case {"channel": {"type": int(type)}}:
            private = type == DM
        case _:
            private = False
    return Place(address=address, private=private)


def _shared(interaction: Json, in_thread: bool) -> Shared:
    """A server's channel: whoever asks there is answered alone."""
    match interaction.get("channel"):
        case {"name": str(name)} if name.strip():
            name = f"#{name}"
        case _:
            name = ""
    match interaction.get("member"):
        case {"permissions": str(permissions)}:
            theirs = _bits(permissions)
        case _:
            theirs = 0
    owners = interaction.get("authorizing_integration_owners")
    ours = _bits(interaction.get("app_permissions"))
    needed = NEEDED_IN_THREADS if in_thread else NEEDED
    return Shared(
        name=name,
        can_manage=bool(theirs & GOVERNING),
        invited=not (isinstance(owners, Mapping) and {*owners} == {BY_A_PERSON}),
        missing_permissions=tuple(
            right for bit, right in needed.items() if not ours & (bit | ADMINISTRATOR)
        ),
    )


def _bits(text: object) -> int:
    return int(text) if isinstance(text, str) and _BITS.fullmatch(text) else 0
