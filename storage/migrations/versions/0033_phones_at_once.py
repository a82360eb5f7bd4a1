"""Phones hear an alert at once only where that is said: as it was, where somebody has said how it
goes on.

Revision ID: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"

_ACCOUNT = sa.table("account", sa.column("id", sa.Text()), sa.column("chain", sa.JSON()))

_AT_ONCE = {"after": 0, "to": "phone", "loud": False, "link": None}


def upgrade() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.select(_ACCOUNT.c.id, _ACCOUNT.c.chain)).all()
    for row in rows:
        chain = row.chain
        if chain and chain["on"] and any(step["to"] == "phone" for step in chain["steps"]):
            chosen = {**chain, "steps": [_AT_ONCE, *chain["steps"]]}
            changed = sa.update(_ACCOUNT).where(_ACCOUNT.c.id == row.id)
            connection.execute(changed.values(chain=chosen))
