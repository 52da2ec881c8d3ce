"""Which tenant a workspace belongs to, as long as there is one workspace and a setting says so."""

import asyncio
import logging

from adapters.answering import MayHaveHappened, NotNow, Undeliverable
from adapters.slack.client import SlackClient
from tenancy.errors import StoreUnavailable
from tenancy.installs import Installs
from tenancy.viewer import TenantId

_log = logging.getLogger(__name__)
_AGAIN_S = 5.0


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
        """Link the token's workspace to the tenant, as soon as Slack has said which one it is."""
        while not self._done:
            try:
                workspace = str((await self._client.identity())["team_id"])
                await self._installs.declare("slack", {workspace: self._tenant})
            except (MayHaveHappened, NotNow, Undeliverable, StoreUnavailable) as error:
                _log.warning("it is not known yet whose SLACK_BOT_TOKEN is; asking again: %s", error)
                await asyncio.sleep(_AGAIN_S)
            else:
                self._done = True
