"""The Teams door in Microsoft's own client: the Microsoft 365 Agents Playground in a real browser, through real token checks.

Its licence is for evaluation only: npm fetches it where the tests run, and nothing of it is kept in the project.
"""

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Page, expect

from tests.journeys import product
from tests.journeys.conftest import ROOT, Open, answers, free_port, require, running
from tests.peers import signer

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

PLAYGROUND = ROOT / ".tools/node_modules/.bin/agentsplayground"
TENANT = "11111111-2222-3333-4444-555555555555"


def person(number: int, name: str, surname: str, email: str) -> dict[str, str]:
    """Somebody, as the Playground wants to be told."""
    return {
        "id": f"29:{name.lower()}-{number}",
        "name": f"{name} {surname}",
        "userPrincipleName": email,
        "aadObjectId": f"aaaaaaaa-0000-0000-0000-00000000000{number}",
        "givenName": name,
        "surname": surname,
        "email": email,
    }


SETTING = {
    "version": "0.1.0",
    "tenantId": TENANT,
    "bot": {"id": f"28:{signer.APP}", "name": "Footnote"},
    "currentUser": person(0, "Ana", "Example", "ana@acme.example"),
    "users": [
        person(number, "Colleague", f"N{number}", f"user{number}@acme.example") for number in range(1, 6)
    ],  # five: with six it ends without a word
    "personalChat": {"id": "a:personal-1"},
    "groupChat": {"id": "19:group1@thread.v2", "name": "A group"},
    "team": {
        "id": "19:team1@thread.tacv2",
        "name": "A team",
        "aadGroupId": "bbbbbbbb-0000-0000-0000-000000000031",
        "channels": [{"id": "19:chan1@thread.tacv2", "name": "Policies"}],
    },
}


@pytest.fixture(scope="module")
def client_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Playground, with a signer and the product behind it."""
    require("playground", PLAYGROUND, "run `make test` where there is npm")
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("client")
    asyncio.run(product.furnish(home))
    (folder / ".m365agentsplayground.yml").write_text(yaml.safe_dump(SETTING, sort_keys=False))
    bot, proxy, client = free_port(), free_port(), free_port()
    with running(["-m", "tests.peers.signer", str(proxy), f"http://127.0.0.1:{bot}", TENANT], {"PYTHONPATH": str(ROOT)}) as signing:
        assert signing.stdout is not None
        peer = json.loads(signing.stdout.readline())
        settings = {
            "FOOTNOTE_HOME": str(home),
            "FOOTNOTE_URL": "https://footnote.acme.example",
            "TEAMS_APP_ID": signer.APP,
            "TEAMS_APP_SECRET": signer.SECRET,
            "TEAMS_APP_TENANT": TENANT,
            "TEAMS_LINK": f"{TENANT}={product.SLUG}",
            "TEAMS_OPENID_URL": peer["openid"],
            "MICROSOFT_LOGIN_URL": peer["login"],
            "TEAMS_ALLOWED_SERVICE_URLS": f"http://127.0.0.1:{client}/,http://localhost:{client}/",
        }
        with running(["-m", "adapters", "serve", "--port", str(bot)], settings) as served:
            assert served.stdout is not None
            assert "127.0.0.1" in served.stdout.readline()
            with _playground(folder, proxy, client):
                yield f"http://127.0.0.1:{client}"


@contextmanager
def _playground(folder: Path, proxy: int, client: int) -> Iterator[None]:
    """Run the Playground in `folder`, where its settings are."""
    endpoint = f"http://127.0.0.1:{proxy}/api/messages"
    command = [str(PLAYGROUND), "start", "-e", endpoint, "-c", "msteams", "-p", str(client), "--disable-telemetry"]
    with (folder / "said").open("w") as said, subprocess.Popen(command, cwd=folder, stdout=said, stderr=said) as process:
        try:
            deadline = time.monotonic() + 60
            while not answers(f"http://127.0.0.1:{client}"):
                assert process.poll() is None, (folder / "said").read_text()
                assert time.monotonic() < deadline, "the Playground did not answer within 60 s"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def ask(page: Page, text: str) -> None:
    """Type a question and send it."""
    box = page.locator("[role=textbox][data-lexical-editor=true]").first
    box.click()
    box.type(text)
    page.get_by_role("button", name="Send Message").click()


def test_a_question_is_typed_a_cited_answer_read_and_its_citation_opened(client_url: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(client_url)
    expect(page.get_by_text("Connected.")).to_be_visible(timeout=60_000)
    ask(page, "How long is parental leave?")
    expect(page.get_by_text("16 weeks").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("AI generated").first).to_be_visible()
    page.screenshot(path=tmp_path / "answer.png")
    page.get_by_text("1", exact=True).first.hover()
    page.get_by_text("1", exact=True).first.click()
    expect(page.get_by_text("Every employee gets 16 weeks of paid parental leave. It begins").nth(1)).to_be_visible()
    page.screenshot(path=tmp_path / "citation.png")


def test_what_a_group_may_not_read_is_said_in_private_to_who_presses_the_button(client_url: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(client_url)
    expect(page.get_by_text("Connected.")).to_be_visible(timeout=60_000)
    page.get_by_text("A group", exact=True).first.click()
    box = page.locator("[role=textbox][data-lexical-editor=true]").first
    box.click()
    box.type("@")
    page.get_by_role("menuitem").get_by_text("Footnote").first.click()
    box.type(" How many monthly salaries is the severance of the Lisbon office?")
    page.get_by_role("button", name="Send Message").click()
    expect(page.get_by_text("I can say more in private.").last).to_be_visible(timeout=30_000)
    expect(page.get_by_text("nine monthly salaries")).to_have_count(0)
    page.screenshot(path=tmp_path / "group.png")
    page.get_by_role("button", name="Answer me in private").click()
    page.get_by_text("Personal Chat").first.click()
    expect(page.get_by_text("The question: How many monthly salaries").last).to_be_visible(timeout=30_000)
    expect(page.get_by_text("nine monthly salaries").last).to_be_visible()
    page.screenshot(path=tmp_path / "private.png")
