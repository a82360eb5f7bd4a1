"""Alerts whose offers are answered, and the messages that must be changed then.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0004"
down_revision = "0003"

OFFERS = "about IS NOT NULL AND answer IS NULL"
TO_AMEND = "state IN ('sent') AND amend_at IS NOT NULL"
OPEN_OFFER = "state = 'open' AND person IS NULL"


def upgrade() -> None:
    for name, kind in (
        ("about", sa.Text()),
        ("answer", sa.Text()),
        ("answered_at", Instant()),
        ("amend_at", Instant()),
        ("mentioned", sa.Integer()),
    ):
        op.add_column("delivery", sa.Column(name, kind, nullable=True))
    _index("ix_delivery_offer", "delivery", ["account", "about", "created_at"], OFFERS)
    _index("ix_delivery_amend", "delivery", ["amend_at"], TO_AMEND)
    _index("ix_action_offer", "action", ["account", "arguments"], OPEN_OFFER)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
