"""The one place that names concrete classes: settings in, a working house out, taken down again in reverse order."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from adapters.engines import WEAVIATE, Engines
from adapters.inbox import Inbox, Key
from adapters.jobs import Jobs, Work
from bot import prompts
from bot.conversation import Conversation
from bot.intents.router import Router
from bot.llm.port import Spending, Writer
from bot.memory.calibrations import Calibrations
from bot.memory.turns import Turns
from knowledge.catalogue import Catalogue
from knowledge.embedding.known import Embedders
from knowledge.embedding.minilm import MiniLM
from knowledge.embedding.port import Embedder
from knowledge.embedding.remembering import RememberingEmbedder
from knowledge.errors import IndexUnavailable, KnowledgeError
from knowledge.evaluation import Evaluation
from knowledge.index.kept_keys import KeptKeys
from knowledge.index.places import Places
from knowledge.ingest.backup import Backup
from knowledge.ingest.moving import Moving
from knowledge.ingest.pipeline import Ingestion
from knowledge.ingest.uploads import Uploads
from knowledge.library import Library
from knowledge.map_learning import MapLearning
from knowledge.originals import Originals
from knowledge.parsers.isolated import IsolatedParser
from knowledge.query_maps import QueryMaps
from knowledge.search import Search
from tenancy import migrations
from tenancy.audit import Audit
from tenancy.database import Database
from tenancy.embedded import EmbeddedServer, postgres, redis
from tenancy.encryption import MasterKey, Vault
from tenancy.installs import Installs
from tenancy.pacing import Pace
from tenancy.quotas import Allowance
from tenancy.tenants import Tenant, Tenants
from tenancy.users import People
from tenancy.viewer import TenantId

if TYPE_CHECKING:
    from adapters.settings import Settings


class StillElsewhere(KnowledgeError):
    """A tenant is not removed, because part of it could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that runs, by its role. Doors and commands take from here what they need."""

    settings: "Settings"
    servers: tuple[EmbeddedServer, ...]  # those we keep alive ourselves
    database: Database
    tenants: Tenants
    people: People
    audit: Audit
    pace: Pace
    embedder: Embedder
    engines: Engines
    places: Places
    originals: Originals
    ingestion: Ingestion
    library: Library
    uploads: Uploads
    jobs: Jobs
    writer: Writer | None
    router: Router
    conversation: Conversation
    turns: Turns
    calibrations: Calibrations
    maps: QueryMaps
    installs: Installs
    inbox: Inbox

    def work(self, answer: Callable[[Key, bool], Awaitable[None]], platforms: Sequence[str]) -> Work:
        """What the workers do; `answer` brings an event of the inbox, of one of these platforms, to its outcome."""
        return Work(
            platforms=platforms,
            answer=answer,
            read_upload=self._read_upload,
            fail_upload=self.uploads.fail,
            tidy_index=self.ingestion.tidy,
            mend_index=self.ingestion.mend,
            learn_doubt=self.calibrations.learn,
            learn_map=self.map_learning.learn,
            nightly=self.nightly,
        )

    @property
    def evaluation(self) -> Evaluation:
        """Retrieval quality, measured through the parts that answer questions."""
        return Evaluation(self.ingestion, self.library, self.embedder)

    @property
    def map_learning(self) -> MapLearning:
        """Learns query maps."""
        return MapLearning(self.places, self.ingestion.embedders, self.maps)

    @property
    def moving(self) -> Moving:
        """Moves indexes."""
        return Moving(self.ingestion)

    @property
    def backup(self) -> Backup:
        """Writes and restores indexes."""
        return Backup(self.ingestion)

    async def warm(self) -> None:
        """Load what the first question would otherwise wait for."""
        await self.router.warm()
        await self.library.warm()
        settle()

    async def add(self, slug: str, name: str) -> Tenant:
        """Make a tenant with its index; where the engine is away, whoever first needs the index makes it. Raises `TenancyError`."""
        tenant = await self.tenants.create(slug, name)
        with suppress(IndexUnavailable):
            await self.places.open(tenant.id)
        return tenant

    async def remove(self, slug: str) -> Tenant:
        """Take a tenant away with everything that is its own. Raises `UnknownTenant`.

        If it is interrupted, the next tidying goes on with it. Raises `StillElsewhere`, and removes nothing, if it has an index in an
        engine that is not set up here: that would stay.
        """
        await self._refuse_leaving(await self.tenants.by_slug(slug))
        tenant = await self.tenants.delete(slug)
        await self._remove_remains(tenant.id)
        return tenant

    async def _refuse_leaving(self, tenant: Tenant) -> None:
        left = [place.engine for place in await self.places.all(tenant.id) if not self.engines.has(place)]
        if left:
            raise StillElsewhere(
                f"{tenant.name} has an index in {left[0]}, which is not set up here, so it would stay there. Set WEAVIATE_URL again; "
                "if that Weaviate is gone for good, `footnote index move --to lancedb` and `footnote index forget` first."
            )

    async def _remove_remains(self, tenant: TenantId) -> None:
        for engine in self.engines.everywhere():
            await engine.purge(tenant)
        await self.originals.remove(tenant, "")
        await self.tenants.removed(tenant)

    async def _read_upload(self, tenant: TenantId, upload: str) -> None:
        await self.uploads.read(tenant, upload)
        async with self.database.control() as connection:
            await self.jobs.defer_tidy(connection, tenant)

    async def tidy_all(self) -> None:
        """Finish what was interrupted, forget old events, and queue the tidying of every index that is in use."""
        await self._clear_away()
        for tenant in await self.tenants.list():
            if await self._is_in_use(tenant):  # to tidy one that rests would wake it
                async with self.database.control() as connection:
                    await self.jobs.defer_tidy(connection, tenant.id)

    async def nightly(self) -> None:
        """What is done once a day: indexes that nobody asks are put to rest; of the others, upkeep and learning are queued."""
        await self._clear_away()
        for tenant in await self.tenants.list():
            if await self._is_in_use(tenant):
                await self.jobs.defer_mend(tenant.id)
                await self.jobs.defer_learning(tenant.id)
            else:
                with suppress(IndexUnavailable):  # one engine that is away keeps nobody else's index waiting; it rests tomorrow
                    await self.places.rest(tenant.id)

    async def _clear_away(self) -> None:
        await self.inbox.forget()
        for gone in await self.tenants.removals():
            with suppress(IndexUnavailable):  # the next tidying goes on with it
                await self._remove_remains(gone)

    async def _is_in_use(self, tenant: Tenant) -> bool:
        idle_since = datetime.now(UTC) - timedelta(days=self.settings.index_rest_days)
        return tenant.created_at > idle_since or await self.turns.asked_since(tenant.id, idle_since)


def settle() -> None:
    """Have the garbage collector leave alone what is loaded by now: 200,000 objects to look through stop everything for .2 s."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def open_house(settings: "Settings") -> AsyncIterator[House]:
    """Start what is embedded, migrate, connect. Raises errors of `tenancy` whose messages say what to do."""
    async with AsyncExitStack() as stack:
        # Ranking makes small products: measured beside other work, threads that share one wait for one another for three times as long.
        stack.enter_context(threadpool_limits(1, user_api="blas"))
        servers = await _servers(settings, stack)
        database = Database(settings.database_url or servers["postgres"].url)
        stack.push_async_callback(database.close)
        await migrations.migrate(database)
        jobs = Jobs(database)
        await jobs.open()
        stack.push_async_callback(jobs.close)
        pace = Pace(settings.redis_url or servers["redis"].url)
        stack.push_async_callback(pace.close)
        yield await _furnish(settings, tuple(servers.values()), database, jobs, pace, stack)


async def _furnish(
    settings: "Settings", servers: tuple[EmbeddedServer, ...], database: Database, jobs: Jobs, pace: Pace, stack: AsyncExitStack
) -> House:
    vault = Vault(database, _master_key(settings))
    await vault.check()
    embedder = RememberingEmbedder(await _embedder(settings, stack))
    embedders = Embedders(embedder, *_others(settings, stack))
    engines = Engines(settings, embedder.name, embedder.dimension, KeptKeys(database, vault, WEAVIATE))
    stack.push_async_callback(engines.close)
    places = Places(database, engines.at, engines.preferred, jobs.defer_mend)
    parser = IsolatedParser(scratch=settings.home / "parsers")
    stack.push_async_callback(parser.close)
    originals = _originals(settings, vault)
    ingestion = Ingestion(database, places, embedders, parser, originals)
    catalogue = Catalogue(database)
    maps = QueryMaps(database)
    library = Library(Search(places, embedders, catalogue, maps), catalogue, embedder)
    audit = Audit(database)
    writer = _writer(settings, stack)
    turns = Turns(database, audit, Allowance(database))
    calibrations = Calibrations(database)
    router = Router(library.embed, embedder.passages)
    return House(
        settings=settings,
        servers=servers,
        database=database,
        tenants=Tenants(database, vault),
        people=People(database),
        audit=audit,
        pace=pace,
        embedder=embedder,
        engines=engines,
        places=places,
        originals=originals,
        ingestion=ingestion,
        library=library,
        uploads=Uploads(database, originals, ingestion, jobs.defer_upload),
        jobs=jobs,
        writer=writer,
        router=router,
        conversation=_conversation(settings, library, turns, router, writer, calibrations),
        turns=turns,
        calibrations=calibrations,
        maps=maps,
        installs=Installs(database),
        inbox=Inbox(database, jobs.defer_answer),
    )


def _conversation(
    settings: "Settings", library: Library, turns: Turns, router: Router, writer: Writer | None, calibrations: Calibrations
) -> Conversation:
    return Conversation(
        sources=library,
        memory=turns,
        router=router,
        prompts=prompts.load(),
        writer=writer,
        calibration=calibrations,
        spending=Spending(budget=settings.model_budget, price_in=settings.model_price_in, price_out=settings.model_price_out),
    )


async def _servers(settings: "Settings", stack: AsyncExitStack) -> dict[str, EmbeddedServer]:
    """The embedded servers that the settings leave to us, started side by side."""
    wanted = {"postgres": (postgres, settings.database_url), "redis": (redis, settings.redis_url)}
    servers = {name: make(settings.home) for name, (make, url) in wanted.items() if not url}
    for server in servers.values():
        stack.push_async_callback(server.stop)
    await asyncio.gather(*(server.start() for server in servers.values()))
    return servers


def _master_key(settings: "Settings") -> MasterKey:
    return MasterKey.from_text(settings.master_key) if settings.master_key else MasterKey.in_home(settings.home)


async def _embedder(settings: "Settings", stack: AsyncExitStack) -> Embedder:
    if settings.embedding_url and settings.embedding_name:
        from knowledge.embedding.openai_like import OpenAILikeEmbedder

        remote = await OpenAILikeEmbedder.measure(settings.embedding_url, settings.embedding_name, settings.embedding_api_key)
        stack.push_async_callback(remote.close)
        return remote
    embedder = MiniLM(settings.home / "models")
    stack.callback(embedder.close)
    return embedder


def _others(settings: "Settings", stack: AsyncExitStack) -> list[Embedder]:
    """What older indexes may have been built with, besides the one that is set up: MiniLM is always at hand."""
    if not settings.embedding_url:
        return []
    minilm = MiniLM(settings.home / "models")
    stack.callback(minilm.close)
    return [RememberingEmbedder(minilm)]


def _originals(settings: "Settings", vault: Vault) -> Originals:
    if settings.bucket_url:
        return Originals.at_url(settings.bucket_url, vault)
    return Originals.in_folder(settings.home / "originals", vault)


def _writer(settings: "Settings", stack: AsyncExitStack) -> Writer | None:
    if not (settings.model_url and settings.model_name and settings.model_provider):
        return None
    from bot.llm.llama_index import OpenAICompatible

    writer = OpenAICompatible(url=settings.model_url, name=settings.model_name, api_key=settings.model_api_key or "")
    stack.push_async_callback(writer.close)
    return writer
