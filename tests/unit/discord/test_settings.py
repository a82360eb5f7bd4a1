"""What an operator may write into Discord's settings."""

from base64 import b64encode
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.discord.settings import (
    DiscordSettings,
    invitation,
    parse_api_url,
    parse_gateway_url,
    parse_rate,
    parse_token,
)

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.secret_secret_secret_secret"


@pytest.mark.parametrize("text", [TOKEN, f" {TOKEN}\n", f"Bot {TOKEN}"])
def test_a_token_is_taken_as_the_portal_gave_it(text: str):
    assert parse_token(text) == TOKEN
    assert DiscordSettings(token=TOKEN).bot == "123456789012345678"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x.y.z",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.a b",
        b64encode(b"not a number").decode() + ".GaBcDe.secret",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe." + "x" * 90,
    ],
)
def test_what_is_no_token_is_refused_without_being_repeated(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_DISCORD_TOKEN must be the bot") as refused:
        parse_token(text)

    assert not text or text not in str(refused.value)


def test_a_token_is_not_in_what_is_printed_of_the_settings():
    assert "secret" not in repr(DiscordSettings(token=TOKEN))


def test_addresses_lose_their_last_slash():
    assert parse_api_url(" https://discord.com/api/v10/ ") == "https://discord.com/api/v10"
    assert parse_gateway_url("ws://127.0.0.1:8083/") == "ws://127.0.0.1:8083"


@pytest.mark.parametrize(
    "text", ["", "discord.com", "ftp://x.y", "https://", "https://u:p@x.y", "https://x.y:no"]
)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_DISCORD_API_URL must be like"):
        parse_api_url(text)
    with pytest.raises(ValueError, match=r"^TRADEBELL_DISCORD_GATEWAY_URL must be like"):
        parse_gateway_url(text)


@pytest.mark.parametrize(
    ("api", "gateway", "exposed"),
    [
        ("https://discord.com/api/v10", None, False),
        ("http://api.example.com", None, True),
        ("http://127.0.0.1:8082", "ws://127.0.0.1:8083", False),
        ("https://discord.com/api/v10", "ws://gateway.example.com", True),
        ("https://discord.com/api/v10", "wss://gateway.example.com", False),
    ],
)
def test_the_token_is_exposed_by_plain_http_or_ws_over_a_network(
    api: str, gateway: str | None, exposed: bool
):
    assert DiscordSettings(token=TOKEN, api_url=api, gateway_url=gateway).exposed is exposed


@pytest.mark.parametrize(("text", "rate"), [("0", 0), ("40", 40), ("0.5", 0.5)])
def test_a_rate_is_a_number_of_messages_a_second(text: str, rate: float):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "fast", "-1", "nan", "inf", "1e9"])
def test_what_is_no_rate_is_refused(text: str):
    with pytest.raises(ValueError, match=r"^TRADEBELL_DISCORD_RATE must be"):
        parse_rate(text)


def test_the_invitation_asks_for_the_bot_its_commands_and_no_more_than_it_needs():
    query = parse_qs(urlsplit(invitation("42", to_server=True)).query)

    assert (query["client_id"], query["integration_type"]) == (["42"], ["0"])
    assert query["scope"] == ["bot applications.commands"]
    granted = int(query["permissions"][0])
    assert granted & 1 << 3 == 0, "never an administrator"
    assert granted.bit_count() == 5


def test_a_person_s_own_account_gives_the_bot_nothing_but_its_commands():
    query = parse_qs(urlsplit(invitation("42", to_server=False)).query)

    assert query == {
        "client_id": ["42"],
        "integration_type": ["1"],
        "scope": ["applications.commands"],
    }
