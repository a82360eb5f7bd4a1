"""Credentials are presented as the platform wants them, and read from what it answers."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.cryptorobot import logins
from bot.domain.accounts import (
    NAMELESS,
    Credential,
    CredentialKind,
    KeyLogin,
    Login,
    PasswordLogin,
    TokenLogin,
)
from bot.errors import NeedsLogin


def token(claims: object) -> str:
    """An unsigned token of these claims."""
    parts = [json.dumps({"alg": "HS256", "typ": "access"}), json.dumps(claims), "signature"]
    encoded = [base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts]
    return ".".join(encoded)


def test_a_token_and_a_key_have_their_schemes():
    by_token = logins.authorization(Credential(kind=CredentialKind.TOKEN, secret="t"))
    by_key = logins.authorization(Credential(kind=CredentialKind.API_KEY, secret="cr_live_1"))

    assert by_token == {"Authorization": "Bearer t"}
    assert by_key == {"Authorization": "ApiKey cr_live_1"}


@pytest.mark.parametrize("secret", ["", "a\nb: c", "a\r\nb", "schlüssel", "\x00", "x" * 10_000])
def test_what_cannot_be_a_header_is_no_credential(secret: str):
    with pytest.raises(NeedsLogin):
        logins.authorization(Credential(kind=CredentialKind.API_KEY, secret=secret))


@pytest.mark.parametrize(
    ("login", "data"),
    [
        (
            PasswordLogin(email="a@b.c", password=" p "),
            {"strategy": "local", "email": "a@b.c", "password": " p "},
        ),
        (KeyLogin(api_key=" cr_live_1\n"), {"strategy": "apiKey", "apiKey": "cr_live_1"}),
        (TokenLogin(token="t\n"), {"strategy": "jwt", "accessToken": "t"}),
    ],
)
def test_a_login_is_a_call(login: Login, data: dict[str, str]):
    call = logins.signing_in(login)

    assert (call.method, call.service, call.data) == ("create", "authentication", data)


@pytest.mark.parametrize(
    ("claims", "expiry"),
    [
        ({"exp": 1767614400}, datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ({"exp": "1767614400"}, datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ({"exp": 10**400}, None),
        ({"exp": None}, None),
        ({}, None),
        ([], None),
        ("x", None),
    ],
)
def test_a_token_says_when_it_ends(claims: object, expiry: datetime | None):
    assert logins.expiry(token(claims)) == expiry


@settings(max_examples=50, deadline=None)
@given(st.text() | st.text(alphabet="abcXYZ09-_=.", max_size=40).map(lambda text: f"a.{text}.b"))
def test_any_text_is_a_token_that_may_not_say_when_it_ends(text: str):
    logins.expiry(text)


PASSWORD = PasswordLogin(email="ada@example.com", password="secret")


def test_the_person_is_who_the_answer_names():
    given = token({"sub": "user-1", "exp": 1767614400})
    user = {"_id": "user-2", "email": "ada@example.com", "name": "Ada", "plan": "pro"}
    credential = logins.with_token(given)

    grant = logins.grant(PASSWORD, credential, {"accessToken": given, "user": user}, "user-3")

    assert grant.platform_user == "user-2"
    assert grant.label == "a***@example.com"
    assert grant.plan == "pro"
    assert grant.credential == credential


@pytest.mark.parametrize("login", [PASSWORD, TokenLogin(token=token({"sub": "victim"}))])
@pytest.mark.parametrize("user", [None, "x", {}, []])
def test_the_token_that_the_platform_gave_names_its_person_where_nothing_else_does(
    login: Login, user: object
):
    given = token({"sub": "user-1"})
    answer = {"accessToken": given, "user": user}
    credential = logins.with_token(given)

    grant = logins.grant(login, credential, answer, owner=None)

    assert grant.platform_user == "user-1"
    assert grant.label == "your account"
    assert grant.plan is None
    assert logins.grant(login, credential, answer, owner="user-3").platform_user == "user-3"


@pytest.mark.parametrize("answer", [None, {}, {"user": None}, {"user": "x"}, {"user": {}}, [], "x"])
@pytest.mark.parametrize(
    "login",
    [TokenLogin(token=token({"sub": "victim"})), KeyLogin(api_key=token({"sub": "victim"}))],
    ids=["token", "key"],
)
def test_what_a_person_typed_names_nobody(login: Login, answer: object):
    credential = logins.kept(login, answer)
    assert credential is not None

    with pytest.raises(NeedsLogin, match=r"does not say whose .* e-mail and password instead"):
        logins.grant(login, credential, answer, owner=None)
    grant = logins.grant(login, credential, answer, owner="user-3")

    assert grant.platform_user == "user-3"
    assert grant.inferred


def test_of_a_person_whom_the_platform_does_not_name_the_e_mail_is_certain():
    first, again, other = (
        logins.grant(login, logins.with_token(secret), None, owner=None)
        for login, secret in [
            (PasswordLogin(email="ada@example.com", password="x"), "one"),
            (PasswordLogin(email=" Ada@Example.com", password="x"), "two"),
            (PasswordLogin(email="bob@example.com", password="x"), "three"),
        ]
    )

    assert first.platform_user == again.platform_user
    assert first.platform_user.startswith(NAMELESS)
    assert "ada" not in first.platform_user
    assert other.platform_user != first.platform_user


@pytest.mark.parametrize(
    ("answer", "owner", "inferred"),
    [
        ({"user": {"_id": "user-1"}}, None, False),
        ({"accessToken": token({"sub": "user-1"})}, None, False),
        ({"accessToken": token({"sub": "user-1"})}, "user-1", False),
        ({"accessToken": token({"sub": "user-1"})}, "user-3", True),
        (None, "user-3", True),
    ],
)
def test_what_only_records_say_is_inferred(answer: object, owner: str | None, inferred: bool):
    login = TokenLogin(token="typed")
    credential = logins.with_token("typed")

    assert logins.grant(login, credential, answer, owner).inferred is inferred


@pytest.mark.parametrize(
    ("records", "owner"),
    [
        ([], None),
        ([{"_id": "1"}, {"_id": "2", "userId": None}, "x"], None),
        ([{"userId": 3}, {"_id": "2"}, {"userId": "3"}], "3"),
    ],
)
def test_records_that_agree_name_their_owner(records: list[object], owner: str | None):
    assert logins.agreed(records) == owner


@pytest.mark.parametrize(
    "others", [[{"userId": "user-2"}], [{"userId": ["user-1"]}], [{"userId": {}}], [{"userId": ""}]]
)
def test_records_that_disagree_or_cannot_be_read_name_nobody(others: list[object]):
    with pytest.raises(NeedsLogin, match="belongs to others"):
        logins.agreed([{"userId": "user-1"}, *others])


@pytest.mark.parametrize(
    ("record", "owner"),
    [
        ({"userId": "user-3"}, "user-3"),
        ({"userId": 3}, "3"),
        ({"user_id": "victim", "userId": "user-3"}, "user-3"),
        ({"user_id": "victim", "owner": "victim", "user": {"_id": "victim"}}, None),
        ({"userId": {"_id": "victim"}}, None),
        ({"userId": ""}, None),
        ({}, None),
        ("userId", None),
        (None, None),
    ],
)
def test_only_the_platforms_own_field_names_the_owner_of_a_record(
    record: object, owner: str | None
):
    assert logins.owner(record) == owner


def test_a_hostile_name_is_a_label_all_the_same():
    answer = {"user": {"_id": "1", "name": "\u202e\n" + "x" * 10_000}}

    grant = logins.grant(PASSWORD, logins.with_token("t"), answer, owner=None)

    assert grant.label == "x" * 118


@pytest.mark.parametrize(
    ("login", "answer", "secret"),
    [
        (PasswordLogin(email="a", password="b"), {"accessToken": "t"}, "t"),
        (PasswordLogin(email="a", password="b"), {"authentication": {"accessToken": "t"}}, "t"),
        (TokenLogin(token=" t "), None, "t"),
        (TokenLogin(token="t"), {"accessToken": "newer"}, "newer"),
        (KeyLogin(api_key=" k "), {"accessToken": "t"}, "k"),
    ],
)
def test_what_is_kept_of_a_login(login: Login, answer: object, secret: str):
    kept = logins.kept(login, answer)

    assert kept is not None
    assert kept.secret == secret


@pytest.mark.parametrize("answer", [None, {}, {"accessToken": 7}, {"accessToken": ""}, []])
def test_a_password_that_earned_no_token_is_nothing_to_keep(answer: object):
    assert logins.kept(PasswordLogin(email="a", password="b"), answer) is None
