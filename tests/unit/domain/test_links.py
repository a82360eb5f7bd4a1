"""Whose records an account takes, and what a role covers."""

from datetime import UTC, datetime

import pytest

from bot.domain.accounts import Account
from bot.domain.chats import Role
from bot.domain.events import SOMEBODY
from bot.domain.ids import AccountId


def account(user):
    created = datetime(2026, 1, 5, tzinfo=UTC)
    return Account(id=AccountId("a"), platform_user=user, label="a***", created_at=created)


@pytest.mark.parametrize(
    ("user", "owner", "owns"),
    [
        ("user-1", "user-1", True),
        ("user-1", None, True),
        ("user-1", "user-2", False),
        ("user-1", SOMEBODY, False),
        ("key:3f2a", None, True),
        ("key:3f2a", "user-1", False),
        ("key:3f2a", SOMEBODY, False),
    ],
)
def test_an_account_takes_its_own_records_and_those_that_name_nobody(user, owner, owns):
    assert account(user).owns(owner) is owns


@pytest.mark.parametrize(
    ("role", "least", "covers"),
    [
        (Role.OWNER, Role.VIEWER, True),
        (Role.OPERATOR, Role.OPERATOR, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.OWNER, False),
    ],
)
def test_a_role_covers_what_is_below_it(role, least, covers):
    assert role.covers(least) is covers
