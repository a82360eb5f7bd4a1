"""A group is linked by digits that are typed in a private chat.

Revision ID: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("digits_in", sa.Text(), nullable=True))
    op.create_index("ix_attempt_digits_in", "attempt", ["digits_in"])
