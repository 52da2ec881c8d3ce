"""What people do in the playground, in a real browser.

`base_url` is the product with the demo company: what is asserted there holds for any correct answer. `scripted_url` shows
the states that the real product has no reason to show.
"""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from adapters.web.render import Setting
from adapters.web.reply import final
from bot.messages import Answer, Outcome, TurnId
from tests.journeys.conftest import Open

pytestmark = [pytest.mark.sockets, pytest.mark.enable_socket]

PHONE = {"width": 390, "height": 844}
SECRET = re.compile("Salix|Kingfisher")
NITRATE = "How will we get a nitrate sensor?"
LEAVE = "How long is parental leave?"
BROKEN_OFF = 'event: step\ndata: {"step": "reading", "html": "Reading the question"}\n\n'
SORRY = Answer(outcome=Outcome.APOLOGY, text="Something failed on our side. Ask again in a minute.")
APOLOGY = f"event: final\ndata: {json.dumps(final(SORRY, Setting(email='margit@larkspur.example', name='Margit', turn=TurnId('t1'))))}\n\n"


def turn(page: Page) -> Locator:
    """The last question with its answer."""
    return page.locator(".turn").last


def answered(page: Page) -> Locator:
    """The last question, once it has its answer."""
    expect(turn(page).locator(".after")).to_be_visible(timeout=30_000)
    return turn(page)


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")


def choose(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check()


def suggest(page: Page, text: str) -> Locator:
    page.get_by_role("link", name=text).click()
    return answered(page)


def first_mark(page: Page) -> Locator:
    return turn(page).locator(".note a[href^='/d/']").first


def test_a_suggested_question_gets_a_cited_answer(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    expect(page.get_by_role("radio", name="Margit Oakes")).to_be_checked()
    assert page.locator(".suggestions a").count() == 4
    said = suggest(page, LEAVE)
    expect(said.locator(".asker")).to_have_text("Callum Firth · private")
    expect(said.locator(".sources a").first).to_contain_text("updated 1 Sep 2025")
    expect(said.locator(".sources a").first).to_have_text(re.compile(r"^\[1\] .+ · .+ · updated \d{1,2} [A-Z][a-z]{2} \d{4}$"))
    expect(page.get_by_role("status")).to_contain_text("Answered, with")


def test_a_footnote_opens_the_document_at_the_highlighted_words(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    suggest(page, LEAVE)
    first_mark(page).click()
    words = page.locator("mark#passage")
    expect(words).to_be_focused()
    expect(words).to_be_in_viewport(ratio=0.5)
    expect(page.locator(".passage h2").first).to_have_text(re.compile("arental leave"))
    expect(first_mark(page)).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(words).to_have_count(0)
    expect(first_mark(page)).to_be_focused()
    page.go_forward()
    expect(words).to_be_in_viewport(ratio=0.5)


def test_a_footnote_in_focus_lights_its_sentence_and_its_source(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    suggest(page, LEAVE)
    first_mark(page).hover()
    lit = page.locator(".claim").first.evaluate("claim => getComputedStyle(claim).backgroundColor")
    assert lit == "rgb(255, 229, 138)"
    expect(turn(page).locator(".sources li").first).to_have_class("lit")


def test_the_same_question_as_somebody_else_gets_what_they_may_read(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    choose(page, "Margit Oakes")
    ask(page, NITRATE)
    expect(answered(page)).to_contain_text(SECRET)
    choose(page, "Hannah Ruddock")
    page.get_by_role("button", name="Ask the last question again as Hannah Ruddock").click()
    expect(page.locator(".turn")).to_have_count(2)
    said = answered(page)
    expect(said.locator(".asker")).to_have_text("Hannah Ruddock · private")
    expect(said).not_to_contain_text(SECRET)


def test_a_channel_gets_what_all_may_read_and_the_rest_is_offered_in_private(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    said = suggest(page, NITRATE)
    expect(said.locator(".asker")).to_have_text("Margit Oakes · #general")
    expect(said).not_to_contain_text(SECRET)
    said.get_by_role("button", name="Ask in private").click()
    expect(page.locator(".turn")).to_have_count(2)
    said = answered(page)
    expect(said.locator(".asker")).to_have_text("Margit Oakes · private")
    expect(said).to_contain_text(SECRET)
    expect(said.get_by_role("button", name="Ask in private")).to_have_count(0)


def test_a_channel_shows_its_members_and_takes_only_them(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    choose(page, "#leadership")
    expect(page.locator(".members:visible")).to_have_text("Margit Oakes, Duarte Reis, Nadia Bouchard, Ingrid Solheim, Priya Raman")
    expect(page.locator("#sees")).to_contain_text("5 people see the answer")
    choose(page, "Hannah Ruddock")
    expect(page.get_by_role("radio", name="#leadership")).to_be_disabled()
    expect(page.get_by_role("radio", name="Private")).to_be_checked()
    expect(page.locator("#sees")).to_contain_text("Only Hannah Ruddock sees the answer")


def test_what_nothing_answers_is_said_so(base_url: str, open_page: Open) -> None:
    said = suggest(open_page(base_url), "Can I bring my dog to the Leeds office?")
    expect(said.locator(".outcome")).to_have_text(re.compile("No source, no answer|Nearest passage; it may not answer"))


def test_a_dropped_file_can_be_asked_about_by_who_dropped_it(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    choose(page, "Yusuf Demir")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["# Kayak rota\\n\\nThe paddle key hangs behind the door of the bike store.\\n"], "kayak-rota.md"));
            for (const kind of ["dragover", "drop"]) {
                document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
            }
        }"""
    )
    expect(page.locator(".upload .state")).to_have_text(re.compile("^Ready to ask about"), timeout=60_000)
    ask(page, "Where does the paddle key hang?")
    expect(answered(page)).to_contain_text("behind the door of the bike store")
    first_mark(page).click()
    expect(page.locator("mark").first).to_contain_text("paddle key")
    page.keyboard.press("Escape")
    choose(page, "Hannah Ruddock")
    ask(page, "Where does the paddle key hang?")
    expect(page.locator(".turn")).to_have_count(2)
    expect(answered(page).locator(".reply")).not_to_contain_text("bike store")


def test_a_file_that_cannot_be_read_says_why(scripted_url: str, open_page: Open) -> None:
    page = open_page(scripted_url)
    page.locator("#file").set_input_files([{"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\xff\xfe"}])
    expect(page.locator(".upload .state")).to_contain_text("Save it as PDF, Word or text and add it again.")
    page.get_by_role("button", name="Remove from this list").click()
    expect(page.locator(".upload")).to_have_count(0)


def test_extracts_are_shown_while_the_answer_is_being_written(scripted_url: str, open_page: Open) -> None:
    page = open_page(scripted_url)
    ask(page, LEAVE)
    expect(page.locator(".steps .doing")).to_have_text(re.compile("Reading the question|Looking through the documents"))
    expect(page.locator(".extracts .note a[href^='/d/']").first).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator(".writing")).to_contain_text("Twenty-six")
    answered(page)
    expect(page.locator(".extracts, .steps")).to_have_count(0)


def test_a_notice_stands_beside_its_answer(scripted_url: str, open_page: Open) -> None:
    page = open_page(scripted_url)
    ask(page, f"{LEAVE} too slow")
    expect(answered(page).get_by_role("complementary")).to_contain_text("The model took too long")


@pytest.mark.parametrize("how", ["fail midway", "fail at once"])
def test_a_failure_says_what_was_kept_and_asks_again(scripted_url: str, open_page: Open, how: str) -> None:
    page = open_page(scripted_url)
    ask(page, f"{LEAVE} {how}")
    expect(turn(page).locator(".trouble")).to_contain_text("Something failed on our side. Your question is kept")
    turn(page).get_by_role("button", name="Ask again").click()
    expect(turn(page).locator(".steps")).to_be_visible() if how == "fail midway" else None
    expect(turn(page).locator(".trouble")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)


def test_what_ended_in_an_apology_is_asked_anew_and_what_broke_off_as_the_same_question(scripted_url: str, open_page: Open) -> None:
    page = open_page(scripted_url)
    ids: list[str] = []
    ends = [BROKEN_OFF, APOLOGY, BROKEN_OFF]

    def end(route: Route) -> None:
        ids.append(route.request.post_data_json["id"])
        route.fulfill(body=ends.pop(0), content_type="text/event-stream; charset=utf-8") if ends else route.continue_()

    page.route("**/ask", end)
    again = page.get_by_role("button", name="Ask again")
    ask(page, LEAVE)
    expect(turn(page).locator(".trouble")).to_be_visible()
    again.click()
    expect(turn(page).locator(".outcome-apology")).to_be_visible()
    page.reload()  # what this tab keeps knows how the turn ended
    again.click()
    expect(turn(page).locator(".trouble")).to_be_visible()
    again.click()
    expect(answered(page).locator(".sources a").first).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    first, same, fresh, kept = ids
    assert (same, kept) == (first, fresh)
    assert fresh != first, "the stored apology would be shown again"


def test_a_question_asked_offline_is_kept_and_asked_again(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    page.context.set_offline(True)
    ask(page, LEAVE)
    expect(turn(page).locator(".trouble")).to_contain_text("The server cannot be reached. Your question is kept here")
    page.context.set_offline(False)
    turn(page).get_by_role("button", name="Ask again").click()
    expect(answered(page).locator(".sources a").first).to_be_visible()


def test_what_was_asked_before_all_documents_were_read_can_be_asked_again(early_url: str, open_page: Open) -> None:
    page = open_page(early_url)
    reading = page.locator("#loading")
    expect(reading).to_have_text("Documents are still being read. 36 of 75 can be asked about.")
    ask(page, LEAVE)
    notice = answered(page).get_by_role("complementary")
    expect(notice).to_contain_text("When this was asked, 36 of 75 documents had been read. Ask again in a moment.")
    ask(open_page(early_url), "all read now")
    expect(reading).to_have_text("75 documents can be asked about now.")
    expect(page.get_by_role("status")).to_have_text("75 documents can be asked about now.")
    notice.get_by_role("button", name="Ask again").click()
    expect(notice).to_have_count(0)
    expect(answered(page).locator(".sources a").first).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)
    expect(reading).to_have_count(0)


def test_the_page_learns_that_all_documents_were_read_though_the_server_was_away(early_url: str, open_page: Open) -> None:
    page = open_page(early_url)
    page.context.set_offline(True)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/loading")):
        ask(open_page(early_url), "all read now")
    expect(page.locator("#loading")).to_have_text("Documents are still being read. 36 of 75 can be asked about.")
    page.context.set_offline(False)
    expect(page.locator("#loading")).to_have_text("75 documents can be asked about now.")


def test_an_answer_can_be_stopped(scripted_url: str, open_page: Open) -> None:
    page = open_page(scripted_url)
    ask(page, f"{LEAVE} take your time")
    page.get_by_role("button", name="Stop").click()
    expect(turn(page).locator(".trouble")).to_contain_text("Stopped. Your question is kept.")


def test_everything_can_be_done_by_keyboard(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    press = page.keyboard.press
    page.get_by_role("radio", name="Margit Oakes").focus()
    for _ in range(8):
        press("ArrowDown")
    expect(page.get_by_role("radio", name="Callum Firth")).to_be_checked()
    press("/")
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("How long is")
    press("Shift+Enter")
    page.keyboard.type("parental leave?")
    press("Enter")
    answered(page)
    expect(page.get_by_label("Your question")).to_be_focused()
    for _ in range(40):
        press("Shift+Tab")
        if page.evaluate("document.activeElement.matches('.note a[href^=\"/d/\"]')"):
            break
    press("Enter")
    expect(page.locator("mark#passage")).to_be_focused()
    press("Escape")
    expect(page.locator(".note a[href^='/d/']:focus")).to_have_count(1)


def test_the_skip_link_leads_to_the_question(base_url: str, open_page: Open) -> None:
    page = open_page(base_url, viewport=PHONE)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the question")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your question")).to_be_focused()


def test_a_verdict_is_kept(base_url: str, open_page: Open) -> None:
    said = suggest(open_page(base_url), LEAVE)
    helpful = said.get_by_role("button", name="Helpful", exact=True)
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    expect(said.locator(".kept")).to_have_text("Kept. Thank you.")


def test_leaving_the_page_and_coming_back_loses_nothing(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    suggest(page, LEAVE)
    first_mark(page).click()
    page.get_by_role("link", name="Open on its own page").click()
    expect(page.locator("h1")).to_have_text(re.compile("arental leave"))
    expect(page.locator("mark").first).to_be_in_viewport()
    page.go_back()
    expect(page.locator("mark").first).to_be_visible()
    expect(turn(page).locator(".asked")).to_have_text(LEAVE)
    expect(page.get_by_role("radio", name="Callum Firth")).to_be_checked()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator(".suggestions a").first).to_be_visible()


def test_a_document_opens_only_for_who_may_read_it(base_url: str, open_page: Open) -> None:
    page = open_page(base_url)
    choose(page, "Margit Oakes")
    ask(page, NITRATE)
    answered(page)
    address = turn(page).locator(".sources a").filter(has_text=re.compile(r"kingfisher", re.IGNORECASE)).first.get_attribute("href")
    assert address is not None
    page.goto(base_url + address.replace("margit%40", "hannah%40"))
    expect(page.get_by_text("There is no such document, or Hannah Ruddock may not read it.")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(SECRET)


def test_a_phone_shows_one_thing_at_a_time(base_url: str, open_page: Open) -> None:
    page = open_page(base_url, viewport=PHONE, has_touch=True)
    expect(page.get_by_role("radio", name="Hannah Ruddock")).to_be_hidden()
    page.get_by_role("button", name="Margit Oakes · private Change").tap()
    choose(page, "Callum Firth")
    page.get_by_role("button", name="Done").tap()
    ask(page, LEAVE)
    answered(page)
    first_mark(page).tap()
    expect(page.locator("mark#passage")).to_be_in_viewport()
    expect(page.get_by_label("Your question")).not_to_be_in_viewport(ratio=1) if page.locator(".source").is_hidden() else None
    page.get_by_role("button", name="Close").tap()
    expect(first_mark(page)).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 760, 1024, 1440])
def test_nothing_is_wider_than_the_screen(base_url: str, open_page: Open, width: int) -> None:
    page = open_page(base_url, viewport={"width": width, "height": 800})
    ask(page, LEAVE)
    answered(page)
    first_mark(page).click()
    expect(page.locator("mark#passage")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_reads_and_answers_without_script(base_url: str, open_page: Open) -> None:
    page = open_page(base_url, java_script_enabled=False)
    page.get_by_role("link", name=LEAVE).click()
    page.get_by_role("button", name="Ask").click()
    said = turn(page)
    expect(said.locator(".asker")).to_have_text("Callum Firth · private")
    said.locator(".sources a").first.click()
    expect(page.locator("mark#passage")).to_be_visible()


STATES: dict[str, Callable[[Page], object]] = {
    "empty": lambda page: page.title(),
    "answer and passage": lambda page: (suggest(page, LEAVE), first_mark(page).click(), page.wait_for_selector("mark")),
    "channel": lambda page: suggest(page, NITRATE),
    "refusal": lambda page: suggest(page, "Can I bring my dog to the Leeds office?"),
    "writing": lambda page: (ask(page, LEAVE), page.wait_for_selector(".extracts")),
    "failure": lambda page: (ask(page, f"{LEAVE} fail midway"), page.wait_for_selector(".trouble")),
    "table": lambda page: (ask(page, "Compare the hotel limits of 2023 and 2026"), answered(page)),
    "files": lambda page: (
        page.locator("#file").set_input_files(
            [{"name": "a.md", "mimeType": "text/markdown", "buffer": b"# A\n\nA is a letter of the alphabet."}]
        ),
        page.wait_for_selector(".upload.done"),
    ),
    "document": lambda page: (suggest(page, LEAVE), page.goto(str(first_mark(page).evaluate("link => link.href")))),
    "who reads": lambda page: page.goto(page.url + "d/d1"),
    "no such document": lambda page: page.goto(page.url + "d/none?as=margit@larkspur.example"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible(
    scripted_url: str,
    open_page: Open,
    violations: Callable[[Page], list[str]],
    state: str,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = open_page(scripted_url, viewport=viewport, color_scheme=scheme, bypass_csp=True)
    STATES[state](page)
    assert violations(page) == []


def test_the_page_is_accessible_while_documents_are_being_read(
    early_url: str, open_page: Open, violations: Callable[[Page], list[str]]
) -> None:
    for scheme in ("light", "dark"):
        for viewport in ({"width": 1440, "height": 900}, PHONE):
            page = open_page(early_url, viewport=viewport, color_scheme=scheme, bypass_csp=True)
            ask(page, LEAVE)
            answered(page)
            expect(page.locator("#loading")).to_be_visible()
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_the_choice_on_a_phone_is_accessible(scripted_url: str, open_page: Open, violations: Callable[[Page], list[str]]) -> None:
    page = open_page(scripted_url, viewport=PHONE, bypass_csp=True)
    page.locator("#open-setting").click()
    assert violations(page) == []
