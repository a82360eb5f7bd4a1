"""Services that Apprise speaks to: what is said, how it fails, and what a plugin must not do."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.push import apprise as ours
from adapters.push.apprise import MOST_LATE, THREADS, AppriseMessenger
from adapters.push.faults import REASONS
from bot.domain.cards import Button, Card, Severity
from bot.domain.chats import Address, Endpoint
from bot.domain.deliveries import Attempt, Declined, Gone, Postponed, Scope, Sent, Unknown
from bot.domain.hosts import is_public
from bot.domain.ids import AccountId, ActionId, EndpointId
from bot.domain.phones import AppriseTarget, Phone, PhoneTarget, Service, address_of
from bot.texts.phones import not_rung
from tests.fakes.phones import FakeAddresses, FakeTargets
from tests.harness.waiting import until
from tests.standins.push.hooks import Hook, serving

NOW = datetime(2026, 11, 22, 12, 4, tzinfo=UTC)
PHONE = address_of(Service.APPRISE, "phone")
ALARM = Card(
    title="Grid BTC: error",
    severity=Severity.CRITICAL,
    lines=("The exchange said no.",),
    buttons=((Button(label="Seen", action=ActionId("a1"), until_seen=True),),),
    at=NOW,
    reference="A7B2C3",
)


@pytest.fixture
async def target() -> AsyncIterator[Hook]:
    async with serving() as served:
        yield served


@pytest.fixture
def messenger(target: Hook):
    return AppriseMessenger(
        frozenset({"json"}), None, aimed_at(target.url), lambda: NOW, FakeAddresses()
    )


def aimed_at(url: str, *, details: bool = False) -> FakeTargets:
    return FakeTargets({PHONE: found(url, details=details)})


def found(url: str, of: str = "a1", *, details: bool = False) -> PhoneTarget:
    return PhoneTarget(target=AppriseTarget(url=url), account=AccountId(of), details=details)


def phone_of(account: str, number: int = 1) -> Address:
    return address_of(Service.APPRISE, f"{account} {number}")


async def test_what_is_said_has_no_names_and_where_it_can_be_said_that_it_was_seen(target):
    bell = FakeAddresses("https://bell.example.org")
    here = AppriseMessenger(frozenset({"json"}), None, aimed_at(target.url), lambda: NOW, bell)

    outcome = await here.send(PHONE, ALARM)
    repeat = await here.send(PHONE, ALARM, NOW)

    assert (outcome, repeat) == (Sent(message=""), Sent(message=""))
    first, second = target.heard
    assert first["title"] == "Tradebell"
    assert first["message"] == "A bot needs you\nOpen: https://bell.example.org/seen/a1.signed"
    assert "This may have been shown before." in second["message"]
    assert first["attachments"] == []


async def test_details_are_shown_where_they_are_asked_for(target):
    phones = aimed_at(target.url, details=True)
    here = AppriseMessenger(frozenset({"json"}), None, phones, lambda: NOW, FakeAddresses())
    await here.send(PHONE, ALARM)

    assert target.heard[0]["title"] == "Critical \u00b7 Grid BTC: error"
    assert "The exchange said no." in target.heard[0]["message"]


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
async def test_a_failure_says_nothing_so_nobody_knows(messenger, target, status, caplog):
    caplog.set_level(logging.DEBUG)
    target.status = status

    outcome = await messenger.send(PHONE, ALARM)

    assert outcome == Unknown(reason="failed_somehow")
    assert len(target.heard) == 1
    assert "secret" not in caplog.text
    assert outcome.reason in REASONS


async def test_nothing_is_changed_there(messenger):
    assert isinstance(await messenger.amend(PHONE, "", ALARM), Declined)


async def test_no_redirect_is_followed(messenger, target):
    async with serving() as elsewhere:
        target.status, target.headers = 307, {"Location": elsewhere.url.replace("json", "http")}
        outcome = await messenger.send(PHONE, ALARM)

    assert isinstance(outcome, Unknown)
    assert elsewhere.heard == []


async def test_even_if_the_address_asks_for_it(target):
    async with serving() as elsewhere:
        target.status, target.headers = 307, {"Location": elsewhere.url.replace("json", "http")}
        phones = aimed_at(f"{target.url}?redirect=yes&verify=no")
        here = AppriseMessenger(frozenset({"json"}), None, phones, lambda: NOW, FakeAddresses())
        outcome = await here.send(PHONE, ALARM)

    assert isinstance(outcome, Unknown)
    assert elsewhere.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_private_networks_are_not_reached_by_whatever_name(target, host):
    phones = aimed_at(target.url.replace("127.0.0.1", host))
    here = AppriseMessenger(frozenset({"json"}), is_public, phones, lambda: NOW, FakeAddresses())
    outcome = await here.send(PHONE, ALARM)

    assert outcome == Gone(reason="host_forbidden")
    assert target.heard == []


async def test_a_scheme_that_is_not_allowed_any_more_is_not_used(target):
    phones = aimed_at(target.url)
    here = AppriseMessenger(frozenset({"gotifys"}), None, phones, lambda: NOW, FakeAddresses())
    outcome = await here.send(PHONE, ALARM)

    assert outcome == Gone(reason="service_not_allowed")
    assert outcome.reason in REASONS
    place = Endpoint(id=EndpointId("p1"), address=PHONE)
    told = not_rung(Phone(endpoint=place, made_at=NOW), outcome)
    assert told.lines == (
        "Why: this Tradebell allows that service no more.",
        "Who runs this Tradebell can allow that: TRADEBELL_APPRISE.",
    )
    assert target.heard == []


async def test_an_address_that_apprise_does_not_know_and_a_phone_that_is_gone(messenger):
    messenger._targets = aimed_at("json://")
    unknown = await messenger.send(PHONE, ALARM)
    messenger._targets = FakeTargets({})

    assert unknown == Gone(reason="no_service")
    assert await messenger.send(PHONE, ALARM) == Gone(reason="phone_removed")


async def test_what_has_no_connection_was_certainly_not_sent(messenger):
    messenger._targets = aimed_at("json://nobody.invalid/hook")

    outcome = await messenger.send(PHONE, ALARM)

    assert outcome == Postponed(reason="no_connection", scope=Scope.ENDPOINT, counts=True)


async def test_a_server_that_never_ends_its_answer_keeps_nobody_but_its_account_waiting(
    messenger, target, monkeypatch
):
    monkeypatch.setattr(ours, "LIMIT", 1.0)
    monkeypatch.setattr(ours, "SOCKET_LIMIT", 60.0)
    ours._asset()  # loading the library takes its time
    first, more = [f"a{n}" for n in range(THREADS)], [f"b{n}" for n in range(MOST_LATE)]
    busy = Postponed(reason="slow_down", tried=False)
    target.holds = asyncio.Event()
    async with serving() as good:
        messenger._targets = FakeTargets(
            {
                **{phone_of(one): found(target.url, one) for one in [*first, *more]},
                phone_of("a0", 2): found(good.url, "a0"),
                phone_of("good"): found(good.url, "good"),
            }
        )

        async def held(accounts: list[str]) -> Attempt:
            """What becomes of another's message meanwhile."""
            async with asyncio.TaskGroup() as group:
                sent = [group.create_task(messenger.send(phone_of(n), ALARM)) for n in accounts]
                await asyncio.sleep(0.1)
                meanwhile: Attempt = await messenger.send(phone_of("good"), ALARM)
            assert {task.result() for task in sent} == {Unknown(reason="no_answer_in_time")}
            return meanwhile

        assert await held(first) == busy
        assert await messenger.send(phone_of("good"), ALARM) == Sent(message="")
        assert await messenger.send(phone_of("a0", 2), ALARM) == busy
        assert await held(more) == busy
        threads = [one for one in threading.enumerate() if one.name.startswith("apprise")]
        # All threads that there may be; the end of the process waits for none.
        assert await messenger.send(phone_of("good"), ALARM) == busy
        assert [one.daemon for one in threads] == [True] * (THREADS + MOST_LATE)

        target.holds.set()
        await until(lambda: messenger._since == {}, within=10)
        for phone in (phone_of("a0"), phone_of("a0", 2)):
            assert await messenger.send(phone, ALARM) == Sent(message="")


# --- what a plugin must not do ------------------------------------------------------------


def reads_a_file_of_ours(folder: Path) -> None:
    (folder / "secret.key").read_text()


def writes_a_file(folder: Path) -> None:
    (folder / "left").write_text("x")


def opens_by_the_system(folder: Path) -> None:
    os.close(os.open(folder / "left", os.O_CREAT | os.O_WRONLY))


def starts_a_program(_: Path) -> None:
    subprocess.run(["true"], check=True)


def starts_a_shell(_: Path) -> None:
    os.system("true")


def starts_a_thread(_: Path) -> None:
    threading.Thread(target=print).start()


def speaks_to_the_desktop(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(str(folder / "bus"))


def sends_a_packet(_: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"x", ("127.0.0.1", 9))


def takes_a_file_away(folder: Path) -> None:
    (folder / "secret.key").unlink()


@pytest.mark.parametrize(
    "deed",
    [
        *(reads_a_file_of_ours, writes_a_file, opens_by_the_system, starts_a_program),
        *(starts_a_shell, speaks_to_the_desktop, sends_a_packet, takes_a_file_away),
        # Before, Python does not report it.
        *([starts_a_thread] if sys.version_info >= (3, 12) else []),
    ],
)
def test_a_plugin_can_do_nothing_but_connect_to_what_is_allowed(deed, tmp_path):
    (tmp_path / "secret.key").write_text("secret")
    refused: list[PermissionError] = []

    def plugin() -> None:
        with ours._GUARD.around(is_public):
            try:
                deed(tmp_path)
            except PermissionError as refusal:
                refused.append(refusal)

    thread = threading.Thread(target=plugin)
    thread.start()
    thread.join()

    [refusal] = refused
    assert str(refusal).startswith("not for a plugin: ")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["secret.key"]


def test_everybody_else_may_do_all_that_as_ever(tmp_path):
    with ours._GUARD.around(is_public):
        pass
    (tmp_path / "secret.key").write_text("secret")

    for deed in (reads_a_file_of_ours, writes_a_file, starts_a_program):
        deed(tmp_path)


async def test_a_template_of_the_operator_s_is_not_read(tmp_path, target):
    secret = tmp_path / "secret.key"
    secret.write_text('{"text": "the operator\'s key"}')
    url = f"msteams://t@e/{'a' * 32}/{'a' * 32}/{'b' * 32}?template={secret}"
    phones = aimed_at(url)
    here = AppriseMessenger(frozenset({"msteams"}), is_public, phones, lambda: NOW, FakeAddresses())
    outcome = await here.send(PHONE, ALARM)

    assert not isinstance(outcome, Sent)
