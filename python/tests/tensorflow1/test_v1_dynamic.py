"""dynamic_rnn and its relatives with cells of the user's own, other libraries, resets and wrong arguments."""

import numpy as np
import pytest

from rondo import as_tensor, from_tensor
from rondo.compat import v1
from rondo.compat.v1.nn import rnn_cell

B, T, I, H = 3, 6, 2, 4  # noqa: E741
X = np.random.default_rng(3).normal(size=(B, T, I)).astype(np.float32)
LENGTHS = [6, 0, 4]


class OwnCell(rnn_cell.RNNCell):
    """A cell of the user's own, in any library: h' = (x kernel + h) / 2."""

    state_size = output_size = H

    def build(self, inputs_shape):
        self.kernel = self.add_weight("kernel", (inputs_shape[-1], H))

    def call(self, inputs, state):
        library = type(inputs).__module__.partition(".")[0]
        kernel = from_tensor(as_tensor(self.kernel), {"jaxlib": "jax"}.get(library, library))
        new = (inputs @ kernel + state) / 2
        return new, new


def cells():
    return [rnn_cell.GRUCell(H), rnn_cell.LSTMCell(H, num_proj=3), OwnCell(),
            rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(H), OwnCell(), rnn_cell.BasicRNNCell(2)]),
            rnn_cell.DropoutWrapper(rnn_cell.GRUCell(H)), rnn_cell.DeviceWrapper(rnn_cell.LSTMCell(H), "/cpu:0"),
            rnn_cell.ResidualWrapper(rnn_cell.GRUCell(I))]


def by_hand(cell, x, lengths=None, resets=None, reverse=False):
    """dynamic_rnn's rules in NumPy, with the steps of the cell."""
    leaves, rebuild = flat(cell.zero_state(B, np.float32))
    outputs = []
    for s in range(T):
        t = T - 1 - s if reverse else s
        mark = np.zeros(B, bool) if resets is None else (
            resets[:, t] if not reverse else (resets[:, t + 1] if t + 1 < T else np.zeros(B, bool)))
        live = np.ones(B, bool) if lengths is None else t < np.asarray(lengths)
        if reverse and lengths is not None:
            mark = mark & (t + 1 < np.asarray(lengths))
        leaves = [np.where((mark & live)[:, None], 0, leaf).astype(np.float32) for leaf in leaves]
        output, new = cell(x[:, t], rebuild(leaves))
        outputs.append(np.where(live[:, None], output, 0))
        leaves = [np.where(live[:, None], after, before) for after, before in zip(flat(new)[0], leaves)]
    return np.stack(outputs[::-1] if reverse else outputs, 1), leaves


def flat(state):
    if not isinstance(state, tuple):
        return [state], lambda leaves: leaves[0]
    parts = [flat(child) for child in state]

    def rebuild(leaves):
        made, begin = [], 0
        for part, build in parts:
            made.append(build(leaves[begin:begin + len(part)]))
            begin += len(part)
        return type(state)(*made) if hasattr(state, "_fields") else tuple(made)

    return [leaf for part, _ in parts for leaf in part], rebuild


def close(actual, expected):
    return np.allclose(np.asarray(actual), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("cell", cells(), ids=lambda cell: type(cell).__name__)
def test_dynamic_rnn_is_the_loop_of_steps(cell, lengths):
    outputs, state = v1.nn.dynamic_rnn(cell, X, lengths, dtype=np.float32)
    expected, leaves = by_hand(cell, X, lengths)
    assert close(outputs, expected) and type(outputs) is np.ndarray
    assert all(close(*pair) for pair in zip(flat(state)[0], leaves))
    major, _ = v1.nn.dynamic_rnn(cell, X.swapaxes(0, 1), lengths, dtype="float32", time_major=True,
                                 parallel_iterations=2)
    assert close(major.swapaxes(0, 1), expected)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("cell", cells(), ids=lambda cell: type(cell).__name__)
def test_resets_begin_a_piece(cell, lengths):
    resets = np.zeros((B, T), bool)
    resets[0, [0, 3]] = resets[2, [2, 5]] = True
    outputs, state = v1.nn.dynamic_rnn(cell, X, lengths, dtype=np.float32, resets=resets)
    expected, leaves = by_hand(cell, X, lengths, resets)
    assert close(outputs, expected) and all(close(*pair) for pair in zip(flat(state)[0], leaves))
    (forward, backward), states = v1.nn.bidirectional_dynamic_rnn(cell, cell, X, lengths, dtype=np.float32,
                                                                  resets=resets)
    turned, leaves = by_hand(cell, X, lengths, resets, reverse=True)
    assert close(forward, expected) and close(backward, turned)
    assert all(close(*pair) for pair in zip(flat(states[1])[0], leaves))


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: type(cell).__name__)
def test_bidirectional_rows_are_reversed_within_their_lengths(cell):
    (forward, backward), (state_fw, state_bw) = v1.nn.bidirectional_dynamic_rnn(cell, cell, X, LENGTHS,
                                                                                dtype=np.float32)
    assert close(forward, by_hand(cell, X, LENGTHS)[0])
    expected, leaves = by_hand(cell, X, LENGTHS, reverse=True)
    assert close(backward, expected) and all(close(*pair) for pair in zip(flat(state_bw)[0], leaves))


@pytest.mark.parametrize("lengths",
                         [np.array(LENGTHS, dtype) for dtype in ("i1", "u1", "i2", "u4", "i4", "i8", "u8", ">i4")]
                         + [LENGTHS, tuple(LENGTHS), [100, -5, 4]])
def test_lengths_are_integers_of_any_size_and_clamped(lengths):
    cell = rnn_cell.GRUCell(H)
    assert close(v1.nn.dynamic_rnn(cell, X, lengths, dtype=np.float32)[0],
                 v1.nn.dynamic_rnn(cell, X, np.array(LENGTHS), dtype=np.float32)[0])


@pytest.mark.parametrize("cell", cells(), ids=lambda cell: type(cell).__name__)
def test_results_are_of_the_library_of_the_inputs(cell):
    expected = np.asarray(v1.nn.dynamic_rnn(cell, X, LENGTHS, dtype=np.float32)[0])
    for library in ("torch", "jax"):
        try:
            x = from_tensor(as_tensor(X.copy()), library)
        except ImportError:
            continue
        outputs, state = v1.nn.dynamic_rnn(cell, x, LENGTHS, dtype=x.dtype)
        assert type(outputs) is type(x) and all(type(leaf) is type(x) for leaf in flat(state)[0])
        assert close(as_tensor(outputs), expected)


def test_an_initial_state_replaces_dtype():
    cell = rnn_cell.BasicLSTMCell(H)
    state = rnn_cell.LSTMStateTuple(*np.random.default_rng(1).normal(size=(2, B, H)).astype(np.float32))
    outputs, after = v1.nn.dynamic_rnn(cell, X, initial_state=state)
    output, expected = cell(X[:, 0], state)
    assert close(outputs[:, 0], output) and isinstance(after, rnn_cell.LSTMStateTuple)


def test_a_cell_with_an_initial_state_of_its_own():
    class Ones(OwnCell):
        def zero_state(self, batch_size, dtype):
            return np.ones((batch_size, H), dtype)

    cell = Ones()
    outputs, _ = v1.nn.dynamic_rnn(cell, X, dtype=np.float32)
    assert close(outputs[:, 0], (X[:, 0] @ cell.kernel + 1) / 2)


class Failing(OwnCell):
    def call(self, inputs, state):
        raise KeyError("the cell's own")


def test_errors_of_a_cell_pass_through_unchanged():
    with pytest.raises(KeyError, match="the cell's own"):
        v1.nn.dynamic_rnn(Failing(), X, dtype=np.float32)


@pytest.mark.parametrize("change, error, pattern", [
    ({"cell": None}, TypeError, "cell.*is not an RNNCell"),
    ({"cell": rnn_cell.GRUCell}, TypeError, "is not an RNNCell"),
    ({"cell": lambda x, state: None}, TypeError, "'output_size' property is missing"),
    ({"inputs": None}, ValueError, "inputs: got None"), ({"inputs": []}, ValueError, "inputs: got"),
    ({"inputs": [[1.0]]}, TypeError, "inputs: got a float"), ({"inputs": X[0]}, ValueError, "inputs"),
    ({"inputs": (X, X)}, ValueError, "inputs: got a tree"), ({"inputs": X.astype(np.float64)}, ValueError, "f64"),
    ({"dtype": None}, ValueError, "you must give a dtype"), ({"dtype": np.float64}, ValueError, "dtype"),
    ({"dtype": np.int32}, ValueError, "."), ({"sequence_length": [1, 2]}, ValueError, "sequence_length"),
    ({"sequence_length": [1.0, 2.0, 3.0]}, ValueError, "sequence_length"),
    ({"sequence_length": "abc"}, ValueError, "sequence_length"),
    ({"initial_state": np.zeros((B, H + 1), np.float32)}, ValueError, "initial_state"),
    ({"initial_state": (np.zeros((B, H), np.float32),) * 2}, ValueError, "initial_state"),
    ({"parallel_iterations": -1}, ValueError, "parallel_iterations"),
    ({"resets": np.zeros((T, B), bool)}, ValueError, "resets"), ({"resets": 3}, TypeError, "resets: got a int")])
def test_wrong_arguments_are_named(change, error, pattern):
    arguments = {"cell": rnn_cell.GRUCell(H, dtype=np.float32), "inputs": X, "dtype": np.float32, **change}
    with pytest.raises(error, match=pattern):
        v1.nn.dynamic_rnn(**arguments)


def test_a_length_that_cannot_be_reversed():
    cell, resets = rnn_cell.GRUCell(H), np.zeros((B, T), bool)
    for more in ({}, {"resets": resets}):
        for wrong in ([1, 2, 7], [1, -1, 2]):
            with pytest.raises(ValueError, match="sequence_length"):
                v1.nn.bidirectional_dynamic_rnn(cell, cell, X, wrong, dtype=np.float32, **more)


def test_dropout_keeps_the_mean_and_spares_c():
    cell = rnn_cell.DropoutWrapper(rnn_cell.BasicLSTMCell(8), state_keep_prob=0.5, output_keep_prob=0.25, seed=1)
    plain = cell.wrapped_cell
    x = np.ones((400, 3), np.float32)
    state = rnn_cell.LSTMStateTuple(*np.ones((2, 400, 8), np.float32))
    expected, after = plain(x, state)
    output, dropped = cell(x, state)
    assert np.array_equal(dropped.c, after.c)
    assert set(np.unique(np.round(output / expected, 3))) == {0, 4} and 0.2 < (output != 0).mean() < 0.3
    assert set(np.unique(np.round(dropped.h / after.h, 3))) == {0, 2} and 0.45 < (dropped.h != 0).mean() < 0.55
    assert v1.nn.dynamic_rnn(cell, x[:, None], dtype=np.float32)[0].shape == (400, 1, 8)
    fixed = rnn_cell.DropoutWrapper(plain, output_keep_prob=0.5, variational_recurrent=True, dtype=np.float32, seed=1)
    assert np.array_equal(fixed(x, state)[0], fixed(x, state)[0])


def test_a_device_wrapper_moves_nothing():
    cell = rnn_cell.DeviceWrapper(rnn_cell.GRUCell(H), "/gpu:0")
    with pytest.raises(ValueError, match="expected arrays on /gpu:0"):
        v1.nn.dynamic_rnn(cell, X, dtype=np.float32)


def test_a_subclass_of_a_known_cell_with_a_step_of_its_own():
    class Doubled(rnn_cell.GRUCell):
        def call(self, inputs, state):
            output, new = super().call(inputs, state)
            return 2 * output, new

    cell = Doubled(H)
    assert close(v1.nn.dynamic_rnn(cell, X, dtype=np.float32)[0], by_hand(cell, X)[0])
