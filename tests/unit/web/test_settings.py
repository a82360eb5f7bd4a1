import pytest

from adapters.web.settings import Listen, WebSettings, parse_listen, parse_proxies, parse_public_url
from bot.domain.hosts import is_loopback


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://bell.example.org", "https://bell.example.org"),
        (" https://bell.example.org/ ", "https://bell.example.org"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://Bell.Example.org:8443/", "https://bell.example.org:8443"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_public_address_is_kept_without_its_last_slash(text, url):
    assert parse_public_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bell.example.org",
        "ftp://bell.example.org",
        "https://",
        "https://user:secret@bell.example.org",
        "https://bell.example.org/path",
        "https://bell.example.org/?q",
        "https://bell.example.org:port",
        "https://bell.example.org:99999",
        'https://bell".example.org',
        "https://[::1",
    ],
)
def test_an_unusable_public_address_is_refused_by_the_setting_s_name(text):
    with pytest.raises(ValueError, match="TRADEBELL_PUBLIC_URL"):
        parse_public_url(text)


def test_the_refusal_of_an_address_repeats_no_password_in_it():
    with pytest.raises(ValueError, match="TRADEBELL_PUBLIC_URL") as refusal:
        parse_public_url("https://user:hunter2@bell.example.org")

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8080", Listen(host="127.0.0.1", port=8080)),
        ("0.0.0.0:0", Listen(host="0.0.0.0", port=0)),
        ("localhost:80", Listen(host="localhost", port=80)),
        ("[::1]:8080", Listen(host="::1", port=8080)),
    ],
)
def test_a_listening_address_is_read_and_written_alike(text, listen):
    assert parse_listen(text) == listen
    assert str(listen) == text


@pytest.mark.parametrize(
    "text", ["", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:8080", "a b:1"]
)
def test_an_unusable_listening_address_is_refused_by_the_setting_s_name(text):
    with pytest.raises(ValueError, match="TRADEBELL_LISTEN"):
        parse_listen(text)


def test_proxies_are_addresses_and_networks():
    networks = parse_proxies("127.0.0.1, 10.0.0.0/8 ::1")

    assert [str(network) for network in networks] == [
        "127.0.0.1/32",
        "10.0.0.0/8",
        "::1/128",
    ]
    assert parse_proxies(" ") == ()


@pytest.mark.parametrize("text", ["proxy.example.org", "10.0.0.1/8", "10.0.0.0/33"])
def test_an_unusable_proxy_is_refused_by_the_setting_s_name(text):
    with pytest.raises(ValueError, match="TRADEBELL_TRUSTED_PROXIES"):
        parse_proxies(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("bell.localhost", True),
        ("localhost.example.org", False),
        ("192.168.1.2", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("url", "exposed"),
    [
        ("https://bell.example.org", False),
        ("http://127.0.0.1:8080", False),
        ("http://192.168.1.2:8080", True),
    ],
)
def test_passwords_are_exposed_only_by_plain_http_over_a_network(url, exposed):
    settings = WebSettings(public_url=url, listen=Listen(host="127.0.0.1", port=0))

    assert settings.exposed is exposed
