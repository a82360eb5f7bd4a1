import asyncio
import base64
import hashlib
import html
import logging
import math
import re
from dataclasses import dataclass, replace
from datetime import timedelta

import aiohttp
import pytest
import segno

from adapters.web.settings import parse_proxies
from bot.domain.accounts import KeyLogin, PasswordLogin, TokenLogin
from bot.domain.chats import Address, Channel
from bot.domain.ids import AccountId
from bot.domain.linking import LOGIN_TRIES, Audience, Proof
from tests.fakes.web import LinkingDesk
from tests.integration.web.conftest import CODE, TELEGRAM, Site, with_public_url

EMAIL = "ann@example.com"
DISCORD = Address(channel=Channel.DISCORD, bot="7", chat="812348299")


@dataclass
class Form:
    """The sign-in page as a browser has it: its cookie and its hidden field."""

    client: aiohttp.ClientSession
    cookie: str
    csrf: str
    path: str = f"/link/{CODE}"

    async def send(self, headers: dict[str, str] | None = None, **fields: str):
        response = await self.client.post(
            self.path,
            data={"csrf": self.csrf, **fields},
            headers={"Cookie": self.cookie, **(headers or {})},
        )
        return response.status, await response.text()


async def open_form(client: aiohttp.ClientSession) -> Form:
    response = await client.get(f"/link/{CODE}")
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    return Form(client, cookie, csrf_of(await response.text()))


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


def digits_of(page: str) -> str:
    (found,) = re.findall(r'<output id="digits"[^>]*>(.*?)</output>', page)
    return re.sub(r"<[^>]+>", "", found)


# --- looking -------------------------------------------------------------------------------


async def test_the_page_names_the_platform_the_chat_and_how_long_it_is_good(site):
    async with site.opened() as client:
        response = await client.get(f"/link/{CODE}")
        page = await response.text()

    assert response.status == 200
    assert "Cryptorobot" in page
    assert "Telegram" in page
    assert "••••8213" in page
    assert TELEGRAM.chat not in page
    assert "10 min" in page
    assert "12:10 UTC" in page


def modules_of(svg: str) -> set[tuple[int, int]]:
    """The dark modules of a QR code that is drawn row by row, by column and row."""
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    column, row, dark = 0, -1, set()
    for move, x, y, across in re.findall(r"([Mm])(-?[\d.]+) (-?[\d.]+)(?:h(\d+))?", path):
        column = int(x) if move == "M" else column + int(x)
        row = int(float(y)) if move == "M" else row + int(y)
        dark |= {(column + step, row) for step in range(int(across))}
        column += int(across)
    return dark


@pytest.mark.parametrize("channel", [Channel.TELEGRAM, Channel.DISCORD])
async def test_the_page_shows_its_address_to_the_camera_of_another_device(channel):
    site = Site(settings=with_public_url("https://bell.example.org"))
    site.desk.invite(CODE, Address(channel=channel, bot="7", chat="812348299"))

    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}")).text()

    (shown,) = re.findall(
        r'<div class="qr" role="img" aria-label="[^"]+">(<svg aria-hidden="true".*?</svg>)', page
    )
    expected = segno.make_qr(f"https://bell.example.org/link/{CODE}", error="m")
    rows = enumerate(expected.matrix_iter(border=4))
    assert modules_of(shown) == {(x, y) for y, row in rows for x, dark in enumerate(row) if dark}
    assert "style" not in shown  # the policy of the page forbids it


async def test_an_address_of_this_machine_is_shown_to_no_camera(site):
    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}")).text()

    assert "<svg" not in page
    assert "another device" not in page


READERS = "everyone who can read #desk in <Alpha> (a server of about 34 people)"
DESK = Audience(name="#desk in <Alpha>", readers=READERS)


async def test_a_page_for_a_proof_says_what_is_to_be_confirmed_and_links_nothing(site):
    proof = Proof(account=AccountId("1"), deed="Grid <BTC>: close 50 % of #5 BTC/USDT")
    site.desk.invite(CODE, TELEGRAM, proof=proof)

    async with site.opened() as client:
        form = await open_form(client)
        page = await (await client.get(f"/link/{CODE}")).text()
        wrong, _ = await form.send(email="ann@example.com", password="wrong")
        right, told = await form.send(email="ann@example.com", password="correct horse")
        again = await client.get(f"/link/{CODE}")
        used = await again.text()

    assert "Log in to Cryptorobot once more" in page
    assert html.escape(proof.deed) in page
    assert "Nothing is linked until" not in page
    assert (wrong, right, again.status) == (403, 200, 410)
    assert html.escape(proof.deed) in told
    assert "Press Go on there" in told
    assert "482" not in told
    assert "correct horse" not in told
    assert "press Go on there" in used


async def test_of_a_shared_chat_the_page_says_who_reads_along(site):
    site.desk.invite(CODE, DISCORD, audience=DESK)

    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}")).text()

    assert page.count(html.escape(READERS)) == 3, "a fact, and at both forms"
    assert html.escape(DESK.name) in page
    assert DISCORD.chat[-4:] not in page
    assert re.findall(r'<input id="[\w-]+" name="agreed" type="checkbox"[^>]* required>', page)


async def test_of_a_private_chat_nobody_is_asked_to_agree(site):
    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}")).text()

    assert "agreed" not in page


@pytest.mark.parametrize("agreed", [{}, {"agreed": "no"}, {"agreed": ""}])
async def test_who_does_not_agree_is_not_logged_in(site, agreed):
    site.desk.invite(CODE, DISCORD, audience=DESK)

    async with site.opened() as client:
        form = await open_form(client)
        status, page = await form.send(email=EMAIL, password=site.desk.password, **agreed)
        again = await form.send(email=EMAIL, password=site.desk.password, agreed="yes")

    assert status == 422
    assert "do you agree?" in page
    assert EMAIL in page
    assert len(site.desk.tried) == 1
    assert again[0] == 200
    assert digits_of(again[1]) == site.desk.digits
    assert "Press <b>Type the six digits</b> there" in again[1]


async def test_the_page_works_without_scripts_and_may_run_none_but_its_own(site):
    async with site.opened() as client:
        response = await client.get(f"/link/{CODE}")
        page = await response.text()

    [script] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert policy.endswith(f"script-src 'sha256-{digest}'")
    assert page.count("<script") == 1
    assert re.search(r"\son\w+=", page) is None
    assert re.findall(r'<input id="\w+" name="(\w+)"', page) == ["email", "password", "api_key"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}])
async def test_looking_uses_nothing_up_however_often(site, method, headers):
    async with site.opened() as client:
        for _ in range(20):
            response = await client.request(method, f"/link/{CODE}", headers=headers)
            assert response.status == 200

        form = await open_form(client)
        status, page = await form.send(email=EMAIL, password=site.desk.password)

    assert status == 200
    assert digits_of(page) == site.desk.digits


async def test_a_code_that_nobody_made_leads_nowhere(site):
    async with site.opened() as client:
        unknown = await client.get("/link/nobody-made-this-code")
        impossible = await client.get("/link/%3Cscript%3E")
        page = await impossible.text()

    assert (unknown.status, impossible.status) == (404, 404)
    assert site.desk.looked == ["nobody-made-this-code"]
    assert "This address does not work" in page
    assert "<script" not in page


async def test_an_expired_code_says_so_and_what_to_do(site):
    async with site.opened() as client:
        site.time += timedelta(minutes=10)
        response = await client.get(f"/link/{CODE}")
        page = await response.text()

    assert response.status == 410
    assert "expired" in page
    assert "10 min at most; /cancel" in page
    assert "/link" in page


# --- signing in ----------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["password", "api_key", "token"])
async def test_a_good_login_shows_exactly_six_digits_and_what_to_do(site, secret):
    fields = {
        "password": {"email": f" {EMAIL} ", "password": site.desk.password},
        "api_key": {"api_key": site.desk.api_key},
        "token": {"api_key": site.desk.token},
    }[secret]
    login = {
        "password": PasswordLogin(email=EMAIL, password=site.desk.password),
        "api_key": KeyLogin(api_key=site.desk.api_key),
        "token": TokenLogin(token=site.desk.token),
    }[secret]

    async with site.opened() as client:
        status, page = await (await open_form(client)).send(**fields)

    assert status == 200
    assert digits_of(page) == "482913"
    assert "2 min" in page
    assert ("This login lasts 7 days." in page) is (secret != "api_key")
    assert "a***@example.com" in page
    assert [(code, tried) for code, tried, _ in site.desk.tried] == [(CODE, login)]


async def test_after_the_login_the_cookie_is_a_new_one(site):
    async with site.opened() as client:
        form = await open_form(client)
        response = await client.post(
            form.path,
            data={"csrf": form.csrf, "api_key": site.desk.api_key},
            headers={"Cookie": form.cookie},
        )

    assert response.headers["Set-Cookie"].partition(";")[0] != form.cookie


async def test_a_used_code_says_so(site):
    async with site.opened() as client:
        form = await open_form(client)
        await form.send(email=EMAIL, password=site.desk.password)

        again = await form.send(email=EMAIL, password=site.desk.password)
        looked = await client.get(f"/link/{CODE}")

    assert again[0] == looked.status == 410
    assert "has been used" in again[1]
    assert len(site.desk.tried) == 1


async def test_a_wrong_password_keeps_the_page_and_the_email_and_tells_the_tries_left(site):
    async with site.opened() as client:
        form = await open_form(client)
        status, page = await form.send(email='"><b>ann', password="wrong horse")
        after = await form.send(email=EMAIL, password=site.desk.password)

    assert status == 403
    assert 'role="alert"' in page
    assert "Wrong e-mail or password." in page
    assert "4 tries left." in page
    assert 'value="&#34;&gt;&lt;b&gt;ann"' in page
    assert "wrong horse" not in page
    assert after[0] == 200


async def test_the_last_try_closes_the_address(site):
    async with site.opened() as client:
        form = await open_form(client)
        for _ in range(LOGIN_TRIES - 1):
            assert (await form.send(email=EMAIL, password="wrong"))[0] == 403

        last = await form.send(email=EMAIL, password="wrong")
        right = await form.send(email=EMAIL, password=site.desk.password)

    assert last[0] == right[0] == 429
    assert "Too many tries" in last[1]
    assert len(site.desk.tried) == LOGIN_TRIES


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (timedelta(seconds=39.2), "Wait 40 s, then sign in here again."),
        (timedelta(minutes=14.5), "Wait 15 min; this address has ended by then."),
    ],
)
async def test_too_many_wrong_sign_ins_keep_the_form_and_say_when_to_come_back(site, wait, told):
    site.desk.wait = wait
    async with site.opened() as client:
        form = await open_form(client)
        response = await client.post(
            form.path,
            data={"csrf": form.csrf, "email": EMAIL, "password": "p"},
            headers={"Cookie": form.cookie},
        )
        page = await response.text()

    assert response.status == 429
    assert int(response.headers["Retry-After"]) == math.ceil(wait.total_seconds())
    assert told in page
    assert f'value="{EMAIL}"' in page


async def test_the_pages_say_how_to_ask_on_discord_too(site):
    async with site.opened() as client:
        form = await (await client.get((await open_form(client)).path)).text()
        gone = await (await client.get("/link/nothing")).text()

    assert "/unlink (on Discord /bell unlink)" in form
    assert "just sent /link" not in form
    assert "/link in your chat (on Discord /bell link)" in gone


async def test_an_empty_field_is_named_and_no_try_is_lost(site):
    async with site.opened() as client:
        status, page = await (await open_form(client)).send(email=EMAIL, password="")

    assert status == 422
    assert "Please enter your password." in page
    assert f'value="{EMAIL}"' in page
    assert site.desk.tried == []


async def test_a_failed_key_leaves_its_section_open(site):
    async with site.opened() as client:
        _, page = await (await open_form(client)).send(api_key="wrong")

    assert "<details open>" in page


# --- keeping others out --------------------------------------------------------------------


async def test_a_form_without_its_token_signs_nobody_in_but_loses_nothing(site):
    async with site.opened() as client:
        form = await open_form(client)
        stale = await replace(form, csrf="0" * 64).send(email=EMAIL, password="p")
        bare = await replace(form, cookie="other=1").send(email=EMAIL, password="p")
        other = await replace(form, cookie="tradebell=" + "x" * 22).send(email=EMAIL, password="p")

        fresh = replace(form, csrf=csrf_of(stale[1]))
        status, _ = await fresh.send(email=EMAIL, password=site.desk.password)

    for refused_status, page in (stale, bare, other):
        assert refused_status == 403
        assert f'value="{EMAIL}"' in page
        assert "send the form once more" in page
    assert status == 200
    assert len(site.desk.tried) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
    ],
)
async def test_a_form_sent_from_another_site_is_refused(site, headers):
    async with site.opened() as client:
        form = await open_form(client)
        status, page = await form.send(headers, email=EMAIL, password=site.desk.password)

    assert status == 403
    assert "not sent from our page" in page
    assert site.desk.tried == []


async def test_a_form_too_long_is_refused_unread(site):
    async with site.opened() as client:
        status, page = await (await open_form(client)).send(email=EMAIL, password="x" * 9000)

    assert status == 413
    assert "too much text" in page
    assert site.desk.tried == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/x-www-form-urlencoded", b"email=%ff", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 50), 400),
    ],
)
async def test_a_body_that_is_no_form_of_ours_is_refused(site, kind, body, status):
    async with site.opened() as client:
        response = await client.post(f"/link/{CODE}", data=body, headers={"Content-Type": kind})

        assert response.status == status
    assert site.desk.tried == []


async def test_the_source_of_a_try_is_believed_from_listed_proxies_only(site):
    forwarded = {"X-Forwarded-For": "1.2.3.4, 203.0.113.9"}
    async with site.opened() as client:
        await (await open_form(client)).send(forwarded, api_key="wrong")

    behind = Site(settings=replace(site.settings, trusted_proxies=parse_proxies("127.0.0.1")))
    behind.desk.invite(CODE, TELEGRAM)
    async with behind.opened() as client:
        await (await open_form(client)).send(forwarded, api_key="wrong")

    assert [source for _, _, source in site.desk.tried] == ["127.0.0.1"]
    assert [source for _, _, source in behind.desk.tried] == ["203.0.113.9"]


@pytest.mark.parametrize(
    ("url", "name", "secure"),
    [
        ("https://bell.example.org", "__Host-tradebell", True),
        ("http://127.0.0.1:8080", "tradebell", False),
    ],
)
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(url, name, secure):
    site = Site(settings=with_public_url(url))
    site.desk.invite(CODE, TELEGRAM)
    async with site.opened() as client:
        cookie = (await client.get(f"/link/{CODE}")).headers["Set-Cookie"]

    assert cookie.startswith(f"{name}=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) is secure
    assert "Domain" not in cookie


async def test_a_browser_that_has_its_cookie_keeps_it(site):
    async with site.opened() as client:
        form = await open_form(client)
        again = await client.get(form.path, headers={"Cookie": form.cookie})

        assert "Set-Cookie" not in again.headers
        assert csrf_of(await again.text()) == form.csrf


async def test_no_secret_reaches_a_log_even_when_signing_in_breaks(site, caplog):
    class Broken(LinkingDesk):
        async def sign_in(self, code, login, source, *, agreed=False, zone=""):
            raise RuntimeError(f"cannot use {login!r}")

    caplog.set_level(logging.DEBUG)
    canary = "canary-correct-horse"
    async with site.opened() as client:
        form = await open_form(client)
        await form.send(email=EMAIL, password=canary)
    broken = Site()
    broken.desk = Broken(now=broken.now)
    broken.desk.invite(CODE, TELEGRAM)
    async with broken.opened() as client:
        form = await open_form(client)
        status, page = await form.send(email=EMAIL, password=canary)
        await form.send(api_key=canary)

    logged = logging.Formatter().format
    text = "\n".join(f"{logged(record)} {record.__dict__}" for record in caplog.records)
    assert status == 500
    assert "Something went wrong on our side" in page
    assert "request failed" in text
    for secret in (canary, CODE, form.csrf, form.cookie):
        assert secret not in text


async def test_many_people_sign_in_at_once_each_for_themselves(site):
    codes = [f"code-{number}-{'x' * 16}" for number in range(20)]
    for code in codes:
        site.desk.invite(code, TELEGRAM)

    async def person(client: aiohttp.ClientSession, code: str) -> None:
        response = await client.get(f"/link/{code}")
        cookie = response.headers["Set-Cookie"].partition(";")[0]
        form = Form(client, cookie, csrf_of(await response.text()), f"/link/{code}")
        status, _ = await form.send(email=f"{code}@example.com", password=site.desk.password)
        assert status == 200

    async with site.opened() as client, asyncio.TaskGroup() as group:
        for code in codes:
            group.create_task(person(client, code))

    assert {
        (code, login.email) for code, login, _ in site.desk.tried if hasattr(login, "email")
    } == {(code, f"{code}@example.com") for code in codes}
