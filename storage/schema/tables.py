"""The schema: every table, typed, with the constraints that decide what exists once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    event,
    false,
    literal_column,
    true,
)

from bot.domain.accounts import AccountState
from bot.domain.actions import ActionState, Verb
from bot.domain.chats import Channel, EndpointState, Role
from bot.domain.deliveries import MISSED, PENDING, State
from bot.domain.events import Kind
from bot.domain.incidents import Cause, IncidentState
from bot.domain.price_alerts import Crossing
from bot.domain.topics import TopicState
from bot.domain.visits import Purpose
from storage.engine.types import Exact, Foreign, Instant, OneOf
from storage.schema.states import AttemptState, InvitationState, KnownKind, LinkState

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A counted key; SQLite counts only in its own INTEGER."""

Json: JSON[Any] = JSON(none_as_null=True)


def _index(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> None:
    """An index over some of the rows; it belongs to the table of its columns."""
    Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class _Account(TypedColumns):
    id = Column(Text, primary_key=True)
    platform_user: Named[str] = Column(Foreign, unique=True)
    label: Named[str] = Column(Foreign)
    plan: Named[str | None] = Column(Foreign)
    state: Named[AccountState] = Column(OneOf(AccountState))
    created_at: Named[datetime] = Column(Instant)
    chain: Named[dict[str, Any] | None] = Column(Json)
    """Who is told of what nobody has seen; NULL for as usual."""
    drilled_at: Named[datetime | None] = Column(Instant)
    """When the last drill began."""
    rehearse_at: Named[datetime | None] = Column(Instant)
    """When it is to be seen whether a drill is worth a word; NULL if nobody has looked yet."""
    rehearses: Named[bool] = Column(Boolean, server_default=true())
    """Whether its people want that word."""


account = Table("account", metadata, _Account)


class _Endpoint(TypedColumns):
    id = Column(Text, primary_key=True)
    channel: Named[Channel] = Column(OneOf(Channel))
    bot: Named[str] = Column(Foreign)
    chat: Named[str] = Column(Foreign)
    thread: Named[str] = Column(Foreign)
    private: Named[bool] = Column(Boolean)
    state: Named[EndpointState] = Column(OneOf(EndpointState))
    reason: Named[str] = Column(Foreign)
    doubtful: Named[int] = Column(Integer)
    """Items that may be missing there and have not been mentioned yet."""
    name: Named[str] = Column(Foreign, server_default="")
    topics: Named[bool] = Column(Boolean, server_default=false())
    """Each bot is told of in a topic of its own."""
    menu: Named[str | None] = Column(Text)
    """A fingerprint of the menu of commands that it was given; NULL for everybody's."""
    menu_mark: Named[int] = Column(Integer, server_default="0")
    """How often that may have had to change since it was last looked at."""


endpoint = Table(
    "endpoint",
    metadata,
    _Endpoint,
    UniqueConstraint("channel", "bot", "chat", "thread"),
)


MENU_IS_DUE = endpoint.c.menu_mark > literal_column("0")

_index("ix_endpoint_menu", endpoint.c.id, where=MENU_IS_DUE)


ENDPOINT_HAS_TOPICS = endpoint.c.topics

_index("ix_endpoint_topics", endpoint.c.id, where=ENDPOINT_HAS_TOPICS)


class _Topic(TypedColumns):
    """Where in a chat a bot is told of."""

    endpoint = Column(Text, ForeignKey("endpoint.id"), primary_key=True)
    trader = Column(Foreign, primary_key=True)
    thread: Named[str] = Column(Foreign)
    name: Named[str] = Column(Foreign)
    state: Named[TopicState] = Column(OneOf(TopicState))


topic = Table("topic", metadata, _Topic)

Index("ix_topic_thread", topic.c.thread)


class _Link(TypedColumns):
    id = Column(Text, primary_key=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    endpoint: Named[str] = Column(Text, ForeignKey("endpoint.id"))
    person: Named[str] = Column(Foreign)
    role: Named[Role] = Column(OneOf(Role))
    epoch: Named[int] = Column(Integer)
    state: Named[LinkState] = Column(OneOf(LinkState))
    preferences: Named[dict[str, Any]] = Column(Json)
    linked_at: Named[datetime] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    proven_at: Named[datetime | None] = Column(Instant)
    """When somebody has last shown that what comes there is seen."""
    night_due_at: Named[datetime | None] = Column(Instant)
    """When the next night is told; NULL if none is."""
    night_of: Named[str | None] = Column(Text)
    """The day whose night was told last, by the person's clock, as ISO 8601 writes it."""
    report_due_at: Named[datetime | None] = Column(Instant)
    """When the next report is due; NULL if none is."""
    reports_told: Named[dict[str, Any] | None] = Column(Json)
    """Of each rhythm up to which day and instant it is told, as ISO 8601 writes them."""
    partner: Named[dict[str, Any] | None] = Column(Json)
    """Whose chat it is who has no login to the account, and what is shown there; NULL for its
    owner's."""


link = Table("link", metadata, _Link)


# A condition with a bound value cannot be matched with a partial index: the words of all index
# conditions are written into the statements.
LINK_IS_ACTIVE = link.c.state == literal_column(f"'{LinkState.ACTIVE}'")

LINK_IS_OWN = LINK_IS_ACTIVE & link.c.partner.is_(None)

LINK_TELLS_NIGHTS = link.c.night_due_at.is_not(None)
LINK_TELLS_REPORTS = link.c.report_due_at.is_not(None)

_index("ix_link_night", link.c.night_due_at, where=LINK_TELLS_NIGHTS)
_index("ix_link_report", link.c.report_due_at, where=LINK_TELLS_REPORTS)

_index("uq_link_active_endpoint", link.c.endpoint, where=LINK_IS_ACTIVE, unique=True)


class _Watch(TypedColumns):
    """When somebody's phones and private chats ring, and who stands in."""

    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    person = Column(Foreign, primary_key=True)
    hours: Named[dict[str, Any] | None] = Column(Json)
    """NULL for always."""
    second: Named[str | None] = Column(Text)
    """The link of who stands in; it may have ended since."""


watch = Table("watch", metadata, _Watch)


class _Secret(TypedColumns):
    owner = Column(Text, primary_key=True)
    kind: Named[str] = Column(Text)
    key: Named[str] = Column(Text, index=True)
    """Which secret key it is encrypted with: what a change of keys has still to do."""
    token: Named[str] = Column(Text)
    until: Named[datetime | None] = Column(Instant)
    """When it is worth nothing any more, and goes; `None` if it goes with its owner."""


secret = Table("secret", metadata, _Secret)


class _Cursor(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    stream = Column(Text, primary_key=True)
    at: Named[datetime] = Column(Instant)
    record: Named[str] = Column(Foreign)
    began: Named[datetime] = Column(Instant)
    """The first position that was ever stored."""


cursor = Table("cursor", metadata, _Cursor)


class _Known(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    kind: Named[KnownKind] = Column(OneOf(KnownKind), primary_key=True)
    record = Column(Foreign, primary_key=True)
    value: Named[dict[str, Any]] = Column(Json)
    revision: Named[str | None] = Column(Foreign)
    """Under which it was last told; NULL if it never was."""


known = Table("known", metadata, _Known)


class _Answer(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    question = Column(Text, primary_key=True)
    value: Named[Any] = Column(Json)
    at: Named[datetime] = Column(Instant)
    """When it was given."""


answer = Table("answer", metadata, _Answer)


class _Inbox(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    kind: Named[Kind] = Column(OneOf(Kind), primary_key=True)
    record = Column(Text, primary_key=True)
    revision = Column(Text, primary_key=True)
    at: Named[datetime] = Column(Instant)
    admitted_at: Named[datetime] = Column(Instant)
    told: Named[bool] = Column(Boolean)
    reason: Named[str] = Column(Foreign)
    fingerprint: Named[str | None] = Column(Foreign)
    audience: Named[list[str] | None] = Column(Json)
    """With a fingerprint: the endpoints that would hear it if no other kind told it."""


inbox = Table(
    "inbox",
    metadata,
    _Inbox,
    Index("ix_inbox_account_at", "account", "at"),
)


class _Ledger(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    record = Column(Text, primary_key=True)
    at: Named[datetime] = Column(Instant)
    as_of: Named[datetime] = Column(Instant)
    step: Named[int] = Column(SmallInteger)
    number: Named[str | None] = Column(Foreign)
    trader: Named[str | None] = Column(Foreign)
    pair: Named[str | None] = Column(Foreign)
    side: Named[str | None] = Column(Foreign)
    amount: Named[Decimal | None] = Column(Exact)
    price: Named[Decimal | None] = Column(Exact)
    fee: Named[Decimal | None] = Column(Exact)
    fee_currency: Named[str | None] = Column(Foreign)
    result: Named[Decimal | None] = Column(Exact)
    currency: Named[str] = Column(Foreign)
    ratio: Named[Decimal | None] = Column(Exact)
    reason: Named[str | None] = Column(Foreign)
    paper: Named[bool | None] = Column(Boolean)
    opened_at: Named[datetime | None] = Column(Instant)
    closed_at: Named[datetime | None] = Column(Instant)


ledger = Table("ledger", metadata, _Ledger)

LEDGER_HAS_RESULT = ledger.c.result.is_not(None)

Index("ix_ledger_account_at", ledger.c.account, ledger.c.at)


class _Delivery(TypedColumns):
    id = Column(Serial, primary_key=True)
    reference: Named[str] = Column(Text)
    account: Named[str] = Column(Text, ForeignKey("account.id"))
    link: Named[str] = Column(Text, ForeignKey("link.id"))
    link_epoch: Named[int] = Column(Integer)
    endpoint: Named[str] = Column(Text, ForeignKey("endpoint.id"))
    kind: Named[Kind] = Column(OneOf(Kind))
    record: Named[str] = Column(Text)
    revision: Named[str] = Column(Text)
    priority: Named[int] = Column(SmallInteger)
    rank: Named[int] = Column(SmallInteger, server_default="1")
    """Where it stands in the lane: its priority, or one less once it has waited long."""
    state: Named[State] = Column(OneOf(State))
    reason: Named[str] = Column(Foreign)
    attempts: Named[int] = Column(Integer)
    unclear: Named[int] = Column(Integer)
    card: Named[dict[str, Any] | None] = Column(Json)
    """NULL once its text has been erased."""
    message: Named[str | None] = Column(Foreign)
    topic: Named[str | None] = Column(Foreign)
    """Of the topic of ours in which it is shown, its id; empty if that was gone, NULL if none is
    asked for.
    """
    occurred_at: Named[datetime] = Column(Instant)
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime | None] = Column(Instant)
    not_before: Named[datetime | None] = Column(Instant)
    started_at: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)
    """When it left the pending states; for a held item, when it was held."""
    digest: Named[int | None] = Column(Serial)
    """The item whose message tells of it: in its place if it is coalesced, else besides a message
    of its own, which replies to that one."""
    about: Named[str | None] = Column(Foreign)
    """The bot that its card offers to pause."""
    subject: Named[str] = Column(Foreign, server_default="")
    """The bot that it is of; empty if it is of none."""
    answer: Named[str | None] = Column(Foreign)
    """What became of that offer; NULL as long as it stands."""
    answered_at: Named[datetime | None] = Column(Instant)
    """When it last came to tell something else: answered, seen, or gone on."""
    amend_at: Named[datetime | None] = Column(Instant)
    """When its message is to be changed, once it is sent; NULL if nothing is owed."""
    mentioned: Named[int | None] = Column(Integer)
    """How many earlier items it said may be missing."""
    decision: Named[dict[str, Any] | None] = Column(Json)
    """How it was decided to tell it, and by what."""
    matter: Named[dict[str, Any] | None] = Column(Json)
    """What rules looked at."""
    series: Named[str | None] = Column(Foreign)
    """What it may be told together with, if anything (`bot.policy.folding`)."""
    untold: Named[int | None] = Column(Integer)
    """How many of the items that are told within it its message does not show yet; NULL if none
    ever was."""
    seen: Named[str | None] = Column(Foreign)
    """Where and when it was first seen; empty as long as nobody has, NULL if nobody is asked to say
    so."""
    trade: Named[str | None] = Column(Foreign)
    """An id that all events of the trade carry that it is of, if there is one."""
    step: Named[str | None] = Column(Foreign)
    """Of a trade, how far it has come, as a message says that tells of more; NULL if it is of none,
    and once its text has been erased."""


delivery = Table(
    "delivery",
    metadata,
    _Delivery,
    # G3: one item per link, fact and endpoint.
    UniqueConstraint("link", "kind", "record", "revision", "endpoint"),
    Index("ix_delivery_told", "link", "created_at", "reference"),
)


def is_one_of(column: ColumnElement[State], *states: State) -> ColumnElement[bool]:
    """Whether a state is one of these, in the words that the indexes know."""
    return column.in_([literal_column(f"'{state}'") for state in sorted(states)])


DELIVERY_IS_PENDING = is_one_of(delivery.c.state, *PENDING)
DELIVERY_IS_MISSED = is_one_of(delivery.c.state, *MISSED)
DELIVERY_IS_SENDING = is_one_of(delivery.c.state, State.SENDING)
DELIVERY_IS_WAITING = DELIVERY_IS_PENDING & ~DELIVERY_IS_SENDING
"""Pending but not in flight: what is in flight first comes to its own end."""
DELIVERY_IS_GATHERED = is_one_of(delivery.c.state, State.GATHERED)
DELIVERY_IS_COALESCED = delivery.c.digest.is_not(None)
DELIVERY_HAS_ENDED = delivery.c.ended_at.is_not(None)
DELIVERY_IS_ERASABLE = DELIVERY_HAS_ENDED & delivery.c.card.is_not(None)
DELIVERY_OFFERS = delivery.c.about.is_not(None) & delivery.c.answer.is_(None)
DELIVERY_IS_OF_A_SERIES = delivery.c.series.is_not(None)
DELIVERY_IS_OF_A_TRADE = delivery.c.trade.is_not(None)
DELIVERY_IS_TO_AMEND = is_one_of(delivery.c.state, State.SENT) & delivery.c.amend_at.is_not(None)


_index(
    "ix_delivery_lane",
    delivery.c.endpoint,
    delivery.c.rank,
    delivery.c.occurred_at,
    delivery.c.id,
    where=DELIVERY_IS_PENDING,
)
# One in flight per endpoint.
_index("uq_delivery_sending", delivery.c.endpoint, where=DELIVERY_IS_SENDING, unique=True)
_index("ix_delivery_ended", delivery.c.state, delivery.c.ended_at, where=DELIVERY_HAS_ENDED)
_index("ix_delivery_missed", delivery.c.endpoint, delivery.c.ended_at, where=DELIVERY_IS_MISSED)
_index("ix_delivery_erasable", delivery.c.ended_at, where=DELIVERY_IS_ERASABLE)
_index("ix_delivery_digest", delivery.c.digest, where=DELIVERY_IS_COALESCED)
_index(
    "ix_delivery_offer",
    delivery.c.account,
    delivery.c.about,
    delivery.c.created_at,
    where=DELIVERY_OFFERS,
)
_index(
    "ix_delivery_gathered", delivery.c.endpoint, delivery.c.not_before, where=DELIVERY_IS_GATHERED
)
_index(
    "ix_delivery_series",
    delivery.c.endpoint,
    delivery.c.series,
    delivery.c.occurred_at,
    where=DELIVERY_IS_OF_A_SERIES,
)
_index("ix_delivery_trade", delivery.c.link, delivery.c.trade, where=DELIVERY_IS_OF_A_TRADE)
_index("ix_delivery_amend", delivery.c.amend_at, where=DELIVERY_IS_TO_AMEND)
_index(
    "ix_delivery_message",
    delivery.c.endpoint,
    delivery.c.message,
    where=delivery.c.message.is_not(None),
)


class _Sighting(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    kind: Named[Kind] = Column(OneOf(Kind), primary_key=True)
    record = Column(Text, primary_key=True)
    revision = Column(Text, primary_key=True)
    channel: Named[Channel] = Column(OneOf(Channel), primary_key=True)
    person = Column(Foreign, primary_key=True)
    at: Named[datetime] = Column(Instant, index=True)


sighting = Table("sighting", metadata, _Sighting)


class _Incident(TypedColumns):
    id = Column(Serial, primary_key=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"))
    key: Named[str] = Column(Text)
    """By which an unsolved one is one."""
    cause: Named[Cause] = Column(OneOf(Cause))
    called: Named[str] = Column(Foreign)
    state: Named[IncidentState] = Column(OneOf(IncidentState))
    opened_at: Named[datetime] = Column(Instant)
    last_at: Named[datetime] = Column(Instant)
    times: Named[int] = Column(Integer)
    since: Named[datetime] = Column(Instant)
    done: Named[int] = Column(Integer)
    """Seconds of its chain that are behind it."""
    due_at: Named[datetime | None] = Column(Instant)
    seen_at: Named[datetime | None] = Column(Instant)
    held_until: Named[datetime | None] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)


incident = Table("incident", metadata, _Incident)

Index("ix_incident_account", incident.c.account, incident.c.state)

INCIDENT_IS_UNSOLVED = incident.c.ended_at.is_(None)
INCIDENT_IS_DUE = incident.c.due_at.is_not(None)

_index(
    "uq_incident_unsolved",
    incident.c.account,
    incident.c.key,
    where=INCIDENT_IS_UNSOLVED,
    unique=True,
)
_index("ix_incident_due", incident.c.due_at, where=INCIDENT_IS_DUE)


class _IncidentFact(TypedColumns):
    """The facts that an incident was told by, its escalations among them."""

    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    kind: Named[Kind] = Column(OneOf(Kind), primary_key=True)
    record = Column(Text, primary_key=True)
    revision = Column(Text, primary_key=True)
    incident: Named[int] = Column(
        Serial, ForeignKey("incident.id"), primary_key=True, autoincrement=False, index=True
    )


incident_fact = Table("incident_fact", metadata, _IncidentFact)


class _Drill(TypedColumns):
    """An incident that is none."""

    incident = Column(Serial, ForeignKey("incident.id"), primary_key=True, autoincrement=False)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    link: Named[str] = Column(Text)
    """Under which it was asked for; it may be gone before."""
    at_once: Named[bool] = Column(Boolean)
    until: Named[datetime] = Column(Instant)
    ended_at: Named[datetime | None] = Column(Instant)


drill = Table("drill", metadata, _Drill)

DRILL_GOES_ON = drill.c.ended_at.is_(None)

_index("ix_drill_until", drill.c.until, where=DRILL_GOES_ON)


class _DrillSeen(TypedColumns):
    incident = Column(Serial, ForeignKey("incident.id"), primary_key=True, autoincrement=False)
    link = Column(Text, primary_key=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    at: Named[datetime] = Column(Instant)


drill_seen = Table("drill_seen", metadata, _DrillSeen)


class _StandingOrder(TypedColumns):
    id = Column(Text, primary_key=True)
    """Of the button that made it."""
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    verb: Named[Verb] = Column(OneOf(Verb), server_default="pause")
    """What is done to the bot."""
    causes: Named[list[str]] = Column(Json)
    bots: Named[list[dict[str, str]]] = Column(Json)
    """As the confirm card named them."""
    every: Named[bool] = Column(Boolean)
    """All bots, later ones too."""
    after: Named[int] = Column(Integer)
    """Seconds unseen."""
    link: Named[str] = Column(Text)
    person: Named[str] = Column(Foreign)
    made_at: Named[datetime] = Column(Instant)
    suspended_at: Named[datetime | None] = Column(Instant)
    """When whoever made it might not any more."""


standing_order = Table("standing_order", metadata, _StandingOrder)


class _StandingDeed(TypedColumns):
    """What a standing order did: at most once for each incident, kept before it is asked for."""

    incident = Column(Serial, ForeignKey("incident.id"), primary_key=True, autoincrement=False)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    standing_order: Named[str] = Column(Text)
    verb: Named[Verb] = Column(OneOf(Verb), server_default="pause")
    bot: Named[str] = Column(Foreign)
    called: Named[str] = Column(Foreign)
    cause: Named[Cause] = Column(OneOf(Cause))
    after: Named[int] = Column(Integer)
    begun_at: Named[datetime] = Column(Instant)
    state: Named[ActionState] = Column(OneOf(ActionState))
    words: Named[str] = Column(Foreign)
    told_at: Named[datetime | None] = Column(Instant)
    """NULL as long as nobody has been told what came of it."""


standing_deed = Table("standing_deed", metadata, _StandingDeed)

DEED_IS_UNTOLD = standing_deed.c.told_at.is_(None)

_index("ix_standing_deed_untold", standing_deed.c.begun_at, where=DEED_IS_UNTOLD)


class _PriceAlert(TypedColumns):
    id = Column(Text, primary_key=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    pair: Named[str] = Column(Foreign)
    what: Named[Crossing] = Column(OneOf(Crossing))
    amount: Named[Decimal] = Column(Exact)
    within: Named[int | None] = Column(Integer)
    """Seconds, of a move."""
    repeats: Named[bool] = Column(Boolean)
    made_at: Named[datetime] = Column(Instant)
    rung: Named[int] = Column(Integer)
    """How often it has rung."""
    armed: Named[bool] = Column(Boolean)
    seen: Named[Decimal | None] = Column(Exact)
    """The last price that it has looked at."""
    seen_at: Named[datetime | None] = Column(Instant)
    spans: Named[list[list[str]]] = Column(Json)
    """Of a move: for each part of its time the lowest and the highest price, and when they were."""


price_alert = Table("price_alert", metadata, _PriceAlert)


class _Permit(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    command = Column(Text, primary_key=True)
    allowed: Named[bool] = Column(Boolean)
    at: Named[datetime] = Column(Instant)
    templates: Named[str] = Column(Text)
    """A fingerprint of how bots' commands were addressed then."""


permit = Table("permit", metadata, _Permit)


class _Action(TypedColumns):
    id = Column(Text, primary_key=True)
    card: Named[str] = Column(Text, index=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"))
    link: Named[str] = Column(Text, ForeignKey("link.id"), index=True)
    endpoint: Named[str] = Column(Text, ForeignKey("endpoint.id"))
    person: Named[str | None] = Column(Foreign)
    verb: Named[Verb] = Column(OneOf(Verb))
    targets: Named[list[dict[str, str]]] = Column(Json)
    arguments: Named[str] = Column(Foreign)
    repeatable: Named[bool] = Column(Boolean)
    expires_at: Named[datetime] = Column(Instant, index=True)
    state: Named[ActionState] = Column(OneOf(ActionState))
    finished_at: Named[datetime | None] = Column(Instant)


action = Table("action", metadata, _Action)

# Under an alert, for everybody in the chat whose role allows it.
ACTION_IS_OFFER = (action.c.state == literal_column(f"'{ActionState.OPEN}'")) & (
    action.c.person.is_(None)
)

_index("ix_action_offer", action.c.account, action.c.arguments, where=ACTION_IS_OFFER)


class _ShownCard(TypedColumns):
    endpoint = Column(Text, ForeignKey("endpoint.id"), primary_key=True)
    message = Column(Foreign, primary_key=True)
    actions: Named[str] = Column(Text)
    """What its buttons share (`action.card`), or the hash of the one-time address it shows."""
    card: Named[dict[str, Any]] = Column(Json)
    ends_at: Named[datetime] = Column(Instant)
    due_at: Named[datetime] = Column(Instant, index=True)
    """When its buttons are to be taken away: at their end, later if that failed."""
    withdrawn: Named[bool] = Column(Boolean)


shown_card = Table("shown_card", metadata, _ShownCard)


class _Attempt(TypedColumns):
    id = Column(Text, primary_key=True)
    code_hash: Named[str] = Column(Text, unique=True)
    endpoint: Named[str] = Column(Text, ForeignKey("endpoint.id"), index=True)
    person: Named[str] = Column(Foreign)
    role: Named[Role] = Column(OneOf(Role))
    state: Named[AttemptState] = Column(OneOf(AttemptState))
    created_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant, index=True)
    logins: Named[int] = Column(Integer)
    digits_hash: Named[str | None] = Column(Text)
    digits_until: Named[datetime | None] = Column(Instant)
    digits_tries: Named[int] = Column(Integer)
    readers: Named[str] = Column(Foreign, server_default="")
    """Who reads along in a shared chat, as it is told to the person."""
    language: Named[str] = Column(Text, server_default="en")
    """That of the page behind the address."""
    digits_in: Named[str | None] = Column(Text, index=True)
    """Where the digits are to be typed, if that is not the chat itself."""
    zone: Named[str] = Column(Text, server_default="")
    """That of the browser in which somebody has logged in."""
    proves: Named[str | None] = Column(Text)
    """The account that its person is to log in to once more, where nothing is linked by it."""
    deed: Named[str] = Column(Foreign, server_default="")
    """What that is for, as it is told to the person."""
    proven_at: Named[datetime | None] = Column(Instant)


attempt = Table("attempt", metadata, _Attempt)


class _Visit(TypedColumns):
    code_hash = Column(Text, primary_key=True)
    """Of a one-time address of a page."""
    purpose: Named[Purpose] = Column(OneOf(Purpose), server_default=Purpose.SETTINGS.value)
    link: Named[str] = Column(Text, ForeignKey("link.id"), index=True)
    host: Named[str | None] = Column(Text, index=True)
    """Of an inbox: the link of the chat where its address was asked for, with which it ends."""
    person: Named[str] = Column(Foreign)
    language: Named[str] = Column(Text)
    until: Named[datetime] = Column(Instant)
    """The end of the address; of the visit, once it was used."""
    secret_hash: Named[str | None] = Column(Text, unique=True)
    """NULL until the address was used."""


visit = Table("visit", metadata, _Visit)


class _Invitation(TypedColumns):
    """To see an account without a login to it."""

    id = Column(Text, primary_key=True)
    code_hash: Named[str] = Column(Text, unique=True)
    account: Named[str] = Column(Text, ForeignKey("account.id"), index=True)
    host: Named[str] = Column(Text, ForeignKey("link.id"), index=True)
    """The link of the chat where it was made, with which it ends."""
    role: Named[Role] = Column(OneOf(Role))
    partner: Named[dict[str, Any]] = Column(Json)
    state: Named[InvitationState] = Column(OneOf(InvitationState))
    made_at: Named[datetime] = Column(Instant)
    expires_at: Named[datetime] = Column(Instant)


invitation = Table("invitation", metadata, _Invitation)


class _Phone(TypedColumns):
    endpoint = Column(Text, ForeignKey("endpoint.id"), primary_key=True)
    host: Named[str] = Column(Text, ForeignKey("link.id"), index=True)
    """The link of the chat in which it was added: it ends with that."""
    made_at: Named[datetime] = Column(Instant)
    details: Named[bool] = Column(Boolean)
    updates: Named[bool | None] = Column(Boolean)
    digits_hash: Named[str | None] = Column(Text)
    digits_until: Named[datetime | None] = Column(Instant)
    digits_tries: Named[int] = Column(Integer)


phone = Table("phone", metadata, _Phone)


class _WrongLogin(TypedColumns):
    id = Column(Text, primary_key=True)
    """A keyed hash of what it is counted for."""
    failures: Named[int] = Column(Integer)
    since: Named[datetime] = Column(Instant)
    at: Named[datetime] = Column(Instant, index=True)


wrong_login = Table("wrong_login", metadata, _WrongLogin)


class _Journal(TypedColumns):
    channel: Named[Channel] = Column(OneOf(Channel), primary_key=True)
    bot = Column(Foreign, primary_key=True)
    number = Column(BigInteger, primary_key=True, autoincrement=False)
    body: Named[str | None] = Column(Foreign)
    """NULL once it has been answered."""
    kept_at: Named[datetime] = Column(Instant)


journal = Table("journal", metadata, _Journal)


class _Quarantine(TypedColumns):
    account = Column(Text, ForeignKey("account.id"), primary_key=True)
    digest = Column(Text, primary_key=True)
    """Of service, reason and fields: what fails alike is one row, however often it comes."""
    service: Named[str] = Column(Foreign)
    reason: Named[str] = Column(Foreign)
    fields: Named[list[str]] = Column(Json)
    size: Named[int] = Column(Integer)
    """Bytes of the largest."""
    count: Named[int] = Column(Integer)
    first_at: Named[datetime] = Column(Instant)
    last_at: Named[datetime] = Column(Instant)


quarantine = Table("quarantine", metadata, _Quarantine)


class _Audit(TypedColumns):
    id = Column(Serial, primary_key=True)
    at: Named[datetime] = Column(Instant)
    what: Named[str] = Column(Foreign)
    account: Named[str | None] = Column(Text)
    facts: Named[dict[str, str]] = Column(Json)
    """Empty, as is the account, once they have been erased."""
    salt: Named[str | None] = Column(Text)
    digest: Named[str | None] = Column(Text)
    """Of salt, account and facts, which stays when these go; NULL in rows from before there was
    one: their hash is of account and facts themselves.
    """
    previous: Named[str] = Column(Text, unique=True)
    """The hash of the row before: unique, so that the chain never forks."""
    hash: Named[str] = Column(Text)


audit = Table("audit", metadata, _Audit)

_index("ix_audit_account", audit.c.account, audit.c.id, where=audit.c.account.is_not(None))

APPEND_ONLY = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
        " WHEN NOT (NEW.account IS NULL AND NEW.facts = '{}' AND NEW.salt IS NULL"
        " AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.what = OLD.what"
        " AND NEW.digest IS OLD.digest AND NEW.previous = OLD.previous AND NEW.hash = OLD.hash)"
        " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit"
        " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'UPDATE' THEN"
        " IF NEW.account IS NULL AND NEW.facts::text = '{}' AND NEW.salt IS NULL"
        " AND (NEW.id, NEW.at, NEW.what, NEW.previous, NEW.hash)"
        " = (OLD.id, OLD.at, OLD.what, OLD.previous, OLD.hash)"
        " AND NEW.digest IS NOT DISTINCT FROM OLD.digest THEN RETURN NEW; END IF;"
        " END IF; RAISE EXCEPTION 'audit is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ),
}
"""What makes a written row stay as it is, but for erasing whom it is about, by dialect."""

for _dialect, _statements in APPEND_ONLY.items():
    for _statement in _statements:
        _ddl = DDL(_statement)  # type: ignore[no-untyped-call]
        event.listen(audit, "after_create", _ddl.execute_if(dialect=_dialect))


class _Lease(TypedColumns):
    name = Column(Text, primary_key=True)
    owner: Named[str] = Column(Text)
    epoch: Named[int] = Column(BigInteger)
    until: Named[datetime] = Column(Instant)


lease = Table("lease", metadata, _Lease)
