"""The bytes that documents were read from: a folder or prefix per tenant in any object store, each object sealed under the tenant's key."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError
from tenancy.encryption import Vault
from tenancy.viewer import TenantId


class Originals:
    """Keeps and returns originals. One tenant has no name for another's."""

    def __init__(self, store: Any, vault: Vault) -> None:  # noqa: ANN401 - obstore's stores share no exported base class
        """Keep objects in `store`, an obstore store; `vault` seals them."""
        self._store = store
        self._vault = vault

    @classmethod
    def in_folder(cls, folder: Path, vault: Vault) -> "Originals":
        """Originals under a local folder, made if it is not there."""
        from obstore.store import LocalStore

        return cls(LocalStore(folder, mkdir=True), vault)

    @classmethod
    def at_url(cls, url: str, vault: Vault) -> "Originals":
        """Originals in S3, GCS or Azure: `s3://bucket/prefix`, `gs://…`, `az://…`; credentials as their own tools read them.

        Does not connect. Raises `KnowledgeError` for an address or an environment that names no bucket.
        """
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        try:
            return cls(from_url(url), vault)
        except (BaseError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            message = f"BUCKET_URL cannot be used ({reason}). Check it, and the account and credentials that its own tools would read."
            raise KnowledgeError(message) from error

    async def put(self, tenant: TenantId, name: str, data: bytes) -> None:
        """Keep `data` under `name`, replacing what was there."""
        import obstore

        sealed = await self._vault.seal(tenant, data, name)
        with _failing("kept"):
            await obstore.put_async(self._store, f"{tenant}/{name}", sealed)

    async def get(self, tenant: TenantId, name: str) -> bytes:
        """What was kept under `name`."""
        import obstore

        with _failing("read back"):
            found = await obstore.get_async(self._store, f"{tenant}/{name}")
            sealed = bytes(await found.bytes_async())
        return await self._vault.unseal(tenant, sealed, name)

    async def remove(self, tenant: TenantId, name: str) -> None:
        """Forget what was kept under `name` and everything below it; nothing there is not an error."""
        import obstore
        from obstore.exceptions import NotFoundError

        whole = f"{tenant}/{name}".rstrip("/")
        with _failing("removed"):
            below = await obstore.list(self._store, prefix=whole).collect_async()
            for entry in below:
                await obstore.delete_async(self._store, entry["path"])
            with suppress(NotFoundError, FileNotFoundError):
                await obstore.head_async(self._store, whole)  # in a local folder, `whole` may be one, and that is not deleted
                await obstore.delete_async(self._store, whole)


class _failing:  # noqa: N801 - used as a verb: `with _failing("kept"):`
    """Turns what the object store raises into a sentence."""

    def __init__(self, verb: str) -> None:
        self._verb = verb

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        from obstore.exceptions import BaseError

        if isinstance(error, BaseError | OSError):
            what = type(error).__name__
            message = f"An original could not be {self._verb} ({what}). Check BUCKET_URL, or the space left under FOOTNOTE_HOME."
            raise KnowledgeError(message) from error
