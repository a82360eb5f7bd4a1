"""A request's parts, as the routes see it; and the checks that all bodies with a message share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.standins.discord.errors import EMPTY_MESSAGE, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, refusal
from tests.standins.discord.limits import check_message, walk
from tests.standins.discord.mentions import REGULAR, Pinged, pinged
from tests.standins.discord.world import Channel, Message, Permission, Person, World

Json = dict[str, Any]
Reply = Json | list[Json] | None
"""An answer's body; `None` is a 204."""


@dataclass(frozen=True, slots=True)
class File:
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """`parameters` come from the path, `files` by their number."""

    parameters: Mapping[str, str]
    query: Mapping[str, str]
    payload: Any
    files: Mapping[int, File] = field(default_factory=dict)

    def id(self, name: str) -> int:
        value = self.parameters[name]
        return int(value) if value.isdigit() else 0

    def channel(self, world: World) -> Channel:
        channel = world.channels.get(self.id("channel"))
        if channel is None or channel.deleted:
            raise refusal(UNKNOWN_CHANNEL)
        return channel

    def message(self, channel: Channel) -> Message:
        """The message of the path; ephemeral ones are not found this way."""
        message = channel.find(self.id("message"))
        if message is None or message.ephemeral:
            raise refusal(UNKNOWN_MESSAGE)
        return message


def checked(payload: Json, flags: int, *, has_files: bool = False) -> None:
    """Refuse a new message that is too long or empty.

    Raises:
        ApiError: 50035 or 50006.
    """
    check_message(payload, flags)
    parts = ("embeds", "components", "sticker_ids", "poll", "attachments")
    written = (payload.get("content") or "").strip()
    if not written and not has_files and not any(payload.get(part) for part in parts):
        raise refusal(EMPTY_MESSAGE)


def written(payload: Json) -> dict[str, Any]:
    """What a body says of a message's parts; what it leaves out is not in it."""
    found: dict[str, Any] = {}
    if "content" in payload:
        found["content"] = (payload["content"] or "").strip()
    for part in ("embeds", "components"):
        if part in payload:
            found[part] = payload[part] or []
    return found


def who_is_pinged(
    world: World, channel: Channel, payload: Json, default: frozenset[str] = REGULAR
) -> dict[str, Any]:
    """Give `Message.pinged` and `Message.everyone` for a body.

    Raises:
        ApiError: 50035.
    """
    texts = [payload.get("content") or ""]
    texts += [one.get("content") or "" for one in walk(payload.get("components") or [])]
    meant = pinged("\n".join(texts), payload.get("allowed_mentions"), default)
    may_all = bool(channel.permissions(world.bot_id) & Permission.MENTION_EVERYONE)
    people = dict.fromkeys(world.people[id] for id in meant.users if id in world.people)
    people |= dict.fromkeys(_of_roles(channel, meant, may_all))
    everyone = meant.everyone and may_all and channel.guild is not None
    if everyone:
        people |= dict.fromkeys(channel.audience)
    return {"pinged": tuple(people), "everyone": everyone}


def _of_roles(channel: Channel, meant: Pinged, may_all: bool) -> list[Person]:
    roles = channel.guild.roles if channel.guild else []
    return [
        person
        for role in roles
        if role.id in meant.roles and (role.mentionable or may_all)
        for person in role.members
    ]


def attachments(world: World, payload: Json, files: Mapping[int, File]) -> list[Json]:
    """The attachments of a new message: what the body says of each file, and its size.

    A file's bytes stay in the world's `files`, by the attachment's id.
    """
    told = {int(one["id"]): one for one in payload.get("attachments") or () if "id" in one}
    found = []
    for number, file in files.items():
        id = world.id()
        about = told.get(number, {})
        name = about.get("filename", file.name)
        found.append(
            {
                "id": str(id),
                "filename": name,
                "description": about.get("description"),
                "size": len(file.data),
                "url": f"https://cdn.discordapp.com/attachments/{id}/{name}",
                "proxy_url": f"https://media.discordapp.net/attachments/{id}/{name}",
            }
        )
        world.files[id] = file.data
    return found


def attached(world: World, message: Message, payload: Json, files: Mapping[int, File]) -> Json:
    """Give `Message.attachments` after an edit: those that the body names stay, new ones come."""
    if "attachments" not in payload and not files:
        return {}
    named = {str(one.get("id")) for one in payload.get("attachments") or ()}
    kept = [one for one in message.attachments if one["id"] in named]
    return {"attachments": [*kept, *attachments(world, payload, files)]}
