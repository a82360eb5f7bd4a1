"""Alerts that are told within an earlier one's message.

Revision ID: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

OF_A_SERIES = "series IS NOT NULL"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("series", sa.Text(), nullable=True))
    op.add_column("delivery", sa.Column("untold", sa.Integer(), nullable=True))
    condition = sa.text(OF_A_SERIES)
    op.create_index(
        "ix_delivery_series",
        "delivery",
        ["endpoint", "series", "occurred_at"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
