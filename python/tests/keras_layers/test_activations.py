"""The activations in Python are those of the cells that Rondo runs."""

import numpy
import pytest
from rondo import _rondo, keras

X = numpy.linspace(-4, 4, 33, dtype="float32").reshape(-1, 1, 1)  # (B, T, I), with both sides of each kink


@pytest.mark.parametrize("name", [*_rondo.activation_names(), "elu(0.5)", "general_relu(0.1, 3, 0.5)"])
def test_a_function_is_what_a_cell_computes(name):
    layer = keras.layers.SimpleRNN(1, activation=name, kernel_initializer="ones")
    function = keras.activations.get(name)
    assert numpy.abs(layer(X) - function(X[:, 0])).max() < 1e-5 * numpy.abs(layer(X)).max()
    assert keras.activations.serialize(function) == name
    if "(" not in name:
        assert getattr(keras.activations, name) is function


def test_names_have_aliases():
    assert keras.activations.get("swish") is keras.activations.silu is keras.activations.swish
    assert keras.activations.get("hard_swish") is keras.activations.hard_silu
    assert keras.activations.serialize(keras.activations.get("elu(1.0)")) == "elu"


def layer_of(name, **config):
    """An activation layer of Keras."""
    return type(name, (), {"get_config": lambda self: config, "__call__": lambda self, x: x})()


@pytest.mark.parametrize("layer, name", [
    (layer_of("LeakyReLU", negative_slope=0.25), "leaky_relu(0.25)"),
    (layer_of("LeakyReLU", alpha=0.5), "leaky_relu(0.5)"),
    (layer_of("LeakyReLU"), "leaky_relu(0.3)"),
    (layer_of("ELU", alpha=1.0), "elu"),
    (layer_of("ReLU", negative_slope=0.0, max_value=None, threshold=0.0), "relu"),
    (layer_of("ReLU", negative_slope=0.125, max_value=6.0, threshold=0.5), "general_relu(0.125, 6, 0.5)"),
    (layer_of("Activation", activation="gelu"), "gelu"),
])
def test_layers_of_keras_are_activations(layer, name):
    assert keras.activations.serialize(layer) == name


def test_functions_of_keras_are_activations():
    def silu(x):
        return x

    silu.__module__ = "keras.src.activations.activations"
    assert keras.activations.serialize(silu) == "silu"
    with pytest.raises(ValueError, match="expected None, or the name or the function"):
        keras.activations.get(lambda x: x)


def test_functions_of_a_row_are_refused():
    with pytest.raises(ValueError, match="softmax is a function of a whole row"):
        keras.activations.get("softmax")
    with pytest.raises(ValueError, match="alpha of celu: got 0"):
        keras.activations.get("celu(0)")
