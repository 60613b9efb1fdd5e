"""What layers refuse, and modes of merging."""

import numpy
import pytest
import keras_steps as steps

from rondo.keras import activations, layers

X = numpy.random.RandomState(0).randn(3, 5, 2).astype("float32")


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
    (lambda: steps.built(layers.LSTM(3))(X[:, :, :1]), "expected shape=\\(None, None, 2\\), found shape=\\(3, 5, 1\\)"),
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


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "hard_sigmoid", "relu", "linear"])
def test_activations_are_those_of_the_cells(name):
    x = numpy.linspace(-4, 4, 41)[:, None, None]
    layer = layers.SimpleRNN(1, activation=getattr(activations, name), use_bias=False, kernel_initializer="ones",
                             dtype="float64")
    assert numpy.abs(layer(x)[:, 0] - activations.get(name)(x[:, 0, 0])).max() < 1e-14
