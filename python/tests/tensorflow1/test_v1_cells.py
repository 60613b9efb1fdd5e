"""The cells of rondo.compat.v1.nn.rnn_cell: their weights, and their steps against formulas in NumPy float64."""

import numpy as np
import pytest

from rondo.compat.v1.nn import rnn_cell
from v1_steps import sigmoid

RANDOM = np.random.default_rng(5)


def drawn(*shape):
    return RANDOM.normal(0, 0.5, shape)


def filled(cell, depth=3, dtype="float64"):
    """The cell, built, with random weights."""
    cell(np.zeros((1, depth), dtype), cell.zero_state(1, dtype))
    cell.set_weights([drawn(*weight.shape) for weight in cell.get_weights()])
    return cell


SHAPES = [
    (rnn_cell.BasicRNNCell(4), [(7, 4), (4,)]), (rnn_cell.GRUCell(4), [(7, 8), (8,), (7, 4), (4,)]),
    (rnn_cell.BasicLSTMCell(4), [(7, 16), (16,)]), (rnn_cell.LSTMCell(4), [(7, 16), (16,)]),
    (rnn_cell.LSTMCell(4, use_peepholes=True, num_proj=2), [(5, 16), (16,), (4,), (4,), (4,), (4, 2)]),
    (rnn_cell.MultiRNNCell([rnn_cell.GRUCell(2), rnn_cell.BasicRNNCell(4)]),
     [(5, 4), (4,), (5, 2), (2,), (6, 4), (4,)])]


@pytest.mark.parametrize("cell, shapes", SHAPES)
def test_weights_are_made_at_the_first_call_in_tensorflows_order(cell, shapes):
    assert cell.weights == []
    cell(np.zeros((2, 3), np.float32), cell.zero_state(2, "float32"))
    assert [weight.shape for weight in cell.weights] == shapes
    assert all(weight.dtype == np.float32 and not weight.flags.writeable for weight in cell.weights)
    kept = cell.get_weights()
    cell(np.zeros((5, 3), np.float32), cell.zero_state(5, np.float32))
    assert all(np.array_equal(a, b) for a, b in zip(kept, cell.get_weights()))


def test_initial_weights_are_tensorflows():
    cell = filled_by_default(rnn_cell.LSTMCell(64, use_peepholes=True), 32)
    kernel, bias, *diagonals = cell.get_weights()
    limit = np.sqrt(6 / (96 + 256))
    assert 0.95 * limit < np.abs(kernel).max() <= limit and abs(kernel.mean()) < 0.01 * limit * 3 and not bias.any()
    assert all(np.abs(diagonal).max() <= np.sqrt(6 / 128) for diagonal in diagonals)
    gates_bias, candidate_bias = (filled_by_default(rnn_cell.GRUCell(4), 3).get_weights()[k] for k in (1, 3))
    assert (gates_bias == 1).all() and not candidate_bias.any()
    cell = filled_by_default(rnn_cell.GRUCell(2, kernel_initializer=lambda shape, dtype: np.full(shape, 3, dtype),
                                              bias_initializer=lambda shape, dtype: np.full(shape, 5, dtype)), 3)
    assert [set(weight.ravel()) for weight in cell.get_weights()] == [{3}, {5}, {3}, {5}]


def filled_by_default(cell, depth):
    cell(np.zeros((1, depth), np.float32), cell.zero_state(1, np.float32))
    return cell


def test_set_weights_refuses_another_number_or_shape():
    cell = rnn_cell.BasicLSTMCell(4)
    with pytest.raises(ValueError, match="expecting 0 weights"):
        cell.set_weights([np.zeros((7, 16)), np.zeros(16)])
    filled(cell)
    with pytest.raises(ValueError, match="expecting 2 weights"):
        cell.set_weights([np.zeros((7, 16))])
    with pytest.raises(ValueError, match=r"\(16,\) not compatible with provided weight shape \(15,\)"):
        cell.set_weights([np.zeros((7, 16)), np.zeros(15)])


def test_set_weights_takes_effect_at_the_next_call():
    cell, x = filled(rnn_cell.BasicRNNCell(2)), drawn(2, 3)
    before = cell(x, np.zeros((2, 2)))[0]
    cell.set_weights([2 * weight for weight in cell.get_weights()])
    kernel, bias = cell.get_weights()
    after = cell(x, np.zeros((2, 2)))[0]
    assert not np.allclose(before, after) and np.allclose(after, np.tanh(x @ kernel[:3] + bias), rtol=1e-12)


def test_a_step_of_basic_rnn_and_gru():
    x, h = drawn(2, 3), drawn(2, 4)
    cell = filled(rnn_cell.BasicRNNCell(4, activation="relu"))
    kernel, bias = cell.get_weights()
    output, state = cell(x, h)
    assert np.allclose(output, np.maximum(0, np.concatenate([x, h], 1) @ kernel + bias), rtol=1e-12, atol=1e-14)
    assert np.array_equal(output, state)
    cell = filled(rnn_cell.GRUCell(4))
    gates_kernel, gates_bias, kernel, bias = cell.get_weights()
    r, u = np.split(sigmoid(np.concatenate([x, h], 1) @ gates_kernel + gates_bias), 2, axis=1)
    candidate = np.tanh(np.concatenate([x, r * h], 1) @ kernel + bias)
    assert np.allclose(cell(x, h)[0], u * h + (1 - u) * candidate, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("tupled", [True, False])
def test_a_step_of_an_lstm_with_all_that_it_can_have(tupled):
    cell = filled(rnn_cell.LSTMCell(4, use_peepholes=True, cell_clip=0.4, num_proj=2, proj_clip=0.2, forget_bias=0.7,
                                    state_is_tuple=tupled))
    kernel, bias, w_f, w_i, w_o, projection = cell.get_weights()
    x, c, h = drawn(3, 3), drawn(3, 4), drawn(3, 2)
    i, j, f, o = np.split(np.concatenate([x, h], 1) @ kernel + bias, 4, axis=1)
    new_c = np.clip(sigmoid(f + 0.7 + w_f * c) * c + sigmoid(i + w_i * c) * np.tanh(j), -0.4, 0.4)
    new_h = np.clip(sigmoid(o + w_o * new_c) * np.tanh(new_c) @ projection, -0.2, 0.2)
    output, state = cell(x, rnn_cell.LSTMStateTuple(c, h) if tupled else np.concatenate([c, h], 1))
    assert np.allclose(output, new_h, rtol=1e-12, atol=1e-14) and cell.output_size == 2
    if tupled:
        assert isinstance(state, rnn_cell.LSTMStateTuple) and cell.state_size == rnn_cell.LSTMStateTuple(4, 2)
        state = np.concatenate(state, 1)
    assert np.allclose(state, np.concatenate([new_c, new_h], 1), rtol=1e-12, atol=1e-14)


def test_zero_state_has_the_structure_of_state_size():
    cell = rnn_cell.MultiRNNCell([rnn_cell.LSTMCell(4, num_proj=2), rnn_cell.GRUCell(3)])
    (c, h), s = state = cell.zero_state(5, np.float64)
    assert isinstance(state, tuple) and isinstance(state[0], rnn_cell.LSTMStateTuple)
    assert [c.shape, h.shape, s.shape] == [(5, 4), (5, 2), (5, 3)] and c.dtype == np.float64 and not c.any()
    assert rnn_cell.GRUCell(3).get_initial_state(np.zeros((2, 7), np.float32)).shape == (2, 3)
    with pytest.raises(ValueError, match="batch_size and dtype cannot be None"):
        rnn_cell.GRUCell(3).get_initial_state(batch_size=2)
    assert rnn_cell.LSTMStateTuple(c, c).dtype == np.float64
    with pytest.raises(TypeError, match="Inconsistent"):
        rnn_cell.LSTMStateTuple(c, c.astype(np.float32)).dtype


@pytest.mark.parametrize("make, error, pattern", [
    (lambda: rnn_cell.GRUCell(0), ValueError, "num_units"), (lambda: rnn_cell.GRUCell("4"), TypeError, "integer"),
    (lambda: rnn_cell.GRUCell(4, activation=np.tanh), TypeError, "activation"),
    (lambda: filled(rnn_cell.GRUCell(4, activation="softmax")), ValueError, "softmax"),
    (lambda: rnn_cell.GRUCell(4, units=3), TypeError, "units"),
    (lambda: rnn_cell.MultiRNNCell([]), ValueError, "at least one"),
    (lambda: rnn_cell.MultiRNNCell(rnn_cell.GRUCell(4)), TypeError, "list or tuple"),
    (lambda: rnn_cell.MultiRNNCell([rnn_cell.LSTMCell(4)], state_is_tuple=False), ValueError, "state_is_tuple"),
    (lambda: rnn_cell.DropoutWrapper(rnn_cell.GRUCell(4), input_keep_prob=1.5), ValueError, "input_keep_prob"),
    (lambda: rnn_cell.DropoutWrapper(rnn_cell.GRUCell(4), variational_recurrent=True), ValueError,
     "dtype must be provided"),
    (lambda: rnn_cell.RNNCell().state_size, NotImplementedError, "Abstract")])
def test_what_cells_refuse(make, error, pattern):
    with pytest.raises(error, match=pattern):
        make()


def test_the_first_inputs_decide_the_depth_and_the_dtype():
    cell = filled(rnn_cell.GRUCell(4))
    assert all(weight.dtype == np.float64 for weight in cell.weights)
    for wrong in (np.zeros((2, 4)), np.zeros((2, 3), np.float32)):
        with pytest.raises(ValueError):
            cell(wrong, np.zeros((2, 4)))
    assert rnn_cell.GRUCell(4, dtype=np.float64).dtype == "float64"
