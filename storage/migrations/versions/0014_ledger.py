"""What the accounts' trades came to.

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Exact, Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "ledger",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("as_of", Instant(), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("trader", sa.Text(), nullable=True),
        sa.Column("pair", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=True),
        sa.Column("amount", Exact(), nullable=True),
        sa.Column("price", Exact(), nullable=True),
        sa.Column("fee", Exact(), nullable=True),
        sa.Column("fee_currency", sa.Text(), nullable=True),
        sa.Column("result", Exact(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ratio", Exact(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("paper", sa.Boolean(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_ledger_account"),
        sa.PrimaryKeyConstraint("account", "record", name="pk_ledger"),
    )
    op.create_index("ix_ledger_account_at", "ledger", ["account", "at"])
