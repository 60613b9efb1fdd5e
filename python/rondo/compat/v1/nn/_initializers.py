"""The initial weights of TensorFlow 1's cells, each a function (shape, dtype) -> array."""

import numpy

from .._sizes import numpy_dtype


def glorot_uniform(shape, dtype="float32"):
    """What get_variable uses by default: uniform within sqrt(6 / (inputs + outputs)) of zero."""
    fan_in, fan_out = shape[-2:] if len(shape) > 1 else (shape or (1,)) * 2
    limit = numpy.sqrt(6 / max(1, fan_in + fan_out))
    return numpy.random.uniform(-limit, limit, shape).astype(numpy_dtype(dtype))


def zeros(shape, dtype="float32"):
    return numpy.zeros(shape, numpy_dtype(dtype))


def ones(shape, dtype="float32"):
    return numpy.ones(shape, numpy_dtype(dtype))
