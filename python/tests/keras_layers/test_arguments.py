"""Arguments of layers and of their calls, and the errors for wrong ones."""

import threading

import numpy
import pytest
import keras_steps as steps

from rondo import keras
from rondo.keras import activations, backend, initializers, layers

X = numpy.random.RandomState(0).randn(3, 5, 2).astype("float32")
KINDS = [layers.LSTM, layers.GRU, layers.SimpleRNN, layers.MGU]


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_makes_the_same_layer(kind):
    layer = kind(4, activation="relu", use_bias=False, return_sequences=True, go_backwards=True, dtype="float64",
                 seed=3,
                 kernel_initializer=initializers.RandomNormal(stddev=0.3, seed=1), recurrent_initializer="ones",
                 name="mine")
    y = layer(X)
    again = kind.from_config(layer.get_config())
    assert (again(X) == y).all() and again.name == "mine" and y.dtype == "float64"
    assert again.get_config() == layer.get_config() and again.units == 4


def test_weights_begin_as_keras_has_them():
    lstm = layers.LSTM(3)
    lstm.build((None, None, 2))
    kernel, recurrent_kernel, bias = lstm.get_weights()
    assert (bias == numpy.repeat([0, 1, 0, 0], 3)).all()
    assert numpy.abs(recurrent_kernel @ recurrent_kernel.T - numpy.eye(3)).max() < 1e-6
    limit = numpy.sqrt(6 / (2 + 12))
    assert numpy.abs(kernel).max() <= limit and kernel.std() > limit / 4
    assert [weight.shape for weight in layers.GRU(3)(keras.Input((None, 2))) and _built(layers.GRU(3)).weights] == [
        (2, 9), (3, 9), (2, 9)]
    assert _built(layers.GRU(3, reset_after=False)).get_weights()[2].shape == (9,)


def _built(layer):
    layer.build((None, None, 2))
    return layer


def test_set_weights_changes_the_next_call_and_nothing_else_writes():
    layer = layers.LSTM(3)
    before = layer(X)
    layer.set_weights([weight * 2 for weight in layer.get_weights()])
    assert numpy.abs(layer(X) - before).max() > 1e-3
    with pytest.raises(ValueError, match="read-only"):
        layer.cell.kernel[0] = 0
    with pytest.raises(ValueError, match="expecting 3 weights"):
        layer.set_weights([])
    with pytest.raises(ValueError, match="not compatible with provided weight shape"):
        layer.set_weights(layer.get_weights()[::-1])


def test_seeds():
    keras.utils.set_random_seed(5)
    first = _built(layers.LSTM(3)).get_weights()[0]
    keras.utils.set_random_seed(5)
    assert (_built(layers.LSTM(3)).get_weights()[0] == first).all()
    assert (_built(layers.LSTM(3)).get_weights()[0] != first).any()
    drops = layers.LSTM(3, dropout=0.5, seed=1)
    assert (drops(X, training=True) != drops(X, training=True)).any() and (drops(X) == drops(X)).all()


@pytest.mark.parametrize("name, deviation", [("glorot_normal", (2 / 1200) ** 0.5), ("he_normal", (2 / 400) ** 0.5),
                                             ("lecun_uniform", (1 / 400) ** 0.5), ("he_uniform", (2 / 400) ** 0.5),
                                             ("random_normal", 0.05), ("uniform", 0.1 / 12 ** 0.5),
                                             ("truncated_normal", 0.05 * 0.8796), ("variance_scaling",
                                                                                   (1 / 400) ** 0.5)])
def test_initializers_have_their_deviation(name, deviation):
    keras.utils.set_random_seed(1)
    values = initializers.get(name)((400, 800), "float64")
    assert abs(values.std() / deviation - 1) < 0.01 and abs(values.mean()) < deviation / 50


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


@pytest.mark.parametrize("merge_mode, merge", [("sum", lambda a, b: a + b), ("mul", lambda a, b: a * b),
                                               ("ave", lambda a, b: (a + b) / 2),
                                               ("concat", lambda a, b: numpy.concatenate([a, b], -1))])
@pytest.mark.parametrize("own", [False, True])
def test_merge_modes(merge_mode, merge, own):
    def make(**given):
        return layers.RNN(steps.MinimalRNNCell(3), **given) if own else layers.GRU(3, **given)
    both = layers.Bidirectional(make(return_sequences=True), merge_mode)
    apart = layers.Bidirectional(make(return_sequences=True), None)
    y = both(X)
    apart.build(X.shape)
    apart.set_weights(both.get_weights())
    forward, backward = apart(X)
    assert numpy.abs(merge(forward, backward) - y).max() < 1e-6
    mirrored = make(return_sequences=True)
    mirrored.build(X.shape)
    mirrored.set_weights(both.backward_layer.get_weights())
    assert numpy.abs(mirrored(X[:, ::-1])[:, ::-1] - backward).max() < 1e-6


@pytest.mark.parametrize("make, message", [
    (lambda: layers.LSTM(0), "invalid value for argument `units`"),
    (lambda: layers.LSTM(3, activation="softmax"), "softmax is a function of a whole row"),
    (lambda: layers.LSTM(3, activation=numpy.sin), "expected None, or the name"),
    (lambda: layers.GRU(3, kernel_regularizer="l2"), "kernel_regularizer: .*no training of Keras's kind"),
    (lambda: layers.GRU(3, activity_regularizer="l2"), "activity_regularizer"),
    (lambda: layers.LSTM(3, dtype="int32"), "dtype: got 'int32'"),
    (lambda: layers.LSTM(3, kernel_initializer="nothing"), "initializer: got 'nothing'"),
    (lambda: layers.LSTM(3, implementation=3), "implementation"),
    (lambda: layers.RNN(object()), "must have a `call` method"),
    (lambda: layers.RNN([]), "at least one cell"),
    (lambda: layers.LSTM(3)(X[0]), "expected ndim=3, found ndim=2"),
    (lambda: _built(layers.LSTM(3))(X[:, :, :1]), "expected shape=\\(None, None, 2\\), found shape=\\(3, 5, 1\\)"),
    (lambda: layers.LSTM(3)(X, initial_state=[X[:, 0]]), "has 2 states but was passed 1"),
    (lambda: layers.GRU(3)(X, initial_state=X[:, 0]), "initial_state: got float32\\(3, 2\\), expected float32\\(3, "
     "3\\)"),
    (lambda: layers.GRU(3)(X, mask=X[:2, :, 0]), "mask"),
    (lambda: layers.RNN(layers.GRUCell(3, dtype="float64"))(X), "dtype: got a layer of float32 with a cell of float64"),
    (lambda: layers.Bidirectional(layers.GRU(3), "other"), "Invalid merge mode"),
    (lambda: layers.Bidirectional(layers.GRU(3), backward_layer=layers.GRU(3)), "different `go_backwards`"),
    (lambda: layers.ConvLSTM1D(2, 3, dropout=0.1), "dropout: got 0.1"),
    (lambda: layers.ConvLSTM2D(2, (3, 3, 3)), "kernel_size"),
    (lambda: layers.LSTM(3, dropout=1.0)(X, training=True), "dropout"),
])
def test_wrong_values(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [lambda: layers.LSTM(3, unknown=1), lambda: layers.LSTM(3)("text"),
                                  lambda: layers.ConvLSTM1D(2, 3, unroll=True), lambda: layers.LSTM(3)(X, other=1)])
def test_wrong_types(make):
    with pytest.raises(TypeError):
        make()


def test_arguments_of_add_weight():
    layer = layers.Layer()
    assert layer.add_weight("n", (2,), dtype="int32", trainable=False).dtype == "int32"
    assert (layer.add_weight("w", (2,), initializer=lambda shape, dtype=None: numpy.ones(shape)) == 1).all()
    assert len(layer.trainable_weights) == 1 and len(layer.weights) == 2
    with pytest.raises(ValueError, match="constraint"):
        layer.add_weight("c", (2,), constraint="non_neg")
    with pytest.raises(ValueError, match="got an array of the shape"):
        layer.add_weight("s", (2,), initializer=lambda shape, dtype=None: numpy.ones(3))


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "hard_sigmoid", "relu", "linear"])
def test_activations_are_those_of_the_cells(name):
    x = numpy.linspace(-4, 4, 41)[:, None, None]
    layer = layers.SimpleRNN(1, activation=getattr(activations, name), use_bias=False, kernel_initializer="ones",
                             dtype="float64")
    assert numpy.abs(layer(x)[:, 0] - activations.get(name)(x[:, 0, 0])).max() < 1e-14


def test_jax_arrays():
    jax = pytest.importorskip("jax")
    x = jax.numpy.asarray(X)
    layer = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    own = layers.RNN(steps.MinimalRNNCell(3))
    for made in (layer, own):
        y = made(x)
        assert isinstance(y, jax.Array) and numpy.abs(numpy.asarray(y) - made(X)).max() < 1e-6
