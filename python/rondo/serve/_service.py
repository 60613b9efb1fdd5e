"""The sessions of one replica: chunks in, answers out, and a record in the store in between."""

import asyncio
import collections
import dataclasses
import functools
import os
import time
import uuid
from typing import Any, AsyncIterator, Dict, Optional, Tuple

from ._errors import SessionError
from ._messages import Answer, Chunk, encode_array
from ._metrics import ServiceCounters
from ._patient_store import PatientStore
from ._pieces import Pieces, run_in_pieces
from ._record import SessionRecord
from ._rules import ANSWER_AGAIN, BEGIN, decide
from ._store import StateStore

_MOST_CLAIMS = 3  # of a session for one chunk, where replicas take it from each other


@dataclasses.dataclass(frozen=True)
class ServiceOptions:
    """keep       seconds for which the store keeps a session without a chunk: afterwards it is evicted
    keep_ended    seconds for which a retry of a last chunk gets its answer
    timeout       seconds for a chunk
    patience      seconds for which a store that does not answer is asked again
    """

    keep: float = 3600.0
    keep_ended: float = 60.0
    timeout: float = 30.0
    patience: float = 2.0


class _Session:
    """A session that chunks are waiting for, or whose state is in a slot.

    fence    of this replica's claim, and the name of the stream; empty without a claim
    record   as the store has it; without its state, where that is in the slot
    """

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0  # chunks that wait for the lock, or have it
        self.fence = ""
        self.version = 0
        self.record: Optional[SessionRecord] = None
        self.resident = False


class SessionService:
    """Answers chunks of sessions, each of which is applied once: wherever it is sent, and however often.

    A chunk is run, the session's record is saved, and then the chunk is answered. So whatever a client has an answer
    to is in the store. What fails in between leaves the record of the chunk before, from which any replica goes on.
    A replica that finds its fence broken drops the session: its state is what some other replica goes on from.

    streams  what runs steps: a Streams, or a double of one
    """

    def __init__(self, streams: Any, store: StateStore, options: ServiceOptions = ServiceOptions()):
        self.counters = ServiceCounters()
        self._streams, self._options = streams, options
        self._store = PatientStore(store, self.counters, options.patience, min(1.0, options.patience))
        self._sessions: "collections.OrderedDict[str, _Session]" = collections.OrderedDict()  # the last used one last
        self._resident = 0
        self._name = f"{os.getpid()}-{uuid.uuid4().hex}"
        self._claims = 0

    async def apply(self, chunk: Chunk, pieces: Optional[Pieces] = None) -> Answer:
        """Raises SessionError. A chunk that is cancelled or timed out may have been applied, or not."""
        begin = time.monotonic()
        try:
            answer = await asyncio.wait_for(self._apply_alone(chunk, pieces, begin), self._options.timeout)
        except asyncio.TimeoutError:
            self.counters.count_error("timed_out")
            raise SessionError("timed_out", f"chunk {chunk.number} of session {chunk.session!r}: got no answer within "
                               f"{self._options.timeout} s: send the chunk again") from None
        except SessionError as error:
            self.counters.count_error(error.code)
            raise
        self.counters.chunk_seconds += time.monotonic() - begin
        return answer

    def stream(self, chunk: Chunk, steps: int) -> AsyncIterator[bytes]:
        """The outputs of a chunk, `steps` steps at a time, each as soon as it is there, as `encode_array` makes it.

        The chunk is applied, as a whole, when it comes to its end: else it is sent again, and gives the same bits.
        """
        pieces = Pieces(steps)
        return pieces.until(self.apply(chunk, pieces))

    def numbers(self) -> Dict[str, Any]:
        """Plain numbers: those of ServiceCounters, those of the batcher, `resident`, the sessions that have a slot, and
        the process with its processor time."""
        return {**self.counters.numbers(), **self._streams.numbers(), "resident": self._resident, "pid": os.getpid(),
                "cpu_seconds": time.process_time()}

    @property
    def name(self) -> str:
        """A name that no other replica has."""
        return self._name

    async def check_store(self) -> None:
        """Connects to the store. Raises ValueError where it is not fit for this; one that is down may come back."""
        try:
            await self._store.ping()
        except SessionError:
            pass

    async def check(self, seconds: float = 5.0) -> None:
        """Raises where this replica cannot run steps. A store that is down is no fault of the replica's."""
        await self._streams.check(seconds)

    def stop(self) -> None:
        """Ends the batcher; what is under way fails, and is applied when it is sent again."""
        self._streams.stop()

    async def _apply_alone(self, chunk: Chunk, pieces: Optional[Pieces], begin: float) -> Answer:
        session = self._sessions.get(chunk.session)
        if session is None:
            session = self._sessions[chunk.session] = _Session()
        session.users += 1
        try:
            async with session.lock:
                self._sessions.move_to_end(chunk.session)
                try:
                    return await self._apply(chunk, session, pieces, begin)
                finally:
                    if not session.resident:
                        self._drop(session)
        finally:
            session.users -= 1
            if session.users == 0 and not session.resident:
                del self._sessions[chunk.session]

    async def _apply(self, chunk: Chunk, session: _Session, pieces: Optional[Pieces], begin: float) -> Answer:
        digest = chunk.digest()
        for _ in range(_MOST_CLAIMS):
            believed = bool(session.fence)
            if not believed:
                await self._claim(chunk.session, session)
            try:
                action = decide(chunk, digest, session.record, self._streams.model)
            except SessionError:
                if believed:  # another replica may have advanced the session meanwhile
                    self._drop(session)
                    continue
                if session.record is None:  # a claim of what the store does not have leaves nothing behind
                    await self._store.remove(chunk.session, session.fence)
                raise
            if action == ANSWER_AGAIN:
                assert session.record is not None
                self.counters.answered_again += 1
                answer = Answer(chunk.number, session.record.answer, again=True)
                if pieces is not None:
                    pieces.give_all(answer.y)
                return answer
            data = await self._run(chunk, digest, session, action == BEGIN, pieces, begin)
            if data is not None:
                return Answer(chunk.number, data)
        raise SessionError("contended", f"session {chunk.session!r}: got it taken by other replicas {_MOST_CLAIMS} "
                           "times, expected to keep it: send the chunk again")

    async def _claim(self, name: str, session: _Session) -> None:
        self._claims += 1
        fence = f"{self._name}-{self._claims}"
        stored = await self._store.claim(name, fence)
        session.record = None if stored.data is None else SessionRecord.decode(stored.data)
        session.fence, session.version = fence, stored.version

    async def _run(self, chunk: Chunk, digest: bytes, session: _Session, starts: bool, pieces: Optional[Pieces],
                   begin: float) -> Optional[bytes]:
        """Runs the chunk and saves the record: None where another replica has claimed the session meanwhile."""
        saved = False
        try:
            state = session.record.state if session.record is not None and not starts and not session.resident else b""
            self._make_resident(session)
            run = functools.partial(self._streams.run, session.fence)
            if pieces is None:
                ran = await run(chunk.x, state=state, start=starts, end=chunk.end)
            else:
                ran = await run_in_pieces(run, chunk, pieces, state, starts)
            record, data = self._snapshot(chunk, digest, ran)
            keep = self._options.keep_ended if chunk.end else self._options.keep
            saved = await self._store.save(chunk.session, session.fence, session.version + 1, data, keep)
        finally:  # also of a chunk that was cancelled: its slot may be a step ahead of the record
            if not saved:
                self._drop(session)
        if not saved:
            self.counters.fenced += 1
            return None
        session.version += 1
        session.record = dataclasses.replace(record, state=b"")
        self._resident -= chunk.end
        session.resident = not chunk.end
        self.counters.applied += 1
        self.counters.began += starts
        self.counters.ended += chunk.end
        if state:
            self.counters.count_recovery(time.monotonic() - begin)
        return record.answer

    def _snapshot(self, chunk: Chunk, digest: bytes, ran: Any) -> Tuple[SessionRecord, bytes]:
        begin = time.thread_time()
        record = SessionRecord(chunk.ticket, chunk.number, digest, self._streams.model, ran.state, encode_array(ran.y),
                               chunk.end)
        data = record.encode()
        self.counters.snapshot_seconds += time.thread_time() - begin
        self.counters.snapshot_bytes += len(data)
        return record, data

    def _make_resident(self, session: _Session) -> None:
        if session.resident:
            return
        if self._resident >= self._streams.slots:
            self._put_one_away()
        self._resident += 1
        session.resident = True

    def _put_one_away(self) -> None:
        """Frees the slot of the session whose last chunk is the longest ago. Its record is in the store."""
        for name, session in self._sessions.items():
            if session.resident and session.users == 0:
                self.counters.put_away += 1
                self._drop(session)
                del self._sessions[name]
                return
        raise SessionError("overloaded", f"slots: got a further session, expected {self._streams.slots} at most that "
                           "have chunks at a time: send the chunk again")

    def _drop(self, session: _Session) -> None:
        """Forgets what this replica knows of a session, so that its next chunk claims it anew, with another stream."""
        if session.resident:
            self._streams.forget(session.fence)
            self._resident -= 1
        session.resident, session.fence, session.record = False, "", None


__all__ = ["ServiceOptions", "SessionService"]
