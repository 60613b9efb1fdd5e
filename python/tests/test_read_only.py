"""Memory that must not be written to stays so wherever a view of it goes."""

import numpy as np
import pytest

import rondo
from rondo import _rondo, as_tensor
from rondo.compat import v1
from rondo.contrib.keras import backend as contrib
from rondo.keras import backend
from sessions_reference import Problem, tensors


def frozen(*shape):
    array = np.ones(shape, np.float32)
    array.flags.writeable = False
    return array


def refuses(array):
    """Whether an array refuses to be written to, by its own words and by deed."""
    if isinstance(array, rondo.Tensor):
        with pytest.raises(ValueError, match="read-only"):
            array.copy_from(rondo.zeros(array.shape))
        return array.read_only
    with pytest.raises(ValueError, match="read-only"):
        array[...] = 0
    return not array.flags.writeable


@pytest.mark.parametrize("writable", [False, True])
def test_a_step_and_its_pullback_see_what_their_caller_said(writable):
    x, state, constant, gradient = (as_tensor(np.ones((1, 2, 3), np.float32) if writable else frozen(1, 2, 3))
                                    for _ in range(4))
    state, constant, gradient = (as_tensor(np.asarray(tensor)[0]) for tensor in (state, constant, gradient))
    seen = []

    def step(inputs, states, constants):
        seen.extend([inputs, *states, *constants])
        return inputs, states, lambda d_output, d_states: (d_output, d_states, [None])

    *_, states, pullback = _rondo.rnn(step, x, [state], constants=[constant], gradients=True, time_major=True)
    gradients = pullback(d_states=[gradient])
    assert [tensor.read_only for tensor in seen[:3]] == [not writable] * 3
    assert [tensor.read_only for tensor in states] == [not writable]  # what the step returned
    assert not gradients["inputs"].read_only
    assert writable or refuses(seen[0])


def test_steps_of_keras_get_arrays_that_cannot_be_written_to():
    seen = []

    def step(x, states):
        seen.extend([x, states[0], states[1]])
        return x, [states[0]]

    given = np.ones((2, 3), np.float32)
    _, outputs, states = backend.rnn(step, frozen(2, 4, 3), [given], constants=[frozen(2, 3)])
    assert len(seen) == 12 and all(map(refuses, seen))
    assert outputs.flags.writeable and states[0].flags.writeable and not np.shares_memory(states[0], given)


class Kept(v1.nn.rnn_cell.RNNCell):
    state_size = output_size = 3
    seen = ()

    def call(self, inputs, state):
        self.seen = [*self.seen, inputs, state]
        return inputs, state


def test_cells_of_tensorflow_1_get_arrays_that_cannot_be_written_to():
    cell, given = Kept(), np.ones((2, 3), np.float32)
    outputs, state = v1.nn.dynamic_rnn(cell, frozen(2, 4, 3), initial_state=given)
    assert len(cell.seen) == 8 and all(map(refuses, cell.seen))
    assert outputs.flags.writeable and state.flags.writeable and not np.shares_memory(state, given)


def test_the_function_of_raw_rnn_gets_arrays_that_cannot_be_written_to():
    cell, seen, x = Kept(), [], frozen(2, 3)

    def loop(time, output, state, _):
        seen.extend([] if output is None else [output, state])
        return np.full(2, time >= 3), x, x if state is None else state, output, None

    emitted, state, _ = v1.nn.raw_rnn(cell, loop)
    assert len(seen) == 6 and all(map(refuses, [*seen, *cell.seen]))
    assert emitted.stack().flags.writeable and state.flags.writeable and not np.shares_memory(state, x)


def test_steps_of_contrib_get_arrays_that_cannot_be_written_to():
    seen, given = [], np.ones((2, 3), np.float32)

    def step(x, states):
        seen.extend([x, *states])
        return x, list(states)

    _, outputs, states = contrib.rnn(step, frozen(2, 4, 3), [given])
    assert len(seen) == 8 and all(map(refuses, seen))
    assert outputs.flags.writeable and states[0].flags.writeable and not np.shares_memory(states[0], given)


def test_weights_of_a_cell_are_what_they_were():
    problem = Problem("lstm", T=2, B=1, I=4, H=4)
    given = tensors(problem.weights)
    given[1] = given[1].as_read_only()
    cell = _rondo.KnownCell(problem.cell, given)
    assert [weight.read_only for weight in cell.weights] == [False, True, False]


def test_a_step_in_place_writes_to_no_read_only_states():
    problem = Problem("gru", T=1, B=2, I=4, H=4)
    layer = _rondo.Layer([_rondo.KnownCell(problem.cell, tensors(problem.weights))])
    with pytest.raises(ValueError, match="states: got .*read-only"):
        layer.step(as_tensor(frozen(2, 4)), [as_tensor(frozen(2, 4))])
    output, states = layer.step(as_tensor(frozen(2, 4)), [as_tensor(np.zeros((2, 4), np.float32))])
    assert np.array_equal(np.asarray(output), np.asarray(states[0]))


def test_views_and_copies():
    tensor = as_tensor(frozen(2, 3))
    assert tensor.swap_axes(0, 1).read_only and tensor.contiguous().read_only and tensor.viewed_as("int32").read_only
    assert not tensor.copy().read_only and not tensor.to("float64").read_only
    assert as_tensor(np.asarray(tensor.swap_axes(0, 1))).read_only  # out to NumPy, and in again
    same = _rondo.unprotected(tensor)
    assert not same.read_only and same.address == tensor.address and tensor.read_only


def test_jax_takes_read_only_memory():
    jax = pytest.importorskip("jax")
    x = jax.numpy.ones((2, 4, 3))
    last, outputs, _ = backend.rnn(lambda inputs, states: (inputs + states[0], [states[0]]), x, [frozen(2, 3)])
    assert isinstance(outputs, jax.Array) and float(last.sum()) == 12


def test_torch_gets_a_copy_of_read_only_memory():
    torch = pytest.importorskip("torch")
    given = frozen(2, 3)
    converted = rondo._arrays.from_tensor(as_tensor(given), "torch")
    converted.zero_()
    assert isinstance(converted, torch.Tensor) and given.sum() == 6
