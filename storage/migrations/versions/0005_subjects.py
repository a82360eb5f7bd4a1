"""Which bot an item is of, so that urgent ones of the same can be told together.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("subject", sa.Text(), nullable=False, server_default=""))
