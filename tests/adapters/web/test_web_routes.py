"""The web door over HTTP: what it takes, what it refuses, and what it shows."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, FormData, web
from aiohttp.test_utils import TestClient, TestServer

from adapters import footnotes
from adapters.web import files, reader, reading
from adapters.web.errors import NobodyYet
from adapters.web.guard import LARGEST_QUESTION
from adapters.web.house import FILES_AT_ONCE
from adapters.web.page import playground
from adapters.web.places import Company
from adapters.web.routes import routes
from adapters.web.texts import WORDS
from bot.errors import UnknownTurn
from bot.messages import Answer, Outcome, Question, Verdict
from bot.reply import Reply, Step
from knowledge.documents import Opened, Readers, Span
from tenancy.errors import StoreUnavailable, UnknownPerson
from tenancy.viewer import EVERYONE, PersonId, Viewer, person_principal
from tests.adapters.web.web_house import ANA, ANSWER, BOB, DOCUMENT, QUOTE, SPAN, TEXT, House, Reading
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

Client = TestClient[web.Request, web.Application]
POST = {"id": "q1", "person": ANA, "place": "", "thread": "t1", "text": "How long?"}
OPEN = f"/d/d%2F1?start={SPAN.start}&end={SPAN.end}&as={ANA}&is={footnotes.seal(QUOTE)}"


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(routes(house.door()))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_page_offers_everybody_and_every_place(client: Client) -> None:
    page = await (await client.get("/")).text()
    for words in ("Ana Lima", "Bob Kim", "#people", "How long is leave?", "Footnote · Acme"):
        assert words in page
    assert "<script>" not in page
    assert " style=" not in page


async def test_the_page_shows_what_its_address_names(client: Client) -> None:
    page = await (await client.get("/", params={"as": BOB, "in": "#people", "q": "</textarea><script>x"})).text()
    assert f'value="{BOB}" data-name="Bob Kim" checked' in page
    assert 'value="#people" data-members="ana@acme.example">' in page, "Bob is not in #people"
    assert "&lt;/textarea&gt;&lt;script&gt;x</textarea>" in page


@pytest.mark.parametrize("path", ["/", "/static/footnote.css", "/d/none?as=ana@acme.example", OPEN])
async def test_every_answer_keeps_the_page_to_itself(client: Client, path: str) -> None:
    response = await client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Host": "evil.example"}, 403, id="a name that somebody pointed here"),
        pytest.param({"Host": "127.0.0.1.evil.example:8080"}, 403, id="a name that begins like ours"),
        pytest.param({"Host": "localhost:8080"}, 200, id="ours, on any port"),
        pytest.param({"Host": "[::1]:8080"}, 200, id="ours, in version six"),
    ],
)
async def test_only_our_own_host_is_answered(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await client.get("/", headers=headers)).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200, id="our page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="another port of ours"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="another origin"),
        pytest.param({"Origin": "null"}, 403, id="an origin that hides"),
    ],
)
async def test_only_our_own_page_may_post(client: Client, headers: dict[str, str], status: int) -> None:
    assert (await client.post("/ask", json=POST, headers=headers)).status == status


async def test_a_question_streams_its_steps_extracts_text_and_outcome(client: Client, house: House) -> None:
    response = await client.post("/ask", json=POST)
    assert response.content_type == "text/event-stream"
    told = await events(response)
    assert [event for event, _ in told] == ["step", "extracts", "text", "final"]
    assert told[0][1] == {"step": "searching", "html": "Looking through the documents you can read"}
    assert (told[-1][1]["outcome"], told[-1][1]["sources"], told[-1][1]["turn"]) == ("answer", 1, house.asked[0].id)
    assert "/d/d%2F1?start=" in told[-1][1]["html"]


async def test_a_question_in_a_channel_has_all_its_members_as_audience(client: Client, house: House) -> None:
    await (await client.post("/ask", json=POST | {"place": "#all"})).read()
    assert len(house.asked[0].audience.members) == 2
    assert house.asked[0].place == "#all"


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        pytest.param({"person": "eve@x.example"}, 404, "Acme has nobody called", id="nobody we know"),
        pytest.param({"person": BOB, "place": "#people"}, 403, "Bob Kim is not in #people", id="a channel one is not in"),
        pytest.param({"place": "#none"}, 404, "There is no channel", id="no such channel"),
        pytest.param({"text": " "}, 400, "The question is empty", id="an empty question"),
    ],
)
async def test_a_question_that_cannot_be_taken_gets_a_sentence(client: Client, changes: dict[str, str], status: int, said: str) -> None:
    response = await client.post("/ask", json=POST | changes)
    assert response.status == status
    assert said in (await response.json())["error"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(b"{", "application/json", 400, id="broken JSON"),
        pytest.param(b"[" * 60_000, "application/json", 400, id="deep JSON"),
        pytest.param(b"{}", "text/plain", 400, id="not called JSON"),
        pytest.param(b" " * (LARGEST_QUESTION + 1), "application/json", 413, id="too long"),
    ],
)
async def test_a_body_that_is_no_question_gets_a_sentence(client: Client, body: bytes, kind: str, status: int) -> None:
    response = await client.post("/ask", data=body, headers={"Content-Type": kind})
    assert response.status == status
    assert (await response.json())["error"].endswith(".")


async def test_an_answer_that_breaks_says_so_in_its_stream(client: Client, house: House) -> None:
    house.answer = breaking
    told = await events(await client.post("/ask", json=POST))
    assert "kept here, on this page" in WORDS["sorry"], "whether the server kept it is not known"
    assert told == [("failed", {"error": WORDS["sorry"]})]


async def test_an_answer_that_was_not_shown_is_shown_at_the_end(client: Client, house: House) -> None:
    house.answer = silent
    assert [event for event, _ in await events(await client.post("/ask", json=POST))] == ["final"]


async def test_a_slow_answer_shows_that_it_is_alive(client: Client, house: House) -> None:
    house.answer = slow
    assert b": still here\n\n" in await (await client.post("/ask", json=POST)).read()


async def test_a_page_that_went_away_does_not_stop_its_answer(house: House) -> None:
    done = asyncio.Event()

    async def long(_: Question, reply: Reply) -> Answer:
        for _ in range(20):
            await reply.step(Step.WRITING)
            await asyncio.sleep(0.02)
        done.set()
        return ANSWER

    house.answer = long
    app = web.Application()
    app.add_routes(routes(house.door()))
    runner = web.AppRunner(app)  # as `web.run_app` makes it; aiohttp's test server would cancel the handler
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as browser:
        response = await browser.post(f"http://127.0.0.1:{runner.addresses[0][1]}/ask", json=POST)
        response.close()
        await asyncio.wait_for(done.wait(), PATIENCE_S)
    await runner.cleanup()


async def test_a_form_without_script_gets_the_whole_page(client: Client) -> None:
    response = await client.post("/ask", data={"person": ANA, "place": "#all", "thread": "t1", "text": "How long?"})
    page = await response.text()
    assert response.status == 200
    assert "It lasts 26 weeks" in page
    assert 'name="thread" value="t1"' in page


async def test_a_passage_opens_at_its_words(client: Client) -> None:
    page = await (await client.get(OPEN)).text()
    assert f'<mark id="passage" tabindex="-1">{QUOTE}</mark>' in page
    assert "<h1 " in page
    assert "<span>Page 2</span><span>Parental leave</span>" in page
    assert "has changed since" not in page


async def test_the_pages_right_side_gets_the_passage_alone(client: Client) -> None:
    part = await (await client.get(OPEN + "&fragment=1")).text()
    assert part.lstrip().startswith("<article")
    assert f">{QUOTE}</mark>" in part


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        pytest.param("/d/d%2F1", 401, "Who is reading?", id="nobody named"),
        pytest.param(f"/d/d%2F1?as={BOB}", 404, "There is no such document, or Bob Kim may not read it.", id="somebody who may not"),
        pytest.param(f"/d/none?as={BOB}", 404, "There is no such document, or Bob Kim may not read it.", id="no such document"),
        pytest.param("/d/d%2F1?as=eve@x.example", 404, "Acme has nobody called", id="a stranger"),
        pytest.param(f"/d/d%2F1?as={ANA}&start=9&end=x", 200, "Parental leave lasts", id="an offset that is no number"),
        pytest.param(f"/d/d%2F1?as={ANA}&start=900&end=950", 200, "not in this version", id="an offset that is not there"),
        pytest.param(OPEN.replace("is=", "is=0"), 200, "has changed since it was cited", id="words that changed"),
    ],
)
async def test_a_document_opens_only_for_who_may_read_it(client: Client, address: str, status: int, said: str) -> None:
    response = await client.get(address)
    assert response.status == status
    assert said in await response.text()


async def test_a_long_document_offers_the_rest(client: Client, house: House) -> None:
    house.page = Opened(document=DOCUMENT, text=TEXT + "More words here.\n\n" * 5_000, pages=())
    assert "Show the whole document" in await (await client.get(OPEN)).text()
    assert "Show the whole document" not in await (await client.get(OPEN + "&all=1")).text()


async def test_a_document_too_long_to_show_whole_says_so(client: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST", 50_000)
    house.page = Opened(document=DOCUMENT, text=TEXT + "More words here.\n\n" * 5_000, pages=())
    page = await (await client.get(OPEN + "&all=1")).text()
    assert "This document is too long to show whole: these are up to 1,000,000 characters around the passage." in page
    assert "Show the whole document" not in page
    assert f">{QUOTE}</mark>" in page


async def test_a_document_is_set_beside_the_event_loop(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    view = reader.view

    def noted(*given: Any, **named: Any) -> reader.View:  # noqa: ANN401 - handed on as they are
        threads.append(threading.current_thread())
        return view(*given, **named)

    monkeypatch.setattr(reading, "view", noted)
    assert (await client.get(OPEN)).status == 200
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_what_was_not_meant_for_us_is_left_at_one_quiet_line(client: Client, house: House) -> None:
    house.answer = quiet
    ((event, told),) = await events(await client.post("/ask", json=POST | {"place": "#all"}))
    assert (event, told["silent"], told["sources"], told["spoken"]) == ("final", True, 0, WORDS["quiet"])
    assert told["html"].strip() == f'<p class="muted">{WORDS["quiet"]}</p>'


async def test_a_document_is_text_whatever_it_holds(client: Client, house: House) -> None:
    evil = '<script>alert(1)</script><img src=x onerror="alert(1)">'
    house.page = Opened(text=evil, document=replace(DOCUMENT, title=evil, source=evil), pages=(Span(0, len(evil)),))
    page = await (await client.get(f"/d/d%2F1?start=0&end={len(evil)}&as={ANA}")).text()
    assert "<script" not in page
    assert "<img" not in page


async def test_a_verdict_is_kept(client: Client, house: House) -> None:
    response = await client.post("/feedback", json={"person": ANA, "turn": "t9", "verdict": "not_helpful", "comment": " old "})
    assert await response.json() == {"kept": "not_helpful"}
    assert [(turn, verdict, comment) for _, turn, verdict, comment in house.verdicts] == [("t9", Verdict.NOT_HELPFUL, "old")]


@pytest.mark.parametrize("sent", [[], {"verdict": "meh"}, {"verdict": []}, {"person": ANA}], ids=str)
async def test_what_is_no_verdict_is_not_kept(client: Client, sent: object) -> None:
    assert (await client.post("/feedback", json=sent)).status == 400


@pytest.mark.parametrize(
    ("everyone", "reader"),
    [pytest.param("", person_principal(PersonId(ANA)), id="oneself"), pytest.param("yes", EVERYONE, id="everyone")],
)
async def test_a_file_is_for_oneself_unless_it_is_for_everyone(client: Client, house: House, everyone: str, reader: str) -> None:
    response = await client.post("/files", data=form(everyone=everyone))
    assert (response.status, await response.json()) == (202, {"id": "u1", "name": "rota.md", "state": "waiting"})
    assert [(name, data, readers) for _, name, data, readers in house.files] == [("rota.md", b"# Rota", {reader})]
    state = await client.get("/files/u1", params={"as": ANA})
    assert await state.json() == {"state": "done", "reason": "", "document": "d/1"}
    assert (await client.get("/files/u1", params={"as": BOB}, headers={"Accept": "application/json"})).status == 404


@pytest.mark.parametrize(
    ("sent", "name"),
    [("../../etc/passwd", "passwd"), ("C:\\Temp\\plan.docx", "plan.docx"), ("..", "file"), ("a\nb\x00.md", "a b.md")],
)
def test_a_file_keeps_only_its_own_name(sent: str, name: str) -> None:
    assert files.file_name(sent) == name


async def test_a_form_without_a_file_gets_a_sentence(client: Client) -> None:
    data = FormData({"person": ANA}, default_to_multipart=True)
    response = await client.post("/files", data=data)
    assert (response.status, (await response.json())["error"]) == (400, "There was no file. Choose one and add it again.")
    assert (await client.post("/files", json={})).status == 400


async def test_a_file_that_is_too_large_is_refused_early(client: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 4)
    response = await client.post("/files", data=form())
    assert response.status == 413
    assert (await response.json())["error"].startswith("rota.md is larger than 100 MB")
    monkeypatch.setattr(files, "AROUND_FILE", 0)
    assert (await client.post("/files", data=form())).status == 413
    assert house.files == []


async def test_a_form_with_more_parts_than_the_page_sends_is_refused(client: Client, house: House) -> None:
    data = form()
    data.add_field("file", b"# Two", filename="two.md")
    response = await client.post("/files", data=data)
    assert (response.status, (await response.json())["error"]) == (400, WORDS["file_parts"])
    assert house.files == []


async def test_only_so_many_files_are_taken_at_once_and_one_that_waits_too_long_hears_why(
    client: Client, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PATIENCE", 0.2)
    free, begun, add = asyncio.Event(), asyncio.Semaphore(0), house.add

    async def wait(viewer: Viewer, name: str, data: bytes, readers: Readers) -> str:
        begun.release()
        await free.wait()
        return await add(viewer, name, data, readers)

    monkeypatch.setattr(house, "add", wait)
    first = [asyncio.create_task(client.post("/files", data=form())) for _ in range(FILES_AT_ONCE)]
    for _ in first:
        await begun.acquire()
    late = await client.post("/files", data=form())
    assert (late.status, (await late.json())["error"]) == (503, WORDS["file_busy"])
    free.set()
    assert [(await task).status for task in first] == [202] * FILES_AT_ONCE
    assert (await client.post("/files", data=form())).status == 202


@pytest.fixture
async def early(house: House) -> AsyncIterator[Client]:
    """The page while documents are being read, of which 12 of 75 are there."""
    house.loading = Reading(ready=12, documents=75)
    app = web.Application()
    app.add_routes(routes(house.door()))
    async with TestClient(TestServer(app)) as client:
        yield client


READING = "Documents are still being read. 12 of 75 can be asked about."
EARLY = "When this was asked, 12 of 75 documents had been read. Ask again in a moment."


async def test_the_page_says_that_documents_are_being_read_and_when_they_are_there(early: Client, house: House) -> None:
    assert house.loading
    assert f'id="loading">{READING}</p>' in await (await early.get("/")).text()
    assert await (await early.get("/loading")).json() == {"under_way": True, "said": READING}
    house.loading.under_way, house.loading.ready = False, 75
    assert 'id="loading"' not in await (await early.get("/")).text()
    assert await (await early.get("/loading")).json() == {"under_way": False, "said": "75 documents can be asked about now."}


async def test_before_they_are_counted_the_page_does_not_say_how_many_are_being_read(early: Client, house: House) -> None:
    assert house.loading
    house.loading.ready = house.loading.documents = 0
    said = "Documents are still being read. Ask in a moment."
    assert said in await (await early.get("/")).text()
    told = await events(await early.post("/ask", json=POST))
    assert "When this was asked, documents were still being read. Ask again in a moment." in told[-1][1]["html"]


@pytest.mark.parametrize(
    ("ready", "documents", "said"),
    [
        pytest.param(12, 75, "12 of 75 documents can be asked about. Where Footnote was started, it says what is wrong", id="in between"),
        pytest.param(0, 75, "The documents could not be read. Where Footnote was started, it says why.", id="before the first was read"),
        pytest.param(0, 0, "The documents could not be read. Where Footnote was started, it says why.", id="before they were counted"),
    ],
)
async def test_reading_that_broke_off_is_said_so(early: Client, house: House, ready: int, documents: int, said: str) -> None:
    assert house.loading
    house.loading.under_way, house.loading.ready, house.loading.documents = False, ready, documents
    assert (await (await early.get("/loading")).json())["said"].startswith(said)


async def test_where_nothing_is_being_read_nothing_is_said_of_it(client: Client) -> None:
    assert 'id="loading"' not in await (await client.get("/")).text()
    assert await (await client.get("/loading")).json() == {"under_way": False, "said": ""}
    assert WORDS["ask_again"] not in (await events(await client.post("/ask", json=POST)))[-1][1]["html"]


async def test_an_answer_that_was_asked_for_too_early_says_so_and_offers_to_ask_again(early: Client) -> None:
    final = (await events(await early.post("/ask", json=POST)))[-1][1]
    assert f"<p>{EARLY}</p>" in final["html"]
    assert 'class="retry scripted">Ask again</button>' in final["html"]
    assert final["spoken"] == f"It lasts 26 weeks. {EARLY}"
    page = await (await early.post("/ask", data={"person": ANA, "place": "", "thread": "t1", "text": "How long?"})).text()
    assert EARLY in page
    assert READING in page


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(outcome=Outcome.APOLOGY, text="Something failed on our side."), id="an apology"),
        pytest.param(replace(ANSWER, silent=True), id="what was not for us"),
    ],
)
async def test_what_is_no_answer_does_not_blame_the_documents(early: Client, house: House, answer: Answer) -> None:
    async def end(_: Question, __: Reply) -> Answer:
        return answer

    house.answer = end
    final = (await events(await early.post("/ask", json=POST)))[-1][1]
    assert EARLY not in final["html"] + final["spoken"]


def test_a_company_without_people_says_what_to_do() -> None:
    with pytest.raises(NobodyYet, match="List them under `people:` in a --readers file"):
        playground(Company(name="New", members=()), {})


async def test_static_files_are_kept_by_version(client: Client) -> None:
    first = await client.get("/static/footnote.css")
    tag = first.headers["ETag"]
    assert (first.content_type, first.headers["Cache-Control"]) == ("text/css", "no-cache")
    assert (await client.get("/static/footnote.css", headers={"If-None-Match": tag})).status == 304
    named = await client.get("/static/footnote.css", params={"v": tag.strip('"')})
    assert "immutable" in named.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["none.css", "..%2Froutes.py", "%2e%2e%2froutes.py"])
async def test_nothing_else_can_be_fetched(client: Client, name: str) -> None:
    assert (await client.get(f"/static/{name}")).status == 404


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        pytest.param(StoreUnavailable(), 503, "The database cannot be reached just now", id="the house's own"),
        pytest.param(UnknownTurn(), 404, "There is no such answer", id="an answer of somebody else"),
        pytest.param(UnknownPerson("x", "Acme"), 404, "Acme does not know", id="a person who left"),
        pytest.param(RuntimeError("secret detail"), 500, "Something failed on our side", id="anything else"),
    ],
)
async def test_an_error_behind_the_door_is_a_sentence(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(House, "viewer_by_email", fail)
    response = await client.post("/ask", json=POST)
    assert response.status == status
    text = await response.text()
    assert said in text
    assert "secret" not in text


async def breaking(_: Question, __: Reply) -> Answer:
    message = "secret detail"
    raise RuntimeError(message)


async def silent(_: Question, __: Reply) -> Answer:
    return ANSWER


async def quiet(_: Question, __: Reply) -> Answer:
    return Answer(outcome=Outcome.REFUSAL, text="That was for somebody else.", silent=True)


async def slow(_: Question, reply: Reply) -> Answer:
    await asyncio.sleep(0.2)
    await reply.finish(ANSWER)
    return ANSWER


async def events(response: ClientResponse) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block for block in (await response.text()).split("\n\n") if block.startswith("event: ")]
    return [(event[7:], json.loads(data)) for event, data in (block.split("\ndata: ") for block in blocks)]


def form(everyone: str = "") -> FormData:
    data = FormData({"person": ANA, "everyone": everyone})
    data.add_field("file", b"# Rota", filename="rota.md", content_type="text/markdown")
    return data
