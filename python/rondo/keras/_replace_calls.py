"""The call that stands in for that of a Keras layer."""

import sys
import warnings

import numpy

from .._arrays import as_tensor, from_tensor


class RondoCall:
    """`call` of a layer: Rondo computes it where no gradient is wanted and no function is traced, else Keras does.

    `load` makes Rondo's layer with the weights that Keras's has; raises as rondo.keras.load.
    """

    def __init__(self, layer, load):
        self._layer = layer
        self._call_of_keras = type(layer).call.__get__(layer)
        self._load = load
        self._warned = False
        self._take_weights()

    def __call__(self, sequences, initial_state=None, mask=None, training=False):
        states = initial_state if initial_state is None or isinstance(initial_state, (list, tuple)) else [initial_state]
        reason = self._why_keras(sequences, states, training)
        if reason is not None:
            self._warn(reason)
            return self._call_of_keras(sequences, initial_state=initial_state, mask=mask, training=training)
        if self._weights_changed():
            self._take_weights()
        return self._run(sequences, states, mask)

    def _run(self, sequences, states, mask):
        library = _library(sequences)
        dtype = self._loaded.source.weights[0].dtype
        states = None if states is None else _mapped(lambda state: _taken(state, "initial_state", dtype), states)
        mask = None if mask is None else _taken(mask, "mask")
        results = self._loaded(_taken(sequences, "sequences", dtype), states, mask=mask)
        results = _mapped(lambda tensor: _given(tensor, library), results)
        return tuple(results) if isinstance(results, list) else results  # Keras 3 has tuples

    def _why_keras(self, sequences, states, training):
        arrays = [sequences, *_leaves(states)]
        if training:
            return "it is called with training=True"
        if any(_is_traced(array) for array in arrays):
            return "a function is being traced: compile the model with run_eagerly=True, or call model(x)"
        if _library(sequences) == "torch" and self._records_gradients(arrays):
            return "PyTorch records gradients: call the model under torch.no_grad()"
        return None

    def _records_gradients(self, arrays):
        torch = sys.modules["torch"]
        held = [_value(weight) for weight in getattr(self._layer, "weights", [])]
        return torch.is_grad_enabled() and any(getattr(array, "requires_grad", False) for array in [*arrays, *held])

    def _warn(self, reason):
        if not self._warned and not reason.startswith("it is called with training"):
            self._warned = True
            name = getattr(self._layer, "name", type(self._layer).__name__)
            warnings.warn(f"{name}: Keras's own code runs and not Rondo's, because {reason}", stacklevel=3)

    # --- weights

    def _take_weights(self):
        self._stamps = self._stamped()
        self._loaded = self._load()

    def _weights_changed(self):
        return not all(old.is_same(new) for old, new in zip(self._stamps, self._stamped()))

    def _stamped(self):
        held = [_value(weight) for weight in getattr(self._layer, "weights", [])]
        if held and all(_library(value) in ("torch", "jax") for value in held):
            return [_Stamp(value) for value in held]
        return [_Contents(weight) for weight in self._layer.get_weights()]


class _Stamp:
    """A weight of PyTorch's, which counts its changes in place, or of JAX's, which never changes."""

    def __init__(self, value):
        self._value, self._version = value, getattr(value, "_version", 0)

    def is_same(self, other):
        return self._value is other._value and self._version == other._version


class _Contents:
    """A copy of a weight whose library does not say when it changes."""

    def __init__(self, value):
        self._value = numpy.array(value)

    def is_same(self, other):
        return self._value.tobytes() == other._value.tobytes()


def _value(weight):
    """The array of a variable of Keras's."""
    return getattr(weight, "value", weight)


def _library(array):
    """"torch", "jax", "tensorflow" or else "numpy"."""
    for base in type(array).__mro__:
        root = base.__module__.partition(".")[0]
        if root in ("torch", "tensorflow"):
            return root
        if root in ("jax", "jaxlib"):
            return "jax"
    return "numpy"


def _is_traced(array):
    library = _library(array)
    if library == "jax":
        return isinstance(array, sys.modules["jax"].core.Tracer)
    if library == "tensorflow":
        return not hasattr(array, "numpy")  # a symbolic tensor
    return library == "torch" and (sys.modules["torch"].jit.is_tracing() or array.device.type == "meta")


def _taken(array, argument, dtype=None):
    """A view as a Tensor; states and sequences are converted to the dtype of the layer, as Keras does."""
    if _library(array) == "tensorflow":
        array = array.numpy()
    if _library(array) == "torch":
        array = array.detach()
    return as_tensor(array, argument, dtype=dtype)


def _given(tensor, library):
    if library == "tensorflow":
        return sys.modules["tensorflow"].convert_to_tensor(from_tensor(tensor, "numpy"))
    return from_tensor(tensor, library)


def _mapped(function, nest):
    if isinstance(nest, (list, tuple)):
        return [_mapped(function, child) for child in nest]
    return function(nest)


def _leaves(nest):
    if isinstance(nest, (list, tuple)):
        return [leaf for child in nest for leaf in _leaves(child)]
    return [] if nest is None else [nest]
