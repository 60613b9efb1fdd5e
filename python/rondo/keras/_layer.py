"""keras.layers.Layer: what all layers and cells have."""

import inspect
import re
import threading
from collections import Counter

from .._dtypes import dtype_name
from ._libraries import cast_floats
from ._shapes import KerasTensor, is_symbolic, map_shapes, shape_nest
from ._weights import FLOATS, Weighted, check_none

_SHAPES = ("input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length")
_building = threading.RLock()  # layers are built once, and rarely: one lock serves all of them
_names: Counter = Counter()


class Layer(Weighted):
    """The base class of layers and of cells, as tf.keras.layers.Layer.

    A subclass makes its weights with `add_weight` in `build(input_shape)`, which runs before the first call, and
    computes in `call(inputs, ...)`. Floating inputs of another dtype are converted to the layer's `dtype` before
    `call`, as Keras does. Weights are NumPy arrays that cannot be written to: `set_weights` gives them other values.

    `input_shape` and its relatives serve Keras's Sequential models; `batch_input_shape` and `batch_size` also tell a
    stateful layer its batch size.
    """

    built = False
    stateful = False

    def __init__(self, trainable=True, name=None, dtype=None, **kwargs):
        for key, value in kwargs.items():
            if key == "activity_regularizer" or key == "weights" and value is None:
                check_none(**{key: value})
            elif key not in _SHAPES:
                raise TypeError(f"Keyword argument not understood: {key}={value!r}")
        self.trainable = trainable
        self.name = _unique_name(type(self).__name__) if name is None else name
        self.dtype = checked_dtype(dtype)
        self.built = False
        self._records = self.__dict__.get("_records", [])
        self._shapes_given = kwargs

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}>"

    # --- building and calling

    def build(self, input_shape):
        """Makes the weights; a subclass overrides it."""
        self.built = True

    def call(self, inputs, *args, **kwargs):
        """Computes the layer; a subclass overrides it."""
        raise NotImplementedError(f"{type(self).__name__} has to define call(inputs, ...)")

    def __call__(self, inputs, *args, **kwargs):
        if is_symbolic(inputs):
            return self.call_symbolically(inputs)
        inputs = cast_floats(inputs, self.dtype)
        self.build_once(shape_nest(inputs))
        return self.call(inputs, *args, **kwargs)

    def call_symbolically(self, inputs):
        """Builds the layer for placeholders, and returns placeholders for its results."""
        shapes = shape_nest(inputs)
        self.build_once(shapes)
        return placeholders(self.compute_output_shape(shapes), self.dtype)

    def build_once(self, input_shape):
        if self.built:
            return
        with _building:
            if not self.built:
                self.build(input_shape)
                self.built = True

    def compute_output_shape(self, input_shape):
        raise NotImplementedError(f"{type(self).__name__} has to define compute_output_shape(input_shape): Rondo has "
                                  "no symbolic graphs, and cannot follow `call` on a placeholder")

    # --- configuration

    def get_config(self):
        """The arguments that make another layer like this one. A subclass with arguments of its own overrides it."""
        known = ("self", "args", "kwargs", "trainable", "name", "dtype")
        own = [name for name in inspect.signature(type(self).__init__).parameters if name not in known]
        if own and type(self).get_config is Layer.get_config:
            raise NotImplementedError(f"Layer {type(self).__name__} has arguments {own} in `__init__()` and therefore "
                                      "must override `get_config()`.")
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def checked_dtype(dtype):
    name = "float32" if dtype is None else dtype_name(dtype)
    if name not in FLOATS:
        raise ValueError(f"dtype: got {dtype!r}, expected one of {', '.join(FLOATS)}")
    return name


def placeholders(shapes, dtype):
    return map_shapes(lambda shape: KerasTensor(shape, dtype), shapes)


def _unique_name(class_name):
    base = re.sub(r"(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])", r"_\1\2", class_name).lower().lstrip("_")
    with _building:
        _names[base] += 1
        return base if _names[base] == 1 else f"{base}_{_names[base] - 1}"
