"""Messages that show buttons, so that these go when they have ended.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "shown_card",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("actions", sa.Text(), nullable=False),
        sa.Column("card", sa.JSON(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.id"], name="fk_shown_card_endpoint"),
        sa.PrimaryKeyConstraint("endpoint", "message", name="pk_shown_card"),
    )
    op.create_index("ix_shown_card_due_at", "shown_card", ["due_at"])
