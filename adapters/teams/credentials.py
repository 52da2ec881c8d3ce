"""The token by which the Connector knows us: made once by MSAL, kept until shortly before it ends, fetched off the event loop."""

import asyncio
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from adapters.answering import NotNow, Undeliverable

if TYPE_CHECKING:
    import requests
    from msal import ConfidentialClientApplication

_AUTHORITY: Final = "https://login.microsoftonline.com"
_SCOPE: Final = "https://api.botframework.com/.default"
_EARLY_S: Final = 300.0
_PATIENCE_S: Final = 10.0


class Credentials:
    """One app's token."""

    def __init__(self, app: str, secret: str, tenant: str, login_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`tenant`: where the app is registered. `login_url`: where Microsoft's login is reached; no call is made yet."""
        self._app = app
        self._secret = secret
        self._tenant = tenant
        self._login_url = login_url
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._fetching = asyncio.Lock()

    async def token(self) -> str:
        """The token. Raises `Undeliverable` if Microsoft refuses the app, `NotNow` if it cannot be asked."""
        if self._clock() >= self._until:
            async with self._fetching:
                if self._clock() >= self._until:
                    await self._fetch()
        return self._token

    async def _fetch(self) -> None:
        try:
            found = await asyncio.to_thread(self._acquired)
        except (OSError, ValueError, KeyError) as error:  # no connection, or an answer that MSAL cannot read
            raise NotNow(f"Microsoft's login cannot be reached: {type(error).__name__}") from error
        if "access_token" not in found:
            raise Undeliverable(
                f"Microsoft refuses TEAMS_APP_ID with TEAMS_APP_SECRET: {found.get('error')}. Check both, and TEAMS_APP_TENANT."
            )
        self._token = str(found["access_token"])
        self._until = self._clock() + float(found.get("expires_in", 0)) - _EARLY_S

    def _acquired(self) -> dict[str, Any]:
        found: dict[str, Any] = self._application.acquire_token_for_client([_SCOPE])
        return found

    @cached_property
    def _application(self) -> "ConfidentialClientApplication":
        from msal import ConfidentialClientApplication  # .3 s, and it asks Microsoft where tokens are given out

        return ConfidentialClientApplication(
            self._app,
            authority=f"{_AUTHORITY}/{self._tenant}",
            client_credential=self._secret,
            instance_discovery=False,
            http_client=_Http(self._login_url),
        )


class _Http:
    """What MSAL sends through: `requests`, with patience, and to another address where a setting says so."""

    def __init__(self, login_url: str) -> None:
        import requests

        self._requests = requests.Session()
        self._login_url = login_url.rstrip("/")

    def get(self, url: str, **more: Any) -> "requests.Response":  # noqa: ANN401 - as `requests`
        return self._requests.get(self._at(url), timeout=_PATIENCE_S, **more)

    def post(self, url: str, **more: Any) -> "requests.Response":  # noqa: ANN401
        return self._requests.post(self._at(url), timeout=_PATIENCE_S, **more)

    def close(self) -> None:
        self._requests.close()

    def _at(self, url: str) -> str:
        return self._login_url + url.removeprefix(_AUTHORITY) if url.startswith(_AUTHORITY) else url
