"""`footnote manifest`: the app manifests of `manifests/`, addressed to one deployment and checked before anybody uploads them.

`https://footnote.example` and the GUID of zeros in those files stand for the deployment's address and its bot registration.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zipfile import ZipFile, ZipInfo

import click
import yaml

from adapters.settings import BadSetting

FOLDER: Final = Path(__file__).resolve().parents[2] / "manifests"
ADDRESS: Final = "https://footnote.example"
"""What stands for a deployment's address in the manifests."""

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[::1\])"
_BASE = re.compile(rf"(?:https|(?P<plain>http))://{_HOST}(?::(?P<port>[1-9][0-9]{{0,4}}))?/?", re.IGNORECASE | re.ASCII)
_LAST_PORT = 65535
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_GUID = "(?!0{8}-)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"  # zeros only stand for one


class WouldBeRefused(BadSetting):
    """The platform would not take the manifest; the message says why, and which file to mend."""


async def manifest(platform: str, url: str | None, *, app_id: str | None, out: Path | None) -> int:
    """Print Slack's manifest, or write the manifest to the folder `out`: `slack.yaml`, or the `footnote-teams.zip` that admins upload.

    Raises `BadSetting`, and writes nothing, for an address or an app id that cannot be one.
    """
    base = address(url)
    if platform == "teams":
        path = _write((out or Path()) / "footnote-teams.zip", package(teams(base, app_id)))
        click.echo(f"Wrote {path}. Upload it in the Teams admin center, under Manage apps.")
    elif out:
        path = _write(out / "slack.yaml", slack(base).encode())
        click.echo(f"Wrote {path}. Paste it at https://api.slack.com/apps, under Create New App, From a manifest.")
    else:
        click.echo(slack(base), nl=False)
    return 0


def address(url: str | None) -> str:
    """`https://host` or `https://host:port` of a base URL. Raises `BadSetting` unless the URL is that and nothing more.

    Plain http is for this machine only: Slack and Teams deliver what people ask.
    """
    found = _BASE.fullmatch(url or "")
    if not found or int(found["port"] or 1) > _LAST_PORT or (found["plain"] and found["host"].lower() not in _LOOPBACK):
        raise BadSetting(
            "Give --url (or FOOTNOTE_URL) as https:// and the host where people reach Footnote, with no path, query or password: "
            "https://footnote.acme.example. Plain http:// is for localhost only."
        )
    return found[0].lower().rstrip("/")


def slack(base: str) -> str:
    """Slack's manifest for the deployment at `base`, as YAML with its reasons. Raises `WouldBeRefused`."""
    text = (FOLDER / "slack.yaml").read_text(encoding="utf-8").replace(ADDRESS, base)
    _read(yaml.safe_load, text, "slack.yaml")
    return text


def teams(base: str, app_id: str | None) -> dict[str, Any]:
    """The Teams manifest for the deployment at `base` and the bot registration `app_id`. Raises `BadSetting`."""
    if not app_id:
        raise BadSetting("Set TEAMS_APP_ID to the Microsoft App ID of your bot registration: a Teams manifest names it.")
    if not re.fullmatch(_GUID, app_id):
        raise BadSetting(f"TEAMS_APP_ID is {app_id!r}; it must be a Microsoft App ID, like 6a1f5f0e-4c1b-4b7e-9a55-0c2d3e4f5a6b.")

    def addressed(values: dict[str, Any]) -> dict[str, Any]:
        own = {"id": app_id, "botId": app_id, "validDomains": [urlsplit(base).hostname]}
        return {name: own.get(name, value.replace(ADDRESS, base) if isinstance(value, str) else value) for name, value in values.items()}

    text = (FOLDER / "teams/manifest.json").read_text(encoding="utf-8")
    return _read(lambda text: json.loads(text, object_hook=addressed), text, "teams/manifest.json")


def package(manifest: Mapping[str, Any]) -> bytes:
    """The zip that Teams takes: the manifest and its icons at the root. The same manifest makes the same bytes."""
    files = {"manifest.json": json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n"}
    files |= {name: (FOLDER / "teams" / name).read_bytes() for name in ("color.png", "outline.png")}
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:  # stored: compressors differ from machine to machine
        for name, content in files.items():
            entry = ZipInfo(name)  # dated 1980
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def problems(manifest: Mapping[str, Any]) -> list[str]:
    """What the platform would refuse in a manifest of either kind, each with its place. Empty if nothing.

    Checked without a network: what must be there, lengths, counts, names, and that Slack's scopes are those that its features need.
    Not checked: whether an address answers.
    """
    rules = TEAMS if "manifestVersion" in manifest or "bots" in manifest else SLACK
    places = ((rule, *place) for path, rule in rules.items() for place in _places(manifest, path.split(".")))
    found = [f"{where} {fault}" for rule, where, value in places if (fault := rule.broken(value))]
    if rules is SLACK and not found:
        found += _scopes_lacking(manifest)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a platform wants of one field. Where it may be left out and is, it is right."""

    most: int | None = None  # characters of a text, entries of a list
    like: str = ".+"  # what a text matches as a whole
    of: type[str | list[Any] | bool] = str
    needed: bool = False

    def broken(self, value: object) -> str | None:
        """What is wrong with `value`, to be read after the field's place; nothing if it is right."""
        if value is None:
            return "is missing" if self.needed else None
        if not isinstance(value, self.of):
            return f"must be {_KINDS[self.of]}"
        if self.most is not None and isinstance(value, str | list) and len(value) > self.most:
            return f"has {len(value)} {'characters' if isinstance(value, str) else 'entries'}; {self.most} are allowed"
        if isinstance(value, str) and not re.fullmatch(self.like, value, re.DOTALL):
            return f"cannot be {value!r}"
        return None


_KINDS: Final[Mapping[type, str]] = {str: "a text", list: "a list", bool: "true or false"}
_URL = "https?://.+"
_COLOR = "#[0-9a-fA-F]{6}"
_TEAMS_SCOPE = Rule(like="personal|team|groupChat|copilot", needed=True)

SLACK: Final[Mapping[str, Rule]] = {
    "display_information.name": Rule(most=35, needed=True),
    "display_information.description": Rule(most=140),
    "display_information.background_color": Rule(like=_COLOR),
    "features.bot_user.display_name": Rule(most=80, needed=True),
    "features.app_home.messages_tab_enabled": Rule(of=bool, needed=True),
    "features.agent_view.agent_description": Rule(most=300),
    "features.agent_view.suggested_prompts": Rule(most=4, of=list),
    "features.agent_view.suggested_prompts.*.title": Rule(needed=True),
    "features.agent_view.suggested_prompts.*.message": Rule(needed=True),
    "features.slash_commands": Rule(most=50, of=list),
    "features.slash_commands.*.command": Rule(most=32, like=r"/\S+", needed=True),
    "features.slash_commands.*.description": Rule(most=2000, needed=True),
    "features.slash_commands.*.usage_hint": Rule(most=1000),
    "features.slash_commands.*.url": Rule(most=3000, like=_URL, needed=True),
    "oauth_config.redirect_urls": Rule(most=1000, of=list),
    "oauth_config.redirect_urls.*": Rule(most=2500, like=_URL, needed=True),
    "oauth_config.scopes.bot": Rule(most=255, of=list, needed=True),
    "oauth_config.scopes.bot.*": Rule(most=50, like=r"[a-z_]+(?::[a-z_.]+)?", needed=True),
    "settings.event_subscriptions.request_url": Rule(most=3500, like=_URL, needed=True),
    "settings.event_subscriptions.bot_events": Rule(most=100, of=list, needed=True),
    "settings.event_subscriptions.bot_events.*": Rule(most=50, needed=True),
    "settings.interactivity.is_enabled": Rule(of=bool, needed=True),
    "settings.interactivity.request_url": Rule(most=3500, like=_URL, needed=True),
}
"""Limits of slackapi/manifest-schema, version 2; `*` is every entry of a list."""

TEAMS: Final[Mapping[str, Rule]] = {
    "manifestVersion": Rule(like=r"1\.29", needed=True),
    "version": Rule(most=256, like=r"\d+\.\d+\.\d+", needed=True),
    "id": Rule(like=_GUID, needed=True),
    "developer.name": Rule(most=32, needed=True),
    "developer.websiteUrl": Rule(most=2048, like=_URL, needed=True),
    "developer.privacyUrl": Rule(most=2048, like=_URL, needed=True),
    "developer.termsOfUseUrl": Rule(most=2048, like=_URL, needed=True),
    "name.short": Rule(most=30, needed=True),
    "name.full": Rule(most=100),
    "description.short": Rule(most=80, needed=True),
    "description.full": Rule(most=4000, needed=True),
    "icons.color": Rule(like=r"color\.png", needed=True),
    "icons.outline": Rule(like=r"outline\.png", needed=True),
    "accentColor": Rule(like=_COLOR, needed=True),
    "bots": Rule(most=1, of=list, needed=True),
    "bots.*.botId": Rule(like=_GUID, needed=True),
    "bots.*.scopes": Rule(most=4, of=list, needed=True),
    "bots.*.scopes.*": _TEAMS_SCOPE,
    "bots.*.commandLists": Rule(most=3, of=list),
    "bots.*.commandLists.*.scopes": Rule(most=4, of=list, needed=True),
    "bots.*.commandLists.*.scopes.*": _TEAMS_SCOPE,
    "bots.*.commandLists.*.commands": Rule(most=12, of=list, needed=True),
    "bots.*.commandLists.*.commands.*.title": Rule(most=128, needed=True),
    "bots.*.commandLists.*.commands.*.description": Rule(most=4000),
    "bots.*.commandLists.*.commands.*.type": Rule(like="basic|prompt"),
    "bots.*.commandLists.*.commands.*.prompt": Rule(most=4000),
    "validDomains": Rule(most=100, of=list, needed=True),
    "validDomains.*": Rule(most=2048, needed=True),
}
"""Limits of Microsoft's schema 1.29, and what it leaves open and Footnote needs."""

EVENTS: Final = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}
"""Every event that Footnote hears, and the scope without which Slack refuses the subscription."""
FEATURES: Final = {"slash_commands": "commands", "agent_view": "assistant:write"}
"""Features that Slack refuses without a scope."""


def _scopes_lacking(manifest: Mapping[str, Any]) -> Iterator[str]:
    events, scopes = manifest["settings"]["event_subscriptions"]["bot_events"], manifest["oauth_config"]["scopes"]["bot"]
    yield from (f"the event {event!r} is none that Footnote hears" for event in events if event not in EVENTS)
    asked = [*events, *manifest["features"]]
    yield from (f"{name} needs the scope {scope}" for name, scope in (EVENTS | FEATURES).items() if name in asked and scope not in scopes)


def _places(value: Any, path: list[str], where: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Every place that `path` leads to, with what is there; `None` for a field that is left out."""
    if not path:
        yield where, value
    elif path[0] == "*":
        for number, entry in enumerate(value if isinstance(value, list) else ()):
            yield from _places(entry, path[1:], f"{where}[{number}]")
    else:
        yield from _places(value.get(path[0]) if isinstance(value, dict) else None, path[1:], f"{where}.{path[0]}".lstrip("."))


def _read(parse: Callable[[str], Any], text: str, name: str) -> dict[str, Any]:
    """What `text` says, without `problems`. Raises `WouldBeRefused`, naming the file to mend."""
    try:
        said = parse(text)
        wrong = problems(said) if isinstance(said, dict) else ["it holds no manifest"]
    except (yaml.YAMLError, ValueError) as error:
        wrong = [str(error)]
    if wrong:
        raise WouldBeRefused(f"The app would be refused: {'; '.join(wrong)}. Mend {FOLDER / name}.")
    return dict(said)


def _write(path: Path, content: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise BadSetting(f"{path} cannot be written: {error.strerror}. Choose another folder with --out.") from error
    return path
