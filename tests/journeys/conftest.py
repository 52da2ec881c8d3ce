"""A real browser against a real server, and the rules of accessibility it is held against."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
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
    with scripted() as url:
        yield url


@pytest.fixture
def early_url() -> Iterator[str]:
    """The same while documents are being read, until somebody asks "all read now"."""
    with scripted("early") as url:
        yield url


@contextmanager
def scripted(*how: str) -> Iterator[str]:
    """Run the scripted playground until the block is left."""
    port = free_port()
    with running([str(Path(__file__).with_name("peer.py")), str(port), "0.12", *how], {"PYTHONPATH": str(ROOT)}) as peer:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 30
        while not answers(url):
            assert peer.poll() is None, "the scripted playground ended before it answered"
            assert time.monotonic() < deadline, "the scripted playground did not answer within 30 s"
            time.sleep(0.1)
        yield url


@pytest.fixture(scope="session")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`footnote serve --demo` on embedded parts and no model, once every document can be asked about; before, it says that it is not."""
    port = free_port()
    home = {"FOOTNOTE_HOME": str(tmp_path_factory.mktemp("home"))}
    with running(["-m", "adapters", "serve", "--demo", "--port", str(port)], home) as product:
        assert product.stdout is not None
        said, first = [], ""
        for line in product.stdout:
            said.append(line)
            if "is open at" in line:
                first = page_of(f"http://127.0.0.1:{port}")
            if line.rstrip().endswith("are ready."):
                break
        assert said, "footnote serve ended before it said anything"
        assert product.poll() is None, f"footnote serve ended: {said}"
        assert "Documents are still being read." in first
        yield f"http://127.0.0.1:{port}"


@contextmanager
def running(arguments: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run Python with `arguments` until the block is left; it gets ten seconds to end in its own way."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL") and not name.startswith("MODEL_")}
    command = [sys.executable, *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=kept | environment, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=15)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def page_of(url: str) -> str:
    """The page there, once it is served; the waiting room may still be answering."""
    while True:
        with suppress(OSError), urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310 - our own address
            return str(page.read().decode())
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
            return True
    except OSError:
        return False


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
