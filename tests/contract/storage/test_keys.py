"""Secret keys: the right one opens the database, a new one can take over, a swap shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from bot.errors import Misconfigured
from storage import Store
from storage.engine.database import each
from storage.schema.tables import secret
from storage.vault import ROTATE_BATCH
from tests.contract.storage.given import DIGITS, NOW, completed, grant, invited, linked

NEW, OLD, OTHER = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def url(lasting_url: str, request: pytest.FixtureRequest) -> str:
    """A database that no key has been used with."""
    if lasting_url.startswith("sqlite"):
        return lasting_url.replace("tradebell.db", "fresh.db")
    return lasting_url


async def test_another_key_does_not_open_the_database(url: str, open_again):
    async with open_again(url, OLD):
        pass

    with pytest.raises(Misconfigured, match="TRADEBELL_SECRET_KEY") as refused:
        async with open_again(url, NEW):
            pass

    assert NEW not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_the_old_key_may_follow_a_new_one(url: str, open_again):
    async with open_again(url, OLD) as store:
        chat = await linked(store)

    async with open_again(url, NEW, OLD) as store:
        assert await store.accounts.credential(chat.account) == grant().credential


async def test_after_a_change_of_keys_the_old_one_is_not_needed(url: str, open_again):
    async with open_again(url, OLD) as store:
        chat = await linked(store)
        other = await linked(store, chat="2", user="bob")
        push_key = await store.push_key("11" * 32)

    async with open_again(url, NEW, OLD) as store:
        rotated = await store.rotate()
        again = await store.rotate()
    async with open_again(url, NEW) as store:
        kept = await store.accounts.credential(chat.account)
        others = await store.accounts.credential(other.account)
        later = await store.push_key("22" * 32)

    assert (rotated, again) == (4, 0)  # two credentials, the push key, and the database's own mark
    assert later == push_key
    assert kept == grant().credential
    assert others is not None


async def test_a_change_of_keys_takes_any_number_of_secrets(url: str, open_again):
    async with open_again(url, OLD) as store:
        rows = [
            {"owner": f"account:{number}", "kind": "credential", "key": "old", "token": token(OLD)}
            for number in range(ROTATE_BATCH + 5)
        ]
        await store.database.write(insert_secrets, rows)

    async with open_again(url, NEW, OLD) as store:
        rotated = await store.rotate()

    assert rotated == ROTATE_BATCH + 5 + 1


async def test_secrets_that_no_key_opens_do_not_stop_a_change_of_keys(url: str, open_again):
    async with open_again(url, OLD) as store:
        chat = await linked(store)
        row = {"owner": "account:0", "kind": "credential", "key": "?", "token": token(OTHER)}
        await store.database.write(insert_secrets, [row])

    async with open_again(url, NEW, OLD) as store:
        with pytest.raises(Misconfigured, match="1 stored secret"):
            await store.rotate()
    async with open_again(url, NEW) as store:
        assert await store.accounts.credential(chat.account) == grant().credential


async def test_digits_that_wait_survive_a_change_of_keys(url: str, open_again):
    async with open_again(url, OLD) as store:
        invitation = await invited(store, "code")
        await store.codes.sign_in("code", grant(), DIGITS, NOW)

    async with open_again(url, NEW, OLD) as store:
        await store.rotate()
        done = await store.codes.complete(invitation.address, invitation.person, DIGITS, NOW)

    assert done.account.platform_user == "alice"


async def test_a_secret_that_was_moved_to_another_account_opens_nothing(store: Store, caplog):
    alice = await completed(store, chat="1", user="alice")
    bob = await completed(store, chat="2", user="bob")
    await swap(store, f"account:{alice.account.id}", f"account:{bob.account.id}")

    assert await store.accounts.credential(bob.account.id) is None
    assert "not its owner's" in caplog.text
    assert "token-of" not in caplog.text


async def test_a_damaged_secret_opens_nothing(store: Store):
    chat = await linked(store)
    await store.database.write(
        each(lambda connection, _: connection.execute(update(secret).values(token="damaged"))), None
    )

    assert await store.accounts.credential(chat.account) is None


def token(key: str) -> str:
    return Fernet(key.encode()).encrypt(b'{"v": 1}').decode()


def insert_secrets(connection: Any, requests: Sequence[Any]) -> Sequence[None]:
    for rows in requests:
        connection.execute(secret.insert(), rows)
    return [None] * len(requests)


async def swap(store: Store, source: str, target: str) -> None:
    def copy(connection: Any, _: None) -> None:
        stolen = select(secret.c.token).where(secret.c.owner == source)
        value = connection.execute(stolen).scalar_one()
        connection.execute(update(secret).where(secret.c.owner == target).values(token=value))

    await store.database.write(each(copy), None)
