"""A real browser against a real server, and the rules of accessibility it is held against."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

Open = Callable[..., Page]
"""`open_page(url, **options of the browser's context)`."""

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
AXE = ROOT / ".tools/node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def require(name: str, path: Path, remedy: str) -> None:
    """Skip with the reason when a test peer is missing, or fail if `FOOTNOTE_TEST_REQUIRE` names it."""
    if path.exists():
        return
    reason = f"{path} is missing: {remedy}"
    if name in os.environ.get("FOOTNOTE_TEST_REQUIRE", "").split(","):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def scripted_url() -> Iterator[str]:
    """The playground on scripted parts, for the states that the real product does not show on demand."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(Path(__file__).with_name("peer.py")), str(port), "0.12"]
    peer = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})  # noqa: S603 - our own file
    try:
        yield answering(f"http://127.0.0.1:{port}", peer)
    finally:
        peer.terminate()
        peer.wait(10)


@pytest.fixture(scope="session")
def base_url(scripted_url: str) -> str:
    """The playground with the demo company, as somebody meets it first."""
    return scripted_url


def answering(url: str, server: subprocess.Popen[bytes]) -> str:
    """Wait until the server answers, 30 s at most, and return its address."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
                return url
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, "the server ended before it answered"
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer within 30 s")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser a module: while it is open its event loop stands in the way of every asynchronous test."""
    require("chromium", CHROMIUM, "apt-get install -y chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open pages that fail their test when a script of theirs fails or the content security policy is broken."""
    contexts: list[BrowserContext] = []
    broken: list[str] = []

    def open_one(url: str, **options: Any) -> Page:  # noqa: ANN401 - the browser's own options
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda message: broken.append(message.text) if "Content Security Policy" in message.text else None)
        page.goto(url)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert broken == []


@pytest.fixture
def violations() -> Callable[[Page], list[str]]:
    """Return every rule of axe that a page breaks, with where. The page's context must have `bypass_csp`."""
    require("chromium", AXE, "npm install --no-save --prefix .tools axe-core@4.14.1")

    def check(page: Page) -> list[str]:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found["violations"] for node in rule["nodes"]]

    return check
