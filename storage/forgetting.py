"""What is kept only as long as a chat is linked: of its account, and of phones added there."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from bot.domain.ids import AccountId
from storage.schema.tables import (
    LINK_IS_ACTIVE,
    LINK_IS_OWN,
    answer,
    cursor,
    drill,
    drill_seen,
    incident,
    incident_fact,
    invitation,
    known,
    link,
    permit,
    phone,
    price_alert,
    secret,
    standing_deed,
    standing_order,
    watch,
)
from storage.vault import account_secret, phone_secret


def forget_if_unlinked(connection: Connection, account_id: AccountId) -> bool:
    """With the owner's last link go the credential and all that was known; gives whether it was
    that.

    Where it was read up to goes too: who links again later starts from then.
    """
    linked = select(link.c.id).where(link.c.account == account_id, LINK_IS_OWN)
    if connection.execute(linked.limit(1)).first() is not None:
        return False
    connection.execute(delete(secret).where(secret.c.owner == account_secret(account_id)))
    for what in (known, answer):
        connection.execute(delete(what).where(what.c.account == account_id))
    # Who comes back begins anew: nobody is asked then to see what was before.
    of_incidents = (drill_seen, drill, standing_deed, incident_fact)
    for table in (*of_incidents, incident, standing_order, price_alert, permit, watch, invitation):
        connection.execute(delete(table).where(table.c.account == account_id))
    connection.execute(delete(cursor).where(cursor.c.account == account_id))
    return True


def forget_watch(connection: Connection, link_id: str) -> None:
    """Of whose link has ended, if it was their last one of the account."""
    ended = select(link.c.account, link.c.person).where(link.c.id == link_id)
    account_id, person = connection.execute(ended).one()
    theirs = select(link.c.id).where(
        link.c.account == account_id, link.c.person == person, LINK_IS_ACTIVE
    )
    if connection.execute(theirs.limit(1)).first() is None:
        whose = (watch.c.account == account_id, watch.c.person == person)
        connection.execute(delete(watch).where(*whose))


def forget_phone(connection: Connection, endpoint_id: str) -> None:
    """Nothing finds it any more. Its own link ends where those of chats do."""
    connection.execute(delete(secret).where(secret.c.owner == phone_secret(endpoint_id)))
    connection.execute(delete(phone).where(phone.c.endpoint == endpoint_id))


def forget_phones(connection: Connection, link_id: str) -> Sequence[str]:
    """Those that were added under a link, or the one that it is of; gives the links of the others
    that ended with it.
    """
    theirs = select(link.c.endpoint).where(link.c.id == link_id)
    added = phone.c.host == link_id
    of_it = select(phone.c.endpoint).where(added | phone.c.endpoint.in_(theirs))
    endpoints = connection.execute(of_it).scalars().all()
    for endpoint_id in endpoints:
        forget_phone(connection, endpoint_id)
    own = select(link.c.id).where(
        link.c.endpoint.in_(endpoints), link.c.id != link_id, LINK_IS_ACTIVE
    )
    return connection.execute(own).scalars().all() if endpoints else ()
