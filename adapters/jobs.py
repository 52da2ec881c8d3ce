"""Durable work: procrastinate's queue on our own PostgreSQL, and the tasks of this house."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import procrastinate
import psycopg
import psycopg_pool
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Job, Status
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.ending import end
from adapters.inbox import Key
from tenancy.database import CONNECT, CONTROL_SCHEMA, Database
from tenancy.errors import StoreUnavailable
from tenancy.viewer import TenantId

_HEARTBEAT_S = 3.0
_DEAD_AFTER_S = 9.0  # without a heartbeat; its jobs go to the next worker
_LOOK_FOR_JOBS_S = 1.5  # a new job is told; one that is adopted is found: within 15 s of its worker's end, all in all
_GRACE_S = 5.0  # for jobs under way when we are told to stop
_HAND_BACK_S = _GRACE_S + 0.5
_TRIES = 5
_TRIES_OF_ANSWERS = 7  # two minutes in all: a platform may ask for one
_PAUSE_S = 1.0  # between a worker that ended and the next
_log = logging.getLogger(__name__)

_LOOK_FOR_LOST_S = 60.0
_LOST = text("""
    SELECT platform, app, event FROM inbox
    WHERE finished_at IS NULL AND received_at < now() - interval '5 minutes' AND NOT EXISTS (
        SELECT FROM procrastinate_jobs AS job
        WHERE job.task_name = :task AND job.status IN ('todo', 'doing')
            AND (job.args->>'platform', job.args->>'app', job.args->>'event') = (inbox.platform, inbox.app, inbox.event))
    LIMIT 100""")
_STUCK = text("""
    SELECT job.id FROM procrastinate_jobs AS job JOIN procrastinate_events AS event ON event.job_id = job.id
    WHERE job.task_name = :task AND job.status = 'doing' AND event.type = 'started'
    GROUP BY job.id HAVING max(event.at) < now() - interval '10 minutes'""")
"""An answer takes minutes at most. What is longer at work has lost its worker's word on how it ended."""

ANSWER = "answer"
READ_UPLOAD = "read_upload"
TIDY_INDEX = "tidy_index"
MEND_INDEX = "mend_index"
LEARN_DOUBT = "learn_doubt"
LEARN_MAP = "learn_map"
_UPKEEP = "upkeep"  # a queue beside those of the questions: a question never waits behind a file
_QUESTIONS_AT_ONCE, _UPKEEP_AT_ONCE = 8, 2


@dataclass(frozen=True, slots=True)
class Work:
    """What the tasks do, given by whoever composes the house."""

    platforms: Sequence[str]  # whose doors are open here: questions of others are left to whom they are open
    answer: Callable[[Key, bool], Awaitable[None]]  # an event; whether this is the last try
    read_upload: Callable[[TenantId, str], Awaitable[None]]
    fail_upload: Callable[[TenantId, str], Awaitable[None]]  # when reading it has failed for the last time
    tidy_index: Callable[[TenantId], Awaitable[None]]
    mend_index: Callable[[TenantId], Awaitable[object]]
    learn_doubt: Callable[[TenantId], Awaitable[None]]
    learn_map: Callable[[TenantId], Awaitable[object]]
    nightly: Callable[[], Awaitable[None]]


class Jobs:
    """The queue. Deferring needs no worker; working needs `work`."""

    def __init__(self, database: Database) -> None:
        """Queue on the same PostgreSQL that the rest of the house uses."""
        self._database = database
        self._connector = PsycopgConnector(
            conninfo=database.conninfo,
            kwargs={**CONNECT, "options": f"-c search_path={CONTROL_SCHEMA}"},
            min_size=0,
            max_size=8,
            timeout=5,
        )
        self._app = App(connector=self._connector)

    async def open(self) -> None:
        """Connect, and make the queue's tables on the first start. Many processes may do so at once."""
        await self._app.open_async()
        async with self._database.control() as connection:
            await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('footnote.jobs'))")
            there = await connection.exec_driver_sql(f"SELECT to_regclass('{CONTROL_SCHEMA}.procrastinate_jobs')")
            if there.scalar_one() is None:
                await _raw(connection).execute(self._app.schema_manager.get_schema().encode())

    async def close(self) -> None:
        """Close the connections."""
        await self._app.close_async()

    async def defer_answer(self, connection: AsyncConnection, key: Key, thread: str, place: int) -> None:
        """Queue an event of the inbox, in the transaction that keeps it: lowest place first, each thread in its order."""
        await self._defer(connection, ANSWER, queue=_questions(key.platform), lock=thread, priority=-place, **key._asdict())

    async def defer_upload(self, connection: AsyncConnection, tenant: TenantId, upload: str) -> None:
        """Queue the reading of an upload, in the caller's control transaction; a tenant's uploads are read in turn."""
        await self._defer(connection, READ_UPLOAD, lock=f"ingest:{tenant}", tenant=tenant, upload=upload)

    async def defer_tidy(self, connection: AsyncConnection, tenant: TenantId) -> None:
        """Queue the tidying of a tenant's index, unless that is queued already."""
        await self._defer_once(connection, TIDY_INDEX, tenant)

    async def defer_mend(self, tenant: TenantId) -> None:
        """Queue the mending of a tenant's index, unless that is queued already."""
        async with self._database.control() as connection:
            await self._defer_once(connection, MEND_INDEX, tenant)

    async def defer_learning(self, tenant: TenantId) -> None:
        """Queue the learning of how much doubt is too much for a tenant, and of its query map, unless that is queued already."""
        async with self._database.control() as connection:
            for task in (LEARN_DOUBT, LEARN_MAP):
                await self._defer_once(connection, task, tenant)

    async def _defer_once(self, connection: AsyncConnection, task: str, tenant: TenantId) -> None:
        with suppress(procrastinate.exceptions.AlreadyEnqueued):
            async with connection.begin_nested():  # the refusal to queue it twice must not spoil the caller's transaction
                await self._defer(connection, task, queueing_lock=f"{task}:{tenant}", tenant=tenant)

    async def work(self, work: Work) -> None:
        """Do jobs until cancelled; then finish those under way within 5 s, or leave them to the next worker.

        A worker ends when PostgreSQL does; another begins as soon as that is back.
        """
        _register(self._app, work)
        # No task group: it hands a cancellation down once, and one that is lost there is lost.
        tasks = [asyncio.create_task(one) for one in (self._adopt_orphans(), self._find_the_lost(), *self._workers(work.platforms))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            await end(tasks, _HAND_BACK_S)

    def _workers(self, platforms: Sequence[str]) -> list[Coroutine[Any, Any, None]]:
        upkeep = self._keep_working(_UPKEEP, [_UPKEEP], _UPKEEP_AT_ONCE)
        return [upkeep, *([self._keep_working("questions", [*map(_questions, platforms)], _QUESTIONS_AT_ONCE)] if platforms else [])]

    async def _keep_working(self, name: str, queues: Sequence[str], at_once: int) -> None:
        while True:
            try:
                await self._worker(name, queues, at_once)
            except Exception as error:  # noqa: BLE001 - the worker loop: whatever ended one worker, the next must begin
                _log.warning("a worker ended (%s); the next begins", type(error).__name__)
            await asyncio.sleep(_PAUSE_S)

    async def _worker(self, name: str, queues: Sequence[str], at_once: int) -> None:
        await self._app.run_worker_async(
            name=name,
            queues=queues,
            concurrency=at_once,
            install_signal_handlers=False,
            fetch_job_polling_interval=_LOOK_FOR_JOBS_S,
            update_heartbeat_interval=_HEARTBEAT_S,
            stalled_worker_timeout=_DEAD_AFTER_S,
            shutdown_graceful_timeout=_GRACE_S,
            delete_jobs="successful",
        )

    async def _adopt_orphans(self) -> None:
        """Put the jobs of workers that died back into the queue, for as long as we live."""
        manager = self._app.job_manager
        while True:
            with suppress(procrastinate.exceptions.ConnectorException, psycopg.Error, psycopg_pool.PoolTimeout):
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_S):
                    await self._adopt(job)
            await asyncio.sleep(_HEARTBEAT_S)

    async def _adopt(self, job: Job) -> None:
        """Put one job back; where another that does the same is queued already, it is over."""
        manager = self._app.job_manager
        try:
            await manager.retry_job(job)
        except procrastinate.exceptions.UniqueViolation:
            await manager.finish_job(job, Status.FAILED, delete_job=True)

    async def _find_the_lost(self) -> None:
        """Bring back events whose job ended without their outcome, and jobs whose end was never kept, for as long as we live."""
        while True:
            with suppress(procrastinate.exceptions.ConnectorException, StoreUnavailable):
                async with self._database.control() as connection:
                    lost = (await connection.execute(_LOST, {"task": ANSWER})).all()
                    for platform, app, event in lost:
                        # In a lane of its own: a job that holds the thread's may be what has to be got round.
                        await self.defer_answer(connection, Key(platform, app, event), f"lost:{platform}:{app}:{event}", 0)
                    stuck = (await connection.execute(_STUCK, {"task": ANSWER})).scalars().all()
                for job in stuck:
                    await self._app.job_manager.retry_job_by_id_async(job, retry_at=datetime.now(UTC))
            await asyncio.sleep(_LOOK_FOR_LOST_S)

    async def _defer(
        self,
        connection: AsyncConnection,
        task: str,
        *,
        queue: str = _UPKEEP,
        lock: str | None = None,
        queueing_lock: str | None = None,
        priority: int = 0,
        **arguments: str,
    ) -> None:
        configured = self._app.configure_task(
            task, queue=queue, lock=lock, queueing_lock=queueing_lock, priority=priority, connection=_raw(connection)
        )
        try:
            await configured.defer_async(**arguments)
        except procrastinate.exceptions.ConnectorException as error:
            raise StoreUnavailable from error


def _questions(platform: str) -> str:
    """The queue of a platform's questions."""
    return f"questions:{platform}"


def _raw(connection: AsyncConnection) -> "psycopg.AsyncConnection[tuple[object, ...]]":
    """Psycopg's own connection below SQLAlchemy's, in the same transaction."""
    below = connection.sync_connection
    assert below is not None  # noqa: S101 - it is inside a transaction
    driver = below.connection.driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)  # noqa: S101 - the only driver that Database uses
    return driver


def _register(app: App, work: Work) -> None:
    retry = procrastinate.RetryStrategy(max_attempts=_TRIES, exponential_wait=2)

    patient = procrastinate.RetryStrategy(max_attempts=_TRIES_OF_ANSWERS, exponential_wait=2)

    @app.task(name=ANSWER, retry=patient, pass_context=True)
    async def answer(context: JobContext, *, platform: str, app: str, event: str) -> None:
        await work.answer(Key(platform, app, event), context.job.attempts + 1 >= _TRIES_OF_ANSWERS)

    @app.task(name=READ_UPLOAD, queue=_UPKEEP, retry=retry, pass_context=True)
    async def read_upload(context: JobContext, *, tenant: str, upload: str) -> None:
        try:
            await work.read_upload(TenantId(tenant), upload)
        except Exception:
            if context.job.attempts + 1 >= _TRIES:
                await work.fail_upload(TenantId(tenant), upload)
            raise

    @app.task(name=TIDY_INDEX, queue=_UPKEEP, retry=retry)
    async def tidy_index(*, tenant: str) -> None:
        await work.tidy_index(TenantId(tenant))

    @app.task(name=MEND_INDEX, queue=_UPKEEP, retry=retry)
    async def mend_index(*, tenant: str) -> None:
        await work.mend_index(TenantId(tenant))

    @app.task(name=LEARN_DOUBT, queue=_UPKEEP, retry=retry)
    async def learn_doubt(*, tenant: str) -> None:
        await work.learn_doubt(TenantId(tenant))

    @app.task(name=LEARN_MAP, queue=_UPKEEP, retry=retry)
    async def learn_map(*, tenant: str) -> None:
        await work.learn_map(TenantId(tenant))

    @app.periodic(cron="17 3 * * *")
    @app.task(name="nightly", queue=_UPKEEP, queueing_lock="nightly", pass_context=True)
    async def nightly(_context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
        await work.nightly()
