"""Replicas that come, go, sleep and overtake each other, over a store that fails: no chunk counts twice."""

import asyncio
import random

import pytest
from serve_doubles import FlakyStore, SumStreams, chunk, run

from rondo.serve import MemoryStore, ServiceOptions, SessionError, SessionService
from rondo.serve._record import SessionRecord

OPTIONS = ServiceOptions(timeout=5.0, patience=0.05)
SESSIONS, CHUNKS = 12, 15


class Cluster:
    """Replicas over one store. A request goes to any of them; some clients ask two at a time."""

    def __init__(self, seed):
        self.random, self.made = random.Random(seed), 0
        self.store = MemoryStore()
        self.replicas = [self.new_replica() for _ in range(3)]
        self.saves = {}  # by session: the numbers of chunks in the order in which their records were replaced
        save = self.store.save

        async def recorded(session, fence, version, data, keep):
            before = self.store._entries.get(session)
            before = before.version if before else None
            saved = await save(session, fence, version, data, keep)
            if saved and before != version:
                self.saves.setdefault(session, []).append(SessionRecord.decode(data).chunk)
            return saved

        self.store.save = recorded

    def new_replica(self):
        self.made += 1
        store = FlakyStore(self.store, (self.made, self.random.random()).__hash__(), 0.15)
        return SessionService(SumStreams(slots=self.random.choice((3, 100))), store, OPTIONS)

    async def trouble(self):
        """A replica vanishes, with whatever it was about to do, and another one comes."""
        while True:
            await asyncio.sleep(self.random.random() * 0.01)
            self.replicas[self.random.randrange(len(self.replicas))] = self.new_replica()

    async def ask(self, given):
        asked = [asyncio.ensure_future(self.random.choice(self.replicas).apply(given))
                 for _ in range(self.random.choice((1, 1, 1, 2)))]
        if self.random.random() < 0.1:  # a client that gives up, and sends the chunk again
            await asyncio.sleep(0)
            asked[0].cancel()
        results = await asyncio.gather(*asked, return_exceptions=True)
        answers = [result for result in results if not isinstance(result, BaseException)]
        for error in results:
            # A duplicate that comes late finds the session behind it.
            known = isinstance(error, asyncio.CancelledError) or (
                isinstance(error, SessionError) and error.retriable)
            assert not isinstance(error, BaseException) or known, error
        return answers

    async def client(self, name):
        total = 0.0
        for number in range(CHUNKS):
            x = [float(self.random.randrange(5)) for _ in range(self.random.randrange(1, 4))]
            given = chunk(number, *x, session=name, end=number + 1 == CHUNKS)
            for _ in range(400):
                answers = await self.ask(given)
                if answers:
                    break
            else:
                raise AssertionError("a chunk is never answered")
            expected = [total := total + value for value in x]
            for answer in answers:
                assert answer.y[:, 0].tolist() == expected, (name, number)


@pytest.mark.parametrize("seed", range(8))
def test_every_answer_is_right_and_every_chunk_is_applied_once(seed):
    async def check():
        cluster = Cluster(seed)
        trouble = asyncio.ensure_future(cluster.trouble())
        names = [f"session-{k}" for k in range(SESSIONS)]
        await asyncio.gather(*map(cluster.client, names))
        trouble.cancel()
        assert cluster.made > 10
        assert cluster.saves == {name: list(range(CHUNKS)) for name in names}

    run(check())
