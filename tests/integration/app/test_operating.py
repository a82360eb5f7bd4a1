"""What an operator is told: what is there, what is wrong, and how to cure it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, select

from bot.app.keys import keys_of
from bot.app.operating import accounts, check, erase, export, migrate, rotate
from bot.app.sources import new_id, now
from bot.errors import Misconfigured, Refused
from bot.services.leadership import Leadership
from bot.settings import Settings, keys_in, new_key
from storage import open_store
from storage.schema.tables import audit
from tests.contract.storage.given import NOW, linked
from tests.e2e.processes import free_port
from tests.integration.app.conftest import running


async def findings(settings: Settings) -> dict[str, str]:
    """What was looked at, and `ok` or the sentence that says what is wrong."""
    return {one.what: "ok" if one.good else one.words async for one in check(settings)}


async def test_check_finds_nothing_wrong_before_the_first_start_and_makes_nothing(
    settings, tmp_path
):
    found = await findings(settings(DATA_DIR=str(tmp_path / "data")))

    assert set(found.values()) == {"ok"}
    assert not (tmp_path / "data").exists()


async def test_check_can_look_while_the_product_runs(settings):
    chosen = settings()

    async with running(chosen):
        found = await findings(chosen)

    assert set(found.values()) == {"ok"}


async def test_check_tells_what_is_there(settings, simulated, bot_api):
    chosen = settings()
    await migrate(chosen)

    lines = [str(one) async for one in check(chosen)]

    assert all(line.startswith("ok    ") for line in lines)
    said = "\n".join(lines)
    assert f"{simulated.url}: Socket.IO 4 answers" in said
    assert f"the token opens bot {bot_api.token.partition(':')[0]}" in said
    assert "of version " in said


async def test_check_tells_that_all_users_of_the_machine_can_read_the_secrets(settings, tmp_path):
    chosen = replace(settings(), open_file=tmp_path / "tradebell.toml")

    found = await findings(chosen)

    assert found.pop("settings").endswith(f"with chmod o= {tmp_path / 'tradebell.toml'}")
    assert set(found.values()) == {"ok"}


async def test_check_goes_on_after_what_is_wrong_and_names_each_cure(settings, tmp_path):
    (tmp_path / "file").write_text("")
    nowhere = f"http://127.0.0.1:{free_port()}"
    chosen = settings(
        DATA_DIR=str(tmp_path / "file" / "data"),
        PLATFORM_URL=nowhere,
        TELEGRAM_API_URL=nowhere,
        PUBLIC_URL="http://bell.example.org",
    )

    found = await findings(chosen)

    assert "TRADEBELL_DATA_DIR" in found["folder"]
    assert "TRADEBELL_PLATFORM_URL" in found["platform"]
    assert "TRADEBELL_TELEGRAM_API_URL" in found["telegram"]
    assert "TRADEBELL_PUBLIC_URL" in found["pages"]


async def test_check_says_that_no_phone_can_open_the_link_page(settings):
    far = settings(TELEGRAM_API_URL="http://telegram.invalid")
    reached = settings(
        TELEGRAM_API_URL="http://telegram.invalid", PUBLIC_URL="https://bell.example.org"
    )

    hints = [str(one) async for one in check(far) if one.hint]

    assert len(hints) == 1
    assert hints[0].startswith(f"hint  phones    no phone can open {far.web.public_url}: ")
    assert "TRADEBELL_PUBLIC_URL" in hints[0]
    assert "docs/reaching-it.md" in hints[0]
    assert not [one async for one in check(reached) if one.hint]
    assert not [one async for one in check(settings()) if one.hint]


async def test_check_tells_where_the_figures_are(settings):
    there, nowhere = settings(METRICS_LISTEN="127.0.0.1:9999"), settings(METRICS_LISTEN="")

    said = [one.words async for one in check(there) if one.what == "metrics"]
    said += [one.words async for one in check(nowhere) if one.what == "metrics"]

    assert said == [
        "http://127.0.0.1:9999/metrics",
        "switched off: TRADEBELL_METRICS_LISTEN is empty",
    ]


@pytest.mark.parametrize(
    ("telegram", "said"), [("http://127.0.0.1:9", False), ("http://telegram.invalid", True)]
)
async def test_the_log_says_that_no_phone_can_open_the_link_page(settings, caplog, telegram, said):
    async with running(settings(TELEGRAM_API_URL=telegram)) as product:
        await product.becomes("/healthz", lambda status, _: status == 200)

    lines = [record.getMessage() for record in caplog.records]
    assert any("no phone can open the link page" in line for line in lines) is said


def _file(place: Path) -> Path:
    place.write_text("")
    return place


def _locked(place: Path) -> Path:
    place.mkdir(mode=0)
    return place


def _closed(place: Path) -> Path:
    place.mkdir()
    (place / "data").mkdir()
    (place / "data" / "tradebell.db").write_bytes(b"")
    place.chmod(0)
    return place / "data"


def _link(place: Path, to: Path) -> Path:
    place.symlink_to(to)
    return place


FOLDERS = {
    "a file": _file,
    "below a file": lambda place: _file(place) / "data",
    "locked": _locked,
    "below a locked one": lambda place: _locked(place) / "a" / "b",
    "one in a locked one": _closed,
    "read only": lambda place: (place.mkdir(mode=0o555), place)[1],
    "below one that is read only": lambda _: Path("/proc/tradebell"),
    "a link to nothing": lambda place: _link(place, place.parent / "gone"),
    "below a link to nothing": lambda place: _link(place, place.parent / "gone") / "data",
    "a link to itself": lambda place: _link(place, place),
    "a link to a locked one": lambda place: _link(place, _locked(place.parent / "locked")),
    "too long a name": lambda place: place.parent / ("x" * 300),
    "a device": lambda _: Path("/dev/null"),
}


@pytest.fixture
def as_anybody() -> Iterator[Path]:
    """A folder of this process's, which for the time of the test is not root's, who may do all."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if os.geteuid() == 0:
            os.chown(place, NOBODY, NOBODY)
            os.seteuid(NOBODY)
            try:
                yield place
            finally:
                os.seteuid(0)
        else:
            yield place
        for one in place.iterdir():
            if one.is_dir():
                one.chmod(0o700)


NOBODY = 65534


@pytest.mark.parametrize("kind", FOLDERS)
async def test_check_says_in_a_line_why_a_folder_cannot_be_used(settings, as_anybody, kind):
    folder = FOLDERS[kind](as_anybody / "place")

    found = await findings(settings(DATA_DIR=str(folder), SECRET_KEY=new_key()))

    for what in ("folder", "database"):
        assert str(folder) in found[what]
        assert "TRADEBELL_DATA_DIR" in found[what]
        assert "\n" not in found[what]


async def test_check_says_that_a_token_is_refused_without_repeating_it(settings, bot_api):
    wrong = bot_api.token[:-3] + "abc"

    found = await findings(settings(TELEGRAM_TOKEN=wrong))

    assert "TRADEBELL_TELEGRAM_TOKEN is refused" in found["telegram"]
    assert wrong not in found["telegram"]


async def test_check_says_that_the_key_does_not_fit(settings):
    chosen = settings()
    await rotate(chosen)

    found = await findings(settings(SECRET_KEY=Fernet.generate_key().decode()))

    assert "TRADEBELL_SECRET_KEY" in found["database"]
    assert {what for what, words in found.items() if words != "ok"} == {"database"}


async def test_a_change_of_keys_is_in_the_audit_trail_and_the_old_key_is_not_needed_after(
    settings, tmp_path
):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    await rotate(settings(SECRET_KEY=old))

    assert await rotate(settings(SECRET_KEY=f"{new},{old}")) == 1

    assert await rotate(settings(SECRET_KEY=new)) == 0
    with pytest.raises(Misconfigured, match="does not open this database"):
        await rotate(settings(SECRET_KEY=old))
    async with open_store(settings().database_url, [new], now, new_id) as store:
        assert await store.audit.broken() is None


async def test_the_key_in_the_data_folder_is_changed_by_a_line_before_it(settings, tmp_path):
    chosen = settings()
    await rotate(chosen)
    new, path = Fernet.generate_key().decode(), tmp_path / "secret.key"
    path.write_text(f"{new}\n{path.read_text()}")

    assert await rotate(chosen) == 1

    path.write_text(new)
    assert await rotate(chosen) == 0
    assert keys_in(tmp_path) == (new,)


async def test_an_account_is_listed_exported_while_the_product_runs_and_erased_when_it_does_not(
    settings,
):
    chosen = settings()
    async with running(chosen):
        assert [line async for line in accounts(chosen)] == ["No account is kept."]
    await somebody_in(chosen)
    async with running(chosen):
        [line] = [line async for line in accounts(chosen)]
        whole = json.loads(await export(chosen, "alice"))
        with pytest.raises(Misconfigured, match="Another Tradebell"):
            await erase(chosen, "alice")

    assert line.endswith(", 1 chat")
    assert "user alice" in line
    assert whole["account"]["platform_user"] == "alice"
    words = await erase(chosen, whole["account"]["id"])
    assert words.startswith("Everything about account")
    async with open_store(chosen.database_url, await keys_of(chosen), now, new_id) as store:
        assert await store.database.read(noted) == ["account_erased"]
    with pytest.raises(Refused, match="tradebell accounts"):
        await export(chosen, "alice")


async def test_nobody_is_erased_behind_the_back_of_a_process_that_does_the_work(
    settings, postgres_without_rows
):
    chosen = settings(DATABASE_URL=postgres_without_rows, SECRET_KEY=new_key())
    await somebody_in(chosen)
    async with open_store(chosen.database_url, chosen.secret_keys, now, new_id) as store:
        assert await Leadership(store.leases, owner="another").take()

        with pytest.raises(Refused, match="stop it, erase, and start it again"):
            await erase(chosen, "alice")

        assert await store.accounts.active()


async def test_where_there_is_no_database_yet_nothing_can_be_exported(settings, tmp_path):
    chosen = settings(DATA_DIR=str(tmp_path / "data"))

    with pytest.raises(Refused, match="no database yet"):
        await export(chosen, "alice")

    assert not (tmp_path / "data").exists()


def noted(connection: Connection) -> list[str]:
    """What the trail says was done, of nobody any more."""
    rows = connection.execute(select(audit.c.what).where(audit.c.account.is_(None)))
    return list(rows.scalars())


async def somebody_in(chosen: Settings) -> None:
    keys = chosen.secret_keys or await keys_of(chosen)
    async with open_store(chosen.database_url, keys, lambda: NOW, new_id) as store:
        await linked(store)
