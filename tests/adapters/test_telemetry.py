"""What gets into the logs, through the configurations that the command line and the server use, in processes of their own."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import telemetry

SAID = "the salaries of Rosa Lind"
CONFIGURED = {
    "a command": "log_to_stderr(debug=False)",
    "a command with --debug": "log_to_stderr(debug=True)",
    "a server": "log_as_json(debug=False)",
    "a server with --debug": "log_as_json(debug=True)",
}
MODEL = """
import asyncio
from bot.llm.llama_index import OpenAICompatible
from bot.llm.port import Prompt, Usage
from bot.errors import ModelUnavailable
async def ask():
    writer = OpenAICompatible(url="http://127.0.0.1:1/v1", name="m")
    try:
        await writer.complete(Prompt(system="s", user={secret!r}), Usage())
    except ModelUnavailable:
        print("asked")
asyncio.run(ask())
"""
LIBRARIES = """
import logging
for name in ("openai._base_client", "httpx", "httpcore.http11", "sqlalchemy.engine.Engine", "procrastinate.jobs", "slack_sdk.web", "new"):
    logging.getLogger(name).debug("%s", {secret!r})
    logging.getLogger(name).info("%s", {secret!r})
    logging.getLogger(name).error("it failed")
print("asked")
"""
OURS = """
import logging
logging.getLogger("bot.conversation").debug("one of ours")
print("asked")
"""


def logged(configured: str, code: str) -> str:
    """What a process wrote to stderr that configured its logs so and then did `code`."""
    whole = f"from adapters.telemetry import log_as_json, log_to_stderr\n{configured}\n{code.format(secret=SAID)}"
    ran = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True)
    assert "asked" in ran.stdout
    return ran.stderr


@pytest.mark.parametrize("configured", CONFIGURED.values(), ids=CONFIGURED.keys())
def test_no_prompt_is_logged_when_a_model_is_asked(configured: str) -> None:
    assert SAID not in logged(configured, MODEL)


@pytest.mark.parametrize("configured", CONFIGURED.values(), ids=CONFIGURED.keys())
def test_of_what_libraries_say_only_warnings_are_logged(configured: str) -> None:
    said = logged(configured, LIBRARIES)
    assert SAID not in said
    assert said.count("it failed") == 7


@pytest.mark.parametrize(
    ("configured", "heard"),
    [(call, "debug=True" in call) for call in CONFIGURED.values()],
    ids=CONFIGURED.keys(),
)
def test_with_debug_every_line_of_ours_is_logged(configured: str, *, heard: bool) -> None:
    assert ("one of ours" in logged(configured, OURS)) is heard


UNDELIVERABLE = """
import asyncio
from unittest.mock import AsyncMock
from adapters.answering import Answering
from adapters.inbox import Kept, Key
key = Key("slack", "A1", "Ev1")
kept = Kept(key=key, workspace="T1", tenant=None, body=b"{{}}", tries=1, may_be_posted=False, post=None)
inbox = AsyncMock(open=AsyncMock(return_value=kept))
asyncio.run(Answering(inbox, {{}}, AsyncMock(), AsyncMock(), AsyncMock()).work(key, False))
print("asked")
"""


def test_a_line_about_a_workspace_says_which_one() -> None:
    (line,) = logged("log_as_json()", UNDELIVERABLE).splitlines()
    said = json.loads(line)
    assert (said["platform"], said["workspace"], said["level"], said["logger"]) == ("slack", "T1", "warning", "adapters.answering")
    assert "The slack door is closed" in said["message"]


def test_whatever_a_line_of_ours_is_given_beside_its_words_is_written() -> None:
    rooms = [Path(telemetry.__file__).parents[1] / room for room in telemetry._ROOMS]
    calls = [node for room in rooms for path in room.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    given = [each.value for node in calls if isinstance(node, ast.Call) for each in node.keywords if each.arg == "extra"]
    names = {key.value for each in given if isinstance(each, ast.Dict) for key in each.keys if isinstance(key, ast.Constant)}
    assert {"platform", "workspace", "path", "turn"} <= names
    assert names <= set(telemetry._EXTRAS)
