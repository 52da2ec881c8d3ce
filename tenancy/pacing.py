"""How fast one person may ask, counted in Redis.

Pacing protects the others' patience and the model's bill; it is no boundary of access. So when Redis cannot be asked, nobody is held up.
"""

import logging
import time

import redis.asyncio as redis
from redis.exceptions import RedisError

from tenancy.errors import AskedTooFast
from tenancy.viewer import Viewer

QUESTIONS_A_MINUTE = 30
_MINUTE = 60
_log = logging.getLogger(__name__)


class Pace:
    """Counts each person's questions per minute of the clock."""

    def __init__(self, url: str) -> None:
        """Count in the Redis or Valkey at `url`. Does not connect yet; finds a restarted server by itself."""
        self._redis = redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)

    async def take(self, viewer: Viewer) -> None:
        """Count one question of this person. Raises `AskedTooFast` from the 31st within a minute on."""
        now = time.time()
        key = f"pace:{viewer.tenant}:{viewer.person}:{int(now) // _MINUTE}"
        try:
            async with self._redis.pipeline(transaction=False) as together:
                together.incr(key)
                together.expire(key, _MINUTE)
                asked, _ = await together.execute()
        except (RedisError, OSError) as problem:
            _log.warning("pacing is off: Redis cannot be asked (%s)", type(problem).__name__)
            return
        if asked > QUESTIONS_A_MINUTE:
            raise AskedTooFast(QUESTIONS_A_MINUTE, _MINUTE - int(now) % _MINUTE)

    async def reachable(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
