"""rondo.StatePool: streams that share calls give what each gives alone."""

import threading

import numpy as np
import pytest
from serving_reference import H, I, alone, network, stream

import rondo
from rondo import StatePool, StreamChunk

TOLERANCE = {"rtol": 1e-5, "atol": 2e-6}


def pool(slots=4, max_rows=4, max_steps=3, **options):
    return StatePool(network(), slots=slots, max_rows=max_rows, max_steps=max_steps, **options)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_streams_in_chunks_give_what_they_give_alone(kind):
    loaded, random = network(kind), np.random.default_rng(1)
    made = StatePool(loaded, slots=5, max_rows=3, max_steps=4)
    xs = {made.open(): stream(seed, 20) for seed in range(5)}
    ys = {slot: [] for slot in xs}
    while any(sum(map(len, ys[slot])) < 20 for slot in xs):
        open_ones = [slot for slot in xs if sum(map(len, ys[slot])) < 20]
        chunks, rows = [], []
        for slot in random.permutation(open_ones)[:3]:
            done = sum(map(len, ys[slot]))
            chunks.append(StreamChunk(int(slot), int(min(random.integers(1, 5), 20 - done))))
            rows.append(xs[slot][done:done + chunks[-1].steps])
        y, begin = made.run(chunks, np.concatenate(rows)), 0
        for chunk in chunks:
            ys[chunk.slot].append(y[begin:begin + chunk.steps])
            begin += chunk.steps
    for slot, x in xs.items():
        np.testing.assert_allclose(np.concatenate(ys[slot]), alone(loaded, x), **TOLERANCE)
    assert made.finish() is False


def test_numbers_are_single_steps_and_y_is_written_in_place():
    made, x = pool(), stream(0, 2)
    slots = [made.open(), made.open()]
    expected = made.run([StreamChunk(slot, start=True) for slot in slots], x)
    again, y = pool(), np.full((4, H), np.nan, "f")
    slots = (again.open(), again.open())
    assert again.run(slots, rondo.as_tensor(x), y[1:3]) is not None
    assert np.array_equal(y[1:3], expected) and np.isnan(y[[0, 3]]).all()
    assert isinstance(again.run(slots, rondo.as_tensor(x)), rondo.Tensor)


def test_tensors_of_torch_without_a_copy():
    torch = pytest.importorskip("torch")
    made, x = pool(), torch.randn(1, I)
    y = torch.full((1, H), float("nan"))
    slot = made.open()
    assert made.run([slot], x, y) is y and torch.isfinite(y).all()
    assert torch.equal(made.run([StreamChunk(slot, start=True)], x), y)
    with pytest.raises(ValueError, match="^x: .*requires a gradient"):
        made.run([slot], x.clone().requires_grad_())


def test_states_go_to_another_pool():
    first, second, x = pool(), pool(), stream(3, 6)
    slot = first.open()
    first.run([StreamChunk(slot, 3)], x[:3])
    state = first.export_state(slot)
    assert isinstance(state, bytes) and first.slot_bytes <= len(state)
    other = [second.open(), second.open()][1]
    second.import_state(other, state)
    assert np.array_equal(second.run([StreamChunk(other, 3)], x[3:]), first.run([StreamChunk(slot, 3)], x[3:]))
    assert first.fingerprint == second.fingerprint
    stranger = StatePool(network(seed=1), slots=1, max_rows=1)
    assert stranger.fingerprint != first.fingerprint
    for bad in (b"", state[:-1], state + b"\0", state):
        with pytest.raises(ValueError):
            stranger.import_state(stranger.open() if not stranger.open_slots else 0, bad)
    with pytest.raises(TypeError):
        second.import_state(other, "text")


def test_the_rest_state():
    made, x = pool(), stream(4, 1)
    slot = made.open()
    zeros = made.run([slot], x).copy()
    made.save_rest_state(slot)
    continued = made.run([slot], x).copy()
    assert np.array_equal(made.run([StreamChunk(slot, start=True)], x), continued)
    made.clear_rest_state()
    assert np.array_equal(made.run([StreamChunk(slot, start=True)], x), zeros)


def test_a_stream_that_ends_leaves_its_slot():
    made = pool(slots=1, max_rows=1)
    slot = made.open()
    with pytest.raises(RuntimeError, match="slots"):
        made.open()
    made.run([StreamChunk(slot, 2, end=True)], stream(5, 2))
    assert not made.is_open(slot) and made.open_slots == 0
    made.close(made.open())
    with pytest.raises(ValueError, match="slot"):
        made.close(slot)


def test_evictions_tell_of_themselves(monkeypatch):
    seen, lost = [], []
    made = pool(slots=2, max_rows=2, eviction="least_recently_used",
                on_eviction=lambda slot, reason: seen.append((slot, reason, len(made.export_state(slot)))))
    first, second = made.open(), made.open()
    made.run([first], stream(6, 1))
    assert made.open() == second and seen == [(second, "no_free_slot", len(made.export_state(first)))]
    assert made.evict_idle(3600) == 0 and made.evict_idle(0) == 2 and seen[-1][1] == "idle"
    made = pool(slots=1, max_rows=1, eviction="least_recently_used", on_eviction=lambda slot, reason: 1 // 0)
    monkeypatch.setattr("sys.unraisablehook", lambda error: lost.append(error.exc_type))
    assert made.open() == made.open() and lost == [ZeroDivisionError]


def test_what_is_refused():
    made, x = pool(), stream(7, 2)
    slot = made.open()
    read_only = np.zeros((1, H), "f")
    read_only.flags.writeable = False
    for chunks, given, y, error, name in (
        (None, x, None, TypeError, "chunks"),
        ([slot, 1.5], x, None, TypeError, "chunks"),
        ([True], x, None, TypeError, "chunks"),
        (["a"], x, None, TypeError, "chunks"),
        ([slot, slot], x, None, ValueError, "slot|chunk"),
        ([slot + 1], x[:1], None, ValueError, "slot|chunk"),
        ([2**62], x[:1], None, ValueError, "slot|chunk"),
        ([StreamChunk(slot, 0)], x[:1], None, ValueError, "steps|chunk"),
        ([StreamChunk(slot, 4)], np.zeros((4, I), "f"), None, ValueError, "steps|chunk"),
        ([slot], x, None, ValueError, "x"),
        ([slot], x[0], None, ValueError, "x"),
        ([slot], np.zeros((1, I + 1), "f"), None, ValueError, "x"),
        ([slot], x[:1].astype("f8"), None, ValueError, "x"),
        ([slot], [[1.0] * I], None, TypeError, "x"),
        ([slot], x[:1], np.zeros((2, H), "f"), ValueError, "y"),
        ([slot], x[:1], read_only, ValueError, "y"),
    ):
        with pytest.raises(error, match=name):
            made.run(chunks, given, y)
    for options, name in (({"slots": 0}, "slots"), ({"max_rows": 9}, "max_rows"), ({"eviction": "all"}, "eviction"),
                          ({"device": "tpu"}, "device"), ({"on_eviction": 3}, "on_eviction")):
        with pytest.raises((ValueError, TypeError), match=name):
            pool(**options)
    for seconds in (float("nan"), -1.0, 1e10):
        with pytest.raises(ValueError, match="seconds"):
            made.evict_idle(seconds)


def test_threads_wait_for_each_other():
    loaded = network()
    made = StatePool(loaded, slots=8, max_rows=1, max_steps=1)
    results = {}

    def run(seed):
        slot, x = made.open(), stream(seed, 50)
        results[seed] = np.concatenate([made.run([slot], x[t:t + 1]) for t in range(50)])

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, y in results.items():
        np.testing.assert_allclose(y, alone(loaded, stream(seed, 50)), **TOLERANCE)
