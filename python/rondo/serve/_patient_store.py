"""A store whose calls are made again while it does not answer, for a bounded time."""

import asyncio
import time
from typing import Any, Awaitable, Callable

from ._errors import SessionError, StoreUnavailable
from ._metrics import ServiceCounters
from ._store import StateStore, Stored

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


class PatientStore(StateStore):
    """Calls `store` until it answers, `patience` seconds at most, and then raises SessionError "store_down".

    A call that takes longer than `timeout` seconds counts as one without an answer.
    """

    def __init__(self, store: StateStore, counters: ServiceCounters, patience: float = 2.0, timeout: float = 1.0):
        self._store, self._counters = store, counters
        self._patience, self._timeout = patience, timeout

    async def claim(self, session: str, fence: str) -> Stored:
        return await self._ask(lambda: self._store.claim(session, fence))

    async def save(self, session: str, fence: str, version: int, data: bytes, keep: float) -> bool:
        return await self._ask(lambda: self._store.save(session, fence, version, data, keep))

    async def remove(self, session: str, fence: str) -> bool:
        return await self._ask(lambda: self._store.remove(session, fence))

    async def ping(self) -> None:
        await self._ask(self._store.ping)

    async def close(self) -> None:
        await self._store.close()

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        begin, pause = time.monotonic(), _FIRST_PAUSE
        while True:
            try:
                result = await asyncio.wait_for(call(), self._timeout)
                self._counters.store_seconds += time.monotonic() - begin
                self._counters.store_calls += 1
                return result
            except (StoreUnavailable, asyncio.TimeoutError) as error:
                self._counters.store_failures += 1
                if time.monotonic() - begin + pause > self._patience:
                    reason = str(error) or f"no answer within {self._timeout} s"
                    raise SessionError("store_down", f"store: got no answer for {self._patience} s, expected one: "
                                       f"{reason}: send the chunk again") from error
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


__all__ = ["PatientStore"]
