"""Many calls leave the memory of the process as it was."""

import gc

import numpy as np
import pytest

import rondo
from rondo import _rondo, as_tensor
from sessions_reference import Problem, tensors

CALLS = 100_000
MOST = 2**20  # bytes that memory may grow by
pytestmark = pytest.mark.slow


def resident_bytes():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def growth(call, count):
    """By how much the memory grows in `count` calls: the least of three rounds, for a leak grows in each of them."""
    for _ in range(count // 10):
        call()
    rounds = []
    while len(rounds) < 3 and min(rounds, default=MOST) >= MOST:
        before = resident_bytes()
        for _ in range(count):
            call()
        rounds.append(resident_bytes() - before)
    return min(rounds)


def test_runs_of_a_session():
    problem = Problem("lstm", T=1, B=1, I=4, H=4)
    bound = problem.bind()
    assert growth(lambda: problem.session.run(bound), CALLS) < MOST


def test_binding_tensors():
    problem = Problem("lstm", T=1, B=1, I=4, H=4)
    assert growth(lambda: problem.session.run(problem.bind()), CALLS) < MOST


def test_calls_of_a_layer():
    problem = Problem("lstm", T=2, B=1, I=4, H=4)
    layer = _rondo.Layer([_rondo.KnownCell(problem.cell, tensors(problem.weights))], return_state=True, time_major=True)
    assert growth(lambda: layer(as_tensor(problem.x)), CALLS) < MOST


def test_errors():
    wrong = np.zeros(3, ">f4")

    def call():
        with pytest.raises(ValueError):
            as_tensor(wrong, "x")

    assert growth(call, CALLS) < MOST


def test_steps_of_python_and_pullbacks():
    x = as_tensor(np.ones((1, 2, 3), np.float32))

    def step(inputs, states, constants):
        return inputs, states, lambda d_output, d_states: (d_output, d_states, [])

    def call():
        *_, pullback = _rondo.rnn(step, x, [as_tensor(np.zeros((1, 3), np.float32))], gradients=True)
        pullback(d_last_output=as_tensor(np.ones((1, 3), np.float32)))

    assert growth(call, CALLS) < MOST


def test_calls_of_a_layer_of_keras():
    layer, x = rondo.keras.layers.GRU(4, seed=1), np.ones((1, 2, 3), np.float32)
    assert growth(lambda: layer(x, lengths=np.array([1], np.int32)), CALLS) < MOST


def test_a_leak_is_found():
    kept = []
    assert growth(lambda: kept.append(rondo.zeros((4,))), CALLS) > MOST


@pytest.mark.parametrize("gradients, count", [(False, CALLS), (True, CALLS // 10)])
def test_calls_of_a_module_of_torch(gradients, count):
    torch = pytest.importorskip("torch")
    module, x = rondo.torch.LSTM(3, 4), torch.ones(2, 1, 3)

    def call():
        with torch.set_grad_enabled(gradients):
            y, _ = module(x)
        if gradients:
            y.sum().backward()

    assert growth(call, count) < MOST
