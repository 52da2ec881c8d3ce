"""Which tenant a workspace belongs to, as long as there is one workspace and a setting says so."""

import logging
from asyncio import sleep

from adapters.failures import MayHaveHappened, NotNow, Undeliverable
from adapters.slack.client import SlackClient
from tenancy.errors import TenancyError
from tenancy.installs import Installs
from tenancy.viewer import TenantId

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 60.0


class Declared:
    """The link that SLACK_BOT_TOKEN and SLACK_TENANT declare."""

    def __init__(self, client: SlackClient, installs: Installs, tenant: TenantId) -> None:
        """Not declared yet: Slack has to say whose token it is."""
        self._client = client
        self._installs = installs
        self._tenant = tenant
        self._done = False

    def is_done(self) -> bool:
        """Whether it is known whose workspace it is."""
        return self._done

    async def declare(self) -> None:
        """Link the token's workspace to the tenant, as soon as Slack has said which one it is and nobody else has it."""
        pause_s, said = _FIRST_PAUSE_S, set[str]()
        while not self._done:
            try:
                workspace = str((await self._client.identity())["team_id"])
                await self._installs.declare("slack", {workspace: self._tenant})
                self._done = True
            except (MayHaveHappened, NotNow, Undeliverable, TenancyError) as error:
                if str(error) not in said:  # each reason once: it may hold for days
                    _log.warning("the workspace of SLACK_BOT_TOKEN is not linked yet; asking again: %s", error)
                said.add(str(error))
                await sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
