"""`footnote serve`: every door and the workers in one process, up at once, down in order."""

import asyncio
import logging
import signal
import socket
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.ending import end
from adapters.settings import BadSetting, Settings
from adapters.telemetry import log_as_json, send_traces
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from adapters.compose import House
    from adapters.front import Opened
    from tenancy.embedded import EmbeddedServer

_OPEN_REQUESTS_S = 4.0  # what an answer under way is given when we are told to stop
_SUPERVISE_EVERY_S = 1.0
_HAND_BACK_S = 6.0  # more than jobs are given to finish (`jobs.py`)
_STOP_WITHIN_S = 9.0  # of the ten seconds that whoever stops us waits before a kill
_log = logging.getLogger(__name__)


async def serve(settings: Settings, *, host: str, port: int, role: str, demo: bool, debug: bool = False) -> int:
    """Serve until SIGTERM or SIGINT, then stop within 10 s: accept nothing more, finish or hand back, close."""
    log_as_json(debug=debug)
    stop = _stop_signal()
    listener = _listen(host, port)
    waiting = await _site(_waiting_room(), listener)
    try:
        await _unless_stopped(stop, _open_and_serve(settings, _Serving(waiting, listener, stop), host, role=role, demo=demo))
    finally:
        await waiting.cleanup()
        listener.close()
    return 0


async def _open_and_serve(settings: Settings, serving: "_Serving", host: str, *, role: str, demo: bool) -> None:
    send_traces(settings.otlp_endpoint)
    from adapters.compose import open_house  # takes a second: somebody may be asking for /healthz already

    async with open_house(settings) as house:
        await serving.run(house, host, role=role, demo=demo)


async def _unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do `work`, which ends by itself soon after `stop`; what it is stuck in by then is given up."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    _, unfinished = await asyncio.wait({working}, timeout=_STOP_WITHIN_S)
    for task in unfinished:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await working


class _Serving:
    """A house with its doors open."""

    def __init__(self, waiting: web.AppRunner, listener: socket.socket, stop: asyncio.Event) -> None:
        self._waiting = waiting
        self._listener = listener
        self._stop = stop
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, house: "House", host: str, *, role: str, demo: bool) -> None:
        try:
            for server in house.servers:
                self._spawn(_supervise(server))
            from adapters.front import opened

            async with opened(house, self._spawn) as everything:
                if role != "web":
                    self._spawn(_work(house, everything))
                runner = await self._open(house, everything, host, role=role, demo=demo)
                await self._stop.wait()
                await asyncio.gather(runner.cleanup(), self._end())
        finally:
            await self._end()

    async def _open(self, house: "House", everything: "Opened", host: str, *, role: str, demo: bool) -> web.AppRunner:
        """Open the doors, and only then close the waiting room: whoever knocks is always answered."""
        from adapters import front

        port = self._listener.getsockname()[1]
        app = await front.application(house, everything, host, port, role=role, demo=demo, spawn=self._spawn)
        runner = await _site(app, self._listener)
        await self._waiting.cleanup()
        return runner

    async def _end(self) -> None:
        """Cancel what goes on in the background, and wait until it has finished or handed back what it did."""
        await end(tuple(self._tasks), _HAND_BACK_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note)

    def _note(self, task: "asyncio.Task[None]") -> None:
        """Background work that fails is said, and everything else goes on."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("background work failed", exc_info=error)


async def _work(house: "House", everything: "Opened") -> None:
    """Take jobs once what they need is loaded: loading it in the middle of one would hold up the doors."""
    with suppress(KnowledgeError):  # a model that is away may be back when it is needed
        await house.warm()
    await house.jobs.work(house.work(everything.doors.answering.work, everything.doors.platforms))


def _waiting_room() -> web.Application:
    """What answers while the house is being opened: alive, not ready."""

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def not_yet(_request: web.Request) -> web.Response:
        text = "Footnote is starting. Try again in a few seconds."
        return web.Response(status=503, text=text, headers={"Retry-After": "2", "Refresh": "2"})

    app = web.Application()
    app.router.add_get("/healthz", alive)
    app.router.add_route("*", "/{path:.*}", not_yet)
    return app


async def _site(app: web.Application, listener: socket.socket) -> web.AppRunner:
    """Serve `app` at a socket that outlives it, so that one application can take over from another without a gap."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_OPEN_REQUESTS_S)
    await runner.setup()
    await web.SockSite(runner, listener.dup()).start()
    return runner


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128)
    except OSError as error:
        message = f"Cannot listen at {host}:{port} ({error.strerror}). Choose another with --host and --port."
        raise BadSetting(message) from error


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop


async def _supervise(server: "EmbeddedServer") -> None:
    """Start the server again whenever it has died, for as long as we live."""
    from tenancy.errors import TenancyError

    while True:
        try:
            if await server.ensure():
                _log.warning("an embedded server had stopped and was started again")
        except TenancyError as error:
            _log.error("an embedded server cannot be started: %s", error)
        await asyncio.sleep(_SUPERVISE_EVERY_S)
