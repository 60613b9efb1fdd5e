"""The activations that Rondo's cells have, as functions of arrays of NumPy, PyTorch, JAX and CuPy.

Beside the functions below, every activation of Keras is here by its name, such as `silu` or `gelu`, and `get` takes
those with parameters: `get("elu(0.5)")`. Rondo computes these, without gradients for PyTorch and JAX; in a layer they
have some.
"""

import sys

from .. import _rondo
from .._arrays import as_tensor, from_tensor, library_of
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


def _computed(name):
    """The function of an activation of another name, which Rondo computes."""
    def function(x):
        library = library_of(x) or "numpy"
        return from_tensor(_rondo.activate(name, as_tensor(x, "x")), library)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The activation {name} of each element."
    return function


_FUNCTIONS = {
    function.__name__: function for function in (hard_sigmoid, hard_sigmoid_keras3, linear, relu, sigmoid, tanh)
}
for _name in _rondo.activation_names():
    if _name not in _FUNCTIONS:
        _FUNCTIONS[_name] = globals()[_name] = _computed(_name)
        __all__.append(_name)
swish = _FUNCTIONS["silu"]
hard_swish = _FUNCTIONS["hard_silu"]
__all__ += ["hard_swish", "swish"]
_KNOWN = ", ".join(_FUNCTIONS)


def _number(config, *keys, default):
    """The number under the first of `keys` that the configuration has; None is the default."""
    for key in keys:
        if config.get(key) is not None:
            return float(config[key])
    return default


def _name_of_layer(layer):
    """The name of an activation layer of Keras 2 or 3 such as LeakyReLU; None for what is none."""
    if not callable(getattr(layer, "get_config", None)):
        return None
    config = layer.get_config()
    kind = type(layer).__name__
    if kind == "LeakyReLU":
        return f"leaky_relu({_number(config, 'negative_slope', 'alpha', default=0.3)!r})"
    if kind == "ELU":
        return f"elu({_number(config, 'alpha', default=1.0)!r})"
    if kind == "ReLU":
        slope = _number(config, "negative_slope", default=0.0)
        highest = _number(config, "max_value", default=float("inf"))
        threshold = _number(config, "threshold", default=0.0)
        plain = (slope, highest, threshold) == (0.0, float("inf"), 0.0)
        return "relu" if plain else f"general_relu({slope!r}, {highest!r}, {threshold!r})"
    if kind == "Activation" and isinstance(config.get("activation"), str):
        return _name_of_keras(config["activation"], type(layer).__module__)
    return None


def _name_of_keras(name, module):
    """Rondo's name for a name of the Keras that has `module`: Keras 3 has a hard_sigmoid of its own."""
    version = str(getattr(sys.modules.get(module.partition(".")[0]), "__version__", ""))
    return "hard_sigmoid_keras3" if name == "hard_sigmoid" and version.startswith("3") else name


def _name_from(identifier):
    """The name that an identifier stands for; None for what Rondo does not have."""
    if isinstance(identifier, str):
        return identifier
    layer = _name_of_layer(identifier)
    if layer is not None:
        return layer
    module = getattr(identifier, "__module__", None) or ""
    if callable(identifier) and module.partition(".")[0] in ("keras", "tf_keras"):
        return _name_of_keras(getattr(identifier, "__name__", ""), module)
    return None


def get(identifier):
    """The function of a name; None is linear. Also takes functions and activation layers of Keras 2 and 3.

    Raises ValueError for an activation that Rondo's cells do not have.
    """
    if identifier is None:
        return linear
    if any(identifier is function for function in _FUNCTIONS.values()):
        return identifier
    try:
        name = _rondo.activation_name(_name_from(identifier) or "")
    except ValueError as error:
        known = str(error).rpartition("expected one of ")
        reason = known[2] if known[1] else _KNOWN + f" ({error})"
        raise ValueError(
            f"activation: got {identifier!r}, expected None, or the name or the function of one that Rondo "
            f"has: {reason}. A cell of your own can compute with any function"
        ) from None
    if name not in _FUNCTIONS:
        _FUNCTIONS[name] = _computed(name)
    return _FUNCTIONS[name]


def serialize(activation):
    """The name of an activation, which Rondo's cells take."""
    return get(activation).__name__
