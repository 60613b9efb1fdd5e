"""The weights of a layer."""

import numpy

from .. import _nest
from .._dtypes import dtype_name, numpy_dtype
from . import initializers

FLOATS = ("float32", "float64", "float16", "bfloat16")


class Weighted:
    """What Layer has of weights: arrays that cannot be written to, and those of layers among its attributes."""

    def add_weight(self, name=None, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None,
                   constraint=None, use_resource=None, synchronization=None, aggregation=None):
        """Makes a weight of the layer: an array that cannot be written to, of the layer's dtype unless another is
        given.
        """
        check_none(regularizer=regularizer, constraint=constraint, use_resource=use_resource,
                   synchronization=synchronization, aggregation=aggregation)
        dtype = self.dtype if dtype is None else dtype_name(dtype)
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
            found += [leaf for leaf in _nest.flatten(value) if isinstance(leaf, Weighted) and leaf not in found]
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
