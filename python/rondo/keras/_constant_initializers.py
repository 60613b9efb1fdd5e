"""Initializer, and the initial weights that are not random."""

import numpy

from .._dtypes import numpy_dtype


class Initializer:
    """Makes the array of a weight: call it with a shape and the name of a dtype."""

    def __call__(self, shape, dtype=None):
        """An array of `shape` in `dtype`, by default float32. Numbers are drawn in float64 and rounded once."""
        return numpy.asarray(self._values(tuple(shape))).astype(numpy_dtype(dtype or "float32"))

    def _values(self, shape):
        raise NotImplementedError(f"{type(self).__name__} has to define __call__(shape, dtype)")

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Zeros(Initializer):
    def _values(self, shape):
        return numpy.zeros(shape)


class Ones(Initializer):
    def _values(self, shape):
        return numpy.ones(shape)


class Constant(Initializer):
    def __init__(self, value=0):
        self.value = value

    def _values(self, shape):
        return numpy.broadcast_to(numpy.asarray(self.value, "float64"), shape)

    def get_config(self):
        return {"value": self.value}


class Identity(Initializer):
    def __init__(self, gain=1.0):
        self.gain = gain

    def _values(self, shape):
        if len(shape) != 2:
            raise ValueError(f"Identity matrix initializer can only be used for 2D matrices. Received: shape={shape}")
        return self.gain * numpy.eye(*shape)

    def get_config(self):
        return {"gain": self.gain}
