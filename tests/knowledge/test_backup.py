"""An index in a file, and back."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from knowledge.errors import KnowledgeError
from knowledge.ingest.backup import Backup
from knowledge.ingest.moving import Moving
from knowledge.ingest.report import Silent
from tests.knowledge.parts import Shelf, group, text
from tests.knowledge.test_moving import ANOTHER, filled, finds


async def test_a_lost_index_comes_back_from_its_file_without_embedding(shelf: Shelf, tmp_path: Path) -> None:
    await filled(shelf)
    file, backup = tmp_path / "acme.parquet", Backup(shelf.ingestion)
    assert await backup.write(shelf.tenant.id, file, Silent()) == 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.part")) == []
    await shelf.engine.drop(shelf.tenant.id)
    embedded = shelf.embedder.passages_embedded
    assert await backup.restore(shelf.tenant.id, file, Silent()) == 3
    assert shelf.embedder.passages_embedded == embedded
    assert await finds(shelf) == ["leave", "trains", "otters"]
    assert await backup.restore(shelf.tenant.id, file, Silent()) == 0


async def test_what_is_gone_or_changed_since_is_not_brought_back(shelf: Shelf, tmp_path: Path) -> None:
    await filled(shelf)
    file, backup = tmp_path / "acme.parquet", Backup(shelf.ingestion)
    await backup.write(shelf.tenant.id, file, Silent())
    await shelf.ingest(text("leave", "Parental leave is thirty weeks.", group("hr")))
    await shelf.engine.drop(shelf.tenant.id)
    assert await backup.restore(shelf.tenant.id, file, Silent()) == 2
    assert (await shelf.find("parental leave", "group:files:hr")).hits[0].passage.text == "Parental leave is thirty weeks."
    assert await (await shelf.engine.open(shelf.tenant.id)).count() == 2


async def test_another_companys_file_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    await filled(shelf)
    file, backup = tmp_path / "acme.parquet", Backup(shelf.ingestion)
    await backup.write(shelf.tenant.id, file, Silent())
    table = pq.read_table(file)
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, b"footnote_tenant": b"beta"}), file)
    with pytest.raises(KnowledgeError, match="another company's"):
        await backup.restore(shelf.tenant.id, file, Silent())


async def test_a_file_of_another_model_or_none_of_ours_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    await filled(shelf)
    file, backup = tmp_path / "acme.parquet", Backup(shelf.ingestion)
    await backup.write(shelf.tenant.id, file, Silent())
    await Moving(shelf.ingestion).move(shelf.tenant.id, ANOTHER)
    with pytest.raises(KnowledgeError, match="has vectors of bag-of-words, and the index is one of another-bag"):
        await backup.restore(shelf.tenant.id, file, Silent())
    with pytest.raises(KnowledgeError, match="cannot be written"):
        await backup.write(shelf.tenant.id, tmp_path / "no such folder" / "x", Silent())
    for content in (b"", b"PAR1 and no more", file.read_bytes()[:200]):
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(KnowledgeError, match="is no backup of an index"):
            await backup.restore(shelf.tenant.id, tmp_path / "bad", Silent())
