from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from knowledge.errors import UnknownDocument, Unreadable
from knowledge.ingest.uploads import Uploads, UploadState
from knowledge.parsers.port import LARGEST_FILE
from tenancy.viewer import EVERYONE, PersonId, TenantId
from tests.knowledge.parts import Shelf
from tests.knowledge.test_ingest import Refusing

MINE = frozenset({"person:ana"})


class Queue(list[tuple[TenantId, str]]):
    async def defer(self, connection: AsyncConnection, tenant: TenantId, upload: str) -> None:
        assert connection.in_transaction()
        self.append((tenant, upload))


@pytest.fixture
def queue() -> Queue:
    return Queue()


@pytest.fixture
def uploads(shelf: Shelf, queue: Queue) -> Uploads:
    return Uploads(shelf.database, shelf.originals, shelf.ingestion, queue.defer)


async def test_a_dropped_file_is_queued_read_and_found_by_its_owner_only(shelf: Shelf, uploads: Uploads, queue: Queue) -> None:
    owner = shelf.viewer("person:ana", EVERYONE)
    upload = await uploads.add(owner, "notes.txt", b"Otters sleep floating.", MINE)
    assert queue == [(shelf.tenant.id, upload)]
    assert (await uploads.state(owner, upload)).state is UploadState.WAITING
    await uploads.read(shelf.tenant.id, upload)
    done = await uploads.state(owner, upload)
    assert (done.state, done.name) == (UploadState.DONE, "notes.txt")
    assert done.document is not None
    assert (await shelf.library.open(owner, done.document)).text == "Otters sleep floating."
    assert await shelf.names("otters", EVERYONE) == []


async def test_reading_twice_does_no_harm(shelf: Shelf, uploads: Uploads) -> None:
    owner = shelf.viewer("person:ana")
    upload = await uploads.add(owner, "notes.txt", b"Otters sleep floating.", MINE)
    await uploads.read(shelf.tenant.id, upload)
    await uploads.read(shelf.tenant.id, upload)
    await uploads.read(shelf.tenant.id, "never-there")
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 1


async def test_two_peoples_files_of_one_name_are_two_documents(shelf: Shelf, uploads: Uploads) -> None:
    ana = shelf.viewer("person:ana")
    bob = replace(ana, person=PersonId("bob"), principals=frozenset({"person:bob"}))
    for owner, body in ((ana, b"Otters float."), (bob, b"Otters dive.")):
        upload = await uploads.add(owner, "notes.txt", body, owner.principals)
        await uploads.read(shelf.tenant.id, upload)
    assert [hit.passage.text for hit in (await shelf.find("otters", "person:ana")).hits] == ["Otters float."]
    assert [hit.passage.text for hit in (await shelf.find("otters", "person:bob")).hits] == ["Otters dive."]


async def test_a_file_that_cannot_be_read_says_why_to_its_owner(shelf: Shelf, uploads: Uploads, queue: Queue) -> None:
    broken = replace(shelf.ingestion, parser=Refusing(f"{shelf.viewer().person}/bad.pdf"))
    uploads = Uploads(shelf.database, shelf.originals, broken, queue.defer)
    owner = shelf.viewer("person:ana")
    upload = await uploads.add(owner, "bad.pdf", b"x", MINE)
    await uploads.read(shelf.tenant.id, upload)
    failed = await uploads.state(owner, upload)
    assert (failed.state, failed.reason) == (UploadState.FAILED, "bad.pdf is broken. You can save it again.")


async def test_an_upload_is_nobody_elses_business(shelf: Shelf, uploads: Uploads) -> None:
    upload = await uploads.add(shelf.viewer("person:ana"), "notes.txt", b"x", MINE)
    with pytest.raises(UnknownDocument):
        await uploads.state(replace(shelf.viewer("person:ana"), person=PersonId("eve")), upload)


@pytest.mark.parametrize("name", ["", "..", "/", "a\x00b", "a\nb", "a\u202egpj.exe"])
async def test_a_name_that_no_file_has_is_refused(shelf: Shelf, uploads: Uploads, queue: Queue, name: str) -> None:
    with pytest.raises(Unreadable, match="no usable name"):
        await uploads.add(shelf.viewer("person:ana"), name, b"x", MINE)
    assert queue == []


@pytest.mark.parametrize("name", ["../../etc/notes.txt", "C:\\docs\\notes.txt", "folder/notes.txt"])
async def test_only_the_last_part_of_a_path_is_a_name(shelf: Shelf, uploads: Uploads, name: str) -> None:
    owner = shelf.viewer("person:ana")
    upload = await uploads.add(owner, name, b"x", MINE)
    assert (await uploads.state(owner, upload)).name == "notes.txt"


async def test_a_file_that_is_too_big_is_refused_at_once(shelf: Shelf, uploads: Uploads, queue: Queue) -> None:
    with pytest.raises(Unreadable, match="100 MB"):
        await uploads.add(shelf.viewer("person:ana"), "big.bin", bytes(LARGEST_FILE + 1), MINE)
    assert queue == []
