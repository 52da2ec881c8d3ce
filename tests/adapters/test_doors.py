"""What is said of the doors, to whoever runs this: closed, open with whom, or what is wrong and what to do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import pytest
import pytest_asyncio

from adapters.compose import House
from adapters.doors import door_states, open_doors
from adapters.doorway import Doorway
from adapters.health import State
from adapters.settings import BadSetting, Settings
from tenancy.database import Database
from tenancy.installs import Installs
from tenancy.tenants import Tenant
from tenancy.users import People
from tests.peers.slack import Error, Slack, Workspace
from tests.peers.teams import App, EntraTenant, Teams
from tests.tenancy import servers

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

NO_LINKS = "footnotes have no links until FOOTNOTE_URL is set"
APP, ENTRA = "77777777-0000-0000-0000-000000000007", "11111111-2222-3333-4444-555555555555"
TEAMS = Settings(teams_app_id=APP, teams_app_secret="s3cret", teams_app_tenant=ENTRA)  # noqa: S106 - of an app that does not exist


@dataclass
class Stage:
    slack: Slack
    workspace: Workspace
    database: Database
    settings: Settings

    async def says(self, door: str, settings: Settings) -> State:
        """How a door is with these settings."""
        return next(state for state in await door_states(self.house(settings)) if state.name == door)

    def house(self, settings: Settings) -> House:
        parts = {
            "tenants": servers.tenants_of(self.database),
            "people": People(self.database),
            "installs": Installs(self.database),
            "inbox": None,
        }
        return cast("House", SimpleNamespace(settings=settings, **parts))


@pytest_asyncio.fixture
async def stage(database: Database, tenant: Tenant) -> AsyncIterator[Stage]:
    workspace = Workspace(f"T{tenant.id}", "UBOT", "B1", "xoxb-1", "s3cret", "A1")
    async with Slack(workspace) as slack:
        settings = Settings(
            slack_signing_secret="s3cret",  # noqa: S106 - of an app that does not exist
            slack_bot_token="xoxb-1",  # noqa: S106
            slack_tenant=tenant.slug,
            slack_api_url=slack.url,
            url="https://footnote.acme.example",
        )
        yield Stage(slack, workspace, database, settings)


@pytest.mark.parametrize("door", ["slack", "teams"])
async def test_a_door_that_is_not_set_up_is_closed_which_is_no_fault(stage: Stage, door: str) -> None:
    said = await stage.says(door, Settings())
    assert (said.ok, said.detail.split(";")[0]) == (True, "closed")


async def test_an_open_door_says_whose_workspace_it_is(stage: Stage, tenant: Tenant) -> None:
    said = await stage.says("slack", stage.settings)
    assert (said.ok, said.detail) == (True, f"workspace {stage.workspace.team} belongs to {tenant.slug}")


async def test_without_a_public_address_an_open_door_says_what_is_missing(stage: Stage) -> None:
    said = await stage.says("slack", replace(stage.settings, url=None))
    assert said.ok
    assert said.detail.endswith(f"; {NO_LINKS}")


async def test_without_a_public_address_the_teams_door_says_so_too(stage: Stage) -> None:
    async with Teams(EntraTenant(ENTRA, App(APP, "s3cret", ENTRA))) as teams:
        settings = replace(TEAMS, microsoft_login_url=teams.login_url)
        said = await stage.says("teams", settings)
        assert (said.ok, said.detail) == (True, f"app {APP}; 0 Entra tenants linked by TEAMS_LINK; {NO_LINKS}")
        assert NO_LINKS not in (await stage.says("teams", replace(settings, url="https://footnote.acme.example"))).detail


async def test_a_token_that_is_no_good_is_said_with_what_to_do(stage: Stage) -> None:
    stage.slack.fail("auth.test", Error("invalid_auth"))
    said = await stage.says("slack", stage.settings)
    assert not said.ok
    assert "Check SLACK_BOT_TOKEN." in said.detail


async def test_a_workspace_that_is_linked_to_another_tenant_is_said(stage: Stage) -> None:
    installs, other = Installs(stage.database), await servers.new_tenant(stage.database)
    await installs.link("slack", stage.workspace.team, other.id)
    said = await stage.says("slack", stage.settings)
    assert not said.ok
    assert f"{stage.workspace.team} is linked to {other.slug}" in said.detail
    await installs.unlink("slack", stage.workspace.team)
    assert (await stage.says("slack", stage.settings)).ok


MISTYPED = replace(TEAMS, teams_allowed_service_urls="https://good.example, 127.0.0.1:4000")


async def test_a_service_url_that_is_mistyped_is_said_by_doctor(stage: Stage) -> None:
    said = await stage.says("teams", MISTYPED)
    assert not said.ok
    assert said.detail.startswith("TEAMS_ALLOWED_SERVICE_URLS: '127.0.0.1:4000' is no prefix of service URLs. Write it as http://")


async def test_a_service_url_that_is_mistyped_is_said_when_the_door_is_to_be_opened(stage: Stage) -> None:
    with pytest.raises(BadSetting, match=r"^TEAMS_ALLOWED_SERVICE_URLS: '127\.0\.0\.1:4000' is no prefix"):
        async with open_doors(stage.house(MISTYPED), cast("Doorway", None), lambda work: work.close()):
            pass
