"""What goes wrong and somebody must see, and who is told of it until then.

Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0020"
down_revision = "0019"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("account", sa.Column("chain", sa.JSON(), nullable=True))
    op.create_table(
        "incident",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.Column("held_until", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_incident_account"),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    unsolved, due = sa.text("ended_at IS NULL"), sa.text("due_at IS NOT NULL")
    op.create_index(
        "uq_incident_unsolved",
        "incident",
        ["account", "key"],
        unique=True,
        sqlite_where=unsolved,
        postgresql_where=unsolved,
    )
    op.create_index("ix_incident_account", "incident", ["account", "state"])
    op.create_index(
        "ix_incident_due", "incident", ["due_at"], sqlite_where=due, postgresql_where=due
    )
    op.create_table(
        "incident_fact",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("incident", _SERIAL, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_incident_fact_account"),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_incident_fact_incident"),
        sa.PrimaryKeyConstraint(
            *("account", "kind", "record", "revision", "incident"), name="pk_incident_fact"
        ),
    )
    op.create_index("ix_incident_fact_incident", "incident_fact", ["incident"])
