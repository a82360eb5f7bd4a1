import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSCloseCode, web

from adapters.discord.endpoint import PATH as INTERACTIONS
from adapters.push.platform import CALLBACK
from adapters.web.health import Backlog, Metrics
from adapters.web.server import HOOK_LIMIT, metrics_app, serving
from adapters.web.settings import Listen, parse_listen
from bot.domain.deliveries import State
from bot.domain.incoming import HookAnswer
from bot.errors import Misconfigured
from bot.settings import METRICS_LISTEN
from tests.integration.web.conftest import CODE, Site, with_public_url


class Hook:
    """A webhook with a ledger."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.received: list[tuple[str | None, bytes]] = []

    async def receive(self, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        self.received.append((headers.get("X-Secret"), body))
        return HookAnswer(status=self.status)


async def test_every_answer_carries_the_headers_that_protect_it(site):
    paths = ["/", "/chat", f"/link/{CODE}", "/link/unknown", "/nowhere", "/healthz"]
    paths += ["/readyz", "/static/page.css", "/static/chat.js"]
    async with site.opened() as client:
        for path in paths:
            response = await client.get(path, allow_redirects=False)

            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "form-action 'self'" in policy, path
            assert "unsafe" not in policy, path
            scripts = {"/chat": "script-src 'self';", f"/link/{CODE}": "script-src 'sha256-"}
            assert ("script-src" in policy) is (path in scripts)
            assert scripts.get(path, "") in policy
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Server"] == "Tradebell"
            assert "Strict-Transport-Security" not in response.headers
            kept = "no-cache" if path.startswith("/static/") else "no-store"
            assert response.headers["Cache-Control"] == kept


async def test_https_is_for_good_where_it_is():
    async with Site(settings=with_public_url("https://bell.example.org")).opened() as client:
        response = await client.get("/")

    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


async def test_a_wrong_address_and_a_wrong_method_get_a_kind_page(site):
    async with site.opened() as client:
        missing = await client.get("/nowhere")
        wrong = await client.put(f"/link/{CODE}")

        assert missing.status == 404
        assert "nothing at this address" in await missing.text()
        assert wrong.status == 405
        assert set(wrong.headers["Allow"].split(",")) >= {"GET", "POST"}


async def test_the_front_door_leads_to_the_chat_or_says_where_it_is(site):
    async with site.opened() as client:
        with_chat = await client.get("/", allow_redirects=False)
    async with Site(chat=False).opened() as client:
        without = await client.get("/")
        chat = await client.get("/chat")

    assert (with_chat.status, with_chat.headers["Location"]) == (302, "/chat")
    assert without.status == 200
    assert chat.status == 404


async def test_a_file_that_has_not_changed_is_not_sent_again(site):
    async with site.opened() as client:
        first = await client.get("/static/chat.js")
        again = await client.get(
            "/static/chat.js", headers={"If-None-Match": first.headers["ETag"]}
        )
        other = await client.get("/static/chat.js", headers={"If-None-Match": '"other"'})

    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (first.status, again.status, other.status) == (200, 304, 200)


async def test_only_the_files_of_the_pages_are_served(site):
    async with site.opened() as client:
        for path in ("/static/", "/static/..%2fserver.py", "/static/../server.py"):
            assert (await client.get(path)).status == 404


async def test_the_access_log_names_routes_and_never_paths(site, caplog):
    caplog.set_level(logging.DEBUG)
    site.webhooks = {"/telegram/secret-path": Hook()}
    async with site.opened() as client:
        await client.get(f"/link/{CODE}?code={CODE}")
        await client.get(f"/nowhere/{CODE}")
        await client.post("/telegram/secret-path", data=b"{}")
        await client.get("/healthz")

    records = [record for record in caplog.records if record.getMessage() == "request"]
    assert [(record.__dict__["route"], record.__dict__["status"]) for record in records] == [
        ("link", 200),
        ("none", 404),
        ("webhook0", 200),
        ("healthz", 200),
    ]
    ours = "\n".join(
        str(record.__dict__) for record in caplog.records if record.name != "aiohttp.client"
    )
    assert CODE not in ours
    assert "secret-path" not in ours


# --- webhooks ------------------------------------------------------------------------------


async def test_a_webhook_gets_headers_and_body_and_decides_the_answer():
    hook = Hook(status=401)
    async with Site(webhooks={"/hook": hook}).opened() as client:
        response = await client.post("/hook", data=b'{"a": 1}', headers={"X-Secret": "s"})
        looked = await client.get("/hook")

    assert (response.status, looked.status) == (401, 405)
    assert hook.received == [("s", b'{"a": 1}')]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_webhook_s_body_is_bounded(chunked):
    hook = Hook()

    async def pieces():
        for _ in range(HOOK_LIMIT // 1024 + 1):
            yield b"x" * 1024

    async with Site(webhooks={"/hook": hook}).opened() as client:
        fits = await client.post("/hook", data=b"x" * HOOK_LIMIT)
        big = await client.post("/hook", data=pieces() if chunked else b"x" * (HOOK_LIMIT + 1))

    assert (fits.status, big.status) == (200, 413)
    assert len(hook.received) == 1


# --- serving -------------------------------------------------------------------------------


async def test_a_taken_port_is_the_operator_s_to_cure(site):
    async with site.opened():
        with pytest.raises(Misconfigured, match=r"TRADEBELL_LISTEN.*free port") as refusal:
            async with Site(settings=site.settings).opened():
                pass

    assert str(site.settings.listen) in str(refusal.value)


async def test_a_taken_port_of_the_figures_names_their_own_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = parse_listen(f"127.0.0.1:{taken.getsockname()[1]}", METRICS_LISTEN)
        with pytest.raises(Misconfigured, match=f"set {METRICS_LISTEN} to a free port"):
            async with serving(web.Application(), listen):
                pass


async def test_an_address_that_is_not_ours_is_the_operator_s_to_cure():
    app = web.Application()

    with pytest.raises(Misconfigured, match=r"TRADEBELL_LISTEN.*no such address"):
        async with serving(app, Listen(host="203.0.113.1", port=0)):
            pass


async def test_a_free_port_is_found_and_told():
    app = web.Application()

    async with serving(app, Listen(host="127.0.0.1", port=0)) as bound:
        _, writer = await asyncio.open_connection(bound.host, bound.port)
        writer.close()
        await writer.wait_closed()

    assert bound.port != 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((bound.host, bound.port))


async def test_stopping_says_goodbye_to_open_tabs(site):
    # Left from the last to the first: the server stops while the browser looks on.
    async with (
        aiohttp.ClientSession(site.url) as browser,
        asyncio.TaskGroup() as group,
        site.opened() as client,
    ):
        cookie = (await client.get("/chat")).headers["Set-Cookie"].partition(";")[0]
        headers = {"Cookie": cookie, "Origin": site.url}
        tab = await browser.ws_connect("/chat/ws", headers=headers)
        await tab.receive()
        goodbye = group.create_task(tab.receive())

    assert goodbye.result().data == WSCloseCode.GOING_AWAY


async def test_stopping_takes_no_longer_than_a_moment_with_tabs_open(site):
    async with site.opened() as client:
        page = await client.get("/chat")
        cookie = page.headers["Set-Cookie"].partition(";")[0]
        tab = await client.ws_connect("/chat/ws", headers={"Cookie": cookie, "Origin": site.url})
        await tab.receive()
        loop = asyncio.get_running_loop()
        started = loop.time()

    # The tab never answered the goodbye: nobody was reading it.
    assert loop.time() - started < 6


# --- health --------------------------------------------------------------------------------


async def test_alive_says_only_that(site):
    site.problems.append("The database does not answer.")
    async with site.opened() as client:
        response = await client.get("/healthz")

        assert (response.status, await response.text()) == (200, "ok\n")


async def test_ready_tells_each_problem_on_a_line(site):
    async with site.opened() as client:
        fine = await client.get("/readyz")
        site.problems += ["The database does not answer.", "Telegram refuses the token."]
        bad = await client.get("/readyz")
        text = await bad.text()

    assert (fine.status, bad.status) == (200, 503)
    assert text == "The database does not answer.\nTelegram refuses the token.\n"


@asynccontextmanager
async def figures() -> AsyncIterator[aiohttp.ClientSession]:
    """Where the figures are served, and nothing else; gives a client."""

    async def backlog() -> Backlog:
        return Backlog(oldest=timedelta(seconds=3), items={State.READY: 1}, missed={})

    app = metrics_app(Metrics(backlog))
    async with (
        serving(app, Listen(host="127.0.0.1", port=0)) as bound,
        aiohttp.ClientSession(f"http://{bound}") as client,
    ):
        yield client


async def test_the_figures_are_not_where_the_pages_are(site):
    async with site.opened() as client, figures() as operator:
        assert (await client.get("/metrics")).status == 404
        assert (await operator.get("/metrics")).status == 200
        assert (await operator.get(f"/link/{CODE}")).status == 404


async def test_metrics_are_prometheus_text_of_this_moment():
    async with figures() as operator:
        response = await operator.get("/metrics")
        text = await response.text()

    assert response.headers["Server"] == "Tradebell"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    assert "tradebell_oldest_owed_seconds 3.0" in text
    assert 'tradebell_outbox_items{state="ready"} 1.0' in text


INSIDE = {"/healthz", "/readyz", "/chat", "/chat/ws"}
"""Not for people outside."""


@pytest.mark.parametrize("page", ["README.md", "docs/reaching-it.md"])
def test_the_proxy_in_the_docs_lets_through_what_people_open(page: str):
    text = Path(__file__).parents[3].joinpath(page).read_text(encoding="utf-8")
    patterns = text.partition("@pages path ")[2].partition("\n")[0].split()
    hook = "/telegram/secret"
    hooks = {hook: Hook(), CALLBACK: Hook(), INTERACTIONS: Hook()}
    served = Site(webhooks=hooks).app().router.resources()
    paths = {one.canonical for one in served} - INSIDE

    assert {*hooks, "/inbox/ring", "/seen/{code}"} <= paths
    assert [path for path in paths if not any(fnmatch(path, one) for one in patterns)] == []
