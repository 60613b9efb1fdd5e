"""The activations that Rondo's cells have, as functions of arrays of NumPy, PyTorch, JAX and CuPy."""

from .._arrays import library_of
from ._libraries import namespace

__all__ = ["get", "hard_sigmoid", "hard_sigmoid_keras3", "linear", "relu", "serialize", "sigmoid", "tanh"]


def linear(x):
    return x


def tanh(x):
    return namespace(library_of(x)).tanh(x)


def sigmoid(x):
    library = library_of(x)
    functions = namespace(library)
    if library == "torch":
        return functions.sigmoid(x)
    e = functions.exp(-abs(x))  # never overflows
    return functions.where(x >= 0, 1 / (1 + e), e / (1 + e))


def hard_sigmoid(x):
    """0.2 x + 0.5, cut to [0, 1]: the function of Keras 1 and 2."""
    return (0.2 * x + 0.5).clip(0, 1)


def hard_sigmoid_keras3(x):
    """x / 6 + 0.5, cut to [0, 1]: the function of Keras 3, and PyTorch's."""
    return (x / 6 + 0.5).clip(0, 1)


def relu(x):
    return x.clip(0)


_FUNCTIONS = {function.__name__: function for function in (hard_sigmoid, hard_sigmoid_keras3, linear, relu, sigmoid, tanh)}
_KNOWN = ", ".join(_FUNCTIONS)


def get(identifier):
    """The function of a name; None is linear. Raises ValueError for an activation that Rondo's cells do not have."""
    if identifier is None:
        return linear
    if identifier in _FUNCTIONS.values():
        return identifier
    if isinstance(identifier, str) and identifier in _FUNCTIONS:
        return _FUNCTIONS[identifier]
    raise ValueError(f"activation: got {identifier!r}, expected None, or the name or the function of one that Rondo has: "
                     f"{_KNOWN}. A cell of your own can compute with any function")


def serialize(activation):
    """The name of an activation, which Rondo's cells take."""
    return get(activation).__name__
