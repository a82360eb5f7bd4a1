from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.web.links import incomplete, leads_nowhere, masked_chat, refused, typed_login
from bot.domain.accounts import KeyLogin, PasswordLogin, TokenLogin
from bot.domain.chats import Address, Channel
from bot.domain.linking import LinkProblem, LoginFailed
from bot.texts.names import app_name
from bot.texts.pages import left

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("fields", "login"),
    [
        (
            {"email": " a@example.com ", "password": " pass word "},
            PasswordLogin(email="a@example.com", password=" pass word "),
        ),
        ({"api_key": " key-1 "}, KeyLogin(api_key="key-1")),
        ({"api_key": JWT}, TokenLogin(token=JWT)),
        ({"email": "a@example.com", "password": "p", "api_key": "k"}, KeyLogin(api_key="k")),
        ({"email": "a@example.com"}, None),
        ({"password": "p"}, None),
        ({"api_key": "  "}, None),
        ({}, None),
    ],
)
def test_what_was_typed_says_how_to_log_in(fields: Mapping[str, str], login):
    assert typed_login(fields) == login


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"email": "a@example.com", "password": ""}, {"password"}),
        ({"email": "", "password": "p"}, {"email"}),
        ({"email": "", "password": "  "}, {"email"}),
        ({"email": "", "password": ""}, {"email", "password"}),
        ({"api_key": ""}, {"api_key"}),
    ],
)
def test_what_is_missing_is_named(fields, missing):
    assert incomplete(fields).fields == missing


@pytest.mark.parametrize("problem", LinkProblem)
def test_every_problem_is_explained_and_none_is_a_success(problem):
    explained = leads_nowhere(problem)

    assert explained.told.title
    assert explained.told.lines
    assert 400 <= explained.status < 500


@pytest.mark.parametrize("channel", Channel)
def test_every_chat_platform_has_a_name(channel):
    assert app_name(channel)


def test_a_chat_is_recognisable_and_no_more():
    telegram = Address(channel=Channel.TELEGRAM, bot="1", chat="812348213")
    short = Address(channel=Channel.TELEGRAM, bot="1", chat="77")

    browser = Address(channel=Channel.WEB, bot="web", chat="a-secret-of-the-browser")

    assert masked_chat(telegram) == "••••8213"
    assert masked_chat(browser) == ""
    assert masked_chat(short) == "••••7"


def test_a_platform_s_refusal_becomes_a_sentence_and_cannot_mislead():
    failure = LoginFailed(reason="no \u202eaccount\n such.", tries_left=1)

    complaint = refused(failure, PasswordLogin(email="a", password="p"))

    assert complaint.told.lines == ("No account such.", "1 try left.")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(600, "10 min"), (598.5, "10 min"), (118, "2 min"), (59, "59 s")]
)
def test_what_is_left_is_rounded_up_to_whole_minutes(seconds, shown):
    assert left(timedelta(seconds=seconds)) == shown
