"""The operator's settings: read once, all mistakes told together."""

from __future__ import annotations

import stat
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url

from adapters.discord.settings import DiscordSettings
from adapters.logs.settings import LogFormat, LogLevel
from adapters.telegram.settings import TelegramSettings
from adapters.web.settings import Listen
from bot.app.chat_platforms import PLATFORMS
from bot.domain.chats import Channel
from bot.errors import Misconfigured
from bot.settings import CHATS, NAMES, Settings, has_display, keys_in, read

TOKEN = "1234567890:AAExampleExampleExampleExampleExamp"
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.AExampleExampleExampleExampleExamp"
KEY = Fernet.generate_key().decode()


def settings(**values: str) -> Settings:
    return read({f"TRADEBELL_{name}": value for name, value in values.items()})


def mistakes(**values: str) -> list[str]:
    with pytest.raises(Misconfigured) as refused:
        settings(**values)
    return str(refused.value).splitlines()


def test_nothing_needs_to_be_set():
    chosen = settings()

    assert chosen.platform.url == "https://api.cryptorobot.ai"
    assert chosen.platform.pod_command is None
    assert chosen.data_dir == Path("data")
    assert chosen.database_url == "sqlite:///data/tradebell.db"
    assert chosen.secret_keys == ()
    assert chosen.web.public_url == "http://127.0.0.1:8080"
    assert str(chosen.web.listen) == "127.0.0.1:8080"
    assert str(chosen.web.metrics) == "127.0.0.1:9464"
    assert chosen.chats == {}
    assert chosen.logs.format is None


def test_every_setting_is_read():
    chosen = settings(
        PLATFORM_URL="https://platform.example.org/",
        POD_COMMAND_PATH="/traders/{traderId}/pods",
        POD_COMMAND_BODY='{"do": "{command}"}',
        POD_COMMANDS='{"logs": {"path": "/logs"}}',
        DATA_DIR="/var/lib/bell",
        DATABASE_URL="postgresql://bell@db/bell",
        SECRET_KEY=f"{KEY}, {KEY}",
        PUBLIC_URL="https://bell.example.org/",
        LISTEN="[::]:80",
        TRUSTED_PROXIES="10.0.0.0/8",
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_API_URL="http://127.0.0.1:8081/",
        TELEGRAM_RATE="0",
        TELEGRAM_CHAT_RATE="0.5",
        TELEGRAM_WEBHOOK="true",
        DISCORD_TOKEN=DISCORD_TOKEN,
        DISCORD_API_URL="http://127.0.0.1:8082/api/v10/",
        DISCORD_GATEWAY_URL="ws://127.0.0.1:8083/",
        DISCORD_RATE="0",
        LOG_FORMAT="json",
        LOG_LEVEL="debug",
    )

    assert chosen.platform.url == "https://platform.example.org"
    assert chosen.platform.pod_command is not None
    assert chosen.platform.pod_command.body == {"do": "{command}"}
    assert chosen.platform.pod_commands.keys() == {"logs"}
    assert chosen.data_dir == Path("/var/lib/bell")
    assert chosen.database_url == "postgresql://bell@db/bell"
    assert chosen.secret_keys == (KEY, KEY)
    assert chosen.web.public_url == "https://bell.example.org"
    assert chosen.web.listen == Listen(host="::", port=80)
    assert chosen.web.trusted_proxies == (ip_network("10.0.0.0/8"),)
    discord = chosen.chats[Channel.DISCORD]
    assert isinstance(discord, DiscordSettings)
    assert chosen.chats == {
        Channel.TELEGRAM: TelegramSettings(
            token=TOKEN, api_url="http://127.0.0.1:8081", rate=0, chat_rate=0.5, webhook=True
        ),
        Channel.DISCORD: DiscordSettings(
            token=DISCORD_TOKEN,
            api_url="http://127.0.0.1:8082/api/v10",
            gateway_url="ws://127.0.0.1:8083",
            rate=0,
        ),
    }
    assert discord.bot == "123456789012345678"
    assert (chosen.logs.format, chosen.logs.level) == (LogFormat.JSON, LogLevel.DEBUG)


def test_the_database_lies_in_the_data_folder_whatever_its_name():
    chosen = settings(DATA_DIR="/var/a b?c#d%20")

    assert make_url(chosen.database_url).database == "/var/a b?c#d%20/tradebell.db"


@pytest.mark.parametrize(
    ("listen", "public_url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("0.0.0.0:9000", "http://127.0.0.1:9000"),
        ("[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_the_pages_are_by_default_where_the_server_listens(listen, public_url):
    assert settings(LISTEN=listen).web.public_url == public_url


def test_where_the_figures_are_served_is_set_and_nothing_switches_it_off(tmp_path):
    config = tmp_path / "tradebell.toml"
    config.write_text('metrics_listen = ""\n')
    address = "TRADEBELL_METRICS_LISTEN"

    assert str(settings(METRICS_LISTEN="[::1]:9000").web.metrics) == "[::1]:9000"
    assert settings(METRICS_LISTEN=" ").web.metrics is None
    assert read({}, config).web.metrics is None
    assert str(read({address: "127.0.0.1:9000"}, config).web.metrics) == "127.0.0.1:9000"
    assert mistakes(METRICS_LISTEN="9464") == [
        f"{address} must be host:port, like 127.0.0.1:8080 or [::]:8080."
    ]


HERE = {"TELEGRAM_API_URL": "http://127.0.0.1:8081", "DISCORD_API_URL": "http://localhost:8082"}


@pytest.mark.parametrize(
    ("given", "cut_off"),
    [
        ({}, {Channel.TELEGRAM, Channel.DISCORD}),
        ({"LISTEN": "0.0.0.0:80"}, {Channel.TELEGRAM, Channel.DISCORD}),
        ({"PUBLIC_URL": "https://localhost"}, {Channel.TELEGRAM, Channel.DISCORD}),
        ({"TELEGRAM_TOKEN": ""}, {Channel.DISCORD}),
        ({"TELEGRAM_API_URL": "http://[::1]:8081"}, {Channel.DISCORD}),
        (HERE, set()),
        ({"PUBLIC_URL": "https://bell.example.org"}, set()),
        ({"TELEGRAM_TOKEN": "", "DISCORD_TOKEN": ""}, set()),
    ],
)
def test_an_address_of_this_machine_cuts_off_who_has_their_chat_on_a_phone(given, cut_off):
    tokens = {"TELEGRAM_TOKEN": TOKEN, "DISCORD_TOKEN": DISCORD_TOKEN}

    assert settings(**(tokens | given)).cut_off == cut_off


def test_an_empty_setting_counts_as_not_set():
    assert settings(TELEGRAM_TOKEN="", LISTEN="  ", SECRET_KEY_FILE="") == settings()


def test_secrets_do_not_show_in_the_settings_as_text():
    shown = repr(
        settings(
            TELEGRAM_TOKEN=TOKEN,
            DISCORD_TOKEN=DISCORD_TOKEN,
            SECRET_KEY=KEY,
            DATABASE_URL="postgresql://b:hunter2@db/b",
        )
    )

    assert TOKEN not in shown
    assert DISCORD_TOKEN not in shown
    assert KEY not in shown
    assert "hunter2" not in shown


def test_all_mistakes_are_told_together_and_each_names_its_setting():
    wrong = {name: "\x00nonsense {" for name in NAMES - {"DATA_DIR"}}

    told = mistakes(**wrong)

    spoken_of = {name for name in wrong if any(f"TRADEBELL_{name} " in line for line in told)}
    assert spoken_of == wrong.keys()
    assert len(told) == len(wrong)
    assert all(line.endswith((".", "?")) for line in told)


@given(values=st.dictionaries(st.sampled_from(sorted(NAMES)), st.text()))
def test_no_text_in_a_setting_is_answered_by_anything_but_a_list_of_mistakes(values):
    told = []
    try:
        settings(**values)
    except Misconfigured as refused:
        told = str(refused).splitlines()

    assert all(line.startswith("TRADEBELL_") for line in told)


@given(secret=st.text("abcdefghijklmnopqrstuvwxyz:/@", min_size=6))
def test_a_refused_secret_is_not_repeated(secret):
    told = mistakes(
        TELEGRAM_TOKEN=f"x{secret}",
        DISCORD_TOKEN=f"x{secret}",
        SECRET_KEY=f"{secret}!",
        DATABASE_URL=f"mysql://u:{secret}@db/x",
    )

    assert len(told) == 4
    assert not any(f"x{secret}" in line or f"{secret}!" in line for line in told)
    assert not any(f"u:{secret}" in line for line in told)


def test_a_secret_can_come_from_a_file(tmp_path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")

    chosen = settings(TELEGRAM_TOKEN_FILE=str(path))

    assert chosen.chats[Channel.TELEGRAM].token == TOKEN


def test_a_setting_and_its_file_together_are_a_mistake(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN)

    assert mistakes(TELEGRAM_TOKEN=TOKEN, TELEGRAM_TOKEN_FILE=str(path)) == [
        "TRADEBELL_TELEGRAM_TOKEN is set, and TRADEBELL_TELEGRAM_TOKEN_FILE too:"
        " leave one of them out."
    ]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file or directory"),
        ("folder", "Is a directory"),
        ("bytes", "is no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path, name, reason):
    (tmp_path / "folder").mkdir()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")

    (told,) = mistakes(SECRET_KEY_FILE=str(tmp_path / name))

    assert told.startswith(f"TRADEBELL_SECRET_KEY_FILE names {tmp_path / name}, which")
    assert reason in told


def test_a_misspelt_name_is_a_mistake_and_the_right_one_is_suggested():
    assert mistakes(TELEGRAM_TOKN=TOKEN, PUBLC_URL_FILE="x", SHOE_SIZE="46") == [
        "TRADEBELL_PUBLC_URL_FILE is no setting: did you mean TRADEBELL_PUBLIC_URL_FILE?",
        "TRADEBELL_SHOE_SIZE is no setting: leave it out.",
        "TRADEBELL_TELEGRAM_TOKN is no setting: did you mean TRADEBELL_TELEGRAM_TOKEN?",
    ]


def test_names_that_kubernetes_sets_for_a_service_called_tradebell_are_no_mistakes():
    chosen = settings(
        SERVICE_HOST="10.0.0.1",
        SERVICE_PORT="8080",
        SERVICE_PORT_HTTP="8080",
        PORT="tcp://10.0.0.1:8080",
        PORT_8080_TCP="tcp://10.0.0.1:8080",
        PORT_8080_TCP_PROTO="tcp",
        PORT_8080_TCP_ADDR="10.0.0.1",
    )

    assert chosen == settings()


def test_telegram_posts_only_to_https_but_a_server_of_ones_own_does():
    webhook = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_WEBHOOK": "yes", "PUBLIC_URL": "http://bell.lan"}

    assert mistakes(**webhook) == [
        "TRADEBELL_PUBLIC_URL must begin with https://, or Telegram posts nothing there."
    ]
    assert settings(**webhook, TELEGRAM_API_URL="http://127.0.0.1:8081").chats


def test_discord_posts_only_to_https_but_a_server_of_ones_own_does():
    posted = {"DISCORD_TOKEN": DISCORD_TOKEN, "DISCORD_INTERACTIONS": "http"}

    assert mistakes(**posted, PUBLIC_URL="http://bell.lan") == [
        "TRADEBELL_PUBLIC_URL must begin with https://, or Discord posts nothing there."
    ]
    assert settings(**posted, DISCORD_API_URL="http://127.0.0.1:8081").chats
    assert mistakes(DISCORD_INTERACTIONS="websocket") == [
        "TRADEBELL_DISCORD_INTERACTIONS must be gateway, or http to have Discord call"
        " TRADEBELL_PUBLIC_URL."
    ]


def test_a_webhook_without_https_is_told_besides_a_wrong_token():
    told = mistakes(TELEGRAM_TOKEN="bad", TELEGRAM_WEBHOOK="true")

    assert [line.partition(" must ")[0] for line in told] == [
        "TRADEBELL_TELEGRAM_TOKEN",
        "TRADEBELL_PUBLIC_URL",
    ]


def test_what_follows_only_from_another_mistake_is_not_told():
    webhook = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_WEBHOOK": "true"}

    assert len(mistakes(**webhook, PUBLIC_URL="bell.example.org")) == 1
    assert len(mistakes(**webhook, TELEGRAM_API_URL="127.0.0.1:8081")) == 1
    assert len(mistakes(POD_COMMAND_PATH="{traderId}", POD_COMMAND_BODY="{command}")) == 2
    assert settings(TELEGRAM_WEBHOOK="true").chats == {}


def test_each_part_of_a_template_for_pod_commands_has_its_own_mistake():
    told = mistakes(
        POD_COMMAND_PATH="traders", POD_COMMAND_METHOD="SEND", POD_COMMAND_BODY="{command}"
    )

    assert told == [
        "TRADEBELL_POD_COMMAND_PATH must be one such as /traders/{traderId}/pods/{command}.",
        "TRADEBELL_POD_COMMAND_METHOD must be one of GET, POST, PUT, PATCH, DELETE.",
        'TRADEBELL_POD_COMMAND_BODY must be a JSON object such as {"command": "{command}",'
        ' "params": "{params}"}.',
    ]
    assert mistakes(POD_COMMAND_PATH="/traders", POD_COMMAND_METHOD="SEND") == [
        "TRADEBELL_POD_COMMAND_METHOD must be one of GET, POST, PUT, PATCH, DELETE.",
        "TRADEBELL_POD_COMMAND_PATH or the body must say where the {command} goes.",
    ]


def test_a_method_for_pod_commands_is_nothing_without_a_path():
    (told,) = mistakes(POD_COMMAND_METHOD="POST")

    assert told.startswith("TRADEBELL_POD_COMMAND_PATH is missing")
    assert len(mistakes(POD_COMMAND_METHOD="SEND")) == 2


def test_the_first_start_makes_a_key_for_the_owners_eyes_only(tmp_path):
    keys = keys_in(tmp_path / "new" / "data")

    path = tmp_path / "new" / "data" / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().split() == list(keys)
    Fernet(keys[0])


def test_later_starts_take_the_same_key(tmp_path):
    assert keys_in(tmp_path) == keys_in(tmp_path)


def test_a_key_file_without_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "secret.key"
    path.write_text("half a k")

    with pytest.raises(Misconfigured, match=r"holds no secret key: put it back from a backup"):
        keys_in(tmp_path)

    assert path.read_text() == "half a k"


def test_a_data_folder_that_cannot_be_made_is_told_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(Misconfigured, match=r"set TRADEBELL_DATA_DIR or TRADEBELL_SECRET_KEY\.$"):
        keys_in(tmp_path / "file" / "data")


def test_the_process_s_own_environment_is_read_unless_another_is_given(monkeypatch):
    monkeypatch.setattr("os.environ", {"TRADEBELL_LISTEN": "127.0.0.1:9999"})

    assert read().web.listen.port == 9999


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": "", "TERM": "xterm"}, False),
        ("darwin", {}, True),
    ],
)
def test_a_browser_is_seen_where_there_is_a_display(platform, environ, expected):
    assert has_display(environ, platform) is expected


def test_all_secrets_are_known_to_the_log():
    chosen = settings(
        TELEGRAM_TOKEN=TOKEN,
        DISCORD_TOKEN=DISCORD_TOKEN,
        SECRET_KEY=KEY,
        DATABASE_URL="postgresql://b:hunter2@d/b",
        HEARTBEAT_URL="https://watch.example/ping/1234-secret",
    )

    assert set(chosen.secrets) == {TOKEN, DISCORD_TOKEN, KEY, "hunter2", "ping/1234-secret"}
    assert settings().secrets == ()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://db/x", "db", "://"])
def test_a_database_that_would_not_last_or_is_of_another_kind_is_a_mistake(url):
    (told,) = mistakes(DATABASE_URL=url)

    assert told.startswith("TRADEBELL_DATABASE_URL must ")


# --- from a file ----------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tradebell.toml"
    path.touch(0o600)
    return path


def filed(config: Path, text: str, **environ: str) -> Settings:
    config.write_text(text, "utf-8")
    return read({f"TRADEBELL_{name}": value for name, value in environ.items()}, config)


def filed_mistakes(config: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(Misconfigured) as refused:
        filed(config, text, **environ)
    return str(refused.value).replace(f"{config}: ", "").splitlines()


def test_a_file_sets_what_the_environment_sets_and_in_toml_s_own_types(config):
    chosen = filed(
        config,
        f"""
        listen = "127.0.0.1:9000"
        telegram_token = "{TOKEN}"
        telegram_rate = 7
        telegram_chat_rate = 0.5
        telegram_webhook = true
        public_url = "https://bell.example.org"
        trusted_proxies = ["127.0.0.1", "10.0.0.0/8"]
        secret_key = ["{KEY}", "{KEY}"]
        """,
    )

    assert chosen == settings(
        LISTEN="127.0.0.1:9000",
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_RATE="7",
        TELEGRAM_CHAT_RATE="0.5",
        TELEGRAM_WEBHOOK="true",
        PUBLIC_URL="https://bell.example.org",
        TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8",
        SECRET_KEY=f"{KEY},{KEY}",
    )


def test_every_setting_may_stand_in_the_file_as_a_text(config):
    names = sorted(NAMES - {"DATA_DIR"})

    told = filed_mistakes(config, "\n".join(f'{name.lower()} = "\\u0000 {{"' for name in names))

    assert sorted(line.split()[0].upper() for line in told) == names


def test_the_environment_wins_over_the_file(config, tmp_path):
    (tmp_path / "token").write_text(TOKEN)

    text = 'listen = "127.0.0.1:1"\ntelegram_token = "wrong"\nlog_level = "debug"'
    chosen = filed(
        config,
        text,
        LISTEN="127.0.0.1:2",
        TELEGRAM_TOKEN_FILE=str(tmp_path / "token"),
        LOG_LEVEL="",
    )

    assert chosen.web.listen.port == 2
    assert chosen.chats[Channel.TELEGRAM].token == TOKEN
    assert chosen.logs.level == LogLevel.DEBUG


def test_a_secret_of_the_file_can_stand_in_a_file_of_its_own(config, tmp_path):
    (tmp_path / "token").write_text(TOKEN)

    chosen = filed(config, f'telegram_token_file = "{tmp_path / "token"}"')

    assert chosen.chats[Channel.TELEGRAM].token == TOKEN


def test_all_mistakes_of_file_and_environment_are_told_together(config):
    told = filed_mistakes(
        config,
        f"""
        TELEGRAM_TOKEN = "x"
        tradebell_log_levl = "info"
        shoe_size = 46
        listen = 8080
        data_dir = ["a"]
        public_url = "bell.example.org"
        telegram_rate = true
        telegram_webhook = "perhaps"
        trusted_proxies = [1]
        secret_key = "half a k"
        discord_token = "{DISCORD_TOKEN}"
        discord_token_file = "y"
        [database_url]
        host = "db"
        """,
        LOG_FORMAT="xml",
    )

    assert told == [
        "TELEGRAM_TOKEN is no setting: did you mean telegram_token?",
        "tradebell_log_levl is no setting: did you mean log_level?",
        "shoe_size is no setting: leave it out.",
        'listen must be a text in quotes, like "...".',
        'data_dir must be a text in quotes, like "...".',
        "telegram_rate must be a number.",
        'trusted_proxies must be a list of texts, like ["..."].',
        'database_url must be a text in quotes, like "...".',
        "telegram_webhook must be true or false.",
        "discord_token is set, and discord_token_file too: leave one of them out.",
        "secret_key must be Fernet keys, newest first, separated by commas: `tradebell keys` makes"
        " one.",
        "public_url must be like https://bell.example.org: it must begin with https:// or http://.",
        "TRADEBELL_LOG_FORMAT must be console or json.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"listen = 127.0.0.1:80", "is no TOML: "),
        (b"listen = 'a'\nlisten = 'b'", "is no TOML: "),
        (b"\xff\xfel", "is no text in UTF-8: save it as such."),
        (b"telegram_rate = " + b"9" * 5000, "holds a value beyond all measure."),
        (b"listen = " + b"[" * 5000, "holds a value beyond all measure."),
    ],
)
def test_a_file_that_cannot_be_understood_is_a_mistake_among_the_others(config, content, words):
    config.write_bytes(content)

    with pytest.raises(Misconfigured) as refused:
        read({"TRADEBELL_LOG_LEVEL": "loud"}, config)

    file, level = str(refused.value).splitlines()
    assert file.startswith(f"The settings' file {config} {words}")
    assert level == "TRADEBELL_LOG_LEVEL must be debug, info, warning or error."


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_told(tmp_path, name):
    with pytest.raises(Misconfigured, match=r"cannot be read \((No such|Is a directory).*\): let"):
        read({}, tmp_path / name)


def test_a_file_that_was_saved_by_a_windows_editor_is_read(config):
    config.write_bytes(b'\xef\xbb\xbflisten = "127.0.0.1:9000"\r\n')

    assert read({}, config).web.listen.port == 9000


@pytest.mark.parametrize(
    ("mode", "text", "noticed"),
    [
        (0o644, f'telegram_token = "{TOKEN}"', True),
        (0o640, f'telegram_token = "{TOKEN}"', False),
        (0o644, 'listen = "127.0.0.1:9000"', False),
        (0o644, 'secret_key = ["uOxEDt5AYnRgXUQ3jVhC3e0ZyWqfXRQ3d0ztfZUgT7Y="]', True),
        (0o644, 'database_url = "postgresql://b:hunter2@db/b"', True),
    ],
)
def test_secrets_in_a_file_that_all_can_read_are_noticed(config, mode, text, noticed):
    config.chmod(mode)

    assert filed(config, text).open_file == (config if noticed else None)


@given(text=st.text())
def test_no_text_as_a_file_is_answered_by_anything_but_a_list_of_mistakes(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, "utf-8", "surrogateescape")
    with suppress(Misconfigured):
        read({}, path)


def test_every_chat_platform_that_can_be_set_up_can_be_opened_and_is_named_after_its_channel():
    assert PLATFORMS.keys() == CHATS.keys()
    for channel, block in CHATS.items():
        assert {f"{channel.upper()}_TOKEN", f"{channel.upper()}_API_URL"} <= {*block.names}
        assert all(name.startswith(f"{channel.upper()}_") for name in block.names)


@pytest.mark.parametrize(
    "url",
    [
        "https://hc-ping.com/5f0e",
        "http://127.0.0.1:3001/api/push/AbC?status=up&msg=OK",
    ],
)
def test_signs_of_life_go_to_any_address(url: str):
    assert settings(HEARTBEAT_URL=f" {url} ").heartbeat_url == url
    assert settings().heartbeat_url is None


@pytest.mark.parametrize(
    "url", ["hc-ping.com/5f0e", "ftp://h/x", "https://", "https://u:secret@h/x", "https://h/a b"]
)
def test_an_address_for_signs_of_life_that_is_none_is_told_without_it(url: str):
    [mistake] = mistakes(HEARTBEAT_URL=url)

    assert mistake.startswith("TRADEBELL_HEARTBEAT_URL must be like https://")
    assert "secret" not in mistake


@pytest.mark.parametrize("url", ["api.pushover.net", "http://[", "https://h:x", "https://u:p@h"])
def test_an_address_of_pushover_that_is_none_is_told_by_its_setting(url: str):
    [mistake] = mistakes(PUSHOVER_API_URL=url)

    assert mistake.startswith("TRADEBELL_PUSHOVER_API_URL must be like https://api.pushover.net")


def test_apprise_is_off_until_schemes_are_allowed_and_some_never_are(monkeypatch):
    assert read({}).push.apprise == frozenset()
    assert read({"TRADEBELL_APPRISE": "gotifys, MAILTOS"}).push.apprise == {"gotifys", "mailtos"}
    for wrong in ("gotifys://x", "dbus", "xmpp", "file"):
        [mistake] = mistakes(APPRISE=wrong)
        assert mistake.startswith("TRADEBELL_APPRISE must ")

    monkeypatch.setattr("adapters.push.settings.find_spec", lambda name: None)
    [mistake] = mistakes(APPRISE="gotifys")
    assert "install tradebell[apprise]" in mistake


def test_what_cannot_be_undone_takes_a_fresh_login_unless_it_is_set_otherwise():
    assert read({}).step_up
    assert not read({"TRADEBELL_STEP_UP": "off"}).step_up
    [mistake] = mistakes(STEP_UP="perhaps")
    assert mistake == "TRADEBELL_STEP_UP must be true or false."
