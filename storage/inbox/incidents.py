"""Facts that somebody must see: each opens an incident, goes on with one, or ends some."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from bot.domain.chats import Link
from bot.domain.decisions import Why
from bot.domain.escalation import Step, rings_phones_later, steps_of
from bot.domain.ids import AccountId
from bot.domain.incidents import SAME_AGAIN, IncidentState, Opening
from bot.domain.standing_orders import first_due
from bot.domain.watches import may_wait
from bot.policy.escalation import next_after, with_word
from storage.engine.upsert import insert_into
from storage.inbox.cache import AccountCache
from storage.outbox.drills import keep_drill
from storage.outbox.incidents import solve
from storage.schema.facts import Fact
from storage.schema.preferences import decode_chain
from storage.schema.rows import incident_of
from storage.schema.tables import INCIDENT_IS_UNSOLVED, account, incident, incident_fact
from storage.standing_orders import deeds_of, standing_for


def keep_incidents(
    connection: Connection, facts: Sequence[Fact], caches: Mapping[AccountId, AccountCache]
) -> None:
    """In the order of the facts; of what is not critical it costs no statement."""
    for fact in facts:
        opening, solving = fact.verdict.opens, fact.verdict.solves
        if solving is not None:
            fact.tally.answered += solve(connection, fact.key.account, solving, fact.now)
        # Another service may have told it already.
        if opening and any(draft.decision.reason is Why.CRITICAL for draft in fact.drafts):
            if _keep(connection, fact, opening, caches[AccountId(fact.key.account)].links):
                fact.tally.opened += 1
            else:
                fact.drafts = ()


def _keep(connection: Connection, fact: Fact, opening: Opening, links: Sequence[Link]) -> bool:
    """False where it is nothing to tell: of drills there is one at a time."""
    mine = incident.c.account == fact.key.account
    one = connection.execute(
        select(incident).where(mine, incident.c.key == opening.key, INCIDENT_IS_UNSOLVED)
    ).first()
    if one is not None and opening.drill is not None:
        return False
    steps = _steps(connection, fact, opening, links)
    began = {
        "state": IncidentState.OPEN,
        "since": fact.now,
        "done": 0,
        "seen_at": None,
        "due_at": _due(fact, steps),
    }
    # A drill measures each place: none waits for another.
    waits = opening.drill is None and rings_phones_later(steps)
    if one is None:
        row = {
            **began,
            "account": fact.key.account,
            "key": opening.key,
            "cause": opening.cause,
            "called": opening.called,
            "opened_at": fact.at,
            "last_at": fact.at,
            "times": 1,
        }
        id = connection.execute(insert(incident).values(row).returning(incident.c.id)).scalar_one()
        if opening.drill is not None:
            keep_drill(connection, fact.key.account, id, opening.drill, fact.now)
    else:
        id = one.id
        again = {"times": one.times + 1, "last_at": fact.at, "cause": opening.cause}
        if one.state is IncidentState.SEEN and fact.now - one.seen_at > SAME_AGAIN:
            again |= began
        elif one.state is IncidentState.OPEN:
            waits = rings_phones_later(steps, timedelta(seconds=one.done))
        connection.execute(update(incident).where(incident.c.id == id).values(again))
    if waits:
        waiting = {link.id for link in links if may_wait(link, links)}
        fact.drafts = [draft for draft in fact.drafts if draft.link not in waiting]
    _say_what_follows(connection, fact, id)
    told = insert_into(incident_fact, connection.dialect.name).values(
        **fact.key._asdict(), incident=id
    )
    connection.execute(told.on_conflict_do_nothing())
    return True


def _say_what_follows(connection: Connection, fact: Fact, id: int) -> None:
    """Where a standing order is about it, its alert says what happens if nobody sees it."""
    orders = standing_for(connection, fact.key.account)
    if not orders or deeds_of(connection, [id]):
        return
    row = connection.execute(select(incident).where(incident.c.id == id)).one()
    one = incident_of(row)
    due = first_due(orders, one)
    if due is not None:
        fact.drafts = [with_word(draft, due) for draft in fact.drafts]


def _steps(
    connection: Connection, fact: Fact, opening: Opening, links: Sequence[Link]
) -> Sequence[Step]:
    """All that is done of it; of a drill that tells each place once, nothing more is."""
    if opening.drill is not None and opening.drill.at_once:
        return ()
    chosen = select(account.c.chain).where(account.c.id == fact.key.account)
    return steps_of(decode_chain(connection.execute(chosen).scalar()), links)


def _due(fact: Fact, steps: Sequence[Step]) -> datetime | None:
    """When the first step after the alert itself is."""
    after = next_after(steps, timedelta(0))
    return None if after is None else fact.now + after
