"""Updates of the Bot API, turned into what a person said.

Source: https://core.telegram.org/bots/api#update
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from adapters.telegram.asides import Aside, aside_in
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
from bot.domain.reasons import Reason
from bot.domain.typed import Typed, command_in
from bot.services.commands import registry

KINDS = ("message", "callback_query", "my_chat_member", "message_reaction")
"""The kinds of update that we ask for. Reactions come only to who asks for them, and of a group's
only to its admins. Counts of anonymous ones are nobody's.

Source: https://core.telegram.org/bots/api#update
"""

ANONYMOUS_ADMIN = 1087968824
"""The user who stands for a group's anonymous admins: nobody in particular.

Source: https://core.telegram.org/bots/api#message (`sender_chat`)
"""

REMOVED = Reason.REMOVED_FROM_GROUP

WORDLESS = frozenset(
    {"animation", "audio", "checklist", "contact", "dice", "document", "game", "location", "photo"}
    | {"paid_media", "poll", "sticker", "story", "venue", "video", "video_note", "voice"}
)
"""What people send beside text; any other message is about the chat itself.

Source: https://core.telegram.org/bots/api#message
"""

_ACTION = re.compile(r"[A-Za-z0-9_-]{1,64}")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Our bot, as it is addressed: a numeric id, and a name without '@' once we know it."""

    id: str
    username: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramUpdate:
    """An update: what was said, if it says anything to us, and how to answer.

    `query` is the press to be answered, `message` the message under which it was; `aside` where
    the answer is for this person alone.
    """

    chat: str = ""
    said: Incoming | None = None
    query: str | None = None
    message: int | None = None
    aside: Aside | None = None


def heard(update: Json, us: BotIdentity) -> TelegramUpdate:
    """Read an update; whatever is not for us, or not of a shape we know, says nothing."""
    match update:
        case {"message": {"chat": {"id": int(chat)}} as message}:
            said = _message(message, us)
            return TelegramUpdate(chat=str(chat), said=said, aside=_aside(message, said))
        case {"callback_query": {"id": str(query)} as press}:
            return _press(query, press, us)
        case {"my_chat_member": {"chat": {"id": int(chat)}} as change}:
            return TelegramUpdate(chat=str(chat), said=_membership(change, us))
        case {"message_reaction": {"chat": {"id": int(chat)}} as change}:
            return TelegramUpdate(chat=str(chat), said=_reaction(change, us))
        case _:
            return TelegramUpdate()


def _message(message: Json, us: BotIdentity) -> Incoming | None:
    person = _person(message)
    place = _place(message, us)
    match message:
        case {"migrate_to_chat_id": int(chat)}:
            return Migrated(place=place, chat=str(chat))
    if person is None:
        return _masked(message, place, us)
    match message:
        case {"forward_origin": {"type": "channel", "chat": {"id": int(source)}}} if place.private:
            channel = replace(place.address, chat=str(source), thread="")
            return Forwarded(place=place, person=person, source=channel)
        case {"text": str(text)} | {"caption": str(text)}:
            pass
        case _ if place.private and not WORDLESS.isdisjoint(message):
            return Wordless(place=place, person=person)
        case _:
            return None
    typed = command_in(text)
    if typed is None:
        # In a group people talk to each other.
        words = Words(
            place=place,
            person=person,
            text=text,
            at=_date(message),
            replied_to=_replied_to(message),
        )
        return words if place.private else None
    if not _is_for(us, typed, place):
        return None
    return Command(
        place=place,
        person=person,
        name=typed.name,
        arguments=typed.arguments,
        at=_date(message),
        replied_to=_replied_to(message),
    )


def _aside(message: Json, said: Incoming | None) -> Aside | None:
    return aside_in(message, int(said.person.id)) if isinstance(said, Command) else None


def _masked(message: Json, place: Place, us: BotIdentity) -> Masked | None:
    """A group's administrator may speak as the group.

    Source: https://core.telegram.org/bots/api#message (`sender_chat`)
    """
    match message:
        case {"sender_chat": {"id": int(sender)}, "chat": {"id": int(chat)}, "text": str(text)}:
            typed = command_in(text)
            is_command = typed is not None and _is_for(us, typed, place)
            return Masked(place=place) if sender == chat and is_command else None
        case _:
            return None


def _is_for(us: BotIdentity, typed: Typed, place: Place) -> bool:
    """In a group there may be other bots, with commands of their own."""
    if typed.addressee is not None:
        return typed.addressee.lower() == (us.username or "").lower()
    return place.private or registry.find(typed.name) is not None


def _replied_to(message: Json) -> str | None:
    """In a topic, what replies to nothing replies to what opened the topic.

    Source: https://core.telegram.org/bots/api#message (`forum_topic_created`)
    """
    match message:
        case {"reply_to_message": {"forum_topic_created": _}}:
            return None
        case {"reply_to_message": {"message_id": int(number)}}:
            return str(number)
        case _:
            return None


def _date(message: Json) -> datetime | None:
    match message:
        case {"date": int(seconds)} if 0 < seconds < 1 << 32:
            return datetime.fromtimestamp(seconds, UTC)
        case _:
            return None


def _press(query: str, press: Json, us: BotIdentity) -> TelegramUpdate:
    person = _person(press)
    match press:
        case {
            "data": str(data),
            "message": {"chat": {"id": int(chat)}, "message_id": int(number)} as message,
        } if person is not None and _ACTION.fullmatch(data):
            said = Press(place=_place(message, us), person=person, action=ActionId(data))
            aside = aside_in(message, int(person.id), query)
            return TelegramUpdate(
                chat=str(chat),
                said=said,
                query=query,
                message=number if aside is None else None,
                aside=aside,
            )
        case _:
            return TelegramUpdate(query=query)


def _membership(change: Json, us: BotIdentity) -> Incoming | None:
    match change:
        case {
            "old_chat_member": {"status": str()} as old,
            "new_chat_member": {"status": str()} as new,
        }:
            closed_before, closed = _why_closed(old), _why_closed(new)
        case _:
            return None
    place = _place(change, us)
    if closed is not None:
        blocked = place.private and closed == REMOVED
        return Left(place=place, reason=Reason.BLOCKED if blocked else closed)
    # A channel is no place to talk.
    in_group = change["chat"].get("type") in ("group", "supergroup")
    if closed_before is None:
        rank = _rank(new, change["chat"])
        if not in_group or rank == _rank(old, change["chat"]):
            return None
        return Ranked(place=place, administrator=rank[0], makes_topics=rank[1])
    return Returned(place=place, added=in_group and closed_before == REMOVED)


def _rank(member: Json, chat: Json) -> tuple[bool, bool | None]:
    """Whether somebody is an administrator, and may make topics where there are any.

    Source: https://core.telegram.org/bots/api#chatmemberadministrator
    """
    administrator = member["status"] == "administrator"
    if chat.get("is_forum") is not True:
        return administrator, None
    return administrator, administrator and member.get("can_manage_topics") is True


def _reaction(change: Json, us: BotIdentity) -> Reaction | None:
    """`None` for one that is taken away, or of nobody in particular (`actor_chat`).

    Source: https://core.telegram.org/bots/api#messagereactionupdated
    """
    match change:
        case {"user": user, "message_id": int(number), "new_reaction": [_, *_]}:
            person = _person({"from": user})
        case _:
            return None
    if person is None:
        return None
    return Reaction(place=_place(change, us), person=person, message=str(number))


def _why_closed(member: Json) -> str | None:
    match member:
        case {"status": "kicked" | "left"}:
            return REMOVED
        case {"status": "restricted", "can_send_messages": False}:
            return Reason.NO_RIGHT
        case _:
            return None


def _person(spoken: Json) -> Person | None:
    """Who said it; `None` for anonymous admins, channels and bots, which are nobody."""
    match spoken:
        case {"sender_chat": _}:
            return None
        case {"from": {"id": int(id), "is_bot": False} as user} if id != ANONYMOUS_ADMIN:
            language = user.get("language_code")
            spoken_language = language if isinstance(language, str) else "en"
            return Person(channel=Channel.TELEGRAM, id=str(id), language=spoken_language)
        case _:
            return None


def _place(message: Json, us: BotIdentity) -> Place:
    chat = message["chat"]
    thread = ""
    match message:
        # A plain reply in a group has a thread id too, but is no topic.
        case {"is_topic_message": True, "message_thread_id": int(number)}:
            thread = str(number)
    address = Address(channel=Channel.TELEGRAM, bot=us.id, chat=str(chat["id"]), thread=thread)
    return Place(
        address=address,
        private=chat.get("type") == "private",
        aside=aside_in(message, 0) is not None,
    )
