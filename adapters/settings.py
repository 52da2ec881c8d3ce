"""Every setting, read once from the environment. Nothing else reads it; each field's sentence is its documentation."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

_MODEL_PATHS = {"azure": "/openai/v1", "anthropic": "/v1"}  # where these two speak OpenAI's protocol


class BadSetting(Exception):
    """A setting has a value that cannot be used; the message names it and says what to write."""


def _setting(name: str, sentence: str, default: Any = None, choices: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - as `dataclasses.field`
    secret = name.endswith(("_KEY", "_SECRET", "_TOKEN")) or name in {"DATABASE_URL", "REDIS_URL"}  # addresses may hold passwords
    return field(repr=not secret, default=default, metadata={"name": name, "sentence": sentence, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the environment says. Absent means embedded, or off."""

    home: Path = _setting(  # noqa: RUF009 - it returns a `dataclasses.field`
        "FOOTNOTE_HOME", "Folder where embedded parts keep their data.", Path(".footnote")
    )
    url: str | None = _setting(
        "FOOTNOTE_URL",
        "Public base URL: the footnotes in Slack and Teams lead there, and the playground answers to its host too. "
        "Absent: those footnotes have no links, and the playground answers only to the address that `serve` listens at.",
    )
    master_key: str | None = _setting(
        "FOOTNOTE_MASTER_KEY", "32 bytes in base64 that wrap the tenants' data keys. Absent: made once, kept in FOOTNOTE_HOME, mode 0600."
    )
    database_url: str | None = _setting("DATABASE_URL", "PostgreSQL 15 or newer, `postgresql://…`. Absent: embedded.")
    redis_url: str | None = _setting("REDIS_URL", "Redis or Valkey, `redis://…` or `rediss://…`. Absent: embedded.")
    bucket_url: str | None = _setting("BUCKET_URL", "Where originals are kept: `s3://`, `gs://` or `az://`. Absent: FOOTNOTE_HOME.")
    weaviate_url: str | None = _setting(
        "WEAVIATE_URL", "Where Weaviate answers REST; of several nodes, each, comma-separated. Absent: LanceDB in FOOTNOTE_HOME."
    )
    weaviate_grpc: str | None = _setting(
        "WEAVIATE_GRPC", "Where Weaviate answers gRPC, `host:port`, in the order of WEAVIATE_URL. Absent: the same hosts, port 50051."
    )
    weaviate_api_key: str | None = _setting("WEAVIATE_API_KEY", "The key that Weaviate knows us by. Absent: none is sent.")
    weaviate_operations_key: str | None = _setting(
        "WEAVIATE_OPERATIONS_KEY",
        "The key of somebody who may make collections, roles and users in Weaviate; for `footnote index keys` and whoever makes a "
        "collection. Absent: WEAVIATE_API_KEY makes collections.",
    )
    weaviate_tenant_keys: Literal["on", "off"] | None = _setting(
        "WEAVIATE_TENANT_KEYS",
        "`on`: each company's passages in Weaviate are read and written with a key that reaches no other's. Absent: off.",
        choices=("on", "off"),
    )
    weaviate_replicas: int = _setting("WEAVIATE_REPLICAS", "On how many of Weaviate's nodes each index is kept; 3 on three nodes.", 1)
    index_rest_days: int = _setting("INDEX_REST_DAYS", "Days without a question after which a company's index in Weaviate rests.", 30)
    model_provider: Literal["openai-like", "azure", "anthropic"] | None = _setting(
        "MODEL_PROVIDER",
        "Who serves the language model; all three speak OpenAI's protocol. Absent: cited extracts, no model.",
        choices=("openai-like", "azure", "anthropic"),
    )
    model_url: str | None = _setting("MODEL_URL", "The model's base URL, ending in `/v1`.")
    model_name: str | None = _setting("MODEL_NAME", "The model's name, as its server knows it.")
    model_api_key: str | None = _setting("MODEL_API_KEY", "The model server's key. Absent: none is sent.")
    model_budget: int = _setting(
        "MODEL_BUDGET",
        "Tokens that one question may cost, in and out: what the model reads is cut to it, and a second draft that would go over it is "
        "not written.",
        30_000,
    )
    model_price_in: float | None = _setting(
        "MODEL_PRICE_IN", "What a million tokens that the model reads cost, for the cost of each question in its trace. Absent: not known."
    )
    model_price_out: float | None = _setting("MODEL_PRICE_OUT", "What a million tokens that the model writes cost. Absent: not known.")
    embedding_url: str | None = _setting("EMBEDDING_URL", "An OpenAI-compatible embedding endpoint, ending in `/v1`. Absent: MiniLM here.")
    embedding_name: str | None = _setting("EMBEDDING_NAME", "The embedding model's name there.")
    embedding_api_key: str | None = _setting("EMBEDDING_API_KEY", "The embedding server's key. Absent: none is sent.")
    playground: Literal["on", "off"] | None = _setting(
        "FOOTNOTE_PLAYGROUND",
        "`on` or `off`. Absent: on with `serve --demo` on a loopback address, off otherwise. Whoever reaches it may ask as anybody.",
        choices=("on", "off"),
    )
    slack_signing_secret: str | None = _setting("SLACK_SIGNING_SECRET", "Opens the Slack door. Absent: it answers 404.")
    slack_bot_token: str | None = _setting("SLACK_BOT_TOKEN", "The app's bot token in one workspace, `xoxb-…`.")
    slack_tenant: str | None = _setting("SLACK_TENANT", "The slug of the tenant that this workspace belongs to.")
    slack_api_url: str = _setting("SLACK_API_URL", "Slack's Web API, ending in `/api/`.", "https://slack.com/api/")
    teams_app_id: str | None = _setting("TEAMS_APP_ID", "The Azure Bot's app id, which the manifest names.")
    teams_app_secret: str | None = _setting("TEAMS_APP_SECRET", "The app's client secret; opens the Teams door. Absent: it answers 404.")
    teams_app_tenant: str | None = _setting("TEAMS_APP_TENANT", "The Entra tenant that the app is registered in.")
    teams_link: str = _setting("TEAMS_LINK", "`ENTRA-TENANT-ID=SLUG,…`: whose Entra tenants belong to which tenants.", "")
    teams_openid_url: str = _setting(
        "TEAMS_OPENID_URL",
        "Where the Bot Framework's signing keys are read from.",
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
    )
    teams_allowed_service_urls: str = _setting(
        "TEAMS_ALLOWED_SERVICE_URLS",
        "URL prefixes beyond Microsoft's own hosts that answers may go to, comma-separated; for test peers.",
        "",
    )
    microsoft_login_url: str = _setting("MICROSOFT_LOGIN_URL", "Where Microsoft's login is reached.", "https://login.microsoftonline.com")
    otlp_endpoint: str | None = _setting("OTEL_EXPORTER_OTLP_ENDPOINT", "Where traces are sent, OTLP over HTTP. Absent: nothing is sent.")
    ignored: tuple[str, ...] = ()  # names that somebody set and that this version does not obey

    def __post_init__(self) -> None:
        """Refuse what cannot work, in words."""
        for setting in settings():
            value, choices = getattr(self, setting.name), setting.metadata["choices"]
            if value is not None and choices and value not in choices:
                raise BadSetting(f"{setting.metadata['name']} is {value!r}; it can be {' or '.join(choices)}.")
            schemes, written = _ADDRESSES.get(setting.name, (frozenset(), ""))
            if value is not None and schemes and not all(_is_address(one, schemes) for one in _named(setting.name, value)):
                raise BadSetting(f"{setting.metadata['name']} must {written}.")  # its value may hold a password
        self._need_together({"MODEL_PRICE_IN": self.model_price_in, "MODEL_PRICE_OUT": self.model_price_out})
        self._need_together({"MODEL_PROVIDER": self.model_provider, "MODEL_URL": self.model_url, "MODEL_NAME": self.model_name})
        wanted = _MODEL_PATHS.get(self.model_provider or "")
        if wanted and not urlsplit(self.model_url or "").path.rstrip("/").endswith(wanted):
            raise BadSetting(
                f"With MODEL_PROVIDER={self.model_provider}, MODEL_URL must end in {wanted}, where it speaks OpenAI's protocol."
            )
        self._need_together(
            {"SLACK_SIGNING_SECRET": self.slack_signing_secret, "SLACK_BOT_TOKEN": self.slack_bot_token, "SLACK_TENANT": self.slack_tenant}
        )
        if self.teams_app_secret or self.teams_app_tenant:  # the id alone is enough for a manifest
            self._need_together(
                {"TEAMS_APP_ID": self.teams_app_id, "TEAMS_APP_SECRET": self.teams_app_secret, "TEAMS_APP_TENANT": self.teams_app_tenant}
            )
        self._check_weaviate()
        if not self.slack_api_url.endswith("/"):
            raise BadSetting("SLACK_API_URL must end in /, as in https://slack.com/api/.")
        self._need_together({"EMBEDDING_URL": self.embedding_url, "EMBEDDING_NAME": self.embedding_name})

    @classmethod
    def from_environment(cls) -> "Settings":
        """The settings of this process. Raises `BadSetting`."""
        return cls.read(os.environ)

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings of an environment; an empty value counts as absent. Raises `BadSetting`."""
        given = {setting.name: environment.get(setting.metadata["name"]) for setting in settings()}
        values: dict[str, Any] = {name: value for name, value in given.items() if value}
        if "home" in values:
            values["home"] = Path(values["home"])
        for name, most in _NUMBERS.items():
            if name in values:
                values[name] = _number(name.upper(), values[name], most)
        for name in _PRICES:
            if name in values:
                values[name] = _price(name.upper(), values[name])
        if "url" in values:
            values["url"] = values["url"].rstrip("/")  # paths are put behind it
        return cls(**values, ignored=tuple(name for name in PROMISED if environment.get(name)))

    @property
    def weaviate_nodes(self) -> list[tuple[str, str]]:
        """Where each node answers REST and gRPC."""
        urls = _listed(self.weaviate_url)
        return list(zip(urls, _listed(self.weaviate_grpc) or [f"{urlsplit(url).hostname}:{_GRPC_PORT}" for url in urls], strict=True))

    def _check_weaviate(self) -> None:
        grpc = _listed(self.weaviate_grpc)
        if not all(map(_HOST_AND_PORT.fullmatch, grpc)):
            raise BadSetting("WEAVIATE_GRPC must be written as HOST:PORT, as in weaviate.example:50051.")
        if grpc and len(grpc) != len(_listed(self.weaviate_url)):
            raise BadSetting("WEAVIATE_GRPC must name as many nodes as WEAVIATE_URL, in the same order, comma-separated.")
        if any(urlsplit(url).netloc == grpc for url, grpc in self.weaviate_nodes):
            raise BadSetting("WEAVIATE_GRPC must be another port than that of WEAVIATE_URL: by default 50051, beside 8080 for REST.")

    @staticmethod
    def _need_together(given: Mapping[str, object]) -> None:
        missing = [name for name, value in given.items() if value in {None, ""}]
        if missing and len(missing) < len(given):
            there = next(name for name in given if name not in missing)
            raise BadSetting(f"{there} is set, so {' and '.join(missing)} must be set too.")


def _number(name: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and 1 <= int(value) <= most):
        raise BadSetting(f"{name} is {value[:20]!r}; write a number from 1 to {most}.")
    return int(value)


def _price(name: str, value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,6})?", value):
        raise BadSetting(f"{name} is {value[:20]!r}; write what a million tokens cost, as in 0.25.")
    return float(value)


def _listed(value: str | None) -> list[str]:
    return [one.strip() for one in value.split(",")] if value else []


def _named(setting: str, value: str) -> list[str]:
    """The addresses that a setting names: of Weaviate there may be several."""
    return _listed(value) if setting == "weaviate_url" else [value]


_GRPC_PORT = 50051  # Weaviate's own
_HOST_AND_PORT = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")
_NUMBERS = {"index_rest_days": 36_500, "weaviate_replicas": 9, "model_budget": 10_000_000}
"""Settings that are numbers, and the most that each may be."""
_PRICES = ("model_price_in", "model_price_out")


def settings() -> "Iterator[Field[Any]]":
    """The fields of `Settings` that the environment sets; each one's metadata has its `name` and its `sentence`."""
    return (setting for setting in fields(Settings) if setting.metadata)


_WEB_ADDRESSES = (
    "url",
    "slack_api_url",
    "teams_openid_url",
    "microsoft_login_url",
    "model_url",
    "embedding_url",
    "weaviate_url",
    "otlp_endpoint",
)
_ADDRESSES: Mapping[str, tuple[frozenset[str], str]] = {
    **dict.fromkeys(_WEB_ADDRESSES, (frozenset({"http", "https"}), "start with http:// or https://, then a host")),
    "redis_url": (
        frozenset({"redis", "rediss", "unix"}),
        "be written as redis://HOST:6379/0, with a password as redis://:PASSWORD@HOST:6379/0, with TLS as rediss://",
    ),
    "bucket_url": (frozenset({"s3", "gs", "az"}), "be written as s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"),
}
"""The schemes that an address may have, and how it is written."""
_WITHOUT_HOST = frozenset({"redis", "rediss", "unix"})  # where none means this machine


def _is_address(value: str, schemes: frozenset[str]) -> bool:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - asking for it checks it
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.scheme in _WITHOUT_HOST)


PROMISED = (
    "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET",
    "MICROSOFT_GRAPH_URL", "SENTRY_DSN",
)  # fmt: skip
"""Names that are fixed already and that nothing here obeys yet; `doctor` says so when one is set."""
