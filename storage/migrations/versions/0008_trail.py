"""An audit trail of which account and facts can be erased without breaking its chain.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

APPEND_ONLY = {
    "sqlite": (
        "DROP TRIGGER audit_no_update",
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit"
        " WHEN NOT (NEW.account IS NULL AND NEW.facts = '{}' AND NEW.salt IS NULL"
        " AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.what = OLD.what"
        " AND NEW.digest IS OLD.digest AND NEW.previous = OLD.previous AND NEW.hash = OLD.hash)"
        " BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": (
        "DROP TRIGGER audit_append_only ON audit",
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN"
        " IF TG_OP = 'UPDATE' THEN"
        " IF NEW.account IS NULL AND NEW.facts::text = '{}' AND NEW.salt IS NULL"
        " AND (NEW.id, NEW.at, NEW.what, NEW.previous, NEW.hash)"
        " = (OLD.id, OLD.at, OLD.what, OLD.previous, OLD.hash)"
        " AND NEW.digest IS NOT DISTINCT FROM OLD.digest THEN RETURN NEW; END IF;"
        " END IF; RAISE EXCEPTION 'audit is append-only'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit"
        " FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ),
}


def upgrade() -> None:
    op.add_column("audit", sa.Column("salt", sa.Text()))
    op.add_column("audit", sa.Column("digest", sa.Text()))
    of_one = sa.text("account IS NOT NULL")
    op.create_index(
        "ix_audit_account",
        "audit",
        ["account", "id"],
        sqlite_where=of_one,
        postgresql_where=of_one,
    )
    for statement in APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)
