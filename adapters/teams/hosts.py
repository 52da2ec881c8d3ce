"""Where a reply may be posted. The bot's bearer token goes there, so a service URL is trusted by name, not because it was sent.

The hosts are Microsoft's own: those of the Agents SDK's `outbound_host_validator.py` that a connector answers on (the others,
SharePoint and Blob Storage, anybody can rent), and the one that only the Teams SDK's `CloudEnvironment` has.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_HOSTS = (
    "botframework.com",
    "smba.trafficmanager.net",
    "smba.onyx.prod.teams.trafficmanager.net",
    "teams.microsoft.com",  # GCC: smba.infra.gcc.teams.microsoft.com
    "teams.microsoft.us",  # GCC High and DoD: smba.infra.{gov,dod}.teams.microsoft.us
)
_PORTS = {"http": 80, "https": 443}
_LONGEST = 2048
# Narrower than RFC 3986 on purpose: what two parsers could read in two ways (userinfo, escapes, backslashes, brackets, empty labels
# or segments, a trailing dot, anything not ASCII) is no service URL. A query or fragment would swallow the path we append.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?P<port>[0-9]{1,5}))?(?P<path>(?:/[a-z0-9._~!$&'()*+,;=:@-]+)*)/?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Address:
    scheme: str
    host: str  # lower case
    port: int
    path: tuple[str, ...]  # its segments

    def within(self, prefix: "_Address") -> bool:
        here = (self.scheme, self.host, self.port, self.path[: len(prefix.path)])
        return here == (prefix.scheme, prefix.host, prefix.port, prefix.path)


class ServiceUrls:
    """The service URLs that are trusted with our token."""

    def __init__(self, prefixes: Iterable[str] = ()) -> None:
        """Microsoft's, and what lies under one of `prefixes`, such as `http://127.0.0.1:4000/`: for peers of tests.

        Raises `ValueError` for a prefix that is no plain http or https URL: a trust that was mistyped is no trust.
        """
        self._prefixes = tuple(_prefix(prefix) for prefix in prefixes)

    def allows(self, url: str) -> bool:
        """Whether our token may be sent to `url`. Never raises."""
        address = _address(url)
        return address is not None and (_microsofts(address) or any(address.within(prefix) for prefix in self._prefixes))


def _microsofts(address: _Address) -> bool:
    is_named = any(address.host == host or address.host.endswith(f".{host}") for host in _HOSTS)
    return is_named and address.scheme == "https" and address.port == _PORTS["https"]


def _prefix(url: str) -> _Address:
    address = _address(url)
    if address is None:
        raise ValueError(f"{url!r} is no prefix of service URLs. Write it as http://127.0.0.1:4000/ is written.")
    return address


def _address(url: str) -> _Address | None:
    found = _URL.fullmatch(url) if isinstance(url, str) and len(url) <= _LONGEST else None  # it may come from anybody's JSON
    if found is None:
        return None
    scheme, path = found["scheme"].lower(), tuple(found["path"].split("/")[1:])
    if {".", ".."} & set(path):
        return None
    return _Address(scheme, found["host"].lower(), int(found["port"] or _PORTS[scheme]), path)
