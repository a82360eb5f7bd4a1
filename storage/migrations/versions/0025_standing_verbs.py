"""Standing orders that only end a bot's new trades.

Revision ID: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    for table in ("standing_order", "standing_deed"):
        op.add_column(table, sa.Column("verb", sa.Text(), nullable=False, server_default="pause"))
