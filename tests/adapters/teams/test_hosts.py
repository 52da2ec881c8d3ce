"""A reply, and the token with it, goes to Microsoft's connectors and to the peers that the settings name, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.hosts import ServiceUrls

PEERS = ("http://127.0.0.1:4000/", "http://localhost:56150/_connector", "https://peer.example/teams/emea/")

TRUSTED = [
    pytest.param("https://smba.trafficmanager.net/amer/", id="Teams, as captured"),
    pytest.param("https://smba.trafficmanager.net/amer/3f3d1cea-7a18-41af-872b-cfbbd5140984/", id="Teams, with the Entra tenant"),
    pytest.param("https://smba.trafficmanager.net/amer-client-ss.msg/", id="Teams, a client's own region"),
    pytest.param("https://smba.trafficmanager.net", id="no path"),
    pytest.param("https://SMBA.TrafficManager.NET/AMER", id="a host in capitals"),
    pytest.param("HTTPS://smba.trafficmanager.net/", id="a scheme in capitals"),
    pytest.param("https://smba.trafficmanager.net:443/emea", id="the port that https has anyway"),
    pytest.param("https://emea.smba.trafficmanager.net/", id="a region's subdomain"),
    pytest.param("https://smba.onyx.prod.teams.trafficmanager.net/", id="the Teams SDK's second host"),
    pytest.param("https://botframework.com/", id="the Bot Framework itself"),
    pytest.param("https://europe.webchat.botframework.com/", id="a channel of the Bot Framework"),
    pytest.param("https://smba.infra.gcc.teams.microsoft.com/gcc", id="GCC"),
    pytest.param("https://smba.infra.gov.teams.microsoft.us/gcch/", id="GCC High"),
    pytest.param("https://smba.infra.dod.teams.microsoft.us/dod/", id="DoD"),
    pytest.param("http://127.0.0.1:4000/", id="a peer"),
    pytest.param("http://127.0.0.1:4000", id="a peer without its slash"),
    pytest.param("http://127.0.0.1:4000/any/path", id="below a peer"),
    pytest.param("http://localhost:56150/_connector", id="a peer with a path"),
    pytest.param("http://LOCALHOST:56150/_connector/v3/", id="below a peer with a path"),
    pytest.param("https://peer.example/teams/emea", id="a peer whose prefix ends in a slash"),
    pytest.param("https://peer.example:443/teams/emea/v3", id="a peer's port, spelled out"),
]

REFUSED = [
    pytest.param("", id="nothing"),
    pytest.param("smba.trafficmanager.net", id="no scheme"),
    pytest.param("//smba.trafficmanager.net/", id="any scheme"),
    pytest.param("http://smba.trafficmanager.net/amer/", id="plain http"),
    pytest.param("http://smba.trafficmanager.net:443/amer/", id="plain http on the port of https"),
    pytest.param("ftp://smba.trafficmanager.net/", id="ftp"),
    pytest.param("http\u017f://smba.trafficmanager.net/", id="a long s in https"),
    pytest.param("https:smba.trafficmanager.net/", id="no slashes"),
    pytest.param("https:///smba.trafficmanager.net/", id="three slashes"),
    pytest.param("https://", id="no host"),
    pytest.param("https://evil.example/", id="a stranger"),
    pytest.param("https://trafficmanager.net/", id="the parent of a trusted host"),
    pytest.param("https://evil.trafficmanager.net/", id="a name that anybody can rent"),
    pytest.param("https://teams.trafficmanager.net/", id="the parent of the Teams SDK's host"),
    pytest.param("https://evilbotframework.com/", id="a trusted name as an ending"),
    pytest.param("https://smba.trafficmanager.net.evil.example/", id="a trusted name as a beginning"),
    pytest.param("https://evil.example/smba.trafficmanager.net/", id="a trusted name as a path"),
    pytest.param("https://microsoft.com/", id="the parent of Teams"),
    pytest.param("https://contoso.sharepoint.com/", id="SharePoint, which anybody can rent"),
    pytest.param("https://evil.blob.core.windows.net/", id="Blob Storage, which anybody can rent"),
    pytest.param("https://smba.trafficmanager.net:8443/", id="another port"),
    pytest.param("https://smba.trafficmanager.net:80/", id="the port of http"),
    pytest.param("https://smba.trafficmanager.net:/", id="an empty port"),
    pytest.param("https://smba.trafficmanager.net:443443/", id="a port that is none"),
    pytest.param("https://smba.trafficmanager.net:\uff14\uff14\uff13/", id="a port in full-width digits"),
    pytest.param("https://smba.trafficmanager.net./", id="a trailing dot"),
    pytest.param("https://.botframework.com/", id="an empty label in front"),
    pytest.param("https://a..botframework.com/", id="an empty label within"),
    pytest.param("https://bot@smba.trafficmanager.net/", id="a user"),
    pytest.param("https://smba.trafficmanager.net@evil.example/", id="a trusted name as the user"),
    pytest.param("https://smba.trafficmanager.net:x@evil.example/", id="a trusted name as user with a password"),
    pytest.param("https://evil.example\\@smba.trafficmanager.net/", id="a backslash before the at sign"),
    pytest.param("https://evil.example\\.botframework.com/", id="a backslash in the host"),
    pytest.param("https:\\\\smba.trafficmanager.net\\amer", id="backslashes for slashes"),
    pytest.param("https://smba.trafficmanager.net/amer\\x", id="a backslash in the path"),
    pytest.param("https://smba.trafficmanager.net/#", id="an empty fragment"),
    pytest.param("https://evil.example#.botframework.com/", id="a fragment before the trusted name"),
    pytest.param("https://smba.trafficmanager.net/?", id="an empty query"),
    pytest.param("https://evil.example?.botframework.com/", id="a query before the trusted name"),
    pytest.param("https://smba.trafficmanager.net/\n", id="a line end behind"),
    pytest.param(" https://smba.trafficmanager.net/", id="a space before"),
    pytest.param("https://smba.traffic\tmanager.net/", id="a tab within"),
    pytest.param("https://evil.example\0.botframework.com/", id="a NUL within"),
    pytest.param("https://smba.trafficmanager.net/a b", id="a space in the path"),
    pytest.param("https://smba.trafficmanager.net/%2e%2e/", id="an escape"),
    pytest.param("https://smba%2etrafficmanager.net/", id="an escape in the host"),
    pytest.param("https://smba.trafficmanager.net/amer/../x", id="a step up"),
    pytest.param("https://smba.trafficmanager.net/./amer", id="a step that is none"),
    pytest.param("https://smba.trafficmanager.net//evil.example/", id="an empty segment"),
    pytest.param("https://botframewor\u212a.com/", id="a Kelvin sign"),
    pytest.param("https://b\u043etframework.com/", id="a Cyrillic o"),
    pytest.param("https://evil\u3002botframework.com/", id="an ideographic full stop"),
    pytest.param("https://smba.trafficmanager.net\uff0famer", id="a full-width slash"),
    pytest.param("https://smba.trafficmanager.net/\u00e9", id="a path that is not ASCII"),
    pytest.param("https://[::1]/", id="an IPv6 address"),
    pytest.param("https://[::ffff:127.0.0.1]:4000/", id="an IPv4 address as an IPv6 one"),
    pytest.param("https://127.0.0.1/", id="an address"),
    pytest.param("http://127.1:4000/", id="a peer's address, shortened"),
    pytest.param("http://2130706433:4000/", id="a peer's address as one number"),
    pytest.param("http://0x7f.0.0.1:4000/", id="a peer's address in hexadecimal"),
    pytest.param("http://0177.0.0.1:4000/", id="a peer's address in octal"),
    pytest.param("http://127.0.0.1/", id="a peer without its port"),
    pytest.param("http://127.0.0.1:4001/", id="a peer with another port"),
    pytest.param("http://127.0.0.1:40000/", id="a peer whose port goes on"),
    pytest.param("https://127.0.0.1:4000/", id="a peer with another scheme"),
    pytest.param("http://a.localhost:56150/_connector", id="a subdomain of a peer"),
    pytest.param("http://localhost:56150/", id="above a peer's path"),
    pytest.param("http://localhost:56150/_connectors", id="a peer's path that goes on"),
    pytest.param("http://localhost:56150/_CONNECTOR", id="a peer's path in capitals"),
    pytest.param("http://localhost:56150/x/_connector", id="a peer's path further down"),
    pytest.param("http://localhost:56150/_connector/../x", id="out of a peer's path"),
    pytest.param("https://peer.example/teams", id="half of a peer's path"),
    pytest.param("http://peer.example/teams/emea/", id="a peer in plain http"),
    pytest.param("https://smba.trafficmanager.net/" + "a" * 2048, id="longer than any"),
]


@pytest.mark.parametrize("url", TRUSTED)
def test_a_reply_goes_to_microsoft_and_to_named_peers(url: str) -> None:
    assert ServiceUrls(PEERS).allows(url)


@pytest.mark.parametrize("url", REFUSED)
def test_a_reply_goes_nowhere_else(url: str) -> None:
    assert not ServiceUrls(PEERS).allows(url)


@pytest.mark.parametrize("peer", PEERS)
def test_a_peer_is_trusted_only_where_it_is_named(peer: str) -> None:
    assert not ServiceUrls().allows(peer)


@pytest.mark.parametrize("sent", [None, 1, b"https://smba.trafficmanager.net/", ["https://smba.trafficmanager.net/"], {}])
def test_what_is_no_text_is_no_service_url(sent: object) -> None:
    assert not ServiceUrls(PEERS).allows(sent)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "prefix", ["", "127.0.0.1:4000", "http://", "ftp://peer/", "http://user@peer/", "http://peer/?", "http://peer/../"]
)
def test_a_mistyped_peer_is_an_error_at_the_start(prefix: str) -> None:
    with pytest.raises(ValueError, match="is no prefix of service URLs"):
        ServiceUrls([prefix])


@given(st.text() | st.from_regex(r"https?://[^/]*botframework\.com[^/]*(/.*)?"))
def test_only_https_and_ascii_is_ever_trusted_without_peers(url: str) -> None:
    if ServiceUrls().allows(url):
        assert url.isascii()
        assert url.lower().startswith("https://")
        assert not set(url) & set("@#?\\% \t\r\n")
