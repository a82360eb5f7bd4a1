"""A record is news once: facts are kept by account, kind, record and revision.

That two services tell of one fact is another matter: `bot.policy.same_fact`.
"""

from collections.abc import Mapping, Set

from sqlalchemy import Connection, bindparam, select

from storage.engine.statements import Statement, Values
from storage.engine.upsert import Insert, insert_into
from storage.schema.facts import Fact, FactKey
from storage.schema.tables import inbox

_IS_KEPT = Statement(
    lambda _: select(inbox.c.account).where(
        inbox.c.account == bindparam("account"),
        inbox.c.kind == bindparam("kind"),
        inbox.c.record == bindparam("record"),
        inbox.c.revision == bindparam("revision"),
    )
)


def is_kept(connection: Connection, fact_key: FactKey) -> bool:
    return bool(_IS_KEPT.rows(connection, fact_key._asdict()))


def _keeping(dialect: str) -> Insert:
    return insert_into(inbox, dialect).on_conflict_do_nothing()


_KEEP = Statement(_keeping, *inbox.c.keys())


def keep(connection: Connection, facts: Mapping[FactKey, Fact]) -> list[Fact]:
    """Put facts into the inbox; gives those that it did not have."""
    rows = {
        fact_key: {
            "account": fact_key.account,
            "kind": fact_key.kind,
            "record": fact_key.record,
            "revision": fact_key.revision,
            "at": fact.at,
            "admitted_at": fact.now,
            "told": bool(fact.drafts),
            "reason": fact.verdict.reason,
            "fingerprint": fact.verdict.fingerprint,
            "audience": fact.audience if fact.verdict.fingerprint else None,
        }
        for fact_key, fact in facts.items()
    }
    kept = _kept_of(connection, rows)
    new = []
    for fact_key, fact in facts.items():
        if fact_key in kept:
            fact.tally.new += 1
            new.append(fact)
        else:
            fact.tally.known += 1
    return new


def _kept_of(connection: Connection, rows: Mapping[FactKey, Values]) -> Set[FactKey]:
    if connection.dialect.name == "sqlite" or len(rows) <= 1:
        return {fact_key for fact_key, row in rows.items() if _KEEP.run(connection, row)}
    # All in one go: each would be a way to the server and back.
    keeping = _keeping(connection.dialect.name).returning(
        inbox.c.account, inbox.c.kind, inbox.c.record, inbox.c.revision
    )
    return {FactKey(*row) for row in connection.execute(keeping, list(rows.values()))}
