"""Price alerts, and what each has seen so far."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection, delete, func, select, update

from bot.domain.ids import AccountId
from bot.domain.price_alerts import MOST_ALERTS, PriceAlert, PriceSeen, Span
from storage.engine.database import Database, each
from storage.engine.upsert import insert_into
from storage.schema.rows import AnyRow
from storage.schema.tables import price_alert


class SqlPriceAlerts:
    """Implements `bot.ports.PriceAlerts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def make(self, alert: PriceAlert) -> bool:
        return await self._database.write(_make, alert)

    async def remove(self, account: AccountId, alert: str) -> bool:
        return await self._database.write(_remove, (account, alert))

    async def of(self, account: AccountId) -> Sequence[PriceAlert]:
        return await self._database.read(_of, account)

    async def keep(self, alerts: Sequence[PriceAlert]) -> None:
        if alerts:
            await self._database.write(_keep, alerts)


def ring(connection: Connection, alert: PriceAlert) -> bool:
    """It has rung, and stays only if it repeats; false if it is gone, or had rung so often."""
    before = (price_alert.c.id == alert.id, price_alert.c.rung == alert.rung - 1)
    if alert.repeats:
        changed = update(price_alert).where(*before).values(rung=alert.rung, **_state(alert))
        return bool(connection.execute(changed).rowcount)
    return bool(connection.execute(delete(price_alert).where(*before)).rowcount)


@each
def _make(connection: Connection, alert: PriceAlert) -> bool:
    theirs = select(func.count()).where(price_alert.c.account == alert.account)
    if connection.execute(theirs).scalar_one() >= MOST_ALERTS:
        return False
    row = insert_into(price_alert, connection.dialect.name).values(
        id=alert.id,
        account=alert.account,
        pair=alert.pair,
        what=alert.what,
        amount=alert.amount,
        within=None if alert.within is None else int(alert.within.total_seconds()),
        repeats=alert.repeats,
        made_at=alert.made_at,
        rung=alert.rung,
        **_state(alert),
    )
    connection.execute(row.on_conflict_do_nothing())
    return True


@each
def _remove(connection: Connection, request: tuple[AccountId, str]) -> bool:
    account_id, alert_id = request
    gone = delete(price_alert).where(
        price_alert.c.account == account_id, price_alert.c.id == alert_id
    )
    return bool(connection.execute(gone).rowcount)


@each
def _keep(connection: Connection, alerts: Sequence[PriceAlert]) -> None:
    for one in alerts:
        same = (price_alert.c.id == one.id, price_alert.c.rung == one.rung)
        connection.execute(update(price_alert).where(*same).values(**_state(one)))


def _state(alert: PriceAlert) -> dict[str, object]:
    """What moves with the price."""
    seen = alert.seen
    return {
        "armed": alert.armed,
        "seen": None if seen is None else seen.price,
        "seen_at": None if seen is None else seen.at,
        "spans": [[*_written(low), *_written(high)] for low, high in alert.spans],
    }


def _written(seen: PriceSeen) -> tuple[str, str]:
    return str(seen.price), seen.at.isoformat()


def _read(price: str, at: str) -> PriceSeen:
    return PriceSeen(Decimal(price), datetime.fromisoformat(at))


def _of(connection: Connection, account_id: AccountId) -> Sequence[PriceAlert]:
    rows = connection.execute(
        select(price_alert)
        .where(price_alert.c.account == account_id)
        .order_by(price_alert.c.made_at, price_alert.c.id)
    )
    return [_alert_of(row) for row in rows]


def _alert_of(row: AnyRow) -> PriceAlert:
    return PriceAlert(
        id=row.id,
        account=AccountId(row.account),
        pair=row.pair,
        what=row.what,
        amount=row.amount,
        within=None if row.within is None else timedelta(seconds=row.within),
        repeats=row.repeats,
        made_at=row.made_at,
        rung=row.rung,
        armed=row.armed,
        seen=None if row.seen is None else PriceSeen(row.seen, row.seen_at),
        spans=tuple(
            Span(_read(low, low_at), _read(high, high_at))
            for low, low_at, high, high_at in row.spans
        ),
    )
