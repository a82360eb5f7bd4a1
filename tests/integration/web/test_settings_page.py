"""The settings page in a browser, on loopback: who gets in, what it shows, what its forms ask."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from decimal import Decimal

import aiohttp
import pytest

from bot.domain.cards import Card, Option, PickList
from bot.domain.chats import Address, Channel, Endpoint, Link, Preferences, Role
from bot.domain.events import Trader
from bot.domain.ids import AccountId, ActionId, EndpointId, LinkId, TraderId
from bot.domain.rules import Hours, Measure, Mode, Mute, Quiet, Rule, Threshold, Topic
from bot.domain.visits import Changed, SettingsView, Visit, VisitProblem
from bot.policy.rule_table import rule_table
from bot.policy.ruling import in_order
from tests.integration.web.conftest import CODE, START, Site, with_public_url
from tests.integration.web.test_links import csrf_of

HOSTILE = "<script>alert(1)</script> & 'Owl' \u202e"
OWL, HERON = (
    Trader(id=TraderId(id), name=name, dry_run=dry_run)
    for id, name, dry_run in (("b1", HOSTILE, True), ("b2", "Heron", False))
)
PLAIN = Preferences()
OPEN = f"/settings/open/{CODE}"


def a_view(wants: Preferences = PLAIN, *, may_change: bool = True) -> SettingsView:
    address = Address(channel=Channel.TELEGRAM, bot="7", chat="812348213")
    link = Link(
        id=LinkId("l1"),
        account=AccountId("a1"),
        endpoint=Endpoint(id=EndpointId("e1"), address=address),
        person="7",
        role=Role.OWNER,
        epoch=1,
        preferences=wants,
        linked_at=START,
    )
    rules = link.preferences.rules
    return SettingsView(
        visit=Visit(
            link=link.id, person="7", language=wants.language, until=START + timedelta(minutes=30)
        ),
        link=link,
        traders=(OWL, HERON),
        rules=tuple(in_order(rules)),
        cells=rule_table((OWL, HERON), rules),
        others=(),
        may_change=may_change,
        now=START,
    )


@dataclass
class Visitor:
    """A browser that has come in."""

    client: aiohttp.ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str = "/settings") -> tuple[int, str]:
        response = await self.client.get(path, headers=self._headers)
        return response.status, await self._kept(response)

    async def post(
        self, path: str, fields: Mapping[str, str] = {}, *, referring: bool = True
    ) -> tuple[int, str]:
        _, page = await self.get()
        csrf = {"csrf": csrf_of(page)} if referring else {}
        response = await self.client.post(
            path, data={**csrf, **fields}, headers=self._headers, allow_redirects=False
        )
        return response.status, await self._kept(response)

    async def enter(self) -> aiohttp.ClientResponse:
        response = await self.client.get(OPEN, headers=self._headers)
        csrf = csrf_of(await self._kept(response))
        response = await self.client.post(
            OPEN, data={"csrf": csrf}, headers=self._headers, allow_redirects=False
        )
        await self._kept(response)
        return response

    @property
    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    async def _kept(self, response: aiohttp.ClientResponse) -> str:
        self.cookies |= {name: one.value for name, one in response.cookies.items()}
        return await response.text()


@pytest.fixture
def site() -> Site:
    site = Site()
    site.settings_desk.seen, site.settings_desk.code = a_view(), CODE
    return site


# --- who gets in ------------------------------------------------------------------------------


async def test_only_the_button_uses_the_address_up_and_then_it_is_used(site):
    async with site.opened() as client:
        looks = [(await client.get(OPEN)).status for _ in range(3)]
        heads = (await client.head(OPEN)).status
        visitor = Visitor(client)
        entered = await visitor.enter()
        status, page = await visitor.get()
        again = await client.get(OPEN)

    assert (looks, heads) == ([200] * 3, 200)
    assert (entered.status, entered.headers["Location"]) == (303, "/settings")
    assert status == 200
    assert "How loudly what is told" in page
    assert again.status == 410
    assert "has been used" in await again.text()


@pytest.mark.parametrize("url", ["http", "https"])
async def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(url):
    site = Site() if url == "http" else Site(settings=with_public_url("https://bell.example.org"))
    site.settings_desk.seen, site.settings_desk.code = a_view(), CODE
    async with site.opened() as client:
        entered = await Visitor(client).enter()

    [cookie] = entered.headers.getall("Set-Cookie")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {*cookie.split("; ")}
    assert ("Secure" in cookie, cookie.startswith("__Host-")) == (url == "https", url == "https")
    assert site.settings_desk.secrets[0] in cookie


async def test_what_a_browser_held_before_opens_nothing_after(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await client.get(OPEN)
        planted = {"tradebell-settings": "p" * 22}
        visitor.cookies = dict(planted)
        await visitor.enter()
        status, _ = await Visitor(client, planted).get()

    assert visitor.cookies != planted
    assert status == 403


@pytest.mark.parametrize(
    ("problem", "status", "says"),
    [
        (VisitProblem.EXPIRED, 410, "has expired"),
        (VisitProblem.USED, 410, "has been used"),
        (VisitProblem.UNKNOWN, 404, "does not work"),
    ],
)
async def test_an_address_that_leads_nowhere_says_what_to_do(site, problem, status, says):
    site.settings_desk.problem = problem
    async with site.opened() as client:
        response = await client.get(OPEN)
        page = await response.text()

    assert response.status == status
    assert says in page
    assert "Send /settings in your chat" in page


async def test_without_a_visit_there_is_nothing(site):
    async with site.opened() as client:
        answers = [
            await client.get("/settings"),
            await client.get("/settings/rule?kind=exits&bot="),
            await client.post("/settings/change", data={"command": "quiet", "words": "off"}),
            await client.post("/settings/leave", data={"csrf": "x"}),
        ]

    assert [one.status for one in answers] == [403] * 4
    assert site.settings_desk.changes == []


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_a_form_of_another_site_changes_nothing(site, headers):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.get()
        fields = {"csrf": csrf_of(page), "command": "quiet", "words": "off"}
        cookie = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
        response = await client.post(
            "/settings/change", data=fields, headers={"Cookie": cookie, **headers}
        )

    assert response.status == 403
    assert site.settings_desk.changes == []


async def test_a_form_without_its_token_changes_nothing_and_ends_nothing(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        changed, _ = await visitor.post(
            "/settings/change", {"command": "quiet", "words": "off"}, referring=False
        )
        left, _ = await visitor.post("/settings/leave", referring=False)
        status, _ = await visitor.get()

    assert (changed, left, status) == (403, 403, 200)
    assert site.settings_desk.changes == []


async def test_codes_and_secrets_are_in_no_log(site, caplog):
    caplog.set_level(logging.DEBUG)
    async with site.opened() as client:
        await Visitor(client).enter()

    assert caplog.records
    assert CODE not in caplog.text
    assert site.settings_desk.secrets[0] not in caplog.text


async def test_leaving_ends_the_visit(site):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        status, page = await visitor.post("/settings/leave")

    assert (status, site.settings_desk.secrets) == (403, [])
    assert "The settings are closed" in page


# --- what it shows ----------------------------------------------------------------------------

FULL = Preferences(
    rules=(
        Rule(id="r1", mode=Mode.OFF, topic=Topic.ENTRY),
        Rule(
            id="r2",
            mode=Mode.ON,
            topic=Topic.EXIT,
            bot=HERON.id,
            threshold=Threshold(measure=Measure.LOSS, least=Decimal(2)),
        ),
        Rule(id="r3", mode=Mode.SILENT, pair="BTC/USDT"),
    ),
    mutes=(Mute(id="m1", until=START + timedelta(hours=2), topic=Topic.SIGNAL),),
    quiet=Quiet(weekdays=Hours(time(22), time(7))),
    zone="Europe/Berlin",
)


async def test_it_shows_a_table_of_kinds_and_bots_and_all_that_is_set(site):
    site.settings_desk.seen = a_view(FULL)
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.get()

    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in page.split("<tr>")[1:]]
    rows = [" ".join(row.split()) for row in rows]
    assert "Any bot with real money" in rows[0]
    assert rows[1].startswith("Entries off rule 3, 1 narrower")
    assert "on from -2 % rule 1, 1 narrower" in rows[2]
    assert "Monday to Friday 22:00-07:00" in page
    assert "Europe/Berlin: it is 13:00 there" in page
    assert "Signals: until 05 Jan 15:00" in page
    assert "This page ends at 13:30." in page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert CODE not in page


async def test_who_may_only_look_is_shown_no_form_and_no_link_to_one(site):
    site.settings_desk.seen = a_view(FULL, may_change=False)
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.get()
        rule, _ = await visitor.get("/settings/rule?kind=exits&bot=")

    assert "You may look here, and change nothing." in page
    assert re.findall(r'action="([^"]+)"', page) == ["/settings/leave"]
    assert "/settings/rule" not in page
    assert rule == 404


async def test_every_field_has_a_label(site):
    site.settings_desk.seen = a_view(FULL)
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        pages = [
            (await visitor.get(path))[1] for path in ("/settings", "/settings/rule?kind=exits&bot=")
        ]

    for page in pages:
        for field_ in re.findall(r"<(?:input|select)[^>]*>", page):
            if 'type="hidden"' in field_:
                continue
            named = re.search(r'id="([^"]+)"', field_)
            if named is not None:
                assert f'for="{named[1]}"' in page, field_
            else:
                assert re.search(rf"<label>[^<]*{re.escape(field_)}", page), field_


async def test_it_is_in_the_language_of_its_chat(site):
    site.settings_desk.seen = a_view(replace(FULL, language="qps"))
    async with site.opened() as client:
        visitor = Visitor(client)
        opened = await (await client.get(OPEN)).text()
        await visitor.enter()
        _, page = await visitor.get()

    assert "«OPEN THE SETTINGS»" in opened
    assert "«HOW LOUDLY WHAT IS TOLD»" in page


# --- what its forms ask -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        (
            {"command": "quiet", "weekdays_from": "22:00", "weekdays_to": "07:00"}
            | {"weekends_from": "", "weekends_to": ""},
            ("quiet", "weekdays 22:00-07:00, weekends off", None),
        ),
        (
            {"command": "quiet", "weekdays_from": "00:00", "weekdays_to": "00:00"}
            | {"weekends_from": "10:00", "weekends_to": ""},
            ("quiet", "weekdays 0-24, weekends 10:00-", None),
        ),
        ({"command": "timezone", "words": " Berlin "}, ("timezone", "Berlin", None)),
        ({"command": "digest", "words": "08:30"}, ("digest", "08:30", None)),
        ({"command": "mute", "kind": "exits", "time": "8h"}, ("mute", "exits 8h", None)),
        ({"command": "mute", "kind": "bot:b2", "time": "1h"}, ("mute", "1h", "b2")),
        ({"command": "unmute", "words": "m1"}, ("unmute", "m1", None)),
        ({"command": "rules", "words": "remove r1"}, ("rules", "remove r1", None)),
        (
            {"command": "rules", "kind": "exits", "bot": "b2", "mode": "on", "limit": " from 2 % "},
            ("rules", "exits on from 2 %", "b2"),
        ),
        (
            {"command": "rules", "kind": "exits", "bot": "", "mode": "off", "try": "yes"},
            ("rules", "try exits off", None),
        ),
    ],
)
async def test_each_form_asks_what_the_command_takes(site, fields, asked):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        status, page = await visitor.post("/settings/change", fields)

    assert status == 200
    assert site.settings_desk.changes == [asked]
    assert "Every day 22:00-07:00" in page
    assert "Saved. Your chat tells of it" in page


@pytest.mark.parametrize("command", ["pause", "unlink", "members", "settings", ""])
async def test_nothing_else_can_be_asked(site, command):
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        status, _ = await visitor.post("/settings/change", {"command": command, "words": "x"})
        long, _ = await visitor.post("/settings/change", {"command": "quiet", "words": "x" * 201})

    assert (status, long) == (400, 400)
    assert site.settings_desk.changes == []


async def test_what_was_only_tried_can_be_saved_from_there(site):
    answer = Changed(
        card=Card(title="Exits: not told", notes=("Nothing is stored yet.",)), stored=False
    )
    site.settings_desk.answer = answer
    fields = {"command": "rules", "kind": "exits", "bot": "b2", "mode": "off"}
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.post("/settings/change", fields | {"try": "yes"})

    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    assert again.items() >= fields.items()
    assert "try" not in again
    assert "Saved." not in page


async def test_of_several_places_one_is_chosen_there(site):
    pick = PickList(
        prompt="Choose a place", options=(Option(label="Asia/Gaza", action=ActionId("a1")),)
    )
    site.settings_desk.answer = Changed(
        card=Card(title="Which time zone?", pick=pick), stored=False
    )
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.post("/settings/change", {"command": "timezone", "words": "eet"})

    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    assert (again["command"], again["words"]) == ("timezone", "Asia/Gaza")
    assert "a1" not in page


async def test_a_cell_leads_to_its_form_with_what_holds_so_far(site):
    site.settings_desk.seen = a_view(FULL)
    async with site.opened() as client:
        visitor = Visitor(client)
        await visitor.enter()
        _, page = await visitor.get("/settings/rule?kind=exits&bot=b2")
        missing = [
            (await visitor.get(f"/settings/rule?{query}"))[0]
            for query in ("kind=exits&bot=zzz", "kind=zzz&bot=", "kind=messages&bot=b2", "")
        ]

    assert "Exits of Heron" in page
    assert "from a loss of 2 % on with a sound" in page
    assert re.search(r'value="on" required checked', page)
    assert missing == [404] * 4
