"""A recovery follows its alarm: where that has rung, it is told, whatever is wished for by now."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, select

from bot.domain.deliveries import PENDING, Draft, Priority, State
from bot.domain.events import Kind
from bot.policy.whether_sent import after_alarm
from storage.engine.statements import Statement
from storage.schema.facts import Fact
from storage.schema.rows import AnyRow
from storage.schema.tables import INCIDENT_IS_UNSOLVED, delivery, incident, incident_fact, is_one_of

_LAST = Statement(
    lambda _: (
        select(delivery.c.priority, delivery.c.state, delivery.c.matter)
        .where(
            delivery.c.link == bindparam("of_link"),
            delivery.c.kind == bindparam("of_kind"),
            delivery.c.record == bindparam("of_record"),
            delivery.c.endpoint == bindparam("here"),
        )
        .order_by(delivery.c.occurred_at.desc(), delivery.c.id.desc())
        .limit(1)
    )
)
"""What was last told of the same bot there."""

_RANG = PENDING | {State.SENT, State.COALESCED}

_fact = incident_fact.alias("fact")
_reminded = incident_fact.alias("reminded")

_REMINDED = Statement(
    lambda _: (
        select(delivery.c.id)
        .join(
            _reminded,
            (_reminded.c.account == delivery.c.account)
            & (_reminded.c.kind == delivery.c.kind)
            & (_reminded.c.record == delivery.c.record)
            & (_reminded.c.revision == delivery.c.revision),
        )
        .join(incident, incident.c.id == _reminded.c.incident)
        .join(_fact, _fact.c.incident == incident.c.id)
        .where(
            delivery.c.link == bindparam("of_link"),
            delivery.c.kind == Kind.ESCALATION,
            is_one_of(delivery.c.state, *_RANG),
            INCIDENT_IS_UNSOLVED,
            _fact.c.account == bindparam("of_account"),
            _fact.c.kind == bindparam("of_kind"),
            _fact.c.record == bindparam("of_record"),
        )
        .limit(1)
    )
)
"""That nobody had seen it: a phone that is rung for that was not told the alarm itself."""


def tell_recoveries(connection: Connection, facts: Sequence[Fact]) -> None:
    """Let the drafts of recoveries be sent where the alarm was."""
    for fact in facts:
        if any(draft.matter is not None and draft.matter.recovers for draft in fact.drafts):
            fact.drafts = [_told(connection, fact, draft) for draft in fact.drafts]


def _told(connection: Connection, fact: Fact, draft: Draft) -> Draft:
    decision = after_alarm(draft.decision)
    if decision is draft.decision:
        return draft
    about = {"of_link": draft.link, "of_kind": fact.key.kind, "of_record": fact.key.record}
    last = _LAST.rows(connection, {**about, "here": draft.endpoint})
    rang = last and last[0].state in _RANG and _was_critical(last[0])
    if not rang and not _REMINDED.rows(connection, {**about, "of_account": fact.key.account}):
        return draft
    return replace(draft, decision=decision, card=replace(draft.card, sound=False))


def _was_critical(row: AnyRow) -> bool:
    return row.priority == Priority.URGENT or bool(row.matter and row.matter.get("critical"))
