"""What an operator types is checked before anything starts."""

from __future__ import annotations

import pytest

from adapters.cryptorobot.settings import (
    PlatformSettings,
    PodCommand,
    filled,
    platform_url,
    pod_body,
    pod_command,
    pod_commands,
    pod_method,
    pod_path,
)
from bot.domain.pods import BotCommand


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.cryptorobot.ai", "https://api.cryptorobot.ai"),
        (" http://127.0.0.1:3030/ ", "http://127.0.0.1:3030"),
        ("https://example.com/platform/", "https://example.com/platform"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_address_is_taken_without_its_last_slash(text: str, url: str):
    assert platform_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "api.cryptorobot.ai",
        "ftp://example.com",
        "https://",
        "https://user:secret@example.com",
        "https://example.com/?key=secret",
        "https://example.com/#top",
        "https://example.com:port",
        "https://example.com:99999",
        "http://[::1",
    ],
)
def test_what_is_no_address_has_a_sentence_without_the_secret(text: str):
    with pytest.raises(ValueError, match=r"^must be an address") as mistake:
        platform_url(text)

    assert "secret" not in str(mistake.value)


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("https://api.example.com", False),
        ("http://api.example.com", True),
        ("http://10.0.0.7:3030", True),
        ("http://[2001:db8::1]", True),
        ("http://localhost.example.com", True),
        ("http://localhost:3030", False),
        ("http://api.example.com.localhost", False),
        ("http://127.0.0.2:3030/api", False),
        ("http://[::1]:3030", False),
        ("http://[::ffff:127.0.0.1]", False),
        ("https://10.0.0.7", False),
    ],
)
def test_credentials_are_exposed_only_by_plain_http_over_a_network(url: str, exposed: bool):
    assert PlatformSettings(url=platform_url(url)).exposed is exposed


def test_a_template_has_the_method_that_is_given():
    path = pod_path("/traders/{traderId}/pods/{command}")
    body = pod_body('{"command": "{command}"}')

    assert pod_command(path) == PodCommand(path=path)
    assert pod_command("/traders/pods", None, body) == PodCommand(
        path="/traders/pods", body={"command": "{command}"}
    )
    assert pod_command(path, pod_method(" patch ")).method == "PATCH"


@pytest.mark.parametrize("text", ["traders/{command}", "/traders/{id}/{command}"])
def test_a_wrong_path_has_a_sentence(text: str):
    with pytest.raises(ValueError, match=r"^must be one such as /traders/"):
        pod_path(text)


@pytest.mark.parametrize("text", ["{command}", '["{command}"]', "7"])
def test_a_wrong_body_has_a_sentence(text: str):
    with pytest.raises(ValueError, match=r"^must be a JSON object such as"):
        pod_body(text)


def test_a_wrong_method_has_a_sentence():
    with pytest.raises(ValueError, match=r"^must be one of GET, POST"):
        pod_method("SEND")


@pytest.mark.parametrize("body", [None, {}, {"args": ["{traderId}", 7]}])
def test_a_template_without_a_place_for_the_command_has_a_sentence(body: dict[str, object] | None):
    with pytest.raises(ValueError, match=r"must say where the \{command\} goes"):
        pod_command("/traders/pods", None, body)


def test_values_go_into_every_text_of_a_template():
    template = {"command": "{command}", "args": ["{traderId}/{podId}", 7], "{command}": None}

    content = filled(template, {"command": "count", "traderId": "t", "podId": "p"})

    assert content == {"command": "count", "args": ["t/p", 7], "{command}": None}


def test_a_bot_can_be_told_what_has_a_template_for_all_that_it_sends():
    one = PodCommand(path="/x")
    settings = PlatformSettings(pod_commands={"balance": one, "stopbuy": one})

    assert settings.bot_commands == {BotCommand.BALANCE}
    assert PlatformSettings(pod_command=one).bot_commands == frozenset(BotCommand)
    assert PlatformSettings().bot_commands == frozenset()


def test_other_templates_are_told_apart_and_their_order_says_nothing():
    one, other = PodCommand(path="/x"), PodCommand(path="/x", method="POST")
    both = {"balance": one, "logs": other}

    found = [
        PlatformSettings(pod_commands=both).pod_templates,
        PlatformSettings(pod_commands=dict(reversed(both.items()))).pod_templates,
        PlatformSettings(pod_commands={"balance": one}).pod_templates,
        PlatformSettings(pod_command=one).pod_templates,
        PlatformSettings(pod_command=other).pod_templates,
    ]

    assert found[0] == found[1]
    assert len(set(found[1:])) == 4


def test_single_commands_may_have_templates_of_their_own():
    found = pod_commands('{"logs": {"path": "/logs?{params}", "method": "get"}}')

    assert found == {"logs": PodCommand(path="/logs?{params}", method="GET")}
    assert filled({"a": "{params}"}, {"command": "logs"}, {"limit": 5}) == {"a": {"limit": 5}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7", "must hold a table for each command"),
        ('{"sell": {"path": "/x"}}', "has no command 'sell'"),
        ('{"logs": {}}', "must give logs a path"),
        ('{"logs": {"path": "/x", "verb": "GET"}}', "must give logs a path"),
        ('{"logs": {"path": "/x", "body": "y"}}', "must give logs a body that is a table"),
        ('{"logs": {"path": "x"}}', "is wrong in logs: it must be one such as"),
        ('{"logs": {"path": "/x", "method": "SEND"}}', "is wrong in logs: it must be one of GET"),
    ],
)
def test_a_wrong_template_of_a_single_command_has_a_sentence(text: str, said: str):
    with pytest.raises(ValueError, match=said):
        pod_commands(text)
