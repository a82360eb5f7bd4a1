"""When each person is on watch, and who stands in.

Revision ID: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "watch",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=True),
        sa.Column("second", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_watch_account"),
        sa.PrimaryKeyConstraint("account", "person", name="pk_watch"),
    )
