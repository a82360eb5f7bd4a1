"""What an operator types is checked before anything starts."""

from __future__ import annotations

import pytest

from adapters.cryptorobot.settings import (
    PlatformSettings,
    PodCommand,
    filled,
    platform_url,
    pod_command,
)


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


def test_a_template_has_the_method_that_fits():
    path = "/traders/{traderId}/pods/{command}"

    assert pod_command(path) == PodCommand(path=path, method="GET")
    assert pod_command("/traders/pods", None, '{"command": "{command}"}') == PodCommand(
        path="/traders/pods", method="POST", body={"command": "{command}"}
    )
    assert pod_command(path, " patch ", " ").method == "PATCH"


@pytest.mark.parametrize(
    ("path", "method", "body", "mistake"),
    [
        ("traders/{command}", None, None, "the path"),
        ("/traders/{id}/{command}", None, None, "the path"),
        ("/traders/pods", None, None, "where the {command} goes"),
        ("/{command}", "SEND", None, "the method"),
        ("/traders/pods", None, "{command}", "the body"),
        ("/traders/pods", None, '["{command}"]', "the body"),
    ],
)
def test_a_wrong_template_has_a_sentence(
    path: str, method: str | None, body: str | None, mistake: str
):
    with pytest.raises(ValueError, match="the ") as wrong:
        pod_command(path, method, body)

    assert mistake in str(wrong.value)


def test_values_go_into_every_text_of_a_template():
    template = {"command": "{command}", "args": ["{traderId}/{podId}", 7], "{command}": None}

    content = filled(template, {"command": "count", "traderId": "t", "podId": "p"})

    assert content == {"command": "count", "args": ["t/p", 7], "{command}": None}
