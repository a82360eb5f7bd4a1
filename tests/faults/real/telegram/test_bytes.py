"""Answers that break off, lie or never come: rows 23 to 31, 41 and 42, byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.chat.connections import Limits
from bot.app.sources import now
from bot.domain.cards import Card
from bot.domain.chats import Address, Channel
from bot.domain.deliveries import Postponed, Scope, State
from tests.faults.alerts import owe
from tests.faults.real.telegram.conftest import IMPATIENT, at_work, kept, our_bot, settled
from tests.standins.bot_api import BotApi
from tests.standins.bot_api.devices import on_devices
from tests.standins.faults import Answer, Drop, Hold, captive_portal, html

REPEATED = ["first", "first", "second"]
ONCE = ["first", "second"]


async def told(store, platform, api, fault, **given):
    """Tell two facts while the first message meets a fault; gives the titles that were shown."""
    ann = api.world.person("Ann")
    async with at_work(store, platform, api, **given) as world:
        account = await world.links(str(ann.id))
        api.fail(fault, method="sendMessage")
        await owe(world, account, "first", "second")
        await settled(world)
    assert await kept(api, store, created=2) == {State.SENT: 2}
    return [one.card.title for one in on_devices(ann.chat.shown, now)]


@pytest.mark.fault(23)
async def test_an_answer_that_does_not_come_in_time_leads_to_one_marked_copy(store, platform, api):
    assert await told(store, platform, api, Hold(), limits=IMPATIENT) == REPEATED


@pytest.mark.fault(24)
async def test_a_message_that_never_arrived_and_was_never_answered_arrives(store, platform, api):
    assert await told(store, platform, api, Hold(executes=False), limits=IMPATIENT) == ONCE


@pytest.mark.fault(25)
async def test_a_connection_closed_before_the_answer_leads_to_one_marked_copy(store, platform, api):
    assert await told(store, platform, api, Drop(executes=True)) == REPEATED


@pytest.mark.fault(25)
async def test_a_connection_closed_before_anything_was_done_loses_nothing(store, platform, api):
    assert await told(store, platform, api, Drop()) == ONCE


@pytest.mark.fault(26)
async def test_a_truncated_answer_leads_to_one_marked_copy(store, platform, api):
    assert await told(store, platform, api, Drop(executes=True, midway=True)) == REPEATED


@pytest.mark.fault(26)
async def test_a_page_instead_of_an_answer_loses_nothing(store, platform, api):
    assert await told(store, platform, api, captive_portal()) == ONCE


@pytest.mark.fault(26)
async def test_a_page_after_the_message_was_shown_leads_to_one_marked_copy(store, platform, api):
    assert await told(store, platform, api, html(200, "Welcome", executes=True)) == REPEATED


@pytest.mark.fault(27)
@pytest.mark.parametrize("status", [500, 502, 504, 520])
async def test_server_errors_for_longer_than_a_message_has_tries_lose_nothing(
    store, platform, api, status
):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api) as world:
        account = await world.links(str(ann.id))
        api.fail(html(status, "Error"), times=12)
        await owe(world, account, "first", "second", "third")
        await settled(world)

    assert [one.card.title for one in on_devices(ann.chat.shown, now)] == [
        "first",
        "second",
        "third",
    ]
    assert len(api.world.calls_of("sendMessage")) == 4
    assert await kept(api, store, created=3) == {State.SENT: 3}


# --- asked to slow down -------------------------------------------------------------------

HALF_A_MINUTE = timedelta(seconds=30)


@pytest.mark.fault(30)
@pytest.mark.parametrize(
    ("asked", "wait", "scope"),
    [
        (7, timedelta(seconds=7), Scope.ENDPOINT),
        (3600, timedelta(hours=1), Scope.CHANNEL),
        (0, HALF_A_MINUTE, Scope.CHANNEL),
        (-100, HALF_A_MINUTE, Scope.CHANNEL),
        (None, HALF_A_MINUTE, Scope.CHANNEL),
        (10**12, HALF_A_MINUTE, Scope.CHANNEL),
        ("soon", HALF_A_MINUTE, Scope.CHANNEL),
        ({}, HALF_A_MINUTE, Scope.CHANNEL),
    ],
)
async def test_however_long_a_wait_is_asked_for_it_is_a_sane_one(api, asked, wait, scope):
    ann = api.world.person("Ann")
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
    parameters = {} if asked is None else {"parameters": {"retry_after": asked}}
    api.fail(Answer(status=429, body=json.dumps(body | parameters).encode()), method="sendMessage")

    async with our_bot(api) as ours:
        address = Address(channel=Channel.TELEGRAM, bot=ours.messenger.bot, chat=str(ann.id))
        outcome = await ours.messenger.send(address, Card(title="first"))

    assert outcome == Postponed(reason="slow_down", retry_after=wait, scope=scope)
    assert ann.chat.shown == []


# --- no way there -------------------------------------------------------------------------

ELSEWHERE = "http://bot.api.example"
"""A Bot API that is where `Names` says."""


class Names:
    """Names of hosts, as they are at the moment."""

    def __init__(self) -> None:
        self.hosts: list[tuple[socket.AddressFamily, str, int]] = []

    async def getaddrinfo(self, host, port, **_):
        if not self.hosts:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [
            (kind, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, at))
            for kind, address, at in self.hosts
        ]


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.getaddrinfo)
    return names


@contextmanager
def black_hole(family: socket.AddressFamily, host: str) -> Iterator[socket.socket]:
    """A port at which a connection is neither made nor refused: its queue is full."""
    with socket.socket(family) as full:
        full.bind((host, 0))
        full.listen(0)
        waiting = [socket.socket(family) for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname()[:2])
        yield full
        for each in waiting:
            each.close()


@pytest.mark.fault(41)
async def test_a_name_that_is_gone_for_a_while_delays_and_repeats_nothing(
    store, platform, api, names
):
    ann = api.world.person("Ann")
    async with at_work(store, platform, api, url=ELSEWHERE) as world:
        account = await world.links(str(ann.id))
        await owe(world, account, "first", "second")
        await tried(world, 3)
        assert api.world.calls == []
        names.hosts = [true_host(api)]
        await settled(world)

    await told_once(api, store, ann)


@pytest.mark.fault(41)
async def test_a_black_hole_delays_and_repeats_nothing(store, platform, api, names):
    ann = api.world.person("Ann")
    limits = Limits(connect=0.1)
    with black_hole(socket.AF_INET, "127.0.0.1") as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        async with at_work(store, platform, api, url=url, limits=limits) as world:
            account = await world.links(str(ann.id))
            await owe(world, account, "first", "second")
            await tried(world, 3)
            assert api.world.calls == []
            async with also_at(api, sock=hole):
                await settled(world)

    await told_once(api, store, ann)


@pytest.mark.fault(41)
async def test_a_black_hole_on_ipv6_is_passed_by_on_ipv4(store, platform, api, names):
    ann = api.world.person("Ann")
    with black_hole(socket.AF_INET6, "::1") as hole:
        names.hosts = [(socket.AF_INET6, "::1", hole.getsockname()[1]), true_host(api)]
        async with at_work(store, platform, api, url=ELSEWHERE) as world:
            account = await world.links(str(ann.id))
            await owe(world, account, "first", "second")
            await settled(world)
            states = world.meter.states

    assert states == {State.SENT: 2}
    await told_once(api, store, ann)


async def told_once(api, store, ann):
    assert [one.card.title for one in on_devices(ann.chat.shown, now)] == ONCE
    assert len(api.world.calls) == 2
    assert await kept(api, store, created=2) == {State.SENT: 2}


async def tried(world, times):
    """Wait until so many attempts in all have come to nothing."""
    await world.until(lambda: world.meter.states[State.READY] >= times, within=10)


def true_host(api):
    return socket.AF_INET, "127.0.0.1", int(api.url.rpartition(":")[2])


@pytest.mark.fault(41)
async def test_a_certificate_that_has_expired_delays_and_repeats_nothing(
    store, platform, api, tmp_path, monkeypatch
):
    expired, renewed = certificate(tmp_path / "old", 2021), certificate(tmp_path / "new", 2120)
    trusted = tmp_path / "trusted"
    trusted.write_text(expired.read_text() + renewed.read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(expired)
    ann = api.world.person("Ann")

    async with (
        also_at(api, ssl=server, host="127.0.0.1", port=0) as port,
        at_work(store, platform, api, url=f"https://127.0.0.1:{port}") as world,
    ):
        account = await world.links(str(ann.id))
        await owe(world, account, "first", "second")
        await tried(world, 3)
        assert api.world.calls == []
        server.load_cert_chain(renewed)
        await settled(world)

    await told_once(api, store, ann)


@asynccontextmanager
async def also_at(api: BotApi, **where: Any) -> AsyncIterator[int]:
    """Serve the Bot API at another port too, which it gives; `where` as `asyncio.start_server`."""
    clients: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.append(writer)
        _, host, port = true_host(api)
        inner_reader, inner_writer = await asyncio.open_connection(host, port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pass_on(reader, inner_writer))
            group.create_task(pass_on(inner_reader, writer))

    async with await asyncio.start_server(serve, **where) as server:
        yield server.sockets[0].getsockname()[1]
        # From Python 3.12 on a server that closes waits until its last client has gone.
        for client in clients:
            client.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await reader.read(1 << 16):
            writer.write(some)
    writer.close()


def certificate(path: Path, until: int) -> Path:
    """A certificate of our own with its key, good up to the begin of this year."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, path.name)])
    host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
        .add_extension(host, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


# --- too few connections ------------------------------------------------------------------


@pytest.mark.fault(42)
async def test_a_pool_that_is_used_up_delays_and_repeats_nothing(store, platform, api):
    people = [api.world.person(name) for name in ("Ann", "Bob", "Cid")]
    hold = Hold()
    async with at_work(store, platform, api, connections=1, limits=Limits(connect=0.1)) as world:
        for person in people:
            account = await world.links(str(person.id))
        await settled(world)
        before, calls = len(api.world.messages), len(api.world.calls)
        api.fail(hold, method="sendMessage")
        await owe(world, account, "first", "second")
        await hold.reached()
        await tried(world, 2)
        assert len(api.world.calls) == calls + 1
        hold.release()
        await settled(world)

    assert len(api.world.messages) == before + 6
    assert len(api.world.calls) == calls + 6
    assert not [message for message in api.world.messages if "possible repeat" in message.text]
    assert set(await kept(api, store)) == {State.SENT}
