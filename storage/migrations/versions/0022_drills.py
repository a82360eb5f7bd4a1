"""Rehearsals of a critical alert, and when it was last seen that alerts are seen, chat by chat.

Revision ID: 0022
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0022"
down_revision = "0021"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("account", sa.Column("drilled_at", Instant(), nullable=True))
    op.add_column("account", sa.Column("rehearse_at", Instant(), nullable=True))
    op.add_column(
        "account",
        sa.Column("rehearses", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.add_column("link", sa.Column("proven_at", Instant(), nullable=True))
    op.create_table(
        "drill",
        sa.Column("incident", _SERIAL, nullable=False, autoincrement=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("at_once", sa.Boolean(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_drill_account"),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_drill_incident"),
        sa.PrimaryKeyConstraint("incident", name="pk_drill"),
    )
    op.create_index("ix_drill_account", "drill", ["account"])
    goes_on = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_drill_until", "drill", ["until"], sqlite_where=goes_on, postgresql_where=goes_on
    )
    op.create_table(
        "drill_seen",
        sa.Column("incident", _SERIAL, nullable=False, autoincrement=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["account.id"], name="fk_drill_seen_account"),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name="fk_drill_seen_incident"),
        sa.PrimaryKeyConstraint("incident", "link", name="pk_drill_seen"),
    )
    op.create_index("ix_drill_seen_account", "drill_seen", ["account"])
    # A phone's code was typed: so it has been seen there.
    op.execute(
        "UPDATE link SET proven_at = linked_at"
        " WHERE endpoint IN (SELECT id FROM endpoint WHERE channel = 'push')"
    )
    # Which of an account's chats on a platform it was is not kept: it must have been this one's
    # person, where nobody else reads it. Visitors of the page are kept under another name.
    op.execute(
        "UPDATE link SET proven_at = COALESCE(("
        "SELECT MAX(sighting.at) FROM sighting, endpoint"
        " WHERE endpoint.id = link.endpoint AND sighting.channel = endpoint.channel"
        " AND sighting.account = link.account AND sighting.at >= link.linked_at"
        " AND (sighting.person = link.person OR NOT endpoint.private OR endpoint.channel = 'web')"
        "), proven_at)"
    )
