"""What is kept of an account only as long as a chat is linked to it."""

from sqlalchemy import Connection, delete, select

from bot.domain.ids import AccountId
from storage.schema.tables import LINK_IS_ACTIVE, cursor, known, link, secret
from storage.vault import account_secret


def forget_if_unlinked(connection: Connection, account_id: AccountId) -> bool:
    """With the last link go the credential and all that was known; gives whether it was that.

    Where it was read up to goes too: who links again later starts from then.
    """
    linked = select(link.c.id).where(link.c.account == account_id, LINK_IS_ACTIVE)
    if connection.execute(linked.limit(1)).first() is not None:
        return False
    connection.execute(delete(secret).where(secret.c.owner == account_secret(account_id)))
    connection.execute(delete(known).where(known.c.account == account_id))
    connection.execute(delete(cursor).where(cursor.c.account == account_id))
    return True
