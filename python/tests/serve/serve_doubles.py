"""Doubles of what a SessionService is given: streams of running sums, and a store that fails."""

import asyncio
import random

import numpy as np

from rondo.serve import Chunk, MemoryStore, SessionError, StateStore, StoreUnavailable
from rondo.serve._streams import Ran

SECONDS = 60


class SumStreams:
    """Streams whose outputs are running sums of their inputs (steps, 1)."""

    def __init__(self, model=1, slots=1000):
        self.model, self.slots = model, slots
        self.sums = {}  # by stream: those that are open
        self.steps = 0
        self.gate, self.runs_until_gate = None, 0  # an asyncio.Event, until which steps wait
        self.failure = None

    async def run(self, stream, x, *, state=b"", start=False, end=False):
        if self.gate is not None and self.runs_until_gate == 0:
            await self.gate.wait()
        self.runs_until_gate = max(0, self.runs_until_gate - 1)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise SessionError("failed", self.failure)
        if x.ndim != 2:
            raise SessionError("invalid", "x")
        if state:
            assert stream not in self.sums, "a stream that is open gets no state"
            self.sums[stream] = float(np.frombuffer(state)[0])
        elif start:
            self.sums[stream] = 0.0
        assert stream in self.sums, "a stream without a state begins with `start`"
        assert len(self.sums) <= self.slots
        y = np.cumsum(x, axis=0, dtype=float) + self.sums[stream]
        self.steps += len(x)
        self.sums[stream] = float(y[-1, 0])
        return Ran(y, b"" if end and self.sums.pop(stream, 0.0) is not None else np.array([y[-1, 0]]).tobytes())

    def forget(self, stream):
        self.sums.pop(stream, None)

    def numbers(self):
        return {"steps": self.steps}

    async def check(self, seconds):
        pass

    def stop(self):
        pass


class FlakyStore(StateStore):
    """A store of which calls fail at random, before or after their effect, and take their time."""

    def __init__(self, store, seed, failures):
        self.store, self._random, self._failures = store, random.Random(seed), failures
        self.late = []  # calls whose answers were lost, and which may come again later

    async def _call(self, call, again):
        await asyncio.sleep(self._random.choice((0, 0, 0.001)))
        fate = self._random.random()
        if fate < self._failures / 2:
            raise StoreUnavailable("before its effect")
        result = await call()
        if fate < self._failures:
            if again:
                self.late.append(call)
            raise StoreUnavailable("after its effect")
        if self.late and self._random.random() < 0.3:
            await self.late.pop(0)()  # a save that was on its way for long
        return result

    async def claim(self, session, fence):
        return await self._call(lambda: self.store.claim(session, fence), False)

    async def save(self, session, fence, version, data, keep):
        return await self._call(lambda: self.store.save(session, fence, version, data, keep), True)

    async def remove(self, session, fence):
        return await self._call(lambda: self.store.remove(session, fence), False)

    async def ping(self):
        pass

    async def close(self):
        pass


class DownStore(MemoryStore):
    """A store that answers while `up`."""

    up = True

    async def claim(self, *arguments):
        self._check()
        return await super().claim(*arguments)

    async def save(self, *arguments):
        self._check()
        return await super().save(*arguments)

    def _check(self):
        if not self.up:
            raise StoreUnavailable("connection refused")


def steps(*values):
    return np.array(values, float)[:, None]


def chunk(number, *values, session="s", ticket="t", end=False):
    return Chunk(session, ticket, number, steps(*(values or (1.0,))), end)


def run(coroutine):
    """Runs a test's coroutine, for a bounded time."""
    async def bounded():
        return await asyncio.wait_for(coroutine, SECONDS)

    return asyncio.run(bounded())


async def refusal(awaitable):
    """The code of the SessionError that an awaitable raises."""
    try:
        await awaitable
    except SessionError as error:
        return error.code
    raise AssertionError("it was not refused")
