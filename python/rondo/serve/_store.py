"""Where the records of sessions are, so that any replica can go on with any session."""

import abc
import heapq
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from ._errors import StoreUnavailable

CLAIM_SECONDS = 60.0  # the time that the entry of a session lives which has nothing saved yet


class Stored(NamedTuple):
    """What a claim found. `version` counts the saves of the entry; `data` is None before the first one."""

    version: int
    data: Optional[bytes]


class StateStore(abc.ABC):
    """Records by session, of which one replica at a time may write each: five methods.

    A replica that wants to write a session claims it with a `fence`, a text that nobody uses twice. From then on saves
    with an earlier fence are refused: that keeps a replica which was believed dead from writing. `version` keeps a save
    that was delayed on its way from undoing a later one.

    Every method may raise StoreUnavailable, and may then have had its effect or not; it may be called again with the
    same arguments. A save that has returned True is durable, as far as the store is.
    """

    @abc.abstractmethod
    async def claim(self, session: str, fence: str) -> Stored:
        """Makes `fence` the only one that may save the session, and returns what is there: Stored(0, None) at first."""

    @abc.abstractmethod
    async def save(self, session: str, fence: str, version: int, data: bytes, keep: float) -> bool:
        """Replaces the record of version `version - 1`, for `keep` seconds. True where the entry has `version` already.

        Returns False, and changes nothing, where the session has another fence, another version, or no entry any more.
        """

    @abc.abstractmethod
    async def remove(self, session: str, fence: str) -> bool:
        """Forgets the session, if it has this fence: returns whether."""

    @abc.abstractmethod
    async def ping(self) -> None:
        """Returns where the store works and saves are durable."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Lets go of connections. No other method is called after it."""


class _Entry:
    """A session in a MemoryStore."""

    def __init__(self, fence: str, expires: float):
        self.fence, self.expires = fence, expires
        self.due = expires  # when it is looked at: as its place in the heap has it
        self.version, self.data = 0, b""


class MemoryStore(StateStore):
    """A store in this process's memory: for tests, for one replica, and the body of the actor that ActorStore asks.

    most_bytes  of all records: beyond it saves raise StoreUnavailable
    clock       seconds, for tests
    """

    def __init__(self, most_bytes: int = 1 << 30, clock: Callable[[], float] = time.monotonic):
        self._entries: Dict[str, _Entry] = {}
        self._due: List[Tuple[float, str]] = []  # a heap, in which an entry that is saved stays where it is
        self._most_bytes, self._bytes, self._clock = most_bytes, 0, clock

    @property
    def sessions(self) -> int:
        return len(self._entries)

    @property
    def total_bytes(self) -> int:
        return self._bytes

    async def claim(self, session: str, fence: str) -> Stored:
        self._expire()
        entry = self._entries.get(session)
        if entry is None:
            entry = self._entries[session] = _Entry(fence, self._clock() + CLAIM_SECONDS)
            heapq.heappush(self._due, (entry.due, session))
        entry.fence = fence
        return Stored(entry.version, entry.data if entry.version else None)

    async def save(self, session: str, fence: str, version: int, data: bytes, keep: float) -> bool:
        self._expire()
        entry = self._entries.get(session)
        if entry is None or entry.fence != fence or entry.version not in (version - 1, version):
            return False
        if entry.version == version:
            return True
        if self._bytes + len(data) - len(entry.data) > self._most_bytes:
            raise StoreUnavailable(f"most_bytes: got {len(data)} bytes more than {self._bytes}, expected "
                                   f"{self._most_bytes} at most")
        self._bytes += len(data) - len(entry.data)
        entry.version, entry.data, entry.expires = version, bytes(data), self._clock() + keep
        if entry.expires < entry.due:
            entry.due = entry.expires
            heapq.heappush(self._due, (entry.due, session))
        return True

    async def remove(self, session: str, fence: str) -> bool:
        entry = self._entries.get(session)
        if entry is None or entry.fence != fence:
            return False
        self._forget(session)
        return True

    async def ping(self) -> None:
        self._expire()

    async def close(self) -> None:
        pass

    def _forget(self, session: str) -> None:
        self._bytes -= len(self._entries.pop(session).data)

    def _expire(self) -> None:
        now = self._clock()
        while self._due and self._due[0][0] <= now:
            due, session = heapq.heappop(self._due)
            entry = self._entries.get(session)
            if entry is None or entry.due != due:
                continue
            if entry.expires <= now:
                self._forget(session)
            else:  # it was saved since
                entry.due = entry.expires
                heapq.heappush(self._due, (entry.due, session))


__all__ = ["CLAIM_SECONDS", "MemoryStore", "StateStore", "Stored"]
