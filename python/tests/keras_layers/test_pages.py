"""The examples of the pages of tf.keras, with nothing but the imports changed."""

import numpy
import pytest

from rondo import keras
from rondo.keras import backend
from rondo.keras.layers import RNN


class MinimalRNNCell(keras.layers.Layer):

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super(MinimalRNNCell, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units),
                                      initializer='uniform',
                                      name='kernel')
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, self.units),
            initializer='uniform',
            name='recurrent_kernel')
        self.built = True

    def call(self, inputs, states):
        prev_output = states[0]
        h = backend.dot(inputs, self.kernel)
        output = h + backend.dot(prev_output, self.recurrent_kernel)
        return output, [output]


def test_a_cell_in_a_layer():
    cell = MinimalRNNCell(32)
    x = keras.Input((None, 5))
    layer = RNN(cell)
    y = layer(x)

    assert y.shape == (None, 32)
    assert [weight.shape for weight in layer.get_weights()] == [(5, 32), (32, 32)]
    values = numpy.random.RandomState(0).randn(2, 4, 5).astype("float32")
    h = numpy.zeros((2, 32))
    for t in range(4):
        h = values[:, t].astype("float64") @ cell.kernel + h @ cell.recurrent_kernel
    assert numpy.abs(layer(values) - h).max() < 1e-6


def test_cells_on_top_of_each_other():
    cells = [MinimalRNNCell(32), MinimalRNNCell(64)]
    x = keras.Input((None, 5))
    layer = RNN(cells)
    y = layer(x)

    assert y.shape == (None, 64)
    assert [weight.shape for weight in layer.weights] == [(5, 32), (32, 32), (32, 64), (64, 64)]
    assert layer(numpy.zeros((3, 2, 5), "float32")).shape == (3, 64)


def test_the_migration_of_dynamic_rnn():
    inputs = numpy.random.RandomState(1).randn(2, 7, 3).astype("float32")
    rnn_layer = keras.layers.RNN([keras.layers.LSTMCell(128),
                                  keras.layers.LSTMCell(256)],
                                 return_sequences=True,
                                 return_state=True)
    states = [[numpy.zeros((2, units), "float32")] * 2 for units in (128, 256)]
    outputs, *output_states = rnn_layer(inputs, states)

    assert outputs.shape == (2, 7, 256)
    assert [[leaf.shape for leaf in state] for state in output_states] == [[(2, 128)] * 2, [(2, 256)] * 2]
    outputs_again, *_ = rnn_layer([inputs, *states])
    assert (outputs_again == outputs).all()


def test_a_minimal_cell_is_a_simple_rnn_without_an_activation():
    cell = MinimalRNNCell(4)
    own = RNN(cell, return_sequences=True)
    x = numpy.random.RandomState(2).randn(3, 6, 5).astype("float32")
    mask = numpy.random.RandomState(3).rand(3, 6) > 0.4
    known = keras.layers.SimpleRNN(4, activation=None, use_bias=False, return_sequences=True)
    expected = own(x, mask=mask)
    known.build(x.shape)
    known.set_weights(own.get_weights())
    assert numpy.abs(known(x, mask=mask) - expected).max() < 1e-6 * numpy.abs(expected).max()


def test_placeholders():
    x = keras.Input((10, 5), batch_size=2, dtype="float32")
    assert (x.shape, x.dtype) == ((2, 10, 5), "float32")
    assert keras.Input(batch_shape=(2, None, 5)).shape == (2, None, 5)
    layer = keras.layers.Bidirectional(keras.layers.GRU(3, return_sequences=True, return_state=True))
    assert [y.shape for y in layer(x)] == [(2, 10, 6), (2, 3), (2, 3)]
    assert len(layer.get_weights()) == 6
    outputs = keras.layers.LSTM(3, time_major=True, return_sequences=True, return_state=True)(x)
    assert [y.shape for y in outputs] == [(2, 10, 3), (10, 3), (10, 3)]
    with pytest.raises(ValueError, match="expected one of the two"):
        keras.Input()


@pytest.mark.parametrize("name", ["Model", "Sequential", "models"])
def test_symbolic_models_say_what_is_missing(name):
    with pytest.raises(AttributeError, match="no symbolic graphs"):
        getattr(keras, name)


def test_elements_of_a_placeholder_say_what_is_missing():
    with pytest.raises(TypeError, match="no symbolic graphs"):
        numpy.asarray(keras.Input((None, 5)))
    with pytest.raises(NotImplementedError, match="no symbolic graphs"):
        MinimalRNNCell(3)(keras.Input((5,)))
