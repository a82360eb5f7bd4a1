"""The last answers of the platform.

Revision ID: 0036
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.create_table(
        "answer",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_answer_account"),
        sa.PrimaryKeyConstraint("account", "question", name="pk_answer"),
    )
