"""Arguments of calls of layers, and what calls do beside the goldens."""

import threading

import numpy
import pytest
import keras_steps as steps

from rondo.keras import backend, layers

X = numpy.random.RandomState(0).randn(3, 5, 2).astype("float32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_dtypes_and_the_conversion_of_inputs(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    layer = layers.LSTM(4, dtype=dtype)
    wide = layers.LSTM(4, dtype="float64")
    y = layer(X)
    wide.build(X.shape)
    wide.set_weights([weight.astype("float64") for weight in layer.get_weights()])
    assert y.dtype == dtype and numpy.abs(y.astype("float64") - wide(X)).max() < {"float16": 2e-3,
                                                                                  "bfloat16": 2e-2}.get(dtype, 1e-6)
    with pytest.raises(ValueError, match="states|initial_state"):
        layer(X, initial_state=[numpy.zeros((3, 4), "float32")] * 2)


@pytest.mark.parametrize("own", [False, True])
def test_lengths_are_a_mask_and_resets_begin_pieces(own):
    layer = (layers.RNN(steps.MinimalRNNCell(3), return_sequences=True, return_state=True) if own else
             layers.SimpleRNN(3, activation="linear", return_sequences=True, return_state=True))
    lengths = numpy.array([5, 2, 0], "int32")
    mask = numpy.arange(5) < lengths[:, None]
    for given, expected in zip(layer(X, lengths=lengths), layer(X, mask=mask)):
        assert (given == expected).all()
    resets = numpy.zeros((3, 5), bool)
    resets[:, 3] = True
    start = numpy.full(3, 0.5, "float32")
    y, state = layer(X, resets=resets, reset_state=[start])
    piece, last = layer(X[:, 3:], initial_state=numpy.tile(start, (3, 1)))
    assert numpy.abs(y[:, 3:] - piece).max() < 1e-6 and numpy.abs(state - last).max() < 1e-6
    with pytest.raises(ValueError, match="lengths and mask"):
        layer(X, lengths=lengths, mask=mask)


@pytest.mark.parametrize("make", [lambda **given: layers.LSTM(3, **given),
                                  lambda **given: layers.RNN(steps.NestedStateCell(3), **given)])
def test_a_stateful_layer(make):
    whole, parts = make(return_sequences=True), make(return_sequences=True, stateful=True, batch_input_shape=(3, None,
                                                                                                              2))
    y = whole(X)
    parts.build(X.shape)
    parts.set_weights(whole.get_weights())
    parts.reset_states()  # the batch size is known
    for _ in range(2):
        assert numpy.abs(numpy.concatenate([parts(X[:, :2]), parts(X[:, 2:])], 1) - y).max() < 1e-6
        saved = parts.states
        parts.reset_states()
    parts.reset_states(saved)
    assert all((a == b).all() for a, b in zip(backend._nest.flatten(parts.states), backend._nest.flatten(saved)))
    with pytest.raises(ValueError, match="batch size"):
        parts(X[:2])
    with pytest.raises(ValueError, match="states"):
        parts.reset_states([saved[0]])
    with pytest.raises(AttributeError, match="stateful"):
        whole.reset_states()
    with pytest.raises(ValueError, match="batch size"):
        make(stateful=True).reset_states()


class CellWithConstants(steps.MinimalRNNCell):
    def call(self, inputs, states, constants, training=None):
        self.trained = training
        output, states = super().call(inputs, states)
        return output + constants[0], [states[0] + constants[0]]


@pytest.mark.parametrize("stacked", [False, True])
def test_constants_and_training_reach_the_cells_that_take_them(stacked):
    cell = CellWithConstants(3)
    layer = layers.RNN([cell, layers.LSTMCell(3)] if stacked else cell, return_sequences=True)
    zeros, ones = (numpy.full((3, 3), value, "float32") for value in (0, 1))
    without = layer(X, constants=[zeros], training=True)
    assert cell.trained is True
    assert numpy.abs(layer(X, constants=[ones]) - without).max() > 1e-3
    with pytest.raises(ValueError, match="does not support constants"):
        layers.LSTM(3)(X, constants=[ones])


def test_many_threads_call_a_layer():
    layer = layers.LSTM(8)
    results = [None] * 8

    def call(k):
        results[k] = [layer(X) for _ in range(20)]
    threads = [threading.Thread(target=call, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(layer.weights) == 3 and all((y == results[0][0]).all() for ys in results for y in ys)


@pytest.mark.parametrize("cells", [lambda: layers.GRUCell(3), lambda: [layers.LSTMCell(3), layers.GRUCell(2)]])
def test_a_cell_alone_gives_what_its_layer_gives(cells):
    layer = layers.RNN(cells(), return_sequences=True, return_state=True)
    y, *states = layer(X)
    cell = layer.cell
    carried = cell.get_initial_state(batch_size=3, dtype="float32")
    for t in range(5):
        output, carried = cell(X[:, t], carried if isinstance(carried, (list, tuple)) else [carried])
        assert numpy.abs(output - y[:, t]).max() < 1e-6
    for one, other in zip(backend._nest.flatten(carried), backend._nest.flatten(states)):
        assert numpy.abs(one - other).max() < 1e-6


def test_a_pullback_for_numpy():
    layer = layers.LSTM(3, return_state=True, dtype="float64")
    state = [numpy.random.RandomState(k).randn(3, 3) for k in range(2)]
    y, states, pullback = layer.call_with_pullback(X, initial_state=state)
    given = numpy.random.RandomState(4).randn(*y.shape)
    gradients = pullback(given)
    epsilon = 1e-6
    for k, name in enumerate(["kernel", "recurrent_kernel", "bias"]):
        weights = layer.get_weights()
        index = tuple(0 for _ in weights[k].shape)
        values = []
        for sign in (1, -1):
            weights[k][index] += sign * epsilon
            layer.set_weights(weights)
            values.append((layer(X, initial_state=state)[0] * given).sum())
            weights[k][index] -= sign * epsilon
        layer.set_weights(weights)
        assert abs((values[0] - values[1]) / (2 * epsilon) - gradients["weights"][k][index]) < 1e-7, name
    assert gradients["inputs"].shape == X.shape and [g.shape for g in gradients["initial_state"]] == [(3, 3)] * 2
    with pytest.raises(ValueError, match="cells that Rondo knows"):
        layers.RNN(steps.MinimalRNNCell(3)).call_with_pullback(X)


def test_explain():
    layer = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])
    with pytest.raises(ValueError, match="without weights"):
        layer.explain(5, 3)
    layer(X)
    assert "cpu_" in layer.explain(5, 3) and layer.explain(5, 3, masked=True).count("H=") == 2
    own = layers.RNN(steps.MinimalRNNCell(3))
    own(X)
    assert "step by step" in own.explain(5, 3)


def test_jax_arrays():
    jax = pytest.importorskip("jax")
    x = jax.numpy.asarray(X)
    layer = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    own = layers.RNN(steps.MinimalRNNCell(3))
    for made in (layer, own):
        y = made(x)
        assert isinstance(y, jax.Array) and numpy.abs(numpy.asarray(y) - made(X)).max() < 1e-6
