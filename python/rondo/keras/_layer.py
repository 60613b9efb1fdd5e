"""keras.layers.Layer: weights that are made at the first call, and what all layers have."""

import inspect
import re
import threading
from collections import Counter

import numpy

from . import _nest, initializers
from ._libraries import cast_floats, numpy_dtype
from ._shapes import KerasTensor, is_symbolic, map_shapes, shape_nest

FLOATS = ("float32", "float64", "float16", "bfloat16")
_SHAPES = ("input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length")
_building = threading.RLock()  # layers are built once, and rarely: one lock serves all of them
_names = Counter()


class Layer:
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
                                  f"no "
                                  "symbolic graphs, and cannot follow `call` on a placeholder")

    # --- weights

    def add_weight(self, name=None, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None,
                   constraint=None, use_resource=None, synchronization=None, aggregation=None):
        """Makes a weight of the layer: an array that cannot be written to, of the layer's dtype unless another is
        given.
        """
        check_none(regularizer=regularizer, constraint=constraint, use_resource=use_resource,
                   synchronization=synchronization, aggregation=aggregation)
        dtype = self.dtype if dtype is None else name_of(dtype)
        shape = () if shape is None else tuple(int(size) for size in shape)
        if initializer is None:
            initializer = "glorot_uniform" if dtype in FLOATS else "zeros"
        values = numpy.array(initializers.get(initializer)(shape, dtype=dtype), dtype=numpy_dtype(dtype), order="C")
        if values.shape != shape:
            raise ValueError(f"initializer: got an array of the shape {values.shape}, expected {shape}")
        record = _Weight(name or f"weight_{len(self._records)}", values, True if trainable is None else trainable)
        self._records.append(record)
        return record.view

    def records(self):
        """The weights with what the layer knows of them: its own, then those of layers among its attributes."""
        return list(self._records) + [record for layer in self._sublayers() for record in layer.records()]

    def _sublayers(self):
        found = []
        for value in self.__dict__.values():
            found += [leaf for leaf in _nest.flatten(value) if isinstance(leaf, Layer) and leaf not in found]
        return found

    @property
    def weights(self):
        records = self.records()
        return [r.view for r in records if self._is_trained(r)] + [r.view for r in records if not self._is_trained(r)]

    @property
    def trainable_weights(self):
        return [record.view for record in self.records() if self._is_trained(record)]

    @property
    def non_trainable_weights(self):
        return [record.view for record in self.records() if not self._is_trained(record)]

    def _is_trained(self, record):
        return self.trainable and record.trainable

    def count_params(self):
        return sum(weight.size for weight in self.weights)

    def get_weights(self):
        """Copies of the weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights):
        """Gives all weights other values, which are converted to their dtype. Raises ValueError for another number or
        shape.
        """
        by_view = {id(record.view): record for record in self.records()}
        records = [by_view[id(view)] for view in self.weights]
        weights = [numpy.asarray(weight) for weight in weights]
        if len(weights) != len(records):
            raise ValueError(f'You called `set_weights(weights)` on layer "{self.name}" with a weight list of length '
                             f"{len(weights)}, but the layer was expecting {len(records)} weights.")
        for record, values in zip(records, weights):
            if record.view.shape != values.shape:
                raise ValueError(f"Layer {self.name} weight shape {record.view.shape} is not compatible with provided "
                                 f"weight "
                                 f"shape {values.shape}.")
        for record, values in zip(records, weights):
            record.assign(values)

    # --- configuration

    def get_config(self):
        """The arguments that make another layer like this one. A subclass with arguments of its own overrides it."""
        known = ("self", "args", "kwargs", "trainable", "name", "dtype")
        own = [name for name in inspect.signature(type(self).__init__).parameters if name not in known]
        if own and type(self).get_config is Layer.get_config:
            raise NotImplementedError(f"Layer {type(self).__name__} has arguments {own} in `__init__()` and therefore "
                                      f"must "
                                      "override `get_config()`.")
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class _Weight:
    """An array of a layer's, its name, and how often it has changed."""

    def __init__(self, name, values, trainable):
        self.name = name
        self.trainable = trainable
        self.version = 0
        self._values = values
        self.view = values.view()
        self.view.flags.writeable = False

    def assign(self, values):
        self._values[...] = values
        self.version += 1


def check_none(**arguments):
    """Raises ValueError for an argument that serves Keras's training, unless it is None."""
    for name, value in arguments.items():
        if value is not None:
            raise ValueError(f"{name}: got {value!r}, expected None, because Rondo has no training of Keras's kind")


def name_of(dtype):
    """The name of a dtype that is given as a name, or as an object of NumPy, PyTorch or JAX."""
    try:
        return numpy.dtype(dtype).name
    except TypeError:
        return str(dtype).rpartition(".")[2]


def checked_dtype(dtype):
    name = "float32" if dtype is None else name_of(dtype)
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
