import ast
import copy
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import Mock
from zipfile import ZIP_STORED, ZipFile

import pytest
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from adapters.cli import cli
from adapters.commands import manifest as command
from adapters.commands.manifest import EVENTS, FOLDER, SLACK, TEAMS, Rule, address, package, problems, slack, teams
from adapters.settings import BadSetting
from adapters.slack import sdk

URL = "https://acme.example"
APP_ID = "6a1f5f0e-4c1b-4b7e-9a55-0c2d3e4f5a6b"
EVERYWHERE = ("channels", "groups", "im", "mpim")
WITH_OTHERS = ("channels", "groups", "mpim")  # in a direct message there is nobody to look up: who wrote it reads it

# What the code in adapters/slack/ calls and hears, and the scopes for which each is the reason. Tests below compare it with the code.
SLACK_CALLS: Mapping[str, frozenset[str]] = {
    "assistant.threads.setStatus": frozenset({"assistant:write"}),
    "auth.test": frozenset(),
    "chat.postMessage": frozenset({"chat:write"}),
    "conversations.history": frozenset(f"{place}:history" for place in EVERYWHERE),
    "conversations.info": frozenset(f"{place}:read" for place in WITH_OTHERS),
    "conversations.members": frozenset(f"{place}:read" for place in WITH_OTHERS),
    "conversations.open": frozenset({"im:write"}),
    "conversations.replies": frozenset(f"{place}:history" for place in EVERYWHERE),
    "users.info": frozenset({"users:read", "users:read.email"}),
    "users.list": frozenset({"users:read", "users:read.email"}),
}
SLACK_EVENTS: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
}
SLACK_COMMANDS: Mapping[str, str] = {"/footnote": "commands"}


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"FOOTNOTE_URL": None, "TEAMS_APP_ID": None, **environment}).invoke(cli, ["manifest", *arguments])


def slack_manifest() -> dict[str, Any]:
    return yaml.safe_load(slack(URL))


def teams_manifest() -> dict[str, Any]:
    return teams(URL, APP_ID)


# Addresses


@pytest.mark.parametrize(
    ("given", "base"),
    [
        pytest.param("https://acme.example", "https://acme.example", id="a host"),
        pytest.param("https://acme.example/", "https://acme.example", id="a slash that says nothing"),
        pytest.param("HTTPS://Footnote.ACME.example", "https://footnote.acme.example", id="capitals"),
        pytest.param("https://acme.example:8443", "https://acme.example:8443", id="a port"),
        pytest.param("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example", id="a host with umlauts, as ASCII"),
        pytest.param("https://203.0.113.7", "https://203.0.113.7", id="a number"),
        pytest.param("http://127.0.0.1:8080", "http://127.0.0.1:8080", id="this machine by number"),
        pytest.param("http://localhost:8080/", "http://localhost:8080", id="this machine by name"),
        pytest.param("http://[::1]:8080", "http://[::1]:8080", id="this machine by IPv6"),
    ],
)
def test_an_address_is_kept_as_scheme_and_host(given: str, base: str) -> None:
    assert address(given) == base


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="an empty one"),
        pytest.param("acme.example", id="no scheme"),
        pytest.param("http://acme.example", id="plain http to the world"),
        pytest.param("http://10.0.0.5", id="plain http in the house"),
        pytest.param("http://localhost.acme.example", id="plain http to what only begins like this machine"),
        pytest.param("http://127.0.0.1.acme.example", id="plain http to what only begins like its number"),
        pytest.param("ftp://acme.example", id="another scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https:///slack", id="no host but a path"),
        pytest.param("https://acme.example/footnote", id="a path"),
        pytest.param("https://acme.example//", id="an empty path"),
        pytest.param("https://acme.example?x=1", id="a query"),
        pytest.param("https://acme.example/?", id="an empty query"),
        pytest.param("https://acme.example#x", id="a fragment"),
        pytest.param("https://ana:secret@acme.example", id="a password"),
        pytest.param("https://ana@acme.example", id="a name"),
        pytest.param("https://acme.example:", id="no port after its colon"),
        pytest.param("https://acme.example:0", id="port nought"),
        pytest.param("https://acme.example:65536", id="a port beyond the last"),
        pytest.param("https://acme..example", id="an empty label"),
        pytest.param("https://-acme.example", id="a label that begins with a hyphen"),
        pytest.param("https://*.acme.example", id="a wildcard"),
        pytest.param("https://münchen.example", id="umlauts"),
        pytest.param("https://acme.e\u212aample", id="a letter that only looks like k"),
        pytest.param(" https://acme.example", id="a space before"),
        pytest.param("https://acme.example\n", id="a line's end"),
        pytest.param('https://acme.example"\nsettings: {}', id="YAML that wants in"),
    ],
)
def test_an_address_that_is_more_or_less_than_that_is_refused(given: str | None) -> None:
    with pytest.raises(BadSetting, match=r"--url \(or FOOTNOTE_URL\)"):
        address(given)


def test_a_refused_address_is_not_said_again_because_it_may_hold_a_password() -> None:
    ran = run("slack", "--url", "https://ana:secret@acme.example")
    assert ran.exit_code == 1
    assert "secret" not in ran.output


# What the manifests say


def test_every_scope_of_slack_is_used_and_every_scope_that_is_used_is_asked_for() -> None:
    scopes = slack_manifest()["oauth_config"]["scopes"]
    used = frozenset().union(*SLACK_CALLS.values(), SLACK_EVENTS.values(), SLACK_COMMANDS.values())
    assert set(scopes) == {"bot"}
    assert set(scopes["bot"]) == used
    assert len(scopes["bot"]) == len(used)


def test_every_call_to_slack_has_its_scopes_and_every_scope_its_call() -> None:
    folder = Path(sdk.__file__).parent
    calls = [node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    said = {each.value for call in calls for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    methods = {word for word in said if re.fullmatch(r"[a-z]+(\.[a-zA-Z]+)+", word) and not word.startswith("adapters.")}
    assert methods == set(SLACK_CALLS)


def test_every_event_and_every_command_that_is_listened_for_has_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    bolt = Mock()
    monkeypatch.setattr(sdk, "AsyncApp", Mock(return_value=bolt))
    sdk.Listeners(Mock())
    assert {call.args[0] for call in bolt.event.call_args_list} == {event.partition(".")[0] for event in SLACK_EVENTS}
    assert {call.args[0] for call in bolt.command.call_args_list} == set(SLACK_COMMANDS)


def test_every_event_of_slack_is_heard_and_every_event_that_is_heard_is_subscribed() -> None:
    events = slack_manifest()["settings"]["event_subscriptions"]
    assert sorted(events["bot_events"]) == sorted(SLACK_EVENTS)
    assert "user_events" not in events
    assert EVENTS == SLACK_EVENTS


def test_every_slash_command_is_answered() -> None:
    assert {each["command"] for each in slack_manifest()["features"]["slash_commands"]} == set(SLACK_COMMANDS)


def test_every_scope_has_its_reason_beside_it() -> None:
    lines = re.findall(r'^ +- "([a-z_]+:[a-z.]+|commands)"(.*)$', slack(URL), re.MULTILINE)
    assert {scope for scope, _ in lines} == set(slack_manifest()["oauth_config"]["scopes"]["bot"])
    assert [scope for scope, beside in lines if not re.fullmatch(r" # \S.{9,}", beside)] == []


def test_slack_calls_the_addresses_that_footnote_answers() -> None:
    said = slack_manifest()
    assert said["settings"]["event_subscriptions"]["request_url"] == f"{URL}/slack/events"
    assert said["settings"]["interactivity"] == {"is_enabled": True, "request_url": f"{URL}/slack/interactions"}
    assert said["oauth_config"]["redirect_urls"] == [f"{URL}/slack/oauth_redirect"]
    (asked,) = said["features"]["slash_commands"]
    assert (asked["url"], asked["usage_hint"], asked["should_escape"]) == (f"{URL}/slack/commands", "your question", True)


def test_slack_shows_footnote_as_an_agent_that_takes_messages() -> None:
    features = slack_manifest()["features"]
    assert features["bot_user"] == {"display_name": "Footnote", "always_online": True}
    assert (features["app_home"]["messages_tab_enabled"], features["app_home"]["messages_tab_read_only_enabled"]) == (True, False)
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert 1 <= len(features["agent_view"]["suggested_prompts"]) <= 4
    assert "assistant_view" not in features


def test_slack_needs_no_more_than_one_workspace_over_http() -> None:
    settings = slack_manifest()["settings"]
    assert {name: value for name, value in settings.items() if isinstance(value, bool)} == {
        "org_deploy_enabled": False,
        "socket_mode_enabled": False,
        "token_rotation_enabled": False,
    }


@pytest.mark.parametrize("app_id", [None, ""])
def test_teams_needs_a_registration(app_id: str | None) -> None:
    with pytest.raises(BadSetting, match="Set TEAMS_APP_ID"):
        teams(URL, app_id)


def test_teams_names_the_registration_and_the_host() -> None:
    said = teams("https://acme.example:8443", APP_ID)
    (bot,) = said["bots"]
    assert (said["id"], bot["botId"], said["validDomains"]) == (APP_ID, APP_ID, ["acme.example"])
    assert [said["developer"][name] for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl")] == [
        "https://acme.example:8443",
        "https://acme.example:8443/privacy",
        "https://acme.example:8443/terms",
    ]


def test_teams_lets_footnote_in_everywhere_with_a_few_questions_to_begin_with() -> None:
    (bot,) = teams_manifest()["bots"]
    assert bot["scopes"] == ["personal", "team", "groupChat"]
    (commands,) = bot["commandLists"]
    assert commands["scopes"] == bot["scopes"]
    assert 1 <= len(commands["commands"]) <= 4
    assert {each["type"] for each in commands["commands"]} == {"prompt"}
    assert all(each["prompt"] for each in commands["commands"])


def test_the_names_of_teams_fit() -> None:
    said = teams_manifest()
    assert (said["manifestVersion"], said["version"]) == ("1.29", "1.0.0")
    assert len(said["name"]["short"]) <= 30
    assert len(said["description"]["short"]) <= 80


def test_both_begin_with_the_same_questions() -> None:
    prompts = slack_manifest()["features"]["agent_view"]["suggested_prompts"]
    commands = teams_manifest()["bots"][0]["commandLists"][0]["commands"]
    assert [(each["title"], each["message"]) for each in prompts] == [(each["title"], each["prompt"]) for each in commands]


@pytest.mark.parametrize("url", [URL, "https://footnote.example", "https://eu.footnote.example", "https://a.footnote.example.com"])
def test_nothing_is_left_of_the_address_that_stood_there(url: str) -> None:
    said = json.dumps([yaml.safe_load(slack(url)), teams(url, APP_ID)])
    assert said.count(f'"{url}') == 7
    assert len(re.findall(r"https?://[^\"]*footnote\.example", said.replace(url, ""))) == 0
    assert teams(url, APP_ID)["validDomains"] == [url.removeprefix("https://")]
    assert "00000000-" not in said


# The icons


@pytest.mark.parametrize(("name", "side"), [("color.png", 192), ("outline.png", 32)])
def test_an_icon_has_the_size_that_teams_takes(name: str, side: int) -> None:
    path = FOLDER / "teams" / name
    with Image.open(path) as icon:
        assert (icon.format, icon.size) == ("PNG", (side, side))
    assert path.stat().st_size < 10_000


def test_the_outline_is_white_on_nothing() -> None:
    with Image.open(FOLDER / "teams/outline.png") as icon:
        pixels = [icon.convert("RGBA").getpixel((x, y)) for x in range(32) for y in range(32)]
    assert {pixel[:3] for pixel in pixels if pixel[3]} == {(255, 255, 255)}
    assert 200 < sum(not pixel[3] for pixel in pixels) < 900


def test_the_color_icon_is_footnotes_red() -> None:
    with Image.open(FOLDER / "teams/color.png") as icon:
        assert icon.convert("RGBA").getpixel((96, 8)) == (0xB3, 0x26, 0x1E, 255)
    assert teams_manifest()["accentColor"] == "#b3261e"


# The zip


def opened(content: bytes) -> ZipFile:
    return ZipFile(io.BytesIO(content))


def test_the_zip_holds_the_manifest_and_its_icons_at_its_root() -> None:
    with opened(package(teams_manifest())) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["manifest.json", "color.png", "outline.png"]
        said = json.loads(archive.read("manifest.json"))
        assert said == teams_manifest()
        for name in said["icons"].values():
            assert archive.read(name) == (FOLDER / "teams" / name).read_bytes()


def test_the_same_manifest_makes_the_same_zip() -> None:
    assert package(teams_manifest()) == package(teams_manifest())
    with opened(package(teams_manifest())) as archive:
        for entry in archive.infolist():
            assert (entry.date_time, entry.compress_type, entry.create_system) == ((1980, 1, 1, 0, 0, 0), ZIP_STORED, 3)


# The check before anybody uploads


def test_what_is_written_would_be_taken() -> None:
    assert problems(slack_manifest()) == []
    assert problems(teams_manifest()) == []


RULES = [
    pytest.param(made, path, rule, id=f"{made.__name__} {path}")
    for made, rules in ((slack_manifest, SLACK), (teams_manifest, TEAMS))
    for path, rule in rules.items()
]
Made = Callable[[], dict[str, Any]]


def put(manifest: dict[str, Any], path: str, value: object) -> str:
    """Put `value` where `path` leads first, or take away what is there if it is None. The place, as `problems` writes it."""
    *way, last = [0 if step == "*" else step for step in path.split(".")]
    place: Any = manifest
    for step in way:
        place = place[step]
    if value is None and isinstance(last, str):
        del place[last]
    else:
        place[last] = value
    return path.replace(".*", "[0]")


def at(manifest: Any, path: str) -> Any:  # noqa: ANN401 - any JSON
    for step in path.split("."):
        manifest = manifest[0 if step == "*" else step]
    return manifest


@pytest.mark.parametrize(("made", "path", "rule"), RULES)
def test_every_rule_is_about_something_and_names_what_is_wrong(made: Made, path: str, rule: Rule) -> None:
    wrong: list[tuple[object, str]] = [(7, "must be ")]
    if rule.most is not None:
        long: Any = "x" * (rule.most + 1) if rule.of is str else [at(made(), path)[0]] * (rule.most + 1)
        wrong.append((long, f"{rule.most} are allowed"))
    if rule.of is str:
        wrong.append(("", "cannot be ''"))
    if rule.needed:
        wrong.append((None, "is missing"))
    for value, message in wrong:
        manifest = made()
        place = put(manifest, path, value)
        (found,) = [problem for problem in problems(manifest) if problem.startswith(f"{place} ")]
        assert message in found


@pytest.mark.parametrize(
    ("made", "path", "value", "message"),
    [
        pytest.param(teams_manifest, "name.short", "x" * 31, "name.short has 31 characters; 30 are allowed", id="a long name"),
        pytest.param(teams_manifest, "name.full", "x" * 101, "100 are allowed", id="a long full name"),
        pytest.param(teams_manifest, "description.short", "x" * 81, "80 are allowed", id="a long description"),
        pytest.param(teams_manifest, "description.short", None, "description.short is missing", id="no description"),
        pytest.param(teams_manifest, "developer.name", "x" * 33, "32 are allowed", id="a long developer"),
        pytest.param(teams_manifest, "bots.*.commandLists.*.commands", [{"title": "x"}] * 13, "12 are allowed", id="13 commands"),
        pytest.param(slack_manifest, "display_information.description", "x" * 141, "140 are allowed", id="a long description for Slack"),
        pytest.param(slack_manifest, "features.agent_view.agent_description", "x" * 301, "300 are allowed", id="a long agent"),
        pytest.param(
            slack_manifest, "features.agent_view.suggested_prompts", [{"title": "x", "message": "x"}] * 5, "4 are allowed", id="5 prompts"
        ),
        pytest.param(teams_manifest, "bots.*.scopes.*", "groupchat", "cannot be 'groupchat'", id="a scope of Teams in small letters"),
        pytest.param(teams_manifest, "id", "00000000-0000-0000-0000-000000000000", "id cannot be", id="the GUID that stands for one"),
        pytest.param(teams_manifest, "version", "1.0", "version cannot be '1.0'", id="a version with a part too few"),
        pytest.param(teams_manifest, "manifestVersion", "1.30", "manifestVersion cannot be", id="a schema that we did not read"),
        pytest.param(teams_manifest, "icons.color", "icons/color.png", "icons.color cannot be", id="an icon that the zip has not"),
        pytest.param(slack_manifest, "features.slash_commands.*.command", "footnote", "cannot be 'footnote'", id="no slash"),
        pytest.param(slack_manifest, "settings.interactivity.request_url", "acme.example", "cannot be", id="an address without scheme"),
        pytest.param(
            slack_manifest, "settings.event_subscriptions.bot_events.*", "app_mentions", "'app_mentions' is none", id="an unknown event"
        ),
        pytest.param(
            slack_manifest, "oauth_config.scopes.bot", ["commands", "assistant:write"], "needs the scope im:history", id="a deaf event"
        ),
        pytest.param(
            slack_manifest, "oauth_config.scopes.bot", list(EVENTS.values()), "slash_commands needs the scope commands", id="a command"
        ),
        pytest.param(
            slack_manifest, "oauth_config.scopes.bot", list(EVENTS.values()), "agent_view needs the scope assistant:write", id="an agent"
        ),
    ],
)
def test_what_the_platform_would_refuse_is_found(made: Made, path: str, value: object, message: str) -> None:
    manifest = made()
    put(manifest, path, value)
    assert message in "; ".join(problems(manifest))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        pytest.param("slack.yaml", 'name: "Footnote"', f'name: "{"F" * 36}"', "has 36 characters; 35 are allowed", id="a long name"),
        pytest.param("slack.yaml", "display_information:", "display_information: [", "The app would be refused", id="no YAML"),
        pytest.param("teams/manifest.json", '"team",', '"teams",', "bots[0].scopes[1] cannot be 'teams'", id="an unknown scope"),
        pytest.param("teams/manifest.json", "{", "[", "The app would be refused", id="no JSON"),
    ],
)
def test_a_manifest_that_was_edited_wrongly_is_not_handed_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, old: str, new: str, message: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text((FOLDER / name).read_text().replace(old, new, 1))
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    ran = run(name.removesuffix(".yaml").partition("/")[0], "--url", URL, "--out", str(tmp_path / "out"), TEAMS_APP_ID=APP_ID)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert message in ran.stderr
    assert f"Mend {path}.\n" in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


# The command


def test_slack_is_printed() -> None:
    ran = run("slack", "--url", URL)
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, slack(URL), "")


def test_slack_is_written_where_one_wants_it(tmp_path: Path) -> None:
    ran = run("slack", "--url", URL, "--out", str(tmp_path / "new/folder"))
    assert ran.exit_code == 0
    assert (tmp_path / "new/folder/slack.yaml").read_text() == slack(URL)
    assert ran.stdout.startswith(f"Wrote {tmp_path}/new/folder/slack.yaml. ")


def test_teams_is_written_where_one_wants_it(tmp_path: Path) -> None:
    ran = run("teams", "--url", URL, "--out", str(tmp_path), TEAMS_APP_ID=APP_ID)
    assert ran.exit_code == 0
    assert (tmp_path / "footnote-teams.zip").read_bytes() == package(teams_manifest())
    assert ran.stdout.startswith(f"Wrote {tmp_path}/footnote-teams.zip. ")


def test_teams_goes_to_this_folder_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("teams", "--url", URL, TEAMS_APP_ID=APP_ID)
    assert ran.stdout.startswith("Wrote footnote-teams.zip. ")
    assert [path.name for path in tmp_path.iterdir()] == ["footnote-teams.zip"]


def test_the_address_may_come_from_the_setting_and_the_option_goes_first() -> None:
    assert run("slack", FOOTNOTE_URL=f"{URL}/").stdout == slack(URL)
    assert run("slack", "--url", "https://other.example", FOOTNOTE_URL=URL).stdout == slack("https://other.example")


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        pytest.param(("slack",), {}, "Give --url", id="no address"),
        pytest.param(("slack", "--url", "http://acme.example"), {}, "Plain http:// is for localhost only", id="plain http"),
        pytest.param(("slack",), {"FOOTNOTE_URL": f"{URL}/footnote"}, "no path", id="a setting with a path"),
        pytest.param(("teams", "--url", URL), {}, "Set TEAMS_APP_ID", id="no registration"),
        pytest.param(("teams", "--url", URL), {"TEAMS_APP_ID": ""}, "Set TEAMS_APP_ID", id="an empty registration"),
        pytest.param(("teams", "--url", URL), {"TEAMS_APP_ID": "footnote"}, "TEAMS_APP_ID is 'footnote'", id="no GUID"),
        pytest.param(("teams", "--url", URL), {"TEAMS_APP_ID": f"{{{APP_ID}}}"}, "TEAMS_APP_ID is ", id="a GUID in braces"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_helps(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    ran = run(*arguments, "--out", str(tmp_path / "out"), **environment)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert message in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("platform", ["slack", "teams"])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, platform: str) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = run(platform, "--url", URL, "--out", str(tmp_path / "file"), TEAMS_APP_ID=APP_ID)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"{tmp_path}/file/")
    assert ran.stderr.endswith("Choose another folder with --out.\n")


@pytest.mark.parametrize("arguments", [(), ("discord", "--url", URL)], ids=["no platform", "another platform"])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


# Against what the platforms publish, which this repository does not hold


@pytest.fixture(scope="module")
def shared() -> Path:
    if "FOOTNOTE_SHARED" not in os.environ:
        pytest.skip("FOOTNOTE_SHARED does not say where the platforms' schemas are (../shared)")
    return Path(os.environ["FOOTNOTE_SHARED"]) / "data"


@pytest.fixture(scope="module")
def schema(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "teams_manifest_schema_v1.29.json").read_text())


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        steps, schema = schema["$ref"].removeprefix("#/").split("/"), root
        for step in steps:
            schema = schema[step]
    return schema


TYPES = {"string": str, "array": list, "object": dict, "boolean": bool}
CHECKS: Mapping[str, tuple[type | tuple[type, ...], Callable[[Any, Any], bool]]] = {  # which values a word is about, and what it wants
    "type": (object, lambda value, name: isinstance(value, TYPES[name])),
    "enum": (object, lambda value, choices: value in choices),
    "const": (object, lambda value, only: value == only),
    "pattern": (str, lambda value, pattern: bool(re.search(pattern, value))),
    "maxLength": (str, lambda value, most: len(value) <= most),
    "minLength": (str, lambda value, least: len(value) >= least),
    "maxItems": (list, lambda value, most: len(value) <= most),
    "minItems": (list, lambda value, least: len(value) >= least),
    "required": (dict, lambda value, names: set(names) <= set(value)),
}
SILENT = {"description", "default", "format", "properties", "additionalProperties", "items", "$schema", "definitions"}


def refusals(value: Any, schema: dict[str, Any], root: dict[str, Any], place: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Where `value` is not what `schema` wants. Knows the words that Microsoft's schema uses of a bot, and no others."""
    schema = resolved(schema, root)
    unknown = set(schema) - set(CHECKS) - SILENT
    assert not unknown, f"{place}: the schema says {unknown}"
    for word in schema.keys() & CHECKS.keys():
        about, fits = CHECKS[word]
        if isinstance(value, about) and not fits(value, schema[word]):
            yield f"{place} {word}"
    if isinstance(value, dict):
        known = schema.get("properties", {})
        yield from (f"{place}.{name} unknown" for name in value if name not in known and schema.get("additionalProperties") is False)
        for name in value.keys() & known.keys():
            yield from refusals(value[name], known[name], root, f"{place}.{name}")
    if isinstance(value, list) and "items" in schema:
        for number, entry in enumerate(value):
            yield from refusals(entry, schema["items"], root, f"{place}[{number}]")


def test_microsofts_schema_takes_what_is_written(schema: dict[str, Any]) -> None:
    assert list(refusals(teams_manifest(), schema, schema)) == []


def test_microsofts_schema_takes_the_file_as_it_stands(schema: dict[str, Any]) -> None:
    assert list(refusals(json.loads((FOLDER / "teams/manifest.json").read_text()), schema, schema)) == []


@pytest.mark.parametrize(("made", "path", "rule"), [row for row in RULES if row.values[0] is teams_manifest])
def test_what_microsofts_schema_refuses_we_refuse(made: Made, path: str, rule: Rule, schema: dict[str, Any]) -> None:
    node = schema
    for step in path.split("."):
        node = resolved(resolved(node, schema)["items"] if step == "*" else resolved(node, schema)["properties"][step], schema)
    assert rule.most in (node.get("maxItems", node.get("maxLength")), None)
    for value in ("x" * 5000, [], {}, 7, True, "x", None):
        manifest = copy.deepcopy(made())
        place = put(manifest, path, value)
        if list(refusals(manifest, schema, schema)):
            assert [problem for problem in problems(manifest) if problem.startswith(place)], value


def test_slack_knows_every_field_that_we_fill_in(shared: Path) -> None:
    def fields(value: object, place: str = "") -> Iterator[tuple[str, type]]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from fields(inner, f"{place}.{name}")
        elif isinstance(value, list):
            for inner in value:
                yield from fields(inner, f"{place}[]")
        else:
            yield place, type(value)

    example = json.loads((shared / "slack_manifest_example.json").read_text())  # valid by slackapi/manifest-schema
    assert set(fields(slack_manifest())) <= set(fields(example))
