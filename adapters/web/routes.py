"""The web door's addresses. No logic: each reads, hands over, and shows what came back."""

import logging
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.web import events, files, loading, reading, render
from adapters.web.errors import Malformed
from adapters.web.guard import FORM, guarded, posted_json, small_body
from adapters.web.house import Playground
from adapters.web.page import playground
from adapters.web.render import Setting
from adapters.web.reply import Kept, Stream
from adapters.web.static import Shelf
from adapters.web.texts import WORDS
from bot.messages import Ignored, Question, TurnId, Verdict
from tenancy.viewer import Audience

log = logging.getLogger(__name__)


def routes(door: Playground) -> list[web.RouteDef]:
    """Return every route of the playground, each behind the guard."""
    shelf = Shelf()
    return [
        web.get("/", guarded(show_page, door, door.hosts), name="playground"),
        web.get("/loading", guarded(tell_loading, door, door.hosts), name="loading"),
        web.post("/ask", guarded(ask, door, door.hosts), name="ask"),
        web.get("/d/{document}", guarded(show_document, door, door.hosts), name="document"),
        web.post("/feedback", guarded(keep_feedback, door, door.hosts), name="feedback"),
        web.post("/files", guarded(add_file, door, door.hosts), name="files"),
        web.get("/files/{upload}", guarded(follow_file, door, door.hosts), name="file"),
        web.get("/static/{name}", guarded(Shelf.serve, shelf, door.hosts), name="static"),
    ]


async def show_page(door: Playground, request: web.Request) -> web.StreamResponse:
    """Show the playground, with the person, place and question that its address names."""
    return html(playground(door.company, request.query, loading=loading.on_page(door.loading)))


async def tell_loading(door: Playground, _: web.Request) -> web.StreamResponse:
    """Say how far reading the company's documents is."""
    return web.json_response(loading.report(door.loading))


async def ask(door: Playground, request: web.Request) -> web.StreamResponse:
    """Answer a question: streamed to the page's script, or with a whole page to a plain form."""
    if request.content_type == FORM:
        return await ask_plainly(door, request)
    question, setting = await _question(door, await posted_json(request))
    async with await Stream(setting, door.heartbeat).open(request) as reply:
        try:
            answer = await door.conversation.handle(question, reply)
            if not reply.finished:
                await reply.finish(answer)
        except Exception:  # the HTTP edge: the stream has begun, so only an event can still say it
            log.exception("a question failed", extra={"turn": question.id})
            await reply.fail(WORDS["sorry"])
    return reply.response


async def ask_plainly(door: Playground, request: web.Request) -> web.StreamResponse:
    """Answer a question that a form without script posted, with the whole page."""
    form = dict(parse_qsl((await small_body(request)).decode("utf-8", "replace")))
    question, setting = await _question(door, form)
    answer = await door.conversation.handle(question, Kept())
    chosen = {"as": setting.email, "in": setting.place, "thread": form.get("thread", "")}
    said = [(question, setting, render.outcome(answer, setting))]
    return html(playground(door.company, chosen, said, loading.on_page(door.loading)))


async def show_document(door: Playground, request: web.Request) -> web.StreamResponse:
    """Show a document at its cited words, as a page of its own or as the part that the page's right side shows."""
    wanted = reading.Wanted.read(request.match_info["document"], request.query)
    if not wanted.reader:
        return html(render.page("who.html", members=door.company.members, wanted=wanted), 401)
    return html(await reading.opened(door, wanted))


async def keep_feedback(door: Playground, request: web.Request) -> web.StreamResponse:
    """Keep what somebody thought of an answer."""
    sent = await posted_json(request)
    if not isinstance(sent, dict) or sent.get("verdict") not in tuple(Verdict):
        message = "A verdict is helpful or not_helpful."
        raise Malformed(message)
    member = door.company.member(str(sent.get("person", "")))
    viewer = await door.people.viewer_by_email(door.tenant, member.email)
    comment = events.clean(str(sent.get("comment", "")))
    await door.conversation.feedback(viewer, TurnId(str(sent.get("turn", ""))), Verdict(sent["verdict"]), comment)
    return web.json_response({"kept": sent["verdict"]})


async def add_file(door: Playground, request: web.Request) -> web.StreamResponse:
    """Take a dropped-in file."""
    return web.json_response(await files.take(door, request), status=202)


async def follow_file(door: Playground, request: web.Request) -> web.StreamResponse:
    """Say how far a dropped-in file has come."""
    member = door.company.member(request.query.get("as", ""))
    viewer = await door.people.viewer_by_email(door.tenant, member.email)
    return web.json_response(files.report(await door.uploads.state(viewer, request.match_info["upload"])))


async def _question(door: Playground, payload: object) -> tuple[Question, Setting]:
    """Make the question of a post, with its asker and its audience looked up just now."""
    asked = events.read(payload)
    if isinstance(asked, Ignored):
        raise Malformed(asked.reason)
    member = door.company.member(asked.person)
    channel = door.company.channel(asked.place, member)
    viewer = await door.people.viewer_by_email(door.tenant, member.email)
    audience = await door.people.audience(door.tenant, channel.members) if channel else Audience()
    question = events.to_question(asked, viewer, audience, door.clock())
    early = loading.beside(door.loading)
    return question, Setting(email=member.email, name=member.name, place=asked.place, turn=question.id, early=early)


def html(page: str, status: int = 200) -> web.Response:
    """Return a page."""
    return web.Response(text=page, content_type="text/html", status=status)
