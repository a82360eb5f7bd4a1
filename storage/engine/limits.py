"""How long a database may take, and how far what it writes may run ahead."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What each sort of database is held to; the other does not ask for it."""

    connect: timedelta = timedelta(seconds=10)
    statement: timedelta = timedelta(seconds=30)
    """A PostgreSQL server that does not answer must look like one that is away."""
    busy: timedelta = timedelta(seconds=5)
    """How long to wait for another program that looks into the SQLite file (a backup, the sqlite3
    shell).
    """
    quick: timedelta = timedelta(milliseconds=5)
    """SQLite's statements that take longer than this must not hold up the event loop again."""
    quick_each: timedelta = timedelta(milliseconds=1)
    """So much more for each request."""
    apart: timedelta = timedelta(seconds=1)
    """How long the writer's thread then runs the statements too."""
    quick_flush: timedelta = timedelta(milliseconds=1)
    """After a commit of SQLite that took longer the next one does not hold up the event loop."""
    checkpoint_after: int = 1000
    """Transactions after which SQLite's log is copied into the database file: some thousand pages.
    While that reaches the disk a commit takes ten times as long, so it is done seldom.
    """
    longest_log: int = 20_000
    """Pages (80 MB) above which the next transaction waits until all of the log is copied: only
    then is it written over, and without a pause that never comes about by itself.
    """
