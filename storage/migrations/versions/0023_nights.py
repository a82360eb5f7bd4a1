"""Nights that are told each morning.

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("link", sa.Column("night_due_at", Instant(), nullable=True))
    op.add_column("link", sa.Column("night_of", sa.Text(), nullable=True))
    due = sa.text("night_due_at IS NOT NULL")
    op.create_index(
        "ix_link_night", "link", ["night_due_at"], sqlite_where=due, postgresql_where=due
    )
