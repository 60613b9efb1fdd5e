"""Records of sessions in Redis."""

import asyncio
from typing import Any

from ._errors import StoreUnavailable
from ._store import CLAIM_SECONDS, StateStore, Stored

# The entry of a session is a hash: f the fence, v the version, d the record. A script runs alone, and all of its
# effects are durable, or none.
_CLAIM = """
redis.call('HSET', KEYS[1], 'f', ARGV[1])
local found = redis.call('HMGET', KEYS[1], 'v', 'd')
if not found[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return found
"""
_SAVE = """
local found = redis.call('HMGET', KEYS[1], 'f', 'v')
if found[1] ~= ARGV[1] then return 0 end
local version = tonumber(found[2] or '0')
if version == tonumber(ARGV[2]) then return 1 end
if version ~= tonumber(ARGV[2]) - 1 then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[2], 'd', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""
_REMOVE = """
if redis.call('HGET', KEYS[1], 'f') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""
_DURABLE = {"appendonly": "yes", "appendfsync": "always"}


class RedisStore(StateStore):
    """Records in a Redis: redis://host:port/number, rediss:// for TLS, unix:// for a socket.

    It needs the package redis, which rondo[serve] has.

    prefix   of all keys. Sessions of two deployments that share a Redis have different ones
    timeout  seconds for a connection, and for an answer
    durable  `ping` raises where this Redis may lose a record that it has confirmed: it wants appendonly yes and
             appendfsync always. False for one that does not tell its configuration

    Without maxmemory-policy noeviction a Redis that is full evicts sessions: their clients are told so.
    """

    def __init__(self, url: str, *, prefix: str = "rondo:", timeout: float = 1.0, durable: bool = True):
        try:
            import redis.asyncio
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise ImportError("RedisStore needs the package redis: pip install 'rondo[serve]'") from None
        self._errors = (redis.exceptions.RedisError, OSError, asyncio.TimeoutError)
        # Trying again is PatientStore's matter, which counts.
        self._redis: Any = redis.asyncio.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout,
                                                        retry=Retry(NoBackoff(), 0))
        self._claim, self._save, self._remove = (self._redis.register_script(text) for text in (_CLAIM, _SAVE, _REMOVE))
        self._prefix, self._durable = prefix, durable

    async def claim(self, session: str, fence: str) -> Stored:
        version, data = await self._run(self._claim, session, fence, int(1000 * CLAIM_SECONDS))
        return Stored(int(version or 0), data)

    async def save(self, session: str, fence: str, version: int, data: bytes, keep: float) -> bool:
        return bool(await self._run(self._save, session, fence, version, data, max(1, int(1000 * keep))))

    async def remove(self, session: str, fence: str) -> bool:
        return bool(await self._run(self._remove, session, fence))

    async def ping(self) -> None:
        try:
            await self._redis.ping()
            found = _DURABLE if not self._durable else {
                name: (await self._redis.config_get(name)).get(name) for name in _DURABLE}
        except self._errors as error:
            raise StoreUnavailable(f"redis: {error}") from error
        if found != _DURABLE:
            raise ValueError(f"redis: got {found}, expected {_DURABLE}: else it may lose what it has confirmed")

    async def close(self) -> None:
        await self._redis.aclose()

    async def _run(self, script: Any, session: str, *arguments: Any) -> Any:
        try:
            return await script(keys=[self._prefix + session], args=list(arguments))
        except self._errors as error:
            raise StoreUnavailable(f"redis: {error}") from error


__all__ = ["RedisStore"]
