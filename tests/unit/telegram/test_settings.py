"""What an operator may write into Telegram's settings."""

import pytest

from adapters.telegram.settings import (
    TelegramSettings,
    parse_api_url,
    parse_rate,
    parse_token,
    parse_webhook,
)
from bot.domain.chats import Address, Channel

TOKEN = "1234567890:AAE-secret_secret_secret_secret_sec"


def test_a_token_is_taken_as_botfather_gave_it():
    assert parse_token(f" {TOKEN}\n") == TOKEN
    assert TelegramSettings(token=TOKEN).bot == "1234567890"


@pytest.mark.parametrize(
    "text", ["", "x", "987654321", ":x", "0987654321:xyz", "98 76:xyz", "9:x/y", "9:" + "x" * 80]
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_TELEGRAM_TOKEN must be the token") as refused:
        parse_token(text)

    assert len(text) < 3 or text not in str(refused.value)


def test_a_token_is_not_in_what_is_printed_of_the_settings():
    assert "secret" not in repr(TelegramSettings(token=TOKEN))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.telegram.org", "https://api.telegram.org"),
        ("http://127.0.0.1:8081/", "http://127.0.0.1:8081"),
        (" https://bots.example.org/api/ ", "https://bots.example.org/api"),
    ],
)
def test_the_api_s_address_loses_its_last_slash(text: str, url: str):
    assert parse_api_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.telegram.org",
        "ftp://x.y",
        "https://",
        "https://u:p@x.y",
        "https://x.y:no",
        "https://x.y?z",
    ],
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_TELEGRAM_API_URL must be like"):
        parse_api_url(text)


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("https://bots.example.com", False),
        ("http://bots.example.com", True),
        ("http://10.0.0.7:3030", True),
        ("http://[2001:db8::1]", True),
        ("http://localhost.example.com", True),
        ("http://localhost:3030", False),
        ("http://bots.example.com.localhost", False),
        ("http://127.0.0.2:3030/api", False),
        ("http://[::1]:3030", False),
        ("http://[::ffff:127.0.0.1]", False),
        ("https://10.0.0.7", False),
    ],
)
def test_the_token_is_exposed_only_by_plain_http_over_a_network(url: str, exposed: bool):
    assert TelegramSettings(token=TOKEN, api_url=parse_api_url(url)).exposed is exposed


@pytest.mark.parametrize(("text", "rate"), [("0", 0), ("30", 30), ("0.5", 0.5)])
def test_a_rate_is_a_number_of_messages_a_second(text: str, rate: float):
    assert parse_rate("TRADEBELL_TELEGRAM_RATE", text) == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "nan", "inf", "1e9"])
def test_what_is_no_rate_is_refused(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_TELEGRAM_RATE must be"):
        parse_rate("TRADEBELL_TELEGRAM_RATE", text)


def test_a_webhook_is_wanted_or_not():
    assert parse_webhook("true")
    assert not parse_webhook("")
    with pytest.raises(ValueError, match=r"^TRADEBELL_TELEGRAM_WEBHOOK must be true or false"):
        parse_webhook("maybe")


def test_a_group_gets_less_than_a_private_chat():
    settings = TelegramSettings(token=TOKEN)
    unlimited = TelegramSettings(token=TOKEN, chat_rate=0)

    def address(chat: str) -> Address:
        return Address(channel=Channel.TELEGRAM, bot="1", chat=chat)

    assert settings.rate_of(address("5000000001")) == 1
    assert settings.rate_of(address("-1001")) == pytest.approx(20 / 60)
    assert unlimited.rate_of(address("-1001")) == 0
