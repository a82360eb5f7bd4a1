"""Logins that prove once more who somebody is.

Revision ID: 0035
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("proves", sa.Text(), nullable=True))
    op.add_column("attempt", sa.Column("deed", sa.Text(), nullable=False, server_default=""))
    op.add_column("attempt", sa.Column("proven_at", Instant(), nullable=True))
