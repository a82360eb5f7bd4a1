import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.guard import (
    client_address,
    cookie_name,
    csrf_matches,
    csrf_token,
    foreign,
    own_origin,
    security_headers,
    well_formed,
)
from adapters.web.settings import parse_proxies

PUBLIC = "https://bell.example.org"
LOCAL = "http://127.0.0.1:8080"
PROXIES = parse_proxies("10.0.0.0/8, ::1")


# --- who asks ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # Nobody but a listed proxy is believed.
        ("198.51.100.7", ["203.0.113.1"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        # What the client itself wrote stands on the left, and is not read.
        ("10.0.0.1", ["127.0.0.1, 203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["127.0.0.1", "203.0.113.1"], "203.0.113.1"),
        # A chain of our own proxies.
        ("10.0.0.1", ["203.0.113.1, 10.0.0.2"], "203.0.113.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # With ports, in brackets, mapped, and broken.
        ("10.0.0.1", ["203.0.113.1:4711"], "203.0.113.1"),
        ("::1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("::ffff:10.0.0.1", ["203.0.113.1"], "203.0.113.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.1, <script>"], "10.0.0.1"),
        ("", [], ""),
    ],
)
def test_the_client_is_the_first_address_that_no_proxy_of_ours_has(peer, forwarded, client):
    assert client_address(peer, forwarded, PROXIES) == client


@given(st.lists(st.text()))
def test_a_stranger_s_forwarded_header_never_counts(forwarded):
    assert client_address("198.51.100.7", forwarded, PROXIES) == "198.51.100.7"


# --- is it our own page --------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": PUBLIC},
        {},
    ],
)
def test_a_form_from_our_own_page_is_not_foreign(headers):
    assert foreign(headers, PUBLIC) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "same-site", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "https://bell.example.org.evil.example"},
        {"Origin": "http://bell.example.org"},
        {"Origin": ""},
        # A name that was rebound to our address.
        {"Origin": "http://evil.example.org", "Host": "evil.example.org"},
    ],
)
def test_a_form_from_another_page_is_foreign(headers):
    assert foreign(headers, PUBLIC) is not None


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", True),
        ("http://localhost:8080", "localhost:8080", True),
        ("http://[::1]:8080", "[::1]:8080", True),
        ("http://127.0.0.1:9999", "127.0.0.1:8080", False),
        ("http://evil.example:8080", "evil.example:8080", False),
        ("null", "127.0.0.1:8080", False),
        ("", "", False),
        ("http://[", "[", False),
    ],
)
def test_this_machine_may_be_called_by_any_of_its_own_names(origin, host, own):
    assert own_origin(origin, host, LOCAL) is own


# --- the form's token ----------------------------------------------------------------------

COOKIE = "c" * 22


def test_a_token_is_good_for_its_cookie_and_code_only():
    token = csrf_token(COOKIE, "code-1")

    assert csrf_matches(COOKIE, "code-1", token)
    assert not csrf_matches("d" * 22, "code-1", token)
    assert not csrf_matches(COOKIE, "code-2", token)
    assert not csrf_matches(COOKIE, "code-1", "")
    assert not csrf_matches(COOKIE, "code-1", "é")


def test_a_token_does_not_show_its_cookie():
    assert COOKIE not in csrf_token(COOKIE, "code-1")


@pytest.mark.parametrize("value", [None, "", "short", "x" * 65, "a" * 21 + ";", "ä" * 22])
def test_a_cookie_that_we_never_made_counts_as_none(value):
    assert well_formed(value) is None


def test_a_cookie_is_bound_to_its_host_where_https_allows_it():
    assert cookie_name("tradebell", https=True) == "__Host-tradebell"
    assert cookie_name("tradebell", https=False) == "tradebell"


def test_browsers_are_told_to_stay_on_https_only_where_it_is():
    assert "Strict-Transport-Security" in security_headers(https=True)
    assert "Strict-Transport-Security" not in security_headers(https=False)
