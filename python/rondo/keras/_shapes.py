"""Shapes, and the placeholders that keras.Input returns."""

from .. import _nest
from .._tensor_shape import TensorShape

def size_nest(size):
    """A state_size or an output_size with a TensorShape for each number or shape of any library."""
    if isinstance(size, TensorShape):
        return size
    if hasattr(size, "as_list"):
        return TensorShape(size.as_list())
    if _nest.is_nested(size):
        return _nest.map_leaves(size_nest, size)
    return TensorShape([size])


def entries(nest):
    """The states of a cell as a list: one for each child of its state_size, or the only one."""
    if isinstance(nest, dict):
        return [nest]
    return list(nest) if _nest.is_nested(nest) else [nest]


def shape_nest(inputs):
    """The shapes of all leaves as tuples, in the structure of the inputs."""
    return _nest.map_leaves(lambda array: tuple(array.shape), inputs)


def is_shape(thing):
    """Whether it is one shape, not a structure of shapes."""
    return isinstance(thing, TensorShape) or hasattr(thing, "as_list") or (
        isinstance(thing, (tuple, list)) and all(size is None or isinstance(size, int) for size in thing))


def map_shapes(function, shapes):
    """As map_leaves, for leaves that are shapes."""
    if is_shape(shapes):
        return function(tuple(shapes))
    if isinstance(shapes, dict):
        return {name: map_shapes(function, child) for name, child in shapes.items()}
    return type(shapes)(map_shapes(function, child) for child in shapes)


def first_shape(shapes):
    while not is_shape(shapes):
        shapes = _nest.children(shapes)[0]
    return tuple(shapes)


class KerasTensor:
    """A placeholder: a shape and a dtype without elements. A layer that is called on one builds its weights."""

    def __init__(self, shape, dtype="float32", name=None):
        self.shape = tuple(shape)
        self.dtype = dtype
        self.name = name

    def __repr__(self):
        return f"<KerasTensor: shape={self.shape} dtype={self.dtype}>"

    def __array__(self, *_, **__):
        raise TypeError("got a placeholder of keras.Input, expected an array: Rondo has no symbolic graphs. A "
                        "placeholder "
                        "builds the layers that are called on it; call them on arrays to compute")


def Input(shape=None, batch_size=None, name=None, dtype=None, batch_shape=None):  # noqa: N802, the name is Keras's
    """A placeholder of the shape (batch_size, *shape), on which layers can be called to build their weights."""
    if (shape is None) == (batch_shape is None):
        raise ValueError("Input: got shape and batch_shape, or neither of them, expected one of the two. "
                         f"Received: shape={shape}, batch_shape={batch_shape}")
    if batch_shape is not None and batch_size is not None:
        raise ValueError("Input: got batch_size and batch_shape, expected one of the two")
    whole = (batch_size, *_dims(shape)) if batch_shape is None else _dims(batch_shape)
    return KerasTensor(whole, "float32" if dtype is None else str(dtype), name)


def _dims(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


def is_symbolic(nest):
    return any(isinstance(leaf, KerasTensor) for leaf in _nest.flatten(nest))
