"""Weights of layers: how they begin, and how they change."""

import numpy
import pytest
import keras_steps as steps

from rondo import keras
from rondo.keras import initializers, layers

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
    assert [
        weight.shape for weight in layers.GRU(3)(keras.Input((None, 2))) and steps.built(layers.GRU(3)).weights
    ] == [(2, 9), (3, 9), (2, 9)]
    assert steps.built(layers.GRU(3, reset_after=False)).get_weights()[2].shape == (9,)


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
    first = steps.built(layers.LSTM(3)).get_weights()[0]
    keras.utils.set_random_seed(5)
    assert (steps.built(layers.LSTM(3)).get_weights()[0] == first).all()
    assert (steps.built(layers.LSTM(3)).get_weights()[0] != first).any()
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


def test_arguments_of_add_weight():
    layer = layers.Layer()
    assert layer.add_weight("n", (2,), dtype="int32", trainable=False).dtype == "int32"
    assert (layer.add_weight("w", (2,), initializer=lambda shape, dtype=None: numpy.ones(shape)) == 1).all()
    assert len(layer.trainable_weights) == 1 and len(layer.weights) == 2
    with pytest.raises(ValueError, match="constraint"):
        layer.add_weight("c", (2,), constraint="non_neg")
    with pytest.raises(ValueError, match="got an array of the shape"):
        layer.add_weight("s", (2,), initializer=lambda shape, dtype=None: numpy.ones(3))
