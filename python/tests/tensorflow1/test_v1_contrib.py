"""rondo.contrib.keras.backend.rnn, and the errors of raw_rnn."""

import numpy as np
import pytest

from rondo import as_tensor, from_tensor
from rondo.compat import v1
from rondo.compat.v1.nn import rnn_cell
from rondo.contrib.keras import backend

X = np.random.default_rng(0).normal(size=(2, 5, 3))
H0 = np.random.default_rng(1).normal(size=(2, 3))


def step(x, states):
    new = 0.5 * states[0] + x
    return new, [new]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("rank", [2, 3])
def test_a_masked_row_emits_its_first_state_as_it_was(backwards, rank):
    mask = np.array([[0, 1, 0, 1, 1], [1, 1, 0, 0, 0]])
    last, outputs, (state,) = backend.rnn(step, X, H0, go_backwards=backwards,
                                          mask=mask if rank == 2 else mask[..., None])
    h, expected = H0.copy(), []
    for t in (range(4, -1, -1) if backwards else range(5)):
        live = mask[:, t, None] != 0
        h = np.where(live, 0.5 * h + X[:, t], h)
        expected.append(h)
    assert np.allclose(outputs, np.stack(expected, 1), rtol=1e-12) and np.allclose(last, expected[-1], rtol=1e-12)
    assert np.allclose(state, h, rtol=1e-12) and type(outputs) is np.ndarray


@pytest.mark.parametrize("unroll", [False, True])
def test_constants_follow_the_states(unroll):
    seen = []

    def with_constants(x, states):
        seen.append(len(states))
        return states[0] + x * states[1], [states[0] + x * states[1]]

    factor = np.full((2, 3), 3.0)
    last, _, _ = backend.rnn(with_constants, X, [H0], constants=[factor], unroll=unroll)
    assert np.allclose(last, H0 + 3 * X.sum(axis=1), rtol=1e-12) and seen == [2] * 5


def test_torch_goes_in_and_out():
    torch = pytest.importorskip("torch")
    x, h = (from_tensor(as_tensor(array), "torch") for array in (X, H0))
    last, outputs, states = backend.rnn(step, x, [h])
    assert all(isinstance(result, torch.Tensor) for result in (last, outputs, *states))
    assert np.allclose(as_tensor(last), backend.rnn(step, X, [H0])[0], rtol=1e-12)


@pytest.mark.parametrize("change, error, pattern", [
    ({"inputs": X[0]}, ValueError, "inputs"),
    ({"mask": np.ones((2, 5)), "initial_states": []}, ValueError, "mask|states"),
    ({"mask": np.ones((5, 2))}, ValueError, "mask"), ({"step_function": None}, TypeError, "step_function"),
    ({"step_function": lambda x, states: x}, TypeError, "step_function"), ({"inputs": [1.0]}, TypeError, "inputs"),
    ({"initial_states": [H0[:1]]}, ValueError, "states"),
    ({"step_function": lambda x, states: (x, [])}, ValueError, "."),
    ({"step_function": lambda x, states: (x, [x[:, :2]])}, ValueError, "."),
    ({"step_function": lambda x, states: 1 / 0}, ZeroDivisionError, ".")])
def test_wrong_arguments(change, error, pattern):
    with pytest.raises(error, match=pattern):
        backend.rnn(**{"step_function": step, "inputs": X, "initial_states": [H0], **change})


def loop(time, output, state, loop_state):
    """Two steps of a cell of three units, with a count as loop state."""
    return (np.full(2, time >= 2), X[:, min(time, 4)], np.zeros((2, 3)) if state is None else state, output,
            {"count": time})


def test_a_loop_state_is_any_object():
    cell = rnn_cell.GRUCell(3)
    emissions, state, loop_state = v1.nn.raw_rnn(cell, loop)
    assert emissions.size() == len(emissions) == 2 and loop_state == {"count": 2}
    first, h = cell(X[:, 0], np.zeros((2, 3)))
    second, h = cell(X[:, 1], h)
    assert np.allclose(emissions.stack(), np.stack([first, second])) and np.allclose(emissions.read(1), second)
    assert np.allclose(state, h)


@pytest.mark.parametrize("cell, function, error, pattern", [
    (None, loop, TypeError, "is not an RNNCell"), (rnn_cell.GRUCell(3), None, TypeError, "loop_fn must be a callable"),
    (rnn_cell.GRUCell(3), lambda *a: None, TypeError, "loop_fn: got"),
    (rnn_cell.GRUCell(3), lambda *a: (np.zeros(2, bool), None, None, None, None), ValueError, "next_input"),
    (rnn_cell.GRUCell(3), lambda *a: (np.zeros(2), *loop(*a)[1:]), ValueError, "elements_finished"),
    (rnn_cell.GRUCell(3), lambda *a: (*loop(*a)[:2], np.zeros((2, 4)), *loop(*a)[3:]), ValueError, "state")])
def test_what_raw_rnn_refuses(cell, function, error, pattern):
    with pytest.raises(error, match=pattern):
        v1.nn.raw_rnn(cell, function)
