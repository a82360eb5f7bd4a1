"""Partners, who see an account without a login to it, and what invites them.

Revision ID: 0032
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("link", sa.Column("partner", sa.JSON(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("partner", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_invitation_account"),
        sa.ForeignKeyConstraint(["host"], ["link.id"], name="fk_invitation_host"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("code_hash", name="uq_invitation_code_hash"),
    )
    op.create_index("ix_invitation_account", "invitation", ["account"])
    op.create_index("ix_invitation_host", "invitation", ["host"])
