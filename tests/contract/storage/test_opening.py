"""Opening: what is wrong with a database is said in one sentence that names the cure."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from bot.errors import Misconfigured
from storage import inspect, migrate, open_store
from storage.schema.versions import newest
from tests.contract.storage.given import NOW, linked, told
from tests.harness.databases import execute

KEY = Fernet.generate_key().decode()
PASSWORD = "correct-horse"


async def refusal(url: str, *keys: str, migrate: bool = True) -> str:
    """Why this database cannot be opened."""
    with pytest.raises(Misconfigured) as refused:
        async with open_store(url, keys or [KEY], lambda: NOW, lambda: "id", migrate=migrate):
            pass
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "url", ["mysql://a:b@c/d", "nonsense", "", f"://user:{PASSWORD}@host", "sqlite"]
)
async def test_an_address_that_is_none_is_refused(url: str):
    reason = await refusal(url)

    assert "TRADEBELL_DATABASE_URL" in reason
    assert PASSWORD not in reason


@pytest.mark.parametrize("key", ["", "short", "x" * 44])
async def test_a_key_that_is_none_is_refused(tmp_path: Path, key: str):
    reason = await refusal(f"sqlite:///{tmp_path}/a.db", key)

    assert "TRADEBELL_SECRET_KEY" in reason
    assert not key or key not in reason


async def test_no_key_at_all_is_refused(tmp_path: Path):
    with pytest.raises(Misconfigured, match="TRADEBELL_SECRET_KEY"):
        async with open_store(f"sqlite:///{tmp_path}/a.db", [], lambda: NOW, lambda: "id"):
            pass


# --- files --------------------------------------------------------------------------------


async def test_a_file_and_its_folder_are_made_for_its_owner_alone(tmp_path: Path):
    path = tmp_path / "new" / "folder" / "tradebell.db"

    async with open_store(f"sqlite+aiosqlite:///{path}", [KEY], lambda: NOW, lambda: "id"):
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {0o600}


async def test_a_file_is_open_to_one_process_at_a_time(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tradebell.db"

    async with open_store(url, [KEY], lambda: NOW, lambda: "id"):
        reason = await refusal(url)
    async with open_store(url, [KEY], lambda: NOW, lambda: "id"):
        pass

    assert "Another Tradebell" in reason
    assert "TRADEBELL_DATABASE_URL" in reason
    assert "TRADEBELL_DATA_DIR" in reason


@pytest.mark.fault(79)
@pytest.mark.parametrize("link", [os.link, os.symlink])
async def test_a_file_is_open_once_by_whatever_name(tmp_path: Path, link):
    path, other = tmp_path / "tradebell.db", tmp_path / "elsewhere" / "other.db"
    path.touch()
    other.parent.mkdir()
    link(path, other)

    async with open_store(f"sqlite:///{path}", [KEY], lambda: NOW, lambda: "id"):
        reason = await refusal(f"sqlite:///{other}")

    assert "Another Tradebell" in reason


@pytest.mark.fault(79)
async def test_a_file_that_loses_its_name_or_gives_it_to_another_is_noticed(tmp_path: Path):
    path = tmp_path / "tradebell.db"
    async with open_store(f"sqlite:///{path}", [KEY], lambda: NOW, lambda: "id") as store:
        before = store.database.trouble()
        path.rename(tmp_path / "kept.db")
        gone = store.database.trouble()
        path.write_bytes(b"")
        replaced = store.database.trouble()
        await store.audit.note("still written", NOW)
        (tmp_path / "kept.db").replace(path)
        after = store.database.trouble()

    assert (before, after) == (None, None)
    assert gone is not None
    assert "not there any more" in gone.words
    assert replaced is not None
    assert "replaced" in replaced.words
    assert str(path) in replaced.words


@pytest.mark.fault(79)
@pytest.mark.parametrize("left", [0, 5000])
async def test_a_file_that_is_emptied_or_cut_short_is_noticed_whatever_is_written_since(
    tmp_path: Path, left: int
):
    path = tmp_path / "tradebell.db"
    async with open_store(f"sqlite:///{path}", [KEY], lambda: NOW, lambda: "id"):
        pass
    async with open_store(f"sqlite:///{path}", [KEY], lambda: NOW, lambda: "id") as store:
        whole, before = path.stat().st_size, store.database.trouble()
        os.truncate(path, left)
        cut = store.database.trouble()
        os.truncate(path, whole)
        after = store.database.trouble()

    assert before is None
    assert cut is not None
    assert "cut short" in cut.words
    assert after == cut


@pytest.mark.fault(79)
async def test_a_damaged_schema_is_refused_with_the_cure(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tradebell.db"
    async with open_store(url, [KEY], lambda: NOW, lambda: "id"):
        pass
    with closing(sqlite3.connect(tmp_path / "tradebell.db")) as broken:
        broken.execute("PRAGMA writable_schema=ON")
        broken.execute("UPDATE sqlite_master SET sql = 'CREATE TABEL oops' WHERE name = 'inbox'")
        broken.commit()

    reason = await refusal(url)

    assert "put a backup in its place" in reason


@pytest.mark.fault(79)
async def test_a_table_that_somebody_dropped_is_missed_at_once(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tradebell.db"
    async with open_store(url, [KEY], lambda: NOW, lambda: "id"):
        pass
    with closing(sqlite3.connect(tmp_path / "tradebell.db")) as broken:
        broken.execute("DROP TABLE quarantine")
        broken.commit()

    reason = await refusal(url)

    assert "has lost quarantine: put a backup in its place" in reason
    with pytest.raises(Misconfigured, match="has lost quarantine"):
        await inspect(url, [KEY])


@pytest.mark.fault(79)
async def test_a_table_that_is_gone_on_postgresql_is_missed_too(postgres_without_tables: str):
    await migrate(postgres_without_tables)
    await execute(postgres_without_tables, "DROP TABLE quarantine")

    reason = await refusal(postgres_without_tables)
    await execute(postgres_without_tables, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    assert "has lost quarantine" in reason


async def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()

    reason = await refusal(f"sqlite:///{tmp_path}/file/tradebell.db")

    assert "TRADEBELL_DATA_DIR" in reason


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)

    reason = await refusal(f"sqlite:///{path}")

    assert "not a database" in reason
    assert path.read_text().startswith("Dear Sir")


async def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE link (whatever)")  # one that comes late among ours

    reason = await refusal(f"sqlite:///{path}")

    assert "TRADEBELL_DATABASE_URL" in reason
    with closing(sqlite3.connect(path)) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("link",)]


async def test_a_newer_database_is_refused(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/tradebell.db"
    await migrate(url)
    with closing(sqlite3.connect(tmp_path / "tradebell.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    for reason in (await refusal(url), await refused_look(url)):
        assert "newer version" in reason
        assert "9999" in reason


# --- servers ------------------------------------------------------------------------------


async def test_a_server_that_is_not_there_is_refused_without_its_password():
    async with asyncio.timeout(20):
        reason = await refusal(f"postgresql://user:{PASSWORD}@127.0.0.1:1/tradebell")

    assert "127.0.0.1:1" in reason
    assert "TRADEBELL_DATABASE_URL" in reason
    assert PASSWORD not in reason


async def test_a_database_that_is_not_there_is_refused(postgres_without_rows: str):
    url = make_url(postgres_without_rows).set(database="absent", password=PASSWORD)

    reason = await refusal(url.render_as_string(hide_password=False))

    assert '"absent" does not exist' in reason
    assert PASSWORD not in reason


async def test_tables_are_made_only_by_who_may(postgres_without_tables: str):
    reason = await refusal(postgres_without_tables, migrate=False)
    await migrate(postgres_without_tables)
    async with open_store(postgres_without_tables, [KEY], lambda: NOW, lambda: "id", migrate=False):
        pass

    assert "tradebell migrate" in reason


async def test_a_newer_database_on_a_server_is_refused(postgres_without_tables: str):
    await migrate(postgres_without_tables)
    await execute(postgres_without_tables, "UPDATE alembic_version SET version_num = '9999'")

    for reason in (
        await refusal(postgres_without_tables),
        await refusal(postgres_without_tables, migrate=False),
    ):
        assert "newer version" in reason
    await execute(postgres_without_tables, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def test_processes_that_start_together_make_the_tables_once(postgres_without_tables: str):
    async with asyncio.TaskGroup() as group:
        found = [group.create_task(migrate(postgres_without_tables)) for _ in range(4)]

    assert sorted(str(task.result().present) for task in found) == [newest()] * 3 + ["None"]


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
async def test_an_address_may_be_spelt_as_others_spell_it(postgres_without_rows: str, scheme: str):
    address = make_url(postgres_without_rows).set(drivername=scheme, query={"sslmode": "prefer"})

    async with open_store(
        address.render_as_string(hide_password=False), [KEY], lambda: NOW, lambda: "id"
    ) as store:
        assert await store.accounts.active() == []


# --- looking ------------------------------------------------------------------------------


async def test_a_look_sees_what_is_there_and_makes_nothing(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/folder/tradebell.db"

    before = await inspect(url, [KEY])
    still = await inspect(url, [KEY])

    assert before == still
    assert (before.version.present, before.broken) == (None, None)


async def test_a_look_disturbs_nobody(lasting_url: str, open_again, secret_key: str):
    async with open_again(lasting_url) as store:
        chat = await linked(store)
        seen = await inspect(lasting_url, [secret_key])
        await told(store, chat.account, "one")

    assert seen.version.present == seen.version.wanted
    assert seen.broken is None


async def test_a_look_sees_that_the_key_does_not_fit(lasting_url: str, open_again):
    async with open_again(lasting_url):
        assert "TRADEBELL_SECRET_KEY" in await refused_look(lasting_url)


@pytest.mark.fault(79)
@pytest.mark.parametrize("junk", [bytes(4096), b"\xff" * 4096], ids=["zeros", "junk"])
async def test_a_look_finds_damage_where_a_start_would_not_come_by(tmp_path: Path, junk: bytes):
    path = tmp_path / "tradebell.db"
    async with open_store(f"sqlite:///{path}", [KEY], lambda: NOW, lambda: "id"):
        pass
    with closing(sqlite3.connect(path)) as whole:
        asked = "SELECT rootpage FROM sqlite_master WHERE name = 'shown_card'"
        (page,) = whole.execute(asked).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * len(junk))
        file.write(junk)

    assert "put a backup in its place" in await refused_look(f"sqlite:///{path}")


async def refused_look(url: str) -> str:
    with pytest.raises(Misconfigured) as refused:
        await inspect(url, [KEY])
    return str(refused.value)
