"""rondo.serve over real pools: sessions that move between replicas give the bits that they give on one."""

import asyncio

import numpy as np
import pytest
from serve_doubles import refusal, run
from serving_reference import H, I, alone, network, stream

from rondo.serve import Chunk, MemoryStore, ServiceOptions, SessionService, StreamOptions, Streams

OPTIONS = StreamOptions(slots=6, max_rows=4, max_steps=3, threads=1)
TOLERANCE = {"rtol": 1e-5, "atol": 2e-6}


def replica(store, seed=0, slots=6):
    options = StreamOptions(slots=slots, max_rows=4, max_steps=3, threads=1)
    return SessionService(Streams(network(seed=seed), options), store, ServiceOptions(patience=0.2))


async def session(name, x, steps, place):
    """The outputs of x in chunks of `steps`; `place(k)` is the replica of chunk k."""
    count, found = -(-len(x) // steps), []
    for k in range(count):
        given = Chunk(name, "t", k, x[k * steps:(k + 1) * steps], k + 1 == count)
        found.append((await place(k).apply(given)).y)
    return np.concatenate(found)


@pytest.mark.parametrize("slots", [2, 20])
def test_sessions_that_move_equal_the_offline_run_to_the_bit(slots):
    async def check():
        store = MemoryStore()
        replicas = [replica(store, slots=slots) for _ in range(3)]
        random = np.random.default_rng(1)
        moves = random.integers(0, 3, (9, 40))
        xs = [stream(seed, 30) for seed in range(9)]
        stays = [await session(f"stay-{k}", x, 4, lambda _: replicas[0]) for k, x in enumerate(xs)]

        async def one(k):
            for _ in range(50):
                try:
                    return await session(f"move-{k}-{_}", xs[k], 4, lambda n: replicas[moves[k, n]])
                except Exception as error:
                    if getattr(error, "code", "") != "overloaded":
                        raise
                    await asyncio.sleep(0.01)

        moved = await asyncio.gather(*map(one, range(9)))
        for k, x in enumerate(xs):
            assert np.array_equal(moved[k], stays[k])
            np.testing.assert_allclose(moved[k], alone(network(), x), **TOLERANCE)
        assert sum(made.counters.recovered for made in replicas) > 20
        for made in replicas:
            await made.check(10.0)
            made._streams._batcher.drain()
            assert made._streams._batcher.metrics().open_streams == made.numbers()["resident"] <= slots
            made.stop()

    run(check())


def test_what_is_refused():
    async def check():
        store = MemoryStore()
        made, other = replica(store), replica(store, seed=1)
        x = stream(0, 4)
        await made.apply(Chunk("s", "t", 0, x))
        for wrong in (x[:, :2], x.astype("f8"), x[0], np.full_like(x, np.nan), x[:0]):
            assert await refusal(made.apply(Chunk("s", "t", 1, wrong))) == "invalid"
            assert await refusal(made.apply(Chunk("new", "t", 0, wrong))) == "invalid"
        assert await refusal(other.apply(Chunk("s", "t", 1, x))) == "other_model"
        good = (await made.apply(Chunk("s", "t", 1, x))).y
        np.testing.assert_allclose(good, alone(network(), np.concatenate([x, x]))[4:], **TOLERANCE)
        made.stop()
        assert await refusal(made.apply(Chunk("s", "t", 2, x))) in ("failed", "invalid")
        with pytest.raises(Exception):
            await made.check(1.0)
        other.stop()

    run(check())


def test_steps_that_are_refused_before_their_state_is_in():
    async def check():
        made = Streams(network(), OPTIONS)
        state = (await made.run("a", stream(0, 2), start=True)).state
        for k in range(40):
            wrong = made.run(f"b{k}", stream(0, 2)[:, :2], state=state, end=k % 2 == 0)
            assert await refusal(asyncio.wait_for(wrong, 20.0)) == "invalid"
            made.forget(f"b{k}")
        assert (await made.run("a", stream(0, 1))).y.shape == (1, H)
        made.stop()

    run(check())


def test_a_state_that_another_pool_refuses():
    async def check():
        made = Streams(network(), OPTIONS)
        ran = await made.run("a", stream(0, 2), start=True)
        assert ran.y.shape == (2, H)
        assert await refusal(made.run("b", stream(0, 2), state=ran.state[:-1])) == "other_model"
        again = await made.run("b", np.zeros((1, I), "f"), state=ran.state)
        assert np.array_equal(again.y, (await made.run("a", np.zeros((1, I), "f"))).y)
        made.stop()

    run(check())
