"""Chats, who is linked to an account there, and what they may do."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from bot.domain.cards import Look
from bot.domain.guards import Guard
from bot.domain.ids import AccountId, EndpointId, LinkId, TraderId
from bot.domain.report_plans import ReportPlan
from bot.domain.rules import Mute, Quiet, Rule


class Channel(StrEnum):
    """A chat platform."""

    TELEGRAM = "telegram"
    DISCORD = "discord"
    PUSH = "push"
    WEB = "web"


INBOX = "inbox"
"""Stands where other chats have our bot's id: a browser that a chat has let in."""


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
    `chat` is opaque to the core; `thread` is a topic inside it. `topic` is one that is ours, of a
    single bot: messages go there, but what is said there is said in the chat.
    """

    channel: Channel
    bot: str
    chat: str
    thread: str = ""
    topic: str = ""


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
    topics: bool = False
    """Each bot is told of in a topic of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """Those who read in a shared chat are shown trades and signals without amounts, `delay` after
    they came, and can press nothing.
    """

    delay: timedelta = timedelta(0)


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
    people: tuple[tuple[str, Role | None], ...] = ()
    """What single people there may do instead, by the platform's id of each; `None` for nothing."""
    followers: Followers | None = None
    """If that is who reads in a shared chat."""
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
        return replace(
            self,
            guards=(),
            members=None,
            people=(),
            followers=None,
            night_at=None,
            reports=(),
        )

    def for_followers(self, followers: Followers) -> "Preferences":
        """Nothing comes there by itself but trades and signals, and each at its own time."""
        return replace(
            self,
            mutes=(),
            guards=(),
            quiet=None,
            night_at=None,
            reports=(),
            members=None,
            people=(),
            followers=followers,
        )

    def for_person(self, person: str, role: Role | None) -> "Preferences":
        """With what one of a shared chat may do, whatever the others there may."""
        others = tuple(one for one in self.people if one[0] != person)
        return replace(self, people=(*others, (person, role)))


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
class Partner:
    """Somebody who sees an account in a chat of their own, without a login to it.

    `name` is what its owner calls them, cleaned, or empty. `bots` are those that they see; `None`
    for all, those that are still to come too.
    """

    name: str = ""
    bots: frozenset[TraderId] | None = None

    def sees(self, bot: str | None) -> bool:
        """Whether what is of that bot is shown to them; what is of none, only to who sees all."""
        return self.bots is None or bot in self.bots


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An account joined to an endpoint. `person` is who made it; `role` is theirs.

    `watch` is that person's, wherever they have said it. With a `partner` it is no chat of the
    account's owner: it shows and may no more than that.
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
    partner: Partner | None = None
    proven_at: datetime | None = None
    """When somebody has last shown that what comes there is seen."""

    def role_of(self, person: str) -> Role | None:
        """What a person may do here; `None` for nothing."""
        if person == self.person:
            return self.role
        if self.endpoint.private or self.for_followers:
            return None
        return dict(self.preferences.people).get(person, self.preferences.members)

    @property
    def for_followers(self) -> bool:
        return self.preferences.followers is not None

    @property
    def is_chat(self) -> bool:
        """Whether people write there; not on a phone, nor in a browser that a chat has let in."""
        at = self.endpoint.address
        return at.channel is not Channel.PUSH and at.bot != INBOX

    @property
    def bots(self) -> frozenset[TraderId] | None:
        """Those of which anything is shown there; `None` for all."""
        return None if self.partner is None else self.partner.bots

    def shows(self, bot: str | None) -> bool:
        """Whether what is of that bot may be shown there at all."""
        return self.partner is None or self.partner.sees(bot)


def own_ones(links: Sequence[Link]) -> tuple[Link, ...]:
    """Those of the account's owner: no partner's."""
    return tuple(one for one in links if one.partner is None)


def private_ones(links: Sequence[Link], without: EndpointId | None = None) -> tuple[Link, ...]:
    """The owner's where nobody reads along; none if these are only phones, which hear less."""
    alone = tuple(
        one for one in own_ones(links) if one.endpoint.private and one.endpoint.id != without
    )
    return alone if any(one.endpoint.address.channel is not Channel.PUSH for one in alone) else ()
