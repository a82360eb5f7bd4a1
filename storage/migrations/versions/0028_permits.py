"""What the platform was found to let accounts do.

Revision ID: 0028
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "permit",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("templates", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_permit_account"),
        sa.PrimaryKeyConstraint("account", "command", name="pk_permit"),
    )
