"""The durable queue on real PostgreSQL: committed with its cause, done once, taken over when its worker died."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from adapters import jobs as module
from adapters.inbox import Key
from adapters.jobs import Jobs, Work
from tenancy.database import Database
from tenancy.embedded import EmbeddedServer, postgres
from tenancy.viewer import TenantId
from tests.tenancy import servers
from tests.waiting import PATIENCE_S

ACME = TenantId("acme")


class Heard(asyncio.Queue[tuple[str, ...]]):
    """What was worked on, as it happens."""

    failing: frozenset[str] = frozenset()  # uploads that cannot be read

    def work(self) -> Work:  # noqa: C901 - a task each
        async def answer(key: Key, last: bool) -> None:  # noqa: FBT001 - as the port has it
            await self.put(("answer", key.event, str(last)))
            if key.event in self.failing:
                raise OSError

        async def read_upload(tenant: TenantId, upload: str) -> None:
            await self.put(("upload", tenant, upload))
            if upload in self.failing:
                raise OSError

        async def fail_upload(tenant: TenantId, upload: str) -> None:
            await self.put(("failed", tenant, upload))

        async def tidy_index(tenant: TenantId) -> None:
            await self.put(("tidy", tenant))

        async def mend_index(tenant: TenantId) -> None:
            await self.put(("mend", tenant))

        async def learn_doubt(tenant: TenantId) -> None:
            await self.put(("learn", tenant))

        async def learn_map(tenant: TenantId) -> None:
            await self.put(("map", tenant))

        async def nightly() -> None:
            await self.put(("nightly",))

        return Work(("slack",), answer, read_upload, fail_upload, tidy_index, mend_index, learn_doubt, learn_map, nightly)

    async def next(self) -> tuple[str, ...]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.get()


@pytest.fixture(scope="module")
def jobs_url(server: EmbeddedServer) -> str:
    return servers.migrated(servers.fresh_database(server))


@pytest_asyncio.fixture
async def own(jobs_url: str) -> AsyncIterator[Database]:
    async with servers.opened(jobs_url) as database:
        yield database


@pytest_asyncio.fixture
async def jobs(own: Database) -> AsyncIterator[Jobs]:
    jobs = Jobs(own)
    await jobs.open()
    yield jobs
    async with own.control() as connection:
        await connection.exec_driver_sql("DELETE FROM procrastinate_jobs")
    await jobs.close()


@asynccontextmanager
async def working(jobs: Jobs) -> AsyncIterator[Heard]:
    """A worker, for as long as the block lasts, however that ends."""
    heard = Heard()
    worker = asyncio.create_task(jobs.work(heard.work()))
    try:
        yield heard
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


@pytest_asyncio.fixture
async def heard(jobs: Jobs) -> AsyncIterator[Heard]:
    async with working(jobs) as heard:
        yield heard


async def executed(own: Database, statement: str, *values: object) -> None:
    """Return once `statement` finds a row; its change is committed with that."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with own.control() as connection:
                if (await connection.exec_driver_sql(statement, values)).first():
                    return


async def test_a_job_is_done_once_it_is_committed(own: Database, jobs: Jobs, heard: Heard) -> None:
    async with own.control() as connection:
        await jobs.defer_upload(connection, ACME, "u1")
    assert await heard.next() == ("upload", "acme", "u1")


async def test_a_job_whose_transaction_failed_never_was(own: Database, jobs: Jobs, heard: Heard) -> None:
    async def failing() -> None:
        async with own.control() as connection:
            await jobs.defer_upload(connection, ACME, "never")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await failing()
    async with own.control() as connection:
        await jobs.defer_upload(connection, ACME, "after")
    assert await heard.next() == ("upload", "acme", "after")


async def test_tidying_that_is_queued_already_is_not_queued_again(own: Database, jobs: Jobs) -> None:
    for _ in range(3):
        async with own.control() as connection:
            await jobs.defer_tidy(connection, ACME)
    async with own.control() as connection:
        count = await connection.exec_driver_sql("SELECT count(*) FROM procrastinate_jobs")
    assert count.scalar_one() == 1


async def test_asking_twice_to_tidy_leaves_the_rest_of_the_transaction_whole(own: Database, jobs: Jobs, heard: Heard) -> None:
    async with own.control() as connection:
        await jobs.defer_tidy(connection, ACME)
        await jobs.defer_tidy(connection, ACME)
        await jobs.defer_upload(connection, ACME, "u2")
    assert {await heard.next(), await heard.next()} == {("tidy", "acme"), ("upload", "acme", "u2")}


async def test_the_job_of_a_worker_that_died_goes_to_the_next(own: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DEAD_AFTER_S", 0.2)
    monkeypatch.setattr(module, "_HEARTBEAT_S", 0.05)
    async with own.control() as connection:
        await jobs.defer_upload(connection, ACME, "orphan")
        # as a worker leaves it that is killed in the middle: taken, and nobody's heart beats for it
        await connection.exec_driver_sql("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')")
        await connection.exec_driver_sql(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"
        )
    async with working(jobs) as heard:
        assert await heard.next() == ("upload", "acme", "orphan")


async def kept(own: Database, event: str, age: str) -> Key:
    """An event that came some time ago and has not had its outcome."""
    async with own.control() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO inbox (platform, app, event, workspace, place, received_at) "
            "VALUES ('slack', 'A1', %s, 'T1', 0, now() - %s::interval)",
            (event, age),
        )
    return Key("slack", "A1", event)


async def test_questions_of_a_platform_whose_door_is_closed_here_are_left_to_others(own: Database, jobs: Jobs, heard: Heard) -> None:
    async with own.control() as connection:
        await jobs.defer_answer(connection, Key("teams", "A1", "theirs"), "t", 0)
        await jobs.defer_answer(connection, Key("slack", "A1", "ours"), "u", 0)
    assert await heard.next() == ("answer", "ours", "False")
    async with own.control() as connection:
        found = await connection.exec_driver_sql("SELECT status::text FROM procrastinate_jobs WHERE args->>'event' = 'theirs'")
        assert found.scalars().all() == ["todo"]


async def test_an_event_whose_job_ended_without_its_outcome_is_found(own: Database, jobs: Jobs) -> None:
    await kept(own, "fresh", "1 minute")
    waiting = await kept(own, "waiting", "1 hour")
    await kept(own, "lost", "1 hour")
    async with own.control() as connection:
        await jobs.defer_answer(connection, waiting, "t", 0)
        await connection.exec_driver_sql("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 day'")
    async with working(jobs) as heard:
        assert await heard.next() == ("answer", "lost", "False")
    async with own.control() as connection:
        found = await connection.exec_driver_sql("SELECT args->>'event' FROM procrastinate_jobs WHERE status = 'todo'")
        assert found.scalars().all() == ["waiting"]
        await connection.exec_driver_sql("DELETE FROM inbox")


async def test_a_job_whose_end_was_never_kept_is_done_again(own: Database, jobs: Jobs) -> None:
    async with own.control() as connection:
        await jobs.defer_answer(connection, Key("slack", "A1", "stuck"), "t", 0)
        # as a living worker leaves it whose word that it is done was lost on the way
        worker = "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour') RETURNING id"
        (number,) = (await connection.exec_driver_sql(worker)).one()
        await connection.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", (number,))
        await connection.exec_driver_sql("UPDATE procrastinate_events SET at = now() - interval '1 hour'")
    async with working(jobs) as heard:
        assert await heard.next() == ("answer", "stuck", "False")


async def test_tidying_that_died_beside_one_that_waits_holds_up_no_answer(
    own: Database, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DEAD_AFTER_S", 0.2)
    monkeypatch.setattr(module, "_HEARTBEAT_S", 0.05)
    async with own.control() as connection:
        await jobs.defer_tidy(connection, ACME)
        await jobs.defer_answer(connection, Key("slack", "A1", "orphan"), "t", 0)
        (number,) = (
            await connection.exec_driver_sql(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') RETURNING id"
            )
        ).one()
        await connection.exec_driver_sql("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", (number,))
        await jobs.defer_tidy(connection, ACME)
        await connection.exec_driver_sql("UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 day' WHERE status = 'todo'")
    async with working(jobs) as heard:
        assert await heard.next() == ("answer", "orphan", "False")
        await executed(own, "SELECT 1 WHERE (SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'tidy_index') = 1")


async def test_an_upload_that_fails_again_and_again_is_given_up_and_said_to_be(own: Database, jobs: Jobs, heard: Heard) -> None:
    heard.failing = frozenset({"bad"})
    async with own.control() as connection:
        await jobs.defer_upload(connection, ACME, "bad")
    for tries in range(1, 6):
        assert await heard.next() == ("upload", "acme", "bad")
        if tries < 5:
            # the pause before the next attempt is over as soon as the failed one is written down
            due = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND attempts = %s RETURNING id"
            await executed(own, due, tries)
            await executed(own, 'SELECT pg_notify(\'procrastinate_any_queue_v1\', \'{"type": "job_inserted", "job_id": 0}\')')
    assert await heard.next() == ("failed", "acme", "bad")
    assert heard.empty()


async def test_a_worker_begins_again_after_postgresql_was_killed(tmp_path: Path) -> None:
    async with servers.started(postgres(tmp_path)) as server:
        await asyncio.to_thread(servers.migrated, server.url)
        async with servers.opened(server.url) as own:
            jobs = Jobs(own)
            await jobs.open()
            async with working(jobs) as heard:
                async with own.control() as connection:
                    await jobs.defer_upload(connection, ACME, "before")
                assert await heard.next() == ("upload", "acme", "before")
                # done, and known to be: a job that is killed in between is rightly done again
                await executed(own, "SELECT 1 WHERE NOT EXISTS (SELECT FROM procrastinate_jobs)")
                await servers.kill(server)
                assert await server.ensure()
                async with own.control() as connection:
                    await jobs.defer_upload(connection, ACME, "after")
                assert await heard.next() == ("upload", "acme", "after")
            await jobs.close()


async def test_many_processes_may_open_the_queue_at_once(server: EmbeddedServer) -> None:
    url = await asyncio.to_thread(servers.fresh_database, server)
    await asyncio.to_thread(servers.migrated, url)
    async with servers.opened(url) as one, servers.opened(url) as other:
        queues = [Jobs(one), Jobs(other)]
        await asyncio.gather(queues[0].open(), queues[1].open())
        await asyncio.gather(*(queue.close() for queue in queues))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM footnote.procrastinate_jobs").fetchone() == (0,)


async def test_a_worker_that_loses_its_cancellation_is_ended_all_the_same(own: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HAND_BACK_S", 0.2)
    jobs, heard, begun = Jobs(own), Heard(), asyncio.Event()

    async def deaf() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()  # as procrastinate's does when psycopg's pool swallowed it while it registered

    monkeypatch.setattr(jobs, "_workers", lambda _: [deaf()])
    await jobs.open()
    working = asyncio.create_task(jobs.work(heard.work()))
    await begun.wait()
    working.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(working, return_exceptions=True)
    await jobs.close()
    assert working.cancelled()


async def test_what_a_tenant_teaches_is_learned_in_a_job_each(jobs: Jobs, heard: Heard) -> None:
    await jobs.defer_learning(TenantId("acme"))
    assert {await heard.next(), await heard.next()} == {("learn", "acme"), ("map", "acme")}
