"""Prices that a person wants to be rung for.

Revision ID: 0026
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Exact, Instant

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "price_alert",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("amount", Exact(), nullable=False),
        sa.Column("within", sa.Integer(), nullable=True),
        sa.Column("repeats", sa.Boolean(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column("seen", Exact(), nullable=True),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_price_alert_account"),
        sa.PrimaryKeyConstraint("id", name="pk_price_alert"),
    )
    op.create_index("ix_price_alert_account", "price_alert", ["account"])
