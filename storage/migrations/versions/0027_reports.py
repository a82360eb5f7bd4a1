"""Reports that come each day or week.

Revision ID: 0027
"""

import sqlalchemy as sa
from alembic import op

from storage.engine.types import Instant

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("link", sa.Column("report_due_at", Instant(), nullable=True))
    op.add_column("link", sa.Column("reports_told", sa.JSON(none_as_null=True), nullable=True))
    due = sa.text("report_due_at IS NOT NULL")
    op.create_index(
        "ix_link_report", "link", ["report_due_at"], sqlite_where=due, postgresql_where=due
    )
