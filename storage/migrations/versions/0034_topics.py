"""Topics of chats, one for each bot.

Revision ID: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column(
        "endpoint", sa.Column("topics", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_endpoint_topics",
        "endpoint",
        ["id"],
        sqlite_where=sa.text("topics"),
        postgresql_where=sa.text("topics"),
    )
    op.create_table(
        "topic",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("trader", sa.Text(), nullable=False),
        sa.Column("thread", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["endpoint.id"], name="fk_topic_endpoint"),
        sa.PrimaryKeyConstraint("endpoint", "trader", name="pk_topic"),
    )
    op.create_index("ix_topic_thread", "topic", ["thread"])
    op.add_column("delivery", sa.Column("topic", sa.Text(), nullable=True))
