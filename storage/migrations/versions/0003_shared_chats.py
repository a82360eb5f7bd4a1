"""What a shared chat is called, and who reads along there.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table, column in (("endpoint", "name"), ("attempt", "readers")):
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
