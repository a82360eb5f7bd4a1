"""A page is in the language of the chat that it belongs to, else in that of the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adapters.web.rooms import UNDER_WAY
from bot.domain.cards import Card, Severity
from bot.domain.ids import AccountId
from bot.domain.incoming import Reply, Words
from bot.domain.linking import Audience, LinkProblem, Proof
from bot.texts import chat_page
from bot.texts.language import speaking
from tests.fakes.web import Talker
from tests.harness.pseudo import PSEUDO as PSEUDO_LANGUAGE
from tests.harness.pseudo import plain_words
from tests.integration.web.conftest import CODE, TELEGRAM, Site
from tests.integration.web.test_chat import tab_of
from tests.integration.web.test_links import open_form

STATIC = Path(__file__).parents[3] / "adapters" / "web" / "static"

PSEUDO = {"Accept-Language": "tlh, qps;q=0.8, en;q=0.5"}
SHARED = Audience(name="#DESK", readers="ALL")


class Visible(HTMLParser):
    """What a person sees of a page, or is read out."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.language: str | None = None
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "html":
            self.language = named.get("lang")
        self._hidden = tag in ("script", "style")
        for name in ("aria-label", "alt", "placeholder", "title"):
            self.texts.append(named.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.texts.append(data)


def seen(page: str) -> Visible:
    visible = Visible()
    visible.feed(page)
    return visible


def plain_words_of(page: str) -> list[str]:
    texts = seen(page).texts
    return [word for text in texts for word in plain_words(re.sub(r"\S+@\S+", "", text))]


PROOF = Proof(account=AccountId("1"), deed="#5")


@pytest.fixture(
    params=[(None, None), (SHARED, None), (None, PROOF)], ids=["private", "shared", "proof"]
)
def spoken(request: pytest.FixtureRequest) -> Site:
    """A site whose address was given to a chat in a language that is no other's."""
    site = Site()
    site.desk.refusal = "NO"
    audience, proof = request.param
    site.desk.invite(CODE, TELEGRAM, audience=audience, language="qps", proof=proof)
    return site


def sends() -> Iterator[Mapping[str, str]]:
    right = {"email": "ann@example.com", "password": "correct horse", "agreed": "yes"}
    yield {"agreed": "yes"}
    yield {"api_key": "", "agreed": "yes"}
    yield {**right, "email": ""}
    yield {**right, "password": ""}
    yield {**right, "password": "wrong"}
    yield {**right, "csrf": "00"}
    yield {name: value for name, value in right.items() if name != "agreed"}
    yield right


@pytest.mark.parametrize("fields", list(sends()))
async def test_no_page_of_linking_has_a_plain_english_word(spoken: Site, fields):
    async with spoken.opened() as client:
        form = await open_form(client)
        shown = await (await client.get(f"/link/{CODE}")).text()
        _, answered = await form.send(**fields)

    assert plain_words_of(shown) == []
    assert plain_words_of(answered) == []
    assert seen(shown).language == seen(answered).language == "qps"


@pytest.mark.parametrize("wait", [timedelta(minutes=2), timedelta(hours=2)])
async def test_nor_has_what_is_said_of_too_many_tries(spoken: Site, wait: timedelta):
    spoken.desk.wait = wait
    async with spoken.opened() as client:
        form = await open_form(client)
        _, answered = await form.send(api_key="key-1", agreed="yes")

    assert plain_words_of(answered) == []


@pytest.mark.parametrize("problem", LinkProblem)
async def test_an_address_that_leads_nowhere_says_so_in_the_browser_s_language(
    site: Site, problem: LinkProblem
):
    site.desk.invite(CODE, TELEGRAM, problem=problem)
    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}", headers=PSEUDO)).text()

    assert plain_words_of(page) == []
    assert seen(page).language == "qps"


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("GET", "/", None),
        ("GET", "/nothing", None),
        ("PUT", "/", None),
        ("POST", f"/link/{CODE}", {"email": "x" * 10_000}),
        ("POST", f"/link/{CODE}", b"\xff"),
    ],
)
async def test_nor_has_any_other_page(method: str, path: str, data):
    site = Site(chat=False)
    async with site.opened() as client:
        response = await client.request(method, path, data=data, headers=PSEUDO)
        page = await response.text()

    assert plain_words_of(page) == []
    assert seen(page).language == "qps"


async def test_a_form_of_another_page_is_refused_in_the_browser_s_language(site: Site):
    async with site.opened() as client:
        headers = {**PSEUDO, "Origin": "https://evil.example"}
        response = await client.post(f"/link/{CODE}", data={}, headers=headers)
        page = await response.text()

    assert response.status == 403
    assert plain_words_of(page) == []


async def test_the_chat_s_language_goes_before_that_of_the_browser(site: Site):
    async with site.opened() as client:
        page = await (await client.get(f"/link/{CODE}", headers=PSEUDO)).text()

    assert seen(page).language == "en"
    assert "Sign in with your password" in page


async def test_the_chat_page_has_no_plain_english_word_either(site: Site):
    async with site.opened() as client:
        page = await (await client.get("/chat", headers=PSEUDO)).text()

    assert plain_words_of(page) == []
    assert seen(page).language == "qps"


async def test_what_is_suggested_and_what_is_said_in_passing_is_in_the_page_s_language():
    site = Site()
    async with (
        site.opened() as client,
        tab_of(site, client, headers=PSEUDO) as tab,
        site.talker.held(),
    ):
        for number in range(UNDER_WAY + 1):
            await tab.say(f"{number}")
        toast = await tab.until("toast")

    assert plain_words(toast["text"]) == []
    assert tab.hello["commands"]
    assert not any(plain_words(one["summary"]) for one in tab.hello["commands"])
    assert {said.person.language for said in site.talker.heard if isinstance(said, Words)} == {
        "qps"
    }


async def test_what_the_page_s_cards_add_is_in_the_language_of_the_answer():
    card = Card(title="X", severity=Severity.CRITICAL)
    site = Site(talker=Talker(lambda _: [Reply(card=card, language="qps")]))
    async with site.opened() as client, tab_of(site, client) as tab:
        await tab.say("/status")
        await tab.until("message")
        shown = await tab.until("message")

    assert shown["message"]["card"]["word"] == "«CRITICAL»"


def test_scripts_say_nothing_of_their_own_and_all_that_they_name_is_there():
    scripts = "".join(path.read_text("utf-8") for path in STATIC.glob("*.js"))
    asked = {
        name
        for call in re.findall(r"(?:sentence|counted)\(([^()]*)", scripts)
        for name in re.findall(r'"([a-z_]+)"', call)
    }
    with speaking(PSEUDO_LANGUAGE):
        there = dict(chat_page.script())
    assert there.pop("months")
    assert there.pop("day_form")
    forms = there["new_messages"]
    assert isinstance(forms, Mapping)

    assert [text for text in there.values() if isinstance(text, str) and plain_words(text)] == []
    assert [form for form in forms.values() if plain_words(form)] == []
    assert asked | {"connecting", "online", "offline"} == set(there)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "*",
        "en, qps;q=0.9",
        "qps;q=0, en",
        "qps;q=2",
        ";;q=,,",
        "x" * 5000 + ", qps",
    ],
)
async def test_whatever_else_a_browser_asks_for_it_gets_english(header: str):
    site = Site(chat=False)
    async with site.opened() as client:
        page = await (await client.get("/", headers={"Accept-Language": header})).text()

    assert seen(page).language == "en"


async def test_what_is_filled_into_a_sentence_stays_text():
    site = Site()
    site.settings = replace(site.settings, platform="<b>{left}</b>")
    site.desk.invite(CODE, TELEGRAM, audience=Audience(name="<i>", readers="{x}<u>"))
    async with site.opened() as client:
        form = await open_form(client)
        shown = await (await client.get(f"/link/{CODE}")).text()
        _, digits = await form.send(
            email="a@example.com", password=site.desk.password, agreed="yes"
        )

    assert "Link your chat to &lt;b&gt;{left}&lt;/b&gt;<" in shown
    assert "are seen by {x}&lt;u&gt;." in shown
    assert "Signed in to &lt;b&gt;{left}&lt;/b&gt; as" in digits
    assert "Press <b>Type the six digits</b> there" in digits
