"""The platform's own rules: logins, plans, keys, faults on request."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapters.simulator.audience import Caller
from adapters.simulator.platform import LeftUnanswered
from adapters.simulator.refusals import SimulatedRefusal
from tests.unit.simulator.conftest import Desk, OpenDesk, by_password

# Logins and their end.


async def test_a_token_is_good_until_its_end_and_not_after(open_desk: OpenDesk):
    desk = open_desk(token_life=timedelta(minutes=10))
    user = desk.platform.add_user()
    socket = desk.connect("s", user)

    await asyncio.sleep(599)
    await desk.call(socket, "find", "traders")
    await asyncio.sleep(1)
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(socket, "find", "traders")

    assert desk.wire.ends == {"s": timedelta(minutes=10)}
    assert refused.value.message == "jwt expired"


async def test_a_login_by_token_keeps_the_end_of_the_token(desk: Desk):
    user = desk.platform.add_user(token_life=timedelta(hours=1))
    socket = desk.connect("s", user)
    assert socket.login is not None
    token = {"strategy": "jwt", "accessToken": socket.login.token}

    await asyncio.sleep(600)
    answer = await desk.call(socket, "create", "authentication", data=token)

    assert answer["accessToken"] == token["accessToken"]
    assert desk.wire.ends == {"s": timedelta(minutes=50)}


async def test_the_end_of_a_token_disconnects_the_socket(desk: Desk):
    user = desk.platform.add_user()
    desk.connect("s", user)

    await desk.platform.expire_tokens(user.id)

    assert desk.platform.audience.sockets(user.id) == []


async def test_an_older_platform_leaves_the_socket_open_and_silent(
    open_desk: OpenDesk,
):
    desk = open_desk(at_expiry="silence")
    user = desk.platform.add_user()
    socket = desk.connect("s", user)

    await desk.platform.expire_tokens(user.id)
    await desk.platform.add("messages", {"text": "unheard"}, user.id)
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(socket, "find", "messages")
    await desk.call(socket, "create", "authentication", data=by_password(user))
    await desk.platform.add("messages", {"text": "heard"}, user.id)

    assert refused.value.code == 401
    assert [what["text"] for _, what in desk.heard("s")] == ["heard"]


async def test_a_revoked_token_is_refused_while_the_socket_stays(desk: Desk):
    user = desk.platform.add_user()
    socket = desk.connect("s", user)
    assert socket.login is not None

    desk.platform.accounts.revoke_token(socket.login.token)
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(socket, "find", "traders")

    assert refused.value.code == 401
    assert desk.platform.audience.sockets(user.id) == ["s"]


async def test_a_token_of_somebody_unknown_here_is_refused(open_desk: OpenDesk):
    here, there = open_desk(), open_desk()  # of one seed, so they sign alike
    token = there.platform.accounts.log_in(by_password(there.platform.add_user())).token

    with pytest.raises(SimulatedRefusal) as refused:
        here.platform.accounts.identify({"strategy": "jwt", "accessToken": token})

    assert refused.value.code == 401
    assert refused.value.message == "Not authenticated"


async def test_a_revoked_key_opens_nothing(desk: Desk):
    user = desk.platform.add_user()
    caller = Caller(credential={"strategy": "apiKey", "apiKey": user.api_key})

    desk.platform.accounts.revoke_key(user.api_key)
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(caller, "find", "traders")

    assert refused.value.message == "Invalid API key"


def test_secrets_do_not_show_in_what_is_printed(desk: Desk):
    user = desk.platform.add_user()
    login = desk.platform.accounts.log_in(by_password(user))

    for secret in (user.password, user.api_key, login.token):
        assert secret not in repr(login)


# Plans.


@pytest.mark.parametrize(
    ("plan", "sockets"), [("free", 1), ("pro", 5), ("enterprise", 25), ("odd", 1)]
)
async def test_a_plan_allows_so_many_sockets(desk: Desk, plan: str, sockets: int):
    user = desk.platform.add_user(plan=plan)
    callers = [desk.connect(f"s{i}", user) for i in range(sockets)]

    with pytest.raises(SimulatedRefusal) as refused:
        desk.connect("surplus", user)
    await desk.call(callers[0], "create", "authentication", data=by_password(user))
    desk.platform.audience.disconnected("s0")
    desk.connect("later", user)

    assert refused.value.message == f"Too many connections for plan '{plan}'"


async def test_requests_beyond_the_burst_are_told_when_to_come_back(
    open_desk: OpenDesk,
):
    desk = open_desk(rate_limits=True)
    user = desk.platform.add_user(plan="free")
    caller = Caller(credential={"strategy": "apiKey", "apiKey": user.api_key})

    for _ in range(10):
        await desk.call(caller, "find", "traders")
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(caller, "find", "traders")
    await asyncio.sleep(1)
    await desk.call(caller, "find", "traders")

    assert refused.value.code == 429
    assert refused.value.as_record()["data"] == {"retryAfter": 1}


# API keys.


async def test_a_key_may_do_what_its_scopes_say(desk: Desk):
    user = desk.platform.add_user(scopes=["read:traders"])
    trader = await desk.platform.add("traders", {}, user.id)
    caller = Caller(credential={"strategy": "apiKey", "apiKey": user.api_key})

    page = await desk.call(caller, "find", "traders")
    refusals = []
    for method, service in [("patch", "traders"), ("find", "trades"), ("find", "keys")]:
        with pytest.raises(SimulatedRefusal) as refused:
            await desk.call(caller, method, service, id=trader["_id"], data={})
        refusals.append(refused.value.code)

    assert page["total"] == 1
    assert refusals == [403, 403, 403]


async def test_a_key_is_shown_once_and_ends_what_it_opened_when_removed(desk: Desk):
    user = desk.platform.add_user()
    owner = desk.connect("owner", user)
    asked = {"name": "bot", "scopes": ["read:traders"]}

    created = await desk.call(owner, "create", "keys", data=asked)
    listed = await desk.call(owner, "find", "keys")
    caller = Caller(credential={"strategy": "apiKey", "apiKey": created["key"]})
    await desk.call(caller, "find", "traders")
    by_key = desk.platform.audience.connect("s", caller.credential)
    await desk.call(owner, "remove", "keys", id=created["_id"])

    assert created["key"].startswith("cr_live_")
    assert "key" not in listed["data"][0]
    for revoked in (caller, by_key):
        with pytest.raises(SimulatedRefusal) as refused:
            await desk.call(revoked, "find", "traders")
        assert refused.value.code == 401


async def test_an_unknown_scope_is_refused(desk: Desk):
    owner = desk.connect("s", desk.platform.add_user())

    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(owner, "create", "keys", data={"scopes": ["write:all"]})

    assert refused.value.code == 400


# Records and events.


async def test_a_record_may_become_visible_after_a_younger_one(desk: Desk):
    user = desk.platform.add_user()
    socket = desk.connect("s", user)

    late = await desk.platform.add("trades", {"price": 1}, user.id, hidden=True)
    await desk.platform.add("trades", {"price": 2}, user.id)
    before = await desk.call(socket, "find", "trades")
    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(socket, "get", "trades", id=late["_id"])
    desk.platform.records.reveal("trades", late["_id"])
    after = await desk.call(socket, "find", "trades")

    assert [trade["price"] for trade in before["data"]] == [2]
    assert refused.value.code == 404
    assert [trade["price"] for trade in after["data"]] == [1, 2]


async def test_events_may_be_named_with_spaces(open_desk: OpenDesk):
    desk = open_desk(spaced_events=True)
    user = desk.platform.add_user()
    desk.connect("s", user)

    await desk.platform.add("traders/pods/events", {"type": "error"}, user.id)

    ((name, _),) = desk.heard("s")
    assert name == "traders pods events created"


async def test_an_event_may_be_false_or_go_to_the_wrong_person(desk: Desk):
    user, stranger = desk.platform.add_user(), desk.platform.add_user()
    desk.connect("s", user)
    theirs = await desk.platform.add("trades", {"price": 1}, stranger.id)

    await desk.platform.tell(user.id, "trades", "created", theirs)
    await desk.platform.tell(user.id, "trades", "created", None)
    await desk.platform.send_text(user.id, "2[")

    assert desk.heard("s") == [
        ("trades created", theirs),
        ("trades created", None),
        ("text", "2["),
    ]


async def test_a_stored_record_is_never_altered(desk: Desk):
    user = desk.platform.add_user()
    desk.connect("s", user)

    created = await desk.platform.add("strategies", {"name": "Slow"}, user.id)
    await desk.platform.change("strategies", created["_id"], {"name": "Fast"})

    assert [what["name"] for _, what in desk.heard("s")] == ["Slow", "Fast"]


async def test_traders_are_numbered(desk: Desk):
    user = desk.platform.add_user()
    socket = desk.connect("s", user)

    names = [(await desk.call(socket, "create", "traders", data={}))["name"] for _ in "ab"]

    assert names == ["Trader 1", "Trader 2"]


@pytest.mark.parametrize("data", [None, 7, "text"])
async def test_data_that_is_no_object_is_refused(desk: Desk, data: Any):
    socket = desk.connect("s", desk.platform.add_user())

    with pytest.raises(SimulatedRefusal) as refused:
        await desk.call(socket, "create", "strategies", data=data)

    assert refused.value.code == 400


async def test_every_call_is_noted_with_who_made_it_but_without_its_data(desk: Desk):
    user = desk.platform.add_user()
    caller = desk.connect("s")

    with pytest.raises(SimulatedRefusal):
        await desk.call(caller, "find", "trades")
    await desk.call(caller, "create", "authentication", data=by_password(user))
    await desk.call(caller, "find", "trades", query={"side": "buy"})

    noted = [(c.method, c.service, c.user) for c in desk.platform.calls]
    assert noted == [
        ("find", "trades", None),
        ("create", "authentication", None),
        ("find", "trades", user.id),
    ]
    assert user.password not in repr(desk.platform.calls)


# Faults on request.


async def test_a_fault_spares_some_calls_and_then_hits_as_many_as_planned(desk: Desk):
    socket = desk.connect("s", desk.platform.add_user())
    desk.platform.script.fail("find", 503, service="trades", after=1, count=2)

    outcomes = []
    for service in ("trades", "messages", "trades", "trades", "trades"):
        try:
            await desk.call(socket, "find", service)
            outcomes.append(200)
        except SimulatedRefusal as refusal:
            outcomes.append(refusal.code)

    assert outcomes == [200, 200, 503, 503, 200]


async def test_a_delayed_call_is_performed_at_once_and_answered_late(desk: Desk):
    user = desk.platform.add_user()
    socket = desk.connect("s", user)
    trader = await desk.platform.add("traders", {"name": "Old"}, user.id)
    desk.platform.script.delay("patch", timedelta(seconds=30))

    async with asyncio.TaskGroup() as tasks:
        patching = tasks.create_task(
            desk.call(socket, "patch", "traders", id=trader["_id"], data={"name": "N"})
        )
        await asyncio.sleep(1)
        found = await desk.call(socket, "get", "traders", id=trader["_id"])
        answered = patching.done()

    assert found["name"] == "N"
    assert not answered


@pytest.mark.parametrize("performed", [True, False])
async def test_an_unanswered_call_may_have_been_performed(desk: Desk, performed: bool):
    user = desk.platform.add_user()
    socket = desk.connect("s", user)
    trader = await desk.platform.add("traders", {"name": "Old"}, user.id)
    desk.platform.script.never_answer("patch", performed=performed)

    with pytest.raises(LeftUnanswered):
        await desk.call(socket, "patch", "traders", id=trader["_id"], data={"name": "New"})
    found = await desk.call(socket, "get", "traders", id=trader["_id"])

    assert found["name"] == ("New" if performed else "Old")
