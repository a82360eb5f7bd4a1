"""How each alert was decided to be told, and alerts that wait for a digest.

Revision ID: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MISSED = "state IN ('cancelled', 'coalesced', 'dead', 'expired', 'gathered', 'held')"
GATHERED = "state IN ('gathered')"


def upgrade() -> None:
    for name in ("decision", "matter"):
        op.add_column("delivery", sa.Column(name, sa.JSON(), nullable=True))
    op.drop_index("ix_delivery_missed", "delivery")
    _index("ix_delivery_missed", ["endpoint", "ended_at"], MISSED)
    _index("ix_delivery_gathered", ["endpoint", "not_before"], GATHERED)


def _index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "delivery", columns, sqlite_where=condition, postgresql_where=condition)
