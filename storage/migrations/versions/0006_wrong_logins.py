"""Wrong logins of late, so that a restart forgets none.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "wrong_login",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_login"),
    )
    op.create_index("ix_wrong_login_at", "wrong_login", ["at"])
