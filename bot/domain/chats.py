"""Chats, who is linked to an account there, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from enum import StrEnum

from bot.domain.cards import Look
from bot.domain.guards import Guard
from bot.domain.ids import AccountId, EndpointId, LinkId
from bot.domain.report_plans import ReportPlan
from bot.domain.rules import Mute, Quiet, Rule


class Channel(StrEnum):
    """A chat platform."""

    TELEGRAM = "telegram"
    DISCORD = "discord"
    PUSH = "push"
    WEB = "web"


class Role(StrEnum):
    """What a linked person may do, least first."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"

    def covers(self, least: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where messages go: a chat, as one bot of one platform knows it.

    `bot` is the numeric id of our bot on that platform (a chat belongs to a bot);
    `chat` is opaque to the core; `thread` is a topic inside it.
    """

    channel: Channel
    bot: str
    chat: str
    thread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who said it. Identity is the platform's numeric id; a name can change hands."""

    channel: Channel
    id: str
    language: str = "en"


class Hears(StrEnum):
    """How much of what happens an endpoint is told at all, whatever its rules say of the rest."""

    ALL = "all"
    RINGING = "ringing"
    """What has a sound."""
    CRITICAL = "critical"


class EndpointState(StrEnum):
    ACTIVE = "active"
    DISABLED = "disabled"
    """The platform said that the chat is gone or closed to us; what is owed is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    id: EndpointId
    address: Address
    state: EndpointState = EndpointState.ACTIVE
    private: bool = True
    """One person's own chat, as opposed to a group or channel."""
    name: str = ""
    """Of a shared chat, as its people call it; of foreign origin, and cleaned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What an endpoint wants to hear, when, and who may ask there."""

    rules: tuple[Rule, ...] = ()
    """In the order in which they were made."""
    mutes: tuple[Mute, ...] = ()
    guards: tuple[Guard, ...] = ()
    quiet: Quiet | None = None
    zone: str = ""
    """The person's time zone, as IANA calls it; empty as long as nobody has said."""
    digest_at: time = time(8)
    """When a daily digest comes, by the person's clock."""
    night_at: time | None = None
    """When the night is told by itself, by the person's clock; `None` if it is not."""
    reports: tuple[ReportPlan, ...] = ()
    """What comes each day or week by itself: at most one of each."""
    members: Role | None = None
    """What everybody else in a shared chat may do; `None` for nothing but reading the alerts."""
    language: str = "en"
    """In which it is told and answered, by BCP 47: one that there is a catalogue for."""
    hears: Hears = Hears.ALL
    look: Look = Look.DARK
    """Of pictures."""
    currency: str = ""
    """In which amounts are shown too; empty for none."""

    def for_inbox(self) -> "Preferences":
        """Of an inbox that the same person opens: what has lost too much is told once enough, and a
        night or a report too.
        """
        return replace(self, guards=(), members=None, night_at=None, reports=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """When a person's phones and private chats ring for what nobody has seen, and who comes next.

    Attributes:
        hours: by their clock; `None` for always.
        second: the chat of who stands in outside of these, and is told next in any case.
    """

    hours: Quiet | None = None
    second: LinkId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An account joined to an endpoint. `person` is who made it; `role` is theirs.

    `watch` is that person's, wherever they have said it.
    """

    id: LinkId
    account: AccountId
    endpoint: Endpoint
    person: str
    role: Role
    epoch: int
    preferences: Preferences = field(default_factory=Preferences)
    watch: Watch = field(default_factory=Watch)
    linked_at: datetime
    proven_at: datetime | None = None
    """When somebody has last shown that what comes there is seen."""

    def role_of(self, person: str) -> Role | None:
        """What a person may do here; `None` for nothing."""
        if person == self.person:
            return self.role
        return None if self.endpoint.private else self.preferences.members


def private_ones(links: Sequence[Link], without: EndpointId | None = None) -> tuple[Link, ...]:
    """Those where nobody reads along; none if there are only phones, which are not told all."""
    alone = tuple(one for one in links if one.endpoint.private and one.endpoint.id != without)
    return alone if any(one.endpoint.address.channel is not Channel.PUSH for one in alone) else ()
