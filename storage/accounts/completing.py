"""What a login becomes once its digits are typed: an account, and its link to the chat."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, insert, literal_column, select

from bot.domain.accounts import Account, AccountState, Grant
from bot.domain.amendments import answer_by_login
from bot.domain.chats import Link, Preferences
from bot.domain.ids import AccountId, NewId
from bot.domain.incidents import Cause, Solving
from bot.domain.linking import Completed
from storage.accounts.links import links_of, unlink
from storage.buttons.shown_cards import end_address
from storage.engine.database import invalidate
from storage.engine.upsert import insert_into
from storage.forgetting import forget_if_unlinked
from storage.menus import may_change
from storage.outbox import endpoints
from storage.outbox.amendments import take_answer
from storage.outbox.incidents import solve
from storage.schema.preferences import encode_preferences
from storage.schema.rows import AnyRow, account_of, link_of, select_active_links
from storage.schema.states import LinkState
from storage.schema.tables import LINK_IS_ACTIVE, account, endpoint, link
from storage.vault import Vault


def is_anothers(connection: Connection, vault: Vault, grant: Grant) -> bool:
    """Whether it would replace the login of an account that may be somebody else's."""
    if not grant.inferred:
        return False
    named = select(account.c.id).where(account.c.platform_user == grant.platform_user)
    known = connection.execute(named.with_for_update()).scalar()
    if known is None:
        return False
    kept = vault.credential(connection, AccountId(known))
    return kept is not None and kept.secret != grant.credential.secret


def is_taken(connection: Connection, endpoint_id: str, person: str) -> bool:
    """Whether a chat is somebody else's already: a shared one may be."""
    there = _link_at(connection, endpoint_id)
    return there is not None and there.person != person


def link_by(
    connection: Connection,
    vault: Vault,
    new_id: NewId,
    attempt: AnyRow,
    grant: Grant,
    now: datetime,
) -> Completed:
    """Link the chat of an attempt to the account that was logged in to."""
    owner = _account(connection, new_id(), grant, now)
    others = [
        each for each in links_of(connection, owner.id) if each.endpoint.id != attempt.endpoint
    ]
    # Who links it is there: it is open, whatever it was before.
    endpoints.reopen_if_closed(connection, attempt.endpoint)
    before = _link_at(connection, attempt.endpoint)
    replaced = None
    if before is not None and before.account != owner.id:
        replaced, before = unlink(connection, before, now).link, None
    elif before is not None and before.partner is not None:
        unlink(connection, before, now)  # who has the login has more than was given to them
        before = None
    # A feed that was just being ended may have stored something after the last unlink.
    forget_if_unlinked(connection, owner.id)
    made = before or _make_link(connection, new_id(), owner.id, attempt, now)
    vault.keep_credential(connection, owner.id, grant.credential)
    take_answer(connection, owner.id, answer_by_login(now), now)
    solve(connection, owner.id, Solving(causes=frozenset({Cause.LOGIN})), now)
    end_address(connection, attempt.digits_in or attempt.endpoint, attempt.code_hash, now)
    return Completed(
        link=made,
        account=owner,
        others=tuple(others),
        replaced=replaced,
        zone=attempt.zone,
    )


def _account(connection: Connection, id: str, grant: Grant, now: datetime) -> Account:
    """The account of whoever the platform says has logged in, made if it is new."""
    made = connection.execute(
        _making_account(connection.dialect.name),
        {
            "id": id,
            "platform_user": grant.platform_user,
            "label": grant.label,
            "plan": grant.plan,
            "state": AccountState.ACTIVE,
            "created_at": now,
        },
    )
    return account_of(made.one())


@cache
def _making_account(dialect: str) -> Any:
    row = insert_into(account, dialect)
    # Not `account.c.id`: in an INSERT nothing is correlated, it would stand for any account's.
    this: ColumnElement[str] = literal_column("account.id")
    linked = select(link.c.id).where(link.c.account == this, LINK_IS_ACTIVE).exists()
    return row.on_conflict_do_update(
        index_elements=[account.c.platform_user],
        set_={
            "label": row.excluded.label,
            "plan": row.excluded.plan,
            "state": row.excluded.state,
            # Who comes back after an unlink begins anew: what happened meanwhile is not told.
            "created_at": case((linked, account.c.created_at), else_=row.excluded.created_at),
        },
    ).returning(account)


def _make_link(
    connection: Connection, link_id: str, account_id: AccountId, attempt: AnyRow, now: datetime
) -> Link:
    invalidate(connection)
    connection.execute(
        insert(link),
        {
            "id": link_id,
            "account": account_id,
            "endpoint": attempt.endpoint,
            "person": attempt.person,
            "role": attempt.role,
            "epoch": 1,
            "state": LinkState.ACTIVE,
            "preferences": encode_preferences(Preferences()),
            "linked_at": now,
        },
    )
    may_change(connection, endpoint.c.id == attempt.endpoint)
    return link_of(connection.execute(select_active_links().where(link.c.id == link_id)).one())


def _link_at(connection: Connection, endpoint_id: str) -> Link | None:
    active = select_active_links().where(endpoint.c.id == endpoint_id)
    row = connection.execute(active).one_or_none()
    return None if row is None else link_of(row)
