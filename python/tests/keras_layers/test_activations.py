"""The activations in Python are those of the cells that Rondo runs."""

import numpy
import pytest
from rondo import keras

X = numpy.linspace(-4, 4, 33, dtype="float32").reshape(-1, 1, 1)  # (B, T, I), with both sides of each kink


@pytest.mark.parametrize("name", ["hard_sigmoid", "hard_sigmoid_keras3", "linear", "relu", "sigmoid", "tanh"])
def test_a_function_is_what_a_cell_computes(name):
    layer = keras.layers.SimpleRNN(1, activation=name, kernel_initializer="ones")
    function = keras.activations.get(name)
    assert numpy.abs(layer(X) - function(X[:, 0])).max() < 1e-6
    assert keras.activations.serialize(function) == name
