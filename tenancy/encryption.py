"""Sealing what a tenant entrusts to us: AES-256-GCM under its data key, which is kept wrapped under the master key.

Without the master key no data key can be opened; without its data key nothing of a tenant can. Destroying the data key
erases the tenant, in every backup too.
"""

import asyncio
import base64
import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select

from tenancy.database import Database
from tenancy.errors import KeyRefused, UnknownTenant
from tenancy.tables import tenants
from tenancy.viewer import TenantId

_KEY_BYTES = 32
_NONCE_BYTES = 12  # random; NIST SP 800-38D 8.3 allows 2^32 messages under one key
_FORMAT = b"\x01"  # the first byte of everything sealed, so that another way of sealing can follow
_CACHE_S = 300.0  # how long another process goes on opening what belongs to a tenant that was deleted
_IN_THREAD_BYTES = 64 * 1024  # AES takes 20 to 50 us for that; a thread costs about as much


class MasterKey:
    """The key that wraps every tenant's data key. Never printed."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 bytes. Raises `KeyRefused` if it is not."""
        if len(key) != _KEY_BYTES:
            message = f"A master key is {_KEY_BYTES} bytes in base64. `openssl rand -base64 {_KEY_BYTES}` makes one."
            raise KeyRefused(message)
        self._cipher = AESGCM(key)

    @classmethod
    def from_text(cls, text: str) -> "MasterKey":
        """The key written as base64, as in FOOTNOTE_MASTER_KEY. Raises `KeyRefused` if it is none."""
        try:
            return cls(base64.b64decode(text.strip(), validate=True))
        except ValueError:  # not base64, or not even ASCII
            return cls(b"")  # refused there, in the same words

    @classmethod
    def in_home(cls, home: Path) -> "MasterKey":
        """The key in `<home>/master.key`, made if it is missing; of several processes that make it, one wins.

        The file has mode 0600 from its first moment, and is given it back if somebody opened it. Raises `KeyRefused` if
        there is something else in it.
        """
        path = home / "master.key"
        if not path.exists():
            _make_key_file(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        return cls.from_text(path.read_text("ascii", errors="replace"))

    def wrap(self, tenant: TenantId, data_key: bytes) -> bytes:
        """`data_key` sealed for `tenant` and no other."""
        return _seal(self._cipher, data_key, tenant.encode())

    def unwrap(self, tenant: TenantId, wrapped: bytes) -> bytes:
        """What `wrap` was given. Raises `KeyRefused` if that was under another master key or for another tenant."""
        return _unseal(self._cipher, wrapped, tenant.encode())


@dataclass(slots=True)
class Vault:
    """Seals and opens bytes for tenants. Holds the data keys it used in memory, each for five minutes."""

    database: Database
    master: MasterKey
    _ciphers: dict[TenantId, tuple[float, AESGCM]] = field(default_factory=dict, repr=False)  # until when, monotonic

    def new_data_key(self, tenant: TenantId) -> bytes:
        """A fresh data key for `tenant`, wrapped, for its row."""
        return self.master.wrap(tenant, secrets.token_bytes(_KEY_BYTES))

    def forget(self, tenant: TenantId) -> None:
        """Drop the tenant's data key from memory."""
        self._ciphers.pop(tenant, None)

    async def seal(self, tenant: TenantId, content: bytes, context: str) -> bytes:
        """`content` (up to 2 GB) sealed for `tenant`: 29 bytes longer, different every time.

        `context` says what it is (`original:<document>`); it is not in the result, and opening needs the same. Raises
        `UnknownTenant`, `KeyRefused` and `StoreUnavailable`.
        """
        cipher = await self._cipher(tenant)
        return await _aside(len(content), _seal, cipher, content, _bound(tenant, context))

    async def unseal(self, tenant: TenantId, sealed: bytes, context: str) -> bytes:
        """What `seal` was given. Raises `KeyRefused` if tenant or context differ or one bit changed; else as `seal`."""
        cipher = await self._cipher(tenant)
        return await _aside(len(sealed), _unseal, cipher, sealed, _bound(tenant, context))

    async def check(self) -> None:
        """See whether the master key is the one this database was used with. Raises `KeyRefused` if it is not."""
        async with self.database.control() as connection:
            row = (await connection.execute(select(tenants.c.id, tenants.c.data_key).limit(1))).first()
        if row is not None:
            self.master.unwrap(TenantId(row.id), row.data_key)

    async def _cipher(self, tenant: TenantId) -> AESGCM:
        until, cipher = self._ciphers.get(tenant, (0.0, None))
        if cipher is None or until < time.monotonic():
            cipher = AESGCM(self.master.unwrap(tenant, await self._wrapped(tenant)))
            self._ciphers[tenant] = time.monotonic() + _CACHE_S, cipher
        return cipher

    async def _wrapped(self, tenant: TenantId) -> bytes:
        async with self.database.control() as connection:
            wrapped: bytes | None = await connection.scalar(select(tenants.c.data_key).where(tenants.c.id == tenant))
        if wrapped is None:
            raise UnknownTenant(tenant)
        return wrapped


def _bound(tenant: TenantId, context: str) -> bytes:
    return f"{tenant}\0{context}".encode()


def _seal(cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + cipher.encrypt(nonce, content, bound)


def _unseal(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    start = len(_FORMAT) + _NONCE_BYTES
    if not sealed.startswith(_FORMAT):
        raise KeyRefused
    try:
        return cipher.decrypt(sealed[len(_FORMAT) : start], memoryview(sealed)[start:], bound)
    except (InvalidTag, ValueError) as problem:  # ValueError: too short to be anything
        raise KeyRefused from problem


async def _aside(size: int, work: Callable[[AESGCM, bytes, bytes], bytes], cipher: AESGCM, content: bytes, bound: bytes) -> bytes:
    """Do `work` where it does not hold up the event loop."""
    if size < _IN_THREAD_BYTES:
        return work(cipher, content, bound)
    return await asyncio.to_thread(work, cipher, content, bound)


def _make_key_file(path: Path) -> None:
    """Make it whole under another name, then link it: nobody ever reads half a key, and nobody's key is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
