"""What may be done beforehand if nobody sees something, and what was.

Revision ID: 0024
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0024"
down_revision = "0023"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "standing_order",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("causes", sa.JSON(), nullable=False),
        sa.Column("bots", sa.JSON(), nullable=False),
        sa.Column("every", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("suspended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_standing_order_account"),
        sa.PrimaryKeyConstraint("id", name="pk_standing_order"),
    )
    op.create_index("ix_standing_order_account", "standing_order", ["account"])
    op.create_table(
        "standing_deed",
        sa.Column("incident", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("standing_order", sa.Text(), nullable=False),
        sa.Column("bot", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("told_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_standing_deed_account"),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_standing_deed_incident"),
        sa.PrimaryKeyConstraint("incident", name="pk_standing_deed"),
    )
    op.create_index("ix_standing_deed_account", "standing_deed", ["account"])
    untold = sa.text("told_at IS NULL")
    op.create_index(
        "ix_standing_deed_untold",
        "standing_deed",
        ["begun_at"],
        sqlite_where=untold,
        postgresql_where=untold,
    )
