"""Visits to the settings page.

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Foreign, Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "visit",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("person", Foreign(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["link"], ["link.id"], name="fk_visit_link"),
        sa.PrimaryKeyConstraint("code_hash", name="pk_visit"),
        sa.UniqueConstraint("secret_hash", name="uq_visit_secret_hash"),
    )
    op.create_index("ix_visit_link", "visit", ["link"])
