"""rondo.serve.MemoryStore: fences, versions and expiry. tests/servers asks Redis the same."""

import asyncio

import pytest
from serve_doubles import run

from rondo.serve import MemoryStore, Stored, StoreUnavailable
from rondo.serve import _store
from rondo.serve._metrics import ServiceCounters
from rondo.serve._patient_store import PatientStore
from store_checks import check_fences, check_unknown, check_versions


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize("check", [check_fences, check_unknown, check_versions])
def test_what_every_store_does(check):
    run(check(MemoryStore()))


def test_sessions_are_forgotten_after_their_time():
    async def check():
        clock = Clock()
        store = MemoryStore(clock=clock)
        for name in ("a", "b", "c"):
            await store.claim(name, "f")
        assert await store.save("a", "f", 1, b"12", 1000) and await store.save("b", "f", 1, b"34", 10)
        clock.now = 10.0
        assert await store.claim("b", "g") == Stored(0, None) and store.sessions == 3
        clock.now = 9.0 + _store.CLAIM_SECONDS
        assert await store.save("a", "f", 2, b"123", 1000)
        clock.now = 10.0 + _store.CLAIM_SECONDS
        await store.ping()
        assert store.sessions == 1 and store.total_bytes == 3
        clock.now = 9.0 + _store.CLAIM_SECONDS + 999.0
        assert await store.claim("a", "h") == Stored(2, b"123")
        clock.now += 1.0
        assert not await store.save("a", "h", 3, b"", 1000) and store.sessions == 0 and store.total_bytes == 0

    run(check())


def test_a_session_that_is_saved_often_has_one_place_in_the_heap():
    async def check():
        store = MemoryStore(clock=Clock())
        for k in range(100):
            await store.claim("s", f"f{k}")
            await store.save("s", f"f{k}", k + 1, b"", 1000 + k)
        assert len(store._due) == 1

    run(check())


def test_a_full_store_says_so():
    async def check():
        store = MemoryStore(most_bytes=10)
        await store.claim("a", "f")
        await store.claim("b", "f")
        assert await store.save("a", "f", 1, bytes(8), 60)
        with pytest.raises(StoreUnavailable, match="most_bytes"):
            await store.save("b", "f", 1, bytes(3), 60)
        assert await store.save("a", "f", 2, bytes(7), 60) and await store.save("b", "f", 1, bytes(3), 60)

    run(check())


class Failing(MemoryStore):
    def __init__(self, failures, error=StoreUnavailable("refused")):
        super().__init__()
        self.failures, self.error, self.calls = failures, error, 0

    async def claim(self, session, fence):
        self.calls += 1
        if self.calls <= self.failures:
            if self.error is None:
                await asyncio.sleep(3600)
            raise self.error
        return await super().claim(session, fence)


@pytest.mark.parametrize("error", [StoreUnavailable("refused"), None])
def test_a_store_that_does_not_answer_is_asked_again_for_a_bounded_time(error):
    async def check():
        counters, store = ServiceCounters(), Failing(2, error)
        patient = PatientStore(store, counters, patience=20.0, timeout=0.05)
        assert await patient.claim("s", "f") == Stored(0, None)
        assert (counters.store_failures, counters.store_calls, store.calls) == (2, 1, 3)
        store.failures = 10**9
        with pytest.raises(Exception, match="store_down: store: got no answer for 0.2 s"):
            await PatientStore(store, counters, patience=0.2, timeout=0.05).claim("s", "f")
        assert 4 < store.calls < 20
        with pytest.raises(ZeroDivisionError):  # a mistake is told at once
            await PatientStore(Failing(1, ZeroDivisionError()), counters).claim("s", "f")

    run(check())
