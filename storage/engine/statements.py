"""Statements that every event waits for, compiled once; and those that are read as SQL."""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from textwrap import dedent
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Insert,
    Select,
    TextClause,
    TextualSelect,
    Update,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from storage.engine.database import raw_of

Core = Select[*tuple[Any, ...]] | Insert | Update | Delete | TextClause | TextualSelect
Values = Mapping[str, Any]

Row = Any
"""A tuple with the columns' names as attributes."""

Process = Callable[[Any], Any]


class Statement:
    """A statement with bound values, run again and again.

    On SQLite the driver is given the compiled text: of the time that an event waits for the store,
    most would else go into preparing and wrapping each execution anew. On PostgreSQL, where the way
    to the server takes longer than that, it is executed as any other.

    Args:
        build: gives the statement for a dialect.
        keys: the columns that an INSERT fills.
    """

    def __init__(self, build: Callable[[str], Core], *keys: str) -> None:
        self._built = cache(build)
        self._keys = keys
        self._direct: _Direct | None = None

    def rows(self, connection: Connection, values: Values) -> list[Row]:
        """All rows that it gives."""
        if connection.dialect.name != "sqlite":
            return list(connection.execute(self._built(connection.dialect.name), values))
        direct = self._for(connection.dialect)
        found = raw_of(connection).driver.execute(direct.text, direct.bound(values))
        return direct.rows(found.fetchall())

    def columns(self, connection: Connection, values: Values) -> list[Sequence[Any]]:
        """All rows, as a sequence for each column: thousands of rows are read in half the time."""
        if connection.dialect.name != "sqlite":
            found = connection.execute(self._built(connection.dialect.name), values)
            return _turned(found.all(), len(found.keys()))
        direct = self._for(connection.dialect)
        driven = raw_of(connection).driver.execute(direct.text, direct.bound(values))
        return [list(column) for column in direct.columns(driven.fetchall())]

    def run(self, connection: Connection, *values: Values) -> int:
        """Do it for each of these; gives how many rows that changed in all."""
        if not values:
            return 0
        if connection.dialect.name != "sqlite":
            return connection.execute(self._built(connection.dialect.name), values).rowcount
        direct = self._for(connection.dialect)
        if len(values) == 1:
            done = raw_of(connection).driver.execute(direct.text, direct.bound(values[0]))
        else:
            done = raw_of(connection).driver.executemany(direct.text, map(direct.bound, values))
        return int(done.rowcount)

    def _for(self, dialect: Dialect) -> "_Direct":
        if self._direct is None:
            self._direct = _Direct(self._built(dialect.name), self._keys, dialect)
        return self._direct


class _Direct:
    """What the driver is given, and what becomes of what it gives back."""

    def __init__(self, statement: Core, keys: Sequence[str], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(keys) or None)
        self.text = str(compiled)
        names = compiled.positiontup
        self._names = [(name, compiled.params[name]) for name in names]
        self._binds = _converting(
            compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
            for name in names
        )
        columns = () if isinstance(statement, TextClause) else list(statement.exported_columns)
        self._width = len(columns)
        make = namedtuple("Row", [str(column.key) for column in columns])  # type: ignore[misc]
        self._make: Process = make._make
        self._reads = _converting(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        )

    def bound(self, values: Values) -> list[Any]:
        bound = [values.get(name, otherwise) for name, otherwise in self._names]
        for place, convert in self._binds:
            bound[place] = convert(bound[place])
        return bound

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Row]:
        """Converted column by column: of many rows that takes half the time."""
        if not found:
            return []
        return list(map(self._make, zip(*self.columns(found), strict=True)))

    def columns(self, found: Sequence[Sequence[Any]]) -> list[Iterable[Any]]:
        columns: list[Iterable[Any]] = [*_turned(found, self._width)]
        for place, convert in self._reads:
            columns[place] = map(convert, columns[place])
        return columns


def _turned(rows: Sequence[Sequence[Any]], width: int) -> list[Sequence[Any]]:
    """Rows as columns, of which there are as many if there is no row."""
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _converting(processes: Iterable[Process | None]) -> list[tuple[int, Process]]:
    """Where in a row a value has to be converted, and how."""
    return [(place, process) for place, process in enumerate(processes) if process is not None]


def among(
    column: ColumnElement[Any], name: str, kind: TypeEngine[Any], dialect: str
) -> ColumnElement[bool]:
    """Whether a column is one of the values bound to a name, in a text that is always the same.

    An ordinary IN has as many places as there are values.
    """
    if dialect == "sqlite":
        values = func.json_each(bindparam(name, type_=JSON())).table_valued("value")
        return column.in_(select(values.c.value))
    return column == func.any(bindparam(name, type_=ARRAY(kind)))


def sql(
    words: str, gives: Sequence[ColumnElement[Any]] = (), **values: TypeEngine[Any]
) -> TextClause | TextualSelect:
    """A statement that is written as SQL.

    Args:
        gives: the columns of its rows, in their order.
        values: of which types those are that are bound, by their names.
    """
    binds = [bindparam(name, type_=type) for name, type in values.items()]
    statement = text(dedent(words).strip()).bindparams(*binds)
    return statement.columns(*gives) if gives else statement


def is_among(column: str, name: str, dialect: str) -> str:
    """`among`, in such a statement: for values that are bound as `several`."""
    if dialect == "sqlite":
        return f"{column} IN (SELECT value FROM json_each(:{name}))"
    return f"{column} = ANY (:{name})"


def several(kind: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    return JSON() if dialect == "sqlite" else ARRAY(kind)
