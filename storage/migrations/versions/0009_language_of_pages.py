"""The language in which a chat was given the address of the link page.

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("language", sa.Text(), nullable=False, server_default="en"))
