"""Our token for the Connector, from a login that keeps books: real HTTP, MSAL as it is, the test peer."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from adapters.failures import NotNow, Undeliverable
from adapters.teams.credentials import Credentials
from tests.peers.slack import Dropped, RateLimited, Status
from tests.peers.teams import App, EntraTenant, Fault, Teams, Verb

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

HOME, ELSEWHERE = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
APP = App("77777777-0000-0000-0000-000000000007", "s3cret", HOME)


@pytest_asyncio.fixture
async def teams() -> AsyncIterator[Teams]:
    async with Teams(EntraTenant(HOME, APP)) as teams:
        yield teams


def fetched(teams: Teams) -> int:
    return len(teams.called("POST", "token"))


async def test_a_token_is_fetched_once_for_all_who_want_it(teams: Teams) -> None:
    credentials = Credentials(APP.id, APP.secret, HOME, teams.login_url)
    tokens = await asyncio.gather(*[credentials.token() for _ in range(3)])
    assert len({*tokens}) == 1
    assert fetched(teams) == 1


async def test_a_token_is_renewed_five_minutes_before_it_ends(teams: Teams) -> None:
    now = [0.0]
    credentials = Credentials(APP.id, APP.secret, HOME, teams.login_url, clock=lambda: now[0])
    first = await credentials.token()
    now[0] = 3299 - 1
    assert await credentials.token() == first
    now[0] = 3299
    assert await credentials.token() != first


async def test_a_token_that_is_refused_is_renewed_once_for_all_who_were_refused(teams: Teams) -> None:
    credentials = Credentials(APP.id, APP.secret, HOME, teams.login_url)
    first = await credentials.token()
    renewed = await asyncio.gather(*[credentials.token(first) for _ in range(3)])
    assert first not in renewed
    assert {*renewed} == {await credentials.token(), await credentials.token(first)}
    assert fetched(teams) == 2


@pytest.mark.parametrize("tenant", [ELSEWHERE, "nonsense", "a b", "a/b", "elsewhere.onmicrosoft.com"])
async def test_a_tenant_that_microsoft_does_not_know_is_named(teams: Teams, tenant: str) -> None:
    with pytest.raises(Undeliverable, match=r"knows no tenant .* TEAMS_APP_TENANT"):
        await Credentials(APP.id, APP.secret, tenant, teams.login_url).token()


@pytest.mark.parametrize(("app", "secret"), [(APP.id, "wrong"), ("another", APP.secret)])
async def test_an_app_that_microsoft_refuses_is_named(teams: Teams, app: str, secret: str) -> None:
    with pytest.raises(Undeliverable, match="refuses TEAMS_APP_ID with TEAMS_APP_SECRET"):
        await Credentials(app, secret, HOME, teams.login_url).token()


@pytest.mark.parametrize("fault", [RateLimited(3), Status(500), Status(503), Status(200), Dropped()], ids=repr)
@pytest.mark.parametrize("route", [("GET", "authority"), ("POST", "token")])
async def test_a_login_that_cannot_be_asked_now_is_asked_later(teams: Teams, route: tuple[Verb, str], fault: Fault) -> None:
    credentials = Credentials(APP.id, APP.secret, HOME, teams.login_url)
    teams.fail(*route, fault)
    with pytest.raises(NotNow, match="cannot be reached"):
        await credentials.token()
    assert await credentials.token()


async def test_where_nobody_answers_it_is_for_later() -> None:
    with pytest.raises(NotNow, match="ConnectionError"):
        await Credentials(APP.id, APP.secret, HOME, "http://127.0.0.1:9").token()
