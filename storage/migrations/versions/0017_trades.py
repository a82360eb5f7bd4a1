"""Which trade an alert is of, and how far that has come: told in one message.

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

OF_A_TRADE = "trade IS NOT NULL"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("trade", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("step", sa.Text(), nullable=True))
    condition = sa.text(OF_A_TRADE)
    op.create_index(
        "ix_delivery_trade",
        "delivery",
        ["link", "trade"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
