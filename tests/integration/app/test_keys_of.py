"""A lost key or a lost database is said before anything new takes its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.keys import keys_of
from bot.app.sources import new_id, now
from bot.errors import Misconfigured
from bot.settings import Settings, read
from storage import open_store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read({"TRADEBELL_DATA_DIR": str(tmp_path / "data")})


@pytest.fixture
async def begun(settings: Settings) -> Settings:
    """As the first start leaves it."""
    keys = await keys_of(settings)
    async with open_store(settings.database_url, keys, now, new_id):
        return settings


async def test_the_first_start_makes_a_key_and_the_next_one_takes_it(begun):
    assert await keys_of(begun) == await keys_of(begun)


@pytest.mark.fault(79)
async def test_a_lost_key_is_not_replaced(begun):
    key = begun.data_dir / "secret.key"
    key.unlink()

    with pytest.raises(Misconfigured, match=f"{key} is missing.*from a backup"):
        await keys_of(begun)

    assert not key.exists()


@pytest.mark.fault(79)
@pytest.mark.parametrize("how", ["deleted", "emptied"])
async def test_a_lost_database_does_not_begin_anew_unless_asked(begun, how):
    path = begun.data_dir / "tradebell.db"
    for file in begun.data_dir.glob("tradebell.db-*"):
        file.unlink()
    path.unlink() if how == "deleted" else path.write_bytes(b"")

    with pytest.raises(Misconfigured, match="run --new"):
        await keys_of(begun)

    assert await keys_of(begun, new=True)


async def test_a_key_of_the_settings_may_meet_a_new_database(tmp_path):
    environ = {
        "TRADEBELL_DATA_DIR": str(tmp_path),
        "TRADEBELL_SECRET_KEY": "q2M0mCqZyHh0M5aAq6vbhm1vrkkGkqsGHc9QnQ9oM0w=",
    }

    assert await keys_of(read(environ))
