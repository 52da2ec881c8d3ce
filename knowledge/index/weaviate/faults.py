"""What went wrong with a call, told from what the client raised: for the operator in plain words, for the breaker, for the caller.

Weaviate has few codes: nearly everything is a sentence in a `WeaviateQueryError`, so sentences are what is looked at. Those below were
seen on v1.39.0 (`tests/knowledge/test_weaviate.py` provokes them).
"""

import re
from typing import NamedTuple

_SAID = 300  # characters of Weaviate's own words that are shown


class Refused(Exception):
    """Weaviate took the call, and some of what it held it would not do. The message is Weaviate's own."""


class Fault(NamedTuple):
    """One thing that goes wrong."""

    signs: re.Pattern[str]  # in the name of the error, a colon, and what it says
    advice: str  # for an operator: what is wrong and what to do
    outage: bool = False  # the server was not there, or not in time; all others are answers
    missing: bool = False  # the tenant or its collection is not there
    full: bool = False  # it takes no writes
    stranger: bool = False  # the key is none that it knows, or none any more


def _fault(signs: str, advice: str, *, outage: bool = False, missing: bool = False, full: bool = False, stranger: bool = False) -> Fault:
    return Fault(re.compile(signs, re.IGNORECASE | re.DOTALL), advice, outage, missing, full, stranger)


FAULTS = (
    _fault(
        r"tenant not found|could not find class|class (\S+ )?not found|configuration could not be retrieved.*code: 404",
        "It does not have this company's index.",
        missing=True,
    ),
    _fault(r"anonymous access", "It wants an API key. Set WEAVIATE_API_KEY; `footnote index keys` makes one.", stranger=True),
    _fault(
        r"cannot find index for|non-existing index for",
        "It has not opened its collection. Most often it was started without ASYNC_INDEXING=true: set it there, start it again.",
    ),
    _fault(
        r"status code: 401\b|unauthenticated|invalid api key",
        "It does not know the API key, or not any more. Set WEAVIATE_API_KEY to one it knows, and WEAVIATE_OPERATIONS_KEY where it is set.",
        stranger=True,
    ),
    _fault(
        r"insufficientpermissions|insufficient permissions|permission.denied|forbidden",
        "The API key may not do that. Give its user a role with rights on collections, tenants and data of `Footnote_*`, as "
        "`footnote index keys` does.",
    ),
    _fault(
        r"db user management is not enabled",
        "It keeps no users. Set AUTHENTICATION_DB_USERS_ENABLED=true there, start it again.",
    ),
    _fault(
        r"no roles are kept",
        "It asks nobody what they may do. Set AUTHORIZATION_RBAC_ENABLED=true and AUTHORIZATION_RBAC_ROOT_USERS there, start it again.",
    ),
    _fault(
        r"read-?only",
        "It takes no writes: its disk or memory is nearly full, or somebody made it read-only. Make room; it goes on by itself.",
        full=True,
    ),
    _fault(
        r"were not removed",
        "It did not remove what it should, and does not say why. Most often it takes no writes, as its disk is nearly full: look there.",
        full=True,
    ),
    _fault(
        r"vector lengths don't match|vector of the wrong size|inconsistent vector length|dimensions",
        "A vector's length is not that of the vectors it holds. Was the embedding model changed and kept its name? Build the index anew.",
    ),
    _fault(
        r"async indexing is enabled",
        "It runs without ASYNC_INDEXING=true, which an index needs that suits small companies and large ones. Set it there, start again.",
    ),
    _fault(
        r"no such prop|requires an? |invalid .* property",
        "Its collection is not as Footnote made it. `footnote doctor` says what is otherwise.",
    ),
    _fault(r"^open:", "It did not answer the last calls; it is asked again every few seconds.", outage=True),
    _fault(r"timeout|timed out|deadline exceeded", "It did not answer in time.", outage=True),
    _fault(
        r"weaviateconnectionerror|weaviatestartuperror|weaviateretryerror|\bretries\b|unavailable|connecterror|\b50[234]\b"
        r"|rpc error: code = canceled"
        r"|(read|write|pool|protocol|network)error|connection ?(refused|reset|aborted)|brokenpipe|grpcunavailable|^oserror",
        "It cannot be reached. Check that it runs, WEAVIATE_URL, and that both its ports, REST and gRPC, are open to this machine.",
        outage=True,
    ),
)
_ELSE = _fault("", "It refused, and Footnote does not know why; see what it says.")


def fault(error: BaseException) -> Fault:
    """What kind of thing it is."""
    said = f"{type(error).__name__}: {error}"
    return next((one for one in FAULTS if one.signs.search(said)), _ELSE)


def advice(error: BaseException) -> str:
    """What is wrong and what to do, for an operator, and what Weaviate says."""
    said = " ".join(str(error).split())[:_SAID]
    return f"{fault(error).advice} ({said or type(error).__name__})"


def is_outage(error: BaseException) -> bool:
    """Whether the server was not there, or not in time."""
    return fault(error).outage


def is_stranger(error: BaseException) -> bool:
    """Whether the server does not know the key, or not any more."""
    return fault(error).stranger


def raised() -> tuple[type[Exception], ...]:
    """All that the client lets out; to be asked once it has been imported."""
    from httpx import HTTPError
    from weaviate.exceptions import WeaviateBaseError

    return (WeaviateBaseError, HTTPError, OSError, Refused)  # a TimeoutError is an OSError
