"""One fact that several services bring: it is told once (`bot.policy.same_fact`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.domain.ids import AccountId, EndpointId
from bot.domain.told import Duplicate
from bot.policy.same_fact import Report, because_of, told_by, told_instead
from storage.engine.statements import Statement
from storage.inbox.cache import AccountCache
from storage.schema.facts import Fact, FactKey
from storage.schema.tables import inbox


def leave_out_duplicates(
    connection: Connection, facts: Sequence[Fact], caches: Mapping[AccountId, AccountCache]
) -> None:
    """Drop the drafts of facts that another kind of event has told.

    The facts are in the inbox already. It is decided for each endpoint: one that does not hear
    trades still hears of the fill from its bot.
    """
    marked = {fact.key: fact for fact in facts if fact.verdict.fingerprint}
    for fact in list(marked.values()):
        cache = caches[AccountId(fact.key.account)]
        if cache.is_first(fact.verdict.fingerprint or "", fact.at - fact.verdict.window):
            del marked[fact.key]
            continue
        # Those that come after it in this batch are in the inbox too, but were not before it.
        reports = [report for key, report in _reports(connection, fact) if key not in marked]
        del marked[fact.key]
        if fact.verdict.says_more:
            continue
        kept = [draft for draft in fact.drafts if not told_by(reports, fact.key.kind, draft)]
        if fact.drafts and not kept:
            other = told_by(reports, fact.key.kind, fact.drafts[0])
            assert other is not None
            echo = {f"of_{name}": value for name, value in fact.key._asdict().items()}
            _MARK.run(connection, {**echo, "because": because_of(other)})
        fact.drafts = kept


_REPORTS = Statement(
    lambda _: select(
        inbox.c.account, inbox.c.kind, inbox.c.record, inbox.c.revision, inbox.c.audience
    ).where(
        inbox.c.account == bindparam("of_account"),
        inbox.c.at.between(bindparam("after"), bindparam("before")),
        inbox.c.fingerprint == bindparam("of_fingerprint"),
    )
)

_MARK = Statement(
    lambda _: (
        update(inbox)
        .where(
            inbox.c.account == bindparam("of_account"),
            inbox.c.kind == bindparam("of_kind"),
            inbox.c.record == bindparam("of_record"),
            inbox.c.revision == bindparam("of_revision"),
        )
        .values(told=False, reason=bindparam("because"))
    )
)


def _reports(connection: Connection, fact: Fact) -> list[tuple[FactKey, Report]]:
    """What is in the inbox with the same fingerprint at about the same time."""
    rows = _REPORTS.rows(
        connection,
        {
            "of_account": fact.key.account,
            "of_fingerprint": fact.verdict.fingerprint,
            "after": fact.at - fact.verdict.window,
            "before": fact.at + fact.verdict.window,
        },
    )
    return [(FactKey(*row[:4]), Report(row.kind, row.audience or ())) for row in rows]


_DUPLICATES = (
    select(inbox.c.kind, inbox.c.reason, inbox.c.at, inbox.c.audience)
    .where(
        inbox.c.account == bindparam("of_account"),
        inbox.c.at >= bindparam("since"),
        inbox.c.told.is_(False),
        inbox.c.audience.is_not(None),
    )
    .order_by(inbox.c.at.desc())
    .limit(bindparam("most"))
)


def duplicates(
    connection: Connection,
    account: AccountId,
    endpoint: EndpointId,
    since: datetime,
    most: int,
) -> Sequence[Duplicate]:
    """What an endpoint would have heard if no other kind of event had told it."""
    rows = connection.execute(_DUPLICATES, {"of_account": account, "since": since, "most": most})
    return [
        Duplicate(kind=row.kind, of=other, occurred_at=row.at)
        for row in rows
        if endpoint in row.audience and (other := told_instead(row.reason)) is not None
    ]
