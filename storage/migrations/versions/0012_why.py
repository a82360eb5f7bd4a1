"""To find how an alert was told: by its chat's link, its reference, or the message that shows it.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

SHOWN = "message IS NOT NULL"


def upgrade() -> None:
    op.create_index("ix_delivery_told", "delivery", ["link", "created_at", "reference"])
    condition = sa.text(SHOWN)
    op.create_index(
        "ix_delivery_message",
        "delivery",
        ["endpoint", "message"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
