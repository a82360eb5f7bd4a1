"""How far a request got, for each thing that can go wrong with it (`guarantees.md` 2.3)."""

import asyncio
import ssl
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile
from telegram.error import TelegramError

from adapters.chat.connections import Limits
from adapters.chat.exchange import NoAnswer, Reached
from adapters.telegram.transport import BotApiRequest, TelegramRefusal
from tests.standins.bot_api import TOKEN, Access, BotApi
from tests.standins.bot_api.faults import (
    internal_error,
    refused,
    too_many_requests,
    too_many_requests_for_how_long,
    too_many_requests_html,
)
from tests.standins.faults import (
    Answer,
    Drop,
    Hold,
    bad_gateway,
    captive_portal,
    gateway_timeout,
    html,
)

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SHORT = 0.2
"""Seconds for a limit that is meant to be reached."""


@asynccontextmanager
async def bot_at(url: str, request: BotApiRequest | None = None) -> AsyncIterator[Bot]:
    """The library's bot over our transport, without its opening `getMe`."""
    request = request or BotApiRequest()
    bot = Bot(TOKEN, base_url=f"{url}/bot", request=request, get_updates_request=request)
    async with request:
        yield bot


def impatient() -> BotApiRequest:
    return BotApiRequest(limits=Limits(connect=SHORT, answer=SHORT), upload_timeout=SHORT)


@asynccontextmanager
async def wire(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that treats its connections as it likes."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    async with BotApi() as api:
        yield api


async def failure(call: Awaitable[object]) -> TelegramError:
    """What a call raises; it must not give the token away, however it is printed."""
    with pytest.raises(TelegramError) as raised:
        await call
    error = raised.value
    told = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
    assert TOKEN not in told
    assert error.__cause__ is None
    assert error.__context__ is None
    return error


async def no_answer(call: Awaitable[object]) -> NoAnswer:
    error = await failure(call)
    assert isinstance(error, NoAnswer)
    return error


async def refusal(call: Awaitable[object]) -> TelegramRefusal:
    error = await failure(call)
    assert isinstance(error, TelegramRefusal)
    return error


# --- nothing has left ---------------------------------------------------------------------


async def test_a_refused_connection_means_not_sent(api: BotApi):
    async with bot_at(api.url) as bot, api.down():
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.timed_out) == (Reached.CONNECTING, False)


async def test_a_name_that_is_not_found_means_not_sent():
    async with bot_at("http://nowhere.invalid", BotApiRequest(limits=Limits(connect=2.0))) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert error.reached is Reached.CONNECTING


async def test_an_address_that_makes_no_sense_means_not_sent():
    async with bot_at("http://" + "x" * 64 + ".example") as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert error.reached is Reached.CONNECTING


async def test_a_server_that_speaks_no_tls_means_not_sent(api: BotApi):
    async with bot_at(api.url.replace("http", "https")) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.timed_out) == (Reached.CONNECTING, False)
    assert api.world.calls == []


async def test_a_certificate_of_somebody_else_means_not_sent(tmp_path: Path):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with wire(serve, self_signed(tmp_path)) as url, bot_at(url) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.timed_out) == (Reached.CONNECTING, False)
    assert "certificate" in str(error).lower()


async def test_a_handshake_that_never_ends_means_not_sent():
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    request = BotApiRequest(limits=Limits(connect=SHORT))
    async with wire(serve) as url, bot_at(url.replace("http", "https"), request) as bot:
        error = await no_answer(bot.send_message(1, "hello"))
        ended.set()

    assert (error.reached, error.timed_out) == (Reached.CONNECTING, True)


async def test_waiting_in_vain_for_a_free_connection_means_not_sent(api: BotApi):
    ann = api.world.person("Ann")
    hold = Hold()
    api.fail(hold, method="sendMessage")
    request = BotApiRequest(connections=1, limits=Limits(connect=SHORT))

    async with bot_at(api.url, request) as bot, asyncio.TaskGroup() as tasks:
        first = tasks.create_task(bot.send_message(ann.id, "first"))
        await hold.reached()
        error = await no_answer(bot.send_message(ann.id, "second"))
        hold.release()

    assert (error.reached, error.timed_out) == (Reached.CONNECTING, True)
    assert first.result().text == "first"
    assert [message.text for message in ann.chat.shown] == ["first"]


# --- it may have left ---------------------------------------------------------------------


async def test_no_answer_in_time_means_unknown(api: BotApi):
    ann = api.world.person("Ann")
    hold = Hold()
    api.fail(hold, method="sendMessage")

    async with bot_at(api.url, impatient()) as bot:
        error = await no_answer(bot.send_message(ann.id, "hello"))
        hold.release()

    assert (error.reached, error.status, error.timed_out) == (Reached.SENT, None, True)
    assert len(ann.chat.shown) == 1


@pytest.mark.parametrize(("fault", "shown"), [(Drop(), 0), (Drop(executes=True), 1)])
async def test_a_peer_that_closes_without_a_word_means_unknown(
    api: BotApi, fault: Drop, shown: int
):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendMessage")

    async with bot_at(api.url) as bot:
        error = await no_answer(bot.send_message(ann.id, "hello"))

    assert (error.reached, error.status, error.timed_out) == (Reached.SENT, None, False)
    assert len(ann.chat.shown) == shown
    assert len(api.world.calls) == 1


async def test_a_peer_that_closes_before_it_has_read_anything_means_unknown():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with wire(serve) as url, bot_at(url) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.timed_out) == (Reached.SENT, False)


async def test_a_peer_that_stops_reading_means_unknown():
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.transport.abort()

    picture = InputFile(bytes(24 << 20))
    request = impatient()
    async with wire(serve) as url, bot_at(url, request) as bot:
        error = await no_answer(bot.send_photo(1, picture))
        ended.set()

    assert (error.reached, error.timed_out) == (Reached.SENT, True)


async def test_an_answer_that_is_no_http_means_unknown():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with wire(serve) as url, bot_at(url) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.status) == (Reached.SENT, None)


async def test_a_truncated_answer_means_unknown(api: BotApi):
    ann = api.world.person("Ann")
    api.fail(Drop(executes=True, midway=True), method="sendMessage")

    async with bot_at(api.url) as bot:
        error = await no_answer(bot.send_message(ann.id, "hello"))

    assert (error.reached, error.status) == (Reached.ANSWERING, 200)
    assert len(ann.chat.shown) == 1


async def test_an_answer_that_stalls_means_unknown():
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b'{"ok":true')
        await ended.wait()
        writer.close()

    request = impatient()
    async with wire(serve) as url, bot_at(url, request) as bot:
        error = await no_answer(bot.send_message(1, "hello"))
        ended.set()

    assert (error.reached, error.status, error.timed_out) == (Reached.ANSWERING, 200, True)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (internal_error(), 500),
        (bad_gateway(), 502),
        (bad_gateway(executes=True), 502),
        (gateway_timeout(), 504),
        (captive_portal(), 200),
        (Answer(status=200, body=b""), 200),
        (Answer(status=200, body=b'["result"]'), 200),
        (Answer(status=200, body=b'{"ok":false,"description":"no"}'), 200),
        (Answer(status=200, body=b'{"ok":true,"deep":{"result":1}}'), 200),
        (html(403, "Forbidden"), 403),
        (html(404, "Not Found"), 404),
        (html(413, "Request Entity Too Large"), 413),
        (too_many_requests_html(), 429),
    ],
)
async def test_an_answer_that_is_not_the_bot_api_s_keeps_its_status(
    api: BotApi, fault: Answer, status: int
):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendMessage")

    async with bot_at(api.url) as bot:
        error = await no_answer(bot.send_message(ann.id, "hello"))

    assert (error.reached, error.status) == (Reached.ANSWERED, status)


# --- the Bot API says no ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "wait"),
    [
        (too_many_requests(7), timedelta(seconds=7)),
        (too_many_requests(3600), timedelta(hours=1)),
        (too_many_requests(0), None),
        (too_many_requests(-5), None),
        (too_many_requests(10**12), None),
        (too_many_requests_for_how_long(), None),
    ],
)
async def test_too_many_requests_tells_how_long_to_wait(
    api: BotApi, fault: Answer, wait: timedelta | None
):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendMessage")

    async with bot_at(api.url) as bot:
        error = await refusal(bot.send_message(ann.id, "hello"))

    assert (error.status, error.retry_after) == (429, wait)


async def test_a_text_that_cannot_be_parsed_is_refused_in_telegram_s_words(api: BotApi):
    ann = api.world.person("Ann")

    async with bot_at(api.url) as bot:
        error = await refusal(bot.send_message(ann.id, "a <b", parse_mode="HTML"))

    assert error.status == 400
    assert error.description == (
        "Bad Request: can't parse entities: Unclosed start tag at byte offset 2"
    )


async def test_a_refused_address_is_not_repeated_in_the_refusal(api: BotApi):
    ann = api.world.person("Ann")
    button = InlineKeyboardButton("Open", url="http://localhost/link/one-time-code")

    async with bot_at(api.url) as bot:
        error = await refusal(
            bot.send_message(ann.id, "x", reply_markup=InlineKeyboardMarkup([[button]]))
        )

    assert error.description == (
        "Bad Request: inline keyboard button URL '…' is invalid: Wrong HTTP URL"
    )


async def test_a_chat_that_moved_tells_where_it_is(api: BotApi):
    group = api.world.group("Desk", api.world.person("Ann"), basic=True)
    new = api.world.upgrade(group)

    async with bot_at(api.url) as bot:
        error = await refusal(bot.send_message(group.id, "hello"))

    assert (error.status, error.moved_to) == (400, new.id)


async def test_a_person_who_blocks_the_bot_is_refused(api: BotApi):
    ann = api.world.person("Ann")
    ann.chat.access = Access.BLOCKED

    async with bot_at(api.url) as bot:
        error = await refusal(bot.send_message(ann.id, "hello"))

    assert (error.status, error.description) == (403, "Forbidden: bot was blocked by the user")


@pytest.mark.parametrize(
    "fault",
    [
        refused(401, "Unauthorized"),
        refused(404, "Not Found"),
        refused(409, "Conflict: terminated by other getUpdates request"),
        refused(413, "Request Entity Too Large"),
        refused(421, "Misdirected Request: unallowed token specified"),
    ],
)
async def test_other_refusals_keep_status_and_wording(api: BotApi, fault: Answer):
    ann = api.world.person("Ann")
    api.fail(fault, method="sendMessage")

    async with bot_at(api.url) as bot:
        error = await refusal(bot.send_message(ann.id, "hello"))

    assert error.status == fault.status
    assert error.description in fault.body.decode()


# --- never twice --------------------------------------------------------------------------


async def test_a_request_on_a_dead_kept_connection_is_not_repeated():
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            requests.append(await read_request(reader))
            if len(requests) == 1:
                writer.write(answer('{"ok":true,"result":true}'))
        writer.transport.abort()

    async with wire(serve) as url, bot_at(url) as bot:
        await bot.send_chat_action(1, "typing")
        error = await no_answer(bot.send_chat_action(1, "typing"))

    assert error.reached is Reached.SENT
    assert len(requests) == 2


async def test_a_kept_connection_that_was_hung_up_is_not_written_to():
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await read_request(reader)
        writer.write(answer('{"ok":true,"result":true}'))
        writer.close()  # without having said so in the answer

    async with wire(serve) as url, bot_at(url) as bot:
        for _ in range(20):
            assert await bot.send_chat_action(1, "typing")

    assert len(connections) == 20


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(api: BotApi, status: int):
    requests = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        head = f"HTTP/1.1 {status} Go\r\nLocation: {api.url}/bot{TOKEN}/sendMessage\r\n"
        writer.write(f"{head}Content-Length: 0\r\n\r\n".encode())
        writer.close()

    async with wire(serve) as url, bot_at(url) as bot:
        error = await no_answer(bot.send_message(1, "hello"))

    assert (error.reached, error.status) == (Reached.ANSWERED, status)
    assert len(requests) == 1
    assert api.world.calls == []


async def test_a_cancelled_request_ends_at_once_and_spares_the_others(api: BotApi):
    ann = api.world.person("Ann")
    hold = Hold(executes=False)
    api.fail(hold, method="sendMessage")

    async with bot_at(api.url) as bot:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(bot.send_message(ann.id, "hello"))
            await hold.reached()
            sending.cancel()
        sent = await bot.send_message(ann.id, "again")

    assert sending.cancelled()
    assert sent.text == "again"


# --- ordinary work ------------------------------------------------------------------------


async def test_requests_one_after_another_share_a_connection():
    connections = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        for _ in range(3):
            await read_request(reader)
            writer.write(answer('{"ok":true,"result":true}'))
        writer.close()

    async with wire(serve) as url, bot_at(url) as bot:
        for _ in range(3):
            assert await bot.send_chat_action(1, "typing")

    assert len(connections) == 1


async def test_a_burst_over_few_connections_arrives_whole(api: BotApi):
    people = [api.world.person(f"Person {i}") for i in range(50)]

    async with (
        bot_at(api.url, BotApiRequest(connections=4)) as bot,
        asyncio.TaskGroup() as tasks,
    ):
        for person in people:
            for text in ("one", "two"):
                tasks.create_task(bot.send_message(person.id, text))

    assert len(api.world.messages) == 100
    assert all(len(person.chat.shown) == 2 for person in people)


async def test_text_nested_parameters_and_files_arrive_unchanged(api: BotApi):
    ann = api.world.person("Ann")
    text = 'Ünïcode 😀 "quotes" \\ & <tags> \n 100%25 + a=b;c#d?e/f'

    async with bot_at(api.url) as bot:
        await bot.send_message(ann.id, text)
        await bot.send_photo(ann.id, InputFile(b"\x89PNG\r\n\x00", "day.png"), caption=text)

    said, pictured = ann.chat.shown
    assert said.text == pictured.text == text
    assert pictured.photo == b"\x89PNG\r\n\x00"


async def test_a_long_poll_may_take_longer_than_an_answer(api: BotApi):
    ann = api.world.person("Ann")

    async with bot_at(api.url, impatient()) as bot, asyncio.TaskGroup() as tasks:
        polling = tasks.create_task(bot.get_updates(timeout=10))
        await asyncio.sleep(3 * SHORT)  # longer than the limit for an ordinary answer
        ann.types("hello")

    assert len(polling.result()) == 1


# --- helpers ------------------------------------------------------------------------------


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().splitlines()
        if line.startswith(b"content-length:")
    )
    return head + await reader.readexactly(length)


def answer(body: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def self_signed(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
