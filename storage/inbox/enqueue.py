"""What a fact is owed to whom, and what of it can leave at once."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select

from bot.domain.actions import Action, Verb
from bot.domain.cards import is_to_be_seen
from bot.domain.chats import Link
from bot.domain.decisions import SEND, Course, Why
from bot.domain.deliveries import PENDING, Draft, State
from bot.domain.ids import AccountId, DeliveryId
from bot.domain.reasons import Reason
from bot.policy.folding import series_of
from bot.policy.trade_messages import TradeMessage, is_told_by_itself
from bot.policy.whether_sent import may_go
from storage.buttons.actions import action_row
from storage.engine.statements import Statement
from storage.engine.types import key
from storage.inbox.cache import AccountCache
from storage.inbox.folding import Folding, Remembered, carry
from storage.inbox.trade_messages import TradeMessages, edited_in
from storage.schema.codec import encode_card
from storage.schema.facts import Fact, Preclaimed, reference
from storage.schema.preferences import encode_decision, encode_matter
from storage.schema.tables import action, delivery, endpoint, is_one_of


def enqueue(
    connection: Connection,
    facts: Sequence[Fact],
    caches: Mapping[AccountId, AccountCache],
    remembered: Remembered,
) -> None:
    """Store the deliveries and buttons of new facts; what can leave at once is in flight then."""
    owing = _Owing(connection, _alone(facts), remembered)
    actions = []
    for fact in facts:
        named = {}
        links = {link.id: link for link in caches[AccountId(fact.key.account)].links}
        for draft in fact.drafts:
            reference = owing.owe(fact, draft, links[draft.link])
            if reference is not None and (draft.card.buttons or draft.endpoint not in named):
                named[draft.endpoint] = reference
        actions += [
            action_row(_of_alert(offered, named[offered.endpoint]))
            for offered in fact.verdict.actions
            if offered.endpoint in named
        ]
    owing.flush()
    _OFFER.run(connection, *actions)


def _of_alert(offered: Action, reference: str) -> Action:
    """By its reference an alert is known that is seen: it has none before."""
    if offered.verb not in (Verb.SEEN, Verb.HOLD):
        return offered
    return replace(offered, arguments=f"{reference} {offered.arguments}".rstrip())


class _Owing:
    """Of one transaction: items are stored together, but where one is looked for among them."""

    def __init__(self, connection: Connection, alone: Set[str], remembered: Remembered) -> None:
        self._connection = connection
        self._alone = alone
        self._folding = Folding(connection, remembered)
        self._trades = TradeMessages(connection)
        self._waiting: list[dict[str, Any]] = []

    def flush(self) -> None:
        _OWE.run(self._connection, *self._waiting)
        self._waiting.clear()

    def owe(self, fact: Fact, draft: Draft, link: Link) -> str | None:
        """Owe an item; gives its reference if it has a message of its own."""
        row = _row(fact, draft, link)
        reference: str = row["reference"]
        fact.tally.told += 1
        fact.tally.decisions[draft.decision.course, draft.decision.reason] += 1
        before = self._message_before(fact, draft, row)
        if before is not None:
            row["digest"] = before.id
        part = self._told_within(fact, draft, link, row, before)
        if part is not None:
            self._waiting.append(part)
            return None
        if self._starts(fact, draft, link, row, before and before.message):
            return reference
        self._waiting.append(row)
        if row["state"] is State.GATHERED:
            fact.tally.gathered += 1
        if row["state"] is State.READY:
            _wakes(fact, draft, link)
        return reference

    def _message_before(self, fact: Fact, draft: Draft, row: dict[str, Any]) -> TradeMessage | None:
        """The message of the trade that the item goes on with, which tells of it too."""
        if not self._trades.may_have_one(fact, draft, row):
            return None
        self.flush()
        before = self._trades.find(fact, draft)
        if before is None or not carry(self._connection, before.id, row, fact.now):
            return None
        fact.tally.folded += 1
        return before

    def _told_within(
        self,
        fact: Fact,
        draft: Draft,
        link: Link,
        row: dict[str, Any],
        before: TradeMessage | None,
    ) -> dict[str, Any] | None:
        """The item's row where another's message tells of it; `None` where its own does."""
        if before is not None and not is_told_by_itself(draft.matter, draft.card):
            return edited_in(row, draft, before, fact)
        if not self._folding.is_worth_asking(fact, draft, row):
            return None
        self.flush()
        if before is not None:
            too_many = self._folding.is_too_many(fact, draft, row)
            return edited_in(row, draft, before, fact) if too_many else None
        part = self._folding.place(fact, draft, row)
        if part is None:
            return None
        fact.tally.folded += 1
        if part.carrier is not None:
            _wakes(fact, draft, link)
        return part.row

    def _starts(
        self,
        fact: Fact,
        draft: Draft,
        link: Link,
        row: dict[str, Any],
        replies_to: str | None,
    ) -> bool:
        """Whether it is in flight from here on."""
        if draft.endpoint not in self._alone or not _may_leave(fact, draft, link):
            return False
        id = _start(self._connection, fact, row)
        if id is None:
            return False
        fact.tally.preclaimed.append(
            Preclaimed(id, fact, draft, link, row["reference"], replies_to)
        )
        return True


def _wakes(fact: Fact, draft: Draft, link: Link) -> None:
    """A lane has something to send."""
    place = link.endpoint
    _, urgent = fact.tally.owed.get(place.id, (None, draft.priority))
    fact.tally.owed[place.id] = (place.address, min(urgent, draft.priority))


def _row(fact: Fact, draft: Draft, link: Link) -> dict[str, Any]:
    state, reason = _begins(draft, link)
    series = None
    if state is State.READY and draft.alone:
        series = series_of(draft.matter, draft.subject)
    ids = fact.verdict.trade
    fact_key = fact.key
    if draft.part:
        # Each part is an item of its own: it has its own end, and its own name.
        revision = key(f"{fact_key.revision} part {draft.part + 1}")
        fact_key = fact_key._replace(revision=revision)
    return {
        "account": fact.key.account,
        "kind": fact.key.kind,
        "record": fact.key.record,
        "revision": fact_key.revision,
        "reference": reference(fact_key, draft.endpoint),
        "link": draft.link,
        "link_epoch": draft.link_epoch,
        "endpoint": draft.endpoint,
        "priority": int(draft.priority),
        "rank": int(draft.priority),
        "state": state,
        "reason": reason,
        "attempts": 0,
        "unclear": 0,
        "card": encode_card(draft.card),
        "occurred_at": fact.at,
        "created_at": fact.now,
        "expires_at": draft.expires_at,
        "about": draft.about,
        "subject": draft.subject,
        "started_at": None,
        "ended_at": None if state is State.READY else fact.now,
        "not_before": None if state is State.OFF else draft.decision.until,
        "decision": encode_decision(draft.decision),
        "matter": draft.matter and encode_matter(draft.matter),
        "series": series and key(series),
        "digest": None,
        "seen": "" if is_to_be_seen(draft.card) else None,
        "trade": key(ids.shared[0]) if ids is not None and ids.shared and draft.step else None,
        "step": draft.step or None,
    }


def _begins(draft: Draft, link: Link) -> tuple[State, str]:
    """The state in which an item is stored, and why."""
    match draft.decision.course:
        case Course.DROP:
            return State.OFF, Reason.NOT_WANTED
        case Course.HOLD:
            quiet = draft.decision.reason == Why.QUIET_HOURS
            return State.GATHERED, Reason.QUIET_HOURS if quiet else Reason.FOR_A_DIGEST
    decision = may_go(link)
    if decision.course is Course.HOLD:
        return State.HELD, decision.reason
    return State.READY, "new"


def _alone(facts: Sequence[Fact]) -> Set[str]:
    """Endpoints that are owed one item by these facts and not more."""
    once: set[str] = set()
    again: set[str] = set()
    for fact in facts:
        for draft in fact.drafts:
            (again if draft.endpoint in once else once).add(draft.endpoint)
    return once - again


def _may_leave(fact: Fact, draft: Draft, link: Link) -> bool:
    """Whether a turn would not drop or hold it (G7, G8), nor look for a topic first."""
    return (
        draft.endpoint in fact.idle
        and draft.decision.course not in (Course.HOLD, Course.DROP)
        and draft.decision.until is None
        and not link.endpoint.topics
        and link.endpoint.id == draft.endpoint
        and may_go(link) is SEND
        and link.epoch == draft.link_epoch
        and (draft.expires_at is None or draft.expires_at > fact.now)
    )


_LATER = {"id", "message", "topic", "untold", "answer", "answered_at", "amend_at", "mentioned"}
"""What an item has only once something has become of it."""

_COLUMNS = tuple(sorted(set(delivery.c.keys()) - _LATER))

_OWE = Statement(lambda _: insert(delivery), *_COLUMNS)

_OFFER = Statement(lambda _: insert(action), *sorted({*action.c.keys()} - {"finished_at"}))


def _starting(_: str) -> Insert:
    """An INSERT that does nothing unless the item is the only one that its endpoint is owed."""
    row = select(*(bindparam(name, type_=delivery.c[name].type) for name in _COLUMNS))
    other = delivery.alias("other")
    pending = select(other.c.id).where(
        other.c.endpoint == bindparam("endpoint"), is_one_of(other.c.state, *PENDING)
    )
    # The next item has to mention what may be missing: a turn's work.
    doubtful = select(endpoint.c.id).where(
        endpoint.c.id == bindparam("endpoint"), endpoint.c.doubtful > 0
    )
    alone = row.where(~pending.exists(), ~doubtful.exists())
    return insert(delivery).from_select(list(_COLUMNS), alone).returning(delivery.c.id)


_START = Statement(_starting)


def _start(connection: Connection, fact: Fact, row: dict[str, Any]) -> DeliveryId | None:
    """Store it as claimed: what a turn would do next, with one commit for both.

    `None` if something else is owed there already.
    """
    in_flight = {"state": State.SENDING, "attempts": 1, "started_at": fact.now}
    stored = _START.rows(connection, row | in_flight)
    return DeliveryId(stored[0].id) if stored else None
