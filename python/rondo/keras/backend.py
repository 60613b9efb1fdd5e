"""keras.backend: rnn, and the functions that steps and cells compute with, for NumPy, PyTorch, JAX and CuPy.

Where arrays of two libraries meet, NumPy's become those of the other library: a cell's weights are NumPy's.
"""

from .. import _nest
from .._arrays import library_of
from .._dtypes import name_of_dtype, numpy_dtype
from ._libraries import common_library, concatenated, flipped, namespace, to_library
from ._loop import rnn
from .activations import hard_sigmoid, relu, sigmoid, tanh

__all__ = ["abs", "bias_add", "cast", "concatenate", "dot", "dtype", "exp", "expand_dims", "floatx", "hard_sigmoid",
           "int_shape", "maximum", "mean", "minimum", "ndim", "ones", "ones_like", "relu", "reshape", "reverse", "rnn",
           "shape", "sigmoid", "softmax", "sqrt", "square", "squeeze", "stack", "sum", "switch", "tanh", "zeros",
           "zeros_like"]


def _together(*arrays):
    """(functions of the arrays' library, the arrays as arrays of it)."""
    library, like = common_library(*arrays)
    return (namespace(library), *(to_library(array, library, like) for array in arrays))


def dot(x, y):
    """The matrix product over the last axis of x and the last but one of y."""
    functions, x, y = _together(x, y)
    if y.ndim <= 2:
        return functions.matmul(x, y)
    return functions.tensordot(x, y, ([x.ndim - 1], [y.ndim - 2]))


def bias_add(x, bias):
    _, x, bias = _together(x, bias)
    return x + bias


def maximum(x, y):
    functions, x, y = _together(x, y)
    return functions.maximum(x, y)


def minimum(x, y):
    functions, x, y = _together(x, y)
    return functions.minimum(x, y)


def switch(condition, then_expression, else_expression):
    """Elements of one array or the other."""
    functions, condition, yes, no = _together(condition, then_expression, else_expression)
    return functions.where(condition, yes, no)


def concatenate(tensors, axis=-1):
    return concatenated(tensors, axis)


def stack(x, axis=0):
    functions, *arrays = _together(*x)
    return functions.stack(arrays, axis)


def reverse(x, axes):
    for axis in axes if isinstance(axes, (tuple, list)) else [axes]:
        x = flipped(x, axis)
    return x


def _of(x):
    return namespace(library_of(x))


def exp(x):
    return _of(x).exp(x)


def sqrt(x):
    return _of(x).sqrt(x)


def square(x):
    return x * x


def abs(x):  # noqa: A001, the name is Keras's
    return _of(x).abs(x)


def sum(x, axis=None, keepdims=False):  # noqa: A001
    axis = tuple(range(x.ndim)) if axis is None else axis
    return x.sum(axis, keepdims=keepdims)


def mean(x, axis=None, keepdims=False):
    axis = tuple(range(x.ndim)) if axis is None else axis
    return x.mean(axis, keepdims=keepdims)


def softmax(x, axis=-1):
    e = exp(x - (x.amax(axis, keepdims=True) if library_of(x) == "torch" else x.max(axis, keepdims=True)))
    return e / e.sum(axis, keepdims=True)


def expand_dims(x, axis=-1):
    return x.unsqueeze(axis) if library_of(x) == "torch" else _of(x).expand_dims(x, axis)


def squeeze(x, axis):
    return x.squeeze(axis)


def reshape(x, shape):
    return x.reshape(tuple(shape))


def cast(x, dtype):
    """Any elements as those of a dtype by its name."""
    if library_of(x) == "torch":
        return x.to(getattr(namespace("torch"), dtype))
    return x.astype(numpy_dtype(dtype))


def zeros(shape, dtype=None):
    return namespace("numpy").zeros(shape, numpy_dtype(dtype or floatx()))


def ones(shape, dtype=None):
    return namespace("numpy").ones(shape, numpy_dtype(dtype or floatx()))


def zeros_like(x):
    return _of(x).zeros_like(x)


def ones_like(x):
    return _of(x).ones_like(x)


def floatx():
    """The dtype of layers that are given none."""
    return "float32"


def dtype(x):
    return name_of_dtype(x)


def ndim(x):
    return len(x.shape)


def shape(x):
    return tuple(x.shape)


def int_shape(x):
    return _nest.map_leaves(lambda array: tuple(array.shape), x)
