"""Phones as people name them, and addresses that lead into no private network."""

from __future__ import annotations

import pytest

from bot.domain.hosts import is_public
from bot.domain.phones import NtfyTarget, PushoverTarget, name_of, read_ntfy, read_pushover

KEY = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"


@pytest.mark.parametrize(
    ("words", "server", "secret"),
    [
        (["https://ntfy.sh"], "https://ntfy.sh", ("", "", "")),
        (["ntfy.sh"], "https://ntfy.sh", ("", "", "")),
        (
            ["HTTPS://Ntfy.Example.com:8443/", "tk_1"],
            "https://ntfy.example.com:8443",
            ("tk_1", "", ""),
        ),
        (["ntfy.sh", "ann:right:er"], "https://ntfy.sh", ("", "ann", "right:er")),
    ],
)
def test_a_server_is_read_with_what_it_asks_for(words, server, secret):
    target = read_ntfy(words, "topic", plain=False)

    assert target is not None
    assert (target.server, target.topic) == (server, "topic")
    assert (target.token, target.user, target.password) == secret


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["http://ntfy.sh"],
        ["ftp://ntfy.sh"],
        ["https://"],
        ["https://a:b@ntfy.sh"],
        ["https://ntfy.sh/topic"],
        ["https://ntfy.sh?a=b"],
        ["https://ntfy.sh:port"],
        ["https://ntfy sh"],
        ["https://n\u0442fy.sh"],
        ["https://ntfy.sh", "t\u00f6ken"],
        ["https://ntfy.sh", "tk", "more"],
    ],
)
def test_what_is_no_address_of_a_server_is_none(words):
    assert read_ntfy(words, "topic", plain=False) is None


def test_where_private_hosts_are_allowed_https_is_not_asked_for():
    target = read_ntfy(["http://10.0.0.7:2586"], "topic", plain=True)

    assert target == NtfyTarget(server="http://10.0.0.7:2586", topic="topic")
    assert name_of(target) == "10.0.0.7:2586"


@pytest.mark.parametrize(
    ("words", "target"),
    [
        ([KEY], PushoverTarget(user=KEY)),
        ([KEY, "iphone"], PushoverTarget(user=KEY, device="iphone")),
        ([KEY[1:]], None),
        ([KEY, "two words".replace(" ", "!")], None),
        ([], None),
    ],
)
def test_a_user_key_has_thirty_letters_and_digits(words, target):
    assert read_pushover(words) == target


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("no address", False),
    ],
)
def test_only_addresses_of_the_whole_internet_are_public(address, public):
    assert is_public(address) is public
