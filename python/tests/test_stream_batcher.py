"""rondo.StreamBatcher: requests of many threads are answered once, with what a stream gives alone."""

import asyncio
import concurrent.futures
import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from serving_reference import H, alone, network, stream

import rondo
from rondo import StatePool, StreamBatcher, StreamError

TOLERANCE = {"rtol": 1e-5, "atol": 2e-6}
SECONDS = 60


def batcher(slots=8, max_rows=8, max_steps=2, **options):
    return StreamBatcher(StatePool(network(), slots=slots, max_rows=max_rows, max_steps=max_steps), **options)


def test_streams_of_many_threads():
    loaded, answers = network(), {}
    with batcher(max_delay=0.0002) as made:

        def client(seed):
            x = stream(seed, 30)
            pieces = [made.submit(f"caller {seed}", x[t:t + 3], start=t == 0, end=t == 27) for t in range(0, 30, 3)]
            answers[seed] = np.concatenate([piece.result(SECONDS) for piece in pieces])

        threads = [threading.Thread(target=client, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made.drain()
        metrics = made.metrics()
        assert (metrics.requests, metrics.steps, metrics.refused, metrics.waiting) == (80, 240, 0, 0)
        assert metrics.answers["done"] == 80 and metrics.calls <= metrics.rows <= 240
        assert metrics.open_streams == 0 and sum(metrics.batch_rows) == metrics.calls <= 240
        assert 'model="speech"' in made.prometheus("speech")
    for seed, y in answers.items():
        np.testing.assert_allclose(y, alone(loaded, stream(seed, 30)), **TOLERANCE)


def test_answers_are_arrays_of_the_library_of_x():
    x = stream(0, 4)
    with batcher() as made:
        y = made.submit(1, x, start=True).result(SECONDS)
        assert isinstance(y, np.ndarray) and y.shape == (4, H)
        same = made.submit("1", rondo.as_tensor(x), start=True).result(SECONDS)
        assert isinstance(same, rondo.Tensor) and np.array_equal(np.asarray(same), y)
        torch = pytest.importorskip("torch")
        assert isinstance(made.submit(2, torch.randn(2, 3), start=True).result(SECONDS), torch.Tensor)


def test_an_answer_that_the_library_cannot_hold_is_an_error_of_the_answer(monkeypatch):
    def refuse(tensor, library):
        raise TypeError(f"{library} has no such array")

    monkeypatch.setattr("rondo._stream_batcher.from_tensor", refuse)
    with batcher() as made:
        with pytest.raises(TypeError, match="numpy has no such array"):
            made.submit(1, stream(0, 1), start=True).result(SECONDS)


def test_requests_that_are_refused():
    x = stream(0, 2)
    with batcher(slots=1, max_rows=1) as made:
        for given, options in ((x, {}), (x[0], {"start": True}), (x[:, :2], {"start": True}), (x[:0], {"start": True}),
                               (np.full_like(x, np.nan), {"start": True}), (x.astype("f8"), {"start": True})):
            with pytest.raises(ValueError):
                made.submit(1, given, **options).result(SECONDS)
        made.submit(1, x, start=True).result(SECONDS)
        with pytest.raises(StreamError) as caught:
            made.submit(2, x, start=True).result(SECONDS)
        assert caught.value.outcome == "no_slot" and isinstance(caught.value, RuntimeError)
        for key, error in ((-1, ValueError), (2**64, ValueError), (1.5, TypeError), (None, TypeError),
                           (True, TypeError)):
            with pytest.raises(error, match="stream"):
                made.submit(key, x)
        with pytest.raises(TypeError, match="x"):
            made.submit(1, [[1.0]])
        assert made.metrics().refused >= 7
    for options in ({"max_delay": -1.0}, {"max_delay": float("nan")}, {"idle": -1.0}, {"max_waiting": -1}):
        with pytest.raises(ValueError, match=next(iter(options))):
            batcher(**options)


def test_what_waits_is_cancelled():
    x = stream(0, 1)
    made = batcher(max_delay=30.0)
    made.submit(1, x, start=True).result(SECONDS)
    cancelled = made.submit(2, x, start=True)  # which waits for stream 1
    assert cancelled.cancel() and cancelled.cancelled() and cancelled.cancel()
    stopped = made.submit(2, x, start=True)
    made.stop()
    made.stop()
    for answer in (cancelled, stopped):
        with pytest.raises(concurrent.futures.CancelledError):
            answer.result(SECONDS)
    with pytest.raises(ValueError, match="stopped"):
        made.submit(1, x)


def test_a_state_goes_on_under_another_key():
    x = stream(0, 8)
    with batcher(slots=2, max_rows=2) as made, batcher() as other:
        made.submit("a", x[:3], start=True)
        state = made.export_state("a")
        made.submit("a", x[:2])
        bytes_of_state = state.result(SECONDS)
        assert isinstance(bytes_of_state, bytes)
        for holder, key in ((made, 7), (other, "a")):
            assert holder.import_state(key, bytes_of_state).result(SECONDS) is None
            np.testing.assert_allclose(holder.submit(key, x[3:]).result(SECONDS), alone(network(), x)[3:], **TOLERANCE)
        pool = StatePool(network(), slots=1, max_rows=1)
        pool.import_state(pool.open(), bytes_of_state)
        for key, message in ((7, "7, which has a state"), ("a", "which has a state"), (8, "slots")):
            with pytest.raises((ValueError, StreamError), match=message):
                made.import_state(key, bytes_of_state).result(SECONDS)
        with pytest.raises(ValueError, match="unknown stream 9"):
            made.export_state(9).result(SECONDS)
        for wrong in (b"", bytes_of_state[:-1], bytes_of_state[:-1] + b"?"):
            with pytest.raises(ValueError, match="state"):
                made.import_state(9, wrong).result(SECONDS)
        with pytest.raises(TypeError):
            made.import_state(9, "text")
        with pytest.raises(TypeError, match="stream"):
            made.export_state(None)


def test_steps_give_the_state_behind_them():
    x = stream(0, 8)
    with batcher(slots=2, max_rows=2) as made:
        answers = [made.submit("a", x[:3], start=True, wants_state=True), made.submit("a", x[3:5])]
        state = made.export_state("a")
        np.testing.assert_allclose(answers[0].result(SECONDS), alone(network(), x)[:3], **TOLERANCE)
        assert isinstance(answers[0].state, bytes) and answers[0].state != state.result(SECONDS)
        assert answers[1].result(SECONDS) is not None and answers[1].state is None
        assert made.submit("a", x[5:6], wants_state=True).result(SECONDS).shape == (1, H)
        made.import_state(7, answers[0].state).result(SECONDS)
        again = made.submit(7, x[3:5], wants_state=True)
        assert np.array_equal(again.result(SECONDS), answers[1].result(0)) and again.state == state.result(0)
        refused = made.submit(7, x[:1], end=True, wants_state=True)
        with pytest.raises(ValueError, match="wants_state: got true with end"):
            refused.result(SECONDS)
        assert refused.state is None


def test_a_pool_has_one_batcher():
    pool = StatePool(network(), slots=1, max_rows=1)
    with StreamBatcher(pool):
        for call in (pool.open, lambda: StreamBatcher(pool), lambda: pool.open_slots):
            with pytest.raises(ValueError, match="pool"):
                call()


def test_a_batcher_that_is_refused_leaves_the_pool():
    pool = StatePool(network(), slots=1, max_rows=1)
    with pytest.raises(ValueError, match="max_waiting"):
        StreamBatcher(pool, max_waiting=0)
    assert pool.open_slots == 0


def test_asyncio_waits_for_answers():
    async def client(made, seed):
        x = stream(seed, 4)
        return await asyncio.wrap_future(made.submit(seed, x, start=True, end=True))

    async def all_of(made):
        return await asyncio.wait_for(asyncio.gather(*(client(made, seed) for seed in range(5))), SECONDS)

    with batcher() as made:
        for seed, y in enumerate(asyncio.run(all_of(made))):
            np.testing.assert_allclose(y, alone(network(), stream(seed, 4)), **TOLERANCE)


def test_answers_may_submit_and_let_go_of_the_batcher():
    made, done, x = batcher(max_delay=30.0), threading.Event(), stream(0, 1)
    seen = []
    made.submit(1, x, start=True).result(SECONDS)

    def again(answer):
        seen.append(answer.result())
        with pytest.raises(RuntimeError, match="drain"):
            made.drain()
        made.submit(1, x)
        made.submit(2, x).add_done_callback(last)

    def last(answer):
        nonlocal made
        seen.append(answer.result())
        made = None
        gc.collect()
        done.set()

    # It waits for stream 1, so that the function is there before the answer, and runs on the batcher's thread.
    made.submit(2, x, start=True).add_done_callback(again)
    made.submit(1, x)
    assert done.wait(SECONDS) and len(seen) == 2 and np.abs(seen[0] - seen[1]).max() > 0


PROGRAM = """
import numpy, sys
from serving_reference import network, stream
import rondo
made = rondo.StreamBatcher(rondo.StatePool(network(), slots=2, max_rows=2), max_delay=30.0)
made.submit(1, stream(0, 1), start=True).result()
answer = made.submit(2, stream(0, 1), start=True)
kept = [made, answer]
sys.modules["kept"] = kept
"""


def test_a_program_ends_while_requests_wait():
    folder = str(__import__("pathlib").Path(__file__).parent)
    ended = subprocess.run([sys.executable, "-c", f"import sys; sys.path.insert(0, {folder!r})\n{PROGRAM}"],
                           capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0 and not ended.stderr, ended.stderr
