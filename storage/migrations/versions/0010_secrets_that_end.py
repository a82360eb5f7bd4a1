"""Secrets that are worth something for a while only.

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("secret", sa.Column("until", Instant(), nullable=True))
