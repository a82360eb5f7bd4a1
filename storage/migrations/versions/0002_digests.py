"""Items that a digest tells of, and items that have waited long enough to go first.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

PENDING = "state IN ('ready', 'sending', 'unknown')"
MISSED = "state IN ('cancelled', 'coalesced', 'dead', 'expired', 'held')"


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    rank = sa.Column("rank", sa.SmallInteger(), nullable=False, server_default="1")
    op.add_column("delivery", rank)
    op.add_column("delivery", sa.Column("digest", serial, nullable=True))
    op.execute("UPDATE delivery SET rank = priority")
    for name in ("ix_delivery_lane", "ix_delivery_missed"):
        op.drop_index(name, "delivery")
    _index("ix_delivery_lane", ["endpoint", "rank", "occurred_at", "id"], PENDING)
    _index("ix_delivery_missed", ["endpoint", "ended_at"], MISSED)
    _index("ix_delivery_digest", ["digest"], "digest IS NOT NULL")


def _index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "delivery", columns, sqlite_where=condition, postgresql_where=condition)
