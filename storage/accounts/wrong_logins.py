"""Wrong logins of late. Who was guessed, and from where, stands there only as a keyed hash."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot.domain.wrong_logins import (
    WINDOW,
    Counted,
    Failures,
    first_wait,
    one_more,
    still_counts,
    wait_for_login,
)
from storage.engine.upsert import insert_into
from storage.schema.tables import wrong_login
from storage.vault import Vault

Keys = Mapping[Counted, str]


def login_keys(vault: Vault, account: str, source: str) -> Keys:
    """Under what the logins of this account from this source are counted."""
    parts = {
        Counted.PAIR: (account, source),
        Counted.ACCOUNT: (account,),
        Counted.SOURCE: (source,),
        Counted.ALL: (),
    }
    return {sort: vault.login_hash(sort, *names) for sort, names in parts.items()}


def begin_login(connection: Connection, keys: Keys, now: datetime) -> timedelta:
    """Count a login as wrong before it is tried; or gives how long it has to wait, and counts
    nothing.
    """
    lately = _lately(connection, keys, now)
    wait = wait_for_login(lately, now)
    if not wait:
        for sort in Counted:
            _keep(connection, keys[sort], one_more(lately.get(sort), now))
    elif Counted.PAIR not in lately:
        _keep(connection, keys[Counted.PAIR], first_wait(now))
    return wait


def forgive_login(connection: Connection, keys: Keys, *, right: bool) -> None:
    """It was not wrong after all; if it was `right`, its pair begins anew."""
    _locked(connection, keys)
    counted = wrong_login.c.id.in_(keys.values()) & (wrong_login.c.failures > 0)
    connection.execute(
        update(wrong_login).where(counted).values(failures=wrong_login.c.failures - 1)
    )
    if right:
        connection.execute(delete(wrong_login).where(wrong_login.c.id == keys[Counted.PAIR]))


def prune_logins(connection: Connection, now: datetime) -> None:
    connection.execute(delete(wrong_login).where(wrong_login.c.at <= now - WINDOW))


def _lately(connection: Connection, keys: Keys, now: datetime) -> dict[Counted, Failures]:
    found = _locked(connection, keys)
    return {
        sort: found[key]
        for sort, key in keys.items()
        if key in found and still_counts(sort, found[key], now)
    }


def _locked(connection: Connection, keys: Keys) -> dict[str, Failures]:
    """One after the other: two tries at once must not count as one. In one order, so that none
    waits for another that waits for it.
    """
    rows = connection.execute(
        select(wrong_login)
        .where(wrong_login.c.id.in_(keys.values()))
        .order_by(wrong_login.c.id)
        .with_for_update()
    )
    return {row.id: Failures(row.failures, row.since, row.at) for row in rows}


def _keep(connection: Connection, key: str, failures: Failures) -> None:
    row = {"id": key, "failures": failures.count, "since": failures.since, "at": failures.at}
    connection.execute(_keeping(connection.dialect.name), row)


@cache
def _keeping(dialect: str) -> Any:
    row = insert_into(wrong_login, dialect)
    return row.on_conflict_do_update(
        index_elements=[wrong_login.c.id],
        set_={name: row.excluded[name] for name in ("failures", "since", "at")},
    )
