"""Whom a message would ping, given its text and `allowed_mentions`; pure.

Source: discord/discord-api-docs:developers/resources/message.mdx, "Allowed Mentions Object".
"""

import re
from dataclasses import dataclass

from tests.standins.discord.errors import ApiError, Json, bad_field

KINDS = ("users", "roles", "everyone")
REGULAR = frozenset(KINDS)
"""What is parsed in a regular message that says nothing about mentions."""
IN_ANSWERS = frozenset({"users"})
"""The same in answers to interactions and in webhooks' messages."""


@dataclass(frozen=True, slots=True)
class Pinged:
    """Ids, and whether everybody is meant."""

    users: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    everyone: bool = False


def pinged(text: str, allowed: Json | None, default: frozenset[str]) -> Pinged:
    """Find the mentions that are written in a text and allowed to ping.

    Says nothing about permissions, and a mention in an embed never pings.

    Args:
        allowed: the body's `allowed_mentions`; `None` if it has none.

    Raises:
        ApiError: 50035, if `allowed` contradicts itself.
    """
    parse = default if allowed is None else _parse(allowed)
    chosen = allowed or {}
    users = _ids(r"<@!?(\d+)>", text)
    roles = _ids(r"<@&(\d+)>", text)
    return Pinged(
        users if "users" in parse else _listed(users, chosen.get("users")),
        roles if "roles" in parse else _listed(roles, chosen.get("roles")),
        "everyone" in parse and re.search(r"@(everyone|here)\b", text) is not None,
    )


def _parse(allowed: Json) -> frozenset[str]:
    parse = frozenset(allowed.get("parse") or ())
    for kind in parse - REGULAR:
        raise bad_field(
            "allowed_mentions",
            "BASE_TYPE_CHOICES",
            f"Value must be one of {KINDS}, not {kind!r}.",
        )
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            raise _contradiction(kind)
    return parse


def _contradiction(kind: str) -> ApiError:
    return bad_field(
        "allowed_mentions",
        "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
        f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
    )


def _ids(pattern: str, text: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(found) for found in re.findall(pattern, text)))


def _listed(found: tuple[int, ...], listed: list[str] | None) -> tuple[int, ...]:
    chosen = {int(id) for id in listed or ()}
    return tuple(id for id in found if id in chosen)
