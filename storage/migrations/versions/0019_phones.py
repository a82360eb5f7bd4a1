"""Phones that a push service rings.

Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "phone",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("details", sa.Boolean(), nullable=False),
        sa.Column("updates", sa.Boolean(), nullable=True),
        sa.Column("digits_hash", sa.Text(), nullable=True),
        sa.Column("digits_until", Instant(), nullable=True),
        sa.Column("digits_tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.id"], name="fk_phone_endpoint"),
        sa.ForeignKeyConstraint(["host"], ["link.id"], name="fk_phone_host"),
        sa.PrimaryKeyConstraint("endpoint", name="pk_phone"),
    )
    op.create_index("ix_phone_host", "phone", ["host"])
