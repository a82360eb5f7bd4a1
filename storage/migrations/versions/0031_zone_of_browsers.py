"""The time zone that the browser names in which somebody logs in.

Revision ID: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("zone", sa.Text(), nullable=False, server_default=""))
