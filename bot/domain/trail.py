"""The audit trail: who did what, and when."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.chats import Channel, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that was done.

    `facts` say more: "channel" and "person" (see `audited`) who did it, the others depend on what
    it was.
    """

    at: datetime
    what: str
    facts: Mapping[str, str]


def audited(person: Person) -> str:
    """Who it was, for the trail: a page's visitor is known by a secret, so by its hash."""
    if person.channel is not Channel.WEB:
        return person.id
    return hashlib.sha256(person.id.encode("utf-8", "replace")).hexdigest()[:16]


def by(person: Person) -> dict[str, str]:
    """The facts that say who did it."""
    return {"channel": person.channel.value, "person": audited(person)}
