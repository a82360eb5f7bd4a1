"""Visits that are inboxes, with a link of their own.

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    purpose = sa.Column("purpose", sa.Text(), nullable=False, server_default="settings")
    op.add_column("visit", purpose)
    op.add_column("visit", sa.Column("host", sa.Text(), nullable=True))
    op.create_index("ix_visit_host", "visit", ["host"])
