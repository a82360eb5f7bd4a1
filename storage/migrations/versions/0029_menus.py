"""Menus of commands that single chats have.

Revision ID: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("endpoint", sa.Column("menu", sa.Text(), nullable=True))
    op.add_column(
        "endpoint", sa.Column("menu_mark", sa.Integer(), server_default="0", nullable=False)
    )
    due = sa.text("menu_mark > 0")
    op.create_index("ix_endpoint_menu", "endpoint", ["id"], sqlite_where=due, postgresql_where=due)
