"""Who has seen an alert.

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("delivery", sa.Column("seen", sa.Text(), nullable=True))
    op.create_table(
        "sighting",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_sighting_account"),
        sa.PrimaryKeyConstraint(
            *("account", "kind", "record", "revision", "channel", "person"), name="pk_sighting"
        ),
    )
    op.create_index("ix_sighting_at", "sighting", ["at"])
