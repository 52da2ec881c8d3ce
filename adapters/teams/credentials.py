"""The token by which the Connector knows us: fetched by MSAL off the event loop, kept until shortly before it ends or is refused."""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from adapters.failures import NotNow, Undeliverable

if TYPE_CHECKING:
    import requests

_AUTHORITY: Final = "https://login.microsoftonline.com"
_SCOPE: Final = "https://api.botframework.com/.default"
_EARLY_S: Final = 300.0
_PATIENCE_S: Final = 10.0
_NO_SUCH_TENANT: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND})


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

    async def token(self, refused: str = "") -> str:
        """The token; a new one if the last is what the Connector `refused`.

        Raises `Undeliverable` if Microsoft refuses the app, `NotNow` if it cannot be asked.
        """
        if self._is_over(refused):
            async with self._fetching:
                if self._is_over(refused):  # nobody has fetched one meanwhile
                    await self._fetch()
        return self._token

    def _is_over(self, refused: str) -> bool:
        return self._clock() >= self._until or self._token == refused

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
        """A new token, once an hour: MSAL's application would give out the one that it keeps, refused or not."""
        from msal import ConfidentialClientApplication  # .3 s

        with closing(_Http(self._login_url)) as http:
            application = ConfidentialClientApplication(
                self._app,
                authority=f"{_AUTHORITY}/{self._tenant}",
                client_credential=self._secret,
                instance_discovery=False,
                http_client=http,
            )
            found: dict[str, Any] = application.acquire_token_for_client([_SCOPE])
        return found


class _Http:
    """What MSAL sends through: `requests`, with patience, and to another address where a setting says so."""

    def __init__(self, login_url: str) -> None:
        import requests

        self._requests = requests.Session()
        self._login_url = login_url.rstrip("/")

    def get(self, url: str, **more: Any) -> "requests.Response":  # noqa: ANN401 - as `requests`
        response = _sound(self._requests.get(self._at(url), timeout=_PATIENCE_S, **more))
        if response.status_code in _NO_SUCH_TENANT:  # MSAL's first question is what the tenant's login looks like
            raise Undeliverable("Microsoft knows no tenant of the name that TEAMS_APP_TENANT gives. Check it.")
        return response

    def post(self, url: str, **more: Any) -> "requests.Response":  # noqa: ANN401
        return _sound(self._requests.post(self._at(url), timeout=_PATIENCE_S, **more))

    def close(self) -> None:
        self._requests.close()

    def _at(self, url: str) -> str:
        return self._login_url + url.removeprefix(_AUTHORITY) if url.startswith(_AUTHORITY) else url


def _sound(response: "requests.Response") -> "requests.Response":
    """An answer, if Microsoft gives one; raises an `OSError` if it puts us off, which MSAL would read as a tenant that is not there."""
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.raise_for_status()
    return response
