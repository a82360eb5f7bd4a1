"""All platforms speak the same over REST, which differs little from one FeathersJS to the next."""

from __future__ import annotations

import aiohttp
import pytest

from tests.contract.bare_client import bearer, by_key, local
from tests.contract.platforms import PlatformUnderTest, trades


async def test_a_password_gives_a_token_over_rest(
    platform: PlatformUnderTest, http: aiohttp.ClientSession
):
    person = await platform.add_user()

    async with http.post("/authentication", json=local(person)) as answer:
        login = await answer.json()

    assert answer.status == 201
    async with http.get("/traders", headers=bearer(login["accessToken"])) as answer:
        assert answer.status == 200


async def test_rest_creates_reads_patches_and_deletes(
    platform: PlatformUnderTest, http: aiohttp.ClientSession
):
    person = await platform.add_user()
    headers = by_key(person)

    async with http.post("/strategies", json={"name": "S"}, headers=headers) as created:
        strategy = await created.json()
    path = f"/strategies/{strategy['_id']}"
    async with http.get(path, headers=headers) as got:
        assert await got.json() == strategy
    async with http.patch(path, json={"name": "T"}, headers=headers) as patched:
        assert (await patched.json())["name"] == "T"
    async with http.delete(path, headers=headers) as deleted:
        assert (await deleted.json())["_id"] == strategy["_id"]
    async with http.get(path, headers=headers) as gone:
        error = await gone.json()

    statuses = [created.status, got.status, patched.status, deleted.status, gone.status]
    assert statuses == [201, 200, 200, 200, 404]
    assert error["className"] == "not-found"


@pytest.mark.parametrize(
    ("query", "prices"),
    [
        ("price[$gt]=20&price[$lte]=40", [30, 40]),
        ("price=20", [20]),
        ("price[$in][]=10&price[$in][]=50", [10, 50]),
        ("$sort[price]=-1&$limit=2&$skip=1", [40, 30]),
        ("createdAt[$gte]=2026-01-05T12:00:03.000Z", [20, 40]),
        ("$or[0][price]=10&$or[1][side]=sell", [10, 20]),
        ("side=buy&$select[]=price", [30, 50, 40]),
    ],
)
async def test_rest_queries_are_written_in_brackets(
    platform: PlatformUnderTest,
    http: aiohttp.ClientSession,
    query: str,
    prices: list[int],
):
    person = await platform.add_user()
    await trades(platform, person, 30, 10, 50, 20, 40)

    async with http.get(f"/trades?{query}", headers=by_key(person)) as answer:
        page = await answer.json()

    assert [trade["price"] for trade in page["data"]] == prices
    assert page["total"] >= len(prices)


async def test_rest_reads_booleans(platform: PlatformUnderTest, http: aiohttp.ClientSession):
    person = await platform.add_user()
    await platform.add("traders", {"name": "Paper"}, person.id)
    await platform.add("traders", {"name": "Real", "dry_run": False}, person.id)

    async with http.get("/traders?dry_run=false", headers=by_key(person)) as answer:
        page = await answer.json()

    assert [trader["name"] for trader in page["data"]] == ["Real"]


@pytest.mark.parametrize(
    ("method", "path", "status", "name"),
    [
        ("GET", "/pigeons", 404, "NotFound"),
        ("GET", "/pigeons/1", 404, "NotFound"),
        ("POST", "/trades", 405, "MethodNotAllowed"),
        ("PUT", "/traders/1", 405, "MethodNotAllowed"),
        ("GET", "/traders/none", 404, "NotFound"),
        ("GET", "/trades?price[$near]=1", 400, "BadRequest"),
    ],
)
async def test_rest_says_no_with_a_status_and_an_error_object(
    platform: PlatformUnderTest,
    http: aiohttp.ClientSession,
    method: str,
    path: str,
    status: int,
    name: str,
):
    person = await platform.add_user()

    async with http.request(method, path, json={}, headers=by_key(person)) as answer:
        error = await answer.json()

    assert answer.status == error["code"] == status
    assert error["name"] == name


async def test_rest_without_a_credential_is_not_authenticated(
    platform: PlatformUnderTest, http: aiohttp.ClientSession
):
    async with http.get("/traders") as answer:
        error = await answer.json()

    assert answer.status == 401
    assert error["message"] == "Not authenticated"
